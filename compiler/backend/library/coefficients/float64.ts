/**
 * The numbers in the texts of the float64 library, computed anew: `node scripts/coefficients.mjs` prints them, and a
 * test compares them with the texts.
 */
import {
  type Ball,
  divide,
  fromNumber,
  fromRational,
  multiply,
  one,
  scaled,
  subtract,
  two,
} from "../../../numerics/ball.js";
import { exp, expm1, log, log1p } from "../../../numerics/elementary.js";
import { atanh } from "../../../numerics/hyperbolic.js";
import { sqrt } from "../../../numerics/powers.js";
import { toBinary64 } from "../../../numerics/rounding.js";
import { erf } from "../../../numerics/special.js";
import { pi } from "../../../numerics/trigonometric.js";
import { type Fit, minimax, type Polynomial } from "./minimax.js";

const precision = 200;
const nearest = (x: Ball): number => toBinary64(x) ?? NaN;
const ln2 = log(two, precision);

/** 2^(n / d) */
const logarithmOfPower = (n: number, d: number): Ball =>
  multiply(ln2, fromRational(BigInt(n), BigInt(d), precision), precision);

const table = (length: number, value: (i: number) => Ball): readonly number[] =>
  Array.from({ length }, (_, i) => nearest(value(i)));

/** Tables, by the names that they have in the texts. */
export const tables = (): Readonly<Record<string, readonly number[]>> => ({
  EXP2_32: table(32, (j) => exp(logarithmOfPower(j, 32), precision)),
  EXP2_2048: table(64, (j) => exp(logarithmOfPower(j, 2048), precision)),
  EXP2M1_32: table(32, (j) => expm1(logarithmOfPower(j - 16, 32), precision)),
  EXP2M1_2048: table(64, (j) => expm1(logarithmOfPower(j - 32, 2048), precision)),
  LOG1P_64: table(65, (j) => log1p(fromRational(BigInt(j), 64n, precision), precision)),
  LOG_64: table(47, (j) => log(fromRational(BigInt(j + 45), 64n, precision), precision)),
});

/** ln(2) / 2048 in two parts, the first of 29 bits, so that its products with integers below 2^24 are exact. */
function stepOfLogarithm(d: number): readonly [high: number, low: number] {
  const step = logarithmOfPower(1, d);
  const bits = new DataView(new ArrayBuffer(8));
  bits.setFloat64(0, nearest(step));
  bits.setBigUint64(0, bits.getBigUint64(0) & ~0xffffffn);
  const high = bits.getFloat64(0);
  return [high, nearest(subtract(step, fromNumber(high), precision))];
}

/** Single numbers, by what they are. */
export function constants(): Readonly<Record<string, number>> {
  const [high, low] = stepOfLogarithm(2048);
  const [high1, low1] = stepOfLogarithm(1);
  return {
    "2048 / ln 2": nearest(divide(fromNumber(2048), ln2, precision)),
    "ln 2 / 2048, high": high,
    "ln 2 / 2048, low": low,
    "ln 2, high": high1,
    "ln 2, low": low1,
    "ln 2": nearest(ln2),
    "1 / sqrt(2 pi)": nearest(divide(one, sqrt(scaled(pi(precision), 1n), precision), precision)),
    "2 / sqrt(pi) - 1": nearest(subtract(divide(two, sqrt(pi(precision), precision), precision), one, precision)),
    "sqrt(2)": nearest(sqrt(two, precision)),
  };
}

const square: Fit["variable"] = (x, bits) => multiply(x, x, bits);

/** Polynomials, by what they are. */
export const fits: Readonly<Record<string, Fit>> = {
  // artanh(s) = s + s z p(z), z = s^2
  "artanh, |s| <= 1/256": {
    target: (s, bits) => {
      const ratio = divide(atanh(s, bits), s, bits);
      return divide(subtract(ratio, one, bits), square(s, bits), bits);
    },
    weight: (s, bits) => divide(multiply(s, square(s, bits), bits), atanh(s, bits), bits),
    variable: square,
    low: 2 ** -30,
    high: 2 ** -8,
    degree: 1,
  },
  // erf(x) = x + x p(x^2)
  "erf, |x| <= 1/2": {
    target: (x, bits) => subtract(divide(erf(x, bits), x, bits), one, bits),
    weight: (x, bits) => divide(x, erf(x, bits), bits),
    variable: square,
    low: 2 ** -30,
    high: 0.5,
    degree: 9,
  },
};

export const polynomials = (): Readonly<Record<string, Polynomial>> =>
  Object.fromEntries(Object.entries(fits).map(([name, fit]) => [name, minimax(fit)]));
