/** How far a kernel is off the truth, and where most. */
import { type Ball, fromNumber, midpoint, subtract } from "../numerics/ball.js";
import { toBinary64, ulpError } from "../numerics/rounding.js";
import { infinityBits, numberOfBits, numberOfRank, rankOf, signBit } from "./float32.js";
import { PieceKind, type UnaryTruth } from "./interpolant.js";
import type { Points } from "./points.js";
import { type Column, type FastTruth, fastTruth, referenceTruth } from "./truth.js";

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

/** Errors below this are not told apart. */
const indifferent = 1 / 64;
/** What an interpolant's own error may come to, in units in the last place, with room for roundings. */
const screenMargin = 2 ** -18;
/**
 * So close to the middle between the largest number and 2^128, arithmetic in binary64 cannot tell on which side a value is;
 * further from it, an infinity for a number that does not round to one is a fault, however small the difference.
 */
const overflowTolerance = 0.5 + 2 ** -20;
const [smallestNormal, beyondLargest] = [2 ** -126, 2 ** 128];

const double = new Float64Array(1);
const words = new Uint32Array(double.buffer);
/** The word of a binary64 that holds its exponent. */
const high = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1 ? 1 : 0;

/** 1/ulp of float32, by the biased exponent of a binary64. */
const reciprocalUlps = Float64Array.from({ length: 2048 }, (_, biased) => {
  const exponent = Math.min(Math.max(biased - 1023, -126), 127);
  return 2 ** (23 - exponent);
});

/** 1/ulp of float32 at a number. */
function reciprocalUlp(value: number): number {
  double[0] = value;
  return reciprocalUlps[(words[high]! >>> 20) & 0x7ff]!;
}

/** What the middle of a ball rounds to in binary64. */
const toNearest = (ball: Ball): number => (ball.kind === "finite" ? toBinary64(midpoint(ball)) : undefined) ?? NaN;

const always = (): boolean => true;
const never = (): boolean => false;

const clamped = (x: number): number => Math.max(-beyondLargest, Math.min(beyondLargest, x));

/** What was found so far, and the judge of single results. */
class Judge {
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
    if (inputs.some(Number.isNaN)) {
      if (!this.expectsNaN(inputs)) return;
      this.count += 1;
      if (!Number.isNaN(actual)) this.lostNaN ??= { ulp: Infinity, at: [...inputs], actual, expected: NaN };
      return;
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
      of === this.column.of ? this.truth : fastTruth({ activation, of });
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

const isSubnormal = (x: number): boolean => x !== 0 && Math.abs(x) < smallestNormal;

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

export function measurePoints(
  column: Column,
  kernel: BatchKernel,
  points: Points,
  parameters: readonly number[],
  options: MeasureOptions = {},
): Measurement {
  const [measurement = nothingMeasured] = measureTogether(column, [{ kernel, options }], points, parameters);
  return measurement;
}

/** A kernel, and what it is allowed. */
export interface Candidate {
  readonly kernel: BatchKernel;
  readonly options: MeasureOptions;
}

/**
 * As {@link measurePoints}, of several kernels for the same column: one truth serves them all.
 * @param mostAsked how often it may ask the reference: what needs it afterwards is undecided
 */
export function measureTogether(
  column: Column,
  candidates: readonly Candidate[],
  points: Points,
  parameters: readonly number[],
  mostAsked = Infinity,
): Measurement[] {
  const truth = fastTruth(column, mostAsked);
  const runs = candidates.map(({ kernel, options }) => {
    const places = options.sample ? placesIn(points, options.sample) : null;
    const tried = places ? points.inputs.map((values) => Float32Array.from(places, (i) => values[i]!)) : points.inputs;
    const results = kernel(tried, parameters);
    return {
      judge: new Judge(column, parameters, options, truth),
      results: places ? new Map(places.map((place, i) => [place, results[i]!])) : results,
      stride: options.byReference ? Math.max(1, Math.floor(points.count / options.byReference)) : Infinity,
      unary: options.unary,
    };
  });
  const inputs = points.inputs.map(() => NaN);
  const step = mostAsked < Infinity ? scatteringStep(points.count) : 1;
  for (let k = 0; k < points.count; k++) {
    const i = (k * step) % points.count;
    points.inputs.forEach((values, k) => (inputs[k] = values[i]!));
    for (const { judge, results, stride, unary } of runs) {
      const actual = results instanceof Map ? results.get(i) : results[i];
      if (actual === undefined) continue;
      const byReference = i % stride === 0;
      const isNearZero = (): boolean => points.isNearZero(i);
      if (unary && !byReference && !isNearZero()) {
        const expected = unary.at(inputs[0]!);
        const size = Math.abs(expected);
        if (size < 2 ** 127 && screened(actual, expected) <= judge.threshold) {
          judge.pass(1);
          continue;
        }
      }
      judge.judge(inputs, actual, isNearZero, byReference);
    }
  }
  return runs.map(({ judge }) => judge.result());
}

/** Steps of this length come to all of so many places, and early on to all parts of them. */
function scatteringStep(count: number): number {
  const divisor = (a: number, b: number): number => (b === 0 ? a : divisor(b, a % b));
  let step = Math.max(1, Math.round(0.618 * count));
  while (divisor(step, count) > 1) step += 1;
  return step;
}

function placesIn({ count, adversarial, extremes }: Points, sample: Sample): number[] {
  const isTried = (i: number): boolean =>
    i % sample.every === 0 || (sample.extremes && i >= adversarial - extremes && i < adversarial);
  return Array.from({ length: count }, (_, i) => i).filter(isTried);
}

/** The error, or a little more: at powers of two the smaller unit is taken. */
const screened = (actual: number, expected: number): number =>
  Math.abs(actual - expected) * reciprocalUlp(expected * (1 - 2 ** -40));

/** Inputs that a kernel gets at once where nothing else is said. */
const cacheful = 1 << 16;

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
  return new RangeRun(truth, column, kernel, parameters, options).over(from, to);
}

class RangeRun {
  private readonly judge: Judge;
  private readonly patterns: Uint32Array;
  private readonly inputs: Float32Array;
  private readonly nearZero: ReadonlySet<number>;
  private expectsNaN = false;

