/**
 * The error analysis says no less than the truth: forms computed in float32, every operation rounded, against binary64. What
 * functions are given is exact, or has an error relative to itself, or one that a sum has cancelled down to.
 */
import { describe, expect, it } from "vitest";
import { type ArithmeticModel, float32 } from "../../compiler/backend/accuracy/arithmetic.js";
import { analyseErrors } from "../../compiler/backend/accuracy/error.js";
import { apply, constant, inFreshGraph, Space, variable } from "../../compiler/ir/expr.js";
import { sampler } from "../../compiler/numerics/sample.js";
import { instantiate } from "../../compiler/primitives/formula.js";
import { words } from "../activations/points.js";

/** A function here has the error of its rounding alone. */
const model: ArithmeticModel = { ...float32, errorOf: () => 1 };

const operands = {
  "with a relative error": "x / 3 * 1.1 * 1.3 * 0.7 * 1.9",
  "left of a sum": "x / 3 - y / 7",
  "left of much larger terms": "(x + 100 * y) / 3 - 100 * y / 3",
} as const;

const forms: readonly string[] = [
  ...["exp(u)", "expm1(u)", "log(u)", "log1p(u)", "sqrt(u)", "cbrt(u)", "sigmoid(u)", "logistic(u)", "softplus(u)"],
  ...["tanh(u)", "erf(u)", "erfc(u)", "normcdf(u)", "normpdf(u)", "sin(u)", "cos(u)", "atan(u)", "asinh(u)", "sinh(u)"],
  ...["cosh(u)", "asin(u / 8)", "acos(u / 8)", "atanh(u / 8)", "pow(u, 2.5)", "hypot(u, x)", "logaddexp(u, y)"],
  ...[
    "u * y",
    "y * u",
    "u * u",
    "y / u",
    "u / y",
    "u + y",
    "u - y",
    "exp(u) - exp(y)",
    "where(u > 0, u, y)",
    "abs(u) * y",
  ],
  ...["logistic_moment(u)", "gelu_slope(u)", "1 / sqrt(u)", "u * exp(u)", "exp(u) / (1 + exp(u))", "log(1 + exp(u))"],
  "log(1.125 + x * x)",
];

const cases = forms.flatMap((form) => Object.entries(operands).map(([kind, u]) => [form, kind, u] as const));

describe("an error is no larger than its bound", () => {
  it.each(cases)("%s, u %s", (form, _, u) => {
    inFreshGraph(() => {
      const random = words(form.length);
      const between = (low: number, high: number): number => Math.fround(low + ((high - low) * random()) / 2 ** 32);
      const [x, y] = [variable("x", "input", Space.element), variable("y", "input", Space.element)];
      const names = new Map([x, y].map((each) => [each.name, each]));
      const root = instantiate(form, new Map([...names, ["u", instantiate(u, names, apply)]]), apply);
      const { relative, weight, scale, absolute, size } = analyseErrors(model).factsOf(root);
      const [computed, exact] = (["binary32", "binary64"] as const).map((each) => sampler(root, [x, y], each));
      const scaleAt = sampler(scale ?? constant(0), [x, y], "binary64");
      const faults: string[] = [];
      let compared = 0;
      for (let i = 0; i < 400; i++) {
        const at = [between(-12, 12), i % 3 === 0 ? between(-0.5, 0.5) : between(-5, 5)];
        const [actual, expected] = [computed!(at), exact!(at)];
        if (!Number.isFinite(actual) || !Number.isFinite(expected) || Math.abs(expected) < 2 ** -100) continue;
        compared++;
        const bound = (relative * Math.abs(expected) + weight * scaleAt(at)) * 2 ** -model.digits + absolute;
        const [least, most] = (expected < 0 ? size.negative : size.positive) ?? [Infinity, -Infinity];
        const log = Math.log2(Math.abs(expected));
        // To first order.
        const isBounded = Math.abs(actual - expected) <= 1.001 * bound;
        if (!isBounded || log < least - 1e-6 || log > most + 1e-6)
          faults.push(`at ${at.join()}: ${actual} for ${expected}, bound ${bound}, size ${least}..${most}`);
      }
      expect(faults.slice(0, 3)).toEqual([]);
      expect(compared).toBeGreaterThan(100);
    });
  });
});
