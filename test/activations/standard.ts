/** What the tests of activations share: definitions compiled, kernels loaded, and the oracle beside them. */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { activationOf, compile, type KernelFamily, readDefinitions, type TargetName } from "../../compiler/compile.js";
import type { Activation } from "../../compiler/ir/activation.js";
import { inFreshGraph, type Variable } from "../../compiler/ir/expr.js";
import { inEvaluation } from "../../compiler/ir/random.js";
import { wgslName } from "../../compiler/names.js";
import {
  type Bindings,
  type Reference,
  referenceDerivative,
  referenceValue,
} from "../../compiler/numerics/reference.js";
import type { Format } from "../../compiler/numerics/rounding.js";
import { EmulatedKernelSet } from "../harness/emulated.js";
import { readGeneratedFolder } from "../harness/generated.js";
import { type ActivationEntry, type Call, fileText, type Generated, readGenerated } from "../harness/manifest.js";
import { TypeScriptKernelSet } from "../harness/typescript.js";
import { WgslKernelSet } from "../harness/wgsl.js";
import { findSoftwareGpu, requestSoftwareDevice, requestValidatingDevice } from "../webgpu/driver.js";

export const read = (name: string): string => readFileSync(new URL(`../../${name}`, import.meta.url), "utf8");
export const standardText = read("acts.def");

export interface Compiled {
  readonly generated: Generated;
  readonly entries: readonly ActivationEntry[];
  readonly typescript: TypeScriptKernelSet;
  /** The WGSL kernels without a device. */
  readonly emulated: EmulatedKernelSet;
  /** Elaborated, for the oracle; what is random is as it is in evaluation. */
  readonly activations: ReadonlyMap<string, Activation>;
}

/** @param kernels that files are to have, besides those of values and gradients */
export async function compiled(
  text: string,
  kernels: readonly KernelFamily[] = [],
  targets: readonly TargetName[] = ["ts", "wgsl"],
): Promise<Compiled> {
  const { files, diagnostics } = await compile([{ file: "acts.def", text }], { targets, kernels });
  const errors = diagnostics.filter(({ severity }) => severity === "error");
  if (errors.length > 0) throw new Error(errors.map(({ message }) => message).join("\n"));
  return loaded(text, readGenerated(files));
}

/** What is committed in generated/: what `acts.def` compiles to (`generated.test.ts`). */
export const standardGenerated = (): Generated =>
  readGeneratedFolder(fileURLToPath(new URL("../../generated", import.meta.url)));

let standard: Promise<Compiled> | undefined;

/** The activations of `acts.def`; files that one process runs share what of them is loaded and emulated. */
export const standardSet = (): Promise<Compiled> => (standard ??= loaded(standardText, standardGenerated()));

async function loaded(text: string, generated: Generated): Promise<Compiled> {
  const definitions = readDefinitions([{ file: "acts.def", text }]).definitions.map((definition) =>
    inFreshGraph(() => {
      const { activation } = activationOf(definition);
      return activation && inEvaluation(activation);
    }),
  );
  return {
    generated,
    entries: generated.manifest.activations,
    typescript: await TypeScriptKernelSet.load(generated),
    emulated: new EmulatedKernelSet(generated),
    activations: new Map(definitions.flatMap((activation) => (activation ? [[activation.name, activation]] : []))),
  };
}

/** Whether a kernel has an exact form besides: such take the software driver a second or more to compile. */
const isLong = (generated: Generated, entry: ActivationEntry): boolean =>
  shaderOf(generated, entry).includes("_exactly(");

const shaderOf = ({ files }: Generated, { kernels }: ActivationEntry): string =>
  kernels.wgsl === undefined ? "" : fileText(files, kernels.wgsl.file);

/**
 * Activations whose WGSL kernels hold together all that any of them does: each function of the mathematics library, exact
 * programs of values and of derivatives, each kind of pass, parameter and input. What a driver makes of a shader hangs on
 * these, so that they stand for the rest where there is no time for all. Functions of wide arithmetic do not count: test/wide
 * executes them and programs of them. One after the other the one that adds most for its length is taken; what is longest, and
 * takes the driver seconds, is left to CI.
 */
export function representatives({ generated, entries }: Compiled): ReadonlySet<ActivationEntry> {
  const candidates = entries
    .map((entry) => ({ entry, text: shaderOf(generated, entry) }))
    .filter(({ text }) => text.length < 50_000)
    .map(({ entry, text }) => ({ entry, parts: partsOf(text, entry), size: text.length }));
  const chosen = new Set<ActivationEntry>();
  const met = new Set<string>();
  for (;;) {
    const gains = candidates.map(({ parts, size }) => parts.filter((each) => !met.has(each)).length / size);
    const best = candidates[gains.indexOf(Math.max(...gains))];
    if (!best || Math.max(...gains) === 0) return chosen;
    chosen.add(best.entry);
    best.parts.forEach((each) => met.add(each));
  }
}

