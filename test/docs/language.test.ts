/** The language reference against the compiler: its definitions, its codes, and the facts that are easily lost. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { compile } from "../../compiler/compile.js";
import type { Diagnostic } from "../../compiler/diagnostics.js";
import { maximumExpandedNesting, maximumExpandedSize } from "../../compiler/frontend/check-graph.js";
import { maximumNameLength, maximumNesting, maximumTokens } from "../../compiler/frontend/parse-limits.js";
import { builtinNames } from "../../compiler/primitives/builtins.js";

const root = fileURLToPath(new URL("../..", import.meta.url));
const page = readFileSync(join(root, "docs/language.md"), "utf8");

async function diagnosticsOf(text: string): Promise<readonly Diagnostic[]> {
  const { diagnostics } = await compile([{ file: "page.def", text }], { targets: ["ts", "wgsl", "module"] });
  return diagnostics;
}

const codes = (diagnostics: readonly Diagnostic[], severity: Diagnostic["severity"]): string[] => [
  ...new Set(diagnostics.filter((each) => each.severity === severity).map(({ code }) => code)),
];

const section = (title: string): string => {
  const start = page.indexOf(`\n## ${title}\n`);
  if (start < 0) throw new Error(`the page has no section '${title}'`);
  const end = page.indexOf("\n## ", start + 1);
  return page.slice(start, end < 0 ? undefined : end);
};

/** The cells of a section's rows, without the headings. */
const rows = (title: string): string[][] =>
  section(title)
    .split("\n")
    .filter((line) => line.startsWith("| "))
    .map((line) => line.slice(2, -2).split(" | "))
    .slice(1);

/** The lines of a definition in a cell, each a span of code. */
const definition = (cell = ""): string => [...cell.matchAll(/`([^`]+)`/g)].map((match) => match[1]).join("\n");

const codeOf = (cell = ""): string => definition(cell);

const blocks = [...page.matchAll(/^```\n([\s\S]*?)^```$/gm)].map((match) => match[1] ?? "");

describe("definitions of the page", () => {
  test("are there", () => expect(blocks.length).toBeGreaterThanOrEqual(3));

  test.each(blocks)("compile: %s", async (text) => {
    expect(codes(await diagnosticsOf(text), "error")).toEqual([]);
  });

  test.each(rows("Not compiled yet").map(([, example]) => definition(example)))("not yet: %s", async (text) => {
    expect(codes(await diagnosticsOf(text), "error")).toEqual(["unsupported"]);
  });

  test.each(rows("Warnings").map(([code, , example]) => [codeOf(code), definition(example)] as const))(
    "%s: %s",
    async (code, text) => {
      const found = await diagnosticsOf(text);
      expect(codes(found, "warning")).toContain(code);
      expect(codes(found, "error")).toEqual([]);
    },
  );

  test.each(rows("Errors").map(([code, example]) => [codeOf(code), definition(example)] as const))(
    "%s: %s",
    async (code, text) => {
      expect(codes(await diagnosticsOf(text), "error")).toEqual([code]);
    },
  );
});

describe("codes of the page", () => {
  const compiler = join(root, "compiler");
  const sources = readdirSync(compiler, { recursive: true, encoding: "utf8" })
    .filter((path) => path.endsWith(".ts") && !path.startsWith("cli"))
    .map((path) => ({ path: path.replaceAll("\\", "/"), text: readFileSync(join(compiler, path), "utf8") }));
  const named = new Set([...page.matchAll(/`([a-z]+(?:-[a-z]+)+|unsupported)`/g)].map((match) => match[1] ?? ""));

  test("exist in the source", () => {
    expect(named.size).toBeGreaterThan(40);
    const literals = new Set(
      sources.flatMap(({ text }) => [...text.matchAll(/"([a-z]+(?:-[a-z]+)*)"/g)].map((match) => match[1] ?? "")),
    );
    expect([...named].filter((code) => !literals.has(code))).toEqual([]);
  });

  test("are all the warnings there are", () => {
    const warnings = sources.flatMap(({ path, text }) => {
      const pattern = path.startsWith("analysis/") ? /\bcode: "([a-z-]+)"/g : /"(unused-[a-z]+)"/g;
      return [...text.matchAll(pattern)].map((match) => match[1] ?? "");
    });
    const listed = rows("Warnings").map(([code]) => codeOf(code));
    expect([...new Set(warnings)].sort()).toEqual([...listed].sort());
  });
});

describe("limits of the page", () => {
  const chain = (count: number): string =>
    `f0(x) = x + 1\n${Array.from({ length: count }, (_, i) => `f${i + 1}(x) = f${i}(x) * f${i}(x)`).join("\n")}`;

  test.each([
    ["definition-too-long", `f(x) = x${" + x".repeat(60_000)}`],
    ["nested-too-deep", `f(x) = ${"(".repeat(501)}x${")".repeat(501)}`],
    ["expansion-too-large", chain(40)],
    ["name-too-long", `${"f".repeat(201)}(x) = x`],
    ["number-too-long", `f(x) = x + 0.${"1".repeat(1001)}`],
    ["number-out-of-range", "f(x) = x * 1e309"],
    ["number-out-of-range", "f(x) = x * 1e-2001"],
  ])("%s", async (code, text) => {
    expect(section("Limits")).toContain(`\`${code}\``);
    expect(codes(await diagnosticsOf(text), "error")).toContain(code);
  });

  test("are the compiler's", () => {
    const numbers = [maximumTokens, maximumNesting, maximumExpandedNesting, maximumExpandedSize, maximumNameLength];
    expect(numbers).toEqual([100_000, 500, 1000, 100_000, 200]);
    const said = section("Limits").replaceAll(",", "");
    for (const number of numbers) expect(said).toMatch(new RegExp(`\\b${number}\\b`));
  });
});

