/** How far a kernel is off the truth, and where most. */
import type { UnaryTruth } from "./interpolant.js";
import type { Points } from "./points.js";
import type { Column } from "./truth.js";

/** One result of a kernel, and what it should have been. */
export interface Worst {
  /** In units in the last place of float32 at the true value. */
  readonly ulp: number;
  /** The inputs. */
  readonly at: readonly number[];
  readonly actual: number;
  /** The true value, rounded to binary64. */
  readonly expected: number;
}

export interface Measurement {
  /** Inputs compared. Where there is no real value, nothing is. */
  readonly count: number;
  /** The largest error where nothing below applies. */
  readonly worst: Worst | null;
  /** NaN or an infinity where the rounded true value is finite. */
  readonly notFinite: Worst | null;
  /** Not the limit, at an infinite input. */
  readonly wrongLimit: Worst | null;
  /** A number where a NaN went in. */
  readonly lostNaN: Worst | null;
  /** Zeros where the true value is subnormal, and what follows from taking a subnormal input for 0. */
  readonly flushed: number;
  /** The largest error at the float32 neighbours of a zero of the column. */
  readonly nearZero: Worst | null;
  /** Comparisons that even the reference did not decide. */
  readonly undecided: number;
}

/** Results for one Float32Array per input, for parameters in the order of `columnVariables`. */
export type BatchKernel = (inputs: readonly Float32Array[], parameters: readonly number[]) => Float32Array;

export interface MeasureOptions {
  /** Whether the target may take subnormal numbers for 0; else that is an error like any other. */
  readonly flushes?: boolean;
  /** Whether half a unit in the last place of the input is allowed besides: ½ulp(x)·|f″(x)| in a derivative f′. */
  readonly inputRounding?: boolean;
  /** Relative rounding error of numbers that the kernel compares: within it, either branch is right. 2^-50 unless given. */
  readonly comparisons?: number;
  /** So many points, spread evenly, are judged by the reference whatever the fast truth says. */
  readonly byReference?: number;
}

export const nothingMeasured: Measurement = {
  count: 0,
  worst: null,
  notFinite: null,
  wrongLimit: null,
  lostNaN: null,
  flushed: 0,
  nearZero: null,
  undecided: 0,
};

export function measurePoints(
  column: Column,
  kernel: BatchKernel,
  points: Points,
  parameters: readonly number[],
  options: MeasureOptions = {},
): Measurement {
  throw new Error(
    `not built yet: ${column.activation.name}(${points.count}, ${parameters.length}) ${typeof kernel} ${typeof options}`,
  );
}

/** All float32 inputs with bit patterns in [from, to). */
export function measureRange(
  truth: UnaryTruth,
  column: Column,
  kernel: BatchKernel,
  parameters: readonly number[],
  from: number,
  to: number,
  options: MeasureOptions = {},
): Measurement {
  throw new Error(
    `not built yet: ${column.activation.name}(${from}, ${to}, ${parameters.length}) ${truth.relativeBound} ${typeof kernel} ${typeof options}`,
  );
}

export function merged(a: Measurement, b: Measurement): Measurement {
  throw new Error(`not built yet: ${a.count + b.count}`);
}
