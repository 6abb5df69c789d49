import { createHash } from "node:crypto";
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/**
 * Names this build of the compiler: a digest of its own code, of what it formats and prints with, and of the engine.
 * Contents, not times: packages unpack with equal times, and versions of equal length differ.
 */
export function buildName(): string | undefined {
  const hash = createHash("sha256").update(process.version);
  const compiler = join(dirname(fileURLToPath(import.meta.url)), "..");
  for (const folder of [compiler, join(compiler, "..", "grammar")]) {
    const files = readdirSync(folder, { recursive: true, encoding: "utf8" });
    for (const file of files.filter((name) => /\.[jt]s$/.test(name) && !name.endsWith(".d.ts")).sort()) {
      hash.update(`\n${file}\n`).update(readFileSync(join(folder, file)));
    }
  }
  const require = createRequire(import.meta.url);
  for (const dependency of ["prettier", "ts-morph", "nearley", "moo"]) {
    const manifest = manifestOf(dependency, require);
    if (manifest === undefined) return undefined;
    hash.update(readFileSync(manifest));
  }
  return hash.digest("hex").slice(0, 32);
}

function manifestOf(dependency: string, require: NodeJS.Require): string | undefined {
  for (const modules of require.resolve.paths(dependency) ?? []) {
    const file = join(modules, dependency, "package.json");
    if (existsSync(file)) return file;
  }
  return undefined;
}