describe("what the page says in passing", () => {
  test("every built-in function is listed, and nothing else", () => {
    const table = section("Expressions")
      .split("\n")
      .filter((line) => /^\| (?!built|constants|-)/.test(line))
      .flatMap((line) => [...line.matchAll(/`([a-z_0-9]+)[`([]/g)].map((match) => match[1] ?? ""));
    expect([...new Set(table)].sort()).toEqual([...builtinNames()].sort());
  });

  test.each([
    "f(x) = where(1 >= x > 0, .5 * x, 3.)",
    "f(x; a = max(1, 2) in [0, sqrt(4)]) = a * x",
    "f(sum; learn = 2, in = 3, train = 4) = sum * learn * in * train",
    "f(x) = x\r  class F\rg(x) = 2 * x",
    "\uFEFF### plain\n## doc\n\nf(x) =\n\tmax(x,\n# anywhere\n  0\n)\n",
    "",
  ])("compiles: %j", async (text) => {
    expect(codes(await diagnosticsOf(text), "error")).toEqual([]);
  });

  test.each([
    ["f(x; axis d = 1000) = x / sum[d](exp(x))", "axis-not-integer"],
    ["f(x; a_b = 1, aB = 2) = a_b * aB * x", "name-collision"],
    ["relu(x) = max(x, 0)\nreLU(x) = max(x, 0)", "name-collision"],
    ["f(x) = where(x == 1 == 2, x, 0)", "comparison-chain"],
  ])("%j is an error: %s", async (text, code) => {
    expect(codes(await diagnosticsOf(text), "error")).toEqual([code]);
  });

  test("documentation is what stands directly above", async () => {
    const text = "## one\n\n## two\nf(x) = x\n## three\n# plain\ng(x) = x\n";
    const { files } = await compile([{ file: "page.def", text }], { targets: ["module"] });
    const words = (path: string) => /one|two|three/.exec(files.find((file) => file.path === path)?.text ?? "")?.[0];
    expect([words("f.module.ts"), words("g.module.ts")]).toEqual(["two", undefined]);
  });

  test("generated names are as listed", async () => {
    const text = ["leaky_relu(x; negative_slope = 0.01) = where(x > 0, x, negative_slope * x)"]
      .concat(["default", "vec4", "index"].map((name) => `${name}(x) = x`))
      .join("\n");
    const { files } = await compile([{ file: "page.def", text }], { targets: ["ts", "wgsl", "module"] });
    const textOf = (path: string): string => files.find((file) => file.path === path)?.text ?? "";
    const names = section("Generated names");
    for (const path of [
      "leaky_relu.ts",
      "leaky_relu.wgsl",
      "leaky_relu.wgsl.ts",
      "leaky_relu.module.ts",
      "index_.ts",
    ]) {
      expect(names).toContain(`\`${path}\``);
      expect(textOf(path)).not.toBe("");
    }
    for (const name of ["leakyReluForward", "leakyReluBackward", "leakyReluForward64", "leakyReluBackward64"]) {
      expect(textOf("leaky_relu.ts")).toContain(`export function ${name}(`);
    }
    expect(textOf("leaky_relu.ts")).toContain("negativeSlope: number");
    expect(textOf("leaky_relu.wgsl")).toContain("fn leaky_relu(x: f32, negative_slope: f32)");
    expect(textOf("leaky_relu.wgsl")).toContain("fn leaky_relu_backward(");
    expect(textOf("leaky_relu.module.ts")).toContain("export class LeakyRelu ");
    expect(textOf("leaky_relu.module.ts")).toContain("export function leakyRelu(");
    expect(textOf("default.module.ts")).toContain("export function default_(");
    expect(textOf("vec4.wgsl")).toContain("fn vec4_(");
    expect(textOf("vec4.module.ts")).toContain("export function vec4(");
    expect(textOf("manifest.json")).toContain('"name": "negative_slope"');
  });
});
