import { describe, expect, it } from "vitest";
import { add, fromNumber, isZero, top } from "../../compiler/numerics/ball.js";
import type { Ball } from "../../compiler/numerics/ball.js";
import { contains, within } from "../../compiler/numerics/ball.js";
import { realFunctions } from "../../compiler/numerics/functions.js";
import { pow } from "../../compiler/numerics/powers.js";
import { decide, toBinary32, toBinary64 } from "../../compiler/numerics/rounding.js";
import { pi } from "../../compiler/numerics/trigonometric.js";
import { randomArguments, randomNumber, randomWords } from "./arguments.js";
import { oracle, oracleNames, oraclePi, oraclePow } from "./mpfr.js";

const bits = 256;

/** Whether the ball, grown by MPFR's own rounding error, contains MPFR's value. */
function agrees(ball: Ball, value: Ball): boolean {
  if (value.kind !== "finite") return ball.kind === value.kind;
  const rounding = within(top(value) - BigInt(bits));
  return contains(add(ball, rounding, 2 * bits), value);
}

/** A ball's radius as a power of two of its value. */
function accuracy(ball: Ball): number {
  if (ball.kind !== "finite" || ball.radius === 0n) return -Infinity;
  return Number(BigInt(ball.radius.toString(2).length) + ball.exponent - top(ball));
}

const same = (actual: number, expected: number): boolean =>
  actual === expected || (Number.isNaN(actual) && Number.isNaN(expected));

describe.each(oracleNames)("%s against MPFR", (name) => {
  const f = realFunctions[name];

  it("encloses and is accurate relative to the value, whatever the size of the argument", () => {
    for (const precision of [64, 128]) {
      const wrong = randomArguments(name, 400, 7 * precision).filter((x) => {
        const { value } = oracle(name, x, bits);
        const ball = f(fromNumber(x), precision);
        return value !== undefined && (!agrees(ball, value) || accuracy(ball) > 8 - precision);
      });
      expect(wrong).toEqual([]);
    }
  });

  it("rounds correctly to binary64 and binary32", () => {
    const wrong = randomArguments(name, 400, 99).filter((x) => {
      const compute = (precision: number): Ball => f(fromNumber(x), precision);
      const double = decide(compute, toBinary64);
      const expected = oracle(name, x, 500).binary64;
      if (!double.decided || !same(double.value, expected)) return true;
      const single = decide(compute, toBinary32);
      // Rounding twice is right unless the first lands on a middle of two binary32, which random arguments do not.
      return !single.decided || !same(single.value, Math.fround(expected));
    });
    expect(wrong).toEqual([]);
  });

  it("has the values of IEEE functions at the ends", () => {
    for (const x of [0, 1, -1, Infinity, -Infinity, NaN]) {
      const { value } = decide((precision) => f(fromNumber(x), precision), toBinary64);
      expect([x, value + 0]).toEqual([x, oracle(name, x, 53).binary64 + 0]);
    }
  });
});

describe("pow against MPFR", () => {
  const word = randomWords(5);
  const pairs: (readonly [number, number])[] = Array.from({ length: 600 }, (_, i) => {
    const x = randomNumber(word, i % 2 ? -1074 : -3, i % 2 ? 1023 : 3);
    const y = i % 3 ? randomNumber(word, -20, 12) : Math.round(randomNumber(word, -1, 5));
    return [i % 4 === 0 ? x : Math.abs(x), y] as const;
  });

  it("encloses and rounds correctly", () => {
    const wrong = pairs.filter(([x, y]) => {
      const { value, binary64 } = oraclePow(x, y, bits);
      const ball = pow(fromNumber(x), fromNumber(y), 128);
      if (value !== undefined && (!agrees(ball, value) || accuracy(ball) > -118)) return true;
      return !same(decide((p) => pow(fromNumber(x), fromNumber(y), p), toBinary64).value, binary64);
    });
    expect(wrong).toEqual([]);
  });

  it("has the values of IEEE pow at the ends", () => {
    const ends = [0, 0.5, 1, 2, 3, -0.5, -1, -2, -3, Infinity, -Infinity];
    const wrong = ends
      .flatMap((x) => ends.map((y) => [x, y] as const))
      // 0 to a negative odd power is an infinity of either sign, or nothing.
      .filter(([x, y]) => !(x === 0 && y < 0))
      .map(
        ([x, y]) =>
          [
            x,
            y,
            decide((p) => pow(fromNumber(x), fromNumber(y), p), toBinary64).value,
            oraclePow(x, y, 200).binary64,
          ] as const,
      )
      .filter(([, , actual, expected]) => !same(actual, expected));
    expect(wrong).toEqual([]);
  });
});

it("pi agrees", () => {
  const { value } = oraclePi(bits);
  for (const precision of [10, 64, 200]) expect(value && agrees(pi(precision), value)).toBe(true);
  expect(isZero(pi(64))).toBe(false);
});
