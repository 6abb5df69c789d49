/** WebGPU for Node: the npm package `webgpu`, which is no dependency of this one. */
import { createRequire } from "node:module";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { WebGpuRunner } from "../verification/device.js";
import { failure, success, type Result } from "./problem.js";
import { readySoftwareDriver } from "./software-driver.js";

/** What of the package is used. */
interface WebGpuPackage {
  create(options: string[]): GPU;
  readonly globals: object;
}

/** A device to run kernels on, or what to do to get one. Once per process, on the main thread. */
export async function openDevice(cwd: string, software: boolean): Promise<Result<WebGpuRunner>> {
  const from = [join(cwd, "from-here.js"), fileURLToPath(import.meta.url)];
  const entry = locate("webgpu", from);
  if (entry === undefined) {
    return failure({
      code: "no-device",
      message: "WGSL kernels run on a device, for which the npm package 'webgpu' is missing",
      hint: "'npm install --save-dev webgpu' installs it; '--emulate' does without",
    });
  }
  if (software) {
    const ready = readySoftwareDriver(from);
    if (!ready.ok) return ready;
  }
  const { create, globals }: WebGpuPackage = await import(pathToFileURL(entry).href);
  // GPUBufferUsage and its like, which browsers have.
  Object.assign(globalThis, globals);
  const gpu = create(software ? ["backend=vulkan"] : []);
  // Collected while in use, it would end the process.
  Object.assign(globalThis, { gpuKeptAlive: gpu });
  const adapter = await gpu.requestAdapter();
  if (adapter === null) {
    return failure({
      code: "no-device",
      message: "WebGPU finds no GPU here",
      hint: "'--software' runs the same kernels on a driver in software (linux-x64)",
    });
  }
  const { vendor, architecture, description } = adapter.info;
  const name = description || [vendor, architecture].filter((part) => part !== "").join(" ") || "an unnamed device";
  const { maxStorageBufferBindingSize, maxBufferSize } = adapter.limits;
  const device = await adapter.requestDevice({ requiredLimits: { maxStorageBufferBindingSize, maxBufferSize } });
  return success(new WebGpuRunner(device, name));
}

function locate(name: string, from: readonly string[]): string | undefined {
  for (const file of from) {
    try {
      return createRequire(file).resolve(name);
    } catch {
      // Not there; perhaps elsewhere.
    }
  }
  return undefined;
}
