/**
 * What a generated module tells the runtime about one activation: the kernels and how to call them.
 * A plain object without behaviour, so that an unused activation costs a bundle nothing.
 */
export interface Activation {
  /** The definition's name, e.g. `leaky_relu`. */
  readonly name: string;
  /** Names of the inputs; kernels get them with equal shapes, contiguous. */
  readonly inputs: readonly string[];
  /** Names of the hyperparameters. */
  readonly hyperparameters: readonly string[];
  /** Learned parameters and how many numbers each holds. */
  readonly learned: readonly { readonly name: string; readonly shape: "scalar" | "channel" | "axis" }[];
  /** Whether the kernels reduce over an axis (they then take `axisOuter, axisLength, axisInner`). */
  readonly axis: boolean;
  /** Whether there is one result for each row: the axis is kept with length 1. */
  readonly yieldsRows?: true;
  /** Whether it draws numbers in training (the kernels then take a `seed` and `training`). */
  readonly random?: boolean;
  /** What backward needs instead of the input: one bit of each element, in a mask, the output, or nothing. */
  readonly saves?: "bit" | "output" | "nothing";
  readonly cpu?: CpuKernels;
  readonly webgpu?: WebGpuKernels;
}

/**
 * TypeScript kernels. Arguments come in this order:
 * forward:  inputs, learned, hyperparameters, chance, output, extents;
 * backward: cotangent, inputs, learned, hyperparameters, chance, gradients of inputs, gradients of learned, extents;
 * doubleBackward: cotangent, inputs, learned, hyperparameters, chance, cotangents of the gradients that backward writes,
 *     gradient of the cotangent, gradients of inputs, gradients of learned, extents.
 * Tensors and learned parameters are `Float32Array`, the rest numbers. Chance is `seed, training` when `random`. Extents are
 * `channelOuter, channels, channelInner` when a learned parameter has shape `channel`, then
 * `axisOuter, axisLength, axisInner` when `axis`; none otherwise.
 */
export interface CpuKernels {
  readonly forward: (...args: never[]) => void;
  readonly backward: (...args: never[]) => void;
  /** Missing where nobody asked the compiler for it. */
  readonly doubleBackward?: (...args: never[]) => void;
  /** Where backward does without the input and the output: forward's arguments, then the mask if there is one. */
  readonly forwardSaved?: (...args: never[]) => void;
  /** As backward, with the mask, the output or nothing in the place of the input. */
  readonly backwardSaved?: (...args: never[]) => void;
}

export interface WebGpuKernels {
  /** WGSL source that holds every entry point named below. */
  readonly code: string;
  readonly forward: readonly WebGpuPass[];
  readonly backward: readonly WebGpuPass[];
  /** Missing where nobody asked the compiler for it. */
  readonly doubleBackward?: readonly WebGpuPass[];
  readonly forwardSaved?: readonly WebGpuPass[];
  readonly backwardSaved?: readonly WebGpuPass[];
}

/** One dispatch. All bindings are in group 0. */
export interface WebGpuPass {
  readonly entryPoint: string;
  /** What the dispatch covers: a product such as `size`, `channels * 64`, `axisOuter * axisInner`. */
  readonly over: string;
  /**
   * With g = ceil(over / perWorkgroup): dispatch x = min(g, 65535), y = ceil(g / x).
   */
  readonly perWorkgroup: number;
  /** Binding number and what is bound there. Buffers are padded to 16 bytes. */
  readonly bindings: readonly (readonly [binding: number, role: WebGpuRole])[];
  /** 4-byte fields of the uniform buffer in order: hyperparameters are f32, all else is u32. */
  readonly uniforms: readonly WebGpuUniform[];
}

export type WebGpuRole =
  | "cotangent"
  /** Of the gradient that backward writes of the input or learned parameter of that name. */
  | `cotangent ${string}`
  /** The gradient of the cotangent. */
  | "gradient"
  | "output"
  /** The mask, as forward writes it. */
  | "saved"
  /** The mask or the output, as backward reads it. */
  | "kept"
  | "uniforms"
  | `input ${string}`
  | `learned ${string}`
  /** `gradient x`: of the input or learned parameter of that name. Overwritten, not added to. */
  | `gradient ${string}`
  /**
   * `scratch N`: room for N numbers, N a product as in `over`; the same text is the same buffer within one kernel.
   * Declared `read_write` like outputs and gradients, even where a pass only reads it; all else is declared `read`.
   */
  | `scratch ${string}`;

export type WebGpuUniform =
  | "size"
  | "channelOuter"
  | "channels"
  | "channelInner"
  | "axisOuter"
  | "axisLength"
  | "axisInner"
  | "seed"
  /** 1 in training, 0 in evaluation. */
  | "training"
  | `hyperparameter ${string}`;
