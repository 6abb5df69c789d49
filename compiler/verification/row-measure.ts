/** How far kernels over an axis are off, row by row: each compared with what its definition is there. */
import type { Activation } from "../ir/activation.js";
import { inEvaluation } from "../ir/random.js";
import { reachable, type Variable } from "../ir/expr.js";
import { type Ball, dyadic, fromNumber, midpoint, subtract, top, unknown } from "../numerics/ball.js";
import { bitLength, magnitude } from "../numerics/integers.js";
import { type ReferenceRow, type RowPrecision, RowReference } from "../numerics/row-reference.js";
import { toBinary32, toBinary64, ulpError } from "../numerics/rounding.js";
import type { MeasuredTarget } from "./emitted.js";
import { type BatchKernel, type Measurement, nothingMeasured, type Worst } from "./measurement.js";
import type { Density } from "./points.js";
import { type RowCase, rowCases } from "./row-cases.js";

/** A kernel, and what it is allowed. */
export interface RowCandidate {
  readonly kernel: BatchKernel;
  readonly target: MeasuredTarget;
}

/**
 * What sums of n terms may lose, as a part of the sum of the terms' sizes; it is taken off errors. In float64, and of pairs in WGSL,
 * 64 roundings stand for those of the terms and of what is computed from sums; n for a sum one after the other, in WGSL by
 * 256 threads. Functions of pairs are known to 2^-28, and what a learned parameter's gradient adds up in WGSL is rounded
 * to float32 first.
 */
function tolerancesOf(target: MeasuredTarget, length: number, hasFunctions: boolean): Tolerances {
  if (target === "ts") return { sums: (64 + length) * 2 ** -53, total: (64 + length) * 2 ** -53 };
  const sums = (64 + length / 64) * 2 ** -46 + (hasFunctions ? 2 ** -28 : 0);
  return { sums, total: sums + 2 ** -24 };
}

type Tolerances = Omit<RowPrecision, "bits">;
const exactly: Tolerances = { sums: 0, total: 0 };

/** Whether there is more than arithmetic, roots and selections. */
const hasFunctionsIn = ({ body }: Activation): boolean =>
  reachable([body]).some(
    (node) => node.kind === "application" && node.type === "number" && !arithmetic.has(node.primitive),
  );

const arithmetic: ReadonlySet<string> = new Set([
  ...["add", "subtract", "multiply", "divide", "negate", "sqrt", "abs", "where", "smaller", "larger", "sign"],
  ...["sum", "maximum", "minimum", "stop_gradient", "infinity"],
]);

const limits: Readonly<Record<MeasuredTarget, number>> = { ts: 1, wgsl: 8, wasm: 1 };
const smallestNormal = 2 ** -126;

/** Several kernels for the same column, one truth for all of them. */
export function measureRows(
  whole: Activation,
  of: string | null,
  candidates: readonly RowCandidate[],
  parameters: readonly number[],
  density: Density,
  emulated: boolean,
): Measurement[] {
  const activation = inEvaluation(whole);
  const truth = new RowTruth(activation, whole.random !== null, of, parameters);
  const judges = candidates.map(({ target }) => new RowJudge(target, of !== null));
  const hasFunctions = hasFunctionsIn(activation);
  const learned = truth.along.map(({ default: value }) => value);
  for (const row of rowCases({ inputs: activation.inputs.length, learned }, density, emulated)) {
    // The derivative at a NaN is not specified.
    if (of !== null && row.columns.some((column) => column.some(Number.isNaN))) continue;
    // Nor is a sum over the row judged where one of its terms need not have a limit.
    if (of !== null && truth.isSingle && !isFinite(row)) continue;
    // Nor is a limit where a factor has been made 0.
    if (truth.hasZeroFactor && !isFinite(row)) continue;
    const expected = truth.at(row, exactly);
    candidates.forEach(({ kernel, target }, i) => {
      const results = kernel(row.columns, parameters);
      judges[i]!.judge(
        row,
        results,
        expected,
        () => truth.at(row, tolerancesOf(target, row.length, hasFunctions)),
        truth.isSingle,
      );
    });
  }
  return judges.map((judge) => judge.result());
}

/** Elements of a row that are alike, with what is given of them in the order of a column's inputs. */
interface GivenPart {
  readonly count: number;
  readonly numbers: readonly Ball[];
}

/** True values of a row: for each part of it where there is one for each element. */
class RowTruth {
  private readonly reference: RowReference;
  private readonly fixed: ReadonlyMap<Variable, Ball>;
  private readonly variable: Variable | null;
  /** What is learned along the axis. */
  readonly along: Activation["learned"];
  /** Whether there is one result for a row. */
  readonly isSingle: boolean;
  /** Whether a parameter is 0 that is not so by default. */
  readonly hasZeroFactor: boolean;

