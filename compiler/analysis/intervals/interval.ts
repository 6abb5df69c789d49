/**
 * Intervals of real numbers with exact ends: what an operation gives holds every result that the operands' numbers can
 * have. Unlike a ball, an interval may reach to infinity, and loses nothing where its ends differ in size.
 */
import {
  add as addBalls,
  compare,
  divide as divideBalls,
  dyadic,
  exponentBits,
  fromNumber,
  lower,
  multiply as multiplyBalls,
  negate as negateBall,
  sign,
  top,
  upper,
  zero,
  type Ball,
  type FiniteBall,
} from "../../numerics/ball.js";
import { shifted } from "../../numerics/integers.js";

/** A finite end is exact: its radius is 0. */
export type End = Extract<Ball, { readonly kind: "finite" | "infinite" }>;

export interface Interval {
  readonly low: End;
  readonly high: End;
  /** Whether there is a value for each choice of the operands; else it is meant of those that have one. */
  readonly total: boolean;
}

/** `null` where no choice of the operands has a value. */
export type Enclosure = Interval | null;

export const noUpperBound: End = { kind: "infinite", sign: 1 };
export const noLowerBound: End = { kind: "infinite", sign: -1 };

export const whole = (total: boolean): Interval => ({ low: noLowerBound, high: noUpperBound, total });
export const point = (end: End, total = true): Interval => ({ low: end, high: end, total });
export const between = (low: End, high: End, total = true): Interval => ({ low, high, total });

/** What balls count as infinite is beyond this: 2^(2^4224). */
const huge: End = dyadic(1n, 1n << BigInt(exponentBits));
const minusHuge: End = dyadic(-1n, 1n << BigInt(exponentBits));

/** An end below all that the ball holds, which came from finite numbers; of what is not known, an infinite one. */
export function below(ball: Ball): End {
  if (ball.kind === "finite") return ball.radius === 0n ? ball : lower(ball);
  return ball.kind === "infinite" && ball.sign > 0 ? huge : noLowerBound;
}

export function above(ball: Ball): End {
  if (ball.kind === "finite") return ball.radius === 0n ? ball : upper(ball);
  return ball.kind === "infinite" && ball.sign < 0 ? minusHuge : noUpperBound;
}

export const enclosing = (ball: Ball, total = true): Interval => between(below(ball), above(ball), total);

/** The same of what may be infinite itself: a value at a pole, or one that comes from an infinity. */
export const enclosingInfinite = (ball: Ball, total = true): Interval =>
  ball.kind === "infinite" ? point(ball, total) : enclosing(ball, total);

/** Exact numbers compare at any precision. */
export const order = (a: End, b: End): -1 | 0 | 1 => (a === b ? 0 : (compare(a, b, 64) ?? 0));
export const least = (a: End, b: End): End => (order(a, b) <= 0 ? a : b);
export const greatest = (a: End, b: End): End => (order(a, b) >= 0 ? a : b);
export const signOfEnd = (a: End): -1 | 0 | 1 => sign(a) ?? 0;

/** Mostly, both ends of a number are one and the same object. */
export const isPoint = ({ low, high }: Interval): boolean => low === high || order(low, high) === 0;

/** The end that a number is; NaN is none. */
export function exactly(x: number): End {
  const ball = fromNumber(x);
  return ball.kind === "finite" || ball.kind === "infinite" ? ball : zero;
}

/** The sign of all numbers in it, 0 of 0 alone. */
export function signOf({ low, high }: Interval): -1 | 0 | 1 | undefined {
  const [a, b] = [signOfEnd(low), signOfEnd(high)];
  return a === b ? a : undefined;
}

export const hull = (a: Interval, b: Interval): Interval =>
  between(least(a.low, b.low), greatest(a.high, b.high), a.total && b.total);

export function intersection(a: Interval, b: Interval): Interval {
  return between(greatest(a.low, b.low), least(a.high, b.high), a.total && b.total);
}

/** Whether both are numbers: one operation gives both ends of the result. */
const pointwise = (a: Interval, b: Interval): boolean => a.low === a.high && b.low === b.high;

export const negate = ({ low, high, total }: Interval): Interval =>
  low === high ? point(negateEnd(low), total) : between(negateEnd(high), negateEnd(low), total);

const negateEnd = (end: End): End => {
  const negated = negateBall(end);
  return negated.kind === "finite" || negated.kind === "infinite" ? negated : zero;
};

