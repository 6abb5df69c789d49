import { readFileSync, lstatSync } from "node:fs";
import { join, resolve } from "node:path";
import { setFlagsFromString } from "node:v8";
import type { Compilation } from "../compile.js";
import type { DecisionBook } from "../decisions.js";
import { collate } from "../diagnostics.js";
import type { CompileRequest } from "./arguments.js";
import { missingAssembler } from "./assembler.js";
import { newBreachWarnings } from "./new-breaches.js";
import { emissionCrew } from "./emission-crew.js";
import { openCache, type Cache, type RunRecord } from "./cache.js";
import { sha256 } from "./digest.js";
import { exitCodes, type Environment, type ExitCode } from "./environment.js";
import { readInputs, type Input } from "./inputs.js";
import { bookOf, type LockFiles, readLockFiles, writeLockFiles } from "./lock-files.js";
import { carryOut, planOutput, rememberManifest, shownFolder, type Plan } from "./output.js";
import { breachWarnings, certifiedNames, recordedBreaches } from "./recorded-breaches.js";
import {
  count,
  aloud,
  diagnosticsText,
  hasErrors,
  jsonDiagnostics,
  jsonProblem,
  painter,
  printable,
  problemText,
  refuse,
  tally,
  tallyOfCompile,
  writeJson,
} from "./report.js";

/** `actc compile`, all of it but `--watch`. */
export async function compileCommand(request: CompileRequest, environment: Environment): Promise<ExitCode> {
  const start = performance.now();
  const { inputs, problems } = await readInputs(request.files, environment);
  if (problems.length > 0) return refuse(problems, request.json, environment);
  const lacking = await missingAssembler(request.targets);
  if (lacking.length > 0) return refuse(lacking, request.json, environment);
  spareMemory(inputs);
  switch (request.mode) {
    case "stdout":
      return printCode(request, inputs, environment);
    case "check": {
      const { checkOutput } = await import("./check-output.js");
      const book = await bookOf(locksOf(request, inputs, environment));
      return checkOutput(request, inputs, await compileInputs(request, inputs, environment, book), environment);
    }
    case "write":
    case "watch": {
      const cache = request.cache ? openCache(environment.cwd, environment.build()) : undefined;
      const code = await build(request, inputs, environment, cache, start);
      cache?.save();
      return code;
    }
  }
}

/** In characters: some six hundred definitions. */
const manyDefinitions = 100_000;

/**
 * The text of thousands of definitions fills hundreds of megabytes, and V8 would let as much garbage lie beside it. Where it is told to grow
 * its heap in small steps it collects more often, which takes a tenth longer.
 */
function spareMemory(inputs: readonly Input[]): void {
  const length = inputs.reduce((sum, { source }) => sum + source.text.length, 0);
  if (length > manyDefinitions) setFlagsFromString("--heap-growing-percent=15");
}

export async function compileInputs(
  request: CompileRequest,
  inputs: readonly Input[],
  environment: Environment,
  decisions: DecisionBook,
  cache?: Cache,
): Promise<Compilation> {
  const compile = await environment.stages.compile();
  const sources = inputs.map(({ source }) => source);
  const { targets, kernels, save, shaders } = request;
  const facts = await environment.stages.facts();
  const compilation = await compile(sources, {
    targets,
    kernels,
    save,
    shaders,
    facts,
    decisions,
    ...(cache ? { cache: cache.emissions } : {}),
    ...(environment.emission ? { crew: emissionCrew(environment.emission, true) } : {}),
  });
  const recorded = recordedBreaches(request.files, inputs, environment);
  const warnings = await breachWarnings(recorded, sources, compilation, environment);
  const certified = certifiedNames(request.files, inputs, environment);
  const measures = request.mode === "write" && request.lock;
  const fresh = await newBreachWarnings(sources, compilation, { certified, decisions, measures }, environment);
  return { ...compilation, diagnostics: collate([...compilation.diagnostics, ...warnings, ...fresh]) };
}

async function printCode(
  request: CompileRequest,
  inputs: readonly Input[],
  environment: Environment,
): Promise<ExitCode> {
  const book = await bookOf(locksOf(request, inputs, environment));
  const { files, diagnostics } = await compileInputs(request, inputs, environment, book);
  environment.stderr.write(await diagnosticsText(aloud(diagnostics), inputs, environment));
  if (hasErrors(diagnostics)) {
    environment.stderr.write(`actc: ${tally(diagnostics)}\n`);
    return exitCodes.rejected;
  }
  const code = files.filter(({ path }) => path !== "manifest.json").sort((a, b) => (a.path < b.path ? -1 : 1));
  const several = code.length > 1;
  const texts = code.map(({ path, text }) => (several ? `// ${path}\n${text}` : text));
  environment.stdout.write(texts.join("\n"));
  return exitCodes.done;
}

/** What came of one build, whether compiled or remembered. */
interface Outcome {
  readonly files: readonly string[];
  readonly activations: readonly string[];
  readonly written: readonly string[];
  readonly removed: readonly string[];
  readonly kept: readonly string[];
}

