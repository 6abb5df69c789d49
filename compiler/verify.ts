/** Definitions as what can be measured of them, for `actc check` and `actc verify`. */
import {
  activationOf,
  compile,
  type EmissionCache,
  type EmissionCrew,
  type OutputFile,
  readDefinitions,
  type ShaderChoice,
  usualTargets,
} from "./compile.js";
import type { DecisionBook } from "./decisions.js";
import { collate, type Diagnostic } from "./diagnostics.js";
import { inFreshGraph } from "./ir/expr.js";
import type { Source, Span } from "./source.js";
export { merged } from "./verification/measurement.js";
import {
  type Certificate,
  type CertificateKey,
  type Certificates,
  definitionDigest,
  evidenceOf,
  holds,
  type Run,
  type TruthUsed,
} from "./verification/certificate.js";
import {
  emittedColumns,
  type EmittedColumn,
  inputNames,
  kernelEntries,
  type MeasuredTarget,
  measuredTargets,
  parameterNames,
  usuallyMeasured,
} from "./verification/emitted.js";
import { breachesIn, promisedBound } from "./verification/bounds.js";
import type { Measurement } from "./verification/measurement.js";
import type { Density } from "./verification/points.js";
import { type Accuracy, accuracyOf, type ColumnAccuracy, columnAccuracy } from "./verification/accuracy.js";
import { scattered, spread } from "./verification/spread.js";
import type { Patience } from "./verification/truth.js";
import { vectorsHere } from "./verification/vectors-here.js";
import {
  defaultsFor,
  furtherSettingsFor,
  type Outcome,
  settingsFor,
  type SettingsByTarget,
  type Task,
  type WithActivation,
} from "./verification/measurer.js";

/** An activation, compiled: plain data. */
export interface Subject {
  readonly name: string;
  readonly file: string;
  /** Where the definition's name stands in the file. */
  readonly span: Span;
  /** The digest of what the definition means. */
  readonly definition: string;
  /** What is drawn in training is among them, behind the others: so many. */
  readonly inputs: readonly string[];
  readonly drawn: number;
  /** Hyperparameters, of what is random whether it is in training, then learned parameters. */
  readonly parameters: readonly string[];
  readonly defaults: Readonly<Record<MeasuredTarget, readonly number[]>>;
  /** Settings with one parameter at an adversarial value. */
  readonly settings: SettingsByTarget;
  /** More of them, for special inputs alone; null where there is nothing to be tried at these. */
  readonly furtherSettings: SettingsByTarget | null;
  /** Those of all targets that were asked for. */
  readonly columns: readonly EmittedColumn[];
}

export interface Subjects {
  /** In the order of the sources; empty when a diagnostic is an error. */
  readonly subjects: readonly Subject[];
  /** The names of all activations, whether asked for or not. */
  readonly known: readonly string[];
  readonly diagnostics: readonly Diagnostic[];
}

export interface SubjectsOptions {
  readonly targets: readonly MeasuredTarget[];
  /** How WGSL kernels compute; as when nothing is said to `compile` unless given. */
  readonly shaders?: ShaderChoice;
  /** All of them when empty. */
  readonly names?: readonly string[];
  readonly cache?: EmissionCache | undefined;
  readonly decisions?: DecisionBook;
  readonly crew?: EmissionCrew | undefined;
}

/** Compiles definitions into the files that are measured, or takes them from the cache of an ordinary compile. */
export async function subjectsOf(
  sources: readonly Source[],
  { targets, shaders, names = [], cache, decisions, crew }: SubjectsOptions,
): Promise<Subjects> {
  const { files, diagnostics } = await compile(sources, {
    // What 'actc compile' writes unless told otherwise: which kernels stand in a file, and their order, is up to all of them.
    targets: targets.includes("wasm") ? [...usualTargets, "wasm"] : usualTargets,
    ...(shaders ? { shaders } : {}),
    ...(cache ? { cache } : {}),
    ...(decisions ? { decisions } : {}),
    ...(crew ? { crew } : {}),
  });
  if (files.length === 0) return { subjects: [], known: [], diagnostics: collate(diagnostics) };
  const subjects = await subjectsIn(sources, files, { targets, names });
  return { subjects, known: kernelEntries(files).map(({ name }) => name), diagnostics: collate(diagnostics) };
}