export function add(a: Interval, b: Interval, precision: number): Enclosure {
  const total = a.total && b.total;
  if (pointwise(a, b)) {
    const sum = addBalls(a.low, b.low, precision);
    if (sum.kind === "nan") return null;
    return hasInfinity(a, b) ? enclosingInfinite(sum, total) : enclosing(sum, total);
  }
  return between(below(addBalls(a.low, b.low, precision)), above(addBalls(a.high, b.high, precision)), total);
}

/** Of two numbers. */
const hasInfinity = (a: Interval, b: Interval): boolean => a.low.kind === "infinite" || b.low.kind === "infinite";

export const subtract = (a: Interval, b: Interval, precision: number): Enclosure => add(a, negate(b), precision);

/** Whether an infinity, not only numbers without a bound, may be multiplied by 0. */
const meetsZero = (a: Interval, b: Interval): boolean =>
  a.low === a.high && a.low.kind === "infinite" && signOfEnd(b.low) <= 0 && signOfEnd(b.high) >= 0;

/** 0 · ∞ is 0 here: an infinite end is a bound, and no number that is multiplied. */
function product(a: End, b: End, precision: number): Ball {
  if (signOfEnd(a) === 0 || signOfEnd(b) === 0) return zero;
  return multiplyBalls(a, b, precision);
}

export function multiply(a: Interval, b: Interval, precision: number): Enclosure {
  const total = a.total && b.total;
  if (pointwise(a, b)) {
    const ball = multiplyBalls(a.low, b.low, precision);
    if (ball.kind === "nan") return null;
    return hasInfinity(a, b) ? enclosingInfinite(ball, total) : enclosing(ball, total);
  }
  return corners(a, b, total && !meetsZero(a, b) && !meetsZero(b, a), (x, y) => product(x, y, precision));
}

/** The hull of f over the four corners: for what is monotone in either operand while the other is held. */
export function corners(a: Interval, b: Interval, total: boolean, f: (x: End, y: End) => Ball): Interval {
  const firsts = a.low === a.high ? [a.low] : [a.low, a.high];
  const seconds = b.low === b.high ? [b.low] : [b.low, b.high];
  let result: Interval | null = null;
  for (const x of firsts) {
    for (const y of seconds) {
      const next = enclosing(f(x, y), total);
      result = result ? hull(result, next) : next;
    }
  }
  return result ?? whole(false);
}

export function divide(a: Interval, b: Interval, precision: number): Enclosure {
  const total = a.total && b.total;
  const [from, to] = [signOfEnd(b.low), signOfEnd(b.high)];
  if (from === 0 && to === 0) return null;
  if (from < 0 && to > 0) return whole(false);
  if (pointwise(a, b)) {
    const ball = divideBalls(a.low, b.low, precision);
    if (ball.kind === "nan") return null;
    return hasInfinity(a, b) ? enclosingInfinite(ball, total) : enclosing(ball, total);
  }
  const quotient = (x: End, y: End): Ball => {
    if (signOfEnd(x) === 0 || y.kind === "infinite") return zero;
    // Towards the end of the divisor that is 0, the quotient has no bound on the side of its sign.
    if (signOfEnd(y) === 0) return signOfEnd(x) * (from < 0 ? -1 : 1) < 0 ? noLowerBound : noUpperBound;
    return divideBalls(x, y, precision);
  };
  return corners(a, b, total && from !== 0 && to !== 0, quotient);
}

/** |x| */
export function magnitudeOf(x: Interval): Interval {
  if (signOfEnd(x.low) >= 0) return x;
  if (signOfEnd(x.high) <= 0) return negate(x);
  return between(zero, greatest(negateEnd(x.low), x.high), x.total);
}

/** floor(x) of an exact end that is no larger than any format's numbers. */
export const floorOf = (end: FiniteBall): bigint => shifted(end.mid, end.exponent);

/** x · 2^exponent */
export const shiftedEnd = (end: End, exponent: bigint): End =>
  end.kind === "finite" ? dyadic(end.mid, end.exponent + exponent) : end;

/** An exponent t with |x| < 2^t for all of it; undefined without a bound. */
export function topOf({ low, high }: Interval): bigint | undefined {
  if (low.kind !== "finite" || high.kind !== "finite") return undefined;
  const [a, b] = [top(low), top(high)];
  return a > b ? a : b;
}
