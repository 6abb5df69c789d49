import { describe, expect, it } from "vitest";
import {
  add,
  compare,
  contains,
  divide,
  dyadic,
  fromNumber,
  fromRational,
  half,
  infinity,
  isExact,
  multiply,
  nan,
  negate,
  negativeInfinity,
  one,
  positiveInfinity,
  sign,
  subtract,
  two,
  unknown,
  within,
  zero,
} from "../../compiler/numerics/ball.js";
import type { Ball } from "../../compiler/numerics/ball.js";
import { exp, expm1, log, log1p } from "../../compiler/numerics/elementary.js";
import { realFunctions } from "../../compiler/numerics/functions.js";
import type { RealFunction } from "../../compiler/numerics/functions.js";
import { acosh, asinh, cosh, sinh, tanh } from "../../compiler/numerics/hyperbolic.js";
import { cbrt, pow, powInteger, rsqrt, sqrt } from "../../compiler/numerics/powers.js";
import { decide, toBinary32, toBinary64 } from "../../compiler/numerics/rounding.js";
import { erf, erfc, logaddexp, logSigmoid, normcdf, sigmoid, softplus } from "../../compiler/numerics/special.js";
import { floor, round } from "../../compiler/numerics/steps.js";
import { acos, atan, cos, pi, sin } from "../../compiler/numerics/trigonometric.js";
import { randomNumber, randomWords } from "./arguments.js";

const n = fromNumber;

/** The decimal number to within one unit of its last digit. */
function decimal(text: string): Ball {
  const [digits = "", power = "0"] = text.split("e");
  const [whole = "", fraction = ""] = digits.replace("-", "").split(".");
  const scale = Number(power) - fraction.length;
  const value = BigInt(whole + fraction) * (text.startsWith("-") ? -1n : 1n);
  const unit = fromRational(scale < 0 ? 1n : 10n ** BigInt(scale), scale < 0 ? 10n ** BigInt(-scale) : 1n, 400);
  return multiply({ kind: "finite", mid: value, radius: 1n, exponent: 0n }, unit, 400);
}

/** To fifty digits, from tables of constants. */
const constants: readonly (readonly [string, (precision: number) => Ball, string])[] = [
  ["pi", pi, "3.14159265358979323846264338327950288419716939937510"],
  ["e", (p) => exp(one, p), "2.71828182845904523536028747135266249775724709369995"],
  ["ln 2", (p) => log(two, p), "0.69314718055994530941723212145817656807550013436025"],
  ["ln 10", (p) => log(n(10), p), "2.30258509299404568401799145468436420760110148862877"],
  ["sqrt 2", (p) => sqrt(two, p), "1.41421356237309504880168872420969807856967187537694"],
  ["1/sqrt 2", (p) => rsqrt(two, p), "0.70710678118654752440084436210484903928483593768847"],
  ["cbrt 2", (p) => cbrt(two, p), "1.25992104989487316476721060727822835057025146470150"],
  [
    "golden ratio",
    (p) => multiply(add(one, sqrt(n(5), p), p), half, p),
    "1.61803398874989484820458683436563811772030917980576",
  ],
  ["sin 1", (p) => sin(one, p), "0.84147098480789650665250232163029899962256306079837"],
  ["cos 1", (p) => cos(one, p), "0.54030230586813971740093660744297660373231042061792"],
  ["atan 1", (p) => atan(one, p), "0.78539816339744830961566084581987572104929234984377"],
  ["sinh 1", (p) => sinh(one, p), "1.17520119364380145688238185059560081515571798133410"],
  ["cosh 1", (p) => cosh(one, p), "1.54308063481524377847790562075706168260152911236587"],
  ["tanh 1", (p) => tanh(one, p), "0.76159415595576488811945828260479359041276859725794"],
  ["asinh 1", (p) => asinh(one, p), "0.88137358701954302523260932497979230902816032826163"],
  ["acosh 2", (p) => acosh(two, p), "1.31695789692481670862504634730796844402698197146751"],
  ["erf 1", (p) => erf(one, p), "0.84270079294971486934122063508260925929606699796630"],
  ["erfc 1", (p) => erfc(one, p), "0.15729920705028513065877936491739074070393300203370"],
  ["2/sqrt pi", (p) => divide(two, sqrt(pi(p), p), p), "1.12837916709551257389615890312154517168810125865800"],
  ["log1p(-1/2)", (p) => log1p(n(-0.5), p), "-0.69314718055994530941723212145817656807550013436025"],
];

it.each(constants)("knows %s", (_, compute, text) => {
  expect(contains(decimal(text), compute(300))).toBe(true);
});

