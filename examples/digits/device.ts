/** The device that was asked for, or an error: never another one. */
import { cpu, type Device, webgpu } from "activation-compiler/runtime";

export interface FoundDevice {
  readonly device: Device;
  readonly description: string;
}

export async function deviceNamed(name: string, software: boolean): Promise<FoundDevice> {
  switch (name) {
    case "cpu":
      if (software) throw new RangeError("--software belongs to --device webgpu");
      return { device: cpu, description: "cpu" };
    case "webgpu":
      return software ? softwareDevice() : hardwareDevice();
    default:
      throw new RangeError(`--device is cpu or webgpu, not '${name}'`);
  }
}

async function softwareDevice(): Promise<FoundDevice> {
  const { requestSoftwareDevice } = await import("../../test/webgpu/driver.js");
  const device = await webgpu(await requestSoftwareDevice());
  return { device, description: "webgpu (SwiftShader: a driver in software, no GPU)" };
}

async function hardwareDevice(): Promise<FoundDevice> {
  const adapter = await (await findGpu()).requestAdapter();
  if (!adapter) throw new Error("WebGPU finds no GPU here; --software executes the same kernels without one");
  const { vendor, architecture, description } = adapter.info;
  const label = description || [vendor, architecture].filter(Boolean).join(" ") || "an adapter without a name";
  return { device: await webgpu(await adapter.requestDevice()), description: `webgpu (${label})` };
}

/** The platform's WebGPU, where it has one, else that of the npm package `webgpu`. */
async function findGpu(): Promise<GPU> {
  const navigator: { readonly gpu?: GPU } | undefined = Reflect.get(globalThis, "navigator");
  if (navigator?.gpu) return navigator.gpu;
  const { create } = await import("webgpu");
  const gpu = create([]);
  // Collected while in use, it would end the process.
  Object.assign(globalThis, { gpuKeptAlive: gpu });
  return gpu;
}
