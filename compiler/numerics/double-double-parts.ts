/** Constants of double-double arithmetic, cut from balls: a number as a sum of binary64, each the rest rounded. */
import { type Ball, fromNumber, midpoint, subtract } from "./ball.js";
import { toBinary64 } from "./rounding.js";

export function partsOf(ball: Ball, count: number): readonly number[] {
  const parts: number[] = [];
  let rest = midpoint(ball);
  for (let i = 0; i < count; i++) {
    const part = toBinary64(rest) ?? NaN;
    parts.push(part);
    rest = subtract(rest, fromNumber(part), 1200);
  }
  return parts;
}

/** Tables made when they are first asked for. */
export function late<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => (made ??= { value: make() }).value;
}