function partsOf(text: string, { name, axis, inputs, hyperparameters, learned }: ActivationEntry): readonly string[] {
  const functions = [...text.matchAll(/^fn (\w+)/gm)].map(([, each = ""]) => each.replace(wgslName(name), ""));
  // Numbered functions, and those of one parameter each, are alike; families beside forward and backward: test/second, test/saved.
  const kinds = functions.map((each) =>
    each.replaceAll(/_?\d+/g, "").replace(/^_backward(_\w+)?(_sum|_exactly)/, "$2"),
  );
  return [
    ...new Set(kinds.filter((each) => !/^_(?:(?:nat|wide)_|gather$)|fused|double|curvature|saved|bits/.test(each))),
    `${inputs.length} inputs`,
    ...(axis === null ? [] : ["along an axis"]),
    ...(hyperparameters.length > 0 ? ["hyperparameters"] : []),
    ...learned.map(({ shape }) => `learned, ${shape}`),
  ];
}

/**
 * WGSL kernels on the software driver; null where it does not run, after validation. One line says how many were executed.
 */
export async function shaders(
  { generated, entries }: Compiled,
  isExecuted: (entry: ActivationEntry, isLong: boolean, index: number) => boolean = () => true,
): Promise<WgslKernelSet | null> {
  const found = findSoftwareGpu();
  if (found.gpu === null) {
    const kernels = await WgslKernelSet.load(await requestValidatingDevice(), generated);
    say(`WGSL: the kernels of ${kernels.size} activations were validated, but NOT executed: ${found.reason}`);
    return null;
  }
  const executed = new Set(entries.filter((entry, i) => isExecuted(entry, isLong(generated, entry), i)));
  const part = (activations: readonly ActivationEntry[]): Generated => ({
    ...generated,
    manifest: { ...generated.manifest, activations },
  });
  const others = entries.filter((entry) => !executed.has(entry));
  if (others.length > 0) await WgslKernelSet.load(await requestValidatingDevice(), part(others));
  const kernels = await WgslKernelSet.load(await requestSoftwareDevice(), part([...executed]));
  say(`WGSL: the kernels of ${kernels.size} of ${entries.length} activations are executed, all are validated`);
  return kernels;
}

/** A line that is seen whatever the reporter makes of consoles. */
export const say = (line: string): void => void process.stderr.write(`${line}\n`);

export function variableNamed(activation: Activation, name: string): Variable {
  const variables = [
    ...activation.inputs,
    ...activation.hyperparameters.map(({ variable }) => variable),
    ...activation.learned.map(({ variable }) => variable),
  ];
  const variable = variables.find((candidate) => candidate.name === name);
  if (!variable) throw new Error(`${activation.name} has no ${name}`);
  return variable;
}

/** All parameters as the numbers that float32 has: what both targets receive. */
export function singleParameters(entry: ActivationEntry): Record<string, number> {
  return Object.fromEntries([...entry.hyperparameters, ...entry.learned].map((p) => [p.name, Math.fround(p.default)]));
}

export function defaultParameters(entry: ActivationEntry): Record<string, number> {
  return Object.fromEntries([...entry.hyperparameters, ...entry.learned].map((p) => [p.name, p.default]));
}

/** Numbers for the variables at one element. */
export function bindingsFor(activation: Activation, numbers: Readonly<Record<string, number>>): Bindings {
  return new Map(Object.entries(numbers).map(([name, value]) => [variableNamed(activation, name), value]));
}

/** The activation's value, or its derivative `of` an input or learned parameter. */
export function truth(
  activation: Activation,
  of: string | null,
  numbers: Readonly<Record<string, number>>,
  format: Format,
): Reference {
  const bindings = bindingsFor(activation, numbers);
  if (of === null) return referenceValue(activation.body, bindings, format);
  return referenceDerivative(activation, variableNamed(activation, of), bindings, format);
}

/** The numbers of a call at one element, parameters being one for all. */
export function numbersAt(call: Call, index: number): Record<string, number> {
  const numbers: Record<string, number> = {};
  for (const [name, values] of Object.entries(call.inputs)) numbers[name] = values[index] ?? NaN;
  for (const [name, value] of Object.entries(call.parameters ?? {}))
    if (typeof value === "number") numbers[name] = value;
  return numbers;
}

/** Fails with the faults as text, the first of many. */
export function expectNone(faults: readonly string[]): void {
  if (faults.length > 0) throw new Error([`${faults.length} faults`, ...faults.slice(0, 12)].join("\n"));
}
