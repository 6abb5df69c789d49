import { describe, expect, it } from "vitest";
import { bitsOfNumber, bitsOfRank, largestNumber, numberOfRank, rankOf } from "../../compiler/verification/float32.js";
import { type Points, pointsFor } from "../../compiler/verification/points.js";
import { furtherSettings, parameterSettings } from "../../compiler/verification/settings.js";
import { defaultParameters } from "../../compiler/verification/truth.js";
import { activationOfText, slopeOf, standard, standardNamed, valueOf } from "./activations.js";

const has = ({ inputs: [input] }: Points, x: number): boolean =>
  input?.some((y) => bitsOfNumber(y) === bitsOfNumber(x)) ?? false;
const neighbours = (x: number): number[] => [-1, 0, 1].map((step) => numberOfRank(rankOf(x) + step));

describe("adversarial inputs", () => {
  it.each([
    ["extremes", valueOf(standardNamed("relu")), [0, 2 ** -149, 2 ** -126, 2 ** 127, -(2 ** -126), 1]],
    ["a kink", slopeOf(standardNamed("hard_swish")), [3, -3]],
    [
      "where a comparison of two functions changes",
      valueOf(activationOfText("f(x) = where(exp(x) > 5 - x, x, 1)")),
      [1.3065586],
    ],
    ["a zero of the value", valueOf(activationOfText("f(x) = exp(x) - 2.5")), [0.9162907]],
    ["a zero of the derivative, for the value too", valueOf(standardNamed("mish")), [-1.1924312]],
    [
      "numbers of the definition",
      valueOf(activationOfText("f(x) = where(x > 0, x * 0.3715, 77.25)")),
      [0.3715, 77.25, 1 / 0.3715],
    ],
    ["limits of an exponential of a multiple", valueOf(activationOfText("f(x; k = 7) = exp(k * x)")), [88.72284 / 7]],
  ])("%s, and their neighbours", (_, column, places) => {
    const points = pointsFor(column, defaultParameters(column.activation), 0);
    for (const x of places.flatMap((place) => neighbours(Math.fround(place))))
      expect([x, has(points, x)]).toEqual([x, true]);
    for (const x of [Infinity, -Infinity, NaN, -0, largestNumber, -largestNumber]) expect(has(points, x)).toBe(true);
    expect(points.adversarial).toBe(points.count);
  });

  it("zeros of the column itself are marked, wherever they are drawn", () => {
    const points = pointsFor(slopeOf(standardNamed("gelu")), [], 100);
    const marked = [...(points.inputs[0] ?? [])].filter((_, i) => points.isNearZero(i));
    expect(marked).toEqual([-0.7517915368080139, -0.7517914772033691]);
  });

  it("gates get them in every input", () => {
    const { inputs, count } = pointsFor(valueOf(standardNamed("glu")), [], 50);
    expect(inputs.map(({ length }) => length)).toEqual([count, count]);
    for (const input of inputs) {
      for (const x of [2 ** -149, 88.72284, -largestNumber, Infinity, NaN]) {
        expect([...input].some((y) => Object.is(y, Math.fround(x)))).toBe(true);
      }
    }
  });
});

it("special inputs are few, for each input alone and for all at once", () => {
  const specials = (text: string): Points => pointsFor(valueOf(activationOfText(text)), [], 0, "specials");
  const one = specials("f(x) = x");
  expect(one.count).toBeLessThan(50);
  for (const x of [0, -0, 1, -88, 2 ** -149, -1e38, largestNumber, Infinity, -Infinity, NaN])
    expect(has(one, x)).toBe(true);
  const { inputs, count } = specials("f(a, b) = a * b");
  expect(count).toBeLessThan(180);
  const pairs = Array.from({ length: count }, (_, i) => inputs.map((values) => values[i]!));
  for (const pair of [
    [Infinity, Infinity],
    [Infinity, 0.7875],
    [0.7, Infinity],
  ].map((each) => each.map(Math.fround)))
    expect(pairs).toContainEqual(pair);
  // Next to a zero and at it, as of other points.
  const line = specials("f(x) = x - 1");
  expect([...line.inputs[0]!].filter((_, i) => line.isNearZero(i))).toEqual([1]);
});

it("of several inputs, points at which all are ordinary or extreme stand last", () => {
  const { inputs, adversarial, extremes } = pointsFor(valueOf(activationOfText("f(a, b) = a * b")), [], 10);
  expect(extremes).toBeGreaterThan(100);
  const last = Array.from({ length: extremes }, (_, i) => inputs.map((values) => values[adversarial - extremes + i]!));
  expect(last).toContainEqual([Math.fround(1e20), -Math.fround(1e20)]);
});

