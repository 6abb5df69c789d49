/**
 * What can be said about the size of a real number whatever the inputs are: for either sign, between which powers of two
 * its magnitude lies. Coarse, but it tells which sums can cancel, what can overflow and what can vanish.
 */
import type { Bounds } from "../../ir/expr.js";

/** Least and greatest binary logarithm of the magnitude. */
export type Side = readonly [least: number, most: number];

export interface Magnitude {
  readonly negative: Side | null;
  readonly zero: boolean;
  readonly positive: Side | null;
}

export const anything: Magnitude = { negative: [-Infinity, Infinity], zero: true, positive: [-Infinity, Infinity] };
export const nothing: Magnitude = { negative: null, zero: false, positive: null };
export const positiveBetween = (least: number, most: number): Magnitude => ({
  negative: null,
  zero: false,
  positive: least <= most ? [least, most] : null,
});
export const eitherSign = (least: number, most: number, zero = true): Magnitude => ({
  negative: [least, most],
  zero,
  positive: [least, most],
});

const join = (a: Side | null, b: Side | null): Side | null =>
  a && b ? [Math.min(a[0], b[0]), Math.max(a[1], b[1])] : (a ?? b);

export const union = (a: Magnitude, b: Magnitude): Magnitude => ({
  negative: join(a.negative, b.negative),
  zero: a.zero || b.zero,
  positive: join(a.positive, b.positive),
});

export const negated = ({ negative, zero, positive }: Magnitude): Magnitude => ({
  negative: positive,
  zero,
  positive: negative,
});

export const isNonnegative = (a: Magnitude): boolean => a.negative === null;
export const isNothing = (a: Magnitude): boolean => !a.zero && a.negative === null && a.positive === null;
export const isNonpositive = (a: Magnitude): boolean => a.positive === null;

/** The magnitude's bounds, whatever the sign; a number that is always 0 has none. */
export const sizeOf = (a: Magnitude): Side | null => join(a.negative, a.positive);
export const mostOf = (a: Magnitude): number => sizeOf(a)?.[1] ?? -Infinity;
export const leastOf = (a: Magnitude): number => (a.zero ? -Infinity : (sizeOf(a)?.[0] ?? -Infinity));

export const absolute = (a: Magnitude): Magnitude => ({ negative: null, zero: a.zero, positive: sizeOf(a) });

/** The number itself. */
export function ofNumber(value: number): Magnitude {
  if (value === 0) return { ...nothing, zero: true };
  const size = Math.log2(Math.abs(value));
  const side: Side = [size, size];
  return value < 0 ? { ...nothing, negative: side } : { ...nothing, positive: side };
}

/** A variable that lies between two numbers, its magnitude between two powers of two unless it is 0. */
export function between(bounds: Bounds | null, least: number, most: number): Magnitude {
  const { low, high, lowClosed, highClosed } = bounds ?? {
    low: -Infinity,
    high: Infinity,
    lowClosed: false,
    highClosed: false,
  };
  const log = (value: number): number => Math.min(most, Math.max(least, Math.log2(value)));
  return {
    negative: low < 0 ? [high < 0 ? log(-high) : least, log(-low)] : null,
    zero: (low < 0 || (low === 0 && lowClosed)) && (high > 0 || (high === 0 && highClosed)),
    positive: high > 0 ? [low > 0 ? log(low) : least, log(high)] : null,
  };
}

/** What of `a` lies between two powers of two, or at the one that is nearer. */
export function within(a: Magnitude, least: number, most: number): Magnitude {
  const held = (side: Side | null): Side | null =>
    side && [Math.min(most, Math.max(least, side[0])), Math.min(most, Math.max(least, side[1]))];
  return { negative: held(a.negative), zero: a.zero, positive: held(a.positive) };
}

