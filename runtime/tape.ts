/** Reverse-mode differentiation: what was computed from what, and the way back. */
import { formatShape, sameShape } from "./shape.js";
import { adopt, keep, tidy } from "./scope.js";
import type { Tensor } from "./tensor.js";

/**
 * The vector-Jacobian product of an operation: from the gradient at its result, the gradients at its inputs.
 * Those that are not `needed` may be left out.
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

  pullBack(gradient: Tensor): readonly (Tensor | null)[] {
    const { inputs } = this;
    inputs.forEach(({ version }, i) => {
      if (version !== this.#versions[i]) {
        throw new Error(
          `backward() through '${this.operation}': its input ${i} was changed in between (by an optimiser's step, to() or loadStateDict()); compute the loss again`,
        );
      }
    });
    return this.#vjp!(
      gradient,
      inputs.map(({ requiresGrad }) => requiresGrad),
    );
  }

  release(): void {
    this.#inputs = null;
    this.#vjp = null;
  }
}

let recording = true;

export const isRecording = (): boolean => recording;

/** Runs `action` without recording what backward() would need. */
export function noGrad<T>(action: () => T): T {
  const before = recording;
  recording = false;
  try {
    const result = action();
    if (result instanceof Promise)
      throw new TypeError("noGrad() needs a function that is not async: read results after it");
    return result;
  } finally {
    recording = before;
  }
}

/** Adds to the `grad` of every leaf that `root` was computed from, and releases the tape. */
export function backward(root: Tensor, seed: Tensor): void {
  if (!sameShape(seed.shape, root.shape)) {
    throw new RangeError(
      `backward(): the gradient has shape ${formatShape(seed.shape)}, the tensor ${formatShape(root.shape)}`,
    );
  }
  if (seed.device !== root.device) throw new Error("backward(): the gradient is on another device than the tensor");
  const order = topologicalOrder(root);
  const replaced: Tensor[] = [];
  noGrad(() =>
    tidy(() => {
      const gradients = new Map<Tensor, Tensor>([[root, seed]]);
      for (const tensor of order) {
        const gradient = gradients.get(tensor);
        gradients.delete(tensor);
        if (!gradient) continue;
        const { node } = tensor;
        if (node === null) {
          if (tensor.grad) replaced.push(tensor.grad);
          // A gradient outlives the computation that it came from.
          tensor.grad = keep(tensor.grad ? tensor.grad.add(gradient) : gradient.detach());
          continue;
        }
        const pulled = node.pullBack(gradient);
        node.inputs.forEach((input, i) => {
          const contribution = pulled[i];
          if (!input.requiresGrad || !contribution) return;
          const sum = gradients.get(input);
          gradients.set(input, sum ? sum.add(contribution) : contribution);
        });
      }
    }),
  );
  for (const gradient of replaced) adopt(gradient);
  for (const { node } of order) node?.release();
}

/** Every tensor before those it was computed from. Iterative: a tape may be deep. */
function topologicalOrder(root: Tensor): Tensor[] {
  const order: Tensor[] = [];
  const seen = new Set<Tensor>([root]);
  const stack: { readonly tensor: Tensor; next: number }[] = [{ tensor: root, next: 0 }];
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
