// Runs a TypeScript file of this project from its sources:
//
//   node scripts/run.mjs test/unprepared/report.ts [arguments]
import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { constants } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { build } from "esbuild";

const root = fileURLToPath(new URL("..", import.meta.url));
const [file = "", ...rest] = process.argv.slice(2);

// Below the root, so that packages are found. A folder of its own: runs may overlap.
mkdirSync(join(root, ".cache"), { recursive: true });
const folder = mkdtempSync(join(root, ".cache", "run-"));
process.once("exit", () => rmSync(folder, { recursive: true, force: true }));

/** Sources find files beside themselves, wherever the bundle lies. */
const urlOfSources = {
  name: "url-of-sources",
  setup: ({ onLoad }) =>
    onLoad({ filter: /\.ts$/ }, ({ path }) => ({
      loader: "ts",
      contents: readFileSync(path, "utf8").replaceAll("import.meta.url", JSON.stringify(pathToFileURL(path).href)),
    })),
};

await build({
  entryPoints: [file],
  outfile: join(folder, "main.mjs"),
  bundle: true,
  format: "esm",
  platform: "node",
  target: "node20",
  sourcemap: true,
  packages: "external",
  plugins: [urlOfSources],
  alias: { "activation-compiler/runtime": join(root, "runtime", "index.ts") },
  logLevel: "warning",
});
const child = spawn(process.execPath, ["--enable-source-maps", join(folder, "main.mjs"), ...rest], {
  stdio: "inherit",
});
for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => child.kill(signal));
child.once("close", (code, signal) => {
  process.exitCode = code ?? 128 + constants.signals[signal];
});
