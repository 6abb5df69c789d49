import { describe, expect, it } from "vitest";
import * as B from "../../compiler/numerics/ball.js";
import type { Ball, FiniteBall } from "../../compiler/numerics/ball.js";
import * as D from "../../compiler/numerics/double-double.js";
import * as E from "../../compiler/numerics/double-double-error.js";
import * as F from "../../compiler/numerics/double-double-functions.js";
import { realFunctions, type RealFunction } from "../../compiler/numerics/functions.js";
import { magnitude } from "../../compiler/numerics/integers.js";
import { pow } from "../../compiler/numerics/powers.js";
import { toBinary64 } from "../../compiler/numerics/rounding.js";
import { logaddexp } from "../../compiler/numerics/special.js";
import { randomNumber, randomWords } from "../numerics/arguments.js";

type Unary = (m: D.Memory, d: number, a: number) => void;

/** Only rules of the compiler make the others: no definition has them. */
type Written = Exclude<RealFunction, "mills" | "log_normcdf">;

const functions: Readonly<Record<Written, Unary>> = {
  negate: D.negate,
  abs: D.absolute,
  exp: F.exp,
  expm1: F.expm1,
  log: F.log,
  log1p: F.log1p,
  sqrt: D.squareRoot,
  rsqrt: F.reciprocalSquareRoot,
  cbrt: F.cubeRoot,
  sin: F.sin,
  cos: F.cos,
  tan: F.tan,
  atan: F.atan,
  asin: F.asin,
  acos: F.acos,
  sinh: F.sinh,
  cosh: F.cosh,
  tanh: F.tanh,
  asinh: F.asinh,
  acosh: F.acosh,
  atanh: F.atanh,
  erf: E.erf,
  erfc: E.erfc,
  normcdf: E.normcdf,
  sigmoid: F.sigmoid,
  log_sigmoid: F.logSigmoid,
  softplus: F.softplus,
  floor: F.floor,
  ceil: F.ceil,
  round: F.round,
};

const { memory, first } = F.newMemory(4);
const [a, b, result] = [first, first + D.width, first + 2 * D.width];

const precision = 420;
const sum = (h: number, l: number, e: number): Ball =>
  B.scaled(B.add(B.fromNumber(h), B.fromNumber(l), 2600), BigInt(e));

/** The number in a place without its error, and that error. */
const middle = (at: number): Ball => sum(memory[at]!, memory[at + 1]!, memory[at + 2]!);
const radius = (at: number): Ball => sum(memory[at + 3]!, 0, memory[at + 2]!);

/** Whether the place surely does not hold what the ball holds. */
function misses(at: number, truth: Ball): boolean {
  if (D.isUnknown(memory, at) || truth.kind === "unknown") return false;
  if (D.isNotANumber(memory, at)) return truth.kind !== "nan";
  if (D.isHuge(memory, at)) {
    if (truth.kind === "infinite") return Math.sign(memory[at]!) !== truth.sign;
    return truth.kind !== "finite" || B.top(truth) < 2 ** 18 || B.sign(truth) !== Math.sign(memory[at]!);
  }
  if (truth.kind !== "finite") return true;
  const distance = B.absolute(B.subtract(middle(at), B.midpoint(truth), precision));
  const allowed = B.add(radius(at), { ...truth, mid: truth.radius, radius: 0n }, precision);
  return B.sign(B.subtract(distance, allowed, precision)) === 1;
}

const described = (...places: number[]): string =>
  places.map((at) => [...memory.subarray(at, at + 4)].join(" ")).join(" | ");

/** Digits beyond those of binary64, or far beyond, or none. */
function putRandom(at: number, h: number, word: () => number): void {
  const kind = word() % 4;
  const far = kind === 2 ? 2 ** -(word() % 300) : 2 ** -2;
  const l = kind === 0 ? 0 : randomNumber(word, -3, -1) * h * 2 ** -53 * far;
  const s = h + l;
  D.put(memory, at, s, l - (s - h), 0, 0);
}

/** Arguments of the sizes that matter: moderate, small, large, huge. */
function randomArgument(word: () => number): number {
  const [from, to] = (
    [
      [-4, 4],
      [-12, 6],
      [-60, 9],
      [-300, 30],
      [-149, 128],
    ] as const
  )[word() % 5] ?? [-1, 1];
  return randomNumber(word, from, to);
}

const names = Object.keys(functions) as Written[];

