/**
 * WebGPU for tests, without a GPU and without system packages.
 *
 * `webgpu` (Dawn) runs on SwiftShader, a Vulkan driver in software, which with its Vulkan loader is inside
 * `@sparticuz/chromium` as a compressed archive. It executes f32 only.
 */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { constants, tmpdir } from "node:os";
import { join } from "node:path";
import { brotliDecompressSync } from "node:zlib";
import { create } from "webgpu";

export type SoftwareGpu = { readonly gpu: GPU } | { readonly gpu: null; readonly reason: string };

const require = createRequire(import.meta.url);
const chromium = "@sparticuz/chromium";
const archive = "bin/swiftshader.tar.br";
const wanted = ["libvulkan.so.1", "libvk_swiftshader.so", "vk_swiftshader_icd.json"] as const;
/** From glibc's dlfcn.h; Node does not name it. */
const RTLD_NODELETE = 0x1000;

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
  const reason = unsupported();
  if (reason !== null) return { gpu: null, reason };
  const folder = unpack();
  // The Vulkan loader reads its environment when the first instance is created.
  process.env["VK_ICD_FILENAMES"] = join(folder, "vk_swiftshader_icd.json");
  mapForGood(join(folder, "libvulkan.so.1"));
  return { gpu: keep(create(["backend=vulkan"])) };
}

function unsupported(): string | null {
  if (process.platform !== "linux" || process.arch !== "x64") {
    return `the driver is built for linux-x64, this is ${process.platform}-${process.arch}`;
  }
  if (!existsSync("/lib64/ld-linux-x86-64.so.2")) return "the driver needs glibc, which this system lacks";
  return null;
}

/**
 * Dawn opens libvulkan.so.1 by its bare name. A library of that name that is mapped already is taken, wherever it
 * lies. Node refuses it, since it is no add-on, but NODELETE keeps it mapped.
 */
function mapForGood(library: string): void {
  try {
    process.dlopen({ exports: {} }, library, constants.dlopen.RTLD_NOW | constants.dlopen.RTLD_GLOBAL | RTLD_NODELETE);
  } catch (error) {
    if (!String(error).includes("did not self-register")) throw error;
  }
}

/** The folder with the driver; unpacked once per version, whole or not at all. */
function unpack(): string {
  const nodeModules = (require.resolve.paths("webgpu") ?? []).find((path) => existsSync(join(path, chromium, archive)));
  if (nodeModules === undefined) throw new Error(`${chromium} is not installed, or has no ${archive}`);
  const { version }: { version: string } = JSON.parse(
    readFileSync(join(nodeModules, chromium, "package.json"), "utf8"),
  );
  const folder = join(cacheFolder(nodeModules), `swiftshader-${version}`);
  if (existsSync(folder)) return folder;
  const fresh = mkdtempSync(`${folder}.`);
  for (const [name, content] of tarEntries(brotliDecompressSync(readFileSync(join(nodeModules, chromium, archive))))) {
    if (wanted.some((file) => file === name)) writeFileSync(join(fresh, name), content);
  }
  try {
    renameSync(fresh, folder);
  } catch (error) {
    // Another process was faster; what it put there is the same.
    rmSync(fresh, { recursive: true, force: true });
    if (!existsSync(folder)) throw error;
  }
  return folder;
}

function cacheFolder(nodeModules: string): string {
  const beside = join(nodeModules, ".cache", "software-webgpu");
  try {
    mkdirSync(beside, { recursive: true });
    return beside;
  } catch {
    const elsewhere = join(tmpdir(), "software-webgpu");
    mkdirSync(elsewhere, { recursive: true });
    return elsewhere;
  }
}

/** Regular files of a tar archive: headers of 512 bytes, contents padded to 512. */
function* tarEntries(tar: Uint8Array): Generator<[name: string, content: Uint8Array]> {
  const text = (start: number, length: number): string =>
    new TextDecoder().decode(tar.subarray(start, start + length)).replace(/\0[^]*$/, "");
  for (let header = 0; header + 512 <= tar.length;) {
    const name = text(header, 100);
    if (name === "") return;
    const size = Number.parseInt(text(header + 124, 12), 8);
    const start = header + 512;
    yield [name.replace(/^\.\//, ""), tar.subarray(start, start + size)];
    header = start + Math.ceil(size / 512) * 512;
  }
}
