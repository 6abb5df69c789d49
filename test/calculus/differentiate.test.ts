/** Derivatives where their formula, taken by its parts, would be 0 times infinity. */
import { expect, it } from "vitest";
import { differentiate } from "../../compiler/calculus/differentiate.js";
import { sampler } from "../../compiler/numerics/sample.js";
import { withActivation } from "../analysis/activation.js";

it.each([
  ["sqrt(max(x, 0)^2 + max(y, 0)^2)", -1, -2, 0],
  ["sqrt(max(x, 0)^2 + max(y, 0)^2)", 3, -2, 1],
  ["sqrt(max(x, 0)^2 + max(y + x, 0)^2)", -1, -2, 0],
  ["cbrt(max(x, 0) + max(2 * x - 1, 0))", -1, 0, 0],
  ["cbrt(max(x, 0) + max(y, 0))", -1, -2, 0],
  ["(max(x, 0) + max(y, 0))^(1 / 2)", -1, -2, 0],
  ["(max(x, 0) + max(y, 0))^(1 / 2)", 4, -2, 0.25],
  ["sqrt(where(x > 0, x, where(x < -2, x^2, 0)) + max(y, 0))", -1, -2, 0],
  ["sqrt(where(x > 0, x, where(x < -2, x^2, 0)) + max(y, 0))", -3, -2, -1],
])("d/dx %s at %d, %d is %d", (body, x, y, expected) => {
  withActivation(`f(x, y) = ${body}\n`, ({ body: root, inputs }) => {
    const slope = sampler(differentiate(root, inputs[0]!), inputs, "binary64");
    expect(slope([x, y])).toBeCloseTo(expected, 14);
  });
});