  constructor(
    private readonly truth: UnaryTruth,
    column: Column,
    private readonly kernel: BatchKernel,
    private readonly parameters: readonly number[],
    private readonly options: MeasureOptions,
  ) {
    this.judge = new Judge(column, parameters, options);
    this.patterns = new Uint32Array(options.batch ?? cacheful);
    this.inputs = new Float32Array(this.patterns.buffer);
    this.nearZero = new Set(truth.table.nearZero);
  }

  over(from: number, to: number): Measurement {
    // With NaN as input, one is as good as the other.
    this.expectsNaN = this.judge.expectsNaN([NaN]);
    const batch = this.patterns.length;
    for (let start = from; start < to; start += batch) {
      const count = Math.min(batch, to - start);
      for (let i = 0; i < count; i++) this.patterns[i] = start + i;
      const inputs = count === batch ? this.inputs : this.inputs.subarray(0, count);
      const results = this.kernel([inputs], this.parameters);
      this.compare(start, count, results);
    }
    return this.judge.result();
  }

  /** Compares results piece by piece. */
  private compare(start: number, count: number, results: Float32Array): void {
    const { starts, kinds, offsets } = this.truth.table;
    const end = start + count;
    for (const pattern of this.truth.table.nearZero) {
      if (pattern < start || pattern >= end) continue;
      this.judge.judge([numberOfBits(pattern)], results[pattern - start]!, always);
      // Among its piece it is counted once more.
      this.judge.pass(-1);
    }
    let piece = pieceAt(starts, start);
    for (let at = start; at < end;) {
      const magnitude = at % signBit;
      if (magnitude >= infinityBits) {
        // What remains of this sign is not finite.
        const next = Math.min(end, at - magnitude + signBit);
        for (; at < next; at++) this.notFinite(at - start, results);
        piece = pieceAt(starts, at);
        continue;
      }
      const sign = at - magnitude;
      const next = Math.min(end, starts[piece + 1] ?? Infinity, sign + infinityBits);
      const offset = offsets[piece]!;
      switch (kinds[piece]) {
        case PieceKind.constant:
          this.constant(at - start, next - start, results, offset);
          break;
        case PieceKind.values:
          for (let i = at; i < next; i++) {
            this.screen(i - start, results, this.truth.table.numbers[offset + i - starts[piece]!]!);
          }
          break;
        default:
          this.polynomial(at - start, next - start, results, offset);
      }
      at = next;
      if (at === starts[piece + 1]) piece += 1;
    }
  }

