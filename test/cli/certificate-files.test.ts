/** Files of certificates that several runs write at once. */
import { execFile } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { build } from "esbuild";
import { afterAll, beforeAll, expect, test } from "vitest";
import { whileHeld } from "../../compiler/cli/certificate-files.js";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "held-"));
});
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

test("processes that add to a file at the same time lose nothing of each other", async () => {
  const [path, script] = [join(folder, "sum.json"), join(folder, "add.mjs")];
  writeFileSync(path, "0");
  await build({
    stdin: {
      contents: `
        import { readFileSync, writeFileSync } from "node:fs";
        import { whileHeld } from "./certificate-files.js";
        const path = process.argv[2];
        for (let i = 0; i < 50; i++)
          whileHeld({ path }, () => writeFileSync(path, String(Number(readFileSync(path, "utf8")) + 1)));`,
      resolveDir: fileURLToPath(new URL("../../compiler/cli", import.meta.url)),
    },
    bundle: true,
    platform: "node",
    format: "esm",
    outfile: script,
    logLevel: "error",
  });
  await Promise.all(Array.from({ length: 4 }, () => promisify(execFile)(process.execPath, [script, path])));
  expect(readFileSync(path, "utf8")).toBe("200");
});

test("a file is free again after a fault, and when who held it is long gone", () => {
  const path = join(folder, "a.json");
  const mark = join(folder, ".a.json.held");
  expect(() =>
    whileHeld({ path }, () => {
      expect(existsSync(mark)).toBe(true);
      throw new Error("a fault");
    }),
  ).toThrow("a fault");
  expect(existsSync(mark)).toBe(false);
  writeFileSync(mark, "");
  utimesSync(mark, new Date(0), new Date(0));
  expect(whileHeld({ path }, () => 7)).toBe(7);
  expect(existsSync(mark)).toBe(false);
});

test("where no mark can be made nothing waits", () => {
  expect(whileHeld({ path: join(folder, "no", "such", "folder.json") }, () => 7)).toBe(7);
});
