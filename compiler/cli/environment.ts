import type { Knowledge } from "../analyse.js";
import type { analysisFacts } from "../analysis/facts/facts.js";
import type { compile } from "../compile.js";
import type { Diagnostic } from "../diagnostics.js";
import type { Source } from "../source.js";
import type * as verification from "../verify.js";
import type { VerificationPlan } from "./verify-plan.js";

/** Process exit codes; part of the command line's contract. */
export const exitCodes = {
  done: 0,
  /** The definitions have errors, or `--check` found something. */
  rejected: 1,
  /** Wrong usage or configuration, or a file that cannot be read or written. */
  refused: 2,
  /** A fault of the compiler itself. */
  fault: 70,
} as const;
export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

export interface TextOutput {
  write(text: string): void;
  readonly isTTY: boolean;
  /** Width in characters, if it is a terminal. */
  readonly columns?: number | undefined;
}

export interface Analysis {
  readonly text: string;
  readonly json: unknown;
  readonly diagnostics: readonly Diagnostic[];
}

export interface Explanation {
  readonly text: string;
  readonly diagnostics: readonly Diagnostic[];
}

export type ExplanationFormat = "text" | "latex" | "plot";

/** The parts of the compiler that a command may need. Each is a function that loads it: most runs need none. */
export interface Stages {
  compile(): Promise<typeof compile>;
  /** What the manifest says of an activation besides how to call its kernels. */
  facts(): Promise<typeof analysisFacts>;
  analyse(): Promise<(sources: readonly Source[], known?: Knowledge) => Analysis>;
  verify(): Promise<
    Pick<typeof verification, "subjectsOf" | "subjectsIn" | "accuracies" | "glance" | "executors" | "merged">
  >;
  explain(): Promise<
    (
      source: Source,
      name: string,
      options: { readonly format: ExplanationFormat; readonly width: number },
    ) => Explanation
  >;
}

/** Everything a command touches besides the file system, so that tests can stand in for the process. */
export interface Environment {
  readonly cwd: string;
  readonly variables: Readonly<Record<string, string | undefined>>;
  readonly stdin: () => Promise<Uint8Array>;
  readonly stdout: TextOutput;
  readonly stderr: TextOutput;
  /** Aborted when the user ends `--watch`. */
  readonly interrupted: AbortSignal;
  readonly stages: Stages;
  readonly verification: {
    readonly plan: VerificationPlan;
    /** What threads run; without it, measuring is done in this thread. */
    readonly script: URL | undefined;
  };
  /** What threads run that emit definitions; without it, that is done in this thread. */
  readonly emission: URL | undefined;
  /** The package's version. */
  readonly version: string;
  /** Names the compiler's build: two builds that could emit different text have different names. Unknown: no cache. */
  readonly build: () => string | undefined;
}

/** Whether to colour: FORCE_COLOR, then NO_COLOR, then whether somebody is looking. */
export function usesColor(output: TextOutput, variables: Environment["variables"]): boolean {
  const { FORCE_COLOR: force, NO_COLOR: no, TERM: terminal } = variables;
  if (force !== undefined) return force !== "0" && force !== "false";
  if (no !== undefined && no !== "") return false;
  return output.isTTY && terminal !== "dumb";
}
