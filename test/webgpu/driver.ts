/**
 * WebGPU for tests, without a GPU and without system packages: `webgpu` (Dawn) on the driver in software that
 * `actc verify --software` uses too.
 */
import { fileURLToPath } from "node:url";
import { create } from "webgpu";
import { readySoftwareDriver } from "../../compiler/cli/software-driver.js";

export type SoftwareGpu = { readonly gpu: GPU } | { readonly gpu: null; readonly reason: string };

// What `create` returns must outlive every device: once it is collected, the process crashes.
declare global {
  var gpusKeptAlive: GPU[] | undefined;
}

function keep(gpu: GPU): GPU {
  (globalThis.gpusKeptAlive ??= []).push(gpu);
  return gpu;
}

let software: SoftwareGpu | undefined;

/** Dawn on SwiftShader, or the reason why there is none here. */
export function findSoftwareGpu(): SoftwareGpu {
  return (software ??= startSoftwareGpu());
}

/** Dawn on SwiftShader, or null where it does not run: {@link findSoftwareGpu} says why. */
export function softwareGpu(): Promise<GPU | null> {
  return Promise.resolve(findSoftwareGpu().gpu);
}

/** A device of the software driver; throws with the reason where there is none. */
export async function requestSoftwareDevice(descriptor: GPUDeviceDescriptor = {}): Promise<GPUDevice> {
  const found = findSoftwareGpu();
  if (found.gpu === null) throw new Error(`no software WebGPU: ${found.reason}`);
  return deviceOf(found.gpu, descriptor);
}

/** Dawn's null backend: validates everything, executes nothing. */
export function validatingGpu(): GPU {
  return keep(create(["backend=null"]));
}

/** A device of the validating backend, with every feature it offers (`shader-f16`, for instance). */
export async function requestValidatingDevice(): Promise<GPUDevice> {
  return deviceOf(validatingGpu(), {}, true);
}

async function deviceOf(gpu: GPU, descriptor: GPUDeviceDescriptor, allFeatures = false): Promise<GPUDevice> {
  const adapter = await gpu.requestAdapter();
  if (adapter === null) throw new Error("WebGPU started, but offers no adapter");
  const features = allFeatures ? [...adapter.features].filter(isFeature) : [];
  return adapter.requestDevice({ requiredFeatures: features, ...descriptor });
}

const isFeature = (name: string): name is GPUFeatureName => name === "shader-f16" || name === "subgroups";

function startSoftwareGpu(): SoftwareGpu {
  const ready = readySoftwareDriver([fileURLToPath(import.meta.url)]);
  return ready.ok ? { gpu: keep(create(["backend=vulkan"])) } : { gpu: null, reason: ready.problem.message };
}
