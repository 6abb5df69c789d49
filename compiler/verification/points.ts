/** Inputs at which kernels break. */
import type { Activation } from "../ir/activation.js";
import { toNumber } from "../ir/rational.js";
import { reachable } from "../ir/expr.js";
import {
  bitsOfNumber,
  bitsOfRank,
  largestNumber,
  largestRank,
  numberOfBits,
  numberOfRank,
  perExponent,
  randomWords,
  rankOf,
  signBit,
} from "./float32.js";
import { changesSign } from "./interpolant.js";
import { type Column, type FastTruth, fastTruth } from "./truth.js";

export interface Points {
  readonly count: number;
  /** So many of them, at the start, are adversarial; the others are stratified. */
  readonly adversarial: number;
  /** So many of these, at their end, have ordinary and extreme numbers for all inputs at once. */
  readonly extremes: number;
  /** One column of float32 numbers for each input. */
  readonly inputs: readonly Float32Array[];
  /** Whether this one is a float32 neighbour of a zero of the column. */
  readonly isNearZero: (i: number) => boolean;
}

/** Where functions saturate, overflow or underflow, and short numbers that definitions are written with. */
const magnitudes: readonly number[] = [
  // exp and its relatives in float32, then in float64
  87.33655,
  88.02969,
  88.72284,
  89.41599,
  103.27893,
  103.97208,
  104.66522,
  17.32868,
  16.635532,
  9.0109,
  44.36142,
  51.98604,
  177.44568,
  207.94415,
  708.39642,
  709.78271,
  744.44007,
  745.13322,
  // erf and the normal distribution
  3.8325,
  3.9192,
  5.4,
  5.863584,
  8.2924,
  9.1,
  10.05,
  12.9,
  13.1,
  14.2,
  14.5,
  26.54,
  27.23,
  37.51,
  38.48,
  // Squares, cubes and fourth powers that overflow or vanish
  1.8446743e19,
  1.0842022e-19,
  2.646978e-23,
  6.9814e12,
  1.1209e-15,
  4.2949673e9,
  1.9e-12,
  4.8e25,
  // Integers in float32 and float64, and angles
  8388608,
  16777216,
  2147483648,
  4503599627370496,
  9007199254740992,
  Math.PI / 2,
  Math.PI,
  2 * Math.PI,
  1.0e5,
  1.0e9,
  // Short numbers
  0.1,
  0.2,
  0.25,
  1 / 3,
  0.5,
  0.75,
  1,
  1.25,
  1.5,
  2,
  2.5,
  3,
  3.5,
  4,
  5,
  6,
  7,
  8,
  9,
  10,
  12,
  15,
  16,
  20,
  25,
  30,
  32,
];

/** Numbers along one input, with the float32 neighbours of each. */
class Line {
  private readonly ranks: Set<number>;

  /** @param start a line that has been laid already */
  constructor(start?: Line) {
    this.ranks = new Set(start?.ranks);
  }

  /** The number, its negative, and their neighbours. */
  addBoth(x: number): void {
    for (const value of [x, -x]) this.add(rankOf(value));
  }

  /** The number of next smaller size, whose significand is long, and its negative. */
  addBeneath(x: number): void {
    for (const value of [x, -x]) this.ranks.add(rankOf(value) - Math.sign(value));
  }

  /** The number and its negative. */
  addAlone(x: number): void {
    for (const value of [x, -x]) this.ranks.add(rankOf(value));
  }

  add(rank: number): void {
    for (const near of [rank, rank - 1, rank + 1]) if (Math.abs(near) <= largestRank) this.ranks.add(near);
  }

  numbers(): number[] {
    const finite = [...this.ranks].sort((a, b) => a - b).map(numberOfRank);
    return [...finite, -0, Infinity, -Infinity, NaN];
  }
}

/**
 * Adversarial inputs: limits of exponents, kinks, borders, zeros of the value and the derivative, extremes, and the
 * neighbours of all of these; then `stratified` ones: half with all exponents alike, half of ordinary size, their
 * significands random. The same in every run.
 */
