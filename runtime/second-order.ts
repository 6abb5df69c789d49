/** Gradients of activations as recorded operations, so that they have gradients themselves. */
import type { Activation } from "./activation.js";
import type { ActivationOperands } from "./device.js";
import { filled, recorded } from "./operations.js";
import { Tensor } from "./tensor.js";

/** What was computed, and with what. */
export interface AppliedActivation {
  readonly activation: Activation;
  /** Inputs as large as the result, then learned parameters as the kernels take them. */
  readonly tensors: readonly Tensor[];
  /** The operands, whose storages are asked for when they are used: that notices a tensor that was disposed of. */
  readonly operands: () => ActivationOperands;
}

/** Gradients that a backward kernel computed, recorded. */
export function recordedGradients(
  applied: AppliedActivation,
  cotangent: Tensor,
  gradients: readonly Tensor[],
): Tensor[] {
  const { name } = applied.activation;
  return gradients.map((gradient, i) =>
    recorded(
      `${name}'s gradient`,
      [cotangent, ...applied.tensors],
      { shape: gradient.shape, device: gradient.device, storage: gradient.storage.retain() },
      (given) => secondGradients(applied, cotangent, i, given),
    ),
  );
}

/** The gradients in the cotangent and in the operands of one of the gradients. */
function secondGradients(
  { activation, tensors, operands }: AppliedActivation,
  cotangent: Tensor,
  place: number,
  given: Tensor,
): Tensor[] {
  const { device } = cotangent;
  const count = activation.inputs.length;
  const cotangents = tensors.map((tensor, i) => (i === place ? given : filled(tensor.shape, 0, device)).storage);
  const sources = [cotangent, ...tensors];
  const results = sources.map(({ shape, size }) => new Tensor({ shape, device, storage: device.allocate(size) }));
  const [first, ...others] = results.map(({ storage }) => storage);
  device.activationDoubleBackward(
    activation,
    operands(),
    cotangent.storage,
    { inputs: cotangents.slice(0, count), learned: cotangents.slice(count) },
    { cotangent: first!, inputs: others.slice(0, count), learned: others.slice(count) },
  );
  return results.map((result) =>
    recorded(
      `${activation.name}'s second gradient`,
      [given, ...sources],
      { shape: result.shape, device, storage: result.storage.retain() },
      () => {
        throw new Error(`${activation.name} has no third derivatives: gradients of gradients are the last`);
      },
    ),
  );
}
