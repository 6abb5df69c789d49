/** A function of one variable as piecewise polynomials, made from the truth alone: for runs over all inputs. */
import { type FiniteBall, midpoint } from "../numerics/ball.js";
import { bitLength, magnitude } from "../numerics/integers.js";
import { toBinary64 } from "../numerics/rounding.js";
import {
  bitsOfNumber,
  bitsOfRank,
  infinityBits,
  largestRank,
  numberOfBits,
  numberOfRank,
  perExponent,
  rankOfBits,
  signBit,
} from "./float32.js";
import { type Column, type FastTruth, fastTruth, referenceTruth } from "./truth.js";

export interface UnaryTruth {
  /** The true value, to within `relativeBound` of itself or `absoluteBound`; NaN where there is none. */
  at(x: number): number;
  readonly relativeBound: number;
  readonly absoluteBound: number;
  /** Plain data, for another thread to make the same of it by {@link unaryTruthOf}. */
  readonly table: UnaryTable;
}

/** Pieces of the finite float32 numbers, in the order of bit patterns, over each of which the inputs are evenly spaced. */
export interface UnaryTable {
  /** Bit pattern at which each piece begins; the next begins where it ends. */
  readonly starts: Uint32Array;
  readonly kinds: Uint8Array;
  /** Where in `numbers` each piece has its own. */
  readonly offsets: Uint32Array;
  readonly numbers: Float64Array;
  /** Bit patterns of the neighbours of zeros, ascending. */
  readonly nearZero: Uint32Array;
}

/** What the numbers of a piece are. */
export const PieceKind = {
  /** One: the value throughout, which is not finite, or too small to matter. */
  constant: 0,
  /** The middle, the reciprocal of half the width, and coefficients in powers of (x − middle)·reciprocal. */
  polynomial: 1,
  /** The value at each input. */
  values: 2,
} as const;

export const degree = 8;
/** Pieces of so many inputs hold values. */
const leaf = 16;
/** Polynomials are accepted with an eighth of this error, where they are tried. */
const [relativeBound, absoluteBound] = [2 ** -44, 2 ** -160];
const [accepted, acceptedAbsolutely] = [relativeBound / 8, absoluteBound / 8];
/** Beyond what rounds to float32's largest number, and below what rounds to its smallest. */
const [beyond, beneath] = [2 ** 129, 2 ** -165];

/** What building may cost: one for each evaluation in double-double, more where the reference was asked. */
const [budget, priceOfReference] = [4_000_000, 100];
const mostPieces = 1 << 17;

/** The number with these bits; for those of an infinity, the power of two after the largest number. */
function edgeOfBits(bits: number): number {
  const x = numberOfBits(bits);
  return Math.abs(x) === Infinity ? Math.sign(x) * 2 ** 128 : x;
}

/** Interpolation at nodes in [−1, 1], nearly Chebyshev's. */
interface Rule {
  readonly nodes: readonly number[];
  /** The weights of the values at the nodes in the coefficient of each T_k, and the coefficients of T_k in powers. */
  readonly weights: readonly (readonly number[])[];
  readonly powers: readonly (readonly number[])[];
  /** Places between the nodes, where the error of an interpolating polynomial is largest, and the first end. */
  readonly checks: readonly number[];
}

/** Nodes on a grid so coarse that the inputs there are exact: a steep function would not forgive their rounding. */
const onGrid = (t: number): number => Math.round(t * 4096) / 4096;

function ruleOf(n: number): Rule {
  const count = n + 1;
  const nodes = Array.from({ length: count }, (_, i) => onGrid(Math.cos(((2 * i + 1) * Math.PI) / (2 * count))));
  const powers: number[][] = [[1], [0, 1]];
  for (let k = 2; k <= n; k++) {
    const [last, before] = [powers[k - 1], powers[k - 2]];
    powers.push(Array.from({ length: k + 1 }, (_, i) => 2 * (last?.[i - 1] ?? 0) - (before?.[i] ?? 0)));
  }
  return {
    nodes,
    weights: inverse(nodes.map((t) => powers.map((power) => power.reduceRight((sum, c) => sum * t + c, 0)))),
    powers,
    checks: [...Array.from({ length: n }, (_, i) => onGrid(Math.cos(((i + 1) * Math.PI) / count))), -1],
  };
}