describe("identities", () => {
  const word = randomWords(2024);
  const numbers = Array.from({ length: 60 }, (_, i) => n(randomNumber(word, i % 2 ? -40 : -4, i % 2 ? 8 : 4)));
  const overlap = (a: Ball, b: Ball): boolean => {
    const difference = subtract(a, b, 200);
    return difference.kind === "finite" && sign(difference) === (isExact(difference) ? 0 : undefined);
  };
  const p = 150;
  const identities: Readonly<Record<string, (x: Ball) => readonly [Ball, Ball]>> = {
    "log(exp x) = x": (x) => [log(exp(x, 600), p), x],
    "expm1(log1p x²) = x²": (x) => [expm1(log1p(multiply(x, x, p), p), p), multiply(x, x, p)],
    "sin² + cos² = 1": (x) => [add(powInteger(sin(x, p), 2n, p), powInteger(cos(x, p), 2n, p), p), one],
    "cosh² − sinh² = 1": (x) => [
      subtract(powInteger(cosh(x, 1200), 2n, 1200), powInteger(sinh(x, 1200), 2n, 1200), p),
      one,
    ],
    "tanh = sinh / cosh": (x) => [tanh(x, p), divide(sinh(x, p), cosh(x, p), p)],
    "erf + erfc = 1": (x) => [add(erf(x, p), erfc(x, p), p), one],
    "normcdf(x) + normcdf(−x) = 1": (x) => [add(normcdf(x, p), normcdf(negate(x), p), p), one],
    "erfc(x) = 2 normcdf(−x √2)": (x) => [
      erfc(x, p),
      multiply(two, normcdf(negate(multiply(x, sqrt(two, 2 * p), 2 * p)), p), p),
    ],
    "sigmoid(x) = (1 + tanh(x/2)) / 2": (x) => [
      sigmoid(x, p),
      multiply(half, add(one, tanh(multiply(x, half, p), 700), 700), p),
    ],
    "softplus(x) − softplus(−x) = x": (x) => [subtract(softplus(x, p), softplus(negate(x), p), p), x],
    "exp(log_sigmoid) = sigmoid": (x) => [exp(logSigmoid(x, p), p), sigmoid(x, p)],
    "logaddexp(x, x) = x + ln 2": (x) => [logaddexp(x, x, p), add(x, log(two, p), p)],
    "cbrt(x³) = x": (x) => [cbrt(powInteger(x, 3n, 200), p), x],
    "acos(cos u) = u in 0..pi": (x) => {
      const u = atan(multiply(x, x, p), p);
      return [acos(cos(u, p), p), u];
    },
    "pow(x², 1/3) = cbrt(x²)": (x) => {
      const square = multiply(x, x, p);
      return [pow(square, fromRational(1n, 3n, 2 * p), p), cbrt(square, p)];
    },
  };
  it.each(Object.entries(identities))("%s", (_, sides) => {
    expect(numbers.filter((x) => !overlap(...sides(x)))).toEqual([]);
  });
});

describe("beyond every exponent", () => {
  const huge = n(3.4e38);
  const rounded = (compute: (precision: number) => Ball): number => decide(compute, toBinary64).value;

  it("exponentials neither overflow nor vanish on the way", () => {
    expect(rounded((p) => log(exp(huge, p), p))).toBe(3.4e38);
    expect(rounded((p) => log(exp(negate(huge), p), p))).toBe(-3.4e38);
    expect(rounded((p) => divide(exp(huge, p), add(one, exp(huge, p), p), p))).toBe(1);
    expect(rounded((p) => log1p(exp(n(1e308), p), p))).toBe(1e308);
    expect(rounded((p) => multiply(exp(n(1e300), p), exp(n(-1e300), p), p))).toBe(1);
    expect(sign(exp(negate(huge), 64))).toBe(1);
    expect(toBinary64(exp(exp(huge, 64), 64))).toBe(Infinity);
    expect(toBinary64(exp(negate(exp(huge, 64)), 64))).toBe(0);
    expect(isExact(exp(negate(exp(huge, 64)), 64))).toBe(false);
  });

  it("tails keep their relative accuracy", () => {
    // log(erfc(x)) = −x² − log(x √pi) + ...
    const tail = rounded((p) => log(erfc(n(1e10), p), p));
    expect(tail).toBe(-1e20);
    expect(rounded((p) => divide(log(erfc(n(1e150), p), p), n(1e300), p))).toBeCloseTo(-1, 15);
    expect(rounded((p) => subtract(one, tanh(n(20), p), p))).toBeCloseTo(2 * Math.exp(-40), 30);
    expect(rounded((p) => multiply(exp(n(5000), p), erfc(n(100), p), p))).toBe(0);
    expect(rounded((p) => multiply(exp(n(10000), p), erfc(n(100), p), p))).toBe(0.005641613782989433);
  });

  it("sines of huge numbers are reduced exactly", () => {
    // The worst case of binary64 for a reduction (Kahan, Ng): 6381956970095103 · 2^797
    const worst = dyadic(6381956970095103n, 797n);
    expect(rounded((p) => cos(worst, p))).toBe(-4.68716592425462761112e-19);
    expect(rounded((p) => sin(n(1e22), p))).toBe(-0.8522008497671888);
  });
});