  constructor(
    private readonly activation: Activation,
    isRandom: boolean,
    of: string | null,
    parameters: readonly number[],
  ) {
    this.reference = new RowReference(activation);
    const { inputs, hyperparameters, learned } = activation;
    this.along = learned.filter(({ shape }) => shape === "axis");
    // Behind the hyperparameters stands whether this is training.
    const place = (i: number): number => (isRandom && i >= hyperparameters.length ? i + 1 : i);
    this.fixed = new Map(
      [...hyperparameters, ...learned].map(({ variable }, i) => [variable, fromNumber(parameters[place(i)] ?? NaN)]),
    );
    this.hasZeroFactor = [...hyperparameters, ...learned].some(
      ({ default: value }, i) => parameters[place(i)] === 0 && value !== 0,
    );
    this.variable = [...inputs, ...learned.map(({ variable }) => variable)].find(({ name }) => name === of) ?? null;
    const { variable } = this;
    this.isSingle = variable
      ? variable.role === "learned" && !this.along.some((each) => each.variable === variable)
      : this.reference.yieldsRows;
  }

  at(row: RowCase, tolerances: Tolerances): readonly Ball[] {
    if (isFinite(row)) return this.known(row, partsOf(row, fromNumber), tolerances);
    // Numbers so large that they do what infinity does: of one size, and of several.
    const [near = [], far = []] = [
      partsOf(row, (x) => (Math.abs(x) === Infinity ? dyadic(BigInt(Math.sign(x)), 300n) : fromNumber(x))),
      partsOf(row, (x, kind) =>
        Math.abs(x) === Infinity ? dyadic(BigInt(Math.sign(x)), 1000n + 64n * BigInt(kind)) : fromNumber(x),
      ),
    ].map((parts) => this.known(row, parts, tolerances));
    return near.map((ball, c) => (toBinary32(ball) === toBinary32(far[c] ?? unknown) ? ball : unknown));
  }

  private known({ cotangent }: RowCase, parts: readonly GivenPart[], tolerances: Tolerances): readonly Ball[] {
    const { activation, along, fixed, variable, reference } = this;
    const variables = [...activation.inputs, null, ...along.map((each) => each.variable)];
    const row: ReferenceRow = {
      parts: parts.map(({ count, numbers }) => ({
        count,
        cotangent: numbers[cotangent] ?? unknown,
        values: new Map(variables.flatMap((each, i) => (each === null ? [] : [[each, numbers[i] ?? unknown]]))),
      })),
      fixed,
    };
    for (let bits = 128; ; bits *= 2) {
      const precision = { bits, ...tolerances };
      const balls = variable ? reference.gradients(variable, row, precision) : reference.values(row, precision);
      if (tolerances !== exactly || bits >= mostBits || balls.every(isKnown)) return balls;
    }
  }
}

const mostBits = 1024;

const isFinite = ({ columns }: RowCase): boolean =>
  !columns.some((column) => column.some((x) => Math.abs(x) === Infinity));

/** To some 2^-12 of a unit in the last place, or below all numbers of float32. */
const isKnown = (ball: Ball): boolean =>
  ball.kind === "finite"
    ? ball.radius === 0n || bitLength(ball.radius) + 36 <= bitLength(ball.mid) || top(ball) < -200n
    : ball.kind !== "unknown";

/** The first of each kind, then the others of each. */
function partsOf({ kinds, columns }: RowCase, ballOf: (x: number, kind: number) => Ball): readonly GivenPart[] {
  const counts: number[] = [];
  for (const kind of kinds) counts[kind] = (counts[kind] ?? 0) + 1;
  const firsts = counts.map((_, kind) => ({
    count: 1,
    numbers: columns.map((column) => ballOf(column[kind] ?? NaN, kind)),
  }));
  const others = firsts.flatMap((part, kind) =>
    (counts[kind] ?? 0) > 1 ? [{ ...part, count: counts[kind]! - 1 }] : [],
  );
  return [...firsts, ...others];
}

/** For each element the part that it is in. */
function partPlaces(kinds: Uint32Array, parts: number): (k: number) => number {
  const different = kinds.reduce((most, kind) => Math.max(most, kind + 1), 0);
  if (parts === different) return (k) => kinds[k] ?? 0;
  const later = Array.from({ length: different }, (_, kind) => kind).filter(
    (kind) => kinds.indexOf(kind, different) >= 0,
  );
  return (k) => (k < different ? k : different + later.indexOf(kinds[k] ?? 0));
}