export function pointsFor(
  column: Column,
  parameters: readonly number[],
  stratified: number,
  density: Density = "dense",
): Points {
  if (density === "specials") return specialPoints(column, parameters, stratified);
  const { inputs } = column.activation;
  const found = new PointList(inputs.length);
  const [spacing, wider] = spacings[density][inputs.length > 1 ? "several" : "one"];
  const line = generalLine(column.activation, parameters, spacing);
  const sparse = wider === spacing ? line : generalLine(column.activation, parameters, wider);
  const search = new Search(column, parameters);
  for (let input = 0; input < inputs.length; input++) {
    // What the other inputs are while one runs along the line
    for (const [which, companion] of (inputs.length > 1 ? companions : [0]).entries()) {
      const others = inputs.map((_, i) => Math.fround(companion * (1 + i / 8)));
      const own = new Line();
      const { zeros, places } = search.along(input, others);
      for (const rank of places) own.add(rank);
      const near = new Set(zeros.flatMap((rank) => [bitsOfRank(rank), bitsOfRank(rank + 1)]));
      for (const x of [...(which < usual ? line : sparse), ...own.numbers()]) {
        others[input] = x;
        found.add(others, near.has(bitsOfNumber(x + 0)));
      }
    }
  }
  const alongLines = found.count;
  if (inputs.length > 1) for (const values of crossed(inputs.length)) found.add(values, false);
  return found.points(stratified, found.count - alongLines);
}

const companions: readonly number[] = [0.7, -1.3, 40, -3e4, 1e-20];
/** The first of them are of ordinary size. */
const usual = 2;

/**
 * How many adversarial points: of several inputs there are very many, and as many again for each setting of parameters. Specials are a
 * few for settings that are many: what depends on the definition is not looked for.
 */
export type Density = "dense" | "sparse" | "sparsest" | "specials";

const sizes: readonly number[] = [
  ...[0, 1, 0.7, 2.5, 20, 88, 110, 355, 2049, 1e4, 1e7, 5e8, 1e13, 1e20, 1e38, largestNumber],
  ...[2 ** -20, 1e-20, 2 ** -126, 2 ** -149, Infinity],
];
const specials: readonly number[] = [...sizes.flatMap((x) => [x, -x]), NaN].map(Math.fround);

/** Each input in turn at special numbers, the others at an ordinary one; and all at the same, of one sign or of both. */
function specialPoints(column: Column, parameters: readonly number[], stratified: number): Points {
  const { inputs } = column.activation;
  const found = new PointList(inputs.length);
  for (const special of specials) {
    for (const sign of [1, -1]) {
      found.add(
        inputs.map((_, i) => (i % 2 === 0 ? special : sign * special)),
        false,
      );
    }
    for (const input of inputs.keys()) {
      found.add(
        inputs.map((_, i) => (i === input ? special : Math.fround(0.7 * (1 + i / 8)))),
        false,
      );
    }
  }
  const points = found.points(stratified, 0);
  return { ...points, isNearZero: besideZeros(column, points.inputs, inputs.length, parameters) };
}

/**
 * Whether the column passes through zero between a number and the next: looked for where it is asked, and once.
 * @param moved so many of the inputs, from the first on; the others are as they are
 */
export function besideZeros(
  column: Column,
  inputs: readonly Float32Array[],
  moved: number,
  parameters: readonly number[],
): Points["isNearZero"] {
  const truth = fastTruth(column);
  const known = new Map<number, boolean>();
  const find = (i: number): boolean => {
    const values = [...inputs.map((numbers) => numbers[i] ?? NaN), ...parameters];
    if (!values.every(Number.isFinite)) return false;
    for (let k = 0; k < moved; k++) {
      const x = values[k] ?? 0;
      const rank = rankOf(x);
      if (Math.abs(rank) >= largestRank) continue;
      const signs = [rank - 1, rank, rank + 1].map((each) => {
        values[k] = numberOfRank(each);
        return truth.sign(values);
      });
      const at = (each: number): number => {
        values[k] = numberOfRank(each);
        truth.evaluate(values);
        return truth.value;
      };
      const passes = [rank - 1, rank].some((left, j) => signs[j] !== signs[j + 1] && changesSign(at, left));
      if (passes) return true;
      values[k] = x;
    }
    return false;
  };
  return (i) => {
    const isNear = known.get(i) ?? find(i);
    known.set(i, isNear);
    return isNear;
  };
}

/** Between binary exponents along a line, with the other inputs of ordinary size and of others; 0: with neighbours. */
const spacings: Readonly<
  Record<Exclude<Density, "specials">, Readonly<Record<"one" | "several", readonly [usual: number, others: number]>>>
> = {
  dense: { one: [0, 0], several: [0, 0] },
  sparse: { one: [0, 0], several: [1, 4] },
  sparsest: { one: [1, 1], several: [2, 8] },
};

