/** Functions of wide numbers against balls of real numbers, also far beyond the range of floating point numbers. */
import { describe, expect, test } from "vitest";
import { emulateValues, readLibrary, run, runValues, type Value } from "../../compiler/machine/index.js";
import { wideLibrary } from "../../compiler/machine/library/wide/index.js";
import {
  absolute,
  add,
  type Ball,
  compare,
  divide,
  dyadic,
  fromNumber,
  multiply,
  nan,
  negate,
  one,
  scaled,
  subtract,
  two,
} from "../../compiler/numerics/ball.js";
import { exp, log } from "../../compiler/numerics/elementary.js";
import { type RealFunction, realFunctions } from "../../compiler/numerics/functions.js";
import { pow } from "../../compiler/numerics/powers.js";
import { toBinary64 } from "../../compiler/numerics/rounding.js";
import { randomNumbers } from "../library/binary32.js";

/** Bits of the oracle: what is lost between exponentials of 3.4e38 is far below the last of them. */
const precision = 1000;

/** Expressions in wide numbers of x, and as balls. */
const expressions: Readonly<Record<string, (x: Ball) => Ball>> = {
  "wide_log(wide_subtract(wide_exp(x), WIDE_ONE))": (x) => log(subtract(exp(x, precision), one, precision), precision),
  "wide_divide(wide_subtract(wide_exp(x), wide_exp(wide_negate(x))), wide_add(wide_exp(x), wide_exp(wide_negate(x))))":
    (x) => {
      const [up, down] = [exp(x, precision), exp(negate(x), precision)];
      return divide(subtract(up, down, precision), add(up, down, precision), precision);
    },
  "wide_log(wide_add(WIDE_ONE, wide_exp(x)))": (x) => realFunctions.softplus(x, precision),
  "wide_divide(wide_exp(x), wide_add(WIDE_ONE, wide_exp(x)))": (x) => {
    const e = exp(x, precision);
    return divide(e, add(one, e, precision), precision);
  },
  "wide_divide(wide_exp(wide_scale(x, -1)), wide_exp(x))": (x) =>
    divide(exp(scaled(x, -1n), precision), exp(x, precision), precision),
  "wide_divide(wide_pow(WIDE_TWO, x), wide_pow(WIDE_TWO, wide_subtract(x, WIDE_ONE)))": (x) =>
    divide(pow(two, x, precision), pow(two, subtract(x, one, precision), precision), precision),
  "wide_divide(wide_expm1(x), wide_expm1(wide_subtract(x, WIDE_ONE)))": (x) =>
    divide(realFunctions.expm1(x, precision), realFunctions.expm1(subtract(x, one, precision), precision), precision),
  "wide_log(wide_sqrt(wide_multiply(wide_cosh(x), wide_exp(x))))": (x) =>
    log(
      realFunctions.sqrt(multiply(realFunctions.cosh(x, precision), exp(x, precision), precision), precision),
      precision,
    ),
  "wide_log(wide_cbrt(wide_exp(x)))": (x) => log(realFunctions.cbrt(exp(x, precision), precision), precision),
};
const texts = Object.keys(expressions);
const library = readLibrary(
  texts.map((text, i) => {
    const value = text.replaceAll(/\bx\b/g, "wide_from_f64(x)");
    return `fn f${i}(x: f64) -> f64 { return wide_to_f64(${value}); }`;
  }),
  wideLibrary().declarations,
);

const sizes = [0.3, 1.5, 88.5, 1000, 2.7e8, 1e9, 6e15, 1e19, 1e30, 3.4e38];

describe("exponentials beyond 2^(2^28) are numbers like others in TypeScript", () => {
  test.each(texts.map((text, i) => [text, i] as const))("%s", (text, i) => {
    const f = run(library, `f${i}`);
    const exact = expressions[text] ?? (() => nan);
    for (const x of sizes.flatMap((size) => [size, -size])) {
      const ball = exact(fromNumber(x));
      expect(f(x), `at ${x}`).toBe(toBinary64(ball));
    }
  });
});

