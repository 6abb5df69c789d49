/** What a screen may let pass, and how what was found in parts is put together. */
import { expect, test } from "vitest";
import { Judge } from "../../compiler/verification/judge.js";
import { merged, nothingMeasured } from "../../compiler/verification/measurement.js";
import { reciprocalUlp, screened } from "../../compiler/verification/units.js";
import { activationOfText, valueOf } from "./activations.js";

test.each([
  [1, 23],
  [1.999, 23],
  [-2, 22],
  [0.75, 24],
  [2 ** -126, 149],
  [2 ** -140, 149],
  [0, 149],
  [3e38, -104],
])("the unit in the last place of %d is 2^-%d", (value, exponent) => {
  expect(reciprocalUlp(value)).toBe(2 ** exponent);
});

test("at powers of two a screen takes the smaller unit", () => {
  for (const expected of [1, -8, 2 ** -20]) {
    const ulp = 1 / reciprocalUlp(expected);
    expect(screened(expected + ulp, expected)).toBe(2);
    expect(screened(expected * 1.25 + ulp, expected * 1.25)).toBe(1);
  }
});

/** The threshold after an error of so many units was seen, of a number that is a little more than its float32. */
function thresholdAfter(error: number): number {
  const judge = new Judge(valueOf(activationOfText(`f(x) = x + ${error} * 2^-23`)), [], {});
  judge.judge([1.5], 1.5, () => false);
  expect(judge.result().worst?.ulp).toBe(error);
  return judge.threshold;
}

test("errors that hardly exceed the largest one pass, but none around one half", () => {
  expect(thresholdAfter(0.125)).toBe(0.125 + 2 ** -18);
  expect(thresholdAfter(0.75)).toBe(0.75 + 2 ** -18);
  expect(thresholdAfter(0.5)).toBe(0.5 - 2 ** -18);
  expect(thresholdAfter(0.5 - 2 ** -13)).toBe(0.5 - 2 ** -13 - 2 ** -18);
});

test("parts add up, and the first and the worst of them stay", () => {
  const found = (ulp: number, x: number) => ({ ulp, at: [x], actual: x, expected: 0 });
  const first = {
    ...{ count: 1, flushed: 2, undecided: 3, asked: 4 },
    ...{ worst: found(1, 1), nearZero: found(2, 1), vanishing: found(3, 1), wrongLimit: found(4, 1) },
    ...{ notFinite: found(Infinity, 1), lostNaN: found(Infinity, 1) },
  };
  const second = {
    ...{ count: 10, flushed: 20, undecided: 30, asked: 40 },
    ...{ worst: found(5, 2), nearZero: found(1, 2), vanishing: found(6, 2), wrongLimit: found(3, 2) },
    ...{ notFinite: found(Infinity, 2), lostNaN: found(Infinity, 2) },
  };
  expect(merged(first, second)).toEqual({
    ...{ count: 11, flushed: 22, undecided: 33, asked: 44 },
    ...{ worst: found(5, 2), nearZero: found(2, 1), vanishing: found(6, 2), wrongLimit: found(4, 1) },
    ...{ notFinite: found(Infinity, 1), lostNaN: found(Infinity, 1) },
  });
  expect(merged(nothingMeasured, second)).toEqual(second);
  expect(merged(second, nothingMeasured)).toEqual(second);
});
