import { library, type LibraryFunction } from "./function.js";
import { bits } from "./wgsl/bits.js";
import { exponential } from "./wgsl/exponential.js";
import { gaussian } from "./wgsl/gaussian.js";
import { hyperbolic } from "./wgsl/hyperbolic.js";
import { powers } from "./wgsl/powers.js";
import { trigonometric } from "./wgsl/trigonometric.js";

/**
 * The mathematics library in WGSL, float32, over all inputs.
 *
 * WGSL's own functions are not accurate enough, by its specification and in practice; these use `+ - * / sqrt`,
 * `floor`, comparisons and integers only. A NaN gives NaN, an infinity the limit; a driver may flush subnormals.
 * A literal stands for the float32 next to it. Nothing relies on what an optimiser may undo, such as (a + b) - a:
 * numbers are split by masking bits. No function calls itself, and the order of {@link libraryClosure} is callees
 * first, although WGSL does not ask for it.
 */
const wgsl = library([...bits, ...exponential, ...gaussian, ...hyperbolic, ...powers, ...trigonometric]);

export const wgslFunctions: readonly LibraryFunction[] = wgsl.functions;
export const wgslFunction = wgsl.find;
/** The functions of these names and all that they call, callees first. */
export const libraryClosure = wgsl.closure;
