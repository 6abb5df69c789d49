import { describe, expect, it } from "vitest";
import {
  absolute,
  add,
  contains,
  divide,
  dyadic,
  fromNumber,
  hull,
  isExact,
  multiply,
  scaled,
  subtract,
  top,
  unknown,
} from "../../compiler/numerics/ball.js";
import type { Ball, FiniteBall } from "../../compiler/numerics/ball.js";
import { realFunctions } from "../../compiler/numerics/functions.js";
import { pow, powInteger } from "../../compiler/numerics/powers.js";
import { logaddexp } from "../../compiler/numerics/special.js";
import { functionNames, randomArguments, randomNumber, randomWords } from "./arguments.js";

/** A ball around the number and a number in it, at either end or between. */
function around(x: number, word: () => number): { ball: Ball; member: FiniteBall } {
  const centre = fromNumber(x);
  if (centre.kind !== "finite") throw new Error(`not finite: ${x}`);
  const digits = [1, 3, 20, 60, 130][word() % 5] ?? 60;
  const exponent = top(centre) - BigInt(digits) - 20n;
  const mid = centre.mid << (centre.exponent > exponent ? centre.exponent - exponent : 0n);
  const least = centre.exponent > exponent ? exponent : centre.exponent;
  const radius = BigInt(word() % 2 ** 20);
  const offset = [-radius, 0n, radius, BigInt(word() % 2 ** 19) % (radius + 1n)][word() % 4] ?? 0n;
  return { ball: { kind: "finite", mid, radius, exponent: least }, member: dyadic(mid + offset, least) };
}

/** What is not a number is in no ball, and a ball speaks of the value if there is one. */
const encloses = (outer: Ball, inner: Ball): boolean => inner.kind === "nan" || contains(outer, inner);

describe.each(functionNames)("%s of a ball", (name) => {
  const f = realFunctions[name];

  it("contains the value at each member", () => {
    const word = randomWords(11);
    const wrong = randomArguments(name, 250, 3).filter((x) => {
      const { ball, member } = around(x, word);
      const precision = [24, 64, 128][word() % 3] ?? 64;
      return !encloses(f(ball, precision), f(member, 4 * precision + 300));
    });
    expect(wrong).toEqual([]);
  });

  it("narrows to what it was as the precision grows", () => {
    const wrong = randomArguments(name, 100, 21).filter((x) => {
      const [rough, fine] = [f(fromNumber(x), 60), f(fromNumber(x), 240)];
      return !contains(rough, fine) && rough !== unknown;
    });
    expect(wrong).toEqual([]);
  });
});

it("erf is 1 only to the precision that its complement allows", () => {
  for (const x of [91.05, 91.1, 91.15, 91.2]) {
    const [rough, fine] = [realFunctions.erf(fromNumber(x), 12000), realFunctions.erf(fromNumber(x), 12200)];
    expect(contains(rough, fine)).toBe(true);
  }
});

describe("operations on balls", () => {
  const operations: Readonly<Record<string, (a: Ball, b: Ball, precision: number) => Ball>> = {
    add,
    subtract,
    multiply,
    divide,
    logaddexp,
    pow: (a, b, precision) => pow(absolute(a), b, precision),
    cube: (a, _, precision) => powInteger(a, 3n, precision),
    "reciprocal square": (a, _, precision) => powInteger(a, -2n, precision),
    "large power": (a, _, precision) => powInteger(a, 5001n, precision),
  };

  it.each(Object.entries(operations))("%s contains the result for each pair of members", (name, operation) => {
    const word = randomWords(77);
    const wrong: unknown[] = [];
    for (let i = 0; i < 400; i += 1) {
      const range = name === "pow" || i % 2 === 0 ? 6 : 300;
      const [x, y] = [randomNumber(word, -range, range), randomNumber(word, -range, range)];
      const [a, b] = [around(x, word), around(i % 5 === 0 ? -x : y, word)];
      const precision = [24, 64, 128][i % 3] ?? 64;
      const exact = operation(a.member, b.member, 4 * precision + 2000);
      if (!encloses(operation(a.ball, b.ball, precision), exact)) wrong.push([x, y, precision]);
    }
    expect(wrong).toEqual([]);
  });

  it("the hull of two balls contains both and what lies between", () => {
    const word = randomWords(9);
    for (let i = 0; i < 200; i += 1) {
      const [a, b] = [around(randomNumber(word, -40, 40), word), around(randomNumber(word, -40, 40), word)];
      const both = hull(a.ball, b.ball, 64);
      for (const inner of [a.ball, b.ball, scaled(add(a.member, b.member, 400), -1n)]) {
        expect(contains(both, inner)).toBe(true);
      }
    }
  });

  it("keeps exact what fits", () => {
    const [third, x] = [fromNumber(3), fromNumber(0.1)];
    for (const result of [add(x, third, 64), multiply(x, third, 64), divide(multiply(x, third, 64), third, 64)]) {
      expect(isExact(result)).toBe(true);
    }
    expect(divide(multiply(x, third, 64), third, 64)).toEqual(x);
    expect(isExact(divide(dyadic(1n), third, 64))).toBe(false);
  });
});