it("stratified inputs have all exponents alike, and are the same in every run", () => {
  const column = valueOf(standardNamed("relu"));
  const points = pointsFor(column, [], 20_000);
  const [input] = points.inputs;
  const exponents = new Map<number, number>();
  const order: number[] = [];
  for (let i = points.adversarial; i < points.count; i++) {
    const bits = bitsOfNumber(input?.[i] ?? NaN);
    order.push(bits >>> 23);
    exponents.set((bits >>> 23) & 255, (exponents.get((bits >>> 23) & 255) ?? 0) + 1);
  }
  expect(exponents.size).toBe(255);
  // Every other number is of ordinary size, besides.
  const [ordinary, others] = [true, false].map((isOrdinary) =>
    [...exponents].filter(([exponent]) => (exponent >= 111 && exponent < 135) === isOrdinary).map(([, count]) => count),
  );
  expect(Math.max(...others!)).toBeLessThan(90);
  expect(Math.min(...ordinary!)).toBeGreaterThan(300);
  expect(order).toEqual(order.toSorted((a, b) => a - b));
  expect(pointsFor(column, [], 20_000).inputs).toEqual(points.inputs);
});

describe("parameter settings", () => {
  it("have one parameter each at one of ten values within its range, of five where it is negative", () => {
    for (const activation of standard.values()) {
      const parameters = [...activation.hyperparameters, ...activation.learned];
      const defaults = parameters.map((parameter) => Math.fround(parameter.default));
      for (const setting of parameterSettings(activation)) {
        expect(setting.filter((value, i) => value !== defaults[i]).length).toBeLessThanOrEqual(1);
        setting.forEach((value, i) => {
          const range = parameters[i]?.range;
          expect(Math.fround(value)).toBe(value);
          if (range) expect(value >= range.low && value <= range.high).toBe(true);
        });
      }
      const varied = parameters.filter((parameter) => !("shape" in parameter) || parameter.shape !== "axis");
      const values = varied.reduce((sum, { range }) => sum + (range && range.high <= 0 ? 5 : 10), 0);
      expect(parameterSettings(activation).length).toBe(values);
    }
  });

  it("are followed by others, each once and within its range, and by all parameters at the same", () => {
    const activation = activationOfText("f(x; a = 1 in (0, inf), b = 2) = a * x + b");
    const further = furtherSettings(activation)!;
    expect(furtherSettings(activationOfText("f(x; axis d = -1, k = 2) = exp(k * x) / sum[d](exp(x))"))).toBeNull();
    const known = new Set(parameterSettings(activation).map(String));
    expect(further.filter((setting) => known.has(String(setting)))).toEqual([]);
    expect(new Set(further.map(String)).size).toBe(further.length);
    expect(further.every(([a]) => a! > 0 || Number.isNaN(a))).toBe(true);
    // Drawn for both, neither of them at its default or alike.
    const mixed = further.filter(([a, b]) => a !== 1 && b !== 2 && a !== b && !Number.isNaN(a! + b!));
    expect(mixed.length).toBeGreaterThan(12);
    for (const setting of [
      [NaN, 2],
      [1, NaN],
      [2 ** -12, 2 ** -12],
      [2 ** -20, 2],
      [1, -1],
    ])
      expect(further).toContainEqual(setting);
  });

  it("are those at which formulas degenerate", () => {
    const of = (text: string): number[] => parameterSettings(activationOfText(text)).map(([value]) => value ?? NaN);
    expect(of("f(x; a = 1) = a * x")).toEqual(expect.arrayContaining([0, 2 ** -24, -(2 ** -24), 1, 1 + 2 ** -23]));
    expect(of("f(x; a = 1 in (0, inf)) = a * x").every((value) => value > 0)).toBe(true);
    expect(of("f(x; a = 1 in [1, 3)) = a * x")).toEqual(
      expect.arrayContaining([1, 1 + 2 ** -23, numberOfRank(rankOf(3) - 1), 2]),
    );
  });
});

it("ranks are the order of the numbers", () => {
  const numbers = [-largestNumber, -1, -(2 ** -149), 0, 2 ** -149, 1, largestNumber];
  expect(numbers.map(rankOf)).toEqual([...numbers.map(rankOf)].sort((a, b) => a - b));
  for (const x of numbers) expect(numberOfRank(rankOf(x))).toBe(x);
  expect(bitsOfRank(-1)).toBe(0x80000001);
});
