export const targetNames = ["ts", "wgsl", "module", "wgsl-f16", "wasm"] as const;
export type TargetName = (typeof targetNames)[number];
/** The targets of whoever names none. */
export const usualTargets: readonly TargetName[] = ["ts", "wgsl", "module"];

/** Kernels by what they compute; the first two are always written. */
export const kernelFamilies = ["forward", "backward", "fused", "doubleBackward", "saved"] as const;
export type KernelFamily = (typeof kernelFamilies)[number];

/**
 * What kernels that forget the input keep for backward: the least where that is exact, or the output wherever that determines
 * the derivative.
 */
export const saveChoices = ["exact", "output"] as const;
export type SaveChoice = (typeof saveChoices)[number];

/**
 * How WGSL kernels over elements compute those of ordinary size: with as many digits as the others, to about half a unit in the last place;
 * or in single float32 numbers, to 4 units, derivatives to 6, several times as fast.
 */
export const shaderChoices = ["careful", "quick"] as const;
export type ShaderChoice = (typeof shaderChoices)[number];

export interface OutputFile {
  /** Relative to the output folder, without folders. */
  readonly path: string;
  readonly text: string;
}
