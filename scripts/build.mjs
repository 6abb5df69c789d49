// Builds dist/ afresh, with whichever TypeScript this package depends on (another may own node_modules/.bin/tsc).
import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, readdirSync, renameSync, rmSync, statSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const dist = join(root, "dist");

function typescriptCompiler() {
  try {
    return createRequire(import.meta.url).resolve("typescript/bin/tsc");
  } catch {
    return undefined;
  }
}

const tsc = typescriptCompiler();
if (tsc === undefined) {
  // Installed without development dependencies: what was built before must do.
  if (existsSync(join(dist, "compiler", "cli", "main.js"))) process.exit(0);
  console.error("dist/ cannot be built without the development dependencies: run 'npm ci' without '--omit=dev'");
  process.exit(1);
}

const fresh = join(root, `dist.${process.pid}.tmp`);
const { status } = spawnSync(process.execPath, [tsc, "-p", join(root, "tsconfig.build.json"), "--outDir", fresh], {
  stdio: "inherit",
  cwd: root,
});
if (status !== 0) {
  rmSync(fresh, { recursive: true, force: true });
  process.exit(status ?? 1);
}
chmodSync(join(fresh, "compiler", "cli", "main.js"), 0o755);
rmSync(dist, { recursive: true, force: true });
renameSync(fresh, dist);