/** Extreme and ordinary numbers for all inputs at once. */
function* crossed(count: number): Generator<number[]> {
  const few = [0, 1, -1, 0.7, -2.5, 20, -20, 88.8, -88.8, 110, -110, 1e-38, -1e-38, 1e-45, 1e20, -1e20, largestNumber];
  const chosen = count === 2 ? few : few.filter((_, i) => i % 2 === 0);
  const total = chosen.length ** Math.min(count, 3);
  for (let i = 0; i < total; i++) {
    yield Array.from({ length: count }, (_, k) =>
      Math.fround(chosen[Math.floor(i / chosen.length ** Math.min(k, 2)) % chosen.length] ?? 0),
    );
  }
}

/**
 * What is tried for every definition, its own numbers included.
 * @param spacing between binary exponents; 0: all of them, and the numbers beside the powers
 */
function generalLine(activation: Activation, parameters: readonly number[], spacing: number): number[] {
  const line = new Line(commonLine(spacing));
  const constants = reachable([activation.body]).flatMap((node) => (node.kind === "constant" ? [node.value] : []));
  const own = [...constants.map(toNumber), ...parameters].filter((x) => x !== 0 && Number.isFinite(x));
  for (const p of own.slice(0, 40)) for (const x of [p, 1 / p, 88.72284 / p, 103.97208 / p]) line.addBoth(x);
  return line.numbers();
}

const commonLines = new Map<number, Line>();

/** What all definitions have in common; laid once. */
function commonLine(spacing: number): Line {
  const known = commonLines.get(spacing);
  if (known) return known;
  const line = new Line();
  commonLines.set(spacing, line);
  for (let exponent = -149; exponent < 128; exponent += Math.max(spacing, 1)) {
    if (spacing === 0) line.addBoth(2 ** exponent);
    else line.addBeneath(2 ** exponent);
  }
  for (const x of [0, 2 ** -126 - 2 ** -149, largestNumber]) line.addBoth(x);
  for (const x of magnitudes)
    if (spacing > 2) line.addAlone(x);
    else line.addBoth(x);
  return line;
}

/** Rows of inputs, without repetition. */
class PointList {
  private readonly rows: number[][] = [];
  private readonly near: number[] = [];
  private readonly known = new Map<string | number, number>();

  constructor(private readonly inputs: number) {}

  add(values: readonly number[], nearZero: boolean): void {
    const bits = values.map(bitsOfNumber);
    const key = bits.length === 1 ? bits[0]! : bits.join();
    const known = this.known.get(key);
    if (known !== undefined) {
      if (nearZero) this.near[known] = 1;
      return;
    }
    this.known.set(key, this.rows.length);
    this.rows.push([...values]);
    this.near.push(nearZero ? 1 : 0);
  }

  get count(): number {
    return this.rows.length;
  }

  points(stratified: number, extremes: number): Points {
    const adversarial = this.rows.length;
    const count = adversarial + stratified;
    const drawn = stratifiedColumns(this.inputs, stratified);
    const columns = drawn.map((others, k) => {
      const column = new Float32Array(count);
      this.rows.forEach((row, i) => (column[i] = row[k] ?? NaN));
      column.set(others, adversarial);
      return column;
    });
    const nearZero = new Uint8Array(count);
    nearZero.set(this.near);
    // Drawn among several inputs, one that is known already is not worth looking for.
    const near = new Set(this.inputs === 1 ? this.rows.flatMap(([x], i) => (this.near[i] === 1 ? [x] : [])) : []);
    if (near.size > 0) drawn[0]?.forEach((x, i) => (nearZero[adversarial + i] = near.has(x) ? 1 : 0));
    return { count, adversarial, extremes, inputs: columns, isNearZero: (i) => nearZero[i] === 1 };
  }
}

/**
 * Every other number with all exponents alike, the others of ordinary size; significands random. In the order of their exponents, so that
 * the few elements which take a device long lie together and not in each of its vectors.
 */
function stratifiedColumns(inputs: number, count: number): readonly Float32Array[] {
  if (latest?.columns.length === inputs && latest.count === count) return latest.columns;
  const word = randomWords(20);
  const drawn = Array.from({ length: inputs }, () => new Float32Array(count));
  for (let i = 0; i < count; i++) {
    for (const column of drawn) {
      const exponent = i % 2 === 1 ? 111 + (word() % 24) : word() % 255;
      column[i] = numberOfBits((word() & (signBit | (perExponent - 1))) | (exponent * perExponent));
    }
  }
  const columns = inExponentOrder(drawn, count);
  latest = { count, columns };
  return columns;
}

