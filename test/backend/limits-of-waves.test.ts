/** Limits at infinity of functions with a sine in them, read off in wide arithmetic at inputs far away. */
import { expect, test } from "vitest";
import { exactFunction } from "../../compiler/backend/exact-form.js";
import { expandCalls } from "../../compiler/calculus/differentiate.js";
import { normalise } from "../../compiler/algebra/normalise.js";
import { inFreshGraph } from "../../compiler/ir/expr.js";
import { transplant } from "../../compiler/ir/transplant.js";
import { emulate, readLibrary } from "../../compiler/machine/index.js";
import { wideLibrary } from "../../compiler/machine/library/wide/index.js";
import { activationOfText } from "../verification/activations.js";

const { fround } = Math;

function limitOf(body: string, a: number, x: number): number {
  return inFreshGraph(() => {
    const activation = activationOfText(`f(x; a = 1) = ${body}`);
    const { name, text, variables } = exactFunction(
      "f",
      expandCalls(normalise(transplant([activation.body]).of(activation.body))),
      [],
    );
    const run = emulate(readLibrary(text, wideLibrary().declarations), name);
    return run(...variables.map((variable) => (variable.name === "x" ? x : fround(a))));
  });
}

test.each([
  ["x + a * cos(x)", [1, 1e20, -1e20, 3e38, 0], Infinity],
  ["x * sigmoid(x) + a * sin(x / 3) * sigmoid(x)", [1, 1e20, -3e25], Infinity],
  ["sin(x) - a * x", [1, 1e-20, 1e-38, 1e30], -Infinity],
  ["sin(x) - a * x", [-1, -1e-20, -1e-38], Infinity],
  ["x^2 - a * x * sin(x)", [1, 1e20, -1e25], Infinity],
  ["2 + a * sin(x) / x", [1, 1e20, 1e38], 2],
  ["a * sin(x)", [1, 1e20], NaN],
  ["a + sin(x) / 2", [22 / 31, 23 / 31, 24 / 31], NaN],
  ["x * (a + sin(x))", [0.5, 0], NaN],
] as const)("%s", (body, numbers, limit) => {
  for (const a of numbers) expect(limitOf(body, a, Infinity), `a = ${a}`).toBe(limit);
});
