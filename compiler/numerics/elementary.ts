import {
  add,
  dyadic,
  exponentBits,
  finite,
  fixedPoint,
  isZero,
  monotone,
  nan,
  negativeInfinity,
  one,
  positiveInfinity,
  subtract,
  top,
  widened,
  within,
  zero,
} from "./ball.js";
import type { Ball, FiniteBall, Function1 } from "./ball.js";
import { expFixed, ln2, logFixed } from "./fixed.js";
import { bitLength, larger } from "./integers.js";

/*
 * exp, log and what follows from them. Each `…At` takes an exact number and gives a ball whose radius is a few units in
 * the last of `precision` bits, relative to the value itself, however small the argument or the value.
 */

/** |x| < 2^top(x) is so small that x² is below the precision of 1. */
export const isTiny = (x: FiniteBall, precision: number): boolean => top(x) < -precision - 2;

/** How many more bits fixed point needs to keep the relative precision of a number near 2^top. */
export const smallness = (topOfNumber: bigint): number => (topOfNumber < 0n ? Number(-topOfNumber) : 0);

function expAt(x: FiniteBall, precision: number): Ball {
  if (x.mid === 0n) return one;
  const size = top(x);
  if (size > exponentBits) return x.mid < 0n ? within(-1n << BigInt(exponentBits)) : positiveInfinity;
  if (isTiny(x, precision)) return widened(one, size + 1n, precision);
  // x = n ln 2 + r with 0 <= r < ln 2, to `bits` bits after the extra ones that the subtraction of n ln 2 costs
  const bits = precision + 8;
  const extra = (size > 0n ? Number(size) : 0) + 2;
  const long = bits + extra;
  const log2 = ln2(long);
  const argument = x.mid < 0n ? -fixedPoint(x, long) : fixedPoint(x, long);
  let n = argument / log2;
  if (argument < n * log2) n -= 1n;
  const { value, error } = expFixed((argument - n * log2) >> BigInt(extra), bits);
  // r is off by at most 3 units, of which exp makes less than 7.
  return finite(value, error + 7n, n - BigInt(bits), precision);
}

export const exp: Function1 = monotone(expAt, [zero, positiveInfinity]);

function expm1At(x: FiniteBall, precision: number): Ball {
  if (x.mid === 0n) return zero;
  // |exp(x) − 1 − x| <= x² for |x| <= 1
  if (isTiny(x, precision)) return widened(x, 2n * top(x), precision);
  return subtract(expAt(x, precision + 4 + smallness(top(x))), one, precision);
}

export const expm1: Function1 = monotone(expm1At, [dyadic(-1n), positiveInfinity]);

function logAt(x: FiniteBall, precision: number): Ball {
  if (x.mid < 0n) return nan;
  if (x.mid === 0n) return negativeInfinity;
  // x = 2^k y with 2/3 <= y < 4/3, so that k ln 2 + log y does not cancel
  const length = bitLength(x.mid);
  const big = 3n * x.mid >= 1n << BigInt(length + 1); // x >= 2/3 of 2^top
  const k = top(x) - (big ? 0n : 1n);
  const y = dyadic(x.mid, x.exponent - k);
  let bits = precision + 10;
  if (k === 0n) {
    const distance = dyadic(y.mid - (1n << -y.exponent), y.exponent);
    if (isZero(distance)) return zero;
    // |log(1 + d) − d| <= d² for |d| <= 1/2
    if (isTiny(distance, precision)) return widened(distance, 2n * top(distance), precision);
    bits += smallness(top(distance));
  }
  const { value, error } = logFixed(fixedPoint(y, bits), bits);
  if (k === 0n) return finite(value, error, BigInt(-bits), precision);
  const extra = bitLength(k);
  const multiple = (k * ln2(bits + extra)) >> BigInt(extra);
  return finite(value + multiple, error + 2n, BigInt(-bits), precision);
}

/** log(0) is −∞. */
export const log: Function1 = monotone(logAt, [nan, positiveInfinity]);

/** x + integer of an exact x, exactly unless one of the two is far beyond the digits that matter. */
export function plusInteger(x: FiniteBall, integer: bigint, precision: number): Ball {
  const span = larger(top(x), 2n) - (x.exponent < 0n ? x.exponent : 0n);
  return add(x, dyadic(integer), span > 8 * precision + 4096 ? precision + 8 : Number(span) + 2);
}

function log1pAt(x: FiniteBall, precision: number): Ball {
  if (x.mid === 0n) return zero;
  if (isTiny(x, precision)) return widened(x, 2n * top(x), precision);
  return log(plusInteger(x, 1n, precision), precision);
}

export const log1p: Function1 = monotone(log1pAt, [nan, positiveInfinity]);
