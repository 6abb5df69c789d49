/** Wide numbers, for the elements that a kernel's own arithmetic does not serve: no overflow, and room for cancellation. */
import { type Library, readLibrary } from "../../library.js";
import { conversion } from "./conversion.js";
import { exponential } from "./exponential.js";
import { gaussian } from "./gaussian.js";
import { number } from "./number.js";
import { roots } from "./roots.js";
import { sigmoidal } from "./sigmoidal.js";
import { trigonometric } from "./trigonometric.js";

const limits = `
// A number of that size in place of infinity; every other number as it is.
fn wide_far(x: wide, size: int) -> wide {
  if (x.exponent < WIDE_LIMIT || wide_is_nan(x)) {
    return x;
  }
  return wide(x.negative, NAT_HALF, size);
}

// What a function tends to, given its values very far away and less far.
fn wide_trend(far: wide, near: wide) -> wide {
  let least = wide_abs(wide_multiply(near, wide(false, 0x0.87n, 1)));
  if (wide_less(least, wide_abs(far)) && far.exponent > -100) {
    return wide(far.negative, NAT_HALF, WIDE_BEYOND);
  }
  if (wide_less(wide_abs(wide_multiply(far, wide(false, 0x0.87n, 1))), wide_abs(near))) {
    return WIDE_ZERO;
  }
  return far;
}

// Whether two numbers have some leading bits in common.
fn wide_is_alike(a: wide, b: wide, bits: int) -> bool {
  return wide_less(wide_scale(wide_abs(wide_subtract(a, b)), bits), wide_abs(b));
}

// The first number of three.
fn wide_known(first: wide, second: wide, third: wide) -> wide {
  if (!wide_is_nan(first)) {
    return first;
  }
  if (!wide_is_nan(second)) {
    return second;
  }
  return third;
}
`;

let library: Library | undefined;

/** Read once, when it is first asked for. */
export const wideLibrary = (): Library =>
  (library ??= readLibrary([number, conversion, roots, exponential, sigmoidal, gaussian, trigonometric, limits]));
