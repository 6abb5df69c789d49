/** Rows that kernels over an axis are measured on. */
import type { Density } from "./points.js";

export interface RowCase {
  readonly title: string;
  readonly length: number;
  /** What is given of each element, in the order of a column's inputs: the inputs, the cotangent, what is learned along the axis. */
  readonly columns: readonly Float32Array[];
  /** Which of them is the cotangent. */
  readonly cotangent: number;
  /**
   * For each element, which of them it is like: elements with the same number are given the same. The first of each is met in
   * the order of these numbers.
   */
  readonly kinds: Uint32Array;
}

export interface RowColumns {
  readonly inputs: number;
  readonly learned: readonly number[];
}

/** A content for `count` different elements: numbers for one input. */
type Content = (random: Random, count: number) => readonly number[];

/** Uniform in [0, 1). */
type Random = () => number;

const each = (count: number, f: (k: number) => number): number[] => Array.from({ length: count }, (_, k) => f(k));
const within =
  (size: number): Content =>
  (random, count) =>
    each(count, () => (2 * random() - 1) * size);
const sizes =
  (from: number, to: number): Content =>
  (random, count) =>
    each(count, () => (random() < 0.5 ? -1 : 1) * (1 + random()) * 2 ** Math.floor(from + (to - from) * random()));
const changed =
  (content: Content, change: (numbers: number[], random: Random) => void): Content =>
  (random, count) => {
    const numbers = [...content(random, count)];
    change(numbers, random);
    return numbers;
  };
const largest = 3.4028234663852886e38;

/** Named by what is adversarial about them. */
const contents: Readonly<Record<string, Content>> = {
  ordinary: within(4),
  "up to 1e4": within(1e4),
  ties: (random, count) => each(count, () => Math.floor(4 * random()) - 1),
  level: (_, count) => each(count, () => 0.7),
  zeros: (_, count) => each(count, () => 0),
  "one huge": changed(within(4), (numbers, random) => {
    numbers[Math.floor(random() * numbers.length)] = 1e30;
  }),
  "one largest": changed(within(100), (numbers) => {
    numbers[numbers.length - 1] = largest;
  }),
  huge: sizes(100, 127),
  tiny: sizes(-120, -100),
  "all sizes": sizes(-126, 127),
  "far from zero": (random, count) => each(count, () => 1e4 + random()),
  "around -100": (random, count) => each(count, () => -100 - 8 * random()),
  "around 90": (random, count) => each(count, () => 88 + 8 * random()),
  ascending: (random, count) => each(count, (k) => (k < count / 2 ? 0.01 : 3) * (k + random())),
  "with -inf": changed(within(8), (numbers) => {
    for (let k = 1; k < numbers.length; k += 3) numbers[k] = -Infinity;
  }),
  "with inf": changed(within(8), (numbers) => {
    numbers[numbers.length >> 1] = Infinity;
  }),
  "with NaN": changed(within(8), (numbers) => {
    numbers[numbers.length >> 1] = NaN;
  }),
};

interface Extent {
  readonly lengths: readonly number[];
  /** Different elements in a row. */
  readonly different: number;
  /** Longer rows have these contents alone. */
  readonly long: readonly string[];
}

const longest = ["up to 1e4", "with -inf"];
const extents: Readonly<Record<Density, Extent>> = {
  sparsest: { lengths: [1, 7, 300], different: 12, long: ["ordinary", "up to 1e4", "huge"] },
  specials: { lengths: [1, 7], different: 4, long: [] },
  sparse: {
    lengths: [1, 7, 1000, 5000],
    different: 24,
    long: ["ordinary", "up to 1e4", "one huge", "huge", "all sizes", "with -inf"],
  },
  dense: { lengths: [1, 2, 7, 64, 1000, 65_537, 4_000_000], different: 96, long: longest },
};

const shortRow = 64;
/** Longer rows are computed otherwise in WGSL. */
const longRow = 4096;
/** A reduction over more elements takes emulated kernels minutes. */
const mostEmulated = 100_000;

/** The cases for a column, always the same ones. */
export function* rowCases({ inputs, learned }: RowColumns, density: Density, emulated: boolean): Generator<RowCase> {
  const { lengths, different, long } = extents[density];
  let seed = 0;
  for (const length of lengths) {
    if (emulated && length > mostEmulated) continue;
    for (const [title, content] of Object.entries(contents)) {
      seed += 1;
      if (length > shortRow && !(length > longRow ? longest : long).includes(title)) continue;
      const random = randomFrom(seed);
      const count = Math.min(length, different);
      const first = content(random, count);
      const others = each(Math.max(0, inputs - 1), () => 0).map(() => within(4)(random, count));
      const cotangents = each(count, (k) => (k === 3 ? 0 : (2 * random() - 1) * 2));
      const along = learned.map((value) => each(count, () => (seed % 2 === 0 ? value : (2 * random() - 1) * 2)));
      const kinds = kindsOf(length, count, random);
      const columns = [first, ...others, cotangents, ...along].map((numbers) =>
        Float32Array.from(kinds, (kind) => numbers[kind] ?? NaN),
      );
      yield { title, length, columns, cotangent: inputs, kinds };
    }
  }
}

/** Each of them once, then any. */
const kindsOf = (length: number, count: number, random: Random): Uint32Array =>
  Uint32Array.from({ length }, (_, k) => (k < count ? k : Math.floor(random() * count)));

/** A small generator (mulberry32): the same numbers everywhere. */
function randomFrom(seed: number): Random {
  let state = (seed * 0x9e3779b9) >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}
