/** Limits, read off from numbers far out, or close to a border. */
import { add, dyadic } from "../../numerics/ball.js";
import { numberOf, type Quantity } from "./curve.js";
import { between, signOf, type End } from "../intervals/interval.js";

/** Towards -inf and inf; `null` where there is none, or none was found. */
export type Limits = readonly [number | null, number | null];

export const limitsOf = (quantity: Quantity): Limits => [limitAt(quantity, -1), limitAt(quantity, 1)];

/**
 * As the input grows to an infinity: from 2^300, 2^1000 and 2^4000, or, where too much cancels there, from numbers that
 * float32 holds.
 */
function limitAt(quantity: Quantity, side: 1 | -1): number | null {
  const at = (exponent: bigint): number | undefined => numberOf(quantity.atExactly(dyadic(BigInt(side), exponent)));
  const limit = limitOf([300n, 1000n, 4000n].map(at)) ?? limitOf([30n, 62n, 127n].map(at));
  if (limit === null || Number.isFinite(limit)) return limit;
  // A few numbers of one sign may be chance, where the value swings.
  const [near, further] = [dyadic(16n * BigInt(side), 96n), dyadic(17n * BigInt(side), 96n)];
  const around = quantity.over(side > 0 ? between(near, further) : between(further, near), 64);
  return around && signOf(around) === Math.sign(limit) ? limit : null;
}

/** As the input comes to a number from one side: from a distance of 2^-100, 2^-300 and 2^-900. */
export function limitTowards(quantity: Quantity, place: End, side: 1 | -1): number | null {
  const values = [100n, 300n, 900n].map((exponent) => {
    const near = add(place, dyadic(BigInt(side), -exponent), 2048);
    return near.kind === "finite" ? numberOf(quantity.atExactly(near)) : undefined;
  });
  return limitOf(values);
}

/** What is smaller than this, and still shrinking, goes to 0. */
const nothing = 1e-25;

function limitOf([first, second, third]: readonly (number | undefined)[]): number | null {
  if (first === undefined || second === undefined || third === undefined) return null;
  const [a, b, c] = [Math.abs(first), Math.abs(second), Math.abs(third)];
  if (!Number.isFinite(third)) return second === third || Number.isFinite(second) ? third : null;
  if (second === third) return third;
  if (c < nothing && c < b) return 0;
  if (Math.abs(third - second) <= 1e-12 * Math.max(b, c)) return third;
  // A logarithm grows too slowly to overflow.
  const grows = c > 2 * b && b > 2 * a && Math.sign(first) === Math.sign(third) && c > 50;
  return grows ? Math.sign(third) * Infinity : null;
}
