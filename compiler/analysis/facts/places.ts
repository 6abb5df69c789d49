/** How places on the line are named: by the borders of the definition where they are ones, else by numbers. */
import type { Kink } from "../../calculus/kinks.js";
import type { FloatFormat } from "../intervals/floats.js";
import type { Stretch } from "./stretches.js";

/** From one number or infinity to another; an end that is included belongs to it. */
export interface Span {
  readonly from: number;
  readonly to: number;
  readonly fromIncluded: boolean;
  readonly toIncluded: boolean;
}

/** A decimal of so many characters was meant by somebody. */
const shortest = 6;

export class Places {
  private readonly points: readonly number[];

  constructor(kinks: readonly Kink[]) {
    this.points = kinks.map(({ point }) => point);
  }

  /** What lies between two numbers, them included, and has a name: a border of the definition, or 0. */
  between(low: number, high: number): number | undefined {
    const [least, greatest] = [low - Math.abs(low) * 1e-12, high + Math.abs(high) * 1e-12];
    const named = this.points.find((point) => point >= least && point <= greatest);
    return named ?? (low <= 0 && high >= 0 ? 0 : undefined);
  }

  /**
   * A stretch of a format's numbers as a span of real ones. It ends with a number of its own, or at what has a name and
   * lies before the next one; of a domain, also at a short decimal there.
   */
  span({ from, to }: Stretch<unknown>, format: FloatFormat, shortEnds = false): Span {
    const [low, high] = [this.end(from, -1, format, shortEnds), this.end(to, 1, format, shortEnds)];
    return { from: low.at, to: high.at, fromIncluded: low.included, toIncluded: high.included };
  }

  private end(
    x: number,
    side: 1 | -1,
    format: FloatFormat,
    shortEnds: boolean,
  ): { readonly at: number; readonly included: boolean } {
    const place = format.index(x);
    if (Math.abs(x) >= format.greatest && Math.sign(x) === side) {
      return format.name === "float32" ? { at: side * Infinity, included: false } : { at: x, included: true };
    }
    const next = format.at(place + side);
    const named = this.between(Math.min(x, next), Math.max(x, next));
    if (named !== undefined) return { at: named, included: named === x };
    const short = shortEnds ? [x, next].find((end) => String(end).length <= shortest) : undefined;
    return short === undefined ? { at: x, included: true } : { at: short, included: short === x };
  }
}
