/** Limits, read off from numbers far out, or close to a border. */
import { add, dyadic } from "../../numerics/ball.js";
import type { End } from "../intervals/interval.js";
import { numberOf, type Quantity } from "./curve.js";

/** Towards -inf and inf; `null` where there is none, or none was found. */
export type Limits = readonly [number | null, number | null];

export const limitsOf = (quantity: Quantity): Limits => [limitAt(quantity, -1), limitAt(quantity, 1)];

/** With fractions, each another, so that what repeats at whole numbers shows. */
const farOut = (exponents: readonly bigint[], side: 1 | -1): readonly End[] =>
  exponents.map((exponent, i) => dyadic(BigInt(side) * ((1n << (exponent + 3n)) + BigInt(2 * i + 3)), -3n));

/**
 * As the input grows to an infinity: from 2^300, 2^1000 and 2^4000, or, where too much cancels there, from numbers that
 * float32 holds.
 */
function limitAt(quantity: Quantity, side: 1 | -1): number | null {
  const along = (exponents: readonly bigint[]): number | null =>
    limitOf(farOut(exponents, side).map((x) => numberOf(quantity.atExactly(x))));
  const limit = along([300n, 1000n, 4000n]) ?? along([30n, 62n, 127n]);
  return limit === null || Number.isFinite(limit) || keepsGrowing(quantity, side, limit) ? limit : null;
}

/** A few numbers of one sign may be chance where the value swings; a dozen that grow are none. */
function keepsGrowing(quantity: Quantity, side: 1 | -1, limit: number): boolean {
  let last = 0;
  // Multiples of 0.618… beyond 1, so that no period fits.
  for (let i = 1n; i <= 12n; i++) {
    const x = dyadic(BigInt(side) * ((1n << 40n) + i * 679_557_867_901n), 60n);
    const value = (numberOf(quantity.atExactly(x)) ?? 0) * Math.sign(limit);
    if (!(value > last) && value !== Infinity) return false;
    last = value;
  }
  return true;
}

/** As the input comes to a number from one side: from a distance of 2^-60, 2^-120 and 2^-240. */
export function limitTowards(quantity: Quantity, place: End, side: 1 | -1): number | null {
  const values = [60n, 120n, 240n].map((exponent) => {
    const near = add(place, dyadic(BigInt(side), -exponent), 2048);
    return near.kind === "finite" ? numberOf(quantity.atExactly(near)) : undefined;
  });
  return limitOf(values);
}

/** What is smaller than this, and still shrinking, goes to 0. */
const nothing = 1e-25;

/** Of three values on the way, each a few times as far as the one before, in powers of two. */
function limitOf([first, second, third]: readonly (number | undefined)[]): number | null {
  if (first === undefined || second === undefined || third === undefined) return null;
  if (!Number.isFinite(third)) return third;
  if (second === third) return third;
  const [b, c] = [Math.abs(second), Math.abs(third)];
  if (c < nothing && c < b) return 0;
  if (Math.abs(third - second) <= 1e-12 * Math.max(b, c)) return third;
  // Even a logarithm of a logarithm takes steps that do not become smaller.
  const [before, after] = [second - first, third - second];
  const grows = before * after > 0 && Math.abs(after) >= 0.9 * Math.abs(before);
  return grows && Math.abs(before) >= 1e-3 * Math.abs(first) ? Math.sign(after) * Infinity : null;
}
