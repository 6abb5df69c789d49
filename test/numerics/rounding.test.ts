import { describe, expect, it } from "vitest";
import {
  add,
  dyadic,
  fromNumber,
  fromRational,
  multiply,
  nan,
  negate,
  one,
  positiveInfinity,
  subtract,
  unknown,
  within,
  zero,
} from "../../compiler/numerics/ball.js";
import { exp } from "../../compiler/numerics/elementary.js";
import { pi } from "../../compiler/numerics/trigonometric.js";
import { sqrt } from "../../compiler/numerics/powers.js";
import { decide, toBinary32, toBinary64, ulpError } from "../../compiler/numerics/rounding.js";
import { randomWords } from "./arguments.js";

describe("rounding", () => {
  const word = randomWords(1);
  const view = new DataView(new ArrayBuffer(8));
  const anyNumber = (): number => {
    view.setUint32(0, word());
    view.setUint32(4, word());
    return view.getFloat64(0);
  };

  it("gives back every binary64 and agrees with Math.fround, which rounds as IEEE does", () => {
    for (let i = 0; i < 3000; i += 1) {
      // Bit patterns, and numbers around the subnormals and the largest of binary32.
      const x = i % 3 === 0 ? anyNumber() : (anyNumber() % 1) * 2 ** (i % 3 === 1 ? -126 - (i % 30) : 128);
      expect(toBinary64(fromNumber(x))).toBe(x + 0);
      expect(toBinary32(fromNumber(x))).toBe(Math.fround(x) + 0);
    }
  });

  it("breaks ties to even, among subnormals and before infinity too", () => {
    const least = 2 ** -1074;
    const table: readonly (readonly [mid: bigint, exponent: bigint, binary64: number])[] = [
      [1n, -1075n, 0],
      [3n, -1075n, 2 * least],
      [3n, -1076n, least],
      [(1n << 100n) + 1n, -1175n, least],
      [(1n << 53n) + 1n, 0n, 2 ** 53],
      [(1n << 53n) + 3n, 0n, 2 ** 53 + 4],
      [(1n << 54n) - 1n, 970n, Infinity],
      [(1n << 55n) - 3n, 969n, Number.MAX_VALUE],
      [1n, 1n << 80n, Infinity],
      [-1n, 1n << 80n, -Infinity],
      [-1n, -1n << 80n, 0],
    ];
    for (const [mid, exponent, expected] of table) expect(toBinary64(dyadic(mid, exponent))).toBe(expected);
    expect(toBinary32(dyadic((1n << 25n) - 1n, 103n))).toBe(Infinity);
    expect(toBinary32(dyadic((1n << 26n) - 3n, 102n))).toBe(Math.fround(3.4028234663852886e38));
  });

  it("waits while a boundary is in the ball", () => {
    const middle = dyadic((1n << 53n) + 1n);
    expect(toBinary64(add(middle, within(-20n), 100))).toBeUndefined();
    expect(toBinary64(add(add(middle, dyadic(1n, -10n), 100), within(-20n), 100))).toBe(2 ** 53 + 2);
    expect(toBinary64(within(-1100n))).toBe(0);
    expect(toBinary64(unknown)).toBeUndefined();
    expect(toBinary64(nan)).toBeNaN();
    expect(toBinary64(positiveInfinity)).toBe(Infinity);
  });
});

describe("decide", () => {
  it("folds constants", () => {
    const value = (compute: (p: number) => ReturnType<typeof pi>): number => decide(compute, toBinary64).value;
    expect(value((p) => fromRational(1n, 3n, p))).toBe(1 / 3);
    expect(value((p) => fromRational(1n, 10n, p))).toBe(0.1);
    expect(value((p) => sqrt(multiply(fromRational(2n, 1n, p), pi(p), p), p))).toBe(2.5066282746310007);
    expect(value((p) => subtract(exp(one, p), one, p))).toBe(1.7182818284590453);
  });

  it("raises the precision as far as it takes, and says when that was not enough", () => {
    // exp(2^-53) = 1 + 2^-53 + 2^-107 + ... is just above the middle between 1 and its successor.
    const near = decide((p) => exp(dyadic(1n, -53n), p), toBinary64);
    expect(near).toEqual({ value: 1 + 2 ** -52, decided: true, precision: 128 });
    // 1 + 2^-53 + exp(−1e5): no precision up to the last one tells it from the middle.
    const middle = add(one, dyadic(1n, -53n), 64);
    const hopeless = decide((p) => add(middle, exp(fromNumber(-1e5), p), p), toBinary64, { to: 512 });
    expect(hopeless).toMatchObject({ decided: false, precision: 512 });
    expect([1, 1 + 2 ** -52]).toContain(hopeless.value);
    expect(decide(() => unknown, toBinary64, { to: 128 })).toEqual({ value: NaN, decided: false, precision: 128 });
  });
});

describe("ulpError", () => {
  it("counts in the unit at the exact value", () => {
    expect(ulpError(1 + 2 ** -52, one, "binary64")).toBe(1);
    expect(ulpError(1 + 2 ** -23, one, "binary32")).toBe(1);
    // Below a power of two the unit is half as large.
    expect(ulpError(1, dyadic((1n << 60n) - 1n, -60n), "binary64")).toBe(2 ** -7);
    expect(ulpError(0, dyadic(1n, -1074n), "binary64")).toBe(1);
    expect(ulpError(2 ** -149, zero, "binary32")).toBe(1);
    expect(ulpError(0, dyadic(1n, -5000n), "binary64")).toBe(0);
    expect(ulpError(-3, fromNumber(3), "binary64")).toBe(6 * 2 ** 51);
  });

  it("places infinity where the next number would be", () => {
    expect(ulpError(Infinity, fromNumber(Number.MAX_VALUE), "binary64")).toBe(1);
    expect(ulpError(Infinity, exp(fromNumber(1e30), 64), "binary32")).toBe(0);
    expect(ulpError(3.4028234663852886e38, positiveInfinity, "binary32")).toBe(1);
    expect(ulpError(-Infinity, negate(positiveInfinity), "binary64")).toBe(0);
    expect(ulpError(NaN, nan, "binary64")).toBe(0);
    expect(ulpError(NaN, one, "binary64")).toBe(Infinity);
    expect(ulpError(1, nan, "binary64")).toBe(Infinity);
  });
});
