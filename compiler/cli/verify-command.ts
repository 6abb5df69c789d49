import { availableParallelism } from "node:os";
import { join } from "node:path";
import { suggestion } from "../suggestion.js";
import { askedBound, breachesIn } from "../verification/bounds.js";
import {
  type Certificate,
  certificateAt,
  type CertificateKey,
  type Certificates,
  holds,
  pruned,
  withCertificate,
} from "../verification/certificate.js";
import type { EmittedColumn } from "../verification/emitted.js";
import type { Subject } from "../verify.js";
import { breachProblem, certificateText, contradictionProblem } from "./accuracy-report.js";
import type { VerifyRequest } from "./arguments.js";
import { missingAssembler } from "./assembler.js";
import { openCache } from "./cache.js";
import {
  type CertificateFile,
  readAgain,
  readCertificateFiles,
  whileHeld,
  writeCertificateFile,
} from "./certificate-files.js";
import { ColumnJob, runJobs } from "./column-job.js";
import { DeviceFault, soloCrew, threadCrew } from "./crew.js";
import { emissionCrew } from "./emission-crew.js";
import { exitCodes, type Environment, type ExitCode } from "./environment.js";
import { ExhaustiveState } from "./exhaustive-state.js";
import { bookOf, readLockFiles } from "./lock-files.js";
import { readInputs, type Input } from "./inputs.js";
import type { Problem, Result } from "./problem.js";
import { duration, Progress } from "./progress.js";
import { withInputs } from "./verify-plan.js";
import {
  count,
  diagnosticsText,
  hasErrors,
  jsonDiagnostics,
  jsonProblem,
  painter,
  printable,
  problemText,
  refuse,
  tally,
  writeJson,
} from "./report.js";

/** `actc verify`: measures kernels thoroughly, or proves what it says of them by executing every input. */
export async function verifyCommand(request: VerifyRequest, environment: Environment): Promise<ExitCode> {
  const { inputs, problems } = await readInputs(request.files, environment);
  if (problems.length > 0) return refuse(problems, request.json, environment);
  const lacking = await missingAssembler(request.targets);
  if (lacking.length > 0) return refuse(lacking, request.json, environment);
  const { files, problems: unreadable } = readCertificateFiles(request.files, inputs, environment);
  if (unreadable.length > 0) return refuse(unreadable, request.json, environment);

  const { subjectsOf } = await environment.stages.verify();
  const cache = openCache(environment.cwd, environment.build());
  const sources = inputs.map(({ source }) => source);
  const { targets, shaders, names } = request;
  const { subjects, known, diagnostics } = await subjectsOf(sources, {
    targets,
    shaders,
    names,
    cache: cache?.emissions,
    decisions: await bookOf(readLockFiles(request.files, inputs, environment)),
    crew: environment.emission && emissionCrew(environment.emission, false),
  });
  cache?.save();
  if (hasErrors(diagnostics)) {
    const errors = diagnostics.filter(({ severity }) => severity === "error");
    if (request.json) {
      writeJson(environment, { ok: false, files: [], diagnostics: await jsonDiagnostics(errors, inputs) });
    } else {
      environment.stderr.write(await diagnosticsText(errors, inputs, environment));
      environment.stderr.write(`actc: ${tally(errors)}; nothing verified\n`);
    }
    return exitCodes.rejected;
  }
  const columns = [...new Set(subjects.flatMap((subject) => subject.columns.map(({ name }) => name)))];
  const unknown = [
    ...unknownNames("activation", request.names, known),
    ...unknownNames("column", request.columns, columns),
  ];
  if (unknown.length > 0) return refuse(unknown, request.json, environment);

  const { openDevice } = await import("./webgpu.js");
  const needsDevice = request.targets.includes("wgsl") && request.device !== "emulation";
  const device = needsDevice ? await openDevice(environment.cwd, request.device === "software") : undefined;
  if (device?.ok === false) return refuse([device.problem], request.json, environment);
  const runner = device?.value;
  try {
    const { script } = environment.verification;
    const size = request.jobs ?? availableParallelism();
    const crew = script === undefined ? await soloCrew(sources) : threadCrew(sources, size, script, runner);
    try {
      const jobs = await jobsFor(request, subjects, runner?.name, environment);
      return await verify(request, environment, { inputs, files, subjects, jobs, crew });
    } finally {
      await crew.close();
    }
  } catch (error) {
    if (!(error instanceof DeviceFault)) throw error;
    const message = `the kernels do not run on '${runner?.name ?? ""}': ${error.message}`;
    return refuse([{ code: "device-failed", message }], request.json, environment);
  } finally {
    runner?.close();
  }
}

