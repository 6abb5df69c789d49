import { availableParallelism } from "node:os";
import type { Source } from "../source.js";
import type { Accuracy } from "../verification/accuracy.js";
import type { Certificates } from "../verification/certificate.js";
import type { Subject } from "../verify.js";
import type { CheckRequest, ExplainRequest } from "./arguments.js";
import { missingAssembler } from "./assembler.js";
import { accuracyProblems, accuracyWarnings, certificatesAfter } from "./check-accuracy.js";
import { openCache } from "./cache.js";
import { readCertificateFiles, writeCertificateFile } from "./certificate-files.js";
import { threadCrew } from "./crew.js";
import { emissionCrew } from "./emission-crew.js";
import { helpedCrew } from "./helped-crew.js";
import { bookOf, readLockFiles } from "./lock-files.js";
import { exitCodes, type Environment, type ExitCode } from "./environment.js";
import { readInputs } from "./inputs.js";
import {
  diagnosticsText,
  hasErrors,
  jsonDiagnostics,
  jsonProblem,
  printable,
  problemText,
  refuse,
  tally,
  writeJson,
} from "./report.js";

/** Of so few this thread does its part. */
const fewSubjects = 4;

/** `actc check`: the analysis of each activation, and what is known of its kernels' errors. */
export async function checkCommand(request: CheckRequest, environment: Environment): Promise<ExitCode> {
  const { inputs, problems } = await readInputs(request.files, environment);
  if (problems.length > 0) return refuse(problems, request.json, environment);
  const lacking = await missingAssembler(request.targets);
  if (lacking.length > 0) return refuse(lacking, request.json, environment);
  const { files, problems: unreadable } = readCertificateFiles(request.files, inputs, environment);
  if (unreadable.length > 0) return refuse(unreadable, request.json, environment);

  const sources = inputs.map(({ source }) => source);
  const { subjectsOf } = await environment.stages.verify();
  const cache = openCache(environment.cwd, environment.build());
  const decisions = await bookOf(readLockFiles(request.files, inputs, environment));
  const { targets, shaders } = request;
  const crew = environment.emission && emissionCrew(environment.emission, false);
  const { subjects } = await subjectsOf(sources, { targets, shaders, cache: cache?.emissions, decisions, crew });
  cache?.save();
  const known = new Map(files.flatMap(({ certificates }) => [...certificates]));
  const accuracy = await accuraciesOf(sources, subjects, known, environment);
  const analyse = await environment.stages.analyse();
  const { knownFacts } = await import("../compile.js");
  const { text, json, diagnostics } = analyse(sources, {
    facts: (activation, definition) => knownFacts(decisions, activation, definition),
    trust: ({ name }) => accuracy.get(name) ?? null,
    warnings: accuracyWarnings(request, subjects, accuracy),
  });

  const broken = hasErrors(diagnostics) ? [] : accuracyProblems(request, files, subjects, accuracy);
  const written: string[] = [];
  if (request.write && !hasErrors(diagnostics)) {
    for (const file of files) {
      const result = writeCertificateFile(file, certificatesAfter(file, request.targets, subjects, accuracy));
      if (!result.ok) return refuse([result.problem], request.json, environment);
      if (result.value === "written") written.push(file.shown);
    }
  }
  const ok = !hasErrors(diagnostics) && broken.length === 0;
  if (request.json) {
    const described = [...(await jsonDiagnostics(diagnostics, inputs)), ...broken.map(jsonProblem)];
    const errors = Object.fromEntries([...accuracy].map(([name, each]) => [name, each.json]));
    writeJson(environment, { ok, files: written, diagnostics: described, analysis: json, accuracy: errors });
  } else {
    environment.stderr.write(await diagnosticsText(diagnostics, inputs, environment));
    if (text !== "") environment.stdout.write(text.endsWith("\n") ? text : `${text}\n`);
    if (diagnostics.length > 0) environment.stderr.write(`actc: ${tally(diagnostics)}\n`);
    for (const problem of broken) environment.stderr.write(problemText(problem, environment));
    for (const shown of written) environment.stdout.write(`actc: wrote ${printable(shown)}\n`);
  }
  return ok ? exitCodes.done : exitCodes.rejected;
}

async function accuraciesOf(
  sources: readonly Source[],
  subjects: readonly Subject[],
  known: Certificates,
  environment: Environment,
): Promise<ReadonlyMap<string, Accuracy>> {
  if (subjects.length === 0) return new Map();
  const { accuracies } = await environment.stages.verify();
  const { script } = environment.verification;
  const cores = availableParallelism();
  const crew =
    subjects.length < fewSubjects || script === undefined
      ? await helpedCrew(sources, script, cores - 1)
      : threadCrew(sources, cores, script, undefined);
  try {
    return await accuracies(subjects, known, (task) => crew.measure(task));
  } finally {
    await crew.close();
  }
}

/** `actc explain`: how one activation's derivative came about. */
export async function explainCommand(request: ExplainRequest, environment: Environment): Promise<ExitCode> {
  const { inputs, problems } = await readInputs([request.file], environment);
  const input = inputs[0];
  if (problems.length > 0 || input === undefined) return refuse(problems, request.json, environment);
  const explain = await environment.stages.explain();
  const width = environment.stdout.columns ?? 80;
  const { text, diagnostics } = explain(input.source, request.name, { format: request.format, width });
  const ok = !hasErrors(diagnostics);
  if (request.json) {
    writeJson(environment, { ok, files: [], diagnostics: await jsonDiagnostics(diagnostics, inputs), text });
  } else {
    environment.stderr.write(await diagnosticsText(diagnostics, inputs, environment));
    if (text !== "") environment.stdout.write(text.endsWith("\n") ? text : `${text}\n`);
    if (!ok) environment.stderr.write(`actc: ${tally(diagnostics)}\n`);
  }
  return ok ? exitCodes.done : exitCodes.rejected;
}
