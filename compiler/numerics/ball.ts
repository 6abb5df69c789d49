import { bitLength, ceilingDivide, larger, magnitude, shifted } from "./integers.js";

/**
 * What is known about one real number: mid·2^exponent to within ±radius·2^exponent. A radius of 0 says "exactly".
 *
 * Every operation encloses: whichever numbers the operands stand for, the result of the real operation
 * lies in the resulting ball. Operations take the precision in bits that their result is kept to.
 */
export interface FiniteBall {
  readonly kind: "finite";
  readonly mid: bigint;
  /** Not negative, and a few digits long whatever the precision. */
  readonly radius: bigint;
  /** A big integer, since exp(1e308) has a binary exponent of 1024 bits. */
  readonly exponent: bigint;
}

/**
 * A value of the extended reals.
 * - `infinite`: +∞ or −∞; a magnitude beyond 2^±(2^4224) counts as infinite too.
 * - `nan`: surely not a number, such as log(−1), ∞ − ∞ or 1 / 0.
 * - `unknown`: nothing can be said at this precision, such as 1 / (0 ± 2^−64).
 */
export type Ball =
  | FiniteBall
  | { readonly kind: "infinite"; readonly sign: 1 | -1 }
  | { readonly kind: "nan" }
  | { readonly kind: "unknown" };

export const nan: Ball = { kind: "nan" };
export const unknown: Ball = { kind: "unknown" };
export const positiveInfinity: Ball = { kind: "infinite", sign: 1 };
export const negativeInfinity: Ball = { kind: "infinite", sign: -1 };
export const infinity = (sign: number): Ball => (sign < 0 ? negativeInfinity : positiveInfinity);

/** The number mid·2^exponent itself. */
export const dyadic = (mid: bigint, exponent = 0n): FiniteBall => ({ kind: "finite", mid, radius: 0n, exponent });

export const zero = dyadic(0n);
export const one = dyadic(1n);
export const two = dyadic(2n);
export const half = dyadic(1n, -1n);

/** Exponents have at most so many bits: room for exp(−x²) at the largest binary64 x. */
export const exponentBits = 4224;
const exponentLimit = 1n << BigInt(exponentBits);
/** A radius of more bits than this is rounded up to it, and digits of the midpoint far below it are dropped. */
const radiusBits = 30;

/** (mid ± radius)·2^exponent, with the midpoint rounded to `precision` bits and the radius grown by what that loses. */
export function finite(mid: bigint, radius: bigint, exponent: bigint, precision: number): Ball {
  const drop = Math.max(bitLength(mid) - precision, radius === 0n ? 0 : bitLength(radius) - radiusBits);
  if (drop > 0) {
    const d = BigInt(drop);
    const kept = mid >> d;
    const lost = kept << d === mid ? 0n : 1n;
    return limited(kept, radius === 0n ? lost : (radius >> d) + 1n + lost, exponent + d);
  }
  return limited(mid, radius, exponent);
}

function limited(mid: bigint, radius: bigint, exponent: bigint): Ball {
  if (mid === 0n && radius === 0n) return zero;
  if (exponent > exponentLimit) return magnitude(mid) > radius ? infinity(mid < 0n ? -1 : 1) : unknown;
  if (exponent < -exponentLimit) {
    // Too small to be told from 0, and too small for anyone to care.
    const bits = BigInt(bitLength(magnitude(mid) + radius));
    return { kind: "finite", mid: 0n, radius: 1n, exponent: bits - exponentLimit };
  }
  return { kind: "finite", mid, radius, exponent };
}

/** The exact value of a binary64. */
export function fromNumber(value: number): Ball {
  if (Number.isNaN(value)) return nan;
  if (!Number.isFinite(value)) return infinity(value);
  if (Number.isInteger(value) && Math.abs(value) < 2 ** 30) return fromInteger(value);
  binary64.setFloat64(0, value);
  const word = binary64.getBigUint64(0);
  const biased = (word >> 52n) & 0x7ffn;
  const fraction = word & 0xf_ffff_ffff_ffffn;
  const mid = biased === 0n ? fraction : fraction | (1n << 52n);
  return exact(value < 0 ? -mid : mid, (biased === 0n ? 1n : biased) - 1075n, 53);
}

