/** Single results against the truth: what each of them says of a kernel. */
import { type Ball, fromNumber, midpoint, subtract } from "../numerics/ball.js";
import { toBinary64, ulpError } from "../numerics/rounding.js";
import { numberOfRank, rankOf } from "./float32.js";
import type { Measurement, MeasureOptions, Worst } from "./measurement.js";
import { type Column, type FastTruth, fastTruth, referenceTruth } from "./truth.js";
import { beyondLargest, isSubnormal, reciprocalUlp, smallestNormal } from "./units.js";

/** Errors below this are not told apart. */
const indifferent = 1 / 64;
/** What an interpolant's own error may come to, in units in the last place, with room for roundings. */
const screenMargin = 2 ** -18;
/**
 * So close to the middle between the largest number and 2^128, arithmetic in binary64 cannot tell on which side a value is;
 * further from it, an infinity for a number that does not round to one is a fault, however small the difference.
 */
const overflowTolerance = 0.5 + 2 ** -20;

/** What the middle of a ball rounds to in binary64. */
const toNearest = (ball: Ball): number => (ball.kind === "finite" ? toBinary64(midpoint(ball)) : undefined) ?? NaN;

const clamped = (x: number): number => Math.max(-beyondLargest, Math.min(beyondLargest, x));

/** What was found so far, and the judge of single results. */
export class Judge {
  private count = 0;
  private worst: Worst | null = null;
  private notFinite: Worst | null = null;
  private wrongLimit: Worst | null = null;
  private lostNaN: Worst | null = null;
  private flushed = 0;
  private nearZero: Worst | null = null;
  private vanishing: Worst | null = null;
  private undecided = 0;
  private asked = 0;
  private readonly values: number[];
  private readonly comparisons: number;
  /** The value, and the derivatives in each input. */
  private surface: { readonly value: FastTruth; readonly slopes: readonly FastTruth[] } | undefined;

  constructor(
    private readonly column: Column,
    parameters: readonly number[],
    private readonly options: MeasureOptions,
    /** Of this column; others may ask it as well. */
    private readonly truth: FastTruth = fastTruth(column),
  ) {
    this.values = [...column.activation.inputs.map(() => NaN), ...parameters];
    this.comparisons = options.comparisons ?? 2 ** -50;
  }

  /**
   * Errors up to this one, as the screen sees them, change nothing. Where many inputs have the same error, as where a
   * derivative is a constant, they must not all be looked at: so the largest is known to within 2^-18, but exactly around
   * 1/2, where it is told whether results are rounded correctly.
   */
  get threshold(): number {
    const largest = this.worst?.ulp ?? 0;
    const nearHalf = Math.abs(largest - 0.5) < 2 ** -12;
    return Math.max(indifferent, nearHalf ? largest - screenMargin : largest + screenMargin);
  }

  /** Counts inputs that a screen has let pass. */
  pass(count: number): void {
    this.count += count;
  }

  countFlushed(): void {
    this.flushed += 1;
    this.count += 1;
  }

  /** Asks the truth about the current values. */
  private evaluate(): void {
    const before = this.truth.asked;
    this.truth.evaluate(this.values);
    this.asked += this.truth.asked - before;
  }

  /**
   * Judges one result by the fast truth, or by the reference.
   * @param isNearZero whether the inputs are neighbours of a zero, which may take long to find out
   */
  judge(inputs: readonly number[], actual: number, isNearZero: () => boolean, byReference = false): void {
    inputs.forEach((x, i) => (this.values[i] = x));
    if (this.values.some(Number.isNaN)) {
      if (this.expectsNaN(inputs)) {
        this.count += 1;
        if (!Number.isNaN(actual)) this.lostNaN ??= { ulp: Infinity, at: [...inputs], actual, expected: NaN };
        return;
      }
      // A parameter that is in no branch which is taken says nothing. A derivative at a NaN is not specified, nor is a limit.
      if (!inputs.every(Number.isFinite) || this.column.of !== null) return;
    }
    const { truth } = this;
    this.evaluate();
    if (Number.isNaN(truth.value)) {
      if (Number.isNaN(truth.radius)) this.undecided += 1;
      return;
    }
    this.count += 1;
    if (!inputs.every(Number.isFinite)) return this.judgeLimit(inputs, actual, truth.value);
    const expected = truth.value;
    let ulp = byReference ? this.errorByReference(actual) : this.error(actual);
    if (!Number.isFinite(actual) && isFiniteRounded(expected, truth.low) && !(ulp <= overflowTolerance)) {
      if (!this.isExcused(inputs, actual)) this.notFinite ??= { ulp: Infinity, at: [...inputs], actual, expected };
      return;
    }
    if (this.options.flushes && ulp > 0.5 && isFlushed(inputs, actual, expected)) {
      this.flushed += 1;
      return;
    }
    const { within } = this.options;
    const [elsewhere, beside] = [this.worst?.ulp ?? within?.worst ?? -1, this.nearZero?.ulp ?? within?.nearZero ?? -1];
    if (!(ulp > Math.min(elsewhere, beside))) return;
    const nearZero = isNearZero();
    const best = nearZero ? beside : elsewhere;
    if (ulp > best) ulp = Math.min(ulp, this.leastElsewhere(inputs, actual, ulp));
    if (!(ulp > best)) return;
    const found = { ulp, at: [...inputs], actual, expected };
    if (nearZero) this.nearZero = found;
    else if (!this.options.vanishing || !this.vanishes(inputs)) this.worst = found;
    else if (!(ulp <= (this.vanishing?.ulp ?? 0))) this.vanishing = found;
  }