/** One build into the output folder: compiles, unless the same run is remembered and its files are still there. */
export async function build(
  request: CompileRequest,
  inputs: readonly Input[],
  environment: Environment,
  cache: Cache | undefined,
  start: number,
): Promise<ExitCode> {
  const folder = resolve(environment.cwd, request.outDir);
  const locks = locksOf(request, inputs, environment);
  const key = runKey(request, inputs, environment, locks);
  const record = cache?.run(key);
  if (record !== undefined && holds(folder, record)) {
    const files = record.files.map(([path]) => path);
    const { activations, diagnostics } = record;
    const outcome: Outcome = { files, activations, written: [], removed: [], kept: [] };
    return reportOutcome(request, inputs, environment, outcome, diagnostics, start);
  }

  const book = await bookOf(locks);
  const { files, diagnostics, activations } = await compileInputs(request, inputs, environment, book, cache);
  if (hasErrors(diagnostics)) return reportErrors(request, inputs, environment, diagnostics);
  const plan = planOutput(folder, shownFolder(request.outDir), files);
  const done = plan.ok ? carryOut(plan.value) : plan;
  if (!plan.ok || !done.ok) {
    const problem = plan.ok ? (done.ok ? [] : [done.problem]) : [plan.problem];
    if (request.json) {
      const all = [...(await jsonDiagnostics(diagnostics, inputs)), ...problem.map(jsonProblem)];
      writeJson(environment, { ok: false, files: [], diagnostics: all }, layout(request));
    } else {
      environment.stderr.write(await diagnosticsText(aloud(diagnostics), inputs, environment));
      for (const each of problem) environment.stderr.write(problemText(each, environment));
    }
    return exitCodes.refused;
  }
  const { digestOf } = await import("../compile.js");
  const digests: [path: string, digest: string][] = [];
  for (const file of files) digests.push([file.path, await digestOf(file)]);
  rememberManifest(folder, files, new Map(digests));
  const written = await writeLockFiles(locks, book);
  cache?.rememberRun(runKey(request, inputs, environment, written), { files: digests, diagnostics, activations });
  return reportOutcome(request, inputs, environment, outcomeOf(plan.value, activations), diagnostics, start);
}

/** Covers everything the output depends on, and the lock files, which are written too. */
function runKey(request: CompileRequest, inputs: readonly Input[], environment: Environment, locks: LockFiles): string {
  const sources = inputs.map(({ source }) => [source.file, source.text]);
  const recorded = recordedBreaches(request.files, inputs, environment);
  return sha256(
    JSON.stringify([
      environment.build(),
      request.targets,
      request.kernels,
      request.save,
      request.shaders,
      sources,
      recorded,
      locks,
    ]),
  );
}

const locksOf = (request: CompileRequest, inputs: readonly Input[], environment: Environment): LockFiles =>
  request.lock ? readLockFiles(request.files, inputs, environment) : [];

/** Whether the output folder holds exactly what the record says. */
function holds(folder: string, record: RunRecord): boolean {
  try {
    return record.files.every(([path, digest]) => {
      const file = join(folder, path);
      return lstatSync(file).isFile() && sha256(readFileSync(file)) === digest;
    });
  } catch {
    return false;
  }
}

function outcomeOf(plan: Plan, activations: readonly string[]): Outcome {
  return {
    files: plan.files.map(({ path }) => path),
    activations,
    written: plan.files.filter(({ state }) => state !== "unchanged").map(({ path }) => path),
    removed: plan.orphans.filter(({ edited }) => !edited).map(({ path }) => path),
    kept: plan.orphans.filter(({ edited }) => edited).map(({ path }) => path),
  };
}

const layout = (request: CompileRequest): "one line" | "indented" =>
  request.mode === "watch" ? "one line" : "indented";

async function reportErrors(
  request: CompileRequest,
  inputs: readonly Input[],
  environment: Environment,
  diagnostics: Compilation["diagnostics"],
): Promise<ExitCode> {
  if (request.json) {
    const report = { ok: false, files: [], diagnostics: await jsonDiagnostics(diagnostics, inputs) };
    writeJson(environment, report, layout(request));
  } else {
    environment.stderr.write(await diagnosticsText(aloud(diagnostics), inputs, environment));
    environment.stderr.write(`actc: ${tally(diagnostics)}; nothing written\n`);
  }
  return exitCodes.rejected;
}

async function reportOutcome(
  request: CompileRequest,
  inputs: readonly Input[],
  environment: Environment,
  outcome: Outcome,
  diagnostics: Compilation["diagnostics"],
  start: number,
): Promise<ExitCode> {
  const { files, activations, written, removed, kept } = outcome;
  const folder = shownFolder(request.outDir);
  const inFolder = (path: string): string => `${folder}/${path}`;
  if (request.json) {
    const report = {
      ok: true,
      files: files.map(inFolder),
      diagnostics: await jsonDiagnostics(diagnostics, inputs),
      activations,
      written: written.map(inFolder),
      removed: removed.map(inFolder),
      kept: kept.map(inFolder),
    };
    writeJson(environment, report, layout(request));
    return exitCodes.done;
  }
  environment.stderr.write(await diagnosticsText(aloud(diagnostics), inputs, environment));
  for (const path of kept) {
    environment.stderr.write(
      `actc: kept ${printable(inFolder(path))}: no longer generated, but edited since it was; delete it by hand\n`,
    );
  }
  if (request.mode === "watch") {
    for (const path of written.slice(0, 12)) environment.stdout.write(`  wrote ${inFolder(path)}\n`);
    if (written.length > 12) environment.stdout.write(`  and ${written.length - 12} more\n`);
    for (const path of removed) environment.stdout.write(`  removed ${printable(inFolder(path))}\n`);
  }
  const paint = painter(environment.stdout, environment);
  const parts = [
    ...(written.length > 0 ? [`${written.length} written`] : []),
    `${files.length - written.length} unchanged`,
    ...(removed.length > 0 ? [`${removed.length} removed`] : []),
  ];
  const seconds = ((performance.now() - start) / 1000).toFixed(2);
  environment.stdout.write(
    `${paint("bold", "actc:")} ${count(activations.length, "activation")} → ${printable(folder)}/ ` +
      `(${count(files.length, "file")}: ${parts.join(", ")})${tallyOfCompile(diagnostics)} in ${seconds} s\n`,
  );
  return exitCodes.done;
}
