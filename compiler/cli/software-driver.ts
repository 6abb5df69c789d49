/**
 * A Vulkan driver in software, for machines without a GPU: SwiftShader, which with its Vulkan loader is inside the npm
 * package `@sparticuz/chromium` as a compressed archive. The npm package `webgpu` (Dawn) runs on it; it executes f32 only.
 */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { constants, tmpdir } from "node:os";
import { join } from "node:path";
import { brotliDecompressSync } from "node:zlib";
import { failure, success, type Result } from "./problem.js";

const chromium = "@sparticuz/chromium";
const archive = "bin/swiftshader.tar.br";
const wanted = ["libvulkan.so.1", "libvk_swiftshader.so", "vk_swiftshader_icd.json"] as const;
/** From glibc's dlfcn.h; Node does not name it. */
const RTLD_NODELETE = 0x1000;

/**
 * Makes Vulkan find the software driver: to be called on the main thread, before anything opens Vulkan. The package is
 * looked for where modules of these files would find it.
 */
export function readySoftwareDriver(from: readonly string[]): Result<void> {
  const unavailable = (message: string, hint?: string): Result<void> =>
    failure({ code: "no-device", message: `no software driver: ${message}`, ...(hint === undefined ? {} : { hint }) });
  if (process.platform !== "linux" || process.arch !== "x64") {
    return unavailable(`the driver is built for linux-x64, this is ${process.platform}-${process.arch}`);
  }
  if (!existsSync("/lib64/ld-linux-x86-64.so.2")) return unavailable("the driver needs glibc, which this system lacks");
  const nodeModules = from
    .flatMap((file) => createRequire(file).resolve.paths(chromium) ?? [])
    .find((path) => existsSync(join(path, chromium, archive)));
  if (nodeModules === undefined) {
    return unavailable(
      `the npm package ${chromium} is not installed, or has no ${archive}`,
      `'npm install --save-dev ${chromium}@147' installs it`,
    );
  }
  askSeldom();
  const folder = unpack(nodeModules);
  // The Vulkan loader reads its environment when the first instance is created.
  for (const name of ["VK_DRIVER_FILES", "VK_ICD_FILENAMES"])
    process.env[name] = join(folder, "vk_swiftshader_icd.json");
  mapForGood(join(folder, "libvulkan.so.1"));
  return success(undefined);
}

/**
 * While anything is pending, Dawn asks for it in every turn of the event loop, which takes the core that the driver's own threads need, half
 * of the time for collecting garbage. So it asks every millisecond.
 */
function askSeldom(): void {
  Object.assign(globalThis, { setImmediate: (callback: () => void) => setTimeout(callback, 1) });
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
function unpack(nodeModules: string): string {
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