function unknownNames(
  kind: "activation" | "column",
  names: readonly string[],
  known: readonly string[],
): readonly Problem[] {
  return names
    .filter((name) => !known.includes(name))
    .map((name): Problem => {
      const meant = suggestion(name, known);
      const message = `there is no ${kind} '${name}'`;
      return { code: "unknown-name", message, ...(meant === undefined ? {} : { hint: `did you mean '${meant}'?` }) };
    });
}

async function jobsFor(
  request: VerifyRequest,
  subjects: readonly Subject[],
  device: string | undefined,
  environment: Environment,
): Promise<readonly ColumnJob[]> {
  const { executors } = await environment.stages.verify();
  const { plan: usualPlan } = environment.verification;
  const onDevice = request.device === "software" ? { ...usualPlan, settings: usualPlan.settingsInSoftware } : usualPlan;
  const plan = request.inputs === undefined ? onDevice : withInputs(onDevice, request.inputs);
  const isAsked = ({ name }: EmittedColumn): boolean => request.columns.length === 0 || request.columns.includes(name);
  return subjects.flatMap((subject) =>
    subject.columns.filter(isAsked).map((column) => {
      const { [column.target]: usual } = executors;
      const executor = column.target === "wgsl" ? (device ?? usual) : usual;
      const state =
        request.exhaustive && subject.inputs.length - subject.drawn === 1
          ? stateOf(subject, column, executor, environment)
          : undefined;
      const emulated = column.target === "wgsl" && device === undefined;
      return new ColumnJob(subject, column, executor, emulated, plan, state);
    }),
  );
}

function stateOf(
  subject: Subject,
  { target, of, digest }: EmittedColumn,
  executor: string,
  { cwd, build, verification }: Environment,
): ExhaustiveState {
  const { exhaustive } = verification.plan;
  const defaults = subject.defaults[target].map(String);
  const key = [build(), subject.definition, digest, target, of, executor, defaults, exhaustive];
  const name = `${subject.name}-${target}-${of === null ? "forward" : `d-${of}`}`;
  return new ExhaustiveState(join(cwd, ".cache", "actc"), name, JSON.stringify(key));
}

interface Scene {
  readonly inputs: readonly Input[];
  readonly files: readonly CertificateFile[];
  readonly subjects: readonly Subject[];
  readonly jobs: readonly ColumnJob[];
  readonly crew: Parameters<typeof runJobs>[1];
}

/** What has come of it so far. */
interface Findings {
  readonly certificates: { readonly key: CertificateKey; readonly certificate: Certificate }[];
  readonly problems: Problem[];
}

async function verify(request: VerifyRequest, environment: Environment, scene: Scene): Promise<ExitCode> {
  const start = performance.now();
  const { merged } = await environment.stages.verify();
  const { files, subjects, jobs, crew } = scene;
  const progress = new Progress(jobs, environment, request.json);
  const findings: Findings = { certificates: [], problems: [] };
  // Who writes a file writes it as it is by then: two runs at once lose nothing.
  const latest = (file: CertificateFile): Certificates =>
    cleared(request.write ? orThrow(readAgain(file)) : file, request, subjects);

  const onDone = (job: ColumnJob): void => {
    const file = files.find(({ source }) => source === job.subject.file);
    if (file && request.write) whileHeld(file, () => settle(job, file));
    else settle(job, file);
  };
  const settle = (job: ColumnJob, file: CertificateFile | undefined): void => {
    const measured = job.certificate(merged);
    const before = file && latest(file);
    const current = { definition: job.subject.definition, kernel: job.column.digest };
    const old = before && holds(before, job.key, current) ? certificateAt(before, job.key) : undefined;
    const { certificate, contradiction } = weighed(old, measured);
    findings.certificates.push({ key: job.key, certificate });
    const problems = problemsOf(job, certificate, request.maxUlp);
    if (contradiction !== undefined)
      problems.unshift(contradictionProblem(job.key, contradiction, certificate, job.defaults));
    findings.problems.push(...problems);
    if (!request.json) {
      progress.clear();
      const took = job.exhaustive ? ` in ${duration(job.seconds)}` : "";
      environment.stdout.write(`${certificateText(job.key, certificate, job.defaults)}${took}\n`);
      for (const problem of problems) environment.stderr.write(problemText(problem, environment));
    }
    if (file === undefined || before === undefined) return;
    if (!request.write) return;
    orThrow(writeCertificateFile(file, withCertificate(before, job.key, job.subject.definition, certificate)));
  };

  try {
    const complete = await runJobs(jobs, crew, environment.interrupted, {
      onPiece: (piece) => progress.advance(piece),
      onDone,
    });
    progress.clear();
    if (!complete) return interrupted(request, environment, findings, jobs);
    if (request.write)
      for (const file of files) whileHeld(file, () => orThrow(writeCertificateFile(file, latest(file))));
    for (const job of jobs) job.forget();
    return await report(request, environment, scene, findings, (performance.now() - start) / 1000);
  } catch (error) {
    if (error instanceof CannotWrite) return refuse([error.problem], request.json, environment);
    throw error;
  } finally {
    progress.clear();
    for (const job of jobs) if (!job.isForgotten) job.save();
  }
}

