/** How many threads the CPU's kernels may use. */
import { threadEngine } from "./thread-engine.js";

/** Unless another number is asked for: more were not measured. */
const usual = 4;
const most = 64;

let chosen: number | null = null;
const listeners = new Set<() => void>();

/**
 * How many threads kernels in WebAssembly may use, the calling one included: those that run at once, 4 at most, unless `setThreads` chose
 * another number. 1 where the engine has none: they are there in Node, and in pages that are isolated from other origins
 * (`crossOriginIsolated`).
 */
export function threads(): number {
  const engine = threadEngine();
  return engine ? (chosen ?? Math.max(1, Math.min(usual, engine.available))) : 1;
}

/**
 * Chooses how many threads kernels in WebAssembly may use on large tensors, the calling one included; 1 uses none but that one. Threads
 * that run are ended; others start when they are needed, and keep no process alive. What is computed is the same to the last bit.
 *
 * Whether tensors lie in memory that threads share is settled with the first tensor: after `setThreads(1)` before that one they do not,
 * and no later call changes it.
 *
 * @throws RangeError unless it is an integer from 1 to 64
 */
export function setThreads(count: number): void {
  if (!Number.isInteger(count) || count < 1 || count > most)
    throw new RangeError(`threads must be an integer from 1 to ${most}, not ${count}`);
  chosen = count;
  for (const listener of listeners) listener();
}

/** Calls a function whenever a number is chosen. */
export const whenThreadsAreSet = (listener: () => void): void => void listeners.add(listener);
