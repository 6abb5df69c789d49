/**
 * This thread, and others that help it. They read the compiler for themselves first, which takes as long as it takes to measure a small
 * activation: nothing waits for them.
 */
import { Worker } from "node:worker_threads";
import type { Source } from "../source.js";
import type { Outcome, Task } from "../verification/measurer.js";
import { asError, type Crew, kindOf, type FromWorker, type Share, soloCrew, isLeft } from "./crew.js";

/** @param helpers threads besides this one, that run `script` */
export async function helpedCrew(sources: readonly Source[], script: URL | undefined, helpers: number): Promise<Crew> {
  const own = await soloCrew(sources);
  if (script === undefined || helpers < 1) return own;
  const threads = Array.from({ length: helpers }, () => new Helper(script, sources));
  let gathered: Asked[] = [];
  let shares = 0;
  const begin = async (): Promise<void> => {
    const asked = byKind(gathered);
    gathered = [];
    const share: Share = { id: shares++, tasks: asked.map(({ task }) => task), counters: new SharedArrayBuffer(8) };
    new Int32Array(share.counters)[0] = asked.length;
    for (const thread of threads) thread.help(share, asked);
    for (const { task, resolve, reject } of asked) {
      if (!isLeft(share)) return;
      await own.measure(task).then(resolve, reject);
    }
  };
  return {
    size: 1 + helpers,
    measure: (task) =>
      new Promise((resolve, reject) => {
        gathered.push({ task, resolve, reject });
        // All that is asked for in one go is shared.
        if (gathered.length === 1) setImmediate(() => void begin());
      }),
    async close() {
      await Promise.all(threads.map((thread) => thread.end()));
    },
  };
}

interface Asked {
  readonly task: Task;
  resolve(outcome: Outcome): void;
  reject(error: Error): void;
}

/** Those of a kind, one after the other. */
function byKind(asked: readonly Asked[]): readonly Asked[] {
  const kinds = new Map<string, Asked[]>();
  for (const each of asked) {
    const kind = kindOf(each.task);
    kinds.set(kind, [...(kinds.get(kind) ?? []), each]);
  }
  return [...kinds.values()].flat();
}

class Helper {
  private readonly worker: Worker;
  /** By share. */
  private readonly asked = new Map<number, readonly Asked[]>();

  constructor(script: URL, sources: readonly Source[]) {
    this.worker = new Worker(script, { workerData: { sources } });
    this.worker.on("message", (message: FromWorker) => {
      if (message.kind === "shared") this.asked.get(message.id)?.[message.place]?.resolve(message.outcome);
      else if (message.kind === "fault") this.fail(message.error);
    });
    this.worker.on("error", (error) => this.fail(asError(error)));
    this.worker.on("exit", () => this.fail(new Error("a thread ended before its work was done")));
  }

  help(share: Share, asked: readonly Asked[]): void {
    this.asked.set(share.id, asked);
    this.worker.postMessage(share);
  }

  /** What it may have taken is lost; what is done already stays as it is. */
  private fail(error: Error): void {
    for (const { reject } of [...this.asked.values()].flat()) reject(error);
  }

  async end(): Promise<void> {
    await this.worker.terminate();
  }
}
