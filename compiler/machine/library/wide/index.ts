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
`;

let library: Library | undefined;

/** Read once, when it is first asked for. */
export const wideLibrary = (): Library =>
  (library ??= readLibrary([number, conversion, roots, exponential, sigmoidal, gaussian, trigonometric, limits]));
