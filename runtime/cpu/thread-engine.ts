/**
 * Where threads come from: Node, and pages isolated from other origins. Elsewhere there is no memory that threads share, or nobody
 * has tried.
 */

export interface Thread {
  readonly end: () => void;
}

export interface ThreadEngine {
  /** How many run at once. */
  readonly available: number;
  /**
   * Starts a thread that keeps no process alive, from the text of a script, and hands it the data; throws where that is forbidden.
   * `failed` is called, some time later, where the script cannot go on.
   */
  readonly start: (script: string, data: object, failed: () => void) => Thread;
}

/** Undefined until somebody asks. */
let found: ThreadEngine | null | undefined;

/** Null where there is none. */
export function threadEngine(): ThreadEngine | null {
  if (found !== undefined) return found;
  if (typeof SharedArrayBuffer !== "function" || typeof Atomics !== "object") return (found = null);
  return (found = inNode() ?? inPage());
}

const global = (name: string): unknown => Reflect.get(globalThis, name);

const has = <Name extends string>(value: unknown, ...names: readonly Name[]): value is Record<Name, unknown> =>
  ((typeof value === "object" && value !== null) || typeof value === "function") &&
  names.every((name) => name in value);

type Constructor<Instance> = new (text: string, options?: object) => Instance;

interface NodeWorker {
  readonly unref: () => void;
  readonly on: (event: string, listener: () => void) => void;
  readonly terminate: () => Promise<unknown>;
}
interface WorkerThreads {
  readonly Worker: Constructor<NodeWorker>;
}
interface OperatingSystem {
  readonly availableParallelism: () => number;
}
const isWorkerThreads = (value: unknown): value is WorkerThreads => has(value, "Worker");
const isOperatingSystem = (value: unknown): value is OperatingSystem => has(value, "availableParallelism");

function inNode(): ThreadEngine | null {
  const process = global("process");
  if (!has(process, "versions", "getBuiltinModule")) return null;
  const { getBuiltinModule } = process;
  if (typeof getBuiltinModule !== "function") return null;
  // Others call themselves Node, too.
  if (!has(process.versions, "node") || ["deno", "bun", "electron"].some((name) => has(process.versions, name))) {
    return null;
  }
  // By name at run time: an import would keep this from running anywhere else.
  const [threads, system] = ["worker_threads", "os"].map((name): unknown =>
    Reflect.apply(getBuiltinModule, process, [`node:${name}`]),
  );
  if (!isWorkerThreads(threads) || !isOperatingSystem(system)) return null;
  return {
    available: system.availableParallelism(),
    start(script, data, failed) {
      // Nothing that the program's own options load is loaded again.
      const worker = new threads.Worker(script, { eval: true, workerData: data, execArgv: [], env: {} });
      worker.unref();
      worker.on("error", failed);
      worker.on("exit", failed);
      return { end: () => void worker.terminate() };
    },
  };
}

interface PageWorker {
  onerror: (event: { readonly preventDefault: () => void }) => void;
  readonly postMessage: (message: object) => void;
  readonly terminate: () => void;
}
interface Page {
  readonly Worker: Constructor<PageWorker>;
  readonly Blob: new (parts: readonly string[], options: object) => object;
  readonly URL: { readonly createObjectURL: (blob: object) => string; readonly revokeObjectURL: (url: string) => void };
}
const isPage = (value: unknown): value is Page => has(value, "Worker", "Blob", "URL");

function inPage(): ThreadEngine | null {
  const page: unknown = globalThis;
  if (global("crossOriginIsolated") !== true || !isPage(page)) return null;
  const navigator = global("navigator");
  return {
    available: has(navigator, "hardwareConcurrency") ? Number(navigator.hardwareConcurrency) : 1,
    start(script, data, failed) {
      const url = page.URL.createObjectURL(new page.Blob([script], { type: "text/javascript" }));
      const worker = new page.Worker(url);
      worker.onerror = (event) => {
        event.preventDefault();
        failed();
      };
      // Its address is needed until it has begun; then it is a few bytes.
      worker.postMessage(data);
      return {
        end() {
          worker.terminate();
          page.URL.revokeObjectURL(url);
        },
      };
    },
  };
}