/** As {@link subjectsOf}, of files that were compiled from these sources. */
export async function subjectsIn(
  sources: readonly Source[],
  files: readonly OutputFile[],
  { targets = usuallyMeasured, names = [] }: Partial<Pick<SubjectsOptions, "targets" | "names">>,
): Promise<readonly Subject[]> {
  const withActivation = activationsOf(sources);
  const spans = new Map(readDefinitions(sources).definitions.map(({ definition: { name } }) => [name.text, name.span]));
  const subjects: Subject[] = [];
  for (const entry of kernelEntries(files)) {
    if (names.length > 0 && !names.includes(entry.name)) continue;
    const known = withActivation(entry.name, (activation) => ({
      file: activation.file,
      span: spans.get(entry.name) ?? { start: 0, end: 0 },
      definition: definitionDigest(activation),
      defaults: {
        ts: defaultsFor(activation, "ts"),
        wgsl: defaultsFor(activation, "wgsl"),
        wasm: defaultsFor(activation, "wasm"),
      },
      settings: settingsFor(activation),
      furtherSettings: furtherSettingsFor(activation),
    }));
    const wanted = measuredTargets.filter((target) => targets.includes(target));
    // Rows are measured in evaluation.
    const draws = entry.axis === null ? (entry.draws?.uniforms ?? []) : [];
    const columns = await Promise.all(wanted.map((target) => emittedColumns(entry, target, files)));
    subjects.push({
      ...known,
      name: entry.name,
      definition: await known.definition,
      inputs: [...inputNames(entry), ...draws],
      drawn: draws.length,
      parameters: parameterNames(entry),
      columns: columns.flat(),
    });
  }
  return subjects;
}

/** Elaborates definitions by name, each time anew. */
export function activationsOf(sources: readonly Source[]): WithActivation {
  const { definitions } = readDefinitions(sources);
  const byName = new Map(definitions.map((checked) => [checked.definition.name.text, checked]));
  return (name, look) => {
    const checked = byName.get(name);
    if (!checked) throw new Error(`there is no definition '${name}'`);
    return inFreshGraph(() => {
      const { activation } = activationOf(checked);
      if (!activation) throw new Error(`the definition '${name}' has errors`);
      return look(activation);
    });
  };
}

/** How many stratified inputs besides the adversarial ones. */
export interface QuickPlan {
  readonly defaults: number;
  /** At each of the adversarial parameter settings. */
  readonly settings: number;
  /**
   * Of these settings at most so many, spread over all of them; of several inputs, which take longer, only their share. None after so
   * many milliseconds, those at the defaults included.
   */
  readonly adversarial: Share;
  /** Of further settings, which are tried at special inputs alone. */
  readonly further: Share;
  /** Of the adversarial inputs at the defaults. */
  readonly density: Density;
  /**
   * Kernels some elements of which take a millisecond, where sums may cancel very deep, are tried at each so-manieth of the points:
   * of one input at the defaults, at other settings, and of several inputs.
   */
  readonly everyOfLongest: { readonly atDefaults: number; readonly ofOne: number; readonly ofSeveral: number };
  /** Whether only errors beyond what is promised are sought: after one nothing further is tried. */
  readonly onlyBreaches: boolean;
  /** With the reference, for each column and setting, and at special inputs; an answer takes milliseconds. */
  readonly patience: { readonly usually: Patience; readonly atSpecials: Patience };
}

interface Share {
  readonly most: number;
  readonly milliseconds: number;
}

export const quickPlan: QuickPlan = {
  defaults: 512,
  settings: 32,
  adversarial: { most: Infinity, milliseconds: 8000 },
  further: { most: 64, milliseconds: 5000 },
  density: "sparse",
  everyOfLongest: { atDefaults: 1, ofOne: 4, ofSeveral: 32 },
  onlyBreaches: false,
  patience: {
    usually: { questions: Infinity, milliseconds: 1000 },
    atSpecials: { questions: Infinity, milliseconds: 500 },
  },
};

/** A glance: what is broken at the ends of ranges and at extreme parameters shows. */
export const glance: QuickPlan = {
  defaults: 0,
  settings: 0,
  adversarial: { most: 4, milliseconds: Infinity },
  further: { most: 12, milliseconds: Infinity },
  density: "sparsest",
  everyOfLongest: { atDefaults: 8, ofOne: 16, ofSeveral: 64 },
  onlyBreaches: true,
  patience: {
    usually: { questions: 128, milliseconds: Infinity },
    atSpecials: { questions: 32, milliseconds: Infinity },
  },
};

/** What runs the kernels of a target where nothing else is said. */
export const executors: Readonly<Record<MeasuredTarget, string>> = {
  ts: "V8",
  wgsl: "emulation",
  wasm: `V8 with ${vectorsHere()}`,
};

