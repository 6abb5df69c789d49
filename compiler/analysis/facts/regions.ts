/** Where a curve has values: stretches of the line between holes and poles. */
import { isApplication, occurs, reachable } from "../../ir/expr.js";
import { expandedAsWritten } from "../../calculus/as-written.js";
import { float32, powerOfTwo } from "../intervals/floats.js";
import type { Enclosure } from "../intervals/interval.js";
import { type Curve, numberOf, type Quantity } from "./curve.js";
import type { Places, Span } from "./places.js";
import { stretches } from "./stretches.js";

/** A part of the line with values throughout. */
export interface Region {
  readonly span: Span;
  /** The first and the last number of float32 in it. */
  readonly first: number;
  readonly last: number;
}

export type Existence = "yes" | "no" | "unknown";

/** An infinite value is none. */
export function existence(value: Enclosure): Existence {
  if (!value) return "no";
  if (!value.total) return "unknown";
  return value.low.kind === "infinite" && value.low === value.high ? "no" : "yes";
}

/** Poles are looked for up to here, and so many changes of sign. */
const farthest = 16;
const mostChanges = 24;

/** How far to the side of a place a one-sided value is taken, relatively; and a second time, to see it grow. */
const near = powerOfTwo(-45);
const further = powerOfTwo(-25);
const shifted = (x: number, by: number): number => x + by * Math.max(1, Math.abs(x));
export const beside = (x: number, side: 1 | -1): number => shifted(x, side * near);

/** How much larger a value is at the nearer of the two if it has no bound: as 1/d^(3/4) at least. */
const growth = powerOfTwo(15);

/** The value just beside a place, infinite where it grows without bound; slowly growing ones are not seen. */
export function valueBeside(quantity: Quantity, x: number, side: 1 | -1): number | undefined {
  const value = numberOf(quantity.at(beside(x, side)));
  const before = numberOf(quantity.at(shifted(x, side * further)));
  if (value === undefined || before === undefined) return value;
  return Math.abs(value) > growth * Math.abs(before) && Math.abs(value) > growth ? Math.sign(value) * Infinity : value;
}

/**
 * @param samples numbers of float32, ascending
 * @param others poles at which the sign stays what it is, as far as they are known
 */
export function regionsOf(
  { value }: Curve,
  samples: readonly number[],
  places: Places,
  others: readonly number[] = [],
): Region[] {
  const found = stretches(samples, (x) => existence(value.at(x)), float32).filter(({ is }) => is === "yes");
  const poles = [...new Set([...polesOf(value, samples), ...others])].sort((a, b) => a - b);
  return found.flatMap((stretch) => {
    const { from, to } = stretch;
    const span = places.span(stretch, float32, true);
    const inside = poles.filter((pole) => pole > from && pole < to);
    return [...inside, to].map((_, i): Region => {
      const [left, right] = [inside[i - 1], inside[i]];
      return {
        span: {
          from: left ?? span.from,
          to: right ?? span.to,
          fromIncluded: left === undefined && span.fromIncluded,
          toIncluded: right === undefined && span.toIncluded,
        },
        first: left === undefined ? from : float32.at(Math.floor(float32.index(left)) + 1),
        last: right === undefined ? to : float32.at(Math.ceil(float32.index(right)) - 1),
      };
    });
  });
}

/** Where the sign changes, and not through 0. */
function polesOf(value: Quantity, samples: readonly number[]): number[] {
  const sign = (x: number): number => Math.sign(numberOf(value.at(x)) ?? 0);
  const poles: number[] = [];
  let changes = 0;
  samples.forEach((right, i) => {
    const left = samples[i - 1];
    if (left === undefined || Math.abs(left) > farthest || Math.abs(right) > farthest) return;
    const before = sign(left);
    if (before * sign(right) >= 0 || changes++ >= mostChanges) return;
    let [low, high] = [left, right];
    for (let middle = (low + high) / 2; middle !== low && middle !== high; middle = (low + high) / 2) {
      if (sign(middle) === before) low = middle;
      else high = middle;
    }
    const outer = Math.abs(numberOf(value.at(left)) ?? 0) + Math.abs(numberOf(value.at(right)) ?? 0);
    if (Math.abs(numberOf(value.at(low)) ?? 0) > growth * outer) poles.push(low);
  });
  return poles;
}

/** Whether the value jumps with a `floor` or its like. */
export function stepsIn({ activation, input }: Curve): boolean {
  return reachable([expandedAsWritten(activation.body)]).some(
    (node) =>
      (isApplication(node, "floor") || isApplication(node, "ceil") || isApplication(node, "round")) &&
      occurs(input, node),
  );
}
