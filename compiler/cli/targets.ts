import type { KernelFamily, SaveChoice, ShaderChoice, TargetName } from "../compile.js";

export { usualTargets } from "../backend/output.js";

/**
 * What each target is, for help. Also the list of targets for the command line: importing the compiler's own
 * would load the compiler. A target that is missing here does not type-check.
 */
export const targetDescriptions: Readonly<Record<TargetName, string>> = {
  ts: "TypeScript kernels for the CPU",
  wgsl: "WGSL kernels for WebGPU",
  module: "nn.Module wrappers to train with",
  "wgsl-f16": "WGSL kernels over float16",
  wasm: "WebAssembly kernels (SIMD) for the CPU",
};

const isTargetName = (name: string): name is TargetName => Object.hasOwn(targetDescriptions, name);

export const targetNames: readonly TargetName[] = Object.keys(targetDescriptions).filter(isTargetName);

/** The kernels, likewise. */
export const kernelDescriptions: Readonly<Record<KernelFamily, string>> = {
  forward: "values (always written)",
  backward: "gradients (always written)",
  fused: "value and derivatives together",
  doubleBackward: "gradients of gradients",
  saved: "values and gradients that keep less than the input",
};

const isKernelFamily = (name: string): name is KernelFamily => Object.hasOwn(kernelDescriptions, name);

export const kernelFamilies: readonly KernelFamily[] = Object.keys(kernelDescriptions).filter(isKernelFamily);

/** What these keep, likewise. */
export const saveDescriptions: Readonly<Record<SaveChoice, string>> = {
  exact: "a bit per element or nothing, where that is exact",
  output: "the output, wherever it determines the derivative",
};

/** How WGSL kernels compute, likewise. */
export const shaderDescriptions: Readonly<Record<ShaderChoice, string>> = {
  quick: "to 4 units in the last place, derivatives to 6",
  careful: "to about half a unit, several times as slow",
};

const isShaderChoice = (name: string): name is ShaderChoice => Object.hasOwn(shaderDescriptions, name);

export const shaderChoices: readonly ShaderChoice[] = Object.keys(shaderDescriptions).filter(isShaderChoice);

const isSaveChoice = (name: string): name is SaveChoice => Object.hasOwn(saveDescriptions, name);

export const saveChoices: readonly SaveChoice[] = Object.keys(saveDescriptions).filter(isSaveChoice);