  /** Whether the value is small, and so steep that its logarithm changes by more than 8 while the inputs double. */
  private vanishes(inputs: readonly number[]): boolean {
    const { activation } = this.column;
    const at = (truth: FastTruth): number => {
      truth.evaluate(this.values);
      return truth.value;
    };
    const truthOf = (of: Column["of"]): FastTruth =>
      of === this.column.of ? this.truth : fastTruth({ activation, of }, this.truth.patience);
    this.surface ??= { value: truthOf(null), slopes: activation.inputs.map(truthOf) };
    const value = Math.abs(at(this.surface.value));
    if (!(value < 2 ** -8)) return false;
    return this.surface.slopes.reduce((sum, slope, i) => sum + Math.abs(inputs[i]! * at(slope)), 0) > 8 * value;
  }

  /**
   * The error against what the truth has just found. Numbers below a power of two lie twice as close as those above: a result
   * that falls short of one which the value is next to has missed by the smaller unit, whatever side the value is on.
   */
  private error(actual: number): number {
    const { value, low } = this.truth;
    if (Number.isNaN(actual) || Number.isNaN(value)) return Infinity;
    if (Math.abs(value) >= beyondLargest) return Math.abs(clamped(actual) - clamped(value)) * 2 ** -104;
    const below = value * (1 - 2 ** -40);
    const falls = low !== 0 && low < 0 === value > 0;
    const inner = Math.abs(actual) < Math.abs(below) ? below : falls ? value * (1 - 2 ** -53) : value;
    return Math.abs(clamped(actual) - value - low) * reciprocalUlp(inner);
  }

  /** The error against the reference, which must agree with the fast truth. */
  private errorByReference(actual: number): number {
    this.asked += 1;
    const { ball, decided } = referenceTruth(this.column, this.values, "binary64");
    if (ball.kind !== "finite" && ball.kind !== "infinite") {
      this.undecided += 1;
      return this.error(actual);
    }
    // Not decided: a zero by cancellation, or the middle between two numbers. The ball says enough all the same.
    if (!decided) return this.error(actual);
    if (!this.agrees(ball)) {
      const where = this.values.join(", ");
      throw new Error(
        `the fast truth of ${this.column.activation.name} at ${where} is ${this.truth.value}, which the reference denies`,
      );
    }
    return Math.max(ulpError(actual, ball, "binary32"), this.error(actual));
  }

  /** Whether the fast truth and the reference are the same to within 2^-20 of a unit in the last place of float32. */
  private agrees(ball: Ball): boolean {
    const { value, low } = this.truth;
    if (ball.kind !== "finite") return ball.kind === "infinite" && value === ball.sign * Infinity;
    const nearest = toNearest(ball);
    if (Math.abs(value) >= beyondLargest) return clamped(nearest) === clamped(value);
    const off = toNearest(subtract(midpoint(ball), fromNumber(value), 128));
    return Math.abs(off - low) * reciprocalUlp(value) <= 2 ** -20;
  }

  /** Whether a NaN among the inputs is met on the way to the value. */
  expectsNaN(inputs: readonly number[]): boolean {
    if (this.column.of !== null) return false;
    inputs.forEach((x, i) => (this.values[i] = x));
    this.evaluate();
    return Number.isNaN(this.truth.value) && this.truth.radius === 0;
  }

  private judgeLimit(inputs: readonly number[], actual: number, exact: number): void {
    const limit = Math.fround(exact);
    const ulp =
      actual === limit ? 0 : Number.isFinite(limit) === Number.isFinite(actual) ? this.error(actual) : Infinity;
    const tolerance = this.options.limits ?? 1;
    if (ulp <= tolerance || (this.options.flushes && actual === 0 && Math.abs(limit) < smallestNormal)) return;
    if (Number.isNaN(actual) && this.turnsAtZero(limit)) return;
    this.wrongLimit ??= { ulp, at: [...inputs], actual, expected: limit };
  }

  /**
   * Whether there is another limit beside a number that is exactly 0: then it is a factor of infinity, which may make NaN.
   * A 0 that does nothing of the kind excuses nothing.
   */
  private turnsAtZero(limit: number): boolean {
    const { truth, values } = this;
    return values.some((zero, i) => {
      if (zero !== 0) return false;
      const besides = [-(2 ** -126), 2 ** -126].map((beside) => {
        values[i] = beside;
        this.evaluate();
        return Math.fround(truth.value);
      });
      values[i] = zero;
      return besides.some((beside) => beside !== limit);
    });
  }