/** What remains of `a` where it is known to be greater (or less) than a constant. */
export function restricted(a: Magnitude, direction: ">" | "<", bound: number, closed: boolean): Magnitude {
  if (direction === "<") return negated(restricted(negated(a), ">", -bound, closed));
  if (Number.isNaN(bound)) return a;
  const clip = (side: Side | null, least: number, most: number): Side | null =>
    side && Math.max(side[0], least) <= Math.min(side[1], most)
      ? [Math.max(side[0], least), Math.min(side[1], most)]
      : null;
  if (bound >= 0) {
    return {
      negative: null,
      zero: a.zero && bound === 0 && closed,
      positive: clip(a.positive, bound === 0 ? -Infinity : Math.log2(bound), Infinity),
    };
  }
  return { ...a, negative: clip(a.negative, -Infinity, Math.log2(-bound)) };
}

const times = (a: Side | null, b: Side | null): Side | null => a && b && [plus(a[0], b[0]), plus(a[1], b[1])];
/** A vanishing factor of an unbounded one: nothing is known. */
const plus = (a: number, b: number): number => (a === -b && !Number.isFinite(a) ? 0 : a + b);

export function product(a: Magnitude, b: Magnitude): Magnitude {
  return {
    negative: join(times(a.negative, b.positive), times(a.positive, b.negative)),
    zero: a.zero || b.zero,
    positive: join(times(a.positive, b.positive), times(a.negative, b.negative)),
  };
}

const inverse = (side: Side | null): Side | null => side && [-side[1], -side[0]];
export const reciprocal = (a: Magnitude): Magnitude => ({
  negative: a.zero ? [-mostOf(a), Infinity] : inverse(a.negative),
  zero: false,
  positive: a.zero ? [-mostOf(a), Infinity] : inverse(a.positive),
});

/** log2(2^a + 2^b) */
const logSum = (a: number, b: number): number =>
  Math.max(a, b) === -Infinity || Math.max(a, b) === Infinity
    ? Math.max(a, b)
    : Math.max(a, b) + Math.log2(1 + 2 ** -Math.abs(a - b));

/** log2(2^a - 2^b), -infinity where b >= a. */
const logDifference = (a: number, b: number): number =>
  a === Infinity && b < Infinity ? Infinity : a > b ? a + Math.log2(1 - 2 ** (b - a)) : -Infinity;

export function sum(a: Magnitude, b: Magnitude): Magnitude {
  const together = (x: Side | null, xZero: boolean, y: Side | null, yZero: boolean): Side | null => {
    let result = x && y ? ([logSum(x[0], y[0]), logSum(x[1], y[1])] as const) : null;
    if (x && yZero) result = join(result, x) as typeof result;
    if (y && xZero) result = join(result, y) as typeof result;
    return result;
  };
  // The larger of two numbers of opposite signs keeps its sign, less the other.
  const against = (x: Side | null, y: Side | null): Side | null =>
    x && y && x[1] > y[0] ? [logDifference(x[0], y[1]), x[1]] : null;
  const meet = (x: Side | null, y: Side | null): boolean => x !== null && y !== null && x[0] <= y[1] && y[0] <= x[1];
  return {
    negative: join(
      together(a.negative, a.zero, b.negative, b.zero),
      join(against(a.negative, b.positive), against(b.negative, a.positive)),
    ),
    zero: (a.zero && b.zero) || meet(a.negative, b.positive) || meet(a.positive, b.negative),
    positive: join(
      together(a.positive, a.zero, b.positive, b.zero),
      join(against(a.positive, b.negative), against(b.positive, a.negative)),
    ),
  };
}

/** By how many bits the smaller of two summands of opposite signs is below the larger, at least; negative where nothing is known. */
export function opposition(a: Magnitude, b: Magnitude): number {
  const apart = (x: Side | null, y: Side | null): number => (x && y ? Math.max(x[0] - y[1], y[0] - x[1]) : Infinity);
  return Math.min(apart(a.negative, b.positive), apart(a.positive, b.negative));
}

/** f(a) for an odd, increasing f, from bounds of it below and above, all on binary logarithms of positive numbers. */
export function oddIncreasing(
  a: Magnitude,
  below: (log: number) => number,
  above: (log: number) => number = below,
): Magnitude {
  const image = (side: Side | null): Side | null => side && [below(side[0]), above(side[1])];
  return { negative: image(a.negative), zero: a.zero, positive: image(a.positive) };
}
