/** Reverse-mode differentiation: what was computed from what, and the way back, which may be recorded itself. */
import { formatShape, sameShape } from "./shape.js";
import { adopt, keep, tidy } from "./scope.js";
import type { Tensor } from "./tensor.js";

/**
 * The vector-Jacobian product of an operation: from the gradient at its result, the gradients at its inputs.
 * Those that are not `needed` may be left out. It is made of recorded operations, so that gradients have gradients.
 */
export type Vjp = (gradient: Tensor, needed: readonly boolean[]) => readonly (Tensor | null)[];

/** One operation. */
export class TapeNode {
  readonly #versions: readonly number[];
  #inputs: readonly Tensor[] | null;
  #vjp: Vjp | null;

  constructor(
    readonly operation: string,
    inputs: readonly Tensor[],
    vjp: Vjp,
  ) {
    this.#inputs = inputs;
    this.#vjp = vjp;
    this.#versions = inputs.map(({ version }) => version);
  }

  get inputs(): readonly Tensor[] {
    if (this.#inputs === null) {
      throw new Error(
        `backward() went through this '${this.operation}' before, and what it needs was released: compute the loss again`,
      );
    }
    return this.#inputs;
  }

  pullBack(gradient: Tensor, needed: readonly boolean[]): readonly (Tensor | null)[] {
    const { inputs } = this;
    inputs.forEach(({ version }, i) => {
      if (version !== this.#versions[i]) {
        throw new Error(
          `backward() through '${this.operation}': its input ${i} was changed in between (by an optimiser's step, to() or loadStateDict()); compute the loss again`,
        );
      }
    });
    return this.#vjp!(gradient, needed);
  }

  release(): void {
    this.#inputs = null;
    this.#vjp = null;
  }
}

let recording = true;

export const isRecording = (): boolean => recording;

/** Runs `action` without recording what backward() would need. */
export const noGrad = <T>(action: () => T): T => whileRecording(false, action);

function whileRecording<T>(whether: boolean, action: () => T): T {
  const before = recording;
  recording = whether;
  try {
    const result = action();
    if (result instanceof Promise)
      throw new TypeError("noGrad() needs a function that is not async: read results after it");
    return result;
  } finally {
    recording = before;
  }
}

export interface BackwardOptions {
  /** Whether the gradients can be differentiated themselves; false unless given. */
  readonly createGraph?: boolean;
  /** Whether what was recorded is kept, to go through it again; as `createGraph` unless given. */
  readonly retainGraph?: boolean;
}

/** Adds to the `grad` of every leaf that `root` was computed from, and releases the tape unless it is to be kept. */
export function backward(root: Tensor, seed: Tensor, options: BackwardOptions = {}): void {
  const { createGraph = false, retainGraph = createGraph } = options;
  requireSeed("backward", root, seed);
  const order = topologicalOrder([root]);
  const replaced: Tensor[] = [];
  wayBack(createGraph, () => {
    propagate(
      order,
      new Map([[root, seed]]),
      ({ requiresGrad }) => requiresGrad,
      (tensor, gradient) => {
        if (tensor.node !== null) return;
        if (tensor.grad) replaced.push(tensor.grad);
        const sum = tensor.grad ? tensor.grad.add(gradient) : createGraph ? gradient : gradient.detach();
        // A gradient outlives the computation that it came from.
        tensor.grad = keep(sum);
      },
    );
  });
  for (const gradient of replaced) adopt(gradient);
  if (!retainGraph) for (const { node } of order) node?.release();
}

/** Throws unless this can be the gradient that arrives at a tensor. */
export function requireSeed(name: string, root: Tensor, seed: Tensor): void {
  if (!sameShape(seed.shape, root.shape)) {
    throw new RangeError(
      `${name}(): the gradient has shape ${formatShape(seed.shape)}, the tensor ${formatShape(root.shape)}`,
    );
  }
  if (seed.device !== root.device) throw new Error(`${name}(): the gradient is on another device than the tensor`);
}

/** Recorded, if gradients shall have gradients; else nothing is kept but the result. */
export const wayBack = <T>(isRecorded: boolean, action: () => T): T =>
  isRecorded ? whileRecording(true, action) : noGrad(() => tidy(action));

/** Passes gradients back, from each tensor of the order to the inputs of its node that are wanted. */
export function propagate(
  order: readonly Tensor[],
  seeds: ReadonlyMap<Tensor, Tensor>,
  isWanted: (tensor: Tensor) => boolean,
  reached: (tensor: Tensor, gradient: Tensor) => void,
): void {
  const gradients = new Map(seeds);
  for (const tensor of order) {
    const gradient = gradients.get(tensor);
    gradients.delete(tensor);
    if (!gradient) continue;
    reached(tensor, gradient);
    const { node } = tensor;
    if (node === null) continue;
    const needed = node.inputs.map(isWanted);
    const pulled = node.pullBack(gradient, needed);
    node.inputs.forEach((input, i) => {
      const contribution = pulled[i];
      if (!needed[i] || !contribution) return;
      const sum = gradients.get(input);
      gradients.set(input, sum ? sum.add(contribution) : contribution);
    });
  }
}

/** Every tensor before those it was computed from, of those that require a gradient. Iterative: a tape may be deep. */
export function topologicalOrder(roots: readonly Tensor[]): Tensor[] {
  const order: Tensor[] = [];
  const seen = new Set<Tensor>(roots);
  const stack: { readonly tensor: Tensor; next: number }[] = [...seen].map((tensor) => ({ tensor, next: 0 }));
  while (stack.length > 0) {
    const top = stack[stack.length - 1]!;
    const input = top.tensor.node?.inputs[top.next++];
    if (input === undefined) {
      order.push(top.tensor);
      stack.pop();
    } else if (input.requiresGrad && !seen.has(input)) {
      seen.add(input);
      stack.push({ tensor: input, next: 0 });
    }
  }
  return order.reverse();
}
