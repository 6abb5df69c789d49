import { describe, expect, test } from "vitest";
import { ulpError } from "../../compiler/numerics/rounding.js";
import { fromNumber } from "../../compiler/numerics/ball.js";
import { finitePoints, randomPoints } from "../activations/points.js";
import { errorInUlp, type FaultKind, measure, totalFaults, type Truth } from "./errors.js";

/** The truth about x/3, of which float32 holds few values. */
function third(inputs: Float32Array): Truth {
  const values = Float64Array.from(inputs, (x) => x / 3);
  const nan = [...inputs.keys()].filter((i) => Number.isNaN(inputs[i]));
  return { values, nan, kinks: new Map(), zeros: [] };
}

const points = [...finitePoints, ...randomPoints(2000, 3)];
const inputs = Float32Array.from([...points, Infinity, -Infinity, NaN]);
const right = inputs.map((x) => x / 3);
const indexOf = (x: number): number => (Number.isNaN(x) ? inputs.length - 1 : inputs.indexOf(x));

test("units are those of exact arithmetic", () => {
  const others = randomPoints(points.length, 4);
  const truths = points.flatMap((x, i) => [x * 1.3, x * (1 + 2 ** -30), others[i] ?? 0, x + 1e-50]);
  truths.forEach((truth, i) => {
    const actual = i % 3 === 0 ? (others[i >> 2] ?? 0) : Math.fround(truth);
    const exact = ulpError(actual, fromNumber(truth), "binary32");
    expect(Math.abs(errorInUlp(actual, truth) - exact), `${actual} for ${truth}`).toBeLessThanOrEqual(1e-12 * exact);
  });
});

test("results rounded once have no fault and at most half a unit of error", () => {
  const found = measure(inputs, right, third(inputs));
  expect(totalFaults(found)).toBe(0);
  expect(found.error).toBeGreaterThan(0.33);
  expect(found.error).toBeLessThanOrEqual(0.5 + 1e-9);
});

describe("what is planted is found", () => {
  const cases: readonly (readonly [x: number, result: number, kind: FaultKind])[] = [
    [1, NaN, "not finite"],
    [-1, Infinity, "not finite"],
    [3.4028234663852886e38, Infinity, "not finite"],
    [Infinity, NaN, "wrong limit"],
    [Infinity, 3, "wrong limit"],
    [-Infinity, Infinity, "wrong limit"],
    [NaN, 0, "lost NaN"],
  ];
  test.each(cases)("%d gives %d: %s", (x, result, kind) => {
    const results = right.slice();
    results[indexOf(x)] = result;
    expect([...measure(inputs, results, third(inputs)).faults]).toEqual([[kind, { count: 1, first: indexOf(x) }]]);
  });

  test("an error, with its input", () => {
    const results = right.slice();
    results[indexOf(6)] = 2 + 2 ** -20;
    const { error, worst } = measure(inputs, results, third(inputs));
    expect([error, inputs[worst]]).toEqual([4, 6]);
  });

  test("flushed subnormal numbers, which are no errors", () => {
    const flush = (x: number): number => (Math.abs(x) < 2 ** -126 ? 0 : x);
    const flushing = measure(inputs, right.map(flush), third(inputs));
    expect(flushing.flushed).toBeGreaterThan(10);
    expect(flushing.error).toBeLessThanOrEqual(0.5 + 1e-9);
    const scaled: Truth = { ...third(inputs), values: Float64Array.from(inputs, (x) => x * 2 ** 10) };
    const input = measure(
      inputs,
      inputs.map((x) => flush(x) * 2 ** 10),
      scaled,
    );
    expect([input.error, input.flushed > 10]).toEqual([0, true]);
  });
});

test("between one-sided derivatives everything is right, nothing else is", () => {
  const truth: Truth = { ...third(inputs), kinks: new Map([[indexOf(3), [0, 1] as const]]) };
  const at3 = (result: number): number => {
    const results = right.slice();
    results[indexOf(3)] = result;
    const found = measure(inputs, results, truth);
    return totalFaults(found) > 0 ? Infinity : found.error;
  };
  expect([0, 0.5, 1].map((result) => at3(result) > 0.51)).toEqual([false, false, false]);
  expect([-1, 1.5, NaN].map((result) => at3(result) > 0.51)).toEqual([true, true, true]);
});

test("near a zero of a derivative half a unit of the input is allowed for in the excess alone", () => {
  const x = Float32Array.of(1 + 2 ** -23, 2);
  const truth: Truth = {
    values: Float64Array.from(x, (each) => each - 1),
    nan: [],
    kinks: new Map(),
    zeros: [{ at: 1, slope: 1 }],
  };
  const found = measure(x, Float32Array.of(2 ** -24, 1), truth);
  expect([found.error, found.excess]).toEqual([2 ** 22, 0]);
});
