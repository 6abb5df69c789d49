import { describe, expect, test } from "vitest";
import { printTypescript, readLibrary, runValues, type Value } from "../../compiler/machine/index.js";
import { wideCalls, wideLiteral, wideTexts } from "../../compiler/machine/library/wide/index.js";
import { ln2, piFixed } from "../../compiler/numerics/fixed.js";
import {
  absolute,
  add,
  type Ball,
  compare,
  divide,
  dyadic,
  fixedPoint,
  fromNumber,
  fromRational,
  half,
  lower,
  one,
  scaled,
  two,
} from "../../compiler/numerics/ball.js";
import { exp, log } from "../../compiler/numerics/elementary.js";
import { sqrt } from "../../compiler/numerics/powers.js";
import { toBinary32, toBinary64 } from "../../compiler/numerics/rounding.js";
import { atan, pi } from "../../compiler/numerics/trigonometric.js";
import { primitives, type PrimitiveName } from "../../compiler/primitives/table.js";
import { fromBits, randomNumbers } from "../library/binary32.js";
import {
  ballOf,
  errorBits,
  library,
  naturals,
  type Wide,
  wideFunction,
  wideNumbers,
  wideOf,
  widths,
} from "./numbers.js";

const inf = Infinity;

/** Values and limits: arguments, then the result. */
const values: Readonly<Record<string, readonly (readonly number[])[]>> = {
  add: [
    [inf, 1, inf],
    [1, -inf, -inf],
    [inf, -inf, NaN],
    [inf, inf, inf],
    [NaN, inf, NaN],
    [0, 0, 0],
    [3, -3, 0],
  ],
  subtract: [
    [inf, inf, NaN],
    [1, inf, -inf],
    [2 ** 60, 2 ** 60 - 256, 256],
    [1, 1 - 2 ** -53, 2 ** -53],
  ],
  multiply: [
    [0, inf, NaN],
    [inf, -2, -inf],
    [0, -5, 0],
    [NaN, 0, NaN],
    [inf, inf, inf],
    [3, 7, 21],
  ],
  divide: [
    [1, 0, inf],
    [-1, 0, -inf],
    [0, 0, NaN],
    [inf, inf, NaN],
    [1, inf, 0],
    [inf, 0, inf],
    [NaN, 0, NaN],
    [1, NaN, NaN],
    [6, 3, 2],
    [-1, 4, -0.25],
  ],
  min: [
    [1, 2, 1],
    [2, -1, -1],
    [-inf, 0, -inf],
    [NaN, 1, NaN],
    [1, NaN, NaN],
  ],
  max: [
    [1, 2, 2],
    [2, -1, 2],
    [inf, 0, inf],
    [NaN, 1, NaN],
    [1, NaN, NaN],
  ],
  sign: [
    [-3, -1],
    [0, 0],
    [inf, 1],
    [NaN, NaN],
  ],
  abs: [
    [-3, 3],
    [-inf, inf],
    [NaN, NaN],
  ],
  floor: [
    [2.5, 2],
    [-2.5, -3],
    [-0.1, -1],
    [0.9, 0],
    [0, 0],
    [inf, inf],
    [-inf, -inf],
    [NaN, NaN],
    [1e300, 1e300],
    [-7, -7],
  ],
  ceil: [
    [2.5, 3],
    [-2.5, -2],
    [-0.1, 0],
    [0.1, 1],
    [inf, inf],
    [NaN, NaN],
  ],
  round: [
    [2.5, 2],
    [3.5, 4],
    [-0.5, 0],
    [0.5, 0],
    [0.50001, 1],
    [-1.5, -2],
    [0.25, 0],
    [inf, inf],
    [NaN, NaN],
    [5, 5],
  ],
  exp: [
    [0, 1],
    [inf, inf],
    [-inf, 0],
    [NaN, NaN],
    [1e10, inf],
    [-1e10, 0],
  ],
  expm1: [
    [0, 0],
    [inf, inf],
    [-inf, -1],
    [NaN, NaN],
    [1e10, inf],
    [-1e10, -1],
  ],
  log: [
    [1, 0],
    [0, -inf],
    [-1, NaN],
    [-inf, NaN],
    [inf, inf],
    [NaN, NaN],
  ],
  log1p: [
    [0, 0],
    [-1, -inf],
    [-2, NaN],
    [inf, inf],
    [NaN, NaN],
  ],
  log1p_square: [
    [0, 0],
    [inf, inf],
    [-inf, inf],
  ],
  sqrt: [
    [4, 2],
    [2.25, 1.5],
    [0, 0],
    [-1, NaN],
    [-inf, NaN],
    [inf, inf],
    [NaN, NaN],
    [2 ** -1074, 2 ** -537],
    [1e6, 1e3],
  ],
  rsqrt: [
    [4, 0.5],
    [0, inf],
    [inf, 0],
    [-1, NaN],
  ],
  cbrt: [
    [8, 2],
    [-27, -3],
    [0.125, 0.5],
    [0, 0],
    [inf, inf],
    [-inf, -inf],
    [NaN, NaN],
    [1e6, 100],
    [343, 7],
  ],
  hypot: [
    [3, 4, 5],
    [inf, 1, inf],
    [0, 0, 0],
  ],
  sin: [
    [0, 0],
    [inf, NaN],
    [-inf, NaN],
    [NaN, NaN],
  ],
  cos: [
    [0, 1],
    [inf, NaN],
    [NaN, NaN],
  ],
  tan: [
    [0, 0],
    [inf, NaN],
    [NaN, NaN],
  ],
  atan: [
    [0, 0],
    [inf, Math.PI / 2],
    [-inf, -Math.PI / 2],
    [1, Math.PI / 4],
    [NaN, NaN],
  ],
  asin: [
    [0, 0],
    [1, Math.PI / 2],
    [-1, -Math.PI / 2],
    [1.5, NaN],
    [inf, NaN],
    [NaN, NaN],
  ],
  acos: [
    [1, 0],
    [0, Math.PI / 2],
    [-1, Math.PI],
    [-1.5, NaN],
    [inf, NaN],
    [NaN, NaN],
  ],
  sinh: [
    [0, 0],
    [inf, inf],
    [-inf, -inf],
    [NaN, NaN],
    [1e10, inf],
    [-1e10, -inf],
  ],
  cosh: [
    [0, 1],
    [inf, inf],
    [-inf, inf],
    [NaN, NaN],
  ],
  tanh: [
    [0, 0],
    [inf, 1],
    [-inf, -1],
    [NaN, NaN],
    [1e10, 1],
  ],
  asinh: [
    [0, 0],
    [inf, inf],
    [-inf, -inf],
    [NaN, NaN],
  ],
  acosh: [
    [1, 0],
    [0, NaN],
    [-1, NaN],
    [-5, NaN],
    [-inf, NaN],
    [inf, inf],
    [NaN, NaN],
  ],
  atanh: [
    [0, 0],
    [1, inf],
    [-1, -inf],
    [2, NaN],
    [inf, NaN],
    [NaN, NaN],
  ],
  erf: [
    [0, 0],
    [inf, 1],
    [-inf, -1],
    [NaN, NaN],
    [1e10, 1],
  ],
  erfc: [
    [0, 1],
    [inf, 0],
    [-inf, 2],
    [NaN, NaN],
    [1e10, 0],
    [-1e10, 2],
  ],
  normcdf: [
    [0, 0.5],
    [inf, 1],
    [-inf, 0],
    [NaN, NaN],
  ],
  normpdf: [
    [inf, 0],
    [-inf, 0],
    [NaN, NaN],
  ],
  sigmoid: [
    [0, 0.5],
    [inf, 1],
    [-inf, 0],
    [NaN, NaN],
  ],
  logistic: [
    [0, 0.25],
    [inf, 0],
    [-inf, 0],
    [NaN, NaN],
  ],
  logistic_moment: [
    [0, 0],
    [inf, 0],
    [-inf, 0],
    [NaN, NaN],
  ],
  softplus: [
    [0, Math.LN2],
    [inf, inf],
    [-inf, 0],
    [NaN, NaN],
    [-1e10, 0],
    [1e10, 1e10],
  ],
  log_sigmoid: [
    [inf, 0],
    [-inf, -inf],
    [NaN, NaN],
  ],
  logcosh: [
    [0, 0],
    [inf, inf],
    [-inf, inf],
    [NaN, NaN],
    [1e10, 1e10 - Math.LN2],
  ],
  logaddexp: [
    [inf, 1, inf],
    [-inf, 1, 1],
    [-inf, -inf, -inf],
    [inf, inf, inf],
    [NaN, 1, NaN],
    [1, NaN, NaN],
    [0, 0, Math.LN2],
  ],
  pow: [
    [2, 10, 1024],
    [-3, 3, -27],
    [-2, -2, 0.25],
    [4, 0.5, 2],
    [4, -1.5, 0.125],
    [0, 0, 1],
    [inf, 0, 1],
    [NaN, 0, NaN],
    [0, 3, 0],
    [0, -2, inf],
    [0, 0.3, 0],
    [0, -0.3, inf],
    [-8, 0.3, NaN],
    [1, inf, 1],
    [1, 0.3, 1],
    [2, inf, inf],
    [2, -inf, 0],
    [0.5, inf, 0],
    [0.5, -inf, inf],
    [inf, 2, inf],
    [inf, -2, 0],
    [-inf, 3, -inf],
    [-inf, 2, inf],
    [inf, 0.3, inf],
    [inf, -0.3, 0],
    [1, NaN, NaN],
    [-1, 2001, -1],
    [-1, 2000, 1],
    [10, 2, 100],
  ],
};

