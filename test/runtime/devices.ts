/** The devices that tests run on. */
import { cpu, type Device, WebGpuDevice } from "activation-compiler/runtime";
import { findSoftwareGpu, requestSoftwareDevice } from "../webgpu/driver.js";

export const hasSoftwareGpu = findSoftwareGpu().gpu !== null;

export const requestWebGpu = async (): Promise<WebGpuDevice> => WebGpuDevice.from(await requestSoftwareDevice());

let shared: Promise<WebGpuDevice> | undefined;

/** One WebGPU device for all tests of a file. */
export const sharedWebGpu = (): Promise<WebGpuDevice> => (shared ??= requestWebGpu());

export const deviceNames: readonly Device["type"][] = hasSoftwareGpu ? ["cpu", "webgpu"] : ["cpu"];

export const deviceNamed = async (name: Device["type"]): Promise<Device> => (name === "cpu" ? cpu : sharedWebGpu());
