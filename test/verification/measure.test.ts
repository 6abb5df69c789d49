import { describe, expect, it } from "vitest";
import { bitsOfNumber, numberOfBits } from "../../compiler/verification/float32.js";
import { type UnaryTruth, unaryTruth } from "../../compiler/verification/interpolant.js";
import { measureRange } from "../../compiler/verification/measure-range.js";
import { measurePoints, measureTogether } from "../../compiler/verification/measure.js";
import {
  type BatchKernel,
  type Measurement,
  type MeasureOptions,
  merged,
  nothingMeasured,
} from "../../compiler/verification/measurement.js";
import { type Points, pointsFor } from "../../compiler/verification/points.js";
import { type Column, defaultParameters, fastTruth, limitTruth } from "../../compiler/verification/truth.js";
import { activationOfText, slopeOf, standardNamed, valueOf } from "./activations.js";

/** A kernel from a function of one element: its inputs, then the parameters. */
const kernelOf =
  (f: (...values: number[]) => number): BatchKernel =>
  (inputs, parameters) =>
    (inputs[0] ?? new Float32Array(0)).map((_, i) => f(...inputs.map((input) => input[i] ?? NaN), ...parameters));

/** The rounded truth, but where `fault` says otherwise. */
function rightBut(column: Column, fault: (x: number, right: number) => number = (_, right) => right): BatchKernel {
  const truth = fastTruth(column);
  return kernelOf((...values) => {
    truth.evaluate(values);
    return fault(values[0] ?? NaN, Math.fround(truth.value));
  });
}

const pointsAt = (...inputs: number[]): Points => ({
  count: inputs.length,
  adversarial: inputs.length,
  extremes: 0,
  inputs: [Float32Array.from(inputs)],
  isNearZero: () => false,
});

const next = (x: number, steps = 1): number => numberOfBits(bitsOfNumber(x) + steps);

const tables = new Map<Column, UnaryTruth>();

function table(column: Column): UnaryTruth {
  const truth = tables.get(column) ?? unaryTruth(column, defaultParameters(column.activation));
  if (!truth) throw new Error("no table");
  tables.set(column, truth);
  return truth;
}

describe("one wrong result among many", () => {
  const column = valueOf(standardNamed("tanh"));
  const truth = table(column);
  const from = bitsOfNumber(0.9);
  const to = from + 200_000;
  const wrong = Math.fround(0.9085);
  const good = kernelOf((x) => truth.at(x));
  const bad = (ulps: number): BatchKernel => kernelOf((x) => (x === wrong ? next(truth.at(x), ulps) : truth.at(x)));

  it("is found among all inputs of a range", () => {
    const clean = measureRange(truth, column, good, [], from, to);
    expect(clean.count).toBe(to - from);
    expect(clean.worst?.ulp).toBeGreaterThan(0.4999);
    expect(clean.worst?.ulp).toBeLessThanOrEqual(0.5);
    const found = measureRange(truth, column, bad(1), [], from, to);
    expect(found.worst?.at).toEqual([wrong]);
    expect(found.worst?.ulp).toBeGreaterThan(0.5);
    expect(found.worst?.actual).toBe(next(truth.at(wrong)));
    expect(found.worst?.expected).toBeCloseTo(Math.tanh(wrong), 14);
  });

  it("is found in any part of the range, and parts come together to the whole", () => {
    const parts = [0, 1, 2, 3].map((i) =>
      measureRange(truth, column, bad(3), [], from + 50_000 * i, from + 50_000 * (i + 1)),
    );
    const whole = measureRange(truth, column, bad(3), [], from, to);
    const joined = parts.reduce(merged, nothingMeasured);
    expect(joined.count).toBe(whole.count);
    expect(joined.worst).toEqual(whole.worst);
  });

  it("is found among points, screened or not", () => {
    const points = pointsFor(column, [], 500);
    const at = points.inputs[0]?.[points.count - 7] ?? NaN;
    const kernel = kernelOf((x) =>
      x === at ? next(truth.at(x), 2) : x === Infinity ? 1 : x === -Infinity ? -1 : truth.at(x),
    );
    for (const unary of [null, truth]) {
      const { worst, notFinite, wrongLimit, lostNaN } = measurePoints(column, kernel, points, [], {
        unary,
        byReference: 40,
      });
      expect(worst?.at).toEqual([at]);
      expect([notFinite, wrongLimit, lostNaN]).toEqual([null, null, null]);
    }
  });
});

