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
const fraction = (n: number, d: number): Ball => fromRational(BigInt(n), BigInt(d), precision);

const table = (length: number, value: (i: number) => Ball): readonly number[] =>
  Array.from({ length }, (_, i) => nearest(value(i)));

/** Tables, by the names that they have in the texts. */
export const tables = (): Readonly<Record<string, readonly number[]>> => ({
  EXP_64: table(12, (j) => exp(fraction(64 * j, 1), precision)),
  EXP_8: table(8, (j) => exp(fraction(8 * j, 1), precision)),
  EXP_1: table(8, (j) => exp(fraction(j, 1), precision)),
  EXP_1_32: table(32, (j) => exp(fraction(j, 32), precision)),
  EXP_1_1024: table(32, (j) => exp(fraction(j, 1024), precision)),
  EXPM1_1_32: table(33, (j) => expm1(fraction(j - 16, 32), precision)),
  EXPM1_1_1024: table(32, (j) => expm1(fraction(j - 16, 1024), precision)),
  LOG1P_64: table(65, (j) => log1p(fraction(j, 64), precision)),
  LOG_64: table(47, (j) => log(fraction(j + 45, 64), precision)),
});

/** ln(2) in two parts, the first of 29 bits, so that its products with exponents are exact. */
function twoParts(x: Ball): readonly [high: number, low: number] {
  const bits = new DataView(new ArrayBuffer(8));
  bits.setFloat64(0, nearest(x));
  bits.setBigUint64(0, bits.getBigUint64(0) & ~0xffffffn);
  const high = bits.getFloat64(0);
  return [high, nearest(subtract(x, fromNumber(high), precision))];
}

/** Single numbers, by what they are. */
export function constants(): Readonly<Record<string, number>> {
  const ln2 = log(two, precision);
  const [high, low] = twoParts(ln2);
  return {
    "ln 2, high": high,
    "ln 2, low": low,
    "54 ln 2": nearest(multiply(fromNumber(54), ln2, precision)),
    "1 / sqrt(2 pi)": nearest(divide(one, sqrt(scaled(pi(precision), 1n), precision), precision)),
  };
}

const square: Fit["variable"] = (x, bits) => multiply(x, x, bits);

/** Polynomials, by what they are. */
export const fits: Readonly<Record<string, Fit>> = {
  // e^r = 1 + r + r^2 p(r)
  "exp, |r| <= 1/2048": {
    target: (r, bits) => divide(subtract(expm1(r, bits), r, bits), square(r, bits), bits),
    weight: (r, bits) => square(r, bits),
    variable: (r) => r,
    low: -(2 ** -11),
    high: 1.001 * 2 ** -11,
    degree: 1,
  },
  // 2 artanh(s / 2) = s + s z p(z), z = s^2
  "2 artanh(s / 2), |s| <= 1/128": {
    target: (s, bits) => {
      const ratio = divide(atanh(scaled(s, -1n), bits), scaled(s, -1n), bits);
      return divide(subtract(ratio, one, bits), square(s, bits), bits);
    },
    weight: (s, bits) => divide(multiply(s, square(s, bits), bits), scaled(atanh(scaled(s, -1n), bits), 1n), bits),
    variable: square,
    low: 2 ** -30,
    high: 2 ** -7,
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
