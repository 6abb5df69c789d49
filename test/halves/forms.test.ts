/** What is computed in float16, in float32, and with how much. */
import { describe, expect, test } from "vitest";
import { isNearestInHalves } from "../../compiler/backend/half-arithmetic.js";
import { halfFormsFor } from "../../compiler/backend/half-forms.js";
import { planKernels } from "../../compiler/backend/kernels.js";
import { activationOf, readDefinitions } from "../../compiler/compile.js";
import { apply, constant, inFreshGraph, Space, variable } from "../../compiler/ir/expr.js";
import { rational } from "../../compiler/ir/rational.js";

/** How value and gradients are computed: in halves, in single numbers, in pairs, or with wide numbers behind them. */
function formsOf(definition: string): string {
  const [checked] = readDefinitions([{ file: "a.def", text: definition }]).definitions;
  return inFreshGraph(() => {
    const { activation } = activationOf(checked!);
    if (!activation) throw new Error("the definition has errors");
    const plan = planKernels(activation);
    const gradients = plan.gradients.map(({ value }) => value);
    return [
      ...halfFormsFor(plan, [plan.value], new Set(activation.inputs)),
      ...halfFormsFor(plan, gradients, new Set()),
    ]
      .map(({ form, isInHalves }) =>
        isInHalves ? "halves" : form.kind === "single" ? "single" : form.exact ? "wide" : "pairs",
      )
      .join(", ");
  });
}

test.each([
  ["f(x) = where(x > 0, x, 0)", "halves, halves"],
  ["f(x) = clamp(x, 0, 6)", "halves, halves"],
  ["f(x) = clamp(x, -1, 1)", "halves, halves"],
  ["f(x) = abs(x)", "halves, single"],
  ["f(x, y) = x * y", "halves, halves, halves"],
  // 0.1 is no float16.
  ["f(x) = where(x > 0.1, x, 0)", "single, single"],
  ["f(x; slope = 0.5) = where(x > 0, x, slope * x)", "single, single"],
  // Two roundings.
  ["f(x) = x * clamp(x + 3, 0, 6)", "single, single"],
  ["f(x) = 1 / (1 + exp(-x))", "single, single"],
  ["f(x) = log(1 + exp(x))", "single, single"],
  ["f(x; alpha = 1) = where(x > 0, x, alpha * (exp(x) - 1))", "single, single"],
  // Next to a zero of the derivative more digits are needed.
  ["f(x) = x / (1 + exp(-x))", "single, pairs"],
  ["f(x) = x / 2 * (1 + erf(x / sqrt(2)))", "single, pairs"],
  ["f(x) = x * tanh(log(1 + exp(x)))", "single, pairs"],
  ["f(gate, up) = gate / (1 + exp(-gate)) * up", "single, pairs, single"],
  // The zero lies wherever a parameter has it.
  ["f(x; beta = 1) = x / (1 + exp(-beta * x))", "pairs, wide"],
])("%s: %s", (definition, expected) => expect(formsOf(definition)).toBe(expected));

describe("float16 arithmetic gives the float16 next to the result", () => {
  const of = (build: (x: ReturnType<typeof variable>, y: ReturnType<typeof variable>) => ReturnType<typeof apply>) =>
    inFreshGraph(() =>
      isNearestInHalves(build(variable("x", "input", Space.element), variable("y", "input", Space.element))),
    );
  const tenth = (): ReturnType<typeof constant> => constant(rational(1n, 10n));

  test.each([
    ["a sum", of((x, y) => apply("add", [x, y])), true],
    ["a sum, held", of((x, y) => apply("at_most", [apply("add", [x, y]), constant(6)])), true],
    ["a constant, rounded", of((x) => apply("where", [apply("less", [x, constant(0)]), tenth(), x])), true],
    ["a sum of three", of((x, y) => apply("add", [apply("add", [x, y]), x])), false],
    ["a product with a constant that is rounded", of((x) => apply("multiply", [x, tenth()])), false],
    ["a comparison with such a constant", of((x) => apply("where", [apply("less", [x, tenth()]), x, x])), false],
    [
      "a comparison of a sum",
      of((x, y) => apply("where", [apply("less", [apply("add", [x, y]), constant(0)]), x, y])),
      false,
    ],
    ["a quotient, which drivers need not round", of((x, y) => apply("divide", [x, y])), false],
    ["a constant that is too large", of((x) => apply("at_most", [x, constant(70000)])), false],
    ["a parameter", inFreshGraph(() => isNearestInHalves(variable("slope", "hyperparameter", Space.constant))), false],
  ])("%s", (_, actual, expected) => expect(actual).toBe(expected));
});
