/** The random words against what was published, and the numbers made of them against their distributions. */
import { describe, expect, it } from "vitest";
import { emulate, emulateValues, run, runValues, type Value } from "../../compiler/machine/index.js";
import { randomLibrary, uniformNames, wordNames } from "../../compiler/machine/library/random.js";
import { philox, uniformOf } from "../../compiler/verification/draws.js";

/** Salmon et al., the known answers of Random123: counter, key, words. */
const known: readonly (readonly [readonly number[], readonly number[], readonly number[]])[] = [
  [
    [0, 0, 0, 0],
    [0, 0],
    [0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8],
  ],
  [
    [0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff],
    [0xffffffff, 0xffffffff],
    [0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd],
  ],
  [
    [0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344],
    [0xa4093822, 0x299f31d0],
    [0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1],
  ],
];

const library = randomLibrary();
const struct = (words: readonly number[]): Value =>
  Object.fromEntries(wordNames.map((name, i) => [name, (words[i] ?? 0) | 0]));
const words = (value: Value): number[] =>
  wordNames.map((name) => (typeof value === "object" ? Number(value[name]) >>> 0 : NaN));

describe.each([
  ["TypeScript", runValues, run, uniformNames.f64],
  ["WGSL, emulated", emulateValues, emulate, uniformNames.f32],
] as const)("in %s", (_, values, numbers, uniformName) => {
  const encrypt = values(library, "philox");
  const draw = values(library, "draw");
  const uniform = numbers(library, uniformName);

  it.each(known)("%j encrypted with %j", (counter, [a = 0, b = 0], expected) => {
    expect(words(encrypt(struct(counter), a | 0, b | 0))).toEqual(expected);
    expect(philox(counter, [a, b])).toEqual(expected);
  });

  it("counts elements and blocks of streams, and takes the seed for a key", () => {
    for (const [seed, element, block] of [
      [0, 0, 0],
      [1, 2, 3],
      [0xffffffff, 0xfffffffe, 17],
      [0x80000000, 12345678, 1],
    ] as const) {
      expect(words(draw(seed, element, block))).toEqual(philox([element, 0, block, 0], [seed, 0]));
    }
  });

  it("makes odd multiples of 2^-24 of words, between 0 and 1 and symmetric about 1/2", () => {
    for (const word of [0, 1, 511, 512, 0x7fffffff, 0x80000000, 0xdeadbeef, 0xfffffdff, 0xffffffff]) {
      const u = uniform(word | 0);
      expect(u).toBe(uniformOf(word));
      expect(Math.fround(u)).toBe(u);
      expect((u * 2 ** 24) % 2).toBe(1);
      expect(uniform(~word)).toBe(1 - u);
    }
    expect(uniform(0)).toBe(2 ** -24);
    expect(uniform(-1)).toBe(1 - 2 ** -24);
  });
});

describe("the numbers that are drawn", () => {
  const count = 2 ** 15;
  const draw = runValues(library, "draw");
  /** Of four streams, for neighbouring elements. */
  const streams = wordNames.map(() => new Float64Array(count));
  for (let i = 0; i < count; i++) words(draw(7, i, 0)).forEach((word, s) => (streams[s]![i] = uniformOf(word)));
  const mean = (f: (i: number) => number): number => {
    let sum = 0;
    for (let i = 0; i < count; i++) sum += f(i);
    return sum / count;
  };
  /** Five standard deviations of a mean of so many numbers with this variance: fails once in two million times by chance. */
  const within = (variance: number): number => 5 * Math.sqrt(variance / count);
  const centred = (stream: number, i: number): number => streams[stream]![i % count]! - 0.5;

  it.each([0, 1, 2, 3])("stream %i has the moments of a uniform distribution", (s) => {
    expect(Math.abs(mean((i) => centred(s, i)))).toBeLessThan(within(1 / 12));
    expect(Math.abs(mean((i) => centred(s, i) ** 2) - 1 / 12)).toBeLessThan(within(1 / 180));
    expect(Math.abs(mean((i) => centred(s, i) ** 3))).toBeLessThan(within(1 / 448));
  });

  it.each([0, 1, 2, 3])("stream %i fills 256 bins alike", (s) => {
    const bins = new Float64Array(256);
    for (const u of streams[s]!) bins[Math.floor(u * 256)]! += 1;
    const expected = count / 256;
    const chiSquare = bins.reduce((sum, observed) => sum + (observed - expected) ** 2 / expected, 0);
    // 255 degrees of freedom: mean 255, variance 510.
    expect(Math.abs(chiSquare - 255)).toBeLessThan(5 * Math.sqrt(510));
  });

  it("fills pairs of neighbours alike, too", () => {
    const bins = new Float64Array(256);
    for (let i = 0; i < count; i++) {
      bins[16 * Math.floor(streams[0]![i]! * 16) + Math.floor(streams[0]![(i + 1) % count]! * 16)]! += 1;
    }
    const chiSquare = bins.reduce((sum, observed) => sum + (observed - count / 256) ** 2 / (count / 256), 0);
    expect(Math.abs(chiSquare - 255)).toBeLessThan(5 * Math.sqrt(510) * 1.5);
  });

  it("does not correlate with neighbours, other streams, or another seed", () => {
    const limit = within(1 / 144);
    for (const lag of [1, 2, 3, 4, 16, 256, 1024]) {
      expect(Math.abs(mean((i) => centred(0, i) * centred(0, i + lag)))).toBeLessThan(limit);
    }
    for (const [a, b] of [
      [0, 1],
      [0, 2],
      [0, 3],
      [1, 2],
      [1, 3],
      [2, 3],
    ] as const) {
      expect(Math.abs(mean((i) => centred(a, i) * centred(b, i)))).toBeLessThan(limit);
      expect(Math.abs(mean((i) => centred(a, i) * centred(b, i + 1)))).toBeLessThan(limit);
    }
    const other = Float64Array.from({ length: count }, (_, i) => uniformOf(words(draw(8, i, 0))[0] ?? NaN));
    const block = Float64Array.from({ length: count }, (_, i) => uniformOf(words(draw(7, i, 1))[0] ?? NaN));
    for (const numbers of [other, block]) {
      expect(Math.abs(mean((i) => centred(0, i) * (numbers[i]! - 0.5)))).toBeLessThan(limit);
    }
  });
});
