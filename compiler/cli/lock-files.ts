/** Lock files lie beside the definitions: `acts.lock.json` beside `acts.def`. They only ever save time. */
import { randomBytes } from "node:crypto";
import { readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { DecisionBook } from "../decisions.js";
import type { Lock } from "../lock.js";
import type { Environment } from "./environment.js";
import { inputPaths, type Input } from "./inputs.js";

interface LockFile {
  /** What the compiler calls the definitions' file. */
  readonly source: string;
  readonly path: string;
  readonly text: string | undefined;
}

export type LockFiles = readonly LockFile[];

/** Those beside these definitions, whether there are any yet or not; none for standard input. */
export function readLockFiles(files: readonly string[], inputs: readonly Input[], environment: Environment): LockFiles {
  return inputPaths(files, environment.cwd).flatMap(({ path }, i) => {
    const source = inputs[i]?.source.file;
    if (path === "-" || source === undefined) return [];
    const beside = `${path.replace(/\.def$/, "")}.lock.json`;
    return [{ source, path: beside, text: textOf(beside) }];
  });
}

/** What was read of a file last: while watching, it is mostly the same. */
const read = new Map<string, { readonly text: string; readonly lock: Lock | undefined }>();

/** What can be believed of them. */
export async function bookOf(locks: LockFiles): Promise<DecisionBook> {
  const { readLock } = await import("../lock.js");
  const known = locks.flatMap(({ path, text = "" }) => {
    const before = read.get(path);
    const lock = before?.text === text ? before.lock : readLock(text);
    read.set(path, { text, lock });
    return [...(lock ?? new Map<string, never>()).values()];
  });
  return new DecisionBook(known.flatMap((answers) => [...answers]));
}

/** Writes what was asked where that is something else than before; where it cannot be written, nothing is lost but time. */
export async function writeLockFiles(locks: LockFiles, book: DecisionBook): Promise<LockFiles> {
  const { lockText } = await import("../lock.js");
  return locks.map((lock) => {
    const asked = book.askedFor(lock.source);
    const text = lockText(asked);
    if (lock.text?.replaceAll("\r\n", "\n") === text || (lock.text === undefined && asked.size === 0)) return lock;
    return write(lock.path, text) ? { ...lock, text } : lock;
  });
}

function write(path: string, text: string): boolean {
  const temporary = join(dirname(path), `.actc-${randomBytes(8).toString("hex")}.tmp`);
  try {
    writeFileSync(temporary, text, { flag: "wx" });
    renameSync(temporary, path);
    return true;
  } catch {
    tryToRemove(temporary);
    return false;
  }
}

function tryToRemove(path: string): void {
  try {
    rmSync(path, { force: true });
  } catch {
    // It was never made.
  }
}

function textOf(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}
