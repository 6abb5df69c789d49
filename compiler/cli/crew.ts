/** Who measures: threads, each with the definitions elaborated for itself, or this thread alone. */
import { Worker } from "node:worker_threads";
import type { Source } from "../source.js";
import type { EmittedColumn, WgslColumn } from "../verification/emitted.js";
import type { DeviceKernel, DeviceRunner } from "../verification/device.js";
import type { Outcome, Task } from "../verification/measurer.js";

export interface Crew {
  /** Tasks that are worked on at once. */
  readonly size: number;
  measure(task: Task): Promise<Outcome>;
  close(): Promise<void>;
}

/** In this thread: kernels on a device cannot be waited for here. */
export async function soloCrew(sources: readonly Source[]): Promise<Crew> {
  const [{ activationsOf }, { Measurer }] = await Promise.all([
    import("../verify.js"),
    import("../verification/measurer.js"),
  ]);
  const measurer = new Measurer(activationsOf(sources), () => {
    throw new Error("a kernel on a device needs a thread that waits for it");
  });
  return { size: 1, measure: (task) => measurer.measure(task), close: async () => {} };
}

/** A batch for the device, laid out in memory that both threads see: the inputs one after the other, then the results. */
export interface Batch {
  readonly activation: string;
  readonly column: EmittedColumn;
  readonly parameters: readonly number[];
  readonly inputs: number;
  readonly count: number;
  readonly memory: SharedArrayBuffer;
  /** One number, {@link batchStates}; whoever changes it notifies. */
  readonly state: SharedArrayBuffer;
}

/** The device does not do what it is asked to. */
export class DeviceFault extends Error {}

export const batchStates = { pending: 0, done: 1, failed: 2 } as const;

/** To a worker: a task, or what there is to do altogether. */
export type ToWorker = Task | Share;

/** Tasks that threads take one after the other: the one whose they are from the front, those that help it from the end. */
export interface Share {
  /** Several may be under way. */
  readonly id: number;
  readonly tasks: readonly Task[];
  /** Two numbers: how many are left, and how many have been taken from the end. */
  readonly counters: SharedArrayBuffer;
}

/** Whether there is a task left, which is the asking thread's from now on. */
export const isLeft = ({ counters }: Share): boolean => Atomics.sub(new Int32Array(counters), 0, 1) > 0;

/** The place of a task from the end that nobody else takes; none where none is left. */
export function takenFromEnd(share: Share): number | undefined {
  if (!isLeft(share)) return undefined;
  return share.tasks.length - 1 - Atomics.add(new Int32Array(share.counters), 1, 1);
}

export type FromWorker =
  | { readonly kind: "outcome"; readonly outcome: Outcome }
  | { readonly kind: "shared"; readonly id: number; readonly place: number; readonly outcome: Outcome }
  | { readonly kind: "fault"; readonly error: Error }
  | { readonly kind: "batch"; readonly batch: Batch };

/** Threads that run `script`; what they ask of a device is run here, while they wait. */
export function threadCrew(
  sources: readonly Source[],
  size: number,
  script: URL,
  device: DeviceRunner | undefined,
): Crew {
  const server = new DeviceServer(device);
  const threads = Array.from({ length: size }, () => new Thread(script, sources, server));
  const idle = [...threads];
  const waiting: Waiting[] = [];
  return {
    size,
    async measure(task) {
      const kind = kindOf(task);
      const thread = idle.pop() ?? (await new Promise<Thread>((start) => waiting.push({ kind, start })));
      thread.kind = kind;
      try {
        return await thread.measure(task);
      } finally {
        const next = nextFor(thread, threads, waiting);
        if (next === undefined) idle.push(thread);
        else next.start(thread);
      }
    },
    async close() {
      await Promise.all(threads.map((thread) => thread.end()));
      server.release();
    },
  };
}

interface Waiting {
  readonly kind: string;
  start(thread: Thread): void;
}

