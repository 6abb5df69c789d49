import {
  absolute,
  compare,
  containsZero,
  divide,
  dyadic,
  exact,
  exponentBits,
  finite,
  infinity,
  isExact,
  isZero,
  lower,
  monotone,
  multiply,
  nan,
  negate,
  negativeInfinity,
  one,
  positiveInfinity,
  sign,
  top,
  unknown,
  upper,
  zero,
} from "./ball.js";
import type { Ball, FiniteBall, Function1 } from "./ball.js";
import { exp, log } from "./elementary.js";
import { bitLength, cubeRoot, magnitude, shifted, squareRoot } from "./integers.js";

/** The root of an exact number > 0 by the integer root of its digits, `degree · precision` of them; exact where it is. */
function rootAt(x: FiniteBall, degree: bigint, root: (n: bigint) => bigint, precision: number): Ball {
  let shift = BigInt(Math.max(0, Number(degree) * (precision + 2) - bitLength(x.mid)));
  const rest = (x.exponent - shift) % degree;
  shift += rest < 0n ? rest + degree : rest;
  const radicand = x.mid << shift;
  const value = root(radicand);
  const exponent = (x.exponent - shift) / degree;
  return value ** degree === radicand ? exact(value, exponent, precision) : finite(value, 1n, exponent, precision);
}

function sqrtAt(x: FiniteBall, precision: number): Ball {
  if (x.mid <= 0n) return x.mid === 0n ? zero : nan;
  return rootAt(x, 2n, squareRoot, precision);
}

function rsqrtAt(x: FiniteBall, precision: number): Ball {
  if (x.mid <= 0n) return x.mid === 0n ? positiveInfinity : nan;
  return divide(one, rootAt(x, 2n, squareRoot, precision + 4), precision);
}

function cbrtAt(x: FiniteBall, precision: number): Ball {
  if (x.mid === 0n) return zero;
  const root = rootAt(dyadic(magnitude(x.mid), x.exponent), 3n, cubeRoot, precision);
  return x.mid < 0n ? negate(root) : root;
}

export const sqrt: Function1 = monotone(sqrtAt, [nan, positiveInfinity], { least: 0n });
/** rsqrt(0) is +∞. */
export const rsqrt: Function1 = monotone(rsqrtAt, [nan, zero]);
export const cbrt: Function1 = monotone(cbrtAt, [negativeInfinity, positiveInfinity]);

/** Powers up to this one are made by multiplication, larger ones by exp and log. */
const multipliedUpTo = 4096n;

/** x^n for every x; 0^n is +∞ for even and NaN for odd n < 0 (the limit, where there is one). */
export function powInteger(x: Ball, n: bigint, precision: number): Ball {
  if (n === 0n) return x.kind === "nan" ? nan : one;
  const odd = (n & 1n) === 1n;
  if (n < 0n && isZero(x)) return odd ? nan : positiveInfinity;
  if (x.kind === "infinite") return n < 0n ? zero : infinity(odd ? x.sign : 1);
  if (x.kind !== "finite" || isZero(x)) return x;
  if (magnitude(n) > multipliedUpTo && !containsZero(x)) {
    const power = powReal(absolute(x), dyadic(n), precision);
    return odd && x.mid < 0n ? negate(power) : power;
  }
  const working = precision + 2 * bitLength(n) + 4;
  // An even power of |x| keeps the sign that x itself may not have.
  let base: Ball = odd ? x : absolute(x);
  let power: Ball | undefined;
  for (let rest = magnitude(n); ;) {
    if ((rest & 1n) === 1n) power = power === undefined ? base : multiply(power, base, working);
    rest >>= 1n;
    if (rest === 0n) break;
    base = multiply(base, base, working);
  }
  return n < 0n ? divide(one, power ?? one, precision) : multiply(power ?? one, one, precision);
}

/** exp(y log x) for x > 0 and finite y */
function powReal(x: Ball, y: Ball, precision: number): Ball {
  const estimate = multiply(y, log(x, 32), 32);
  const size = estimate.kind === "finite" ? top(estimate) : 0n;
  const working = precision + 8 + (size > 0n && size < exponentBits + 8 ? Number(size) : 0);
  return exp(multiply(y, log(x, working), working), precision);
}

/** Exponents n / 2^k up to this k may give an exact result, by k square roots. */
const exactRoots = 6;

/** x^y for exact x > 0 and y = n / 2^k where it is a number of at most `precision` bits, which exp(y log x) would only approach. */
function powExact(x: FiniteBall, y: FiniteBall, precision: number): Ball | undefined {
  if (magnitude(y.mid) > multipliedUpTo || y.exponent > 0n || y.exponent < -exactRoots) return undefined;
  let root: Ball = x;
  for (let k = y.exponent; k < 0n; k += 1n) {
    root = sqrt(root, precision);
    if (!isExact(root)) return undefined;
  }
  const power = powInteger(root, y.mid, precision);
  return isExact(power) ? power : undefined;
}

/** The integer that a ball is, if it is exact and within reason. */
function asInteger(x: Ball): bigint | undefined {
  if (x.kind !== "finite" || x.radius !== 0n || x.exponent > 8192n) return undefined;
  if (x.exponent >= 0n) return x.mid << x.exponent;
  if (top(x) <= 0n) return x.mid === 0n ? 0n : undefined;
  const value = shifted(x.mid, x.exponent);
  return shifted(value, -x.exponent) === x.mid ? value : undefined;
}

/** Whether no integer is in the ball. */
function excludesIntegers(x: FiniteBall): boolean {
  return x.exponent < 0n && asInteger(lower(x)) === undefined && sameFloor(lower(x), upper(x));
}

const sameFloor = (x: FiniteBall, y: FiniteBall): boolean => shifted(x.mid, x.exponent) === shifted(y.mid, y.exponent);

/** The real power as IEEE `pow` has it: 0^0 = 1, a negative x only where y is an integer, infinities by their limits. */
export function pow(x: Ball, y: Ball, precision: number): Ball {
  if (x.kind === "nan" || y.kind === "nan") return nan;
  if (isZero(y)) return one;
  if (x.kind === "unknown" || y.kind === "unknown") return unknown;
  if (y.kind === "infinite") {
    const side = compare(absolute(x), one, precision);
    if (side === undefined) return unknown;
    return side === 0 ? one : side * y.sign > 0 ? positiveInfinity : zero;
  }
  const integer = asInteger(y);
  const direction = sign(y);
  if (isZero(x)) return direction === undefined ? unknown : direction < 0 ? positiveInfinity : zero;
  if (x.kind === "infinite") {
    if (direction === undefined || (x.sign < 0 && !isExact(y))) return unknown;
    if (direction < 0) return zero;
    return integer !== undefined && x.sign < 0 && (integer & 1n) === 1n ? negativeInfinity : positiveInfinity;
  }
  if (integer !== undefined && (magnitude(integer) <= multipliedUpTo || x.mid < 0n)) {
    return powInteger(x, integer, precision);
  }
  if (containsZero(x)) {
    if (direction !== 1 || lower(x).mid < 0n) return unknown;
    // [0, hi]^y for y > 0
    const end = pow(upper(x), y, precision);
    return end.kind === "finite" ? absolute({ ...end, mid: 0n, radius: magnitude(end.mid) + end.radius }) : unknown;
  }
  if (x.mid < 0n) {
    if (isExact(y) && y.exponent >= 0n) return powReal(negate(x), y, precision); // an even integer
    return excludesIntegers(y) ? nan : unknown;
  }
  const closed = isExact(x) && isExact(y) ? powExact(x, y, precision) : undefined;
  return closed ?? powReal(x, y, precision);
}
