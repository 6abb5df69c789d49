/** All columns of the comparison: from the cache where they were computed before, else on all cores. */
import { createHash } from "node:crypto";
import { once } from "node:events";
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { deserialize, serialize } from "node:v8";
import { Worker } from "node:worker_threads";
import type { Column, Kind } from "./truth.js";
import type { Answer, Question } from "./truth-worker.js";

export const kinds: readonly Kind[] = ["value", "derivative"];
export const keyOf = (name: string, kind: Kind): string => `${name} ${kind}`;

export interface Options {
  /** The definitions. */
  readonly text: string;
  readonly names: readonly string[];
  readonly common: Float32Array;
  /** The program of the threads; its text is a part of the key under which a column is kept. */
  readonly worker: URL;
  readonly cache: string;
  readonly progress: (done: number, of: number) => void;
}

export async function columnsOf(options: Options): Promise<ReadonlyMap<string, Column>> {
  mkdirSync(options.cache, { recursive: true });
  const program = createHash("sha256").update(readFileSync(options.worker)).update(options.text);
  const base = program.update(Buffer.from(options.common.buffer)).digest("hex").slice(0, 16);
  const fileOf = (key: string): string => join(options.cache, `${base} ${key}`.replaceAll(" ", "-"));
  const columns = new Map<string, Column>();
  const questions: Question[] = [];
  for (const name of options.names) {
    for (const kind of kinds) {
      const key = keyOf(name, kind);
      const file = fileOf(key);
      if (existsSync(file)) columns.set(key, deserialize(readFileSync(file)));
      else questions.push({ key, text: options.text, name, kind, common: options.common });
    }
  }
  const keep = ({ key, column }: Answer): void => {
    columns.set(key, column);
    const file = fileOf(key);
    writeFileSync(`${file}.tmp`, serialize(column));
    renameSync(`${file}.tmp`, file);
    options.progress(columns.size, options.names.length * kinds.length);
  };
  await answered(questions, options.worker, keep);
  return columns;
}

/** Hands the questions to threads, one each at a time. */
async function answered(questions: readonly Question[], program: URL, keep: (answer: Answer) => void): Promise<void> {
  const waiting = [...questions];
  const threads = Array.from({ length: Math.min(availableParallelism(), questions.length) }, async () => {
    const thread = new Worker(program);
    for (let question = waiting.shift(); question; question = waiting.shift()) {
      thread.postMessage(question);
      const [answer]: Answer[] = await once(thread, "message");
      if (answer) keep(answer);
    }
    await thread.terminate();
  });
  await Promise.all(threads);
}
