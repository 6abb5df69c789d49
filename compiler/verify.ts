/** Definitions as what can be measured of them, for `actc check` and `actc verify`. */
import { activationOf, compile, type EmissionCache, readDefinitions, targetNames } from "./compile.js";
import { collate, type Diagnostic } from "./diagnostics.js";
import { inFreshGraph } from "./ir/expr.js";
import type { Source } from "./source.js";
export { merged } from "./verification/measure.js";
import {
  type Certificate,
  type Certificates,
  definitionDigest,
  evidenceOf,
  type Run,
  type TruthUsed,
} from "./verification/certificate.js";
import {
  emittedColumns,
  type EmittedColumn,
  kernelEntries,
  type MeasuredTarget,
  measuredTargets,
} from "./verification/emitted.js";
import { type Accuracy, accuracyOf, type ColumnAccuracy, columnAccuracy } from "./verification/accuracy.js";
import { emulatedKernel } from "./verification/emulation.js";
import { defaultsFor, Measurer, type WithActivation } from "./verification/measurer.js";
import { parameterSettings } from "./verification/points.js";

/** An activation, compiled: plain data. */
export interface Subject {
  readonly name: string;
  readonly file: string;
  /** The digest of what the definition means. */
  readonly definition: string;
  readonly inputs: readonly string[];
  /** Hyperparameters, then learned parameters. */
  readonly parameters: readonly string[];
  readonly defaults: Readonly<Record<MeasuredTarget, readonly number[]>>;
  /** Settings with one parameter at an adversarial value. */
  readonly settings: readonly (readonly number[])[];
  /** Those of all targets that were asked for; none of a reduction. */
  readonly columns: readonly EmittedColumn[];
}

export interface Subjects {
  /** In the order of the sources; empty when a diagnostic is an error. */
  readonly subjects: readonly Subject[];
  readonly diagnostics: readonly Diagnostic[];
}

/** Compiles whole files, so that what a cache knows of an ordinary compile is of use. */
export async function subjectsOf(
  sources: readonly Source[],
  targets: readonly MeasuredTarget[],
  cache?: EmissionCache,
): Promise<Subjects> {
  const { files, diagnostics } = await compile(sources, { targets: targetNames, ...(cache ? { cache } : {}) });
  if (files.length === 0) return { subjects: [], diagnostics: collate(diagnostics) };
  const entries = new Map(kernelEntries(files).map((entry) => [entry.name, entry]));
  const withActivation = activationsOf(sources);
  const subjects: Subject[] = [];
  for (const entry of entries.values()) {
    const known = withActivation(entry.name, (activation) => ({
      file: activation.file,
      definition: definitionDigest(activation),
      defaults: { ts: defaultsFor(activation, "ts"), wgsl: defaultsFor(activation, "wgsl") },
      settings: entry.axis === null ? parameterSettings(activation) : [],
    }));
    const wanted = measuredTargets.filter((target) => targets.includes(target));
    const columns = await Promise.all(wanted.map((target) => emittedColumns(entry, target, files)));
    subjects.push({
      ...known,
      name: entry.name,
      definition: await known.definition,
      inputs: entry.inputs,
      parameters: [...entry.hyperparameters, ...entry.learned].map(({ name }) => name),
      columns: columns.flat(),
    });
  }
  return { subjects, diagnostics: collate(diagnostics) };
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
}

export const quickPlan: QuickPlan = { defaults: 512, settings: 32 };

/** What runs the kernels where nothing else is said. */
export const engine: string = "V8";
export const emulation: string = "emulation";

/**
 * What is known of the errors of each activation's kernels, by name: from certificates that hold, and from measuring the
 * TypeScript kernels, and those in WGSL where they can be emulated, on some inputs.
 */
export async function accuracies(
  sources: readonly Source[],
  subjects: readonly Subject[],
  certificates: Certificates,
  plan: QuickPlan = quickPlan,
): Promise<ReadonlyMap<string, Accuracy>> {
  const measurer = new Measurer(activationsOf(sources), (name, column) => {
    if (emulatedKernel === undefined) throw new Error("there is no emulator");
    return emulatedKernel(name, column);
  });
  const found = new Map<string, Accuracy>();
  for (const subject of subjects) {
    const columns: ColumnAccuracy[] = [];
    for (const column of subject.columns) {
      const { target } = column;
      const current = { definition: subject.definition, kernel: column.digest };
      const values = subject.defaults[target];
      const defaults = Object.fromEntries(subject.parameters.map((name, i) => [name, values[i] ?? NaN]));
      const own = target === "ts" ? engine : emulation;
      const measurable = target === "ts" || emulatedKernel !== undefined;
      const measured = measurable ? await measureQuickly(measurer, subject, column, plan) : undefined;
      const others = Object.keys(certificates.get(subject.name)?.targets[target] ?? {}).filter((name) => name !== own);
      for (const executor of [own, ...others]) {
        const key = { activation: subject.name, target, executor, column: column.name };
        const result = executor === own ? measured : undefined;
        const accuracy = columnAccuracy(certificates, key, current, result, defaults);
        if (accuracy !== undefined) columns.push(accuracy);
      }
    }
    if (columns.length > 0) found.set(subject.name, accuracyOf(columns));
  }
  return found;
}

async function measureQuickly(
  measurer: Measurer,
  subject: Subject,
  column: EmittedColumn,
  plan: QuickPlan,
): Promise<Certificate> {
  const measure = async (parameters: readonly number[], stratified: number): Promise<Run> => {
    const work = { kind: "points", stratified, byReference: 0 } as const;
    const outcome = await measurer.measure({ activation: subject.name, column, parameters, work });
    if (outcome.kind !== "measured") throw new Error("points need no interpolant");
    return { measurement: outcome.measurement, parameters };
  };
  const settings: Run[] = [];
  const defaults = await measure(subject.defaults[column.target], plan.defaults);
  for (const setting of subject.settings) settings.push(await measure(setting, plan.settings));
  return certificateOf(subject, column, [defaults], settings, byPoints(0));
}

const byPoints = (byReference: number): TruthUsed => ({ form: "double-double", margin: null, byReference });

/** A certificate from measurements on points. */
export function certificateOf(
  subject: Pick<Subject, "inputs" | "parameters">,
  column: EmittedColumn,
  defaults: readonly Run[],
  settings: readonly Run[],
  truth: TruthUsed,
): Certificate {
  return {
    kernel: column.digest,
    defaults: evidenceOf("measured", defaults, subject, truth),
    parameters: settings.length === 0 ? null : evidenceOf("measured", settings, subject, truth),
  };
}
