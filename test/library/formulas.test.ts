/**
 * The formulas and constants of the float32 libraries, computed without rounding, against the functions. Rounding hides
 * what a wrong last digit of a coefficient does; here the error is that of the approximation alone, known to four digits.
 */
import { expect, test } from "vitest";
import { wgslLibrary } from "../../compiler/backend/library/wgsl.js";
import type { Library } from "../../compiler/machine/index.js";
import { pairLibrary } from "../../compiler/machine/library/pair/index.js";
import {
  absolute,
  add,
  type Ball,
  divide,
  fromNumber,
  midpoint,
  multiply,
  negate,
  scaled,
  subtract,
  two,
} from "../../compiler/numerics/ball.js";
import { log } from "../../compiler/numerics/elementary.js";
import { realFunctions } from "../../compiler/numerics/functions.js";
import { rsqrt } from "../../compiler/numerics/powers.js";
import { toBinary64 } from "../../compiler/numerics/rounding.js";
import { pi } from "../../compiler/numerics/trigonometric.js";
import { type Exact, exactly, fieldOf, numberOf, precision } from "./exactly.js";

type Real = (x: Ball) => Ball;

const { acos, asin, atan, cos, erf, erfc, exp, expm1, log1p, normcdf, sin, sinh, tan, tanh } = realFunctions;
const plus = (a: Ball, b: Ball): Ball => add(a, b, precision);
const times = (a: Ball, b: Ball): Ball => multiply(a, b, precision);
const of =
  (f: (x: Ball, precision: number) => Ball): Real =>
  (x) =>
    f(x, precision);

const erfcx: Real = (x) => times(exp(times(x, x), precision), erfc(x, precision));
const normpdf: Real = (x) =>
  times(exp(scaled(negate(times(x, x)), -1n), precision), rsqrt(scaled(pi(precision), 1n), precision));
const geluSlope: Real = (x) => plus(normcdf(x, precision), times(x, normpdf(x)));
const logarithmOf2 = log(two, precision);
const quarterTurn = scaled(pi(precision), -1n);

const n = fromNumber;
const pair = (x: Ball): Exact => ({ high: x, low: n(0) });
const angle = (x: Ball): Exact => ({ h: x, l: n(0), q: n(0) });
/** The sum of some fields, one of them as often as a number says. */
const sumOf = (value: Exact, ...fields: readonly string[]): Ball =>
  fields.reduce((sum, field) => plus(sum, numberOf(fieldOf(value, field))), n(0));
const turned = (value: Exact): Ball => plus(sumOf(value, "h", "l"), times(sumOf(value, "q"), quarterTurn));

/** What is computed, and between which numbers. */
interface Row {
  readonly name: string;
  readonly real: Real;
  readonly low: number;
  readonly high: number;
  /** The least and the greatest error, as parts of the value. */
  readonly errors: readonly [number, number];
  /** What the function takes for x, and what its result stands for. */
  readonly takes?: (x: Ball) => Exact[];
  readonly gives?: (value: Exact, x: Ball) => Ball;
}

const floats: readonly Row[] = [
  { name: "exp", real: of(exp), low: -80, high: 80, errors: [-3.592e-9, 3.674e-9] },
  { name: "expm1", real: of(expm1), low: -20, high: 20, errors: [-2.787e-10, 1.113e-9] },
  {
    name: "log_scaled",
    real: of(log1p),
    low: -0.292,
    high: 0.414,
    errors: [-4.368e-10, 4.328e-10],
    takes: (x) => [n(0), x],
  },
  {
    name: "log_scaled",
    real: (k) => times(k, logarithmOf2),
    low: 1,
    high: 127,
    errors: [-7.932e-14, -7.932e-14],
    takes: (k) => [k, n(0)],
  },
  {
    name: "exp_square",
    real: (x) => exp(negate(times(x, x)), precision),
    low: 0,
    high: 9,
    errors: [-3.586e-9, 3.677e-9],
    takes: (x) => [x, n(-1)],
  },
  { name: "erfcx", real: erfcx, low: 0.46, high: 11, errors: [-1.781e-8, -4.463e-9] },
  { name: "erf", real: of(erf), low: 2e-4, high: 0.8437, errors: [-1.113e-8, -8.107e-10] },
  { name: "normcdf", real: of(normcdf), low: -8, high: 2, errors: [-9.196e-9, 1.678e-8] },
  { name: "normpdf", real: normpdf, low: 0, high: 9, errors: [2.511e-8, 3.209e-8] },
  { name: "tanh", real: of(tanh), low: 1e-3, high: 0.6249, errors: [-3.956e-9, 6.992e-9] },
  { name: "sinh", real: of(sinh), low: 1e-3, high: 0.9999, errors: [4.967e-15, 5.221e-9] },
  {
    name: "sin_reduced",
    real: of(sin),
    low: 1e-3,
    high: 0.7854,
    errors: [-3.656e-9, -4.967e-15],
    takes: (x) => [angle(x)],
  },
  {
    name: "cos_reduced",
    real: of(cos),
    low: 0,
    high: 0.7854,
    errors: [-1.581e-10, 9.738e-11],
    takes: (x) => [angle(x)],
  },
  { name: "reduce_angle", real: (x) => x, low: 1, high: 800, errors: [-9.532e-23, -4.271e-23], gives: turned },
  { name: "tan", real: of(tan), low: 1e-3, high: 0.7854, errors: [-4.091e-9, 4.12e-9] },
  { name: "atan", real: of(atan), low: 1e-3, high: 0.4142, errors: [-2.786e-9, 5.696e-10] },
  { name: "atan", real: of(atan), low: 0.5, high: 5, errors: [-7.389e-10, 1.128e-9] },
  { name: "asin", real: of(asin), low: 1e-3, high: 0.4999, errors: [-1.047e-9, 1.485e-10] },
  { name: "asin", real: of(asin), low: 0.51, high: 0.99, errors: [-5.487e-11, 1.371e-9] },
  { name: "acos", real: of(acos), low: -0.99, high: 0.9, errors: [-8.984e-10, 4.196e-8] },
];

