/** Forms that are fit to be computed with are the same functions as what they stand for. */
import { describe, expect, it } from "vitest";
import { typescript } from "../../compiler/backend/dialects/typescript.js";
import { wgsl } from "../../compiler/backend/dialects/wgsl.js";
import { lower } from "../../compiler/backend/lower.js";
import { pairFormOf } from "../../compiler/backend/pair-form.js";
import { normalise } from "../../compiler/algebra/normalise.js";
import { apply, inFreshGraph, isApplication, reachable, Space, variable } from "../../compiler/ir/expr.js";
import { sampler } from "../../compiler/numerics/sample.js";
import { instantiate, instantiateRow } from "../../compiler/primitives/formula.js";
import { primitive, primitives, type PrimitiveName } from "../../compiler/primitives/table.js";
import { formOf, spellingOf } from "../../compiler/printing/print.js";

const isName = (name: string): name is PrimitiveName => name in primitives;
const arguments_ = [-300, -100, -80, -20, -14.5, -6.25, -1.5, -0.3, 0.2, 1, 5.75, 9.5, 14.5, 20, 80, 100, 300];

/** To some 40 bits; what is smaller than any float32 may be any such number. */
function expectAlike(actual: number, expected: number, message: string): void {
  if (!Number.isFinite(expected)) return;
  expect(Math.abs(actual - expected), message).toBeLessThanOrEqual(1e-12 * Math.abs(expected) + 1e-46);
}

describe("what a target computes in the place of a primitive", () => {
  const forms = Object.keys(primitives)
    .filter(isName)
    .flatMap((name) =>
      Object.entries({
        TypeScript: formOf(typescript, name),
        WGSL: formOf(wgsl, name),
        pairs: pairFormOf(name),
      }).flatMap(([target, text]) => (text === undefined ? [] : [[name, target, text] as const])),
    );
  it.each(forms)("%s in %s", (name, target, text) => {
    inFreshGraph(() => {
      const operands = ["a", "b"].map((letter) => variable(letter, "input", Space.element));
      const form = sampler(instantiateRow(text, operands, apply), operands, "binary64");
      // Pairs are for what float32 has; there the exponential below 0 is asked for.
      const most = target !== "pairs" ? Infinity : name === "bounded_exp" ? 40 : 80;
      for (const a of arguments_.filter((each) => Math.abs(each) <= most)) {
        const b = primitive(name).operands.length > 1 ? 0.75 : NaN;
        expectAlike(form([a, b]), primitive(name).sample(a, b, NaN), `at ${a}`);
      }
    });
  });
});

describe("what is lowered", () => {
  it.each([
    ...["cosh(x) / 4", "sinh(x) / 4", "sinh(x) * y / 3", "cosh(x * y) / 7", "x^3 / 8", "(x + y) / 4", "(x - y) / 3"],
    ...[
      "5 * x^3",
      "-x * y^2 / 3",
      "x^-3",
      "x^7 * y",
      "pi * x / sqrt(2)",
      "3 * x^2 * y^2",
      "-2.5 * x^5",
      "x / 7 + y / 3",
    ],
  ])("%s", (text) => {
    inFreshGraph(() => {
      const [x, y] = [variable("x", "input", Space.element), variable("y", "input", Space.element)];
      const tree = instantiate(text, new Map([x, y].map((each) => [each.name, each])), apply);
      for (const dialect of [typescript, wgsl]) {
        const form = lower(normalise(tree), {
          spells: (name) => spellingOf(dialect, name) !== undefined,
          formOf: (name) => formOf(dialect, name),
          nanFrom: new Set(),
          definition: tree,
          narrow: dialect === wgsl,
        });
        const [before, after] = [tree, form].map((each) => sampler(each, [x, y], "binary64"));
        for (const at of [-5, -1.25, -0.3, 0.4, 1, 2.75].flatMap((a) => [-2, 0.7, 3].map((b) => [a, b]))) {
          expectAlike(after!(at), before!(at), `at ${at.join()}`);
        }
      }
    });
  });
});

describe("branches on the two sides of zero", () => {
  const lowered = (text: string, dialect = wgsl) => {
    const x = variable("x", "input", Space.element);
    const form = lower(normalise(instantiate(text, new Map([[x.name, x]]), apply)), {
      spells: (name) => spellingOf(dialect, name) !== undefined,
      formOf: (name) => formOf(dialect, name),
      nanFrom: new Set(),
      narrow: dialect === wgsl,
    });
    const branches = reachable([form]).filter((node) => isApplication(node, "where")).length;
    return { branches, run: sampler(form, [x], "binary64") };
  };
  it.each([
    ["where(x >= 0, 1 / sqrt(x), 1 / sqrt(-x))", Infinity],
    ["where(x < 0, 1 / sqrt(-x), 1 / sqrt(x))", Infinity],
    ["where(x > 0, exp(-x) * x / 2, -exp(x) * x / 2)", 0],
    ["where(x <= 0, 1 / (1 - x), 1 / (1 + x))", 1],
  ])("%s is computed from |x|", (text, atZero) => {
    inFreshGraph(() => {
      const { branches, run } = lowered(text);
      expect(branches).toBe(0);
      expect([run([0]), run([-0])]).toEqual([atZero, atZero]);
      for (const x of [0.25, 3, 40]) expect(run([-x])).toBe(run([x]));
    });
  });
  it.each(["where(x >= 0, sqrt(x), -sqrt(-x))", "where(x >= 0, exp(-x), x)", "where(x >= 1, exp(-x), exp(x))"])(
    "%s stays as it is",
    (text) => {
      inFreshGraph(() => expect(lowered(text).branches).toBe(1));
    },
  );
});
