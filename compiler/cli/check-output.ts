import { resolve } from "node:path";
import type { Compilation } from "../compile.js";
import type { CompileRequest } from "./arguments.js";
import { unifiedDiff } from "./diff.js";
import { exitCodes, type Environment, type ExitCode } from "./environment.js";
import type { Input } from "./inputs.js";
import { planOutput, shownFolder, type Plan } from "./output.js";
import {
  count,
  aloud,
  diagnosticsText,
  hasErrors,
  jsonDiagnostics,
  jsonProblem,
  painter,
  printable,
  refuse,
  tally,
  writeJson,
} from "./report.js";
import { kernelFamilies, usualTargets } from "./targets.js";

const diffLines = 40;
const allDiffLines = 400;

/** A file of the output folder that is not as it would be written. */
interface Finding {
  readonly state: "missing" | "stale" | "orphaned";
  readonly path: string;
  readonly before: string | undefined;
  readonly after: string | undefined;
  readonly note: string;
}

/** `actc compile --check`: says what a compile would change, changes nothing. */
export async function checkOutput(
  request: CompileRequest,
  inputs: readonly Input[],
  compilation: Compilation,
  environment: Environment,
): Promise<ExitCode> {
  const { diagnostics, files, activations } = compilation;
  const folder = shownFolder(request.outDir);
  const failed = hasErrors(diagnostics);
  const plan = failed ? undefined : planOutput(resolve(environment.cwd, request.outDir), folder, files);
  if (plan?.ok === false) return refuse([plan.problem], request.json, environment);
  const findings = plan === undefined ? [] : findingsOf(plan.value);
  const ok = !failed && findings.length === 0;
  const mend = mendingCommand(request);

  if (request.json) {
    const problems = findings.map(({ state, path, note }) =>
      jsonProblem({
        code: `${state}-file`,
        file: `${folder}/${path}`,
        message: `${folder}/${path} is ${state}${note}`,
        hint: `run '${mend}'`,
      }),
    );
    const all = [...(await jsonDiagnostics(diagnostics, inputs)), ...problems];
    const named = (state: Finding["state"]): readonly string[] =>
      findings.filter((each) => each.state === state).map(({ path }) => `${folder}/${path}`);
    writeJson(environment, {
      ok,
      files: files.map(({ path }) => `${folder}/${path}`),
      diagnostics: all,
      activations,
      missing: named("missing"),
      stale: named("stale"),
      orphaned: named("orphaned"),
    });
    return ok ? exitCodes.done : exitCodes.rejected;
  }

  environment.stderr.write(await diagnosticsText(aloud(diagnostics), inputs, environment));
  if (failed) {
    environment.stderr.write(`actc: ${tally(diagnostics)}\n`);
    return exitCodes.rejected;
  }
  if (ok) {
    environment.stdout.write(`actc: ${count(files.length, "file")} of ${printable(folder)}/ up to date\n`);
    return exitCodes.done;
  }
  const paint = painter(environment.stderr, environment);
  printDiffs(findings, folder, environment);
  for (const { state, path, note } of findings) {
    environment.stderr.write(`${paint("yellow", state)} ${printable(`${folder}/${path}`)}${note}\n`);
  }
  environment.stderr.write(
    `${paint("bold", "actc:")} ${paint("red", "error:")} ${count(findings.length, "file")} of ${printable(folder)}/ ` +
      `not as generated; to mend: ${mend}\n`,
  );
  return exitCodes.rejected;
}

function findingsOf({ files, orphans }: Plan): readonly Finding[] {
  const decode = (bytes: Uint8Array | undefined): string | undefined =>
    bytes === undefined ? undefined : new TextDecoder().decode(bytes);
  return [
    ...files.flatMap(({ path, text, state, existing }): readonly Finding[] => {
      if (state === "unchanged") return [];
      const before = decode(existing);
      const onlyLineEnds = before !== undefined && before.replaceAll("\r\n", "\n") === text;
      const note = onlyLineEnds
        ? " (only its line ends differ: let git leave them alone with 'text eol=lf' in .gitattributes)"
        : state === "stale" && existing === undefined
          ? " (it is not a regular file)"
          : "";
      return [{ state, path, before, after: text, note }];
    }),
    ...orphans.map(({ path, existing, edited }): Finding => ({
      state: "orphaned",
      path,
      before: decode(existing),
      after: undefined,
      note: edited ? " (edited since it was generated: will be kept)" : "",
    })),
  ];
}

function printDiffs(findings: readonly Finding[], folder: string, environment: Environment): void {
  const paint = painter(environment.stdout, environment);
  let left = allDiffLines;
  for (const { path, before, after } of findings) {
    const diff = unifiedDiff(`${folder}/${path}`, before, after, Math.min(diffLines, Math.max(left, 0)));
    if (diff === "") continue;
    const lines = diff.split("\n");
    left -= lines.length - 2;
    const painted = lines.map((line) => {
      const text = line.replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g, "\ufffd");
      return line.startsWith("+") ? paint("green", text) : line.startsWith("-") ? paint("red", text) : text;
    });
    environment.stdout.write(`${painted.join("\n")}\n`);
  }
}

/** The command that makes the output folder right, as one types it. */
function mendingCommand(request: CompileRequest): string {
  const quote = (word: string): string =>
    /^[\w./@:,+=-]+$/.test(word) ? word : `'${printable(word).replaceAll("'", `'\\''`)}'`;
  const options = [
    ...(request.outDir === "generated" ? [] : ["--out-dir", quote(request.outDir)]),
    ...(request.targets.join() === usualTargets.join() ? [] : ["--target", request.targets.join(",")]),
    ...(request.kernels.length === kernelFamilies.length ? [] : ["--kernels", request.kernels.join(",")]),
    ...(request.save === "exact" ? [] : ["--save", request.save]),
    ...(request.shaders === "quick" ? [] : ["--shaders", request.shaders]),
  ];
  return ["npx --no-install actc compile", ...request.files.map(quote), ...options].join(" ");
}
