/** Gradients as values: to be computed with, and differentiated in turn. */
import { filled } from "./operations.js";
import { formatShape } from "./shape.js";
import { type BackwardOptions, propagate, requireSeed, topologicalOrder, wayBack } from "./tape.js";
import type { Tensor } from "./tensor.js";

export interface GradOptions extends BackwardOptions {
  /** The gradients that arrive at the outputs; 1 unless given, for outputs that are single numbers. */
  readonly gradOutputs?: readonly Tensor[];
  /** Whether inputs that the outputs do not depend on have the gradient 0, rather than being an error. */
  readonly allowUnused?: boolean;
}

/**
 * The gradients of outputs in inputs, without touching any `grad`. With `createGraph` they can be differentiated in turn:
 *
 *     const [du] = grad(u.sum(), [x], { createGraph: true });
 *     du.mul(du).mean().backward();
 */
export function grad(
  outputs: Tensor | readonly Tensor[],
  inputs: readonly Tensor[],
  options: GradOptions = {},
): Tensor[] {
  const { createGraph = false, retainGraph = createGraph, gradOutputs, allowUnused = false } = options;
  const roots = [outputs].flat();
  if (gradOutputs && gradOutputs.length !== roots.length) {
    throw new RangeError(`grad(): ${gradOutputs.length} gradOutputs for ${roots.length} outputs`);
  }
  for (const [i, input] of inputs.entries()) {
    if (!input.requiresGrad) throw new Error(`grad(): the input ${i} does not require a gradient`);
  }
  const order = topologicalOrder(roots.filter(({ requiresGrad }) => requiresGrad));
  const wanted = new Set(inputs);
  /** What the inputs lead to. */
  const leading = new Set<Tensor>();
  for (const tensor of order.toReversed()) {
    if (wanted.has(tensor) || tensor.node?.inputs.some((input) => leading.has(input))) leading.add(tensor);
  }
  const unused = inputs.findIndex((input) => !leading.has(input));
  if (unused >= 0 && !allowUnused) {
    throw new Error(`grad(): the outputs do not depend on the input ${unused}; allowUnused gives it the gradient 0`);
  }
  const found = wayBack(createGraph, () => {
    const seeds = new Map<Tensor, Tensor>();
    for (const [i, root] of roots.entries()) {
      const seed = gradOutputs?.[i] ?? unitSeed(root);
      requireSeed("grad", root, seed);
      const before = seeds.get(root);
      if (leading.has(root)) seeds.set(root, before ? before.add(seed) : seed);
    }
    const gradients = new Map<Tensor, Tensor>();
    propagate(
      order.filter((tensor) => leading.has(tensor)),
      seeds,
      (tensor) => leading.has(tensor),
      (tensor, gradient) => {
        if (wanted.has(tensor)) gradients.set(tensor, gradient);
      },
    );
    return inputs.map((input) => {
      const gradient = gradients.get(input);
      return gradient ? (createGraph ? gradient : gradient.detach()) : filled(input.shape, 0, input.device);
    });
  });
  if (!retainGraph) for (const tensor of leading) tensor.node?.release();
  return found;
}

function unitSeed(root: Tensor): Tensor {
  if (root.size === 1) return filled(root.shape, 1, root.device);
  throw new RangeError(
    `grad() of an output of shape ${formatShape(root.shape)} needs the gradient that arrives at it: gradOutputs`,
  );
}
