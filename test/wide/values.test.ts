import { describe, expect, test } from "vitest";
import {
  add,
  type Ball,
  compare,
  divide,
  fixedPoint,
  fromNumber,
  fromRational,
  half,
  lower,
  negate,
  one,
  scaled,
  two,
} from "../../compiler/numerics/ball.js";
import { naturalValue } from "../../compiler/machine/syntax.js";
import { exp, log } from "../../compiler/numerics/elementary.js";
import { piFixed } from "../../compiler/numerics/fixed.js";
import { sqrt } from "../../compiler/numerics/powers.js";
import { toBinary32, toBinary64 } from "../../compiler/numerics/rounding.js";
import { atan, pi } from "../../compiler/numerics/trigonometric.js";
import { fromBits, randomNumbers } from "../library/binary32.js";
import {
  ballOf,
  errorBits,
  library,
  naturals,
  plainFunction,
  targets,
  type Wide,
  wideFunction,
  wideNumbers,
  wideOf,
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

describe.each(targets)("wide numbers in $name", (target) => {
  const { bits } = target;
  const toNumber = plainFunction("wide_to_f64", target);

  test.each(Object.entries(values))("%s at special arguments", (name, rows) => {
    const wide = wideFunction(`wide_${name}`, target);
    for (const row of rows) {
      const operands = row.slice(0, -1);
      const result = wide(...operands.map((each) => wideOf(each, target)));
      ballOf(result, target);
      expect(Number(toNumber(result)) + 0, `${name}(${operands.join(", ")})`).toBe(row.at(-1));
    }
  });

  test("sums, products and quotients that fit are exact", () => {
    const random = randomNumbers(2463534242);
    const [sum, product, quotient] = ["wide_add", "wide_multiply", "wide_divide"].map((name) =>
      wideFunction(name, target),
    );
    const digits = (): number => (Math.floor(random() * 2 ** 25) - 2 ** 24) * 2 ** Math.floor(random() * 30 - 15);
    for (let i = 0; i < 300; i++) {
      const [x, y] = [digits(), digits()];
      const [a, b] = [wideOf(x, target), wideOf(y, target)];
      if (!sum || !product || !quotient) throw new Error("no arithmetic");
      expect(errorBits(ballOf(sum(a, b), target), add(fromNumber(x), fromNumber(y), 400), bits)).toBe(-Infinity);
      expect(toNumber(quotient(product(a, b), b))).toBe(y === 0 ? NaN : x);
    }
  });

  test("differences of neighbours are exact", () => {
    const subtract = wideFunction("wide_subtract", target);
    const random = randomNumbers(123456789);
    for (const x of wideNumbers(random, bits, [-50, 50], 200)) {
      const y = { ...x, mantissa: (x.mantissa * BigInt(Math.floor((0.5 + random() / 2) * 2 ** 20))) >> 20n };
      const shift = bits - y.mantissa.toString(2).length;
      const z = { ...y, mantissa: y.mantissa << BigInt(shift), exponent: y.exponent - BigInt(shift) };
      const exact = add(ballOf(x, target), negate(ballOf(z, target)), 4 * bits);
      expect(errorBits(ballOf(subtract(x, z), target), exact, bits)).toBe(-Infinity);
    }
  });

  test("comparisons", () => {
    const [less, equal, within] = ["less", "equal", "less_or_equal"].map((name) =>
      plainFunction(`wide_${name}`, target),
    );
    if (!less || !equal || !within) throw new Error("no comparisons");
    const numbers = [0, -0, 1, -1, 1.5, -1.5, 2, 2 ** -1074, 1e300, -1e300, inf, -inf, NaN];
    for (const x of numbers) {
      for (const y of numbers) {
        const operands = [wideOf(x, target), wideOf(y, target)];
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
      const order = compare(ballOf(a, target), ballOf(b, target), 2 * bits);
      expect([less(a, b), equal(a, b), within(a, b)]).toEqual([order === -1, order === 0, order !== 1]);
    });
  });

  test("every float32 and float64 comes back", () => {
    const random = naturals(randomNumbers(1812433253));
    const from32 = wideFunction("wide_from_f32", target);
    const to32 = plainFunction("wide_to_f32", target);
    const [view64, words] = [new Float64Array(1), new BigUint64Array(1)];
    for (let i = 0; i < 600; i++) {
      const small = i % 3 === 0 ? 0x807fffffn : 0xffffffffn;
      const x = fromBits(Number(random(32) & small));
      expect(Number(to32(from32(x))) + 0).toBe(x + 0);
      words[0] = random(64);
      view64.set(new Float64Array(words.buffer));
      const y = (view64[0] ?? 0) * (i % 3 === 0 ? 2 ** -1060 : 1);
      expect(Number(toNumber(wideOf(y, target))) + 0).toBe(y + 0);
      expect(errorBits(ballOf(from32(x), target), fromNumber(x), bits)).toBe(-Infinity);
    }
  });

  test("rounding to float32 and float64 is to nearest, ties to even", () => {
    const random = randomNumbers(69069);
    const to32 = plainFunction("wide_to_f32", target);
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
              .map((mantissa) => ({ negative: step === 1n, mantissa, exponent: BigInt(exponent) }));
          }),
      ),
    );
    for (const x of [...numbers, ...ties]) {
      const ball = ballOf(x, target);
      expect(Number(to32(x)) + 0).toBe((toBinary32(ball) ?? NaN) + 0);
      expect(Number(toNumber(x)) + 0).toBe((toBinary64(ball) ?? NaN) + 0);
    }
  });

  test("exponents saturate", () => {
    const square = wideFunction("wide_multiply", target);
    let [large, small] = [wideOf(2, target), wideOf(0.5, target)];
    for (let i = 0; i < target.exponentBits + 2; i++) [large, small] = [square(large, large), square(small, small)];
    expect([large, small].map((each) => toNumber(each))).toEqual([inf, 0]);
    const exponential = wideFunction("wide_exp", target);
    for (const x of [1.8e8, -1.8e8])
      expect(errorBits(ballOf(exponential(wideOf(x, target)), target), one, bits)).toBeGreaterThan(-1);
  });
});