it("of a sample of the points others are passed over", () => {
  const column = valueOf(activationOfText("f(x) = x"));
  const points = { ...pointsAt(...Array.from({ length: 20 }, (_, i) => i + 1)), extremes: 3 };
  const tried = (sample: MeasureOptions["sample"]): number[] => {
    const seen: number[] = [];
    const kernel = kernelOf((x) => (seen.push(x), x));
    const { count, worst } = measurePoints(column, kernel, points, [], sample ? { sample } : {});
    expect([count, worst?.ulp ?? 0]).toEqual([seen.length, 0]);
    return seen;
  };
  expect(tried(undefined).length).toBe(20);
  expect(tried({ every: 8, extremes: false })).toEqual([1, 9, 17]);
  expect(tried({ every: 8, extremes: true })).toEqual([1, 9, 17, 18, 19, 20]);
});

describe("where only errors beyond a bound are sought", () => {
  const column = valueOf(standardNamed("tanh"));
  const inputs = [0.3, 0.5, 0.9, 1.7];
  const off = (ulps: number): BatchKernel =>
    rightBut(column, (x, right) => next(right, x === Math.fround(0.9) ? ulps : 1));
  const measured = (ulps: number, nearZero = false): Measurement => {
    const points = { ...pointsAt(...inputs), isNearZero: () => nearZero };
    return measurePoints(column, off(ulps), points, [], { within: { worst: 4, nearZero: 8 } });
  };

  it("what is within it is counted, and is not found", () => {
    expect(measured(3)).toMatchObject({ count: 4, worst: null, nearZero: null });
    expect(measured(7, true)).toMatchObject({ count: 4, worst: null, nearZero: null });
  });

  it("what is beyond it is found, as it is", () => {
    const { worst } = measured(6);
    expect(worst?.at).toEqual([Math.fround(0.9)]);
    expect(worst?.ulp).toBe(measurePoints(column, off(6), pointsAt(...inputs), []).worst?.ulp);
    expect(measured(10, true).nearZero?.at).toEqual([Math.fround(0.9)]);
  });

  it("what is not finite or no limit is found", () => {
    const wrong = rightBut(column, (x, right) => (x === 0.5 ? NaN : x === Infinity ? 2 : right));
    const found = measurePoints(column, wrong, pointsAt(0.5, Infinity), [], { within: { worst: 1e9, nearZero: 1e9 } });
    expect(found.notFinite?.at).toEqual([0.5]);
    expect(found.wrongLimit?.at).toEqual([Infinity]);
  });
});

describe("a parameter that is NaN", () => {
  const column = valueOf(activationOfText("f(x; a = 1) = where(x > 0, x, a)"));
  const measured = (f: (x: number) => number): Measurement =>
    measurePoints(
      column,
      kernelOf((x) => f(x)),
      pointsAt(-1, 1, Infinity),
      [NaN],
    );

  it("is to come out where it is met, and not to be seen elsewhere", () => {
    const right = measured((x) => (x > 0 ? x : NaN));
    expect(right).toMatchObject({ count: 2, lostNaN: null, notFinite: null, wrongLimit: null });
    expect(measured((x) => x).lostNaN?.at).toEqual([-1]);
    expect(measured(() => NaN).notFinite?.at).toEqual([1]);
  });
});