/** The inverse of a matrix far from singular, by elimination. */
function inverse(matrix: readonly (readonly number[])[]): number[][] {
  const count = matrix.length;
  const rows = matrix.map((row, i) => [...row, ...row.map((_, j) => (i === j ? 1 : 0))]);
  for (let k = 0; k < count; k++) {
    const largest = rows.slice(k).reduce((best, row) => (Math.abs(row[k]!) > Math.abs(best[k]!) ? row : best));
    rows.splice(rows.indexOf(largest), 1);
    rows.splice(k, 0, largest);
    const pivot = largest[k]!;
    for (let j = 0; j < largest.length; j++) largest[j]! /= pivot;
    for (const row of rows) {
      const multiple = row[k]!;
      if (row !== largest) for (let j = 0; j < row.length; j++) row[j]! -= multiple * largest[j]!;
    }
  }
  return rows.map((row) => row.slice(count));
}

/** A low degree first: over most of its range an activation is a line. */
const rules = [ruleOf(2), ruleOf(degree)];

/** Null where it cannot be had: where the function oscillates too fast, for one. */
export function unaryTruth(column: Column, parameters: readonly number[]): UnaryTruth | null {
  if (column.activation.inputs.length !== 1) return null;
  const table = new Builder(column, parameters).build();
  return table && unaryTruthOf(table);
}

interface Piece {
  readonly kind: number;
  readonly numbers: readonly number[];
}

interface Samples {
  /** Places in [−1, 1]: a rule's nodes, then places between, then the last input. */
  readonly at: readonly number[];
  readonly values: readonly number[];
  readonly middle: number;
  readonly half: number;
}

class Builder {
  private readonly truth: FastTruth;
  private readonly values: number[];
  private readonly starts: number[] = [];
  private readonly kinds: number[] = [];
  private readonly offsets: number[] = [];
  private readonly numbers: number[] = [];
  private spent = 0;

  constructor(column: Column, parameters: readonly number[]) {
    this.truth = fastTruth(column);
    this.values = [NaN, ...parameters];
  }

  build(): UnaryTable | null {
    if (this.oscillates()) return null;
    for (const sign of [0, signBit]) {
      for (let from = sign; from < sign + infinityBits; from += perExponent) {
        if (!this.cover(from, from + perExponent)) return null;
      }
    }
    const starts = Uint32Array.from(this.starts);
    const kinds = Uint8Array.from(this.kinds);
    const offsets = Uint32Array.from(this.offsets);
    const numbers = Float64Array.from(this.numbers);
    return { starts, kinds, offsets, numbers, nearZero: this.nearZero({ starts, kinds, offsets, numbers }) };
  }

  /** Covers the inputs with bits in [from, to), which are evenly spaced; false where that costs too much. */
  private cover(from: number, to: number): boolean {
    const stack: [number, number][] = [[from, to]];
    for (let piece = stack.pop(); piece; piece = stack.pop()) {
      const [low, high] = piece;
      if (this.spent > budget || this.starts.length > mostPieces) return false;
      if (high - low <= leaf) this.addValues(low, high);
      else if (!this.addSmooth(low, high)) {
        const middle = (low + high) / 2;
        stack.push([middle, high], [low, middle]);
      }
    }
    return true;
  }

  /** Whether the function is not smooth over a few neighbours at most of some places far out. */
  private oscillates(): boolean {
    const places = [2 ** 16, 2 ** 32, 2 ** 64, 2 ** 120].flatMap((x) => [1.375 * x, -1.375 * x]);
    const rough = places.filter((x) => !this.smooth(bitsOfNumber(x), bitsOfNumber(x) + 8 * leaf));
    return rough.length > 1;
  }

  private addSmooth(from: number, to: number): boolean {
    const piece = this.smooth(from, to);
    if (piece) this.add(from, piece.kind, piece.numbers);
    return piece !== undefined;
  }

  private smooth(from: number, to: number): Piece | undefined {
    for (const rule of rules) {
      const samples = this.samples(from, to, rule);
      const piece = samples && (constantPiece(samples) ?? polynomialPiece(samples, rule));
      if (piece) return piece;
    }
    return undefined;
  }

  /** The function at a rule's nodes and places between; nothing where a kink or a jump may be among them. */
  private samples(from: number, to: number, rule: Rule): Samples | undefined {
    const start = numberOfBits(from);
    const width = edgeOfBits(to) - start;
    const middle = start + width / 2;
    const half = width / 2;
    const at = [...rule.nodes, ...rule.checks, (numberOfBits(to - 1) - middle) / half];
    const values: number[] = [];
    const borders: (readonly number[])[] = [];
    let branches = 0;
    for (const [i, t] of at.entries()) {
      values.push(this.at(middle + half * t));
      const taken = this.truth.branches();
      if (i === 0) branches = taken;
      else if (taken !== branches) return undefined;
      if (i < rule.nodes.length) borders.push(this.truth.borders());
      if (i === rule.nodes.length - 1 && (!this.isInside(borders, rule) || isRough(values, rule))) return undefined;
    }
    return { at, values, middle, half };
  }

