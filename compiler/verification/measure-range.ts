/** How far a kernel is off the truth at all float32 inputs of a range. */
import { infinityBits, numberOfBits, signBit } from "./float32.js";
import { PieceKind, type UnaryTruth } from "./interpolant.js";
import { Judge } from "./judge.js";
import type { BatchKernel, Measurement, MeasureOptions } from "./measurement.js";
import type { Column } from "./truth.js";
import { beyondLargest, biasedExponentOf, isSubnormal, reciprocalUlps, screened, smallestNormal } from "./units.js";

const always = (): boolean => true;
const never = (): boolean => false;

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
      const biased = biasedExponentOf(expected * (1 - 2 ** -40));
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
