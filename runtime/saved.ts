/** Activations whose backward needs a bit of each element, or nothing, and not the input. */
import type { Activation } from "./activation.js";
import type { ActivationOperands, SavedOperands, Storage } from "./device.js";
import { recorded } from "./operations.js";
import { isRecording } from "./tape.js";
import { Tensor } from "./tensor.js";

/** Whether the input may be forgotten: only if there is a way back to keep something for. */
export const keepsLess = (activation: Activation, inputs: readonly Tensor[]): boolean =>
  inputs.length === 1 && isRecording() && inputs[0]!.requiresGrad && inputs[0]!.device.savesFor(activation);

/** The value of such an activation. The tape keeps the mask, and not the input's numbers. */
export function applySaving(activation: Activation, input: Tensor, operands: ActivationOperands): Tensor {
  const { device, shape, size } = input;
  const storage = device.allocate(size);
  const mask =
    activation.saves === "bit"
      ? new Tensor({ shape: [Math.ceil(size / 32)], device, storage: device.allocate(Math.ceil(size / 32)) })
      : null;
  device.activationForwardSaved(activation, operands, storage, mask?.storage ?? null);
  const { hyperparameters, seed, training, extents } = operands;
  const kept: SavedOperands = { hyperparameters, seed, training, extents };
  const { name } = activation;
  return recorded(name, [input], { shape, device, storage }, (cotangent) => [
    passedBack(activation, kept, mask, cotangent),
  ]);
}

/** The gradient is linear in the cotangent: its own gradient is the same again. */
function passedBack(activation: Activation, operands: SavedOperands, mask: Tensor | null, cotangent: Tensor): Tensor {
  const { device, shape, size } = cotangent;
  const storage: Storage = device.allocate(size);
  device.activationBackwardSaved(activation, operands, mask?.storage ?? null, cotangent.storage, storage);
  return recorded(`${activation.name}'s gradient`, [cotangent], { shape, device, storage }, (given) => [
    passedBack(activation, operands, mask, given),
  ]);
}
