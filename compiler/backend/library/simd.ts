/** The mathematics libraries for vectors: of float32, and of float64 with results for float32. */
import { type Library, readLibrary } from "../../machine/index.js";
import type { Lanes } from "../../machine/vector/index.js";
import { double } from "./simd/double.js";
import { fixed } from "./simd/fixed.js";
import { single } from "./simd/single.js";

const read = new Map<Lanes, Library>();

export function simdLibrary(lanes: Lanes): Library {
  const library = read.get(lanes) ?? readLibrary(lanes === "f32x4" ? [single, fixed] : double);
  read.set(lanes, library);
  return library;
}

/** Whether the library has a function of this name. */
export const simdSpells = (lanes: Lanes, name: string): boolean => simdLibrary(lanes).find(name)?.kind === "function";

/** The largest relative error of a function, as its text says it. */
export function simdError(lanes: Lanes, name: string): number {
  const found = simdLibrary(lanes).find(name);
  return found?.kind === "function" ? Number(found.error) : NaN;
}