/** A file's certificates as this run takes them up: when it is about all activations, without those of no column any more. */
function cleared(
  { source, certificates }: CertificateFile,
  request: VerifyRequest,
  subjects: readonly Subject[],
): Certificates {
  if (request.names.length > 0) return certificates;
  const own = new Map(subjects.filter(({ file }) => file === source).map(({ name, columns }) => [name, columns]));
  return pruned(certificates, ({ activation, target, column }) => {
    if (!request.targets.includes(target)) return own.has(activation);
    return own.get(activation)?.some(({ target: other, name }) => other === target && name === column) ?? false;
  });
}

class CannotWrite extends Error {
  constructor(readonly problem: Problem) {
    super(problem.message);
  }
}

function orThrow<T>(result: Result<T>): T {
  if (!result.ok) throw new CannotWrite(result.problem);
  return result.value;
}

/** A proof outlasts a measurement, unless that contradicts it. */
function weighed(
  old: Certificate | undefined,
  measured: Certificate,
): { readonly certificate: Certificate; readonly contradiction?: NonNullable<Certificate["defaults"]["worst"]> } {
  if (old?.defaults.label !== "proved" || measured.defaults.label === "proved") return { certificate: measured };
  const { worst } = measured.defaults;
  if (worst !== null && worst.ulp > (old.defaults.worst?.ulp ?? 0))
    return { certificate: measured, contradiction: worst };
  return { certificate: { ...measured, defaults: old.defaults } };
}

function problemsOf({ key, defaults }: ColumnJob, certificate: Certificate, maxUlp: number | undefined): Problem[] {
  if (maxUlp === undefined) return [];
  const bound = askedBound(maxUlp, key.target, key.column);
  return breachesIn(certificate, bound).map((breach) => breachProblem(key, breach, bound, defaults));
}

function interrupted(
  request: VerifyRequest,
  environment: Environment,
  { certificates }: Findings,
  jobs: readonly ColumnJob[],
): ExitCode {
  const problem: Problem = {
    code: "interrupted",
    message: `interrupted with ${certificates.length} of ${count(jobs.length, "column")} done`,
    hint: request.exhaustive
      ? "the same command goes on from here"
      : "the same command begins anew; '--name' does a part",
  };
  if (request.json) writeJson(environment, { ok: false, files: [], diagnostics: [jsonProblem(problem)] });
  else environment.stderr.write(problemText(problem, environment));
  return exitCodes.rejected;
}

async function report(
  request: VerifyRequest,
  environment: Environment,
  { files, jobs }: Scene,
  { certificates, problems }: Findings,
  seconds: number,
): Promise<ExitCode> {
  const ok = problems.length === 0;
  const written = request.write ? files.map(({ shown }) => shown) : [];
  if (request.json) {
    const { certificateJson } = await import("../verification/certificate-file.js");
    writeJson(environment, {
      ok,
      files: written,
      diagnostics: problems.map(jsonProblem),
      certificates: certificates.map(({ key, certificate }) => ({ ...key, ...certificateJson(certificate) })),
    });
  } else {
    const paint = painter(environment.stdout, environment);
    const proved = certificates.filter(({ certificate }) => certificate.defaults.label === "proved").length;
    const activations = new Set(jobs.map(({ subject }) => subject)).size;
    const where = written.length === 0 ? "" : ` → ${written.map(printable).join(", ")}`;
    environment.stdout.write(
      `${paint("bold", "actc:")} ${count(certificates.length, "column")} of ${count(activations, "activation")}: ` +
        `${proved} proved, ${certificates.length - proved} measured${where} in ${duration(seconds)}\n`,
    );
    if (!ok) environment.stderr.write(`${paint("bold", "actc:")} ${count(problems.length, "bound")} broken\n`);
  }
  return ok ? exitCodes.done : exitCodes.rejected;
}
