import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { explain } from "../../compiler/explain.js";
import type { CheckedDefinition } from "../../compiler/frontend/check.js";
import { readDefinitions } from "../../compiler/compile.js";

const acts = { file: "acts.def", text: readFileSync(new URL("../../acts.def", import.meta.url), "utf8") };
const source = (text: string) => ({ file: "test.def", text });

/** What stands above the plot. */
const derivation = (text: string, name: string): string => {
  const explained = explain(source(text), name, { format: "text", width: 80 });
  expect(explained.diagnostics).toEqual([]);
  return explained.text.split(/\n\n {10}\S/)[0] ?? "";
};

const display = (text: string, name: string): string[] => {
  const explained = explain(source(text), name, { format: "latex", width: 80 });
  expect(explained.diagnostics).toEqual([]);
  return [...explained.text.matchAll(/\\\[\n {2}(.*)\n\\\]/g)].map(([, formula]) => formula ?? "");
};

describe("explanations as text", () => {
  test("name each rule, in the order of the expression", () => {
    expect(derivation("gelu(x) = 0.5 * x * (1 + erf(x / sqrt(2)))", "gelu")).toBe(
      `gelu(x) = 0.5 * x * (1 + erf(x / sqrt(2)))

Normal form
  x * normcdf(x)

Derivative in x
  1. normcdf: normcdf(u)' = exp(-u^2 / 2) / sqrt(2 * pi) * u'
     (normcdf(x))'
     = exp(-x^2 / 2) / sqrt(2 * pi)
  2. product rule: (u * v)' = u' * v + u * v'
     (x * normcdf(x))'
     = normcdf(x) + x * exp(-x^2 / 2) / sqrt(2 * pi)
  dgelu/dx = normcdf(x) + x * exp(-x^2 / 2) / sqrt(2 * pi)`,
    );
  });

  test("treat learned parameters too, and tell of kinks", () => {
    expect(derivation("prelu(x; learn weight[channel] = 0.25) = where(x > 0, x, weight * x)", "prelu")).toBe(
      `prelu(x; learn weight[channel] = 0.25) = where(x > 0, x, weight * x)

Normal form
  where(x > 0, x, x * weight)

Derivative in x
  1. selection: where(c, u, v)' = where(c, u', v')
     (where(x > 0, x, x * weight))'
     = where(x > 0, 1, weight)
  dprelu/dx = where(x > 0, 1, weight)

Derivative in weight
  1. constant factor
     (x * weight)'
     = x
  2. selection: where(c, u, v)' = where(c, u', v')
     (where(x > 0, x, x * weight))'
     = min(x, 0)
  dprelu/dweight = min(x, 0)

Kinks
  at     decided by  value  left    right  chosen
  x = 0  x > 0       0      weight  1      weight`,
    );
  });

  test("say where a gradient was declared", () => {
    expect(derivation("spike(x) = where(x > 0, 1, 0)\n  grad x = exp(-x^2)", "spike")).toContain(
      "Derivative in x, as the grad clause declares it\n  exp(-x^2)",
    );
  });
});

