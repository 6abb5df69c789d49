/** Has Deno execute calls of WGSL kernels on lavapipe. */
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { WgslTarget } from "../harness/manifest.js";
import { type KernelCall, readResults, type Results, writeCalls } from "./exchange.js";

// The program lies in test/.cache.
export const root = fileURLToPath(new URL("../../", import.meta.url));
export const here = join(root, "test", "second-driver");

const deno = join(here, "node_modules", "deno", "bin.cjs");
const drivers = "/usr/share/vulkan/icd.d";

export function fail(message: string): never {
  console.error(message);
  process.exit(1);
}

/** The file that describes the driver to the Vulkan loader; ends the program where something is not installed. */
export function installedDriver(): string {
  if (!existsSync(deno)) fail("Deno is not installed: run 'npm ci --prefix test/second-driver'");
  const lavapipe = existsSync(drivers) ? readdirSync(drivers).find((file) => file.startsWith("lvp_icd.")) : undefined;
  if (lavapipe === undefined) fail("lavapipe is not installed: run 'apt-get install libvulkan1 mesa-vulkan-drivers'");
  return join(drivers, lavapipe);
}

/** @param generatedFolder where the kernels lie, with their manifest */
export function executed(calls: readonly KernelCall[], generatedFolder: string, target: WgslTarget): Results {
  const driver = installedDriver();
  const folder = mkdtempSync(join(tmpdir(), "second-driver-"));
  try {
    writeCalls(folder, calls);
    const program = fileURLToPath(new URL("second-driver-deno.mjs", import.meta.url));
    const { status } = spawnSync(
      process.execPath,
      [
        ...[deno, "run", "--quiet", "--allow-all", "--no-config", "--no-lock"],
        ...[program, folder, generatedFolder, target],
      ],
      {
        stdio: "inherit",
        env: {
          ...process.env,
          VK_ICD_FILENAMES: driver,
          DENO_DIR: join(folder, "deno"),
          DENO_NO_UPDATE_CHECK: "1",
          // The Vulkan loader looks for a display, and says so where there is none.
          XDG_RUNTIME_DIR: folder,
        },
      },
    );
    if (status !== 0) fail(`Deno ended with ${status}`);
    return readResults(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
