/**
 * Entry points of activations that reduce over an axis. Of a short row one workgroup computes all (`wgsl-short-rows.ts`).
 * Long ones are cut into chunks (`wgsl-long-rows.ts`): for each level of reductions, threads walk over parts of the rows and leave
 * partial results, then one thread for each row puts these together and computes what depends on the row alone; in the end
 * each element is computed by itself. Numbers are pairs of float32 all the way, so the error of a sum does not grow with its
 * length.
 */
import { type KernelPlan, planRowSecondOrder } from "../kernels.js";
import type { Kept, KeptOutput } from "../kept.js";
import type { WgslKernel, WgslPassDescription } from "../manifest.js";
import type { KernelFamily } from "../output.js";
import { rowArithmeticOf } from "../row-form.js";
import { isAlong, type ReductionKind, type RowOutput } from "../rows.js";
import { walkedIn } from "../walks.js";
import { requiredBy, WgslBindings } from "./wgsl-bindings.js";
import { chanceFields } from "./wgsl-draws.js";
import type { WgslKernels } from "./wgsl-element-kernels.js";
import { learnedSum } from "./wgsl-learned-sums.js";
import { elementsPass, rowResults, rowsPass, walkPass } from "./wgsl-long-rows.js";
import { type RowNumbers, rowNumbers, sharedFunctions } from "./wgsl-row-functions.js";
import {
  maximumBuffers,
  readAfter,
  readBy,
  type RowContext,
  type RowKernel,
  type RowResult,
  RowScene,
  type RowsOfFile,
} from "./wgsl-row-scene.js";
import { shortRows } from "./wgsl-short-rows.js";

export function rowKernels(context: RowContext, families: ReadonlySet<KernelFamily>, kept: Kept | null): WgslKernels {
  const { plan } = context;
  const results: RowOutput[][] = [
    [{ of: null, value: plan.value }],
    plan.gradients.map(({ of, value }) => ({ of, value })),
  ];
  const file = new RowFile(context, rowNumbers[rowArithmeticOf(plan, results)]);
  const [value = [], gradients = []] = results;
  const forward = file.written({ name: "forward", passesNaN: true, outputs: value });
  const backward = file.written({ name: "backward", passesNaN: false, outputs: gradients });
  const fromOutput = ({ plan: { activation, gradients } }: KeptOutput): WgslKernel =>
    file.written({
      name: "backward_saved",
      passesNaN: false,
      outputs: gradients.map(({ of, value }) => ({ of, value })),
      kept: activation.inputs[0]!,
    });
  const saved = kept?.kind === "output" ? { forward, backward: fromOutput(kept) } : null;
  const doubleBackward = families.has("doubleBackward") ? secondOrder(file, plan) : null;
  return { text: file.text(), forward, backward, saved, doubleBackward };
}

/** Null where a pass would read more than there is room for. */
function secondOrder(file: RowFile, plan: KernelPlan): WgslKernel | null {
  const { cotangents, gradients } = planRowSecondOrder(plan);
  return file.kernel({
    name: "double_backward",
    passesNaN: false,
    outputs: gradients,
    cotangents: new Map(cotangents.map((each, i) => [each, plan.gradients[i]!.of])),
  });
}

/** What several kernels of a file share: bindings, and functions of workgroups. */
class RowFile implements RowsOfFile {
  readonly bindings: WgslBindings;
  readonly entries: string[] = [];
  readonly combined = new Set<ReductionKind>();

  constructor(
    readonly context: RowContext,
    readonly numbers: RowNumbers,
  ) {
    const { plan, prefix, storage } = context;
    const extents = [
      "size",
      ...(plan.perChannel ? ["channelOuter", "channels", "channelInner"] : []),
      ...["axisOuter", "axisLength", "axisInner"],
    ];
    this.bindings = new WgslBindings(prefix, storage, [
      ...extents.map((name) => ({ name, role: "extent" }) as const),
      ...plan.activation.hyperparameters.map(
        ({ variable, default: value }) => ({ name: variable.name, role: "hyperparameter", default: value }) as const,
      ),
      ...chanceFields(plan.activation.random),
    ]);
  }

  /** The kernel, whatever it reads. */
  written(kernel: RowKernel): WgslKernel {
    return this.by(new RowScene(this, kernel));
  }

  /** Null where a pass would need more buffers than WebGPU grants. */
  kernel(kernel: RowKernel): WgslKernel | null {
    const scene = new RowScene(this, kernel);
    return fits(scene) ? this.by(scene) : null;
  }

  private by(scene: RowScene): WgslKernel {
    return { requires: requiredBy(this.context.storage), passes: passesOf(scene) };
  }

  text(): string {
    const shared =
      this.combined.size === 0
        ? []
        : sharedFunctions(this.context.prefix, this.context.library, this.bindings, this.combined, this.numbers);
    return `${[this.bindings.text(), ...shared, ...this.entries].join("\n\n")}\n`;
  }
}

/** All passes of a kernel: those for short rows and those for long ones, of which a dispatch runs one or the others. */
function passesOf(scene: RowScene): WgslPassDescription[] {
  const { levels, roots } = scene.form;
  const { outputs } = scene.kernel;
  if (levels.length > 0) scene.entries.push(scene.slotsFunction());
  const passes = levels.flatMap((_, l) => [walkPass(scene, l), rowsPass(scene, l)]);
  const results = outputs.map((output, i) => ({ ...output, root: roots[i]! }));
  const { yieldsRows } = scene.plan;
  const along = results.filter((output) => isAlong(output, yieldsRows));
  passes.push(...results.filter((output) => !isAlong(output, yieldsRows)).map((output) => rowResults(scene, output)));
  const groups = groupsOf(along);
  for (const group of groups) passes.push(elementsPass(scene, group, passes.length));
  if (scene.hasWhole) passes.unshift(shortRows(scene, results, along, groups.length > 1));
  const learned = outputs.flatMap(({ of }) => (of?.role === "learned" ? [of] : []));
  passes.push(...learned.map((of, i) => learnedSum(scene, of, i, learned.length)));
  return passes;
}

/** Elements' outputs, as many in a pass as there is room for buffers. */
function groupsOf(outputs: readonly RowResult[]): RowResult[][] {
  if (outputs.length === 0) return [];
  return buffersOf(outputs) <= maximumBuffers ? [[...outputs]] : outputs.map((output) => [output]);
}

/** How many buffers a pass binds that writes these. */
function buffersOf(outputs: readonly RowResult[]): number {
  const learned = outputs.some(({ of }) => of?.role === "learned") ? 1 : 0;
  const written = outputs.filter(({ of }) => of?.role !== "learned").length + learned;
  return readBy(outputs.map(({ root }) => root)) + written + 1;
}

/** Whether each pass has room for its buffers. */
function fits({ form: { levels, roots }, kernel }: RowScene): boolean {
  const walks = levels.flatMap((level) => [readBy(walkedIn(level)) + 1, readBy(readAfter(level)) + 1]);
  const last = kernel.outputs.map((output, i) => buffersOf([{ ...output, root: roots[i]! }]));
  return [...walks, ...last].every((count) => count <= maximumBuffers);
}