test("exponentials end beyond 2^(2^4096) only", () => {
  const inverse = readLibrary(
    [
      "fn half(x: f64) -> f64 { return wide_to_f64(wide_log(wide_sqrt(wide_exp(wide_from_f64(x))))); }",
      "fn same(x: f64) -> f64 { return wide_to_f64(wide_log(wide_log(wide_exp(wide_exp(wide_from_f64(x)))))); }",
    ],
    wideLibrary().declarations,
  );
  const [half, same] = [run(inverse, "half"), run(inverse, "same")];
  for (const x of [1e100, 1e130, -1e200, Number.MAX_VALUE]) expect(half(x)).toBe(x / 2);
  for (const x of [1.5, 88.5, 1000, 2800]) expect(same(x)).toBe(x);
  expect(same(2850)).toBe(Infinity);
});

const isNumber = (value: Value | undefined): value is number | bigint =>
  typeof value === "number" || typeof value === "bigint";

/** A wide number as a ball, N being the bits of its mantissa. */
function ballOf(value: Value, bits: number): Ball {
  if (typeof value !== "object") return nan;
  const { negative, mantissa, exponent } = value;
  if (typeof mantissa !== "bigint" || !isNumber(exponent)) return nan;
  return dyadic(negative === true ? -mantissa : mantissa, BigInt(exponent) - BigInt(bits));
}

/** Functions whose relative error at x is 2^-N max(1, |x|^power), nearly. */
const functions: readonly {
  readonly name: RealFunction;
  readonly power: 0 | 1 | 2;
  readonly domain?: "positive" | "unit";
}[] = [
  { name: "exp", power: 1 },
  { name: "expm1", power: 1 },
  { name: "log", power: 0, domain: "positive" },
  { name: "log1p", power: 0, domain: "positive" },
  { name: "sqrt", power: 0, domain: "positive" },
  { name: "rsqrt", power: 0, domain: "positive" },
  { name: "cbrt", power: 0 },
  { name: "sin", power: 0 },
  { name: "cos", power: 0 },
  { name: "tan", power: 0 },
  { name: "atan", power: 0 },
  { name: "asin", power: 0, domain: "unit" },
  { name: "acos", power: 0, domain: "unit" },
  { name: "sinh", power: 1 },
  { name: "cosh", power: 1 },
  { name: "tanh", power: 1 },
  { name: "asinh", power: 0 },
  { name: "atanh", power: 0, domain: "unit" },
  { name: "erf", power: 2 },
  { name: "erfc", power: 2 },
  { name: "normcdf", power: 2 },
  { name: "sigmoid", power: 1 },
  { name: "log_sigmoid", power: 1 },
  { name: "softplus", power: 1 },
];

const random = randomNumbers(88675123);
/** A number between 2^-least and 2^most in size. */
function argument(least: number, most: number, domain: "positive" | "unit" | undefined): number {
  const top = domain === "unit" ? 0 : most;
  const size = (0.5 + random() / 2) * 2 ** Math.floor(random() * (top + least) - least + 1);
  return domain !== "positive" && random() < 0.5 ? -size : size;
}

describe.each([
  { target: "TypeScript", bits: 384, of: runValues, most: 127 },
  { target: "WGSL", bits: 128, of: emulateValues, most: 12 },
])("relative errors in $target", ({ bits, of, most }) => {
  const fromF64 = of(wideLibrary(), "wide_from_f64");
  test.each(functions)("$name", ({ name, power, domain }) => {
    const f = of(wideLibrary(), `wide_${name}`);
    for (let i = 0; i < 40; i++) {
      const x = argument(30, most, domain);
      const exact = realFunctions[name](fromNumber(x), precision);
      const found = ballOf(f(fromF64(x)), bits);
      // The trapezoidal rule of the error function is good for 355 bits.
      const best = power === 2 ? Math.min(bits, 355) : bits;
      const correct = best - 12 - power * Math.max(0, Math.ceil(Math.log2(Math.abs(x))));
      const error = scaled(absolute(subtract(found, exact, precision)), BigInt(correct));
      expect(compare(error, absolute(exact), precision), `${name}(${x})`).toBe(-1);
    }
  });
});
