import type { Diagnostic } from "./diagnostics.js";
import type { Source } from "./source.js";

export const targetNames = ["ts", "wgsl", "module"] as const;
export type TargetName = (typeof targetNames)[number];

export interface CompileOptions {
  readonly targets: readonly TargetName[];
  /** Text made earlier, by content key; see {@link EmissionCache}. */
  readonly cache?: EmissionCache;
}

/**
 * Remembers what was emitted for a definition, by a key that covers everything the text depends on.
 * A cache may forget at any time; it must never answer with anything but what was set for that key.
 */
export interface EmissionCache {
  get(key: string): string | undefined;
  set(key: string, value: string): void;
}

export interface OutputFile {
  /** Relative to the output folder, without folders. */
  readonly path: string;
  readonly text: string;
}

export interface Compilation {
  /** Sorted by path, `manifest.json` included; empty when a diagnostic is an error. */
  readonly files: readonly OutputFile[];
  readonly diagnostics: readonly Diagnostic[];
  /** Names of the activations compiled, in the order of the sources. */
  readonly activations: readonly string[];
}

/** From text to files: a pure function, the same for the command line, a bundler's plug-in and a web page. */
export async function compile(sources: readonly Source[], options: CompileOptions): Promise<Compilation> {
  throw new Error(`not yet: ${sources.length} ${options.targets.length}`);
}
