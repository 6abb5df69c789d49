/** What kernels are measured against: the value or a derivative of an activation as it is written, quickly. */
import type { Activation } from "../ir/activation.js";
import type { Variable } from "../ir/expr.js";
import type { Reference } from "../numerics/reference.js";

/** One column of a certificate: the value (`of` is null), or the derivative in `of`, for a cotangent of 1. */
export interface Column {
  readonly activation: Activation;
  readonly of: Variable | null;
}

/**
 * The truth at one place after the other: |true − value| <= bound. Where there is surely no real value, the value is
 * NaN and the bound 0; where even the reference does not decide, the bound is NaN.
 */
export interface Truth {
  /** The variables' numbers, in the order of {@link columnVariables}. Sets `value` and `bound`. */
  evaluate(values: ArrayLike<number>): void;
  /** The true value, rounded to binary64. */
  readonly value: number;
  readonly bound: number;
}

/** Inputs, then hyperparameters, then learned parameters. */
export function columnVariables({ activation }: Column): readonly Variable[] {
  const parameters = [...activation.hyperparameters, ...activation.learned];
  return [...activation.inputs, ...parameters.map(({ variable }) => variable)];
}

/** The parameters' defaults, in the order of {@link columnVariables}. */
export function defaultParameters(activation: Activation): readonly number[] {
  return [...activation.hyperparameters, ...activation.learned].map((parameter) => parameter.default);
}

/** The last instance: ball arithmetic at the precision that binary32 needs. */
export function referenceTruth(column: Column, values: ArrayLike<number>): Reference {
  throw new Error(`not built yet: ${column.activation.name}(${values.length})`);
}

/** Double-double arithmetic with a running error bound, and the reference where that bound is too large: 1 to 3 µs. */
export function fastTruth(column: Column): Truth {
  throw new Error(`not built yet: ${column.activation.name}`);
}
