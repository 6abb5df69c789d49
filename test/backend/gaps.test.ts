/** Values where a formula has a gap at 1 or -1: what both sides come to, in wide arithmetic and in its programs for shaders. */
import { describe, expect, it } from "vitest";
import { normalise } from "../../compiler/algebra/normalise.js";
import { gapsOf } from "../../compiler/backend/ends.js";
import { exactFunction, exactFunctionInSteps } from "../../compiler/backend/exact-form.js";
import type { KernelPlan } from "../../compiler/backend/kernels.js";
import { expandCalls } from "../../compiler/calculus/differentiate.js";
import { type Expr, inFreshGraph, Space, variable } from "../../compiler/ir/expr.js";
import { transplant } from "../../compiler/ir/transplant.js";
import { emulate, readLibrary, wgslDeepNatBits, wgslNatBits } from "../../compiler/machine/index.js";
import { wideLibrary } from "../../compiler/machine/library/wide/index.js";
import { activationOfText } from "../verification/activations.js";

const targets = {
  TypeScript: (root: Expr) => exactFunction("f", root, [1]),
  WGSL: (root: Expr) => exactFunctionInSteps("f", [root], [1], wgslNatBits),
  "WGSL with many digits": (root: Expr) => exactFunctionInSteps("f", [root], [1], wgslDeepNatBits),
};

function valueOf(body: string, x: number, target: keyof typeof targets): number {
  return inFreshGraph(() => {
    const activation = activationOfText(`f(x) = ${body}`);
    const { name, text } = targets[target](expandCalls(normalise(transplant([activation.body]).of(activation.body))));
    return emulate(readLibrary(text, wideLibrary().declarations), name)(x);
  });
}

const chebyshev =
  "where(abs(x) <= 1, 5 * sin(5 * acos(x)) / sqrt(1 - x^2), 5 * sinh(5 * acosh(abs(x))) / sqrt(x^2 - 1))";

describe.each(Object.keys(targets) as (keyof typeof targets)[])("in %s", (target) => {
  it.each([
    // The derivative of a Chebyshev polynomial, as it comes from cos(5 acos(x)): n^2.
    [chebyshev, 1, 25],
    [chebyshev, -1, 25],
    [chebyshev, 0, 5],
    ["(x^3 - 1) / (x - 1)", 1, 3],
    ["(x^3 - 1) / (x - 1)", -1, 1],
    // Only one side has a value.
    ["sin(5 * acos(x)) / sqrt(1 - x^2)", 1, NaN],
    // The sides have different ones.
    ["(x^3 - 1) / abs(x - 1)", 1, NaN],
    // A pole stays one.
    ["exp(x) / (x - 1)^2", 1, Infinity],
  ])("%s at %d is %d", (body, x, value) => {
    expect(Math.fround(valueOf(body, x, target))).toBe(value);
  });
});

it.each([
  ["acos(x) / sqrt(1 - x^2) + 0 * acosh(1 + (x - 1)^2)", []],
  [chebyshev, [1]],
  ["(x^3 - 1) / (x - 1)", [1]],
  ["sin(x) / x", [0]],
  ["x^2", []],
] as const)("the gaps of %s", (body, gaps) => {
  inFreshGraph(() => {
    const activation = activationOfText(`f(x) = ${body}`);
    const cotangent = variable("dy", "cotangent", Space.element);
    expect(gapsOf(activation.body, { activation, cotangent } as KernelPlan)).toEqual(gaps);
  });
});