  private constant(from: number, to: number, results: Float32Array, offset: number): void {
    const expected = this.truth.table.numbers[offset]!;
    for (let i = from; i < to; i++) this.screen(i, results, expected);
  }

  private polynomial(from: number, to: number, results: Float32Array, offset: number): void {
    const { numbers } = this.truth.table;
    const { inputs, judge } = this;
    const middle = numbers[offset]!;
    const scale = numbers[offset + 1]!;
    const c0 = numbers[offset + 2]!;
    const c1 = numbers[offset + 3]!;
    const c2 = numbers[offset + 4]!;
    const c3 = numbers[offset + 5]!;
    const c4 = numbers[offset + 6]!;
    const c5 = numbers[offset + 7]!;
    const c6 = numbers[offset + 8]!;
    const c7 = numbers[offset + 9]!;
    const c8 = numbers[offset + 10]!;
    let threshold = judge.threshold;
    let passed = 0;
    for (let i = from; i < to; i++) {
      const t = (inputs[i]! - middle) * scale;
      const u = t * t;
      const v = u * u;
      // Estrin's scheme: the sums do not wait for each other.
      const expected = c0 + c1 * t + (c2 + c3 * t) * u + (c4 + c5 * t + (c6 + c7 * t) * u) * v + c8 * (v * v);
      double[0] = expected * (1 - 2 ** -40);
      const biased = (words[high]! >>> 20) & 0x7ff;
      const error = Math.abs(results[i]! - expected) * reciprocalUlps[biased]!;
      // Near the end of the range, infinities are looked at one by one.
      if (error <= threshold && biased < 1023 + 127) passed += 1;
      else {
        this.consider(i, results, expected);
        threshold = judge.threshold;
      }
    }
    judge.pass(passed);
  }

  private screen(i: number, results: Float32Array, expected: number): void {
    if (Math.abs(expected) < 2 ** 127 && screened(results[i]!, expected) <= this.judge.threshold) this.judge.pass(1);
    else this.consider(i, results, expected);
  }

  /** One that the screen has not let pass: a closer look, cheap as long as it can be. */
  private consider(i: number, results: Float32Array, expected: number): void {
    const actual = results[i]!;
    const size = Math.abs(expected);
    if (this.options.flushes && actual === 0 && size < smallestNormal && size > 2 ** -149)
      return this.judge.countFlushed();
    if (size >= 2 ** 127 && Math.abs(actual) < Infinity && size < beyondLargest - 2 ** 104) {
      if (screened(actual, expected) <= this.judge.threshold) return this.judge.pass(1);
    }
    // A subnormal input taken for 0
    if (this.options.flushes && isSubnormal(this.inputs[i]!)) {
      if (screened(actual, this.truth.at(0)) <= this.judge.threshold) return this.judge.countFlushed();
    }
    // Both are infinite.
    if (size >= 2 ** 129 && actual === Math.sign(expected) * Infinity) return this.judge.pass(1);
    if (Number.isNaN(expected) && this.isWithoutValue(i)) return;
    // Those next to zeros have been judged already.
    if (this.nearZero.has(this.patterns[i]!)) this.judge.pass(1);
    else this.judge.judge([numberOfBits(this.patterns[i]!)], actual, never);
  }

  /** Where the table says that there is no value, some of the inputs are asked about again. */
  private isWithoutValue(i: number): boolean {
    return this.patterns[i]! % 4096 !== 0;
  }

  private notFinite(i: number, results: Float32Array): void {
    const x = numberOfBits(this.patterns[i]!);
    if (!Number.isNaN(x)) this.judge.judge([x], results[i]!, never);
    else if (!this.expectsNaN) return;
    else if (Number.isNaN(results[i]!)) this.judge.pass(1);
    else this.judge.judge([x], results[i]!, never);
  }
}

/** The piece that a finite number's pattern is in; after the last number of a sign, the one that follows. */
function pieceAt(starts: Uint32Array, pattern: number): number {
  let low = 0;
  let high = starts.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (starts[middle]! <= pattern) low = middle;
    else high = middle - 1;
  }
  return low;
}

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

/** The reference's last word on a result, for reports. */
export function confirmed(column: Column, parameters: readonly number[], found: Worst): Worst {
  const { ball } = referenceTruth(column, [...found.at, ...parameters], "binary64");
  return ball.kind === "finite" ? { ...found, ulp: ulpError(found.actual, ball, "binary32") } : found;
}
