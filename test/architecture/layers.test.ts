import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** The layers of the compiler, each of which may import those before it (and itself). */
const order = [
  ["compiler/machine"],
  ["grammar"],
  ["compiler/ir", "compiler/primitives"],
  ["compiler/algebra"],
  ["compiler/printing", "compiler/numerics"],
  ["compiler/calculus"],
  ["compiler/frontend"],
  ["compiler/backend"],
  ["compiler/verification"],
  ["compiler"],
  ["compiler/cli"],
];

/** Files that every layer may use: positions, diagnostics, names, digests, decisions. */
const everywhere = new Set(
  ["decisions", "source", "diagnostics", "names", "reserved-names", "sha256", "suggestion", "version"].map(
    (name) => `compiler/${name}.ts`,
  ),
);

function sources(folder: string): string[] {
  return readdirSync(join(root, folder), { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && /\.(ts|mts)$/.test(entry.name))
    .map((entry) => relative(root, join(entry.parentPath, entry.name)).replaceAll("\\", "/"));
}

/** What a file imports: other files as paths from the root, packages as they are written. */
function imports(file: string): string[] {
  const text = readFileSync(join(root, file), "utf8");
  return [...text.matchAll(/^(?:import|export)[^"'`;]*?from "([^"]+)"|^import "([^"]+)"|\bimport\("([^"]+)"\)/gm)].map(
    (match) => {
      const specifier = match[1] ?? match[2] ?? match[3] ?? "";
      if (!specifier.startsWith(".")) return specifier;
      return relative(root, resolve(root, dirname(file), specifier))
        .replaceAll("\\", "/")
        .replace(/\.js$/, ".ts");
    },
  );
}

function layerOf(file: string): number {
  const fits = order.map((names, i) => ({
    i,
    length: Math.max(0, ...names.filter((name) => file.startsWith(`${name}/`)).map(({ length }) => length)),
  }));
  return fits.reduce((best, each) => (each.length > best.length ? each : best), { i: -1, length: 0 }).i;
}

describe("imports point one way", () => {
  test.each([...sources("grammar"), ...sources("compiler")])("%s", (file) => {
    const own = layerOf(file);
    for (const imported of imports(file)) {
      if (!/^(grammar|compiler|runtime|generated|test)\//.test(imported) || everywhere.has(imported)) continue;
      expect(imported, `${file} imports ${imported}`).toMatch(/^(grammar|compiler)\//);
      expect(layerOf(imported), `${file} imports ${imported}`).toBeLessThanOrEqual(own);
    }
  });

  test("runtime/ knows itself alone", () => {
    for (const file of sources("runtime")) {
      for (const imported of imports(file)) expect(imported, file).toMatch(/^runtime\//);
    }
  });

  test("generated/ imports the runtime at most", () => {
    for (const file of sources("generated")) {
      for (const imported of imports(file))
        expect(imported, file).toMatch(/^generated\/|^activation-compiler\/runtime$/);
    }
  });

  test("the compiler proper touches no file system and no process", () => {
    for (const file of [...sources("grammar"), ...sources("compiler")]) {
      if (file.startsWith("compiler/cli/")) continue;
      expect(
        imports(file).filter((name) => name.startsWith("node:")),
        file,
      ).toEqual([]);
      expect(readFileSync(join(root, file), "utf8"), file).not.toMatch(/\bprocess\.(?!argv\[2\])/);
    }
  });
});
