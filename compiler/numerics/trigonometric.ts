import {
  add,
  divide,
  dyadic,
  finite,
  fixedPoint,
  isZero,
  monotone,
  multiply,
  nan,
  negate,
  one,
  scaled,
  sign,
  top,
  unknown,
  widened,
  within,
  zero,
} from "./ball.js";
import type { Ball, FiniteBall, Function1 } from "./ball.js";
import { isTiny, plusInteger, smallness } from "./elementary.js";
import { atanFixed, piFixed, sineFixed } from "./fixed.js";
import { bitLength } from "./integers.js";
import { sqrt } from "./powers.js";

export const pi = (precision: number): Ball => finite(piFixed(precision), 1n, BigInt(-precision), precision + 2);

/** Arguments of more bits before the point are not reduced; no function of a binary64 that is worth a sine gets there. */
const reducedBits = 32768n;

/** sin(x + quarter · pi/2) of an exact number */
function sineAt(x: FiniteBall, quarter: bigint, precision: number): Ball {
  if (x.mid === 0n) return quarter === 0n ? zero : one;
  const size = top(x);
  if (isTiny(x, precision)) {
    // |sin(x) − x| <= |x|³ and |cos(x) − 1| <= x²
    return quarter === 0n ? widened(x, 3n * size, precision) : widened(one, 2n * size, precision);
  }
  if (size > reducedBits) return within(0n);
  const extra = (size > 0n ? Number(size) : 0) + 2;
  let bits = precision + 10 + smallness(size);
  for (;;) {
    // x = n pi/2 + r with |r| <= pi/4, to `bits` bits after those that the subtraction of n pi/2 costs
    const long = bits + extra;
    const rightAngle = piFixed(long) >> 1n;
    const argument = x.mid < 0n ? -fixedPoint(x, long) : fixedPoint(x, long);
    let n = (2n * argument) / rightAngle; // half right angles, truncated
    n = (n < 0n ? n - 1n : n + 1n) / 2n;
    const r = (argument - n * rightAngle) >> BigInt(extra);
    const phase = (n + quarter) & 3n;
    const cosine = (phase & 1n) === 1n;
    const missing = cosine ? 0 : precision + 8 - bitLength(r);
    if (missing > 0) {
      // A zero of the function is near: more bits before its relative precision is right. It is irrational, so never at r.
      bits += missing + 8;
      continue;
    }
    const { value, error } = sineFixed(r, bits, cosine);
    // r is off by at most 3 units, and so is its sine.
    return finite(phase >= 2n ? -value : value, error + 4n, BigInt(-bits), precision);
  }
}

/** A function with |f(x) − f(y)| <= min(2, |x − y|), of a ball. */
function lipschitz(at: (x: FiniteBall, precision: number) => Ball): Function1 {
  return (x, precision) => {
    if (x.kind === "infinite") return nan;
    if (x.kind !== "finite") return x;
    const spread = BigInt(bitLength(x.radius)) + x.exponent;
    if (x.radius !== 0n && spread > 0n) return within(0n);
    const value = at(dyadic(x.mid, x.exponent), precision);
    return x.radius === 0n ? value : add(value, { ...x, mid: 0n }, precision);
  };
}

export const sin: Function1 = lipschitz((x, precision) => sineAt(x, 0n, precision));
export const cos: Function1 = lipschitz((x, precision) => sineAt(x, 1n, precision));
export const tan: Function1 = (x, precision) => divide(sin(x, precision + 4), cos(x, precision + 4), precision);

function atanAt(x: FiniteBall, precision: number): Ball {
  if (x.mid === 0n) return zero;
  if (x.mid < 0n) return negate(atanAt(dyadic(-x.mid, x.exponent), precision));
  // |atan(x) − x| <= |x|³
  if (isTiny(x, precision)) return widened(x, 3n * top(x), precision);
  const size = top(x);
  const bits = precision + 10 + smallness(size);
  if (size <= 0n) {
    const { value, error } = atanFixed(fixedPoint(x, bits), bits);
    return finite(value, error, BigInt(-bits), precision);
  }
  // atan(x) = pi/2 − atan(1/x) for x >= 1
  const shift = BigInt(bits) - x.exponent;
  const { value, error } = atanFixed(shift > 0n ? (1n << shift) / x.mid : 0n, bits);
  return finite((piFixed(bits) >> 1n) - value, error + 2n, BigInt(-bits), precision);
}

const atanOfFinite = monotone(atanAt, [unknown, unknown]);

export const atan: Function1 = (x, precision) => {
  if (x.kind === "infinite") return scaled(x.sign < 0 ? negate(pi(precision)) : pi(precision), -1n);
  return atanOfFinite(x, precision);
};

/** asin(x) = atan(x / sqrt((1 − x)(1 + x))) */
function asinAt(x: FiniteBall, precision: number): Ball {
  if (x.mid === 0n) return zero;
  const working = precision + 8;
  const [below, above] = complements(x, working);
  if (sign(below) === -1 || sign(above) === -1) return nan;
  if (isZero(below)) return scaled(pi(precision), -1n);
  if (isZero(above)) return negate(scaled(pi(precision), -1n));
  if (isTiny(x, precision)) return widened(x, 3n * top(x), precision);
  const root = sqrt(multiply(below, above, working), working);
  return atan(divide(x, root, working), precision);
}

/** acos(x) = 2 atan(sqrt((1 − x) / (1 + x))) */
function acosAt(x: FiniteBall, precision: number): Ball {
  const working = precision + 8;
  const [below, above] = complements(x, working);
  if (sign(below) === -1 || sign(above) === -1) return nan;
  if (isZero(above)) return pi(precision);
  return scaled(atan(sqrt(divide(below, above, working), working), precision), 1n);
}

/** 1 − x and 1 + x */
const complements = (x: FiniteBall, precision: number): readonly [Ball, Ball] => [
  negate(plusInteger(x, -1n, precision)),
  plusInteger(x, 1n, precision),
];

const unitInterval = { least: -1n, greatest: 1n };
export const asin: Function1 = monotone(asinAt, [nan, nan], unitInterval);
export const acos: Function1 = monotone(acosAt, [nan, nan], unitInterval);