describe.each(widths)("with mantissas of %d bits", (bits) => {
  const toNumber = runValues(library, "wide_to_f64", { natBits: bits, checked: true });

  test.each(Object.entries(values))("%s at special arguments", (name, rows) => {
    const wide = wideFunction(`wide_${name}`, bits);
    for (const row of rows) {
      const operands = row.slice(0, -1);
      const result = wide(...operands.map((each) => wideOf(each, bits)));
      ballOf(result, bits);
      expect(Number(toNumber(result)) + 0, `${name}(${operands.join(", ")})`).toBe(row.at(-1));
    }
  });

  test("sums, products and quotients that fit are exact", () => {
    const random = randomNumbers(2463534242);
    const [sum, product, quotient] = ["wide_add", "wide_multiply", "wide_divide"].map((name) =>
      wideFunction(name, bits),
    );
    const digits = (): number => (Math.floor(random() * 2 ** 25) - 2 ** 24) * 2 ** Math.floor(random() * 30 - 15);
    for (let i = 0; i < 300; i++) {
      const [x, y] = [digits(), digits()];
      const [a, b] = [wideOf(x, bits), wideOf(y, bits)];
      if (!sum || !product || !quotient) throw new Error("no arithmetic");
      expect(ballOf(sum(a, b), bits)).toEqual(normal(add(fromNumber(x), fromNumber(y), 400), bits));
      expect(toNumber(quotient(product(a, b), b))).toBe(y === 0 ? NaN : x);
    }
    function normal(ball: Ball, width: number): Ball {
      const value = toBinary64(ball);
      if (value === undefined) throw new Error("not a number");
      return ballOf(wideOf(value, width), width);
    }
  });

  test("differences of neighbours are exact", () => {
    const subtract = wideFunction("wide_subtract", bits);
    const random = randomNumbers(123456789);
    for (const x of wideNumbers(random, bits, [-50, 50], 200)) {
      const ratio = 0.5 + 1.5 * random();
      const y = { ...x, mantissa: (x.mantissa * BigInt(Math.floor(ratio * 2 ** 20))) >> 20n };
      const shift = bits - y.mantissa.toString(2).length;
      const z = {
        ...y,
        mantissa: shift < 0 ? y.mantissa >> 1n : y.mantissa << BigInt(shift),
        exponent: y.exponent - shift,
      };
      const exact = add(ballOf(x, bits), ballOf({ ...z, negative: !z.negative }, bits), 4 * bits);
      expect(errorBits(ballOf(subtract(x, z), bits), exact, bits)).toBe(-Infinity);
    }
  });

  test("comparisons", () => {
    const [less, equal, within] = ["less", "equal", "less_or_equal"].map((name) =>
      runValues(library, `wide_${name}`, { natBits: bits, checked: true }),
    );
    if (!less || !equal || !within) throw new Error("no comparisons");
    const numbers = [0, -0, 1, -1, 1.5, -1.5, 2, 2 ** -1074, 1e300, -1e300, inf, -inf, NaN];
    for (const x of numbers) {
      for (const y of numbers) {
        const operands = [wideOf(x, bits), wideOf(y, bits)];
        expect(
          [less, equal, within].map((each) => each(...operands)),
          `${x} and ${y}`,
        ).toEqual([x < y, x === y, x <= y]);
      }
    }
    const random = randomNumbers(99);
    const pairs = [...wideNumbers(random, bits, [-2, 2], 200)];
    pairs.forEach((a, i) => {
      const b = pairs[i - 1] ?? a;
      const order = compare(ballOf(a, bits), ballOf(b, bits), 2 * bits);
      expect([less(a, b), equal(a, b), within(a, b)]).toEqual([order === -1, order === 0, order !== 1]);
    });
  });

  test("every float32 and float64 comes back", () => {
    const random = naturals(randomNumbers(1812433253));
    const from32 = wideFunction("wide_from_f32", bits);
    const to32 = runValues(library, "wide_to_f32", { natBits: bits, checked: true });
    const [view64, words] = [new Float64Array(1), new BigUint64Array(1)];
    for (let i = 0; i < 600; i++) {
      const small = i % 3 === 0 ? 0x807fffffn : 0xffffffffn;
      const x = fromBits(Number(random(32) & small));
      expect(to32(from32(x))).toBe(x + 0);
      words[0] = random(64);
      view64.set(new Float64Array(words.buffer));
      const y = (view64[0] ?? 0) * (i % 3 === 0 ? 2 ** -1060 : 1);
      expect(toNumber(wideOf(y, bits))).toBe(y + 0);
      expect(errorBits(ballOf(from32(x), bits), fromNumber(x), bits)).toBe(-Infinity);
    }
  });

  test("rounding to float32 and float64 is to nearest, ties to even", () => {
    const random = randomNumbers(69069);
    const to32 = runValues(library, "wide_to_f32", { natBits: bits, checked: true });
    const numbers = [...wideNumbers(random, bits, [-160, 135], 400), ...wideNumbers(random, bits, [-1090, 1030], 200)];
    const ties = [24n, 25n, 53n, 54n].flatMap((digits) =>
      [-1080, -1074, -160, -151, -150, -149, -148, -130, -126, 0, 127, 128, 129, 1023, 1024].flatMap(
        (exponent): Wide[] =>
          [-1n, 0n, 1n].flatMap((step) => {
            const one = 1n << BigInt(bits - 1);
            return [
              one + (one >> digits) + step,
              one + ((3n * one) >> digits) + step,
              one + step,
              2n * one - (one >> digits) + step,
            ]
              .filter((mantissa) => mantissa >> BigInt(bits - 1) === 1n)
              .map((mantissa) => ({ negative: step === 1n, mantissa, exponent }));
          }),
      ),
    );
    for (const x of [...numbers, ...ties]) {
      const ball = ballOf(x, bits);
      expect(Number(to32(x)) + 0).toBe((toBinary32(ball) ?? NaN) + 0);
      expect(Number(toNumber(x)) + 0).toBe((toBinary64(ball) ?? NaN) + 0);
    }
  });

  test("exponents saturate", () => {
    const square = wideFunction("wide_multiply", bits);
    let [large, small] = [wideOf(2, bits), wideOf(0.5, bits)];
    for (let i = 0; i < 40; i++) [large, small] = [square(large, large), square(small, small)];
    expect([large, small].map((each) => toNumber(each))).toEqual([inf, 0]);
    const exponential = wideFunction("wide_exp", bits);
    expect(ballOf(exponential(wideOf(1.8e8, bits)), bits).kind).toBe("finite");
    expect(ballOf(exponential(wideOf(-1.8e8, bits)), bits)).not.toEqual(dyadic(0n));
  });

  test("literals of fractions", () => {
    const fractions = [
      [0n, 1n],
      [1n, 1n],
      [-1n, 3n],
      [7n, 8n],
      [10n ** 40n, 3n],
      [1n, 10n ** 40n],
      [-355n, 113n],
      [1n, 10n],
    ] as const;
    const text = fractions.map(([a, b], i) => `fn literal_${i}() -> wide { return ${wideLiteral(a, b)}; }`);
    const read = readLibrary([...wideTexts, ...text]);
    fractions.forEach(([a, b], i) => {
      const value = runValues(read, `literal_${i}`, { natBits: bits })();
      const exact = fromRational(a, b, 500);
      expect(errorBits(ballOf(asWide(value), bits), exact, bits)).toBeLessThan(2 - bits);
    });
  });
});

