// Bundles the check and its part for Deno from their sources, and runs it.
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const here = fileURLToPath(new URL(".", import.meta.url));
const cache = join(here, "..", ".cache");
const shared = { outdir: cache, outExtension: { ".js": ".mjs" }, bundle: true, format: "esm", logLevel: "warning" };
await build({
  ...shared,
  entryPoints: [
    { in: join(here, "main.ts"), out: "second-driver" },
    { in: join(here, "halves.ts"), out: "second-driver-f16" },
  ],
  platform: "node",
  target: "node20",
  packages: "external",
  sourcemap: "linked",
});
// Deno has the globals that the package webgpu brings to Node.
const globals = {
  name: "globals",
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^webgpu$/ }, () => ({ path: "webgpu", namespace: "globals" }));
    onLoad({ filter: /.*/, namespace: "globals" }, () => ({ contents: "export const globals = {};" }));
  },
};
await build({
  ...shared,
  entryPoints: [{ in: join(here, "deno.ts"), out: "second-driver-deno" }],
  platform: "neutral",
  external: ["node:*"],
  plugins: [globals],
});
const given = process.argv.slice(2);
const program = given.includes("--f16") ? "second-driver-f16.mjs" : "second-driver.mjs";
const { status } = spawnSync(
  process.execPath,
  ["--enable-source-maps", join(cache, program), ...given.filter((flag) => flag !== "--f16")],
  { stdio: "inherit" },
);
process.exit(status ?? 1);
