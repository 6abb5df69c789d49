/** The finite numbers of a format in order, 0 in the middle: a bisection over them ends at neighbours. */
import { dyadic } from "../../numerics/ball.js";
import type { End } from "./interval.js";

export interface FloatFormat {
  readonly name: "float32" | "float16";
  /** The largest number. */
  readonly greatest: number;
  /** What is at least so large rounds to infinity. */
  readonly overflow: End;
  /** What is at most so large rounds to 0. */
  readonly underflow: End;
  /** The place of a number of the format; its negative has the negative place. */
  readonly index: (x: number) => number;
  /** The number at a place. */
  readonly at: (index: number) => number;
  readonly holds: (x: number) => boolean;
}

/** 2^n, exactly, on every machine. */
export function powerOfTwo(n: number): number {
  let power = 1;
  for (let i = 0; i < n; i++) power *= 2;
  for (let i = 0; i > n; i--) power /= 2;
  return power;
}

/**
 * @param digits bits of the significand, the hidden one included
 * @param least binary exponent of the smallest number
 * @param limit every number is below 2^limit
 */
function format(name: FloatFormat["name"], digits: number, least: number, limit: number): FloatFormat {
  const unit = powerOfTwo(least);
  const [half, whole] = [powerOfTwo(digits - 1), powerOfTwo(digits)];
  // Numbers are integers below 2^digits, times a power of two: as places, one run of 2^(digits-1) after the other.
  const index = (x: number): number => {
    let scaled = Math.abs(x) / unit;
    let runs = 0;
    for (; scaled >= whole; runs++) scaled /= 2;
    return (scaled + runs * half) * (x < 0 ? -1 : 1);
  };
  const at = (place: number): number => {
    const size = Math.abs(place);
    const runs = size < whole ? 0 : Math.floor(size / half) - 1;
    return (size - runs * half) * unit * powerOfTwo(runs) * (place < 0 ? -1 : 1) + 0;
  };
  const greatest = powerOfTwo(limit) - powerOfTwo(limit - digits);
  return {
    name,
    greatest,
    overflow: dyadic((1n << BigInt(digits + 1)) - 1n, BigInt(limit - digits - 1)),
    underflow: dyadic(1n, BigInt(least - 1)),
    index,
    at,
    holds: (x) => Math.abs(x) <= greatest && Number.isInteger(index(x)),
  };
}

export const float32 = format("float32", 24, -149, 128);
export const float16 = format("float16", 11, -24, 16);