const inPairs = (x: Ball): Exact[] => [pair(x)];
const value = (found: Exact): Ball => sumOf(found, "high", "low");
const pairs: readonly Row[] = [
  { name: "pair_exp", real: of(exp), low: -80, high: 80, errors: [-1.056e-10, 7.336e-11] },
  {
    name: "pair_reduced",
    real: (x) => x,
    low: 40,
    high: 80,
    errors: [6.185e-14, 1.237e-13],
    takes: (x) => [pair(x), n(90)],
    gives: (found) => plus(value(found), times(n(90), logarithmOf2)),
  },
  { name: "pair_expm1", real: of(expm1), low: -20, high: 20, errors: [-3.003e-10, 1.373e-10] },
  {
    name: "pair_log_scaled",
    real: of(log1p),
    low: -0.292,
    high: 0.414,
    errors: [-2.889e-10, 2.907e-10],
    takes: (x) => [n(0), pair(x)],
  },
  {
    name: "pair_log_scaled",
    real: (k) => times(k, logarithmOf2),
    low: 1,
    high: 127,
    errors: [-7.932e-14, -7.932e-14],
    takes: (k) => [k, pair(n(0))],
  },
  { name: "pair_erfcx", real: erfcx, low: 0.46, high: 11, errors: [-1.83e-12, 4.591e-11] },
  { name: "pair_erf", real: of(erf), low: 1e-3, high: 0.4687, errors: [-4.034e-14, 1.306e-10] },
  {
    name: "pair_raised_normcdf",
    real: (x) => scaled(normcdf(x, precision), 60n),
    low: -9,
    high: 2,
    errors: [-9.688e-11, 7.0e-11],
  },
  { name: "pair_gelu_slope", real: geluSlope, low: -0.6, high: 9, errors: [-1.746e-10, 1.512e-11] },
  { name: "pair_sine_small", real: of(sin), low: 1e-3, high: 0.7854, errors: [-7.862e-11, 1.999e-9] },
  { name: "pair_cosine_small", real: of(cos), low: 0, high: 0.7854, errors: [0, 4.95e-10] },
  {
    name: "pair_reduced_angle",
    real: (x) => x,
    low: 1,
    high: 4096,
    errors: [4.069e-20, 1.667e-16],
    takes: (x) => [pair(x), n(2000)],
    gives: (found) => plus(value(found), times(n(2000), quarterTurn)),
  },
  { name: "pair_atan", real: of(atan), low: 1e-3, high: 0.4142, errors: [2.555e-17, 2.537e-10] },
  { name: "pair_atan", real: of(atan), low: 0.42, high: 5, errors: [-2.326e-10, 8.146e-11] },
  { name: "pair_acos", real: of(acos), low: -0.99, high: 0.9, errors: [-8.752e-11, 8.287e-11] },
];

function errorsOf(library: Library, { name, real, low, high, takes, gives }: Required<Row>): readonly [number, number] {
  const f = exactly(library, name);
  const count = 160;
  const found = Array.from({ length: count + 1 }, (_, i) => {
    // Denser towards the ends, as the extremes of the error are.
    const x = n((low + high) / 2 - ((high - low) / 2) * Math.cos((Math.PI * i) / count));
    const expected = real(x);
    const difference = subtract(gives(f(...takes(x)), x), expected, precision);
    return toBinary64(midpoint(divide(difference, absolute(expected), precision))) ?? NaN;
  });
  return [Math.min(...found), Math.max(...found)];
}

const all = [
  ...floats.map((row) => ({ library: wgslLibrary, row: { takes: (x: Ball) => [x], gives: numberOf, ...row } })),
  ...pairs.map((row) => ({ library: pairLibrary(), row: { takes: inPairs, gives: value, ...row } })),
];

test.each(all)("$row.name between $row.low and $row.high", ({ library, row }) => {
  const found = errorsOf(library, row);
  const tolerance = 5e-4 * Math.max(...row.errors.map(Math.abs));
  found.forEach((error, i) => expect(Math.abs(error - row.errors[i]!)).toBeLessThanOrEqual(tolerance));
});
