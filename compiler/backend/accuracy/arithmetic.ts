/** What the error analysis knows of a target's arithmetic and of its mathematics library. */
import type { Expr } from "../../ir/expr.js";
import type { PrimitiveName } from "../../primitives/table.js";
import { simdError } from "../library/simd.js";
import { typescriptFunction } from "../library/typescript.js";

/** What is known of the variables. */
export interface VariableNumbers {
  /** Significant bits of inputs and cotangents. */
  readonly bits: number;
  /** Binary logarithms of the sizes between which all variables lie that are not 0. */
  readonly least: number;
  readonly most: number;
}

export interface ArithmeticModel {
  readonly variables: VariableNumbers;
  /** Errors are counted in units of 2^-digits. */
  readonly digits: number;
  /** Bits of a number that is exact. */
  readonly exactBits: number;
  /** Binary logarithms of the largest number and of the smallest that keeps its relative accuracy. */
  readonly most: number;
  readonly least: number;
  /** What is lost of numbers below 2^least. */
  readonly underflow: number;
  /** The binary logarithm of an error that is so small that it is of no interest whatever becomes of it. */
  readonly faint: number;
  /** Relative error of an operation. */
  readonly rounding: number;
  /** Relative error of a function. */
  readonly errorOf: (primitive: PrimitiveName) => number;
  /** The size of the largest operand that a function takes; unless given there is none. */
  readonly mostOperand?: (primitive: PrimitiveName) => number;
  /** Whether functions that have a zero are as accurate there. */
  readonly anchored?: boolean;
  /** Relative error of a hyperparameter, in units of 2^-digits; none unless given. */
  readonly parameterRounding?: number;
  /** Where operands are computed with more digits, and by what arithmetic. */
  readonly finer?: { readonly model: ArithmeticModel; readonly takes: (node: Expr) => boolean };
  /** Whether infinity and NaN do not get through to the result, so that what may lead to them has to be tested for. */
  readonly hidesFaults: boolean;
}

const singles = { variables: { bits: 24, least: -149, most: 128 }, faint: -160 } as const;

/** The arithmetic where inputs and cotangents are float16, as results will be, and parameters have the size of such numbers. */
const ofHalves = (model: ArithmeticModel): ArithmeticModel => ({
  ...model,
  variables: { bits: 11, least: -24, most: 16 },
  faint: -44,
});

const functions =
  (rounding: number, usual: number, others: readonly (readonly [PrimitiveName, number])[] = []) =>
  (primitive: PrimitiveName): number =>
    basic.has(primitive) ? rounding : (new Map(others).get(primitive) ?? usual);

const basic: ReadonlySet<PrimitiveName> = new Set<PrimitiveName>(["add", "subtract", "multiply", "divide", "sqrt"]);

/** What the library says of one of its functions. */
const stated = (name: string): number => Number(typescriptFunction(name)?.error);

/**
 * Float64 kernels: functions of `Math` within 2.1 ulp, which is up to 4.2 units of 2^-53 (V8; sums of squares and hyperbolic
 * functions somewhat more); those of the library as they state.
 */
export const float64: ArithmeticModel = {
  ...singles,
  digits: 53,
  exactBits: 53,
  most: 1023.9,
  least: -1022,
  underflow: 2 ** -1074,
  rounding: 1,
  errorOf: functions(1, 8, [
    ["bounded_exp", stated("boundedExp")],
    ["bounded_expm1", stated("boundedExpm1")],
    ["expm1", stated("expm1")],
    ["log", stated("log")],
    ["log1p", stated("log1p")],
    ["softplus_tail", stated("softplusTail")],
    ["erf", stated("erf")],
    ["erfc", stated("erfc")],
    ["normcdf", stated("normcdf")],
    ["gelu_slope", stated("geluSlope")],
  ]),
  hidesFaults: false,
};

/** Float32 kernels, on devices that round correctly; subnormal numbers may be flushed to zero. */
export const float32: ArithmeticModel = {
  ...singles,
  digits: 24,
  exactBits: 24,
  most: 127.9,
  least: -126,
  underflow: 2 ** -126,
  rounding: 1,
  errorOf: functions(1, 4, [
    ["exp", 2],
    ["log", 2],
    ["expm1", 3],
    ["log1p", 3],
    ["sigmoid", 4],
    ["erfc", 7],
    ["normcdf", 8],
  ]),
  hidesFaults: false,
};

/**
 * Pairs of float32: operations to some 45 bits, functions to 2^-27.5. Below 2^-100 the parts that products are made of fade away,
 * four of them at most.
 */
export const pairs: ArithmeticModel = {
  ...singles,
  digits: 28,
  exactBits: 46,
  most: 118,
  least: -100,
  underflow: 2 ** -124,
  rounding: 2 ** -16,
  errorOf: functions(2 ** -16, 1.5),
  hidesFaults: true,
};

/** Numbers in two parts without exact sums, for exponents: some 34 bits. */
export const splits: ArithmeticModel = { ...pairs, exactBits: 24, rounding: 2 ** -5 };

/** Functions that need a power of two of their operand, or its inverse. */
const exponential: ReadonlySet<PrimitiveName> = new Set<PrimitiveName>([
  ...(["exp", "expm1", "sigmoid", "logistic", "softplus", "softplus_tail", "mish_gate", "sinh", "cosh"] as const),
]);

/** Vectors of float32, whose subnormal numbers are kept. */
export const vectorSingles: ArithmeticModel = {
  ...float32,
  underflow: 2 ** -150,
  faint: -148,
  most: 128,
  mostOperand: (primitive) =>
    ["normcdf", "normpdf", "gelu_slope"].includes(primitive) ? 13 : exponential.has(primitive) ? 86 : Infinity,
  errorOf: (primitive) => (basic.has(primitive) ? 1 : simdError("f32x4", primitive)),
  parameterRounding: 1,
  anchored: true,
  hidesFaults: true,
};

/** The same operations and functions where a device may take subnormal numbers for 0. */
export const shaderSingles: ArithmeticModel = {
  ...vectorSingles,
  least: float32.least,
  underflow: float32.underflow,
  faint: float32.faint,
  parameterRounding: 0,
  // Beyond, a quotient might have no normal number: it would have to be computed to know that it has.
  mostOperand: (primitive) => (primitive === "softplus" ? 64 : (vectorSingles.mostOperand?.(primitive) ?? Infinity)),
};

/** Vectors of float64 with functions to some 2^-36. */
export const vectorDoubles: ArithmeticModel = {
  ...singles,
  digits: 36,
  exactBits: 53,
  most: 1022,
  mostOperand: (primitive) => (exponential.has(primitive) ? 700 : Infinity),
  least: -1021,
  underflow: 2 ** -1074,
  rounding: 2 ** -17,
  errorOf: (primitive) => (basic.has(primitive) ? 2 ** -17 : simdError("f64x2", primitive)),
  hidesFaults: true,
};

/** Float32 between float16. */
export const float32OfHalves: ArithmeticModel = ofHalves(float32);

/** Pairs between float16, so many of which suffice that it counts which functions are better than others. */
export const pairsOfHalves: ArithmeticModel = ofHalves({
  ...pairs,
  errorOf: functions(2 ** -16, 1.5, [
    ["exp", 0.5],
    ["log", 0.7],
    ["log1p", 0.6],
    ["cosh", 0.5],
    ["erf", 0.3],
    ["erfc", 0.4],
    ["atan", 0.2],
    ["cbrt", 2 ** -16],
  ]),
});
