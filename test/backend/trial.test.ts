/** Trials of forms: one that is wrong at few inputs alone, beside those where it is off by the most, is found out. */
import { expect, test } from "vitest";
import { firstRightEverywhere, type Runs } from "../../compiler/backend/simd/trial.js";
import { apply, constant, inFreshGraph, Space, variable } from "../../compiler/ir/expr.js";
import { fromNumber } from "../../compiler/ir/rational.js";

const granted = { usual: 3.6, vanishing: 4.6 };
const unitOf = (x: number): number => 2 ** (Math.max(-126, Math.floor(Math.log2(Math.abs(x)))) - 23);

/** Which of the forms is right; each is 3 x / 2, off by so many units. */
const firstRight = (...errors: readonly ((x: number) => number)[]): number =>
  inFreshGraph(() => {
    const x = variable("x", "input", Space.element);
    const root = apply("multiply", [constant(fromNumber(1.5)), x]);
    const form = (errorAt: (x: number) => number) => (): Runs => [
      (points) =>
        points.map((each) => {
          const exact = 1.5 * each;
          return Number.isFinite(exact) && Math.abs(exact) > 2 ** -120 ? exact + errorAt(each) * unitOf(exact) : exact;
        }),
    ];
    const trial = { root, sampled: root, value: root, granted, isDerivative: false };
    return firstRightEverywhere(
      trial,
      x,
      [],
      errors.map((each) => () => form(each)),
    );
  });

/** A hill around a number, so many parts of it wide. */
const hill = (at: number, width: number, height: number) => (x: number) =>
  Math.abs(x / at - 1) < width ? height * (1 - Math.abs(x / at - 1) / width) : 0;

test("the first form that is off by little everywhere", () => {
  expect(firstRight(() => 5, hill(1.2345, 2 ** -4, 3))).toBe(1);
  expect(firstRight(() => 5)).toBe(-1);
});

test.each([1.2345, -3.3, 1.7e-20, 29.013])("a narrow hill on a wide one, at %f", (at) => {
  const wide = hill(at, 2 ** -5, 3);
  const narrow = hill(at, 2 ** -11, 3);
  expect(firstRight(wide)).toBe(0);
  expect(firstRight((x) => wide(x) + narrow(x))).toBe(-1);
});
