/** What is known without computing: signs, symmetries, values at simple fractions. */
import { describe, expect, it } from "vitest";
import { even, exactValue, odd } from "../../compiler/algebra/exact-values.js";
import { signOf } from "../../compiler/algebra/sign.js";
import { apply, type Bounds, inFreshGraph, Space, variable } from "../../compiler/ir/expr.js";
import { rational, toNumber } from "../../compiler/ir/rational.js";
import { sampler } from "../../compiler/numerics/sample.js";
import { instantiate } from "../../compiler/primitives/formula.js";
import { primitive, primitives, type PrimitiveName } from "../../compiler/primitives/table.js";

const isName = (name: string): name is PrimitiveName => name in primitives;
const unary = Object.keys(primitives)
  .filter(isName)
  .filter((name) => primitive(name).operands.join() === "number" && primitive(name).result === "number");

const bounds = (low: number, high: number, lowClosed: boolean, highClosed: boolean): Bounds => ({
  low,
  high,
  lowClosed,
  highClosed,
});
/** Ranges and numbers in them, their closed ends included. */
const ranges: readonly (readonly [Bounds | null, readonly number[]])[] = [
  [null, [-3, -1, -0.4, 0, 0.3, 1, 2.5]],
  [bounds(0, Infinity, true, false), [0, 0.3, 1, 2.5]],
  [bounds(0, Infinity, false, false), [0.3, 1, 2.5]],
  [bounds(-Infinity, 0, false, true), [-3, -1, -0.4, 0]],
  [bounds(-2, 0, true, false), [-2, -1, -0.4]],
  [bounds(2, 3, true, true), [2, 2.5, 3]],
];

describe("what is known of a sign is so", () => {
  const binary = [
    "a + b",
    "a - b",
    "a * b",
    "a / b",
    "a * a",
    "where(b > 1, a, -b)",
    "where(b > 1, a, b)",
    "hypot(a, b)",
  ];
  const formulas = [...unary.map((name) => `${name}(a)`), "a^2", "a^3", "a^-2", "pow(a, 1.5)", "1 / a", ...binary];

  it.each(formulas)("%s", (text) => {
    for (const [ofA, as] of ranges) {
      for (const [ofB, bs] of text.includes("b)") || text.includes("b ") || text.endsWith("b")
        ? ranges
        : [ranges[0]!]) {
        inFreshGraph(() => {
          const [a, b] = [variable("a", "input", Space.element, ofA), variable("b", "input", Space.element, ofB)];
          const node = instantiate(
            text,
            new Map([
              ["a", a],
              ["b", b],
            ]),
            apply,
          );
          const { nonnegative, nonpositive, nonzero } = signOf(node);
          const value = sampler(node, [a, b], "binary64");
          for (const at of as.flatMap((x) => bs.map((y) => [x, y]))) {
            const found = value(at);
            // At a pole, or outside of the domain, there is no sign.
            if (!Number.isFinite(found)) continue;
            const message = `at ${at.join()}`;
            if (nonnegative) expect(found, message).toBeGreaterThanOrEqual(0);
            if (nonpositive) expect(found, message).toBeLessThanOrEqual(0);
            if (nonzero) expect(found === 0, message).toBe(false);
          }
        });
      }
    }
  });

  it.each(["a + b", "b + a", "a * b", "3 * a + abs(b)", "sqrt(a) + b^2", "exp(b) * a", "tanh(a) + sigmoid(b)"])(
    "%s is above 0 for a > 0 and b >= 0 where it can be told",
    (text) => {
      inFreshGraph(() => {
        const a = variable("a", "input", Space.element, bounds(0, Infinity, false, false));
        const b = variable("b", "input", Space.element, bounds(0, Infinity, true, false));
        const { nonnegative, nonzero } = signOf(
          instantiate(
            text,
            new Map([
              ["a", a],
              ["b", b],
            ]),
            apply,
          ),
        );
        expect([nonnegative, nonzero]).toEqual([true, text !== "a * b"]);
      });
    },
  );
});

it.each(unary)("%s has the values and the symmetry that it is said to have", (name) => {
  const { sample } = primitive(name);
  const at = (x: number): number => sample(x, NaN, NaN);
  for (const [n, d] of [
    [0, 1],
    [1, 1],
    [-1, 1],
    [1, 2],
    [-1, 2],
    [3, 2],
    [-5, 2],
    [4, 9],
    [2, 1],
    [-7, 3],
  ] as const) {
    const exact = exactValue(name, rational(n, d));
    if (exact) expect(toNumber(exact), `at ${n}/${d}`).toBeCloseTo(at(n / d), 14);
    const sign = odd.has(name) ? -1 : even.has(name) ? 1 : NaN;
    if (!Number.isNaN(sign) && !Number.isNaN(at(n / d))) expect(at(-n / d)).toBeCloseTo(sign * at(n / d), 14);
  }
});
