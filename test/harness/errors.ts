/** How far float32 results are from the truth: errors in units in the last place, and faults, which no unit measures. */

type Span = readonly [low: number, high: number];

/** What is known about one column: an activation's value, or a derivative, at each of its inputs. */
export interface Truth {
  /**
   * The real results rounded to binary64 (so that errors come out to 2^-29 of a unit), limits at infinite inputs; NaN
   * where nothing is asked of a result.
   */
  readonly values: Float64Array;
  /** Where the input is a NaN that must come through. */
  readonly nan: readonly number[];
  /** By index, one-sided derivatives at a kink: what lies between them is right. */
  readonly kinks: ReadonlyMap<number, Span>;
  /** Zeros of a derivative other than at 0, with the slope there. */
  readonly zeros: readonly Zero[];
}

export interface Zero {
  readonly at: number;
  readonly slope: number;
}

export type FaultKind = "not finite" | "wrong limit" | "lost NaN";

export interface Faults {
  readonly count: number;
  /** The index of one of them. */
  readonly first: number;
}

export interface Measurement {
  /** The largest error in ULP, faults left out; its index is -1 where every result is exact. */
  readonly error: number;
  readonly worst: number;
  /** The largest error near the zeros and elsewhere, there less half a unit of the input times the slope. */
  readonly excess: number;
  readonly faults: ReadonlyMap<FaultKind, Faults>;
  /** Results that are 0 where the truth is subnormal, or right for 0 where the input is: a device may flush both. */
  readonly flushed: number;
}

const limit = 2 ** 128;
const leastNormal = 2 ** -126;
const word = new DataView(new ArrayBuffer(8));

/** The unit in the last place of float32 at a real number; from the largest number on that of its binade. */
export function ulpAt(real: number): number {
  word.setFloat64(0, real);
  const exponent = ((word.getUint32(0) >>> 20) & 0x7ff) - 1023;
  return 2 ** (Math.min(Math.max(exponent, -126), 127) - 23);
}

const clamped = (x: number): number => Math.min(Math.max(x, -limit), limit);

/** |actual - truth| in ULP; infinities count as 2^128, where the next number would be. */
export const errorInUlp = (actual: number, truth: number): number =>
  actual === truth ? 0 : Math.abs(clamped(actual) - clamped(truth)) / ulpAt(truth);

export const totalFaults = ({ faults }: Measurement): number =>
  [...faults.values()].reduce((total, { count }) => total + count, 0);

export function measure(inputs: Float32Array, results: Float32Array, truth: Truth): Measurement {
  const faults = new Map<FaultKind, { count: number; first: number }>();
  const fault = (kind: FaultKind, index: number): void => {
    const known = faults.get(kind);
    if (known) known.count += 1;
    else faults.set(kind, { count: 1, first: index });
  };
  let error = 0;
  let worst = -1;
  let excess = 0;
  const atZero = truthAtZero(inputs, truth);
  let flushed = 0;
  for (let i = 0; i < inputs.length; i += 1) {
    const actual = results[i] ?? NaN;
    const span = truth.kinks.get(i);
    let exact = truth.values[i] ?? NaN;
    if (span) exact = clampedTo(span, actual);
    if (Number.isNaN(exact) && !(span && Number.isNaN(actual))) continue;
    if (!Number.isFinite(inputs[i] ?? NaN) && isWrongLimit(actual, exact)) {
      fault("wrong limit", i);
      continue;
    }
    if (Number.isNaN(actual) || (!Number.isFinite(actual) && Number.isFinite(Math.fround(exact)))) {
      fault("not finite", i);
      continue;
    }
    if (actual === 0 && exact !== 0 && Math.abs(exact) < leastNormal) {
      // 0 is the nearest number below half the least subnormal.
      if (Math.abs(exact) > 2 ** -150) flushed += 1;
      continue;
    }
    const off = errorInUlp(actual, exact);
    if (off > 1 && isSubnormal(inputs[i] ?? 0) && errorInUlp(actual, clampedTo(atZero, actual)) <= 1) {
      flushed += 1;
      continue;
    }
    if (off > error) [error, worst] = [off, i];
    if (off > excess) excess = Math.max(excess, off - allowance(inputs[i] ?? 0, exact, truth.zeros));
  }
  for (const i of truth.nan) if (!Number.isNaN(results[i] ?? 0)) fault("lost NaN", i);
  return { error, worst, excess, faults, flushed };
}

/** Not the limit's kind of number, or another number than the limit by more than any rounding. */
function isWrongLimit(actual: number, exact: number): boolean {
  const rounded = Math.fround(exact);
  if (!Number.isFinite(rounded)) return actual !== rounded;
  return !(Math.abs(actual - rounded) <= 1e-4 * Math.abs(rounded));
}

const clampedTo = ([low, high]: Span, x: number): number => Math.min(Math.max(x, low), high);
const isSubnormal = (x: number): boolean => x !== 0 && Math.abs(x) < leastNormal;

function truthAtZero(inputs: Float32Array, { values, kinks }: Truth): Span {
  const index = inputs.indexOf(0);
  const value = values[index] ?? NaN;
  return kinks.get(index) ?? [value, value];
}

/** What the rounding of the input alone does to a derivative near its zero, in units of the result. */
function allowance(x: number, exact: number, zeros: readonly Zero[]): number {
  const near = zeros.find(({ at }) => Math.abs(x - at) <= Math.abs(at) / 2);
  return near ? (0.5 * ulpAt(x) * Math.abs(near.slope)) / ulpAt(exact) : 0;
}
