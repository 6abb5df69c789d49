/** Limits where a formula is 0 / 0, as an expression. */
import { describe, expect, it } from "vitest";
import { normalise } from "../../compiler/algebra/normalise.js";
import { differentiate } from "../../compiler/calculus/differentiate.js";
import { limit } from "../../compiler/calculus/limit.js";
import { constant, type Expr, inFreshGraph, substitute } from "../../compiler/ir/expr.js";
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
    // The value jumps.
    ["where(x == 0, 2, log((exp(x) - 1) / x))", "0"],
  ])("of %s is %s", (body, meant) => {
    const { found, expected } = atZero(body, meant, (root, x) =>
      normalise(substitute(differentiate(root, x), new Map<Expr, Expr>([[x, constant(0)]]))),
    );
    expect(found).toBe(expected);
  });
});
