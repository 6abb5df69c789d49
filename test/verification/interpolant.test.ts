import { describe, expect, it } from "vitest";
import { bitsOfNumber, numberOfBits, rankOf } from "../../compiler/verification/float32.js";
import {
  PieceKind,
  tieToReference,
  type UnaryTruth,
  unaryTruth,
  unaryTruthOf,
} from "../../compiler/verification/interpolant.js";
import { pointsFor } from "../../compiler/verification/points.js";
import { type Column, defaultParameters } from "../../compiler/verification/truth.js";
import { activationOfText, columnsOf, slopeOf, standardNamed, titleOf, valueOf } from "./activations.js";

function built(column: Column): UnaryTruth {
  const truth = unaryTruth(column, defaultParameters(column.activation));
  if (!truth) throw new Error(`no table for ${titleOf(column)}`);
  return truth;
}

const columns: readonly Column[] = [
  valueOf(standardNamed("gelu")),
  slopeOf(standardNamed("silu")),
  slopeOf(standardNamed("hard_swish")),
  valueOf(standardNamed("hard_shrink")),
  valueOf(standardNamed("spline_log")),
  slopeOf(standardNamed("gaussian")),
  slopeOf(standardNamed("softplus_beta")),
  valueOf(activationOfText("f(x) = where(x > 80, exp(x), 1 - exp(-exp(x))) * (x - 1/3)^2")),
];

describe.each(columns.map((column) => [titleOf(column), column] as const))("%s", (_, column) => {
  it("is what the reference says, at adversarial and at random inputs", () => {
    const parameters = defaultParameters(column.activation);
    const points = pointsFor(column, parameters, 200);
    const [inputs] = points.inputs;
    if (!inputs) throw new Error("no inputs");
    const few = inputs.filter((_, i) => i % 23 === 0 || i >= points.adversarial || points.isNearZero(i));
    const { fault, checked } = tieToReference(built(column), column, parameters, few);
    expect(fault).toBeNull();
    expect(checked).toBeGreaterThan(250);
  });
});

it("a table with one wrong coefficient does not pass", () => {
  const column = valueOf(standardNamed("tanh"));
  const { table } = built(column);
  const numbers = table.numbers.slice();
  const piece = table.kinds.findIndex(
    (kind, i) => kind === PieceKind.polynomial && table.starts[i]! >= bitsOfNumber(0.5),
  );
  numbers[table.offsets[piece]! + 3]! *= 1 + 2 ** -40;
  const inputs = Array.from({ length: 50 }, (_, i) => numberOfBits(table.starts[piece]! + 997 * i));
  expect(tieToReference(unaryTruthOf(table), column, [], inputs).fault).toBeNull();
  expect(tieToReference(unaryTruthOf({ ...table, numbers }), column, [], inputs).fault).not.toBeNull();
});

it.each([
  ["a stretch between two comparisons", "f(x) = where(0.3 < x and x < 0.30001, 5, x)", 0.300005],
  ["one in a constant", "f(x) = where(abs(x - 3) < 1e-4, 1, 0)", 3.00005],
  ["one in which a comparison holds for a moment", "f(x) = where((x - 0.3)^2 < 1e-10, 5, x)", 0.300005],
  ["another one", "f(x) = where(sin(clamp(x, 0, 3)) > 0.99999999, 0, exp(-x))", 1.5708],
  ["a small kink", "f(x) = x + 1e-9 * abs(x - 1.2345678)", 1.23456],
  ["a step", "f(x) = floor(clamp(x, 0, 1) * 1000) * 1e-3 + 1", 0.9995],
])("does not miss %s", (_, text, x) => {
  const column = valueOf(activationOfText(text));
  const inputs = Array.from({ length: 40 }, (_, i) => numberOfBits(bitsOfNumber(x) + (i - 20) * 3));
  expect(tieToReference(built(column), column, [], inputs)).toMatchObject({ fault: null, undecided: 0 });
});

describe("neighbours of zeros", () => {
  const near = (column: Column): number[] => [...built(column).table.nearZero].map(numberOfBits);

  it.each([
    ["of the value", valueOf(standardNamed("hard_swish")), [0, 1.4e-45, -0, -1.4e-45, -2.9999998, -3]],
    ["between two numbers", slopeOf(standardNamed("silu")), [-1.2784644, -1.2784646]],
    ["not at a jump", valueOf(activationOfText("f(x) = where(x > 1, 2, -3)")), []],
    ["not where a value vanishes", valueOf(standardNamed("gaussian")), []],
    ["at the end of a stretch of zeros", valueOf(standardNamed("soft_shrink")), [0.5, 0.50000006, -0.5, -0.50000006]],
  ])("%s", (_, column, expected) => {
    expect(near(column)).toEqual(expected.map(Math.fround));
  });
});

describe("what cannot be had", () => {
  it.each([
    ["sin(x)", "f(x) = sin(x)"],
    ["what oscillates beside something larger", "f(x) = x + sin(3 * x)^2"],
    ["a function of two inputs", "f(x, t) = x * t"],
  ])("%s", (_, text) => {
    expect(unaryTruth(valueOf(activationOfText(text)), [])).toBeNull();
  });
});

it("pieces follow each other over all finite numbers, and are looked up", () => {
  for (const column of columnsOf(standardNamed("prelu"))) {
    const truth = built(column);
    const { starts, kinds } = truth.table;
    expect(starts[0]).toBe(0);
    expect(starts.every((start, i) => i === 0 || start > starts[i - 1]!)).toBe(true);
    expect(starts).toContain(0x80000000);
    expect(kinds.length).toBe(starts.length);
  }
  const identity = built(valueOf(activationOfText("f(x) = x")));
  for (const x of [0, -0, 1.4e-45, 1e-40, 0.7, -2.5, 3e38, -3.4028235e38]) {
    const input = Math.fround(x);
    expect(Math.abs(identity.at(input) - input)).toBeLessThanOrEqual(Math.abs(input) * 2 ** -50 + 2 ** -160);
    expect(Math.abs(rankOf(input))).toBeLessThan(2 ** 31);
  }
  expect([identity.at(Infinity), identity.at(NaN)]).toEqual([NaN, NaN]);
});
