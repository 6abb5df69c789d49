/** Tensors, gradients and modules on the CPU and on WebGPU: what generated activations run on. */
export type { Activation, CpuKernels, WebGpuKernels, WebGpuPass, WebGpuRole, WebGpuUniform } from "./activation.js";
export { type ActivationArguments, applyActivation, checkRange, type DrawOptions, splitInputs } from "./apply.js";
export { cpu } from "./cpu/device.js";
export { full, ones, rand, type RandomOptions, randn, tensor, type TensorOptions, zeros } from "./creation.js";
export { type Device, DeviceLostError } from "./device.js";
export { Linear, type LinearOptions, Sequential } from "./layers.js";
export { crossEntropyLoss, CrossEntropyLoss, mseLoss, MSELoss } from "./losses.js";
export { Module, Parameter, type ParameterRange, type StateDict, StateDictError } from "./module.js";
export { linear } from "./operations.js";
export { Adam, type AdamOptions, Optimizer, SGD, type SGDOptions } from "./optimisers.js";
export { Generator, manualSeed } from "./random.js";
export { loadSafetensors, SafetensorsError, saveSafetensors } from "./safetensors.js";
export { keep, tidy } from "./scope.js";
export type { Shape } from "./shape.js";
export { noGrad } from "./tape.js";
export { type NestedNumbers, Tensor } from "./tensor.js";
export { webgpu, WebGpuDevice, type WebGpuOptions } from "./webgpu/device.js";
export { type MemoryUse, type StandardGpuDevice, WebGpuError } from "./webgpu/standard.js";
