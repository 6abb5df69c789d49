/** What each activation keeps for backward, and how far gradients from the output are off, by executing the kernels. */
import { keepsFact, type KeepsFact } from "../../compiler/analysis/keeps.js";
import { compile, readDefinitions } from "../../compiler/compile.js";
import type { Source } from "../../compiler/source.js";
import {
  columnFromOutput,
  type EmittedColumn,
  emittedColumns,
  kernelEntries,
} from "../../compiler/verification/emitted.js";
import { emulatedKernel } from "../../compiler/verification/emulation.js";
import { errorsFromOutput, type OutputErrors, type OutputPlan } from "../../compiler/verification/from-output.js";
import { loadKernel } from "../../compiler/verification/kernels.js";
import type { BatchKernel } from "../../compiler/verification/measurement.js";
import { defaultsFor } from "../../compiler/verification/measurer.js";
import { activationsOf } from "../../compiler/verify.js";
import { errorsOfRows, type RowErrors } from "./rows.js";

export type Keeps = KeepsFact & { readonly name: string };

/** What backward keeps, of each activation. */
export function keeps(source: Source): readonly Keeps[] {
  const withActivation = activationsOf([source]);
  const names = readDefinitions([source]).definitions.map(({ definition }) => definition.name.text);
  return names.map((name) => ({ name, ...withActivation(name, keepsFact) }));
}

/** By derivative, `d/dx`, and target. */
export type MeasuredColumns = Readonly<
  Record<string, Readonly<Record<"ts" | "wgsl", OutputErrors & { readonly kernel: string }>>>
>;

/** Of one activation. */
export type Measured = { readonly columns: MeasuredColumns } | { readonly rows: RowErrors };

/** Measures the kernels from the output of those activations, all of them if none are named, that have such kernels. */
export async function measured(
  source: Source,
  names: readonly string[],
  plan: OutputPlan,
): Promise<Readonly<Record<string, Measured>>> {
  const wanted = keeps(source).filter(({ name, output }) => output && (names.length === 0 || names.includes(name)));
  const text = textOf(source, new Set(wanted.map(({ name }) => name)));
  const { files } = await compile([{ ...source, text }], {
    targets: ["ts", "wgsl"],
    kernels: ["forward", "backward", "saved"],
    save: "output",
  });
  const withActivation = activationsOf([source]);
  const found: Record<string, Measured> = {};
  for (const entry of kernelEntries(files).filter(({ name }) => wanted.some((each) => each.name === name))) {
    if (entry.axis !== null) {
      found[entry.name] = { rows: await errorsOfRows(entry, files) };
      continue;
    }
    const columns: Record<string, Record<"ts" | "wgsl", OutputErrors & { kernel: string }>> = {};
    for (const of of [...entry.inputs, ...entry.learned.map(({ name }) => name)]) {
      const on = async (target: "ts" | "wgsl"): Promise<OutputErrors & { kernel: string }> => {
        const [forward] = await emittedColumns(entry, target, files);
        const backward = await columnFromOutput(entry, target, of, files);
        if (!forward || !backward) throw new Error(`${entry.name} has no kernel from its output`);
        const kernels = { target, forward: await runnerOf(forward), backward: await runnerOf(backward) };
        const errors = withActivation(entry.name, (activation) =>
          errorsFromOutput(activation, of, kernels, defaultsFor(activation, target), plan),
        );
        return { kernel: backward.digest, ...errors };
      };
      columns[`d/d${of}`] = { ts: await on("ts"), wgsl: await on("wgsl") };
    }
    found[entry.name] = { columns };
  }
  return found;
}

const runnerOf = async (column: EmittedColumn): Promise<BatchKernel> =>
  column.target === "wgsl" ? emulatedKernel(column) : loadKernel(column);

/** The definitions of these names, and of those that they call. */
function textOf({ file, text }: Source, names: ReadonlySet<string>): string {
  const { definitions } = readDefinitions([{ file, text }]);
  const all = new Set(names);
  const reach = (checked: (typeof definitions)[number]): void =>
    checked.callees.forEach((callee) => {
      all.add(callee.definition.name.text);
      reach(callee);
    });
  definitions.filter(({ definition }) => names.has(definition.name.text)).forEach(reach);
  return definitions
    .filter(({ definition }) => all.has(definition.name.text))
    .map(({ definition: { span } }) => text.slice(span.start, span.end))
    .join("\n");
}