describe("where there is little patience with the reference", () => {
  const column = valueOf(standardNamed("tanh"));
  const measured = (kernel: BatchKernel, points: Points, questions: number, milliseconds = Infinity): Measurement =>
    measureTogether(column, [{ kernel, options: {} }], points, [], { questions, milliseconds })[0]!;

  it("all points are come to, each once", () => {
    for (const count of [1, 2, 10, 36, 55]) {
      const inputs = Array.from({ length: count }, (_, i) => 0.25 + i / 64);
      expect(measured(rightBut(column), pointsAt(...inputs), 64).count).toBe(count);
      for (const wrong of inputs) {
        const off = rightBut(column, (x, right) => (x === wrong ? next(right, 3) : right));
        expect(measured(off, pointsAt(...inputs), 64).worst?.at).toEqual([wrong]);
      }
    }
  });

  it("what needs it afterwards is undecided", () => {
    const limits = pointsAt(Infinity, -Infinity);
    for (const asked of [0, 1, 2]) {
      const { count, undecided } = measured(rightBut(column), limits, asked);
      expect({ count, undecided }).toEqual({ count: asked, undecided: 2 - asked });
    }
    expect(measured(rightBut(column), limits, Infinity, 0)).toMatchObject({ count: 0, undecided: 2 });
  });
});

describe("limits that are hard to see", () => {
  const limitOf = (text: string, parameters: readonly number[]): number | undefined =>
    limitTruth(valueOf(activationOfText(text)), [Infinity, ...parameters]);

  it.each([
    ["f(x) = log(x)", [], Infinity],
    ["f(x; n = 2) = 1 - x^(-n)", [2], 1],
    ["f(x; n = 2) = x^n", [0.5], Infinity],
  ] as const)("%s with %j: %d", (text, parameters, limit) => expect(limitOf(text, parameters)).toBe(limit));

  it("a power that vanishes slowly is not taken for what grows without end", () => {
    expect(limitOf("f(x; n = 2) = x^(-n) - 1", [2 ** -12])).not.toBe(-Infinity);
  });
});

/** How single results are counted, against a kernel that is right but for `fault`. */
function judged(
  column: Column,
  x: number,
  fault: (x: number, right: number) => number,
  options: MeasureOptions = {},
): Measurement {
  const parameters = defaultParameters(column.activation);
  const byPoints = measurePoints(column, rightBut(column, fault), pointsAt(x), parameters, options);
  const from = bitsOfNumber(x);
  const byRange = measureRange(table(column), column, rightBut(column, fault), parameters, from, from + 1, options);
  // What is counted apart is counted alike; small errors a range passes over.
  for (const key of ["count", "notFinite", "wrongLimit", "lostNaN", "flushed", "undecided"] as const) {
    expect([key, byRange[key]]).toEqual([key, byPoints[key]]);
  }
  return byPoints;
}

