/** Compiled activations as differentiable operations. */
import type { Activation } from "./activation.js";
import type { ActivationOperands } from "./device.js";
import { channelsOf, extentsOf } from "./extents.js";
import { broadcastTo, commonDevice, filled, narrow, recorded, reshape } from "./operations.js";
import { defaultGenerator } from "./random.js";
import { recordedGradients } from "./second-order.js";
import { applySaving, keepsLess } from "./saved.js";
import { broadcastShapes, formatShape, normaliseAxis, type Shape, sizeOf } from "./shape.js";
import { isRecording } from "./tape.js";
import { Tensor } from "./tensor.js";

/** What is asked of chance, of an activation that is random. */
export interface DrawOptions {
  /**
   * From 0 to 2^32 - 1: the same seed draws the same numbers, on every device. In training drawn from the default
   * generator (see `manualSeed`) unless given.
   */
  readonly seed?: number | undefined;
  /** Whether numbers are drawn; else the activation is what it is in evaluation. False unless given. */
  readonly training?: boolean | undefined;
}

export interface ActivationArguments extends DrawOptions {
  /** In the order of the definition; they broadcast. */
  readonly inputs: readonly Tensor[];
  readonly learned?: readonly Tensor[];
  readonly hyperparameters?: readonly number[];
  /** The axis that the activation reduces over; the last unless given. */
  readonly axis?: number;
  /** Whether the output may be kept in the place of the input at these hyperparameters; true unless given. */
  readonly keepsOutput?: boolean;
}

/** The value of an activation, recorded for `backward()`. Generated code calls it. */
export function applyActivation(activation: Activation, given: ActivationArguments): Tensor {
  const { name } = activation;
  const { learned = [], hyperparameters = [], training = false } = given;
  requireCount(name, "inputs", activation.inputs.length, given.inputs.length);
  requireCount(name, "learned parameters", activation.learned.length, learned.length);
  requireCount(name, "hyperparameters", activation.hyperparameters.length, hyperparameters.length);
  const device = commonDevice(name, [...given.inputs, ...learned]);
  const shape = given.inputs.map((input) => input.shape).reduce((a, b) => broadcastShapes(name, a, b));
  const axis = activation.axis ? axisOf(name, given.axis ?? -1, shape) : null;
  const inputs = given.inputs.map((input) => broadcastTo(input, shape));

  const perChannel = activation.learned.map((parameter, i) => parameter.shape === "channel" && learned[i]!.size !== 1);
  const shared = !perChannel.includes(true);
  const extents = extentsOf(shape, shared, axis);
  const parameters = learned.map((parameter, i) => {
    const kind = activation.learned[i]!;
    const length = { scalar: 1, channel: extents.channels, axis: extents.axisLength }[kind.shape];
    // A number shared by all channels next to a parameter with one per channel is repeated; so is one for all of an axis.
    const repeated = kind.shape !== "scalar" && parameter.size === 1 && length !== 1;
    if (!repeated && parameter.size !== length) {
      throw new RangeError(
        `${name}: '${kind.name}' holds ${parameter.size} numbers, but an input of shape ${formatShape(shape)} has ${describe(kind.shape, shape, length)}`,
      );
    }
    return repeated ? broadcastTo(reshape(parameter, [1]), [length]) : parameter;
  });

  const seed = activation.random && training ? seedOf(name, given.seed) : 0;
  const operands = (): ActivationOperands => ({
    inputs: inputs.map((input) => input.storage),
    learned: parameters.map((parameter) => parameter.storage),
    hyperparameters,
    seed,
    training,
    extents,
  });
  const { keepsOutput = true } = given;
  if (extents.size > 0 && keepsOutput && keepsLess(activation, inputs, parameters))
    return applySaving(activation, inputs[0]!, parameters, operands);
  const resultShape =
    axis !== null && activation.yieldsRows ? shape.map((length, i) => (i === axis ? 1 : length)) : shape;
  const storage = device.allocate(sizeOf(resultShape));
  if (extents.size > 0) device.activationForward(activation, operands(), storage);
  const all = [...inputs, ...parameters];
  return recorded(name, all, { shape: resultShape, device, storage }, (cotangent) => {
    if (extents.size === 0) return all.map((tensor) => filled(tensor.shape, 0, device));
    const gradients = all.map(
      (tensor) => new Tensor({ shape: tensor.shape, device, storage: device.allocate(tensor.size) }),
    );
    const storages = gradients.map((gradient) => gradient.storage);
    // The operands' storages are asked for again, which notices a tensor that was disposed of.
    device.activationBackward(activation, operands(), cotangent.storage, {
      inputs: storages.slice(0, inputs.length),
      learned: storages.slice(inputs.length),
    });
    return isRecording() ? recordedGradients({ activation, tensors: all, operands }, cotangent, gradients) : gradients;
  });
}

function seedOf(name: string, given: number | undefined): number {
  if (given === undefined) return defaultGenerator().bits();
  if (!Number.isInteger(given) || given < 0 || given >= 2 ** 32) {
    throw new RangeError(`${name}: a seed is a whole number from 0 to 2^32 - 1, not ${given}`);
  }
  return given;
}

function requireCount(name: string, what: string, wanted: number, given: number): void {
  if (wanted !== given) throw new RangeError(`${name} takes ${wanted} ${what}, not ${given}`);
}

/** A single number counts as a row of one. */
const axisOf = (name: string, axis: number, shape: Shape): number =>
  normaliseAxis(name, axis, Math.max(1, shape.length));

function describe(kind: "scalar" | "channel" | "axis", shape: Shape, length: number): string {
  switch (kind) {
    case "scalar":
      return "room for one";
    case "channel":
      return shape.length < 2
        ? `${channelsOf(shape)} channel (channels are axis 1)`
        : `${channelsOf(shape)} channels (axis 1)`;
    case "axis":
      return `${length} positions along the axis`;
  }
}

/** The inputs that lie side by side along an axis of one tensor, in equal parts. Generated code calls it. */
export function splitInputs(x: Tensor, count: number, axis: number): Tensor[] {
  const along = normaliseAxis("splitInputs", axis, x.rank);
  const length = x.shape[along]!;
  if (length % count !== 0) {
    throw new RangeError(
      `axis ${axis} of ${formatShape(x.shape)} has ${length} positions, which do not divide into ${count} equal parts`,
    );
  }
  const part = length / count;
  return Array.from({ length: count }, (_, i) => narrow(x, along, i * part, part));
}

/** Throws unless the value of a hyperparameter lies in its range. Generated code calls it. */
export function checkRange(
  name: string,
  value: number,
  low: number,
  high: number,
  lowClosed: boolean,
  highClosed: boolean,
): void {
  const inside = (lowClosed ? value >= low : value > low) && (highClosed ? value <= high : value < high);
  if (inside) return;
  const bound = (limit: number): string => String(limit).replace("Infinity", "inf");
  const range = `${lowClosed ? "[" : "("}${bound(low)}, ${bound(high)}${highClosed ? "]" : ")"}`;
  throw new RangeError(`${name} is ${value}, but must lie in ${range}`);
}