const binary64 = new DataView(new ArrayBuffer(8));

function fromInteger(value: number): Ball {
  if (value === 0) return zero;
  const zeros = 31 - Math.clz32(value & -value);
  return dyadic(BigInt(value >> zeros), BigInt(zeros));
}

/** mid·2^exponent without trailing zeros, which keeps short what is computed from it. */
export function exact(mid: bigint, exponent: bigint, precision: number): Ball {
  if (mid === 0n) return zero;
  const zeros = BigInt(bitLength(mid & -mid) - 1);
  return finite(mid >> zeros, 0n, exponent + zeros, precision);
}

/** numerator / denominator, as the division of two exact balls. */
export function fromRational(numerator: bigint, denominator: bigint, precision: number): Ball {
  return divide(dyadic(numerator), dyadic(denominator), precision);
}

/** All that lies within 2^exponent of 0. */
export const within = (exponent: bigint): FiniteBall => ({ kind: "finite", mid: 0n, radius: 1n, exponent });

/** The ball grown by 2^exponent on either side. */
export const widened = (a: Ball, exponent: bigint, precision: number): Ball => add(a, within(exponent), precision);

/** An exponent t with |x| < 2^t for every x of the ball, and |x| >= 2^(t-1) if the ball is exact. */
export function top(a: FiniteBall): bigint {
  return BigInt(bitLength(magnitude(a.mid) + a.radius)) + a.exponent;
}

export const isExact = (a: Ball): boolean => a.kind === "infinite" || (a.kind === "finite" && a.radius === 0n);
export const isZero = (a: Ball): boolean => a.kind === "finite" && a.mid === 0n && a.radius === 0n;
export const containsZero = (a: Ball): boolean =>
  a.kind === "unknown" || (a.kind === "finite" && magnitude(a.mid) <= a.radius);

/** The sign where it is decided; 0 only of an exact zero, undefined also for NaN. */
export function sign(a: Ball): -1 | 0 | 1 | undefined {
  switch (a.kind) {
    case "finite":
      if (a.mid > a.radius) return 1;
      if (-a.mid > a.radius) return -1;
      return a.radius === 0n ? 0 : undefined;
    case "infinite":
      return a.sign;
    case "nan":
    case "unknown":
      return undefined;
  }
}

/** The sign of a − b where it is decided. Two infinities of one sign are equal. */
export function compare(a: Ball, b: Ball, precision: number): -1 | 0 | 1 | undefined {
  if (a.kind === "infinite" && b.kind === "infinite" && a.sign === b.sign) return 0;
  if (a.kind === "finite" && b.kind === "finite" && a.radius === 0n && b.radius === 0n) return order(a, b);
  return sign(subtract(a, b, precision));
}

/** The ends of the ball, exact. */
export const lower = (a: FiniteBall): FiniteBall => dyadic(a.mid - a.radius, a.exponent);
export const upper = (a: FiniteBall): FiniteBall => dyadic(a.mid + a.radius, a.exponent);

/** The midpoint as an exact ball. */
export const midpoint = (a: Ball): Ball => (a.kind === "finite" ? dyadic(a.mid, a.exponent) : a);

/** The sign of x − y for exact numbers, however far apart. */
function order(x: FiniteBall, y: FiniteBall): -1 | 0 | 1 {
  const a = x.mid > 0n ? 1 : x.mid < 0n ? -1 : 0;
  const b = y.mid > 0n ? 1 : y.mid < 0n ? -1 : 0;
  if (a !== b) return a < b ? -1 : 1;
  if (a === 0) return 0;
  if (x.exponent === y.exponent) return x.mid < y.mid ? -1 : x.mid > y.mid ? 1 : 0;
  const [s, t] = [top(x), top(y)];
  if (s !== t) return s < t === a > 0 ? -1 : 1;
  const least = x.exponent < y.exponent ? x.exponent : y.exponent;
  const [m, n] = [x.mid << (x.exponent - least), y.mid << (y.exponent - least)];
  return m < n ? -1 : m > n ? 1 : 0;
}