describe("results are counted by the definition's meaning", () => {
  const square = valueOf(activationOfText("f(x) = x^2"));
  const exp = valueOf(activationOfText("f(x) = exp(x)"));
  const log = valueOf(activationOfText("f(x) = log(x)"));
  const reciprocal = valueOf(activationOfText("f(x) = 1 / (1 + x^2)"));

  it("units in the last place, at the true value", () => {
    const { worst } = judged(square, 1.5, (_, right) => right + 2 ** -20);
    expect(worst?.ulp).toBe(2 ** -20 / 2 ** -22);
    expect(judged(exp, -100, () => 0).worst?.ulp).toBeCloseTo(Math.exp(-100) / 2 ** -149, 6);
  });

  it("NaN or ∞ for a finite value", () => {
    expect(judged(square, 3, () => NaN).notFinite?.at).toEqual([3]);
    expect(judged(square, 3, () => -Infinity)).toMatchObject({ notFinite: { actual: -Infinity }, worst: null });
    // 1.8446743e19² rounds to a number still, 1.8446744e19² does not.
    expect(judged(square, Math.fround(1.8446743e19), () => Infinity).notFinite).not.toBeNull();
    expect(judged(square, Math.fround(1.8446745e19), () => Infinity)).toMatchObject({
      notFinite: null,
      worst: { ulp: 0 },
    });
    expect(judged(square, Math.fround(1.8446745e19), () => 3.4028234663852886e38).worst?.ulp).toBe(1);
  });

  it("∞ beside the middle between the largest number and 2^128, unless binary64 cannot tell the two", () => {
    const largest = 3.4028234663852886e38;
    const sum = (excess: number): Column => valueOf(activationOfText(`f(x) = x + ${excess} * 2^104`));
    const infinite = (excess: number): Measurement => judged(sum(excess), largest, () => Infinity);
    expect(infinite(0.495).notFinite).toMatchObject({ at: [largest], actual: Infinity });
    expect(infinite(0.49999).notFinite).not.toBeNull();
    expect(infinite(0.4999999999)).toMatchObject({ notFinite: null, worst: { ulp: 0.5000000001 } });
    expect(infinite(0.5).worst?.ulp).toBeLessThanOrEqual(0.5);
  });

  it("what falls short of a power of two by the unit below it", () => {
    const below = 1 - 2 ** -24;
    for (const text of ["f(x) = x", "f(x) = x + 1e-300", "f(x) = x - 1e-300", "f(x) = x - 1e-25"]) {
      const column = valueOf(activationOfText(text));
      expect([text, judged(column, 1, () => below).worst?.ulp]).toEqual([text, 1]);
      const byReference = measurePoints(
        column,
        rightBut(column, () => below),
        pointsAt(1),
        [],
        { byReference: 1 },
      );
      expect([text, byReference.worst?.ulp]).toEqual([text, 1]);
    }
    const above = valueOf(activationOfText("f(x) = x + 1e-13"));
    expect(judged(above, 1, () => 1).worst?.ulp ?? 0).toBeLessThan(1e-5);
  });

  it("limits at infinite inputs, to the last bit but one", () => {
    const half = valueOf(activationOfText("f(x) = x / (1 + 2 * abs(x))"));
    expect(judged(half, Infinity, () => next(0.5)).wrongLimit).toBeNull();
    expect(judged(half, Infinity, () => next(0.5, 2)).wrongLimit?.expected).toBe(0.5);
    expect(judged(half, Infinity, () => next(0.5, 2), { limits: 8 }).wrongLimit).toBeNull();
    const angle = valueOf(activationOfText("f(x) = sin(x)"));
    const kernel = kernelOf(() => Infinity);
    expect(measurePoints(angle, kernel, pointsAt(Infinity), [])).toMatchObject({ undecided: 1, wrongLimit: null });
  });

  it("NaN beside infinity where a factor is 0, and not where there is a 0 that is none", () => {
    const wrong = (text: string, ...values: readonly number[]): number | undefined => {
      const column = valueOf(activationOfText(text));
      const points = { ...pointsAt(NaN), inputs: values.map((x) => Float32Array.of(x)) };
      return measurePoints(
        column,
        kernelOf(() => NaN),
        points,
        defaultParameters(column.activation),
      ).wrongLimit?.expected;
    };
    expect(wrong("f(a, b) = a * b", Infinity, 0)).toBeUndefined();
    expect(wrong("f(x; k = 0) = k * x", Infinity)).toBeUndefined();
    expect(wrong("f(a, b) = a + b", Infinity, 0)).toBe(Infinity);
    expect(wrong("f(a, b) = a / (1 + exp(-b))", -Infinity, 0)).toBe(-Infinity);
    expect(wrong("f(x; k = 0) = x / (1 + abs(x)) + k", Infinity)).toBe(1);
  });

  it("limits at infinite inputs", () => {
    expect(judged(reciprocal, Infinity, () => NaN).wrongLimit?.expected).toBe(0);
    expect(judged(reciprocal, -Infinity, () => 0)).toMatchObject({ wrongLimit: null, count: 1 });
    expect(judged(exp, Infinity, () => 3.4e38).wrongLimit?.expected).toBe(Infinity);
    expect(
      judged(valueOf(activationOfText("f(x) = sin(1 / (1 + x^2)) * x")), Infinity, () => 1e-30).wrongLimit,
    ).not.toBeNull();
  });

  it("NaN where it is met, in values alone", () => {
    expect(judged(square, NaN, () => 1).lostNaN?.at).toEqual([NaN]);
    expect(judged(square, NaN, (_, right) => right)).toMatchObject({ lostNaN: null, count: 1 });
    expect(judged(slopeOf(activationOfText("f(x) = x^2")), NaN, () => 1)).toMatchObject({ lostNaN: null, count: 0 });
  });

  it("nothing where there is no value", () => {
    expect(judged(log, -1, () => 7)).toEqual(nothingMeasured);
  });

  it("zeros that a device may give for subnormal numbers, apart", () => {
    expect(judged(exp, -90, () => 0, { flushes: true })).toMatchObject({ flushed: 1, worst: null });
    expect(judged(exp, -90, () => 0).worst?.ulp).toBeGreaterThan(1e5);
    expect(judged(exp, -50, () => 0, { flushes: true }).worst?.ulp).toBeGreaterThan(1e6);
    const step = valueOf(activationOfText("f(x) = where(x > 0, 1, 0)"));
    const { worst } = measurePoints(
      step,
      kernelOf(() => 0),
      pointsAt(1e-40),
      [],
      { flushes: true },
    );
    expect(worst?.ulp ?? 0).toBe(0);
    expect(
      measurePoints(
        step,
        kernelOf(() => 0),
        pointsAt(1e-40),
        [],
      ).worst?.ulp,
    ).toBeGreaterThan(1e6);
  });

  it("a pole on which a device may stand that takes subnormal numbers for 0, and no other infinity", () => {
    const pole = valueOf(activationOfText("f(x) = 1 / sqrt(x)"));
    expect(judged(pole, 1e-40, () => Infinity, { flushes: true }).notFinite).toBeNull();
    expect(judged(pole, 1e-40, () => NaN, { flushes: true }).notFinite).not.toBeNull();
    expect(judged(pole, 1e-40, () => Infinity).notFinite).not.toBeNull();
    expect(judged(pole, 1e-30, () => Infinity, { flushes: true }).notFinite).not.toBeNull();
    expect(judged(square, 1e-40, () => Infinity, { flushes: true }).notFinite).not.toBeNull();
    expect(judged(log, 1e-40, () => -Infinity, { flushes: true }).notFinite).toBeNull();
    expect(judged(log, 1e-40, () => Infinity, { flushes: true }).notFinite).not.toBeNull();
  });

  it("either branch where rounded numbers are compared, and one where given ones are", () => {
    const jump = valueOf(activationOfText("f(x; beta = 0.1) = where(beta * x > 0.30000000000000004, 5, 7)"));
    const x = Math.fround(3);
    const other = (column: Column, options: MeasureOptions): number | undefined =>
      measurePoints(
        column,
        kernelOf(() => 5),
        pointsAt(x),
        [0.1],
        options,
      ).worst?.ulp;
    expect(other(jump, { comparisons: 2 ** -40 })).toBe(0);
    expect(other(jump, { comparisons: 2 ** -60 })).toBeGreaterThan(1e6);
    const given = valueOf(activationOfText("f(x; beta = 0.1) = where(x > 3, 5, 7 * beta * 10)"));
    expect(other(given, { comparisons: 2 ** -10 })).toBeGreaterThan(1e6);
  });

  it("a rounded input, at the zero of a derivative, if that is allowed", () => {
    const slope = slopeOf(standardNamed("silu"));
    const x = -1.278464436531067;
    const shifted = (at: number, right: number): number => {
      const truth = fastTruth(slope);
      truth.evaluate([at * (1 + 2 ** -25)]);
      return Number.isFinite(at) ? Math.fround(truth.value) : right;
    };
    expect(judged(slope, next(x, 40), shifted).worst?.ulp).toBeGreaterThan(1000);
    expect(judged(slope, next(x, 40), shifted, { inputRounding: true }).worst?.ulp).toBeLessThan(2);
    expect(judged(slope, next(x, 40), (_, right) => right * 1.1, { inputRounding: true }).worst?.ulp).toBeGreaterThan(
      1000,
    );
  });

  const shiftedOf =
    (slope: Column) =>
    (at: number): number => {
      const truth = fastTruth(slope);
      truth.evaluate([at * (1 + 2 ** -25)]);
      return Math.fround(truth.value);
    };

  it.each([Math.fround(Math.SQRT2), 1.4143, 1.42, 1.38])("one that is a zero of even order, too: at %s", (x) => {
    const slope = slopeOf(activationOfText("f(x) = x^5 / 5 - 4 / 3 * x^3 + 4 * x"));
    const shifted = shiftedOf(slope);
    expect(judged(slope, x, shifted).worst?.ulp).toBeGreaterThan(4);
    expect(judged(slope, x, shifted, { inputRounding: true }).worst?.ulp).toBeLessThan(1);
  });

  it.each([
    ["(x - 1)^3 + x / 10^8", 1.0002],
    ["exp(-x^2 / 2)", 12],
  ])("no rounded input where a derivative is small but has no zero: that of %s", (text, x) => {
    const slope = slopeOf(activationOfText(`f(x) = ${text}`));
    const [allowed, usual] = [true, false].map((inputRounding) =>
      judged(slope, x, shiftedOf(slope), { inputRounding }),
    );
    expect(allowed!.worst?.ulp).toBeGreaterThan(0.9);
    expect(allowed!.worst?.ulp).toBe(usual!.worst?.ulp);
  });

  it("products with a vanishing exponential, apart where that is asked for", () => {
    const gelu = valueOf(standardNamed("gelu"));
    const off = (_: number, right: number): number => next(right, 4);
    expect(judged(gelu, -10, off, { vanishing: true })).toMatchObject({ worst: null, vanishing: { at: [-10] } });
    expect(judged(gelu, -10, off)).toMatchObject({ worst: { at: [-10] }, vanishing: null });
    for (const x of [-2, 2 ** -100, 3]) {
      expect(judged(gelu, x, off, { vanishing: true })).toMatchObject({ worst: { at: [x] }, vanishing: null });
    }
  });

  it("the neighbours of zeros, apart", () => {
    const slope = slopeOf(standardNamed("silu"));
    const points = pointsFor(slope, [], 0);
    const { nearZero, worst } = measurePoints(
      slope,
      rightBut(slope, (x, right) => (Math.abs(x + 1.2784645) < 1e-7 ? next(right, 5) : right)),
      points,
      [],
    );
    expect(nearZero?.ulp).toBeGreaterThan(4);
    expect(worst?.ulp).toBeLessThanOrEqual(0.5);
    const from = bitsOfNumber(-1.278);
    const kernel = rightBut(slope, (x, right) => (x === -1.278464436531067 ? next(right, 5) : right));
    const range = measureRange(table(slope), slope, kernel, [], from, from + 5000);
    expect(range.nearZero?.ulp).toBeGreaterThan(4);
    expect(range.worst?.ulp).toBeLessThanOrEqual(0.5);
    expect(range.count).toBe(5000);
  });

  it("what the reference does not decide", () => {
    const column = valueOf(activationOfText("f(x) = where(sqrt(2)^2 * x > 2 * x, 1, 0)"));
    expect(
      measurePoints(
        column,
        kernelOf(() => 1),
        pointsAt(1, 2),
        [],
      ).undecided,
    ).toBe(2);
  });
});

it("gates are measured in all their inputs", () => {
  const column = valueOf(standardNamed("swiglu"));
  const points = pointsFor(column, [], 200);
  const right = rightBut(column);
  expect(measurePoints(column, right, points, [], { byReference: 20 }).worst?.ulp).toBeLessThanOrEqual(0.5 + 1e-8);
  const at = points.count - 3;
  const wrong: BatchKernel = (inputs, parameters) => {
    const results = right(inputs, parameters);
    results[at] = next(results[at] ?? NaN, 4);
    return results;
  };
  const { worst } = measurePoints(column, wrong, points, []);
  expect(worst?.at).toEqual(points.inputs.map((input) => input[at]));
});
