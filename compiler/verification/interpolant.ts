/** A function of one variable as piecewise polynomials, made from the truth alone: for runs over all inputs. */
import type { Column } from "./truth.js";

export interface UnaryTruth {
  /** The true value, to within `relativeBound` of itself or `absoluteBound`; NaN where there is none. */
  at(x: number): number;
  readonly relativeBound: number;
  readonly absoluteBound: number;
  /** Plain data, for another thread to make the same of it by {@link unaryTruthOf}. */
  readonly table: UnaryTable;
}

/** Pieces of the float32 line, in the order of bit patterns. */
export interface UnaryTable {
  /** Bit pattern at which each piece begins; the next begins where it ends. */
  readonly starts: Uint32Array;
  readonly kinds: Uint8Array;
  readonly coefficients: Float64Array;
  /** Bit patterns of the neighbours of zeros, ascending. */
  readonly nearZero: Uint32Array;
}

/** Null where it cannot be had: where the function oscillates too fast, for one. */
export function unaryTruth(column: Column, parameters: readonly number[]): UnaryTruth | null {
  throw new Error(`not built yet: ${column.activation.name}(${parameters.length})`);
}

export function unaryTruthOf(table: UnaryTable): UnaryTruth {
  throw new Error(`not built yet: ${table.starts.length}`);
}