class RowJudge {
  private count = 0;
  private undecided = 0;
  private flushed = 0;
  private asked = 0;
  private readonly found: Partial<Record<"worst" | "notFinite" | "wrongLimit" | "lostNaN", Worst>> = {};

  constructor(
    private readonly target: MeasuredTarget,
    private readonly isGradient: boolean,
  ) {}

  /** @param isSingle whether there is one result for the whole row */
  judge(
    row: RowCase,
    results: Float32Array,
    truth: readonly Ball[],
    loosely: () => readonly Ball[],
    isSingle: boolean,
  ): void {
    const partOf = partPlaces(row.kinds, truth.length);
    const seen = new Map<number, number>();
    let loose: readonly Ball[] | undefined;
    const isLimit = !isFinite(row);
    for (let k = 0; k < (isSingle ? 1 : row.length); k++) {
      const [part, actual] = [isSingle ? 0 : partOf(k), results[k] ?? NaN];
      // What is like another one most often gives the same.
      if (Object.is(seen.get(part), actual)) {
        this.count += 1;
        continue;
      }
      seen.set(part, actual);
      const ball = truth[part] ?? unknown;
      this.single(row, k, actual, ball, isLimit, isSingle, () => (loose ??= loosely())[part] ?? unknown);
    }
    this.asked += truth.length;
  }

  private single(
    row: RowCase,
    k: number,
    actual: number,
    ball: Ball,
    isLimit: boolean,
    isSingle: boolean,
    loose: () => Ball,
  ): void {
    const given = row.columns.map((column) => column[k] ?? NaN);
    const name = `${row.title}, ${row.length} long`;
    const note = (kind: keyof typeof this.found, ulp: number, expected: number): void => {
      const before = this.found[kind];
      if (before && before.ulp >= ulp) return;
      this.found[kind] = { ulp, at: given, actual, expected, row: name };
    };
    if (ball.kind === "nan") {
      const missing = row.columns.some((column, i) => i !== row.cotangent && column.some(Number.isNaN));
      if (!missing) return;
      this.count += 1;
      if (!Number.isNaN(actual)) note("lostNaN", Infinity, NaN);
      return;
    }
    const expected = toBinary64(midpoint(ball)) ?? NaN;
    if (!isKnown(ball) || Number.isNaN(expected)) {
      this.undecided += 1;
      return;
    }
    this.count += 1;
    const rounded = Math.fround(expected);
    const error = ulpError(actual, ball, "binary32");
    const tolerance = isLimit ? limits[this.target] : 0.5;
    if (error <= tolerance) return isLimit ? undefined : note("worst", error, expected);
    // A term that is subnormal may be 0, too; a gradient's is multiplied by the difference of two cotangents, and a sum may lack all.
    const missing = (this.isGradient ? 2 * largestCotangent(row) : 1) * (isSingle ? row.length : 1);
    const isTiny = this.target === "wgsl" && (isSingle || Math.abs(expected) < 2 ** -118);
    if (isTiny && Math.abs(actual - expected) <= missing * smallestNormal) {
      this.flushed += 1;
      return;
    }
    const allowed = allowance(ball, loose(), expected);
    if (isLimit) return error - allowed <= tolerance ? undefined : note("wrongLimit", error, expected);
    const excess = Math.max(0.5, error - allowed);
    if (!Number.isFinite(actual) && Number.isFinite(rounded)) {
      if (!(error <= allowed + 1)) note("notFinite", Infinity, expected);
      return;
    }
    note("worst", Math.min(error, excess), expected);
  }

  result(): Measurement {
    const { worst = null, notFinite = null, wrongLimit = null, lostNaN = null } = this.found;
    const { count, flushed, undecided, asked } = this;
    return { ...nothingMeasured, count, worst, notFinite, wrongLimit, lostNaN, flushed, undecided, asked };
  }
}

function largestCotangent({ columns, cotangent }: RowCase): number {
  let most = 0;
  for (const each of columns[cotangent] ?? []) most = Math.max(most, Math.abs(each));
  return most;
}

/** How far off a result may be where sums are known no better, in units in the last place. */
function allowance(exact: Ball, loose: Ball, expected: number): number {
  if (exact.kind !== "finite" || loose.kind !== "finite") return 0;
  const moved = subtract(midpoint(exact), midpoint(loose), 64);
  if (moved.kind !== "finite") return 0;
  const size = (mid: bigint, exponent: bigint): number => toBinary64(dyadic(mid, exponent)) ?? Infinity;
  const off = size(loose.radius, loose.exponent) + size(magnitude(moved.mid) + moved.radius, moved.exponent);
  const exponent = Math.floor(Math.log2(Math.max(Math.abs(expected), smallestNormal)));
  return off / 2 ** (Math.min(exponent, 127) - 23);
}