  /** Whether none of the numbers that decide over branches comes to where it matters, by their own polynomials. */
  private isInside(borders: readonly (readonly number[])[], rule: Rule): boolean {
    return this.truth.steps.every((isStep, k) => {
      const values = borders.map((numbers) => numbers[k]!);
      // What is infinite, or not known, is left to the branches that were taken.
      if (!values.every(Number.isFinite)) return true;
      const [centre = 0, ...others] = seriesOf(values, rule);
      const spread = others.reduce((sum, c) => sum + Math.abs(c), 0);
      if (isStep) return spread === 0 || Math.ceil(2 * (centre - spread)) > Math.floor(2 * (centre + spread));
      return values.every((value) => value === 0) || Math.abs(centre) * (1 + 2 ** -40) >= spread;
    });
  }

  private add(start: number, kind: number, numbers: readonly number[]): void {
    this.starts.push(start);
    this.kinds.push(kind);
    this.offsets.push(this.numbers.length);
    for (const number of numbers) this.numbers.push(number);
  }

  private at(x: number): number {
    const before = this.truth.asked;
    this.values[0] = x;
    this.truth.evaluate(this.values);
    this.spent += this.truth.asked === before ? 1 : priceOfReference;
    // Not decided is not a number, here.
    return this.truth.value;
  }

  private addValues(from: number, to: number): void {
    const values: number[] = [];
    for (let bits = from; bits < to; bits++) values.push(this.at(numberOfBits(bits)));
    this.add(from, PieceKind.values, values);
  }

  /**
   * Neighbours between which, or at which, the value changes its sign without a jump. They are at ends of pieces and
   * among single values: around a zero no polynomial has a small relative error.
   */
  private nearZero(pieces: Omit<UnaryTable, "nearZero">): Uint32Array {
    const { starts, kinds } = pieces;
    const truth = unaryTruthOf({ ...pieces, nearZero: new Uint32Array(0) });
    const candidates = new Set<number>();
    starts.forEach((start, i) => {
      const count = kinds[i] === PieceKind.values ? leaf : 1;
      for (let k = 0; k < count; k++) candidates.add(rankOfBits(start + k)).add(rankOfBits(start + k) - 1);
    });
    const found = new Set<number>();
    for (const rank of candidates) {
      if (!changesSign((at) => truth.at(numberOfRank(at)), rank)) continue;
      for (const at of [rank, rank + 1]) found.add(bitsOfRank(at));
    }
    // Among subnormal numbers the error is absolute, and 0 itself may be on either side.
    if (found.has(0)) for (const near of [1, signBit, signBit + 1]) found.add(near);
    return Uint32Array.from(found).sort();
  }
}

/** Where there is no value, or one that is infinite in float32, or that vanishes there. */
function constantPiece({ values }: Samples): Piece | undefined {
  const kindOf = (value: number): number =>
    Number.isNaN(value) ? 1 : value >= beyond ? 2 : value <= -beyond ? 3 : Math.abs(value) <= beneath ? 4 : 0;
  const first = values[0]!;
  const kind = kindOf(first);
  if (kind === 0 || values.some((value) => kindOf(value) !== kind)) return undefined;
  const value = kind === 2 ? Infinity : kind === 3 ? -Infinity : first;
  return { kind: PieceKind.constant, numbers: [value] };
}

/** Coefficients in Chebyshev's polynomials. */
const seriesOf = (values: readonly number[], { weights }: Rule): number[] =>
  weights.map((row) => row.reduce((sum, weight, i) => sum + weight * values[i]!, 0));

/** Whether the last coefficient tells that no polynomial will do. */
function isRough(values: readonly number[], rule: Rule): boolean {
  if (rule.nodes.length <= degree || !values.every(Number.isFinite)) return false;
  const least = Math.max(Math.min(...values.map(Math.abs)), beneath);
  return Math.abs(seriesOf(values, rule).at(-1)!) > least * 2 ** -30;
}

