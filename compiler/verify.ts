/** Definitions as what can be measured of them, for `actc check` and `actc verify`. */
import { activationOf, compile, type EmissionCache, readDefinitions, targetNames } from "./compile.js";
import { collate, type Diagnostic } from "./diagnostics.js";
import { inFreshGraph } from "./ir/expr.js";
import type { Source } from "./source.js";
import { definitionDigest } from "./verification/certificate.js";
import {
  emittedColumns,
  type EmittedColumn,
  kernelEntries,
  type MeasuredTarget,
  measuredTargets,
} from "./verification/emitted.js";
import { defaultsFor, type WithActivation } from "./verification/measurer.js";
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