/** Whether every number of `inner` is in `outer`. */
export function contains(outer: Ball, inner: Ball): boolean {
  if (outer.kind === "unknown") return true;
  if (outer.kind === "finite" && inner.kind === "finite") {
    return order(lower(outer), lower(inner)) <= 0 && order(upper(inner), upper(outer)) <= 0;
  }
  if (outer.kind === "infinite" && inner.kind === "infinite") return outer.sign === inner.sign;
  return outer.kind === inner.kind;
}

export function negate(a: Ball): Ball {
  switch (a.kind) {
    case "finite":
      return { kind: "finite", mid: -a.mid, radius: a.radius, exponent: a.exponent };
    case "infinite":
      return infinity(-a.sign);
    case "nan":
    case "unknown":
      return a;
  }
}

export function absolute(a: Ball): Ball {
  if (a.kind === "infinite") return positiveInfinity;
  if (a.kind !== "finite") return a;
  if (!containsZero(a) || a.radius === 0n) return a.mid < 0n ? negate(a) : a;
  // [0, |mid| + radius], written with one more bit so that it can be halved.
  const end = magnitude(a.mid) + a.radius;
  return { kind: "finite", mid: end, radius: end, exponent: a.exponent - 1n };
}

/** a·2^exponent, exactly. */
export const scaled = (a: Ball, exponent: bigint): Ball =>
  a.kind === "finite" ? limited(a.mid, a.radius, a.exponent + exponent) : a;

export function add(a: Ball, b: Ball, precision: number): Ball {
  if (a.kind !== "finite" || b.kind !== "finite") return addExtended(a, b);
  if (isZero(a)) return finite(b.mid, b.radius, b.exponent, precision);
  if (isZero(b)) return finite(a.mid, a.radius, a.exponent, precision);
  if (a.exponent === b.exponent) return finite(a.mid + b.mid, a.radius + b.radius, a.exponent, precision);
  // Operands of very different size are cut off below the precision instead of being written out in full.
  const cut = larger(top(a), top(b)) - BigInt(2 * precision + 128);
  const exponent = larger(a.exponent < b.exponent ? a.exponent : b.exponent, cut);
  const x = aligned(a, exponent);
  const y = aligned(b, exponent);
  return finite(x.mid + y.mid, x.radius + y.radius, exponent, precision);
}

function aligned(a: FiniteBall, exponent: bigint): { readonly mid: bigint; readonly radius: bigint } {
  const shift = a.exponent - exponent;
  if (shift >= 0n) return { mid: a.mid << shift, radius: a.radius << shift };
  return { mid: a.mid >> -shift, radius: (a.radius >> -shift) + 2n };
}

function addExtended(a: Ball, b: Ball): Ball {
  if (a.kind === "nan" || b.kind === "nan") return nan;
  if (a.kind === "unknown" || b.kind === "unknown") return unknown;
  if (a.kind !== "infinite") return b;
  return b.kind === "infinite" && a.sign !== b.sign ? nan : a;
}

export const subtract = (a: Ball, b: Ball, precision: number): Ball => add(a, negate(b), precision);

export function multiply(a: Ball, b: Ball, precision: number): Ball {
  if (a.kind === "finite" && b.kind === "finite") {
    const mid = a.mid * b.mid;
    const exponent = a.exponent + b.exponent;
    if (a.radius === 0n && b.radius === 0n) return finite(mid, 0n, exponent, precision);
    const radius = magnitude(a.mid) * b.radius + (magnitude(b.mid) + b.radius) * a.radius;
    return finite(mid, radius, exponent, precision);
  }
  if (a.kind === "nan" || b.kind === "nan") return nan;
  const signs = [sign(a), sign(b)] as const;
  if (signs[0] === undefined || signs[1] === undefined) return unknown;
  const product = signs[0] * signs[1];
  return product === 0 ? nan : infinity(product);
}

