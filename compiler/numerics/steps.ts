import { dyadic, finite, lower, upper } from "./ball.js";
import type { FiniteBall, Function1 } from "./ball.js";
import { bitLength, larger, shifted } from "./integers.js";

/** A monotone function with integer values that leaves integers as they are. Where a ball reaches over a jump, so does the result. */
function step(at: (x: FiniteBall) => bigint): Function1 {
  return (x, precision) => {
    // Ends that are integers stay where they are, and with them what is known.
    if (x.kind !== "finite" || x.exponent >= 0n) return x;
    const [least, middle, greatest] = [at(lower(x)), at(dyadic(x.mid, x.exponent)), at(upper(x))];
    return least === greatest
      ? dyadic(middle)
      : finite(middle, larger(middle - least, greatest - middle), 0n, precision);
  };
}

const floorOf = (x: FiniteBall): bigint => shifted(x.mid, x.exponent);

export const floor: Function1 = step(floorOf);
export const ceil: Function1 = step((x) => -shifted(-x.mid, x.exponent));

/** To the nearest integer, from the middle between two to the even one. */
export const round: Function1 = step((x) => {
  // 2x + 1 rounded down is odd where the nearest integer is its half, rounded down; the middle is where 2x is odd itself.
  const doubled = floorOf({ ...x, exponent: x.exponent + 1n });
  const nearest = (doubled + 1n) >> 1n;
  const middle =
    (doubled & 1n) === 1n && -x.exponent <= bitLength(x.mid) && shifted(doubled, -x.exponent - 1n) === x.mid;
  return middle && (nearest & 1n) === 1n ? nearest - 1n : nearest;
});
