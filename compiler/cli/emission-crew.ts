/** Threads that emit definitions, some at a time. */
import { availableParallelism } from "node:os";
import { Worker } from "node:worker_threads";
import type { EmissionCrew, EmittedDefinition, Emitting } from "../compile.js";
import type { CheckedDefinition } from "../frontend/check.js";

/** What a thread knows from the beginning. */
export interface EmissionSetting {
  readonly how: Emitting;
  /** Whether what goes into the manifest as an analysis is found out, too. */
  readonly analyses: boolean;
  readonly answers: readonly (readonly [question: string, answer: unknown])[];
}

/**
 * Of fewer definitions none are left to threads: each reads the compiler for itself, which takes as long as some dozen definitions,
 * or as two of which nothing is known.
 */
const fewDefinitions = { known: 40, unknown: 6 } as const;

/** Each has the compiler in its memory. */
const mostThreads = 4;

/** So many at a time, or fewer, so that all are done at nearly the same time. */
const mostAtOnce = 16;

export const emissionCrew =
  (script: URL, analyses: boolean, threads = Math.min(availableParallelism(), mostThreads)): EmissionCrew =>
  async (definitions, how, book) => {
    const answers = book.answers();
    if (threads < 2 || definitions.length < fewDefinitions[answers.length > 0 ? "known" : "unknown"]) return [];
    const setting: EmissionSetting = { how, analyses, answers };
    const atOnce = Math.min(mostAtOnce, Math.ceil(definitions.length / (4 * threads)));
    const results: EmittedDefinition[] = [];
    let next = 0;
    const work = async (): Promise<void> => {
      const worker = new Worker(script, { workerData: setting });
      try {
        for (let start = next; start < definitions.length; start = next) {
          next += atOnce;
          const emitted = await answerOf(worker, definitions.slice(start, start + atOnce));
          emitted.forEach((each, i) => (results[start + i] = each));
        }
      } finally {
        await worker.terminate();
      }
    };
    await Promise.all(Array.from({ length: threads }, work));
    return results;
  };

export type FromEmitter =
  | { readonly kind: "emitted"; readonly emitted: readonly EmittedDefinition[] }
  | { readonly kind: "fault"; readonly error: Error };

function answerOf(worker: Worker, definitions: readonly CheckedDefinition[]): Promise<readonly EmittedDefinition[]> {
  return new Promise((resolve, reject) => {
    const ended = (): void => reject(new Error("a thread ended before its work was done"));
    worker.once("error", reject);
    worker.once("exit", ended);
    worker.once("message", (message: FromEmitter) => {
      worker.off("error", reject);
      worker.off("exit", ended);
      if (message.kind === "emitted") resolve(message.emitted);
      else reject(message.error);
    });
    worker.postMessage(definitions);
  });
}