export function divide(a: Ball, b: Ball, precision: number): Ball {
  if (a.kind === "nan" || b.kind === "nan" || isZero(b)) return nan;
  if (a.kind === "unknown" || containsZero(b)) return unknown;
  if (b.kind !== "finite") return a.kind === "infinite" ? nan : zero;
  if (a.kind === "infinite") return infinity(a.sign * (b.mid < 0n ? -1 : 1));
  if (isZero(a)) return zero;
  // |(m + s)/(n + t) − m/n| <= (r_a + |m/n| r_b) / (|n| − r_b) for |s| <= r_a, |t| <= r_b
  const shift = BigInt(Math.max(0, precision + 2 + bitLength(b.mid) - bitLength(a.mid)));
  const dividend = a.mid << shift;
  const quotient = dividend / b.mid;
  let radius = quotient * b.mid === dividend ? 0n : 1n;
  const exponent = a.exponent - b.exponent - shift;
  if (a.radius === 0n && b.radius === 0n) {
    if (radius === 0n) return exact(quotient, exponent, precision);
  } else {
    const spread = (a.radius << shift) + (magnitude(quotient) + 1n) * b.radius;
    radius += ceilingDivide(spread, magnitude(b.mid) - b.radius);
  }
  return finite(quotient, radius, exponent, precision);
}

/** A ball that contains both and all that lies between them. */
export function hull(a: Ball, b: Ball, precision: number): Ball {
  if (a.kind === "finite" && b.kind === "finite") {
    // What lies between u and v is (u + v)/2 ± |u − v|/2.
    const difference = subtract(a, b, precision);
    const centre = scaled(add(a, b, precision), -1n);
    if (difference.kind !== "finite") return unknown;
    const radius = magnitude(difference.mid) + difference.radius;
    return add(centre, { kind: "finite", mid: 0n, radius, exponent: difference.exponent - 1n }, precision);
  }
  if (a.kind === "infinite" && b.kind === "infinite" && a.sign === b.sign) return a;
  return a.kind === "nan" && b.kind === "nan" ? nan : unknown;
}

/** A function of one ball at a working precision in bits. */
export type Function1 = (x: Ball, precision: number) => Ball;

/** The closed set of arguments that a function has finite values on. */
export interface Domain {
  readonly least: bigint;
  readonly greatest?: bigint;
}

/**
 * A monotone function from its value at exact numbers: the image of a ball is what lies between the images of its
 * ends. `limits` are its values at −∞ and +∞. A ball that reaches over an end of `domain` is cut off there: what comes
 * out encloses the value if there is one, so that sqrt(1 − tanh(x)²), a root of 0 ± 2^−64, can shrink to its limit 0.
 */
export function monotone(
  at: (x: FiniteBall, precision: number) => Ball,
  limits: readonly [atMinusInfinity: Ball, atPlusInfinity: Ball],
  domain?: Domain,
): Function1 {
  return (x, precision) => {
    if (x.kind === "infinite") return x.sign < 0 ? limits[0] : limits[1];
    if (x.kind !== "finite") return x;
    if (x.radius === 0n) return at(x, precision);
    let [from, to] = [lower(x), upper(x)];
    if (domain !== undefined) {
      const least = dyadic(domain.least);
      if (compare(from, least, precision) !== 1 && compare(to, least, precision) !== -1) from = least;
      const greatest = dyadic(domain.greatest ?? domain.least);
      const reaches = domain.greatest !== undefined && compare(to, greatest, precision) !== -1;
      if (reaches && compare(from, greatest, precision) !== 1) to = greatest;
    }
    return hull(at(from, precision), at(to, precision), precision);
  };
}

/** floor(|x|·2^bits) of an exact number. */
export const fixedPoint = (x: FiniteBall, bits: number): bigint => shifted(magnitude(x.mid), x.exponent + BigInt(bits));