describe.each(names)("%s", (name) => {
  it("encloses the value, closely", () => {
    const word = randomWords(7);
    const wrong: string[] = [];
    let decided = 0;
    for (let i = 0; i < 160; i++) {
      putRandom(a, randomArgument(word), word);
      functions[name](memory, result, a);
      const truth = realFunctions[name](middle(a), precision);
      if (misses(result, truth)) wrong.push(described(a, result));
      if (D.isUnknown(memory, result)) continue;
      decided += 1;
      // Except where a low part far below is rounded, which costs 53 bits of that alone.
      const relative = memory[result + 3]! / Math.abs(memory[result]!);
      if (!D.isSpecial(memory, result) && relative > 2 ** -84 && Math.abs(memory[result + 2]!) < 1000)
        wrong.push(`loose: ${described(a, result)}`);
    }
    expect(wrong).toEqual([]);
    expect(decided).toBeGreaterThan(140);
  });

  it("encloses the value at numbers beyond and beneath binary64", () => {
    const word = randomWords(700);
    const wrong: string[] = [];
    for (let i = 0; i < 40; i++) {
      const exponent = (word() % 2 === 0 ? 1 : -1) * (301 + (word() % 1500));
      D.put(memory, a, randomNumber(word, 0, 3), 0, exponent, 0);
      functions[name](memory, result, a);
      if (misses(result, realFunctions[name](middle(a), 4000))) wrong.push(described(a, result));
    }
    expect(wrong).toEqual([]);
  });

  it("encloses the values at all that the argument may be", () => {
    const word = randomWords(70);
    const wrong: string[] = [];
    for (let i = 0; i < 60; i++) {
      const h = randomArgument(word);
      const r = Math.abs(h) * 2 ** -(word() % 100);
      D.put(memory, a, h, 0, 0, r);
      functions[name](memory, result, a);
      for (const share of [1, -1, 0.3]) {
        const member = B.add(B.fromNumber(h), B.fromNumber(share * r), precision);
        const truth = realFunctions[name](member, precision);
        if (truth.kind !== "nan" && misses(result, truth)) wrong.push(described(a, result));
      }
    }
    expect(wrong).toEqual([]);
  });
});

describe.each(["floor", "ceil", "round"] as const)("%s", (name) => {
  it("takes nothing for an integer that has a fraction, up to the last size that has", () => {
    const wrong: string[] = [];
    for (let exponent = 50; exponent <= 54; exponent++) {
      for (const h of [-1, -0.5, 0, 0.5, 1, 1.5].map((beside) => 2 ** exponent + beside)) {
        for (const [sign, l] of [1, -1].flatMap((sign) => [0, 0.125, -0.125].map((l) => [sign, l] as const))) {
          D.put(memory, a, sign * h, l, 0, 0);
          functions[name](memory, result, a);
          if (misses(result, realFunctions[name](middle(a), precision))) wrong.push(described(a, result));
        }
      }
    }
    expect(wrong).toEqual([]);
  });
});

describe("arithmetic", () => {
  type Binary = (m: D.Memory, d: number, a: number, b: number) => void;
  const operations: Readonly<Record<string, readonly [Binary, (x: Ball, y: Ball, p: number) => Ball]>> = {
    add: [D.add, B.add],
    subtract: [D.subtract, B.subtract],
    multiply: [D.multiply, B.multiply],
    divide: [D.divide, B.divide],
    logaddexp: [F.logaddexp, logaddexp],
    pow: [F.power, pow],
  };

  it.each(Object.entries(operations))("%s encloses the results of all members", (name, [fast, slow]) => {
    const word = randomWords(5);
    const wrong: string[] = [];
    for (let i = 0; i < 600; i++) {
      const range = name === "pow" ? 5 : ([3, 60, 300, 900][i % 4] ?? 3);
      const x = randomNumber(word, -range, range);
      const near =
        i % 3 === 0 && name !== "pow" ? x * (1 + randomNumber(word, -60, -20)) : randomNumber(word, -range, range);
      for (const [at, value] of [
        [a, name === "pow" && i % 5 > 0 ? Math.abs(x) : x],
        [b, near],
      ] as const) {
        putRandom(at, value, word);
        if (word() % 3 === 0 && memory[at + 2] === 0) memory[at + 3] = Math.abs(value) * 2 ** -(word() % 120);
      }
      fast(memory, result, a, b);
      for (const [s, t] of [
        [0, 0],
        [1, -1],
        [-1, 0.5],
      ] as const) {
        const member = (at: number, share: number): Ball =>
          B.add(middle(at), B.multiply(radius(at), B.fromNumber(share), 60), 2600);
        const truth = slow(member(a, s), member(b, t), precision);
        if (truth.kind !== "nan" && misses(result, truth)) wrong.push(described(a, b, result));
      }
    }
    expect(wrong.slice(0, 5)).toEqual([]);
  });

  it("is exact where 106 bits suffice", () => {
    const word = randomWords(8);
    for (let i = 0; i < 300; i++) {
      const [x, y] = [Math.fround(randomNumber(word, -120, 120)), Math.fround(randomNumber(word, -120, 120))];
      D.put(memory, a, x, 0, 0, 0);
      D.put(memory, b, y, 0, 0, 0);
      for (const [fast, slow] of [
        [D.add, B.add],
        [D.multiply, B.multiply],
      ] as const) {
        fast(memory, result, a, b);
        expect(memory[result + 3]).toBe(0);
        expect(B.isZero(B.subtract(middle(result), slow(B.fromNumber(x), B.fromNumber(y), 2600), 2600))).toBe(true);
      }
      D.multiply(memory, result, a, b);
      D.divide(memory, result, result, b);
      expect([memory[result], memory[result + 3]]).toEqual([x, 0]);
      expect(Math.abs(memory[result + 1]!)).toBe(0);
      D.multiply(memory, result, a, a);
      D.squareRoot(memory, result, result);
      expect([memory[result], memory[result + 3]]).toEqual([Math.abs(x), 0]);
    }
  });

  it("keeps what is far below: (1 + d) − 1 is d, to 53 bits", () => {
    for (const exponent of [-60, -200, -500, -900]) {
      D.put(memory, a, 1.2345 * 2 ** exponent, 0, 0, 0);
      D.put(memory, b, 1, 0, 0, 0);
      D.add(memory, result, a, b);
      D.subtract(memory, result, result, b);
      expect(D.valueOf(memory, result) / (1.2345 * 2 ** exponent)).toBeCloseTo(1, 12);
    }
  });
});

