/** Numbers as pairs of float32, for WGSL: some 45 bits in arithmetic, 27 and more in functions. */
import { type Library, readLibrary } from "../../library.js";
import { arcs } from "./arcs.js";
import { arithmetic } from "./arithmetic.js";
import { exponential } from "./exponential.js";
import { gaussian } from "./gaussian.js";
import { ranged } from "./ranged.js";
import { selections } from "./selections.js";
import { trigonometric } from "./trigonometric.js";

let library: Library | undefined;

/** Read once, when it is first asked for. */
export const pairLibrary = (): Library =>
  (library ??= readLibrary([arithmetic, exponential, gaussian, arcs, trigonometric, selections, ranged]));