describe("the extended reals", () => {
  it("has no value for what has no limit", () => {
    const inf = positiveInfinity;
    const table: readonly (readonly [Ball, Ball])[] = [
      [add(inf, negativeInfinity, 64), nan],
      [subtract(inf, inf, 64), nan],
      [multiply(inf, zero, 64), nan],
      [multiply(inf, within(0n), 64), unknown],
      [multiply(inf, n(-2), 64), negativeInfinity],
      [divide(inf, inf, 64), nan],
      [divide(one, inf, 64), zero],
      [divide(one, zero, 64), nan],
      [divide(one, within(-64n), 64), unknown],
      [add(inf, unknown, 64), unknown],
      [add(nan, unknown, 64), nan],
      [log(n(-1), 64), nan],
      [log(within(-64n), 64), unknown],
      [sin(inf, 64), nan],
      [logaddexp(negativeInfinity, one, 64), one],
      [logaddexp(inf, negativeInfinity, 64), inf],
      [powInteger(zero, -2n, 64), inf],
      [powInteger(zero, -1n, 64), nan],
      [infinity(-3), negativeInfinity],
    ];
    table.forEach(([actual, expected], i) => expect([i, actual]).toEqual([i, expected]));
  });

  it("cuts a ball off where a closed domain ends, and only there", () => {
    const edge = { kind: "finite", mid: 1n << 60n, radius: 3n, exponent: -60n } as const;
    for (const f of [acos, acosh]) expect(contains(f(edge, 64), zero)).toBe(true);
    expect(contains(sqrt(within(-100n), 64), n(2 ** -50))).toBe(true);
    expect(sqrt(add(n(-1), within(-9n), 64), 64)).toEqual(nan);
    expect(acos(add(n(2), within(-9n), 64), 64)).toEqual(nan);
    // sqrt(1 − tanh(x)²) is too small for any precision to tell from 0, and rounds to 0 all the same.
    const small = decide((p) => sqrt(subtract(one, powInteger(tanh(n(1e6), p), 2n, p), p), p), toBinary64);
    expect(small).toMatchObject({ value: 0, decided: true });
  });
});

it("recognises exact values", () => {
  const exact: readonly (readonly [RealFunction, number, number])[] = [
    ["exp", 0, 1],
    ["log", 1, 0],
    ["log1p", 0, 0],
    ["sqrt", 2.25, 1.5],
    ["rsqrt", 0.0625, 4],
    ["cbrt", -27, -3],
    ["cos", 0, 1],
    ["acos", 1, 0],
    ["acosh", 1, 0],
    ["sigmoid", 0, 0.5],
    ["normcdf", 0, 0.5],
    ["erfc", 0, 1],
    ["abs", -3, 3],
  ];
  for (const [name, x, y] of exact) {
    const ball = realFunctions[name](n(x), 64);
    expect([name, isExact(ball), toBinary64(ball)]).toEqual([name, true, y]);
  }
  expect(pow(n(2.25), n(1.5), 64)).toEqual(n(3.375));
  expect(pow(n(16), n(-0.25), 64)).toEqual(half);
  expect(pow(n(-8), n(3), 64)).toEqual(n(-512));
  expect(pow(n(-8), n(0.5), 64)).toEqual(nan);
  // The middle between two binary64, exactly: to even, at once.
  const middle = decide((p) => powInteger(n(2 ** 27 + 1), 2n, p), toBinary64);
  expect(middle).toEqual({ value: 2 ** 54 + 2 ** 28, decided: true, precision: 64 });
});

it("decides steps and comparisons only where the ball does", () => {
  const near = (x: number): Ball => add(n(x), within(-40n), 64);
  expect(floor(near(2.5), 64)).toEqual(two);
  expect(toBinary64(floor(near(2), 64))).toBeUndefined();
  expect(toBinary64(round(near(2.5), 64))).toBeUndefined();
  expect(contains(floor(near(2), 64), one) && contains(floor(near(2), 64), two)).toBe(true);
  // A number that is an integer, which no precision shows: one of its neighbours, and not decided.
  expect(decide((p) => floor(log(exp(two, p), p), p), toBinary64, { to: 256 })).toMatchObject({ decided: false });
  expect(toBinary64(floor(exp(n(1e30), 64), 64))).toBe(Infinity);
  expect([0.5, 1.5, 2.5, -0.5, -1.5, 1e300, 5e-324].map((x) => toBinary64(round(n(x), 64)))).toEqual([
    0, 2, 2, 0, -2, 1e300, 0,
  ]);
  expect(toBinary64(floor(exp(n(-1e30), 64), 64))).toBe(0);
  expect(toBinary64(realFunctions.ceil(exp(n(-1e30), 64), 64))).toBe(1);
  expect(compare(near(1), near(2), 64)).toBe(-1);
  expect(compare(near(1), near(1), 64)).toBeUndefined();
  expect(compare(one, one, 64)).toBe(0);
  expect(compare(positiveInfinity, n(1e308), 64)).toBe(1);
  expect(toBinary32(near(0.1))).toBe(Math.fround(0.1));
});
