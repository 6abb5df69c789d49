/** Float16 numbers, in the compiler and in emulated shaders. */
import { describe, expect, test } from "vitest";
import { emulate, printWgsl, readLibrary, readWgsl } from "../../compiler/machine/index.js";
import {
  bitsOfFloat16,
  finiteFloat16,
  float16OfBits,
  float16Step,
  toFloat16,
} from "../../compiler/numerics/float16.js";
import { words } from "../activations/points.js";

const word = words(16);
/** Of all sizes, and often halfway between two float16. */
const numbers = Array.from({ length: 20000 }, (_, i) => {
  const x = float16OfBits(word() & 0x7bff) * (word() & 1 ? 1 : -1);
  return Math.fround(x + (i % 3 === 0 ? 0.5 : (word() / 2 ** 32) * 1.5) * float16Step(x));
});

describe("the nearest float16", () => {
  test("of a float16 is itself, by its bits", () => {
    const isKept = (bits: number): boolean => {
      const x = float16OfBits(bits);
      return Number.isNaN(x) ? Number.isNaN(toFloat16(x)) : bitsOfFloat16(toFloat16(x)) === bits;
    };
    expect(Array.from({ length: 65536 }, (_, bits) => bits).filter((bits) => !isKept(bits))).toEqual([]);
    expect(new Set(finiteFloat16().map(bitsOfFloat16)).size).toBe(2 * 0x7c00 - 1);
  });

  test("is no farther than any neighbour, and even where two are as near", () => {
    const all = finiteFloat16();
    const index = (x: number): number => {
      let [low, high] = [0, all.length - 1];
      while (low < high) {
        const middle = (low + high) >> 1;
        if (all[middle]! < x) low = middle + 1;
        else high = middle;
      }
      return low;
    };
    for (const x of numbers.filter((each) => Math.abs(each) < 65504)) {
      const above = all[index(x)]!;
      const below = above === x ? above : all[index(x) - 1]!;
      const isTie = x - below === above - x;
      const expected = isTie
        ? bitsOfFloat16(Math.abs(above)) % 2 === 0
          ? above
          : below
        : x - below < above - x
          ? below
          : above;
      expect(toFloat16(x), String(x)).toBe(expected || Math.sign(x) * 0);
    }
  });

  test.each([
    [65519.99, 65504],
    [65520, Infinity],
    [-1e30, -Infinity],
    [2 ** -25, 0],
    [1.01 * 2 ** -25, 2 ** -24],
    [-(2 ** -26), -0],
    [1.5 * 2 ** -24, 2 ** -23],
    [NaN, NaN],
  ])("of %d is %d", (x, expected) => expect(toFloat16(x)).toBe(expected));
});

describe("shaders with float16", () => {
  const text = "fn f(x: f16, y: f16) -> f16 { let t = select(0.5, y, x > 0.1); return x * t - y; }";
  const conversion = emulate(readLibrary("fn f(x: f32) -> f16 { return f16(x); }"), "f");

  test("convert as the compiler does", () => {
    for (const x of [...numbers, 0, -0, Infinity, -Infinity, NaN, 65519.9, 65520, 1e-12])
      expect(conversion(x), String(x)).toBe(toFloat16(x));
  });

  test("round every operation", () => {
    const run = emulate(readLibrary(text), "f");
    for (const [i, x] of numbers.entries()) {
      const [a, b] = [toFloat16(x), toFloat16(numbers[(i * 7 + 1) % numbers.length]!)];
      const t = a > toFloat16(0.1) ? b : 0.5;
      expect(run(a, b)).toBe(toFloat16(toFloat16(a * t) - b));
    }
  });

  test("say it of each literal, and are read back", () => {
    const printed = printWgsl(readLibrary(text).closure(["f"]));
    expect(printed).toContain("select(0.5h, y, x > 0.1h)");
    const [again, once] = [readWgsl(printed), readLibrary(text)].map((library) => emulate(library, "f"));
    for (const x of numbers.slice(0, 100).map(toFloat16)) expect(again!(x, 0.75)).toBe(once!(x, 0.75));
  });
});
