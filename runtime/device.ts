/** What a device offers to tensors. */
import type { Activation } from "./activation.js";
import type { Shape } from "./shape.js";

/** A block of float32 numbers on one device, shared by the tensors that own it and freed with the last of them. */
export abstract class Storage {
  #owners = 1;
  #version = 0;

  /** How many numbers it holds. */
  abstract readonly size: number;
  protected abstract free(): void;

  /** Counts changes in place, whichever of its owners made them. */
  get version(): number {
    return this.#version;
  }

  markChanged(): void {
    this.#version++;
  }

  retain(): this {
    this.#owners++;
    return this;
  }

  release(): void {
    this.#owners--;
    if (this.#owners === 0) this.free();
  }
}

/** Elements of a storage as a loop nest visits them. */
export interface View {
  readonly storage: Storage;
  readonly strides: readonly number[];
  readonly offset: number;
}

export type Elementwise =
  | { readonly kind: "fill"; readonly value: number }
  | { readonly kind: "copy" }
  | { readonly kind: "scale"; readonly factor: number }
  | { readonly kind: "add" | "sub" | "mul" | "div" };

/** `c = a · b` for each of `batch` pairs: a is m×k, b is k×n; a transposed operand is stored as k×m, n×k. */
export interface MatrixProduct {
  readonly batch: number;
  readonly m: number;
  readonly k: number;
  readonly n: number;
  readonly transposeA: boolean;
  readonly transposeB: boolean;
}

/** What an activation's kernels are told about the shape of their tensors. */
export interface Extents {
  readonly size: number;
  readonly channelOuter: number;
  readonly channels: number;
  readonly channelInner: number;
  readonly axisOuter: number;
  readonly axisLength: number;
  readonly axisInner: number;
}

export interface ActivationOperands {
  readonly inputs: readonly Storage[];
  readonly learned: readonly Storage[];
  readonly hyperparameters: readonly number[];
  /** What an activation that is random draws from, an unsigned 32-bit number. */
  readonly seed: number;
  readonly training: boolean;
  readonly extents: Extents;
}

/** Where the gradients go: of the inputs, then of the learned parameters. */
export interface ActivationGradients {
  readonly inputs: readonly Storage[];
  readonly learned: readonly Storage[];
}

/** Where gradients of gradients go: of the cotangent that arrived at the result, and of the rest. */
export interface SecondGradients extends ActivationGradients {
  readonly cotangent: Storage;
}

/** What backward needs of an activation that forgets its input. */
export type SavedOperands = Omit<ActivationOperands, "inputs">;

/** One step of an optimiser, as PyTorch defines it. */
export type UpdateRule =
  | {
      readonly kind: "sgd";
      readonly lr: number;
      readonly momentum: number;
      readonly dampening: number;
      readonly weightDecay: number;
      readonly nesterov: boolean;
      /** Whether the momentum buffer holds nothing yet. */
      readonly first: boolean;
    }
  | {
      readonly kind: "adam";
      readonly lr: number;
      readonly beta1: number;
      readonly beta2: number;
      readonly eps: number;
      readonly weightDecay: number;
      /** Counts from 1. */
      readonly step: number;
    };

export interface Device {
  readonly type: "cpu" | "webgpu";
  /** Throws {@link DeviceLostError} where the device is gone. */
  requireAlive(): void;
  /** Room for numbers; any contents. */
  allocate(size: number): Storage;
  upload(values: Float32Array): Storage;
  /** A copy of the numbers. */
  read(storage: Storage): Promise<Float32Array>;
  /** The numbers themselves; null on devices whose memory the program does not see. */
  values(storage: Storage): Float32Array | null;

  elementwise(operation: Elementwise, shape: Shape, output: View, inputs: readonly View[]): void;
  /** `output = factor · Σ input` over the reduced axes of a contiguous input; the rest stay in order. */
  sum(input: Storage, shape: Shape, reduced: readonly boolean[], factor: number, output: Storage): void;
  /** `bias`, one number per column, is added to each row. */
  matmul(product: MatrixProduct, a: Storage, b: Storage, bias: Storage | null, output: Storage): void;
  /** For each row of logits: log Σ exp(row) − row[label]. Labels are whole numbers. */
  crossEntropy(logits: Storage, labels: Storage, rows: number, classes: number, output: Storage): void;
  /** `output[r, c] = (softmax(row r)[c] − [c = label r]) · cotangent[r]`. */
  crossEntropyGradient(
    logits: Storage,
    labels: Storage,
    cotangent: Storage,
    rows: number,
    classes: number,
    output: Storage,
  ): void;
  /** Changes the parameter and the optimiser's state (`momentum`; for Adam the two moments) in place. */
  update(rule: UpdateRule, parameter: Storage, gradient: Storage, state: readonly Storage[]): void;

  /** Brings numbers between the least and the largest, in place; NaN stays. */
  clamp(storage: Storage, least: number, largest: number): void;

  activationForward(activation: Activation, operands: ActivationOperands, output: Storage): void;
  activationBackward(
    activation: Activation,
    operands: ActivationOperands,
    cotangent: Storage,
    gradients: ActivationGradients,
  ): void;
  /** Whether an activation has kernels here that keep less than the input for backward. */
  savesFor(activation: Activation): boolean;
  /** As forward; writes the mask, where there is one. */
  activationForwardSaved(
    activation: Activation,
    operands: ActivationOperands,
    output: Storage,
    mask: Storage | null,
  ): void;
  /** @param kept the mask or the output, where backward needs one */
  activationBackwardSaved(
    activation: Activation,
    operands: SavedOperands,
    kept: Storage | null,
    cotangent: Storage,
    gradients: ActivationGradients,
  ): void;
  /** @param cotangents of the gradients that `activationBackward` computes */
  activationDoubleBackward(
    activation: Activation,
    operands: ActivationOperands,
    cotangent: Storage,
    cotangents: ActivationGradients,
    gradients: SecondGradients,
  ): void;
}

/**
 * The device is gone: destroyed, reset by its driver, or unplugged. Tensors on it are lost; tensors on the CPU are not.
 * To go on: `model.loadStateDict(state, newDevice)` with a state that `await model.snapshot()` kept, or the device
 * `cpu`, and a new optimiser.
 */
export class DeviceLostError extends Error {
  override readonly name = "DeviceLostError";
}

/** An activation that was not compiled for a device. */
export function missingKernels(activation: Activation, device: Device["type"]): Error {
  const target = device === "cpu" ? "ts" : "wgsl";
  return new Error(
    `${activation.name} has no kernels for the device '${device}': compile its definition with --target ts,wgsl,module (this needs ${target})`,
  );
}

/** An activation that was compiled without gradients of gradients. */
export function missingDoubleBackward({ name, axis, cpu }: Activation): Error {
  const remedy =
    axis && cpu?.doubleBackward
      ? "it would bind more than the eight buffers that WebGPU grants; the device 'cpu' has one"
      : "compile its definition with --kernels forward,backward,doubleBackward, or without --kernels";
  return new Error(`${name} has no kernel for gradients of gradients: ${remedy}`);
}