/** A chain of functions applied to a number. */
const chain = (x: number, ...steps: Unary[]): number => {
  D.put(memory, result, x, 0, 0, 0);
  for (const step of steps) step(memory, result, result);
  return D.valueOf(memory, result);
};

describe("numbers that are out of the ordinary", () => {
  const square: Unary = (m, d, at) => D.multiply(m, d, at, at);
  const reciprocal: Unary = (m, d, at) => D.divide(m, d, F.one, at);
  const plusOne: Unary = (m, d, at) => D.add(m, d, F.one, at);

  it.each([
    ["log(exp(x)) for a huge x", chain(3e38, F.exp, F.log), 3e38],
    ["log(1 + exp(x)) for a huge x", chain(1e30, F.exp, plusOne, F.log), 1e30],
    ["log(cosh(x)) for a huge x", chain(-1e20, F.cosh, F.log), 1e20],
    ["1/(1 + exp(x)) for a huge x", chain(1e38, F.exp, plusOne, reciprocal), 0],
    ["1/exp(x)² beyond binary64", chain(1e5, F.exp, square, reciprocal, F.log), -2e5],
    ["√exp(x) beyond binary64", chain(1e7, F.exp, D.squareRoot, F.log), 5e6],
    ["exp(−x) beneath binary64", chain(-2000, F.exp, F.log), -2000],
    ["exp(−exp(x))", chain(30, F.exp, D.negate, F.exp), 0],
    ["log(−1)", chain(-1, F.log), NaN],
    ["1/0", chain(0, reciprocal), NaN],
    ["tanh(huge)", chain(1e30, F.exp, F.tanh), 1],
    ["erf(huge)", chain(1e30, F.exp, D.negate, E.erf), -1],
    ["atan(huge)", chain(1e30, F.exp, F.atan), Math.PI / 2],
  ])("%s", (_, actual, expected) => {
    if (Number.isNaN(expected)) expect(actual).toBeNaN();
    else expect(Math.abs(actual - expected)).toBeLessThanOrEqual(Math.abs(expected) * 1e-11);
  });

  it("quotients of huge numbers are told apart from 1 if they are", () => {
    D.put(memory, a, 1e10, 0, 0, 0);
    F.exp(memory, a, a);
    D.add(memory, b, a, F.one);
    D.divide(memory, result, a, b);
    expect(memory[result]).toBe(1);
    expect(memory[result + 3]).toBeLessThan(2 ** -900);
    D.multiply(memory, b, b, b);
    D.divide(memory, result, a, b);
    expect(D.valueOf(memory, result)).toBe(0);
  });
});

it("the sine is right just below large powers of two", () => {
  for (let exponent = 26; exponent < 128; exponent++) {
    D.put(memory, a, 2 ** exponent * (1 - 2 ** -53), 0, 0, 0);
    F.sin(memory, result, a);
    expect(misses(result, realFunctions.sin(middle(a), precision))).toBe(false);
    expect(D.isUnknown(memory, result)).toBe(false);
  }
});

it("scales by powers of two beyond the range of one factor", () => {
  for (const [x, k] of [
    [1.5, -1074],
    [2 ** 900, -1900],
    [2 ** -1000, 1900],
    [3, 1000],
    [1, -3000],
  ] as const) {
    const exact = B.scaled(B.fromNumber(x), BigInt(k)) as FiniteBall;
    const expected = toBinary64(exact) ?? NaN;
    expect(Math.abs(D.scaleBy(x, k) - expected)).toBeLessThanOrEqual(2 ** -1073);
    expect(magnitude(exact.mid)).toBeGreaterThan(0n);
  }
});
