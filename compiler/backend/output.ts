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
 * How WGSL kernels over elements compute: in single float32 numbers wherever these are good for 4 units in the last place, derivatives
 * for 6; or to about half a unit, which takes several times as long.
 */
export const shaderChoices = ["quick", "careful"] as const;
export type ShaderChoice = (typeof shaderChoices)[number];

export interface OutputFile {
  /** Relative to the output folder, without folders. */
  readonly path: string;
  readonly text: string;
}