  /** The least error by what is right as well: the other branch, a subnormal input taken for 0, a rounded input. */
  private leastElsewhere(inputs: readonly number[], actual: number, ulp: number): number {
    let least = ulp;
    const { options } = this;
    if (ulp > 0.5) this.elsewhere(inputs, () => (least = Math.min(least, this.error(actual))));
    if (least < ulp && options.flushes && inputs.some(isSubnormal)) this.flushed += 1;
    this.evaluate();
    if (options.inputRounding) least = Math.min(least, ulp - this.allowance(inputs));
    return Math.max(0, least);
  }

  /** Whether what is right as well is infinite, as the result is; or a pole, where an input taken for 0 stands on it. */
  private isExcused(inputs: readonly number[], actual: number): boolean {
    let excused = false;
    const mayBePole = this.options.flushes && inputs.some(isSubnormal);
    this.elsewhere(inputs, ({ value, low }) => {
      const isPole = mayBePole && Number.isNaN(value);
      excused ||= !isFiniteRounded(value, low) && (isPole || value > 0 === actual > 0);
    });
    return excused && !Number.isNaN(actual);
  }

  /** Visits truths that are right as well: with the other branch of close comparisons, and with subnormal inputs as 0. */
  private elsewhere(inputs: readonly number[], visit: (truth: FastTruth) => void): void {
    const { truth, values } = this;
    // What is compared may have been taken for 0 as well.
    const least = this.options.flushes ? smallestNormal : 0;
    if (truth.evaluateTurned(values, this.comparisons, least)) visit(truth);
    if (!this.options.flushes || !inputs.some(isSubnormal)) return;
    inputs.forEach((x, i) => (values[i] = isSubnormal(x) ? 0 : x));
    this.evaluate();
    visit(truth);
    inputs.forEach((x, i) => (values[i] = x));
  }

  /**
   * ½ulp(x)·|f′(x)| for a column f, in units in the last place of the value, for each input in which f has a zero nearby, with a
   * change of its sign or without one; of two one-sided slopes the smaller.
   */
  private allowance(inputs: readonly number[]): number {
    const { truth, values } = this;
    const { value } = truth;
    let sum = 0;
    inputs.forEach((x, i) => {
      const at = (other: number): number => {
        values[i] = other;
        this.evaluate();
        return truth.value;
      };
      const neighbours = [-1, 1].map((step) => numberOfRank(rankOf(x) + step));
      const [low, high] = neighbours as [number, number];
      const steps = neighbours.map((near) => ({ distance: near - x, change: at(near) - value }));
      const [before, after] = steps.map(({ change }) => Math.abs(change) / 2);
      // Where Newton's method sees a zero, not all of the input's size away, f has another sign behind it, or comes down to 0.
      const isBesideZero = steps.some(({ distance, change }) => {
        const step = (-value * distance) / change;
        if (!(Math.abs(2 * step) <= Math.abs(x))) return false;
        return at(x + 2 * step) * value < 0 || comesToZero(at, x, x + 3 * step, value);
      });
      const isLeast = steps.every(({ change }) => change * value > 0);
      if (isBesideZero || (isLeast && comesToZero(at, low, high, value))) sum += Math.min(before!, after!);
      values[i] = x;
    });
    this.evaluate();
    return sum * reciprocalUlp(clamped(value));
  }

  result(): Measurement {
    const { count, worst, notFinite, wrongLimit, lostNaN, flushed, nearZero, vanishing, undecided, asked } = this;
    return { count, worst, notFinite, wrongLimit, lostNaN, flushed, nearZero, vanishing, undecided, asked };
  }
}

/** Whether what falls, then rises again, comes to 0 in between: at a zero of even order. */
function comesToZero(f: (x: number) => number, start: number, end: number, scale: number): boolean {
  const size = (at: number): number => Math.abs(f(at));
  let [near, far] = [start, end];
  for (let i = 0; i < 80 && near !== far; i++) {
    const [a, b] = [near + (far - near) / 3, far - (far - near) / 3];
    if (size(a) <= size(b)) far = b;
    else near = a;
  }
  return size((near + far) / 2) <= 2 ** -24 * Math.abs(scale);
}

/** Whether a result is what it is because a subnormal number, itself, expected or given, was taken for 0. */
const isFlushed = (inputs: readonly number[], actual: number, expected: number): boolean =>
  Math.max(Math.abs(actual), Math.abs(expected)) < smallestNormal &&
  (actual === 0 || Math.fround(expected) === 0 || inputs.some(isSubnormal));

/** Whether value + low rounds to a finite float32: below the middle between the largest and 2^128. */
function isFiniteRounded(value: number, low: number): boolean {
  const middle = beyondLargest - 2 ** 103;
  const size = Math.abs(value);
  return size < middle || (size === middle && low !== 0 && low < 0 === value > 0);
}
