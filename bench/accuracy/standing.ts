/** Who is ahead: computed from the measurements of all candidates. */
import { type Measurement, totalFaults } from "../../test/harness/errors.js";

/** What a candidate did with one column, or why it did nothing. */
export type Cell = Measurement | string;

/**
 * Differences up to this many ULP count as none: 0.5 is the best there is, and 0.51 what kernels that compute in
 * float64 and round once are held to.
 */
export const tie = 0.01;

export const isMeasured = (cell: Cell | undefined): cell is Measurement =>
  cell !== undefined && typeof cell !== "string";

export const isWithinOneUlp = (cell: Cell): boolean => isMeasured(cell) && totalFaults(cell) === 0 && cell.error <= 1;

/** Half a unit is the best there is. */
export const roundsCorrectly = (cell: Measurement): boolean => totalFaults(cell) === 0 && cell.error <= 0.5 + tie;

/** Faults weigh more than any error. */
export function compare(a: Measurement, b: Measurement): "ahead" | "level" | "behind" {
  const faults = totalFaults(a) - totalFaults(b);
  if (faults !== 0) return faults < 0 ? "ahead" : "behind";
  if (Math.abs(a.error - b.error) <= tie) return "level";
  return a.error < b.error ? "ahead" : "behind";
}
