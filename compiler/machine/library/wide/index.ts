/** Wide numbers, for the elements that a kernel's own arithmetic does not serve: no overflow, and room for cancellation. */
import { type Library, readLibrary } from "../../library.js";
import { conversion } from "./conversion.js";
import { exponential } from "./exponential.js";
import { gaussian } from "./gaussian.js";
import { number } from "./number.js";
import { loosened, programs } from "./programs.js";
import { roots } from "./roots.js";
import { sigmoidal } from "./sigmoidal.js";
import { trigonometric } from "./trigonometric.js";

const limits = `
// What stands for a number where a limit is sought: of infinity a number with that exponent if it is positive, of zero one
// if it is negative.
fn wide_moved(x: wide, exponent: int) -> wide {
  let infinite = exponent > 0 && x.exponent >= WIDE_LIMIT;
  let zero = exponent < 0 && is_zero(x.mantissa);
  if ((infinite || zero) && !wide_is_nan(x)) {
    return wide(x.negative, NAT_HALF, exponent);
  }
  return x;
}

// What a function tends to, given its values very close to the point and less close.
fn wide_trend(close: wide, less: wide) -> wide {
  let least = wide_abs(wide_multiply(less, wide(false, 0x0.87n, 1)));
  if (wide_less(least, wide_abs(close)) && close.exponent > -100) {
    return wide(close.negative, NAT_HALF, WIDE_BEYOND);
  }
  if (wide_less(wide_abs(wide_multiply(close, wide(false, 0x0.87n, 1))), wide_abs(less))) {
    return WIDE_ZERO;
  }
  return close;
}

// Whether two numbers have some leading bits in common.
fn wide_is_alike(a: wide, b: wide, bits: int) -> bool {
  return wide_less(wide_scale(wide_abs(wide_subtract(a, b)), bits), wide_abs(b));
}

// What a function tends to, given its values at points with the exponents 800, 150, 140, 60, 50, 26, 20, 11 and 10 (or their
// negatives). Too many digits may cancel at the first: it is for slow powers, where the next ones still differ. The second and
// the third are for what stands still, or grows like a power, until it vanishes, levels off or grows like an exponential, where
// a parameter is small; the last are for functions that
// leave even the range of wide numbers.
fn wide_limit(
  a: wide, tail: wide, before: wide, b: wide, c: wide, d: wide, e: wide, f: wide, g: wide
) -> wide {
  if (wide_is_alike(a, b, 2) && !wide_is_alike(c, b, 26)) {
    return a;
  }
  if (wide_is_alike(a, tail, 16)) {
    return a;
  }
  if (wide_is_alike(tail, before, 40)) {
    return tail;
  }
  if (!is_zero(tail.mantissa) && wide_less(wide_abs(tail), wide(false, NAT_HALF, -100))) {
    return WIDE_ZERO;
  }
  if (wide_less(wide_scale(wide_abs(before), 40), wide_abs(b)) && !wide_less(wide_abs(before), wide_abs(tail))) {
    return WIDE_ZERO;
  }
  if (tail.exponent > 0 && tail.exponent - before.exponent > 1000 && !wide_is_nan(tail)) {
    return wide(tail.negative, NAT_HALF, WIDE_BEYOND);
  }
  let usual = wide_trend(b, c);
  if (!wide_is_nan(usual)) {
    return usual;
  }
  let closer = wide_trend(d, e);
  if (!wide_is_nan(closer)) {
    return closer;
  }
  return wide_trend(f, g);
}

// As wide_limit, of a function with parameters, which may be so small that the function turns as far out as the second point,
// or beyond: what is the same power from the third to the second and on to the first, or has vanished faster than powers do.
// What stood still before is no less at the first point: its digits are gone there.
fn wide_limit_of_powers(
  a: wide, tail: wide, before: wide, b: wide, c: wide, d: wide, e: wide, f: wide, g: wide
) -> wide {
  let is_known = !wide_is_nan(a) && !is_zero(a.mantissa) && !is_zero(tail.mantissa) && !is_zero(before.mantissa);
  let steps = tail.exponent - before.exponent;
  let is_still = wide_is_alike(tail, before, 40) && wide_is_alike(before, b, 40);
  if (is_known && a.exponent < -1000000 && !is_still) {
    return WIDE_ZERO;
  }
  if (is_known && abs(steps) > 3 && abs(steps) < 1000) {
    // The first point is as far from the second as 65 steps.
    let step = wide_divide(tail, before);
    var expected = step;
    for (var i = 0; i < 6; i++) {
      expected = wide_multiply(expected, expected);
    }
    expected = wide_multiply(wide_multiply(expected, step), tail);
    if (abs(a.exponent - expected.exponent) <= 1 && a.negative == tail.negative && before.negative == tail.negative) {
      if (steps < 0) {
        return WIDE_ZERO;
      }
      return wide(a.negative, NAT_HALF, WIDE_BEYOND);
    }
  }
  return wide_limit(a, tail, before, b, c, d, e, f, g);
}

// Whether a function goes from one value to the next without turning back: nearly the same, or larger and of the same sign.
fn wide_goes_on(from: wide, to: wide) -> bool {
  return from.negative == to.negative && !wide_less(wide_abs(to), wide_abs(from));
}

// As wide_limit, of a function with a sine in it: NaN where its values do not go one way. A wave of bounded height is
// outgrown at last by what is seen at the exponent 100000, where nothing is known of angles and a sine is 0.
fn wide_limit_of_waves(
  outgrown: wide, a: wide, tail: wide, before: wide, b: wide, c: wide, d: wide, e: wide, f: wide, g: wide
) -> wide {
  if (wide_is_nan(tail) || wide_is_nan(before) || wide_is_nan(b) || wide_is_nan(c) || wide_is_nan(d)) {
    return wide_limit(a, tail, before, b, c, d, e, f, g);
  }
  if (wide_is_alike(tail, before, 16) && wide_is_alike(before, b, 16)) {
    return tail;
  }
  if (max(max(tail.exponent, before.exponent), b.exponent - 20) < -40) {
    return WIDE_ZERO;
  }
  let far = wide_goes_on(before, tail) && wide_goes_on(b, before) && (wide_is_nan(a) || wide_goes_on(tail, a));
  let near = wide_goes_on(d, c) && wide_goes_on(e, d);
  if (far && wide_goes_on(c, b) && (near || wide_is_alike(wide_multiply(tail, c), wide_multiply(before, b), 8))) {
    return wide(tail.negative, NAT_HALF, WIDE_BEYOND);
  }
  let highest = max(max(tail.exponent, before.exponent), max(b.exponent, c.exponent));
  let lowest = min(min(tail.exponent, before.exponent), min(b.exponent, c.exponent));
  if (highest - lowest < 30 && outgrown.exponent - highest > 1000 && !wide_is_nan(outgrown)) {
    return wide(outgrown.negative, NAT_HALF, WIDE_BEYOND);
  }
  return wide_limit_beyond_waves(outgrown, tail, before);
}

// Where a wave is high or slow and hides all else nearer by: what is the same power between the third and the second point
// and on to where the wave is outgrown; NaN where it is none.
fn wide_limit_beyond_waves(outgrown: wide, tail: wide, before: wide) -> wide {
  // A little more than the power, which the quotient is next to.
  let ratio = wide_divide(wide_multiply(tail, wide(false, 0x0.82n, 1)), before);
  let steps = ratio.exponent - 1;
  let goes_on = abs(outgrown.exponent - tail.exponent - 9985 * steps) <= 1 && !is_zero(outgrown.mantissa);
  if (
    wide_is_nan(outgrown) || !goes_on || outgrown.negative != tail.negative || before.negative != tail.negative ||
    !wide_is_alike(wide_scale(before, steps), tail, 8)
  ) {
    return WIDE_NAN;
  }
  if (steps < 0) {
    return WIDE_ZERO;
  }
  if (steps == 0) {
    return outgrown;
  }
  return wide(tail.negative, NAT_HALF, WIDE_BEYOND);
}

// 1 or -1 as a number next to it: for side 1 further from 0, for others but 0 nearer. Other numbers as they are.
fn wide_beside_one(x: wide, side: int) -> wide {
  if (side == 0 || !wide_equal(wide_abs(x), WIDE_ONE)) {
    return x;
  }
  return wide_add(x, wide(x.negative == (side == 1), NAT_HALF, -int(28 + nat_bits() / 4)));
}

// The limit that both sides have; NaN where they differ.
fn wide_common(right: wide, left: wide) -> wide {
  if (wide_equal(right, left) || wide_is_alike(right, left, 40)) {
    return right;
  }
  return WIDE_NAN;
}

// What belongs at 1 or -1, given what is computed there and next to it: what is infinite may be a sine that is 0 but for rounding,
// divided by 0; next to a pole numbers are large.
fn wide_filled(value: wide, further: wide, nearer: wide) -> wide {
  let common = wide_common(further, nearer);
  if (wide_is_nan(value) || (!wide_is_nan(common) && common.exponent < 50)) {
    return common;
  }
  return value;
}
`;

let library: Library | undefined;

/** Read once, when it is first asked for. */
export function wideLibrary(): Library {
  if (library) return library;
  const texts = [number, conversion, roots, exponential, sigmoidal, gaussian, trigonometric, limits, programs];
  library = readLibrary([...texts, loosened(texts)]);
  return library;
}
