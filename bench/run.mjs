// Runs a benchmark that is written in TypeScript, from its sources:
//
//   node bench/run.mjs accuracy --only gelu
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const bench = fileURLToPath(new URL(".", import.meta.url));
const [name = "", ...options] = process.argv.slice(2);
if (!existsSync(join(bench, name, "main.ts"))) {
  console.error(`there is no benchmark '${name}'`);
  process.exit(2);
}

// Inside bench/, so that its packages are found, and then those of the project.
const cache = join(bench, ".cache");
await build({
  entryPoints: [
    { in: join(bench, name, "main.ts"), out: name },
    ...(existsSync(join(bench, name, "truth-worker.ts"))
      ? [{ in: join(bench, name, "truth-worker.ts"), out: join(name, "truth-worker") }]
      : []),
  ],
  outdir: cache,
  outExtension: { ".js": ".mjs" },
  bundle: true,
  format: "esm",
  platform: "node",
  target: "node20",
  packages: "external",
  sourcemap: "linked",
  logLevel: "warning",
});
const { status } = spawnSync(process.execPath, ["--enable-source-maps", join(cache, `${name}.mjs`), ...options], {
  stdio: "inherit",
});
process.exit(status ?? 1);