/**
 * What is known of the errors of each activation's kernels, by name: from certificates that hold, and from measuring the
 * TypeScript kernels, and those in WGSL where they can be emulated, on some inputs: at adversarial parameters as well
 * where no certificate has done it.
 */
export async function accuracies(
  subjects: readonly Subject[],
  certificates: Certificates,
  measure: (task: Task) => Promise<Outcome>,
  plan: QuickPlan = quickPlan,
): Promise<ReadonlyMap<string, Accuracy>> {
  const found = await Promise.all(
    subjects.map(async (subject) => {
      const wanted = subject.columns.map((column) => {
        const executor = executors[column.target];
        const certified = holds(certificates, keyOf(subject, column, executor), currentOf(subject, column));
        const { settings, furtherSettings } = subject;
        return {
          column,
          executor,
          settings: certified ? [] : settings[column.target],
          further: certified ? null : (furtherSettings?.[column.target] ?? null),
        };
      });
      const measured = await measureQuickly(measure, subject, wanted, plan);
      const columns = wanted.map(({ column, executor }, i) =>
        columnAccuracies(subject, column, certificates, executor, measured[i]),
      );
      return [subject.name, accuracyOf(columns.flat())] as const;
    }),
  );
  return new Map(found.filter(([, { columns }]) => columns.length > 0));
}

/** What is known of one column, by who ran its kernel. */
function columnAccuracies(
  subject: Subject,
  column: EmittedColumn,
  certificates: Certificates,
  own: string | undefined,
  measured: Certificate | undefined,
): readonly ColumnAccuracy[] {
  const { target } = column;
  const values = subject.defaults[target];
  const defaults = Object.fromEntries(subject.parameters.map((name, i) => [name, values[i] ?? NaN]));
  const others = Object.keys(certificates.get(subject.name)?.targets[target] ?? {}).filter((name) => name !== own);
  return [...(own === undefined ? [] : [own]), ...others].flatMap((executor) => {
    const key = keyOf(subject, column, executor);
    const result = executor === own ? measured : undefined;
    return columnAccuracy(certificates, key, currentOf(subject, column), result, defaults) ?? [];
  });
}

/** What a certificate of this column is about. */
const keyOf = (subject: Subject, { target, name }: EmittedColumn, executor: string): CertificateKey => ({
  activation: subject.name,
  target,
  executor,
  column: name,
});

/** What it must have been given for. */
const currentOf = ({ definition }: Subject, { digest }: EmittedColumn): ColumnAccuracy["current"] => ({
  definition,
  kernel: digest,
});

/** What of a column is measured: at the defaults, at these settings, and, unless null, at further ones with special inputs alone. */
interface Wanted {
  readonly column: EmittedColumn;
  readonly settings: readonly (readonly number[])[];
  readonly further: readonly (readonly number[])[] | null;
}

/** Certificates of the columns, in their order. */
async function measureQuickly(
  measure: (task: Task) => Promise<Outcome>,
  subject: Subject,
  wanted: readonly Wanted[],
  plan: QuickPlan,
): Promise<readonly Certificate[]> {
  const { length: inputs } = subject.inputs;
  const atDefaults = wanted.map(({ column }): Request => ({
    column,
    parameters: subject.defaults[column.target],
    stratified: plan.defaults,
    density: plan.density,
    everyOfLongest: plan.everyOfLongest[inputs > 1 ? "ofSeveral" : "atDefaults"],
  }));
  const atSettings = wanted.map(({ column, settings }) =>
    scattered(spread(settings, Math.ceil(plan.adversarial.most / inputs))).map((parameters): Request => ({
      column,
      parameters,
      stratified: plan.settings,
      density: "sparsest",
      everyOfLongest: plan.everyOfLongest[inputs > 1 ? "ofSeveral" : "ofOne"],
    })),
  );
  const requests = wanted.map((): Request[] => []);
  const known = new Map<Request, Promise<Measurement>>();
  /** Of each column some; what they took, in milliseconds. */
  const run = async (next: readonly (readonly Request[])[]): Promise<number> => {
    const { results, outcomes } = measureRequests(measure, subject.name, next.flat(), plan);
    results.forEach((result, request) => known.set(request, result));
    next.forEach((each, i) => requests[i]!.push(...each));
    const all = await Promise.all(outcomes);
    return all.reduce((sum, each) => sum + (each.kind === "measured" ? (each.milliseconds ?? 0) : 0), 0);
  };
  let spent = await run(atDefaults.map((each) => [each]));
  const mostSettings = Math.max(0, ...atSettings.map(({ length }) => length));
  const atOnce = Math.ceil((2 * tasksAtOnce) / wanted.length);
  for (let k = 0; k < mostSettings && spent < plan.adversarial.milliseconds; k += atOnce) {
    spent += await run(atSettings.map((each) => each.slice(k, k + atOnce)));
  }
  const certificates = (): Promise<readonly Certificate[]> =>
    Promise.all(wanted.map(({ column }, i) => certificateFrom(subject, column, requests[i] ?? [], known)));
  const isEnough = async (): Promise<boolean> => {
    if (!plan.onlyBreaches) return false;
    const soFar = await certificates();
    return wanted.some(
      ({ column: { target, name } }, i) => breachesIn(soFar[i]!, promisedBound(target, name)).length > 0,
    );
  };
  // Special inputs at the defaults and at further settings, some of these at a time, as long as there is time for it.
  spent = 0;
  for (let k = 0; k <= plan.further.most && spent < plan.further.milliseconds; k += settingsAtOnce) {
    if (await isEnough()) break;
    const next = wanted.map(({ column, further }): readonly Request[] =>
      (further ? [subject.defaults[column.target], ...further] : [])
        .slice(k, Math.min(k + settingsAtOnce, plan.further.most + 1))
        .map((parameters) => ({ column, parameters, stratified: 0, density: "specials", everyOfLongest: 4 })),
    );
    if (next.flat().length === 0) break;
    spent += await run(next);
  }
  return certificates();
}

