/** What the error analysis knows of a computed number. In units of 2^-digits of its arithmetic. */
import type { Expr } from "../../ir/expr.js";
import type { Magnitude } from "./magnitude.js";

/** |computed - true| <= (relative |value| + weight · scale) 2^-digits + absolute */
export interface ErrorBound {
  readonly relative: number;
  readonly weight: number;
  /** Not negative; null where `relative` says all. */
  readonly scale: Expr | null;
  /** The part of the above that the last operation causes itself, because an operand is infinite. */
  readonly own?: Dynamic;
  /** From results too small for full accuracy. */
  readonly absolute: number;
  /** Whether the scale has a part of that kind too. */
  readonly fades?: boolean;
}

export interface Facts extends ErrorBound {
  readonly size: Magnitude;
  /** The part of `absolute` that the last operation causes itself, because its result is that small. */
  readonly loss: number;
  /**
   * What `relative` owes to exponentials: an operand u with a relative error passes |u| times that on. The bound takes the
   * largest |u| that counts; where sums cancel, the one at hand tells more. Operands with their share.
   */
  readonly exponents: ReadonlyMap<Expr, number>;
  /** Significant bits if the computed value is exact. */
  readonly bits: number | null;
  /** Binary logarithm of the least size of a true value whose computed one may be infinite; infinity where there is none. */
  readonly infiniteFrom: number;
  /** Whether something on the way may be infinite, or the value where the true one is not. */
  readonly innerOverflows: boolean;
}

/** A part of an error that is a multiple of a quantity to compute. */
export type Dynamic = Pick<ErrorBound, "weight" | "scale" | "fades">;