test("constants are what they are called", () => {
  const digits = 384;
  const fixed = (x: Ball): bigint => (x.kind === "finite" ? fixedPoint(lower(x), digits) : 0n);
  const p = digits + 40;
  const rootOfPi = sqrt(pi(p), p);
  const constants: Readonly<Record<string, Ball>> = {
    NAT_HALF_LOG2_E: scaled(divide(one, log(two, p), p), -1n),
    NAT_SQRT_HALF: sqrt(half, p),
    NAT_LN2: log(two, p),
    WIDE_LN2: log(two, p),
    WIDE_PI: scaled(pi(p), -2n),
    WIDE_HALF_PI: scaled(pi(p), -2n),
    NAT_QUARTER_PI: scaled(pi(p), -2n),
    WIDE_ARCTAN_HALF: scaled(atan(half, p), 1n),
    NAT_RSQRT_PI: divide(one, rootOfPi, p),
    WIDE_RSQRT_TWO_PI: scaled(divide(one, sqrt(scaled(pi(p), 1n), p), p), 1n),
    WIDE_INVERSE_PI: scaled(divide(one, pi(p), p), 1n),
    WIDE_TEN_PI: divide(pi(p), fromRational(32n, 10n, p), p),
    WIDE_SQRT_HALF: sqrt(half, p),
    NAT_EXP_1_25: exp(fromRational(-1n, 25n, p), p),
    NAT_EXP_2_25: exp(fromRational(-2n, 25n, p), p),
  };
  for (const [name, ball] of Object.entries(constants)) {
    // The digits were cut off, not rounded, and so were those of the ball.
    const difference = fraction(name) - fixed(ball);
    expect(difference <= 0n && difference >= -1n, name).toBe(true);
  }
  const table = library.find("INVERSE_TURN");
  const elements = table?.kind === "constant" ? [table.value].flat() : [];
  const words = elements.flatMap((each) => (each.kind === "number" ? [BigInt(each.value)] : []));
  const bits = 32 * words.length;
  expect(words.reduce((sum, word) => (sum << 32n) + word, 0n)).toBe((1n << BigInt(2 * bits + 63)) / piFixed(bits + 64));

  function fraction(name: string): bigint {
    const found = library.find(name);
    const [value] = found?.kind === "constant" ? [found.value].flat() : [];
    const natural = value?.kind === "construct" ? value.operands[1] : value;
    if (natural?.kind !== "natural") throw new Error(`${name} has no digits`);
    return naturalValue(natural, digits);
  }
});