async function certificateFrom(
  subject: Subject,
  column: EmittedColumn,
  requests: readonly Request[],
  known: ReadonlyMap<Request, Promise<Measurement>>,
): Promise<Certificate> {
  const truth: TruthUsed = { form: "double-double", margin: null, byReference: 0 };
  const runs = await Promise.all(requests.map((request) => runOf(request, known)));
  const isAtDefaults = ({ parameters }: Run): boolean => parameters === subject.defaults[column.target];
  const others = runs.filter((run) => !isAtDefaults(run));
  return {
    kernel: column.digest,
    defaults: evidenceOf("measured", runs.filter(isAtDefaults), subject, truth),
    parameters: others.length === 0 ? null : evidenceOf("measured", others, subject, truth),
  };
}

/** So many keep some threads at work. */
const [tasksAtOnce, settingsAtOnce] = [8, 8];

interface Request {
  readonly column: EmittedColumn;
  readonly parameters: readonly number[];
  readonly stratified: number;
  readonly density: Density;
  readonly everyOfLongest: number;
}

async function runOf(request: Request, results: ReadonlyMap<Request, Promise<Measurement>>): Promise<Run> {
  const measurement = await results.get(request);
  if (measurement === undefined) throw new Error("a request was not measured");
  return { measurement, parameters: request.parameters };
}

/** Kernels of several targets for one column are measured together, where their parameters are the same. */
function measureRequests(
  measure: (task: Task) => Promise<Outcome>,
  activation: string,
  requests: readonly Request[],
  { onlyBreaches, patience }: Pick<QuickPlan, "onlyBreaches" | "patience">,
): {
  readonly results: ReadonlyMap<Request, Promise<Measurement>>;
  readonly outcomes: readonly Promise<Outcome>[];
} {
  const groups = new Map<string, Request[]>();
  for (const request of requests) {
    const { column, parameters, stratified } = request;
    const key = JSON.stringify([
      ...[column.of, request.density, stratified],
      ...parameters.map((x) => (Object.is(x, -0) ? "-0" : String(x))),
    ]);
    groups.set(key, [...(groups.get(key) ?? []), request]);
  }
  const results = new Map<Request, Promise<Measurement>>();
  const outcomes: Promise<Outcome>[] = [];
  for (const [first, ...others] of groups.values()) {
    if (first === undefined) continue;
    const { column, parameters, stratified, density, everyOfLongest } = first;
    const outcome = measure({
      activation,
      column,
      others: others.map((other) => other.column),
      parameters,
      work: {
        kind: "points",
        ...{ stratified, byReference: 0, density, everyOfLongest, onlyBreaches },
        patience: density === "specials" ? patience.atSpecials : patience.usually,
      },
      emulated: true,
    });
    outcomes.push(outcome);
    [first, ...others].forEach((request, i) =>
      results.set(
        request,
        outcome.then((all) => measurementIn(all, i)),
      ),
    );
  }
  return { results, outcomes };
}

function measurementIn(outcome: Outcome, place: number): Measurement {
  if (outcome.kind !== "measured") throw new Error("points need no interpolant");
  const measurement = place === 0 ? outcome.measurement : outcome.others[place - 1];
  if (measurement === undefined) throw new Error("a kernel was not measured");
  return measurement;
}