/** The rows of columns by sign and exponent of the first number, then of the others. */
function inExponentOrder(columns: readonly Float32Array[], count: number): readonly Float32Array[] {
  const keys = Float64Array.from({ length: count }, (_, i) =>
    columns.slice(0, mostKeys).reduce((key, column) => 512 * key + (bitsOfNumber(column[i]!) >>> 23), 0),
  );
  const order = Uint32Array.from(keys.map((key, i) => key * count + i).sort(), (key) => key % count);
  return columns.map((column) => Float32Array.from(order, (i) => column[i]!));
}

/** So many signs and exponents, and a place among millions, are exact in a number. */
const mostKeys = 3;

/** One parameter setting is measured after the other. */
let latest: { readonly count: number; readonly columns: readonly Float32Array[] } | undefined;

/** At most so many places of each kind are followed up along a line. */
const most = 40;

/** Ranks between which changes are looked for: a few for every exponent, and many where things happen. */
const grid: readonly number[] = (() => {
  const ranks = new Set<number>([0]);
  for (let rank = 1; rank <= largestRank; rank += perExponent / 2) ranks.add(rank).add(-rank);
  for (let rank = rankOf(2 ** -8); rank < rankOf(2 ** 8); rank += perExponent / 32) ranks.add(rank).add(-rank);
  return [...ranks].sort((a, b) => a - b);
})();

/** Finds zeros and borders along a line: by changes over a grid of ranks, then by bisection. */
export class Search {
  /** The column itself. */
  private readonly own: FastTruth;
  /** The value, unless the column knows it as well, and the derivative in the column's input. */
  private readonly others: readonly FastTruth[];

  constructor(
    { activation, of }: Column,
    private readonly parameters: readonly number[],
  ) {
    const [input] = activation.inputs;
    this.own = fastTruth({ activation, of });
    const slope = of ?? input ?? null;
    const others = [...(of === null || this.own.knowsValue ? [] : [null]), ...(slope === of ? [] : [slope])];
    this.others = others.map((other) => fastTruth({ activation, of: other }));
  }

  /** Ranks of numbers of this input, each of which is followed by a zero of the column, or by a place of interest. */
  along(input: number, others: readonly number[]): { readonly zeros: number[]; readonly places: number[] } {
    const values = [...others, ...this.parameters];
    const moved = (rank: number): readonly number[] => {
      values[input] = numberOfRank(rank);
      return values;
    };
    const { own } = this;
    const sign = (rank: number): number => own.sign(moved(rank));
    const branches = (rank: number): number => (sign(rank), own.branches());
    const signOfValue = (rank: number): number => (sign(rank), own.signOfValue());
    const at = (rank: number): number => {
      own.evaluate(moved(rank));
      return own.value;
    };
    // What one evaluation tells is noted in one go.
    const seen = grid.map((rank) => ({
      sign: sign(rank),
      branches: own.branches(),
      value: own.knowsValue ? own.signOfValue() : 0,
    }));
    const signChanges = changes(
      seen.map((each) => each.sign),
      sign,
    );
    const zeros = signChanges.filter((rank) => changesSign(at, rank));
    const found = [
      signChanges,
      changes(
        seen.map((each) => each.branches),
        branches,
      ),
      changes(
        seen.map((each) => each.value),
        signOfValue,
      ),
      ...this.others.map((other) => {
        const otherSign = (rank: number): number => other.sign(moved(rank));
        return changes(grid.map(otherSign), otherSign);
      }),
    ];
    return { zeros, places: found.flatMap((ranks) => ranks.flatMap((rank) => [rank, rank + 1])) };
  }
}

/**
 * Ranks after which a step function takes another value than it has been seen to have on the grid; of several changes
 * between two of its points, one. Those at inputs of ordinary size come first, if there are too many.
 */
function changes(seen: readonly number[], of: (rank: number) => number): number[] {
  const steps: { readonly low: number; readonly high: number; readonly before: number }[] = [];
  for (let i = 1; i < grid.length; i++) {
    const [before, here] = [seen[i - 1]!, seen[i]!];
    if (!same(here, before)) steps.push({ low: grid[i - 1]!, high: grid[i]!, before });
  }
  const distance = ({ high }: { readonly high: number }): number => Math.abs(Math.abs(high) - rankOf(1));
  const nearest = steps.sort((a, b) => distance(a) - distance(b)).slice(0, most);
  return nearest.map((step) => {
    let [left, right] = [step.low, step.high];
    while (right - left > 1) {
      const middle = Math.floor((left + right) / 2);
      if (same(of(middle), step.before)) left = middle;
      else right = middle;
    }
    return left;
  });
}

const same = (a: number, b: number): boolean => a === b || (Number.isNaN(a) && Number.isNaN(b));
