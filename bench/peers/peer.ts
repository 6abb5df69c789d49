/** What is compared. */
import { existsSync, readFileSync } from "node:fs";
import type { ActivationName } from "../accuracy/activations.js";
import type { Kind } from "../accuracy/truth.js";

/** One column for a candidate to compute. */
export interface Task {
  readonly name: ActivationName;
  readonly kind: Kind;
  readonly inputs: Float32Array;
}

export interface Peer {
  readonly name: string;
  /** The version of what computes, and how it computes derivatives. */
  readonly description: string;
  /** Activations that it has under a name of their own; the others are put together from its operations. */
  readonly own: ReadonlySet<string>;
  /** Whether derivatives are its own too, and not graphs that were written by hand for this comparison. */
  readonly derives: boolean;
  /** The results, or why there are none. */
  run(task: Task): Promise<Float32Array | string>;
  /** What there is to be timed: with its strongest settings, all that can be made before is made. */
  prepare?(task: Task): Promise<Prepared>;
}

/** Computes a column again and again, from numbers that lie where the candidate wants them. */
export interface Prepared {
  /** Before it is timed, where another candidate may have changed a setting. */
  begin?(): Promise<void> | void;
  run(): void | Promise<void>;
  /** Milliseconds of so many runs, where the candidate has to time itself: of the clock, or of its processor if that is less. */
  timed?(repetitions: number): Promise<number>;
  results(): Promise<Float32Array>;
  dispose(): void;
}

/** A peer, or the reason why it cannot run here. */
export async function opened(open: () => Promise<Peer>): Promise<Peer | string> {
  try {
    return await open();
  } catch (error) {
    return firstLine(error);
  }
}

/** Runs a column; what a peer throws is the reason why it has no result. */
export async function attempt(peer: Peer, task: Task): Promise<Float32Array | string> {
  try {
    return await peer.run(task);
  } catch (error) {
    return firstLine(error);
  }
}

const firstLine = (error: unknown): string =>
  (error instanceof Error ? error.message : String(error)).split("\n")[0] ?? "";

/** The version of a package of bench/. */
export function versionOf(name: string): string {
  const file = new URL(`../node_modules/${name}/package.json`, import.meta.url);
  if (!existsSync(file)) throw new Error(`${name} is not installed: run 'npm ci --prefix bench'`);
  const { version }: { version: string } = JSON.parse(readFileSync(file, "utf8"));
  return version;
}
