import { readLibrary, typescriptName, typescriptPieces } from "../../machine/index.js";
import { randomLibrary, uniformNames } from "../../machine/library/random.js";
import { float64 } from "./float64.js";
import { library, libraryOf, type LibraryEntry, type LibraryFunction } from "./function.js";
import { gaussian64 } from "./gaussian64.js";

/**
 * The mathematics library in TypeScript, float64: what is written in the machine language, and what only JavaScript
 * engines gain from. A NaN gives NaN, an infinity the limit, and tails keep their relative accuracy down to the subnormal
 * numbers. `error` is the largest relative error in units of 2^-53.
 *
 * `Math` itself is used for the rest: over a million inputs each, V8's functions are within 2.1 ulp (0.9 for sin, cos,
 * tan, atan, asin, acos and cbrt, 1.0 for pow, 1.6 to 2.0 for the others).
 */
const machine = readLibrary(float64);

const errors = new Map(machine.functions.map(({ name, error }) => [typescriptName(name, "function"), error ?? "0"]));

const random = randomLibrary();

const pieces: readonly LibraryFunction[] = typescriptPieces([
  ...machine.closure(machine.functions.map(({ name }) => name)),
  ...random.closure(["draw", uniformNames.f64]),
]).map((piece) => ({
  name: piece.name,
  calls: piece.uses,
  get text() {
    return piece.text;
  },
  error: errors.get(piece.name) ?? "0",
}));

const others: readonly LibraryEntry[] = [
  {
    error: "0",
    text: `
/** Pairs of numbers, each that of a condition that does not hold first. */
const $sides = /* @__PURE__ */ new Float64Array(32);

/** One of the pair that lies there: without a branch. */
function $pick(place: number, condition: boolean): number {
  return $sides[place + Number(condition)]!;
}`,
  },
  {
    error: "0",
    text: `
/** The nearest integer, the even one of two. */
function $roundEven(x: number): number {
  const below = Math.floor(x);
  const rest = x - below;
  if (rest > 0.5 || (rest === 0.5 && below % 2 !== 0)) return below + 1;
  return below;
}`,
  },
];

const typescript = libraryOf([...pieces, ...library([...gaussian64, ...others]).functions]);

export const typescriptFunctions: readonly LibraryFunction[] = typescript.functions;
export const typescriptFunction = typescript.find;
/** The functions of these names and all that they call, callees first. */
export const typescriptClosure = typescript.closure;
