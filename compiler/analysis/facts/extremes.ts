/** Least and greatest numbers, chosen among candidates. */
import type { Span } from "./places.js";

/** A least or greatest number, and where it is: at a place, or all over a span. */
export interface Extreme {
  readonly value: number;
  readonly at: number | Span;
  /** Else it is only approached there. */
  readonly attained: boolean;
}

/** The largest, or the smallest: rather where it is attained, over a span, near to 0, and to its right. */
export function best(candidates: readonly Extreme[], side: 1 | -1): Extreme | null {
  const top = Math.max(...candidates.map(({ value }) => value * side));
  const ties = (value: number): boolean =>
    value === top || (Number.isFinite(value) && top - value <= 1e-12 * Math.abs(value));
  const tied = candidates.filter(({ value }) => ties(value * side));
  return tied.reduce<Extreme | null>((found, next) => (found && !isBetter(next, found) ? found : next), null);
}

function isBetter(a: Extreme, b: Extreme): boolean {
  const [p, q] = [rank(a), rank(b)];
  const i = p.findIndex((part, j) => part !== q[j]);
  return i >= 0 && (p[i] ?? 0) < (q[i] ?? 0);
}

function rank({ at, attained }: Extreme): readonly number[] {
  const [distance, left] = typeof at === "number" ? [1 + Math.abs(at), at < 0 ? 1 : 0] : [0, 0];
  return [attained ? 0 : 1, distance, left];
}