function polynomialPiece({ at, values, middle, half }: Samples, rule: Rule): Piece | undefined {
  const count = rule.nodes.length;
  if (!values.every(Number.isFinite)) return undefined;
  // The coefficients fall off, so that little is lost on the way to powers.
  const series = seriesOf(values, rule);
  const coefficients = series.map((_, i) => series.reduce((sum, c, k) => sum + c * (rule.powers[k]?.[i] ?? 0), 0));
  // Near a zero of the polynomial its roundings would be large beside it.
  const spread = coefficients.reduce((sum, c, i) => (i === 0 ? 0 : sum + Math.abs(c)), 0);
  const [centre, size] = [Math.abs(coefficients[0]!), Math.abs(coefficients[0]!) + spread];
  if (centre - spread < size / 64 && size * 2 ** -50 > acceptedAbsolutely) return undefined;
  for (let i = count; i < at.length; i++) {
    const error = Math.abs(coefficients.reduceRight((sum, c) => sum * at[i]! + c, 0) - values[i]!);
    if (!(error <= Math.abs(values[i]!) * accepted + acceptedAbsolutely)) return undefined;
  }
  while (coefficients.length <= degree) coefficients.push(0);
  return { kind: PieceKind.polynomial, numbers: [middle, 1 / half, ...coefficients] };
}

/** Whether a function on ranks changes its sign from `rank` to the next, without a jump. */
export function changesSign(at: (rank: number) => number, rank: number): boolean {
  if (Math.abs(rank) > largestRank - 2) return false;
  const [before, left, right, after] = [at(rank - 1), at(rank), at(rank + 1), at(rank + 2)];
  if (Number.isNaN(left) || Number.isNaN(right) || Math.sign(left) === Math.sign(right)) return false;
  const slopes = [Math.abs(left - before), Math.abs(after - right)].filter(Number.isFinite);
  return Math.abs(right - left) <= 8 * Math.max(0, ...slopes);
}

/** Pieces are looked up by their sign, exponent and first three digits. */
const bucketBits = 20;

export function unaryTruthOf(table: UnaryTable): UnaryTruth {
  const { starts, kinds, offsets, numbers } = table;
  // The piece that each bucket begins in
  const first = new Uint32Array(2 ** (32 - bucketBits) + 1);
  let piece = 0;
  for (let bucket = 0; bucket < first.length; bucket++) {
    while (piece + 1 < starts.length && starts[piece + 1]! <= bucket * 2 ** bucketBits) piece += 1;
    first[bucket] = piece;
  }
  return {
    relativeBound,
    absoluteBound,
    table,
    at(x) {
      if (!(Math.abs(x) < Infinity)) return NaN;
      const bits = bitsOfNumber(x);
      const bucket = bits >>> bucketBits;
      let low = first[bucket]!;
      let high = first[bucket + 1]!;
      while (low < high) {
        const middle = (low + high + 1) >> 1;
        if (starts[middle]! <= bits) low = middle;
        else high = middle - 1;
      }
      const offset = offsets[low]!;
      switch (kinds[low]) {
        case PieceKind.constant:
          return numbers[offset]!;
        case PieceKind.values:
          return numbers[offset + bits - starts[low]!]!;
        default: {
          const t = (x - numbers[offset]!) * numbers[offset + 1]!;
          let sum = numbers[offset + 2 + degree]!;
          for (let k = degree - 1; k >= 0; k--) sum = sum * t + numbers[offset + 2 + k]!;
          return sum;
        }
      }
    },
  };
}

/** What came out when a table was held against the reference. */
export interface Tie {
  readonly checked: number;
  /** Places at which the reference does not decide. */
  readonly undecided: number;
  /** The first place at which the two differ by more than the table's bounds. */
  readonly fault: { readonly at: number; readonly value: number; readonly expected: number } | null;
}

/** Holds a table against the reference at some inputs; infinities and NaN are passed over. */
export function tieToReference(
  truth: UnaryTruth,
  column: Column,
  parameters: readonly number[],
  inputs: ArrayLike<number>,
): Tie {
  let [checked, undecided] = [0, 0];
  for (const at of Array.from(inputs).filter(Number.isFinite)) {
    const { ball } = referenceTruth(column, [at, ...parameters], "binary64");
    const expected = ball.kind === "unknown" ? undefined : toBinary64(midpoint(ball));
    if (expected === undefined || (ball.kind === "finite" && !isNarrow(ball))) {
      undecided += 1;
      continue;
    }
    checked += 1;
    const value = truth.at(at);
    const bound = Math.abs(expected) * relativeBound + absoluteBound;
    const agree =
      Number.isNaN(expected) === Number.isNaN(value) &&
      (Math.abs(value) === Infinity
        ? Math.abs(expected) >= beyond && expected > 0 === value > 0
        : !(Math.abs(value - expected) > bound));
    if (!agree) return { checked, undecided, fault: { at, value, expected } };
  }
  return { checked, undecided, fault: null };
}

/** Whether a ball is known to 50 bits, or beneath what matters. */
function isNarrow({ mid, radius, exponent }: FiniteBall): boolean {
  return radius << 50n <= magnitude(mid) || exponent + BigInt(bitLength(radius)) < -200n;
}
