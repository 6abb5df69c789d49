import { styleText } from "node:util";
import type { Diagnostic, Severity } from "../diagnostics.js";
import type { Input } from "./inputs.js";
import { exitCodes, usesColor, type Environment, type ExitCode, type TextOutput } from "./environment.js";
import type { Problem } from "./problem.js";

/** A diagnostic as `--json` prints it; what does not apply is null. Lines and columns count from 1. */
export interface JsonDiagnostic {
  readonly code: string;
  readonly severity: Severity;
  readonly file: string | null;
  readonly line: number | null;
  readonly column: number | null;
  readonly endLine: number | null;
  readonly endColumn: number | null;
  readonly message: string;
  readonly expected: string | null;
  readonly hint: string | null;
}

/** What `--json` prints. */
export interface JsonReport {
  readonly ok: boolean;
  /** Paths of the output files, from the current folder. */
  readonly files: readonly string[];
  readonly diagnostics: readonly JsonDiagnostic[];
  readonly [more: string]: unknown;
}

type Style = "red" | "yellow" | "green" | "bold" | "dim";

/** Colours text for one output. */
export function painter(output: TextOutput, environment: Environment): (style: Style, text: string) => string {
  if (!usesColor(output, environment.variables)) return (_, text) => text;
  return (style, text) => styleText(style, text, { validateStream: false });
}

/** A name or message that came from outside, on one line and unable to steer the terminal. */
export const printable = (text: string): string =>
  // eslint-disable-next-line no-control-regex
  text.replace(
    /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/g,
    (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );

export function problemText(problem: Problem, environment: Environment): string {
  const paint = painter(environment.stderr, environment);
  const lines = [`${paint("bold", "actc:")} ${paint("red", "error:")} ${printable(problem.message)}`];
  if (problem.expected !== undefined) lines.push(`  expected: ${printable(problem.expected)}`);
  if (problem.hint !== undefined) lines.push(`  hint: ${printable(problem.hint)}`);
  return `${lines.join("\n")}\n`;
}

export const jsonProblem = (problem: Problem): JsonDiagnostic => ({
  code: problem.code,
  severity: "error",
  file: problem.file ?? null,
  line: null,
  column: null,
  endLine: null,
  endColumn: null,
  message: problem.message,
  expected: problem.expected ?? null,
  hint: problem.hint ?? null,
});

export function writeJson(
  environment: Environment,
  report: JsonReport,
  layout: "one line" | "indented" = "indented",
): void {
  environment.stdout.write(`${JSON.stringify(report, null, layout === "indented" ? 2 : undefined)}\n`);
}

/** Says what is wrong with the usage, the configuration or the files, and ends the command. */
export function refuse(problems: readonly Problem[], json: boolean, environment: Environment): ExitCode {
  if (json) writeJson(environment, { ok: false, files: [], diagnostics: problems.map(jsonProblem) });
  else for (const problem of problems) environment.stderr.write(problemText(problem, environment));
  return exitCodes.refused;
}

/** The diagnostic with the file called what its reader calls it, and its source. */
function locate(diagnostic: Diagnostic, inputs: readonly Input[]): { diagnostic: Diagnostic; text: string } {
  const input = inputs.find(({ source }) => source.file === diagnostic.file);
  if (input === undefined) return { diagnostic, text: "" };
  return { diagnostic: { ...diagnostic, file: input.shown }, text: input.source.text };
}

/** Warnings that every rectifier gets: `actc check` lists them, a compile counts them. */
const ofKinks = ({ code }: Diagnostic): boolean => code === "kink-spelling";

/** What a compile prints: everything but the remarks on kinks. */
export const aloud = (diagnostics: readonly Diagnostic[]): readonly Diagnostic[] =>
  diagnostics.filter((diagnostic) => !ofKinks(diagnostic));

/** `, 3 warnings, 50 kinks (actc check lists them)` */
export function tallyOfCompile(diagnostics: readonly Diagnostic[]): string {
  const kinks = diagnostics.filter(ofKinks).length;
  const parts = [tally(aloud(diagnostics)), kinks > 0 ? `${count(kinks, "kink")} (actc check lists them)` : ""];
  return parts
    .filter((part) => part !== "")
    .map((part) => `, ${part}`)
    .join("");
}

/** The diagnostics with code frames. */
export async function diagnosticsText(
  diagnostics: readonly Diagnostic[],
  inputs: readonly Input[],
  environment: Environment,
): Promise<string> {
  if (diagnostics.length === 0) return "";
  const { renderDiagnostic } = await import("../render-diagnostics.js");
  const color = usesColor(environment.stderr, environment.variables);
  const texts = diagnostics.map((each) => {
    const { diagnostic, text } = locate(each, inputs);
    return renderDiagnostic(diagnostic, { file: diagnostic.file, text }, { color }).trimEnd();
  });
  return `${texts.join("\n\n")}\n`;
}

export async function jsonDiagnostics(
  diagnostics: readonly Diagnostic[],
  inputs: readonly Input[],
): Promise<readonly JsonDiagnostic[]> {
  if (diagnostics.length === 0) return [];
  const { positionOf } = await import("../render-diagnostics.js");
  return diagnostics.map((each) => {
    const { diagnostic, text } = locate(each, inputs);
    const start = positionOf(text, diagnostic.span.start);
    const end = positionOf(text, diagnostic.span.end);
    return {
      code: diagnostic.code,
      severity: diagnostic.severity,
      file: diagnostic.file,
      line: start.line,
      column: start.column,
      endLine: end.line,
      endColumn: end.column,
      message: diagnostic.message,
      expected: diagnostic.expected ?? null,
      hint: diagnostic.hint ?? null,
    };
  });
}

export const hasErrors = (diagnostics: readonly Diagnostic[]): boolean =>
  diagnostics.some(({ severity }) => severity === "error");

/** `1 file`, `2 files`, `1 activation`. */
export const count = (n: number, noun: string): string => `${n} ${noun}${n === 1 ? "" : "s"}`;

/** `2 errors, 1 warning`; empty without diagnostics. */
export function tally(diagnostics: readonly Diagnostic[]): string {
  const severities = ["error", "warning"] as const;
  return severities
    .map((severity) => [severity, diagnostics.filter((each) => each.severity === severity).length] as const)
    .flatMap(([severity, n]) => (n === 0 ? [] : [count(n, severity)]))
    .join(", ");
}

/** A fault of the compiler: one line, and the stack only for who asks for it. */
export function reportFault(fault: unknown, json: boolean, environment: Environment): ExitCode {
  const what = printable(fault instanceof Error ? `${fault.name}: ${fault.message}` : String(fault)).slice(0, 300);
  const message = `internal error (${what})`;
  const hint =
    "this is a fault of actc, not of your definitions; please report it to the authors of activation-compiler with " +
    `the definition and this line (actc ${environment.version}; ACTC_DEBUG=1 shows more)`;
  if (json)
    writeJson(environment, {
      ok: false,
      files: [],
      diagnostics: [jsonProblem({ code: "internal-error", message, hint })],
    });
  environment.stderr.write(`actc: ${message}: ${hint}\n`);
  const debug = environment.variables["ACTC_DEBUG"];
  if (debug !== undefined && debug !== "" && debug !== "0" && fault instanceof Error) {
    environment.stderr.write(`${fault.stack ?? ""}\n`);
  }
  return exitCodes.fault;
}
