/** What the error analysis knows of a target's arithmetic and of its mathematics library. */
import type { PrimitiveName } from "../../primitives/table.js";

export interface ArithmeticModel {
  /** Bits of the significand. */
  readonly digits: number;
  /** Binary logarithms of the largest number and of the smallest that keeps its relative accuracy. */
  readonly most: number;
  readonly least: number;
  /** Relative error of each operation and function, in units of 2^-digits. Arithmetic that rounds correctly has 1. */
  readonly errorOf: (primitive: PrimitiveName) => number;
}

/**
 * Float64 kernels: functions of `Math` within 2.1 ulp (V8; sums of squares and hyperbolic functions somewhat more), those of
 * the library as they state. One ulp is up to two units of 2^-53.
 */
export const float64: ArithmeticModel = {
  digits: 53,
  most: 1023.9,
  least: -1022,
  errorOf: (primitive) => (rounded.has(primitive) ? 1 : 8),
};

/** Float32 kernels, on devices that round correctly. */
export const float32: ArithmeticModel = {
  digits: 24,
  most: 127.9,
  least: -126,
  errorOf: (primitive) => (rounded.has(primitive) ? 1 : (functionErrors32.get(primitive) ?? 6)),
};

const rounded: ReadonlySet<PrimitiveName> = new Set<PrimitiveName>(["add", "subtract", "multiply", "divide", "sqrt"]);

const functionErrors32: ReadonlyMap<PrimitiveName, number> = new Map<PrimitiveName, number>([
  ["exp", 2],
  ["log", 2],
  ["expm1", 3],
  ["log1p", 3],
  ["sigmoid", 3],
  ["erfc", 7],
  ["normcdf", 8],
]);