describe("explanations in LaTeX", () => {
  test.each<[string, readonly string[]]>([
    [
      "f(x) = x * sigmoid(x)",
      [
        "\\operatorname{f}(x) = x \\, \\sigma(x)",
        "\\frac{\\partial}{\\partial x} \\operatorname{f}(x) = \\sigma(x) + x \\, \\sigma'(x)",
      ],
    ],
    [
      "f(x; negative_slope = 1/3) = where(x > 0, x, negative_slope * x)",
      [
        "\\operatorname{f}(x) = \\begin{cases} x & x > 0 \\\\ \\mathrm{negative\\_slope} \\, x & \\text{otherwise} \\end{cases}",
        "\\frac{\\partial}{\\partial x} \\operatorname{f}(x) = \\begin{cases} 1 & x > 0 \\\\ \\mathrm{negative\\_slope} & \\text{otherwise} \\end{cases}",
        "\\frac{\\partial}{\\partial x} \\operatorname{f}(x) = \\begin{cases} \\mathrm{negative\\_slope} & x \\uparrow 0 \\\\ \\mathrm{negative\\_slope} & x = 0 \\\\ 1 & x \\downarrow 0 \\end{cases}",
      ],
    ],
    [
      "f(x) = -(x + 1)^2 / (2 * x^2 + 3)",
      ["\\operatorname{f}(x) = \\frac{-\\left(x + 1\\right)^{2}}{2 \\, x^{2} + 3}", expect.any(String)],
    ],
    [
      "f(alpha_1) = 2 * 3 * (1 - (alpha_1 - 2))",
      [
        "\\operatorname{f}(\\alpha_{1}) = 2 \\cdot 3 \\, \\left(1 - \\left(\\alpha_{1} - 2\\right)\\right)",
        expect.any(String),
      ],
    ],
  ])("%s", (text, expected) => expect(display(text, "f")).toEqual(expected));
});

test("a plot fits the width and shows value and derivative", () => {
  const { text } = explain(source("relu(x) = where(x > 0, x, 0)"), "relu", { format: "plot", width: 60 });
  const lines = text.trimEnd().split("\n");
  expect(lines.filter((line) => /relu/.test(line)).map((line) => line.trim())).toEqual(["relu", "drelu/dx"]);
  expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(60);
  expect(lines.filter((line) => /^ +-5 +0 +5$/.test(line))).toHaveLength(2);
  expect(text).toMatch(/[\u2801-\u28ff]/);
});

test("an unknown name is told, with what was probably meant", () => {
  const { text, diagnostics } = explain(acts, "gleu", { format: "text", width: 80 });
  expect(text).toBe("");
  expect(diagnostics).toMatchObject([{ code: "unknown-name", severity: "error", hint: "did you mean 'gelu'?" }]);
});

test("errors of other definitions do not hide an explanation; its own are told", () => {
  const text = "relu(x) = where(x > 0, x, 0)\nbad(x) = x +\n";
  expect(explain(source(text), "relu", { format: "text", width: 80 }).diagnostics).toEqual([]);
  const { diagnostics } = explain(source(text), "bad", { format: "text", width: 80 });
  expect(diagnostics.some(({ severity, code }) => severity === "error" && code !== "unknown-name")).toBe(true);
});

describe("every standard activation is explained", () => {
  const { definitions } = readDefinitions([acts]);
  /** The definition and what it calls: short, since each explanation parses it anew. */
  const excerpt = (checked: CheckedDefinition, seen = new Set<CheckedDefinition>()): string => {
    seen.add(checked);
    const { start, end } = checked.definition.span;
    const callees = [...checked.callees.values()].filter((callee) => !seen.has(callee));
    return [acts.text.slice(start, end), ...callees.map((callee) => excerpt(callee, seen))].join("\n\n");
  };
  test.each(["text", "latex", "plot"] as const)("as %s", (format) => {
    expect(definitions.length).toBeGreaterThan(100);
    for (const checked of definitions) {
      const name = checked.definition.name.text;
      const { text, diagnostics } = explain(source(excerpt(checked)), name, { format, width: 80 });
      expect(diagnostics, name).toEqual([]);
      expect(text.length, name).toBeGreaterThan(20);
      expect(text, name).not.toMatch(/NaN|\[object|\$[abc]|#\d/);
      if (format === "plot")
        expect(Math.max(...text.split("\n").map((line) => line.length)), name).toBeLessThanOrEqual(80);
      if (format !== "latex") continue;
      const count = (pattern: RegExp): number => text.match(pattern)?.length ?? 0;
      expect(count(/\{/g), name).toBe(count(/\}/g));
      expect(count(/\\left\b/g), name).toBe(count(/\\right\b/g));
    }
  });
});