function asWide(value: Value): Wide {
  if (typeof value !== "object") throw new Error("not a wide number");
  const { negative, mantissa, exponent } = value;
  if (typeof negative !== "boolean" || typeof mantissa !== "bigint" || typeof exponent !== "number") {
    throw new Error("not a wide number");
  }
  return { negative, mantissa, exponent };
}

test("constants are what they are called", () => {
  const digits = 384;
  const fixed = (x: Ball): bigint => (x.kind === "finite" ? fixedPoint(lower(x), digits) : 0n);
  const p = digits + 40;
  const rootOfPi = sqrt(pi(p), p);
  const constants: Readonly<Record<string, Ball>> = {
    NAT_HALF_LOG2_E: scaled(divide(one, log(two, p), p), -1n),
    NAT_SQRT_HALF: sqrt(half, p),
    WIDE_LN2: log(two, p),
    WIDE_PI: scaled(pi(p), -2n),
    WIDE_HALF_PI: scaled(pi(p), -2n),
    WIDE_ARCTAN_HALF: scaled(atan(half, p), 1n),
    NAT_RSQRT_PI: divide(one, rootOfPi, p),
    WIDE_RSQRT_TWO_PI: scaled(divide(one, sqrt(scaled(pi(p), 1n), p), p), 1n),
    WIDE_INVERSE_PI: scaled(divide(one, pi(p), p), 1n),
    WIDE_TEN_PI: absolute(divide(pi(p), fromRational(32n, 10n, p), p)),
    WIDE_SQRT_HALF: sqrt(half, p),
    NAT_EXP_1_25: exp(fromRational(-1n, 25n, p), p),
    NAT_EXP_2_25: exp(fromRational(-2n, 25n, p), p),
  };
  const text = wideTexts.join("\n");
  for (const [name, ball] of Object.entries(constants)) {
    const found = new RegExp(`const ${name}: \\w+ =[^;]*?0x0\\.([0-9a-f]{96})n`).exec(text);
    // The last digit was cut off, not rounded, and its own computation may have been so too.
    const difference = BigInt(`0x${found?.[1] ?? 0}`) - fixed(ball);
    expect(difference <= 0n && difference >= -16n, name).toBe(true);
  }
  expect(ln2(64)).toBeGreaterThan(0n);
  const words = [...(/INVERSE_TURN[^[]*\[([^\]]*)\]/.exec(text)?.[1] ?? "").matchAll(/0x([0-9a-f]{8})u/g)];
  const bits = 32 * words.length;
  const inverse = (1n << BigInt(2 * bits + 63)) / piFixed(bits + 64);
  expect(BigInt(`0x${words.map((each) => each[1]).join("")}`)).toBe(inverse);
});

test("every primitive that has a value of its own has a wide one", () => {
  const reductions = new Set(["sum", "mean", "maximum", "minimum", "custom"]);
  const calls: Readonly<Record<string, string>> = wideCalls;
  const names = (Object.keys(primitives) as PrimitiveName[]).filter((name) => !reductions.has(name));
  expect(Object.keys(calls).sort()).toEqual(names.sort());
  const spell = (type: string): string => (type === "condition" ? "bool" : "wide");
  const texts = names.map((name) => {
    const { operands, result } = primitives[name];
    const parameters = operands.map((type, i) => `${"abc"[i] ?? ""}: ${spell(type)}`);
    return `fn of_${name}(${parameters.join(", ")}) -> ${spell(result)} { return ${(calls[name] ?? "").replaceAll("$", "")}; }`;
  });
  const read = readLibrary([...wideTexts, ...texts]);
  expect(printTypescript(read.closure(names.map((name) => `of_${name}`)))).toContain("function ofWhere");
});
