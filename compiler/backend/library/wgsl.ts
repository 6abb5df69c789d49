import { type Declaration, type Library as MachineLibrary, readLibrary } from "../../machine/index.js";
import { pairLibrary } from "../../machine/library/pair/index.js";
import { bits } from "./wgsl/bits.js";
import { exponential } from "./wgsl/exponential.js";
import { gaussian } from "./wgsl/gaussian.js";
import { hyperbolic } from "./wgsl/hyperbolic.js";
import { powers } from "./wgsl/powers.js";
import { products } from "./wgsl/products.js";
import { quick } from "./wgsl/quick.js";
import { trigonometric } from "./wgsl/trigonometric.js";

/**
 * The mathematics library in float32, over all inputs, in the machine language: for printing and for emulation.
 *
 * WGSL's own functions are not accurate enough, by its specification and in practice; these use `+ - * / sqrt`,
 * `floor`, comparisons and integers only. A NaN gives NaN, an infinity the limit; a driver may flush subnormals.
 * A literal stands for the float32 next to it. Nothing relies on what an optimiser may undo, such as (a + b) - a:
 * numbers are split by masking bits.
 */
export const wgslLibrary: MachineLibrary = readLibrary([
  bits,
  exponential,
  gaussian,
  hyperbolic,
  powers,
  products,
  trigonometric,
]);

/** Functions without branches, for operands of ordinary size: see `simd/single.ts`, whose errors they have. */
export const quickFunctions = (): readonly Declaration[] => {
  const known = pairLibrary().declarations;
  return (quickRead ??= readLibrary(quick, known).declarations.slice(known.length));
};
let quickRead: readonly Declaration[] | undefined;
