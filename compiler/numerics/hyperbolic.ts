import {
  absolute,
  add,
  divide,
  dyadic,
  monotone,
  multiply,
  nan,
  negate,
  negativeInfinity,
  one,
  positiveInfinity,
  scaled,
  sign,
  subtract,
  top,
  two,
  widened,
  zero,
} from "./ball.js";
import type { Ball, FiniteBall, Function1 } from "./ball.js";
import { exp, expm1, isTiny, log1p, plusInteger, smallness } from "./elementary.js";
import { bitLength, smaller } from "./integers.js";
import { sqrt } from "./powers.js";

function sinhAt(x: FiniteBall, precision: number): Ball {
  if (x.mid === 0n) return zero;
  if (x.mid < 0n) return negate(sinhAt(dyadic(-x.mid, x.exponent), precision));
  // |sinh(x) − x| <= |x|³ for |x| <= 1
  if (isTiny(x, precision)) return widened(x, 3n * top(x), precision);
  const working = precision + 8 + smallness(top(x));
  const e = exp(x, working);
  return scaled(subtract(e, divide(one, e, working), precision), -1n);
}

function coshAt(x: FiniteBall, precision: number): Ball {
  if (x.mid === 0n) return one;
  const e = exp(x, precision + 8);
  return scaled(add(e, divide(one, e, precision + 8), precision), -1n);
}

const coshOfMagnitude = monotone(coshAt, [positiveInfinity, positiveInfinity]);

export const cosh: Function1 = (x, precision) => coshOfMagnitude(absolute(x), precision);

/** tanh(x) = u / (u + 2) with u = expm1(2x) >= 0 */
function tanhAt(x: FiniteBall, precision: number): Ball {
  if (x.mid === 0n) return zero;
  if (x.mid < 0n) return negate(tanhAt(dyadic(-x.mid, x.exponent), precision));
  if (isTiny(x, precision)) return widened(x, 3n * top(x), precision);
  const size = top(x);
  // 1 − tanh(x) < 2 exp(−2x) < 2^(1 − 2x), and 2x >= 2^top(x)
  if (size > bitLength(BigInt(precision))) return widened(one, 1n - (1n << smaller(size, 64n)), precision);
  const u = expm1(dyadic(x.mid, x.exponent + 1n), precision + 8);
  return divide(u, add(u, two, precision + 8), precision);
}

export const sinh: Function1 = monotone(sinhAt, [negativeInfinity, positiveInfinity]);
export const tanh: Function1 = monotone(tanhAt, [dyadic(-1n), one]);

/** asinh(x) = log1p(x + x² / (1 + sqrt(1 + x²))) for x > 0 */
function asinhAt(x: FiniteBall, precision: number): Ball {
  if (x.mid === 0n) return zero;
  if (x.mid < 0n) return negate(asinhAt(dyadic(-x.mid, x.exponent), precision));
  if (isTiny(x, precision)) return widened(x, 3n * top(x), precision);
  const working = precision + 8;
  const square = multiply(x, x, working);
  const root = sqrt(add(one, square, working), working);
  return log1p(add(x, divide(square, add(one, root, working), working), working), precision);
}

/** acosh(x) = log1p(t + sqrt(t (t + 2))) with t = x − 1 */
function acoshAt(x: FiniteBall, precision: number): Ball {
  const working = precision + 8;
  const t = plusInteger(x, -1n, working);
  if (sign(t) === -1) return nan;
  const root = sqrt(multiply(t, add(t, two, working), working), working);
  return log1p(add(t, root, working), precision);
}

/** atanh(x) = log1p(2x / (1 − x)) / 2 */
function atanhAt(x: FiniteBall, precision: number): Ball {
  if (x.mid === 0n) return zero;
  if (x.mid < 0n) return negate(atanhAt(dyadic(-x.mid, x.exponent), precision));
  // |atanh(x) − x| <= |x|³ for |x| <= 1/2
  if (isTiny(x, precision)) return widened(x, 3n * top(x), precision);
  const working = precision + 8;
  const complement = negate(plusInteger(x, -1n, working));
  if (complement.kind === "finite" && complement.mid <= 0n) return complement.mid === 0n ? positiveInfinity : nan;
  return scaled(log1p(divide(scaled(x, 1n), complement, working), precision), -1n);
}

export const asinh: Function1 = monotone(asinhAt, [negativeInfinity, positiveInfinity]);
export const acosh: Function1 = monotone(acoshAt, [nan, positiveInfinity], { least: 1n });
/** atanh(±1) is ±∞. */
export const atanh: Function1 = monotone(atanhAt, [nan, nan], { least: -1n, greatest: 1n });
