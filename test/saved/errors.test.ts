/** The errors of gradients from the output: as docs/memory.md has them, and no wrong formula passes. */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { keeps, measured } from "../../bench/memory/measured.js";
import { page, type Table } from "../../bench/memory/page.js";
import { activationsOf } from "../../compiler/verify.js";
import { errorsFromOutput } from "../../compiler/verification/from-output.js";
import type { BatchKernel } from "../../compiler/verification/measurement.js";

const read = (path: string): string => readFileSync(new URL(`../../${path}`, import.meta.url), "utf8");
const source = { file: "acts.def", text: read("acts.def") };
const table: Table = JSON.parse(read("bench/memory/measured.json"));
const quick = { stratified: 1000, density: "sparsest" } as const;

it("docs/memory.md is what `npm run memory` writes", () => {
  expect(read("docs/memory.md")).toBe(page(keeps(source), table));
});

it("finds no larger errors than the table has, in the same kernels", async () => {
  const found = await measured(source, ["relu", "sigmoid", "tlu", "softmax"], quick);
  for (const [name, now] of Object.entries(found)) {
    const then = table.activations[name];
    if (!then || "rows" in now || "rows" in then) {
      expect(now).toEqual(then);
      continue;
    }
    for (const [column, on] of Object.entries(now.columns)) {
      for (const target of ["ts", "wgsl"] as const) {
        const [a, b] = [on[target], then.columns[column]![target]];
        expect(a.kernel, `${name} in ${target} has changed: npm run memory`).toBe(b.kernel);
        expect(a.formula.error).toBeLessThanOrEqual(b.formula.error + 1e-3);
        expect(a.whole.error).toBeLessThanOrEqual(b.whole.error + 1e-3);
        expect(a.absolute.error).toBeLessThanOrEqual(b.absolute.error + 1e-3);
      }
    }
  }
});

describe("a wrong kernel is off", () => {
  const map =
    (f: (x: number) => number): BatchKernel =>
    ([values = new Float32Array()]) =>
      values.map(f);
  const sigmoid = map((x) => 1 / (1 + Math.exp(-x)));
  const elu = map((x) => (x > 0 ? x : Math.expm1(x)));
  const errors = (text: string, forward: BatchKernel, backward: BatchKernel, parameters: readonly number[] = []) =>
    activationsOf([{ file: "a.def", text }])("a", (activation) =>
      errorsFromOutput(activation, "x", { target: "ts", forward, backward }, parameters, quick),
    );

  it("not where it is right", () => {
    const { formula, absolute } = errors(
      "a(x) = sigmoid(x)\n",
      sigmoid,
      map((y) => y * (1 - y)),
    );
    expect(formula.error).toBeLessThan(0.51);
    expect(absolute.error).toBeLessThan(0.51);
  });

  it.each<readonly [string, (y: number) => number]>([
    ["another sign", (y) => y * (1 + y)],
    ["the derivative of tanh", (y) => 1 - y * y],
    ["rounded on the way", (y) => y - Math.fround(y * y)],
    ["off by 2^-20", (y) => y * (1 - y) * (1 + 2 ** -20)],
  ])("by %s", (_, wrong) => {
    expect(errors("a(x) = sigmoid(x)\n", sigmoid, map(wrong)).formula.error).toBeGreaterThan(0.6);
  });

  it("by the other side of a kink", () => {
    const { formula, whole } = errors(
      "a(x) = where(x > 0, x, exp(x) - 1)\n",
      elu,
      map((y) => (y > -0.1 ? 1 : y + 1)),
    );
    expect(formula.error).toBeGreaterThan(1e5);
    expect(whole.error).toBeGreaterThan(1e5);
  });
});
