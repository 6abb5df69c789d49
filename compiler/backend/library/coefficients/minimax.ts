/**
 * Polynomials with the smallest possible largest error, by the exchange algorithm of Remez, in fixed-point numbers:
 * a bigint n stands for n / 2^320.
 */
import { type Ball, dyadic, finite, type FiniteBall, fromNumber } from "../../../numerics/ball.js";
import { magnitude, shifted } from "../../../numerics/integers.js";
import { toBinary64 } from "../../../numerics/rounding.js";

const bits = 320;
const unit = 1n << BigInt(bits);

const times = (a: bigint, b: bigint): bigint => (a * b) >> BigInt(bits);
const over = (a: bigint, b: bigint): bigint => (a << BigInt(bits)) / b;

export interface Fit {
  /** What p(z(x)) approximates, at a precision in bits. */
  readonly target: (x: FiniteBall, precision: number) => Ball;
  /** By how much an error of p counts at x: 1 / f(x) for the relative error of f. */
  readonly weight: (x: FiniteBall, precision: number) => Ball;
  /** The variable of the polynomial. */
  readonly variable: (x: FiniteBall, precision: number) => Ball;
  readonly low: number;
  readonly high: number;
  readonly degree: number;
}

export interface Polynomial {
  /** From the constant term on, rounded to binary64. */
  readonly coefficients: readonly number[];
  /** The largest weighted error of the rounded polynomial in exact arithmetic, on a grid finer than that of the search. */
  readonly error: number;
}

function fixed(ball: Ball): bigint {
  if (ball.kind !== "finite") throw new RangeError("a function is not finite where a polynomial is sought");
  return shifted(ball.mid, ball.exponent + BigInt(bits));
}

const point = (x: bigint): FiniteBall => dyadic(x, BigInt(-bits));
const nearest = (x: bigint): number => toBinary64(finite(x, 0n, BigInt(-bits), 2 * bits)) ?? NaN;
const fromBinary64 = (x: number): bigint => fixed(fromNumber(x));

function horner(coefficients: readonly bigint[], z: bigint): bigint {
  return coefficients.reduceRight((sum, coefficient) => times(sum, z) + coefficient, 0n);
}

export function minimax(fit: Fit): Polynomial {
  const { degree } = fit;
  const count = 40 * (degree + 4);
  const [low, high] = [fromBinary64(fit.low), fromBinary64(fit.high)];
  const sampled = (share: number): Sample => {
    const x = point(low + times(high - low, fromBinary64(share)));
    const at = (f: Fit["target"]): bigint => fixed(f(x, bits));
    return { target: at(fit.target), weight: at(fit.weight), z: at(fit.variable) };
  };
  // Denser towards the ends, as the extremes of the error are.
  const grid = Array.from({ length: count + 1 }, (_, i) => sampled((1 - Math.cos((Math.PI * i) / count)) / 2));
  const errorAt = (p: readonly bigint[], { target, weight, z }: Sample): bigint => times(weight, target - horner(p, z));
  let points = Array.from({ length: degree + 2 }, (_, i) => Math.round((count * (i + 0.5)) / (degree + 2)));
  let p: readonly bigint[] = [];
  for (let round = 0; round < 40; round++) {
    p = levelled(points.map((i) => grid[i]!));
    const errors = grid.map((sample) => errorAt(p, sample));
    const extremes = alternating(errors, degree + 2);
    if (extremes.length < degree + 2 || extremes.every((each, i) => each === points[i])) break;
    points = extremes;
  }
  const coefficients = p.map(nearest);
  const rounded = coefficients.map(fromBinary64);
  let worst = 0n;
  for (let i = 0; i <= 3 * count; i++) {
    const error = magnitude(errorAt(rounded, sampled(i / (3 * count))));
    if (error > worst) worst = error;
  }
  return { coefficients, error: nearest(worst) };
}

interface Sample {
  readonly target: bigint;
  readonly weight: bigint;
  readonly z: bigint;
}

/** The polynomial whose weighted errors at the points are alike but for alternating signs. */
function levelled(points: readonly Sample[]): bigint[] {
  const size = points.length;
  const rows = points.map(({ target, weight, z }, i) => {
    const row: bigint[] = [];
    for (let power = unit, j = 0; j < size - 1; j++, power = times(power, z)) row.push(power);
    return [...row, (i % 2 === 0 ? 1n : -1n) * over(unit, weight), target];
  });
  return solved(rows).slice(0, size - 1);
}

/** The solution of linear equations, each given as its coefficients and its right side. */
function solved(rows: bigint[][]): bigint[] {
  const size = rows.length;
  for (let column = 0; column < size; column++) {
    let pivot = column;
    for (let i = column + 1; i < size; i++) {
      if (magnitude(rows[i]![column]!) > magnitude(rows[pivot]![column]!)) pivot = i;
    }
    [rows[column], rows[pivot]] = [rows[pivot]!, rows[column]!];
    const main = rows[column]!;
    for (let i = column + 1; i < size; i++) {
      const row = rows[i]!;
      const factor = over(row[column]!, main[column]!);
      for (let j = column; j <= size; j++) row[j] = row[j]! - times(factor, main[j]!);
    }
  }
  const solution = new Array<bigint>(size).fill(0n);
  for (let i = size - 1; i >= 0; i--) {
    const row = rows[i]!;
    let rest = row[size]!;
    for (let j = i + 1; j < size; j++) rest -= times(row[j]!, solution[j]!);
    solution[i] = over(rest, row[i]!);
  }
  return solution;
}

/** The places of the extremes, one for each run of equal signs; of too many, those at the ends that matter least go. */
function alternating(errors: readonly bigint[], wanted: number): number[] {
  const size = (i: number | undefined): bigint => (i === undefined ? 0n : magnitude(errors[i] ?? 0n));
  const extremes: number[] = [];
  errors.forEach((error, i) => {
    const last = extremes.at(-1);
    if (last === undefined || errors[last]! > 0n !== error > 0n) extremes.push(i);
    else if (magnitude(error) > size(last)) extremes[extremes.length - 1] = i;
  });
  while (extremes.length > wanted) {
    if (size(extremes[0]) < size(extremes.at(-1))) extremes.shift();
    else extremes.pop();
  }
  return extremes;
}
