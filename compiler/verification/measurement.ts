/** What a measurement finds, and what it may be asked. */
import type { UnaryTruth } from "./interpolant.js";

/** One result of a kernel, and what it should have been. */
export interface Worst {
  /** In units in the last place of float32 at the true value; infinite where no number can say. */
  readonly ulp: number;
  /** The inputs. */
  readonly at: readonly number[];
  /** Over an axis: what row it is in. */
  readonly row?: string;
  readonly actual: number;
  /** The true value, rounded to binary64. */
  readonly expected: number;
}

export interface Measurement {
  /** Inputs compared. Where there is no real value, nothing is. */
  readonly count: number;
  /** The largest error where nothing below applies, to within 2^-18. Errors below 1/64 are not told apart. */
  readonly worst: Worst | null;
  /** NaN or an infinity where the rounded true value is finite. */
  readonly notFinite: Worst | null;
  /** Not the limit, at an infinite input. */
  readonly wrongLimit: Worst | null;
  /** A number where a NaN went in, and was met. Of values alone: the derivative at a NaN is not specified. */
  readonly lostNaN: Worst | null;
  /** Zeros where the true value is subnormal, and what follows from taking a subnormal input for 0. */
  readonly flushed: number;
  /** The largest error at the float32 neighbours of a zero of the column. */
  readonly nearZero: Worst | null;
  /** The largest error where the value is a product with a vanishing exponential, as far as it exceeds `worst`. */
  readonly vanishing: Worst | null;
  /** Comparisons that even the reference did not decide. */
  readonly undecided: number;
  /** How often the reference was asked. */
  readonly asked: number;
}

/** Results for one Float32Array per input, for parameters in the order of `columnVariables`. */
export type BatchKernel = (inputs: readonly Float32Array[], parameters: readonly number[]) => Float32Array;

export interface MeasureOptions {
  /** Whether the target may take subnormal numbers for 0; else that is an error like any other. */
  readonly flushes?: boolean;
  /**
   * Whether around zeros of the column half a unit in the last place of the input is allowed besides: ½ulp(x)·|f″(x)| in
   * a derivative f′. No float32 arithmetic has a small relative error there.
   */
  readonly inputRounding?: boolean;
  /** Whether errors where the value vanishes exponentially count apart. */
  readonly vanishing?: boolean;
  /** Relative rounding error of numbers that the kernel compares: within it, either branch is right. 2^-50 unless given. */
  readonly comparisons?: number;
  /** A limit is missed by more than so many units in the last place: 1 unless given. */
  readonly limits?: number;
  /** So many points, spread evenly, are judged by the reference whatever the fast truth says. */
  readonly byReference?: number;
  /** Screens the points where there is one: then only what comes near the largest error costs the fast truth's time. */
  readonly unary?: UnaryTruth | null;
  /** Inputs of a range that a kernel gets at once: as many as fit a processor's caches unless given. */
  readonly batch?: number;
  /** Only some of the points are tried; all unless given. */
  readonly sample?: Sample;
  /** Errors within these bounds are not told apart: what is sought are those beyond. */
  readonly within?: { readonly worst: number; readonly nearZero: number };
}

export interface Sample {
  /** Each so-manieth point, from the first on. */
  readonly every: number;
  /** Whether those at which all inputs are extreme are tried besides. */
  readonly extremes: boolean;
}

export const nothingMeasured: Measurement = {
  count: 0,
  worst: null,
  notFinite: null,
  wrongLimit: null,
  lostNaN: null,
  flushed: 0,
  nearZero: null,
  vanishing: null,
  undecided: 0,
  asked: 0,
};

const worse = (a: Worst | null, b: Worst | null): Worst | null => (!a || (b && b.ulp > a.ulp) ? b : a);

/** Of two parts of the inputs, in their order. */
export function merged(a: Measurement, b: Measurement): Measurement {
  return {
    count: a.count + b.count,
    worst: worse(a.worst, b.worst),
    notFinite: a.notFinite ?? b.notFinite,
    wrongLimit: worse(a.wrongLimit, b.wrongLimit),
    lostNaN: a.lostNaN ?? b.lostNaN,
    flushed: a.flushed + b.flushed,
    nearZero: worse(a.nearZero, b.nearZero),
    vanishing: worse(a.vanishing, b.vanishing),
    undecided: a.undecided + b.undecided,
    asked: a.asked + b.asked,
  };
}
