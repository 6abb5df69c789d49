/** Limits where a formula is 0 / 0, as an expression. */
import { describe, expect, it } from "vitest";
import { normalise } from "../../compiler/algebra/normalise.js";
import { differentiate } from "../../compiler/calculus/differentiate.js";
import { isZero, limit } from "../../compiler/calculus/limit.js";
import { limitInNumbers } from "../../compiler/calculus/limit-in-numbers.js";
import { apply, constant, type Expr, inFreshGraph, substitute } from "../../compiler/ir/expr.js";
import * as R from "../../compiler/ir/rational.js";
import { formulaText } from "../../compiler/printing/definition-text.js";
import { transplant } from "../../compiler/ir/transplant.js";
import { activationOfText } from "../verification/activations.js";

/** What is found for a body in x at 0, next to what is meant, in the same graph. */
function atZero(body: string, meant: string, find: (body: Expr, x: Expr & { readonly kind: "variable" }) => unknown) {
  return inFreshGraph(() => {
    const { body: given, inputs } = activationOfText(`f(x) = ${body}`);
    const { body: expected } = activationOfText(`g(x) = ${meant} + 0 * x`);
    const graph = transplant([given, expected, inputs[0]!]);
    const [root, value, x] = [given, expected, inputs[0]!].map((each) => normalise(graph.of(each)));
    if (x?.kind !== "variable") throw new Error("the input is no variable");
    return { found: find(root!, x), expected: value };
  });
}

describe("the limit at 0", () => {
  it.each([
    ["sin(x) / x", "1"],
    ["(exp(x) - 1 - x) / x^2", "1 / 2"],
    ["log((exp(x) - 1) / x)", "0"],
    ["sqrt(tanh(x) / x)", "1"],
    ["exp(2 * (1 - cos(x)) / x^2)", "exp(1)"],
    ["sqrt(sin(x) / x) * (cosh(x) - 1) / x^2", "1 / 2"],
    ["1 / (1 + log(x / atan(x)))", "1"],
  ])("of %s is %s", (body, meant) => {
    const { found, expected } = atZero(body, meant, (root, x) => limit(root, x, constant(0)));
    expect(found).toBe(expected);
  });

  it.each(["1 / x", "log(x * sin(x))", "floor(sin(x) / x)", "sign(x / sin(x) - 1)", "exp(1 / x)", "x * log(x)"])(
    "of %s is not decided",
    (body) => {
      expect(atZero(body, "0", (root, x) => limit(root, x, constant(0))).found).toBeUndefined();
    },
  );
});

describe("the derivative where an equality sets the value apart", () => {
  it.each([
    ["where(x == 0, 1, sin(x) / x)", "0"],
    ["where(x == 0, 0, log((exp(x) - 1) / x))", "1 / 2"],
    ["where(x == 0, 1, sqrt((exp(x) - 1) / x))", "1 / 4"],
    ["where(x == 0, 1, exp(log(1 + x) / x - 1))", "-1 / 2"],
    // No rule finds these, numbers do.
    ["where(x == 0, 1, where(x > 0, acosh(1 + x) / sqrt(2 * x), acos(1 + x) / sqrt(-2 * x)))", "-1 / 12"],
    ["where(x == 0, 1 / sqrt(2), sin(sqrt(x^2) / sqrt(2)) / sqrt(x^2))", "0"],
    // The value jumps.
    ["where(x == 0, 2, log((exp(x) - 1) / x))", "0"],
  ])("of %s is %s", (body, meant) => {
    const { found, expected } = atZero(body, meant, (root, x) =>
      normalise(substitute(differentiate(root, x), new Map<Expr, Expr>([[x, constant(0)]]))),
    );
    expect(found).toBe(expected);
  });
});

it.each([
  ["where(x == 0, n, ((1 + x)^n - 1) / x)", "n * (n - 1) / 2"],
  // Found as -1 / (-n - 1), which is the value once multiplied out.
  ["where(x == 1, 1 / (n + 1), (1 - x) * x^n / (1 - x^(n + 1)))", "n / (2 * (n + 1))"],
])("of a power whose exponent is a parameter, where its base goes to 1: %s", (text, meant) => {
  inFreshGraph(() => {
    const { body, inputs } = activationOfText(`f(x; n = 5) = ${text}`);
    const { body: expected, hyperparameters } = activationOfText(`g(x; n = 5) = ${meant} + 0 * x`);
    const graph = transplant([body, expected, inputs[0]!, hyperparameters[0]!.variable]);
    const x = graph.of(inputs[0]!) as Expr & { readonly kind: "variable" };
    const place = constant(text.includes("x == 0") ? 0 : 1);
    const slope = substitute(differentiate(normalise(graph.of(body)), x), new Map<Expr, Expr>([[x, place]]));
    const names = (root: Expr): string => formulaText(normalise(root));
    expect(isZero(normalise(apply("subtract", [slope, graph.of(expected)]))), names(slope)).toBe(true);
  });
});

describe("the limit in numbers, at 0", () => {
  it.each([
    ["(exp(x) - 1 - x) / x^2", R.rational(1, 2)],
    ["(x - sin(x)) / x^3 - 1 / 6", R.zero],
    ["where(x > 0, acosh(1 + x) / sqrt(x), acos(1 + x) / sqrt(-x))^2", R.rational(2)],
    ["-355 / 113 * sin(x) / x", R.rational(-355, 113)],
    ["1e30 * tan(x) / x", R.rational(10n ** 30n)],
  ])("of %s", (body, meant) => {
    expect(atZero(body, "0", (root, x) => limitInNumbers(root, x, R.zero)).found).toEqual(meant);
  });

  it("of what is no fraction has as many digits as binary64", () => {
    const { found } = atZero("sqrt(2) * sin(x) / x", "0", (root, x) => limitInNumbers(root, x, R.zero));
    expect(R.toNumber(found as R.Rational)).toBe(Math.SQRT2);
  });

  it.each(["1 / x", "x / abs(x)", "log(x)", "sin(1 / x)", "exp(1 / x)", "1 / log(abs(x))"])(
    "of %s is not told",
    (body) => {
      expect(atZero(body, "0", (root, x) => limitInNumbers(root, x, R.zero)).found).toBeUndefined();
    },
  );
});
