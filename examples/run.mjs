// Runs an example from its sources, in a clone, right after `npm ci`:
//
//   node examples/run.mjs digits --activation Mish --device cpu
import { spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { constants } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const examples = fileURLToPath(new URL(".", import.meta.url));
const root = join(examples, "..");
const [name = "", ...options] = process.argv.slice(2);
const names = readdirSync(examples).filter((folder) => existsSync(join(examples, folder, "train.ts")));
if (!names.includes(name)) {
  console.error(`there is no example '${name}': run 'node examples/run.mjs <example>' with ${names.join(", ")}`);
  process.exit(2);
}

// Inside node_modules, so that what stays outside the bundle is found. A folder of its own: runs may overlap.
const cache = join(root, "node_modules", ".cache");
mkdirSync(cache, { recursive: true });
const folder = mkdtempSync(join(cache, `example-${name}-`));
process.once("exit", () => rmSync(folder, { recursive: true, force: true }));

await build({
  entryPoints: [join(examples, name, "train.ts")],
  outdir: folder,
  outExtension: { ".js": ".mjs" },
  bundle: true,
  // What is imported by need stays a file of its own: the CPU needs no WebGPU.
  splitting: true,
  format: "esm",
  platform: "node",
  target: "node20",
  alias: { "activation-compiler/runtime": join(root, "runtime", "index.ts") },
  external: ["webgpu", "@sparticuz/chromium", "mnist"],
  logLevel: "warning",
});

const child = spawn(process.execPath, [join(folder, "train.mjs"), ...options], {
  stdio: "inherit",
});
for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => child.kill(signal));
child.once("close", (code, signal) => {
  process.exitCode = code ?? 128 + constants.signals[signal];
});
