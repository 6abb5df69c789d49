import { dyadic, fromNumber, lower, midpoint, subtract, unknown, upper } from "./ball.js";
import type { Ball, FiniteBall } from "./ball.js";
import { bitLength, magnitude, shifted } from "./integers.js";

export type Format = "binary32" | "binary64";

interface Shape {
  /** Bits of the significand, the hidden one included. */
  readonly digits: number;
  /** Binary exponent of the smallest subnormal. */
  readonly least: number;
  /** Every finite number is below 2^limit. */
  readonly limit: number;
}

const shapes: Readonly<Record<Format, Shape>> = {
  binary32: { digits: 24, least: -149, limit: 128 },
  binary64: { digits: 53, least: -1074, limit: 1024 },
};

/** Nearest number of a format, ties to even, subnormals and overflow included. A zero comes without a sign. */
function roundExact(x: FiniteBall, { digits, least, limit }: Shape): number {
  const bits = bitLength(x.mid);
  const top = x.exponent + BigInt(bits);
  const direction = x.mid < 0n ? -1 : 1;
  if (bits === 0 || top < least) return 0;
  if (top > limit) return direction * Infinity;
  // A number of the format as it stands.
  if (bits <= digits && x.exponent >= least) return timesPowerOfTwo(Number(x.mid), Number(x.exponent));
  const quantum = Math.max(Number(top) - digits, least);
  // floor(2 |x| / quantum), the last bit of which is half a quantum
  const doubled = shifted(magnitude(x.mid), x.exponent - BigInt(quantum - 1));
  const above = shifted(doubled, BigInt(quantum - 1) - x.exponent) !== magnitude(x.mid);
  let kept = doubled >> 1n;
  if ((doubled & 1n) === 1n && (above || (kept & 1n) === 1n)) kept += 1n;
  if (bitLength(kept) + quantum > limit) return direction * Infinity;
  return direction * timesPowerOfTwo(Number(kept), quantum);
}

/** In steps, since 2^−1074 · 2^52 and 2^971 · (2^53 − 1) are exact but 2^1100 is no number. */
function timesPowerOfTwo(significand: number, exponent: number): number {
  let [result, left] = [significand, exponent];
  for (; left > 512; left -= 512) result *= 2 ** 512;
  for (; left < -512; left += 512) result *= 2 ** -512;
  return result * 2 ** left;
}

/** The number that every value of the ball rounds to; undefined where there is no one such number (yet). */
export function toFormat(x: Ball, format: Format): number | undefined {
  switch (x.kind) {
    case "finite": {
      const value = roundExact(lower(x), shapes[format]);
      return x.radius === 0n || value === roundExact(upper(x), shapes[format]) ? value : undefined;
    }
    case "infinite":
      return x.sign * Infinity;
    case "nan":
      return NaN;
    case "unknown":
      return undefined;
  }
}

export const toBinary32 = (x: Ball): number | undefined => toFormat(x, "binary32");
export const toBinary64 = (x: Ball): number | undefined => toFormat(x, "binary64");

export interface Decision {
  readonly value: number;
  /** False if even at the last precision there were two candidates; `value` is then what the midpoint rounds to. */
  readonly decided: boolean;
  /** The precision, in bits, at which it ended. */
  readonly precision: number;
}

export interface PrecisionRange {
  readonly from?: number;
  readonly to?: number;
  /** Whether a higher precision is worth its time after this one. */
  readonly goesOn?: (ball: Ball, precision: number, before: Ball) => boolean;
}

/** Raises the precision until `round` has an answer: 64, 128, ..., 8192 bits unless told otherwise. */
export function decide(
  compute: (precision: number) => Ball,
  round: (x: Ball) => number | undefined,
  { from = 64, to = 8192, goesOn = () => true }: PrecisionRange = {},
): Decision {
  let before = unknown;
  for (let precision = from; ; precision *= 2) {
    const ball = compute(precision);
    const value = round(ball);
    if (value !== undefined) return { value, decided: true, precision };
    if (2 * precision > to || !goesOn(ball, precision, before))
      return { value: round(midpoint(ball)) ?? NaN, decided: false, precision };
    before = ball;
  }
}

/**
 * |actual − exact| in units in the last place of the format at `exact` (at its midpoint: give a narrow ball).
 * On either side a magnitude of 2^limit and more, infinities included, counts as 2^limit, where the next number
 * would be: ∞ for the largest number is an error of one unit. 0 if both are NaN, Infinity if one is.
 */
export function ulpError(actual: number, exact: Ball, format: Format): number {
  const { digits, least, limit } = shapes[format];
  const clamp = (x: Ball): FiniteBall | undefined => {
    if (x.kind === "infinite") return dyadic(BigInt(x.sign), BigInt(limit));
    if (x.kind !== "finite") return undefined;
    const beyond = x.exponent + BigInt(bitLength(x.mid)) > limit;
    return beyond ? dyadic(x.mid < 0n ? -1n : 1n, BigInt(limit)) : dyadic(x.mid, x.exponent);
  };
  const a = clamp(fromNumber(actual));
  const e = clamp(exact);
  if (a === undefined || e === undefined) return a === e ? 0 : Infinity;
  const difference = subtract(a, e, 128);
  if (difference.kind !== "finite") return Infinity;
  const top = e.exponent + BigInt(bitLength(e.mid));
  const beyond = top > limit ? BigInt(limit) : top;
  const quantum = e.mid === 0n || beyond < least ? BigInt(least) : beyond - BigInt(digits);
  const ulp = quantum < least ? BigInt(least) : quantum;
  return roundExact(dyadic(magnitude(difference.mid), difference.exponent - ulp), shapes.binary64);
}
