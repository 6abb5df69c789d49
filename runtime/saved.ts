/** Activations whose backward needs a bit of each element, the output, or nothing, and not the input. */
import type { Activation } from "./activation.js";
import type { ActivationOperands } from "./device.js";
import { recorded } from "./operations.js";
import { recordedGradients } from "./second-order.js";
import { isRecording } from "./tape.js";
import { Tensor } from "./tensor.js";

/** Whether the input may be forgotten: only if there is a way back to keep something for. */
export const keepsLess = (activation: Activation, inputs: readonly Tensor[], learned: readonly Tensor[]): boolean =>
  inputs.length === 1 &&
  isRecording() &&
  [...inputs, ...learned].some(({ requiresGrad }) => requiresGrad) &&
  inputs[0]!.device.savesFor(activation);

/**
 * The value of such an activation. The tape keeps the mask or the output, and not the input's numbers.
 * @param learned as the kernels take them
 * @param operands asks for the operands' storages, which notices a tensor that was disposed of
 */
export const applySaving = (
  activation: Activation,
  input: Tensor,
  learned: readonly Tensor[],
  operands: () => ActivationOperands,
): Tensor =>
  activation.saves === "output"
    ? keepingOutput(activation, input, learned, operands)
    : keepingMask(activation, input, operands());

/** Keeps a bit of each element, or nothing. */
function keepingMask(activation: Activation, input: Tensor, operands: ActivationOperands): Tensor {
  const { device, shape, size } = input;
  const { name, saves } = activation;
  const words = Math.ceil(size / 32);
  const mask = saves === "bit" ? new Tensor({ shape: [words], device, storage: device.allocate(words) }) : null;
  const storage = device.allocate(size);
  device.activationForwardSaved(activation, operands, storage, mask?.storage ?? null);
  const { hyperparameters, seed, training, extents } = operands;
  const rest = { learned: [], hyperparameters, seed, training, extents };
  const back = (cotangent: Tensor): Tensor => {
    const gradient = device.allocate(size);
    const into = { inputs: [gradient], learned: [] };
    device.activationBackwardSaved(activation, rest, mask?.storage ?? null, cotangent.storage, into);
    // The gradient is linear in the cotangent: its own gradient is the same again.
    return recorded(`${name}'s gradient`, [cotangent], { shape, device, storage: gradient }, (next) => [back(next)]);
  };
  return recorded(name, [input], { shape, device, storage }, (cotangent) => [back(cotangent)]);
}

function keepingOutput(
  activation: Activation,
  input: Tensor,
  learned: readonly Tensor[],
  operands: () => ActivationOperands,
): Tensor {
  const { device, shape, size } = input;
  const { name } = activation;
  const given = operands();
  const { hyperparameters, seed, training, extents } = given;
  const storage = device.allocate(size);
  device.activationForward(activation, given, storage);
  // The numbers have two owners: the result may be disposed of.
  const output = new Tensor({ shape, device, storage: storage.retain() });
  const { version } = output;
  const all = [input, ...learned];
  return recorded(name, all, { shape, device, storage }, (cotangent) => {
    if (output.version !== version) {
      throw new Error(
        `backward() through '${name}': its result, which it needs, was changed in place; compute the loss again`,
      );
    }
    const gradients = all.map((each) => new Tensor({ shape: each.shape, device, storage: device.allocate(each.size) }));
    const [first, ...others] = gradients.map((gradient) => gradient.storage);
    const rest = { learned: learned.map((each) => each.storage), hyperparameters, seed, training, extents };
    const into = { inputs: [first!], learned: others };
    device.activationBackwardSaved(activation, rest, output.storage, cotangent.storage, into);
    // Only gradients of gradients need the input, which must have been left alive for that.
    return isRecording() ? recordedGradients({ activation, tensors: all, operands }, cotangent, gradients) : gradients;
  });
}