/** The columns of a gradient at one setting have much in common, which one thread finds out once. */
export const kindOf = ({ activation, parameters }: Task): string =>
  JSON.stringify([activation, ...parameters.map(String)]);

/** What waits first of a thread's own kind, else of one that no thread is at, else of any. */
function nextFor(thread: Thread, threads: readonly Thread[], waiting: Waiting[]): Waiting | undefined {
  const taken = new Set(threads.map(({ kind }) => kind));
  const own = waiting.findIndex(({ kind }) => kind === thread.kind);
  const fresh = own < 0 ? waiting.findIndex(({ kind }) => !taken.has(kind)) : own;
  return waiting.splice(Math.max(fresh, 0), 1)[0];
}

export const asError = (thrown: unknown): Error => (thrown instanceof Error ? thrown : new Error(String(thrown)));

class Thread {
  private readonly worker: Worker;
  private settle: { resolve(outcome: Outcome): void; reject(error: Error): void } | undefined;
  private ended = false;
  /** Of what it does, or did last. */
  kind: string | undefined;

  constructor(script: URL, sources: readonly Source[], server: DeviceServer) {
    this.worker = new Worker(script, { workerData: { sources } });
    this.worker.on("message", (message: FromWorker) => {
      switch (message.kind) {
        case "outcome":
          this.settle?.resolve(message.outcome);
          break;
        case "fault":
          this.settle?.reject(message.error);
          break;
        case "batch":
          server.run(message.batch).catch((error: unknown) => {
            this.settle?.reject(asError(error));
          });
      }
    });
    this.worker.on("error", (error) => this.settle?.reject(error));
    this.worker.on("exit", () => {
      if (!this.ended) this.settle?.reject(new Error("a thread ended before its work was done"));
    });
  }

  measure(task: Task): Promise<Outcome> {
    return new Promise((resolve, reject) => {
      this.settle = { resolve, reject };
      this.worker.postMessage(task);
    });
  }

  async end(): Promise<void> {
    this.ended = true;
    await this.worker.terminate();
  }
}

/** Runs batches on the device, one after the other, with the kernels used last kept. */
class DeviceServer {
  private readonly kernels = new Map<string, Promise<DeviceKernel>>();
  private last: Promise<unknown> = Promise.resolve();

  constructor(private readonly device: DeviceRunner | undefined) {}

  run(batch: Batch): Promise<void> {
    const done = this.last.then(() => this.execute(batch));
    this.last = done.catch(() => {});
    return done;
  }

  private async execute({ activation, column, parameters, inputs, count, memory, state }: Batch): Promise<void> {
    const finish = (outcome: number): void => {
      const cell = new Int32Array(state);
      Atomics.store(cell, 0, outcome);
      Atomics.notify(cell, 0);
    };
    try {
      if (column.target !== "wgsl") throw new Error(`kernels for '${column.target}' do not run on a device`);
      const kernel = await this.kernelFor(activation, column);
      const columns = Array.from({ length: inputs }, (_, i) => new Float32Array(memory, 4 * i * count, count));
      new Float32Array(memory, 4 * inputs * count, count).set(await kernel.run(columns, parameters));
      finish(batchStates.done);
    } catch (error) {
      finish(batchStates.failed);
      throw new DeviceFault(asError(error).message);
    }
  }

  private async kernelFor(activation: string, column: WgslColumn): Promise<DeviceKernel> {
    if (this.device === undefined) throw new Error("there is no device");
    const key = JSON.stringify([activation, column.of, column.digest]);
    let kernel = this.kernels.get(key);
    if (kernel === undefined) {
      const most = 4;
      const [oldest] = this.kernels.keys();
      if (this.kernels.size >= most && oldest !== undefined) {
        (await this.kernels.get(oldest))?.release();
        this.kernels.delete(oldest);
      }
      kernel = this.device.load(column);
      this.kernels.set(key, kernel);
    }
    return kernel;
  }

  release(): void {
    for (const kernel of this.kernels.values()) void kernel.then((each) => each.release()).catch(() => {});
    this.kernels.clear();
  }
}
