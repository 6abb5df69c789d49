import { describe, expect, test } from "vitest";
import {
  absolute,
  add,
  type Ball,
  divide,
  multiply,
  negate,
  one,
  scaled,
  subtract,
} from "../../compiler/numerics/ball.js";
import { exp, log1p } from "../../compiler/numerics/elementary.js";
import { realFunctions } from "../../compiler/numerics/functions.js";
import { cosh } from "../../compiler/numerics/hyperbolic.js";
import { pow, sqrt } from "../../compiler/numerics/powers.js";
import { logaddexp } from "../../compiler/numerics/special.js";
import { pi } from "../../compiler/numerics/trigonometric.js";
import { randomNumbers } from "../library/binary32.js";
import { ballOf, errorBits, targets, type Wide, wideFunction, wideNumbers, wideOf } from "./numbers.js";

type Real = (x: Ball, precision: number) => Ball;
type Real2 = (x: Ball, y: Ball, precision: number) => Ball;

function logistic(x: Ball, precision: number): Ball {
  const e = exp(negate(absolute(x)), precision);
  const sum = add(one, e, precision);
  return divide(e, multiply(sum, sum, precision), precision);
}

const real: Readonly<Record<string, Real>> = {
  ...realFunctions,
  logistic,
  logistic_moment: (x, precision) => multiply(x, logistic(x, precision), precision),
  normpdf: (x, precision) => {
    const density = exp(negate(scaled(multiply(x, x, 4 * precision), -1n)), precision);
    return divide(density, sqrt(scaled(pi(precision), 1n), precision), precision);
  },
  log1p_square: (x, precision) => log1p(multiply(x, x, 4 * precision), precision),
  logcosh: (x, precision) => {
    const long = 2 * precision + 1000;
    return log1p(subtract(cosh(x, long), one, long), precision);
  },
};

const real2: Readonly<Record<string, Real2>> = {
  add,
  subtract,
  multiply,
  divide,
  hypot: (x, y, precision) => {
    const long = 8 * precision;
    return sqrt(add(multiply(x, x, long), multiply(y, y, long), long), precision);
  },
  pow,
  logaddexp,
};

/** Exponents of arguments; of the others they are −1000 to 1000. */
const exponents: Readonly<Record<string, readonly [number, number]>> = {
  exp: [-100, 12],
  expm1: [-1000, 12],
  sinh: [-1000, 12],
  cosh: [-300, 12],
  tanh: [-1000, 12],
  sin: [-300, 900],
  cos: [-300, 900],
  tan: [-300, 900],
  asin: [-1000, 0],
  acos: [-1000, 0],
  atanh: [-1000, 0],
  acosh: [1, 1000],
  erf: [-1000, 6],
  erfc: [-100, 5],
  normcdf: [-100, 5],
  normpdf: [-100, 5],
  mills: [-100, 5],
  log_normcdf: [-100, 5],
  sigmoid: [-100, 12],
  log_sigmoid: [-100, 12],
  softplus: [-100, 12],
  logistic: [-100, 12],
  logistic_moment: [-300, 12],
  logcosh: [-400, 12],
  pow: [-6, 6],
  logaddexp: [-6, 6],
};

/**
 * An error below 2^n units in the last place, n being 14 where it is not said: an exponential of an argument of m bits
 * before its point is off by 2^m units.
 */
const wrongBits: Readonly<Record<string, number>> = {
  negate: -Infinity,
  abs: -Infinity,
  floor: -Infinity,
  ceil: -Infinity,
  round: -Infinity,
  add: 2,
  multiply: 2,
  divide: 1.5,
  hypot: 2.5,
  sqrt: 1,
  rsqrt: 2,
  cbrt: 2,
  log: 6,
  log1p: 6,
  log1p_square: 6,
  asinh: 6,
  acosh: 6,
  atanh: 6,
  tanh: 6,
  erf: 6,
  logcosh: 8,
  sin: 4,
  cos: 4,
  tan: 4,
  atan: 4,
  asin: 4,
  acos: 4,
};

const show = ({ negative, mantissa, exponent }: Wide): string =>
  `${negative ? "-" : ""}0x0.${mantissa.toString(16)} * 2^${exponent}`;

/** The trapezoidal rule of the error function is good for 355 bits. */
const trapezoidal = new Set(["erfc", "erf", "normcdf", "mills", "log_normcdf"]);

describe.each(targets)("wide functions in $name", (target) => {
  const { bits } = target;

  function expectAccurate(name: string, operands: readonly Wide[], actual: Wide): void {
    const [x, y] = operands.map((each) => ballOf(each, target));
    if (x === undefined) throw new Error("no operand");
    const exact = y === undefined ? real[name]?.(x, bits + 64) : real2[name]?.(x, y, bits + 64);
    if (exact === undefined) throw new Error(`no ${name}`);
    const where = `${name}(${operands.map(show).join(", ")})`;
    const result = ballOf(actual, target);
    if (exact.kind !== "finite") expect(result.kind, where).toBe(exact.kind);
    else {
      // Longer series add up more roundings.
      const wrong = (wrongBits[name] ?? 14) - bits + Math.max(0, Math.log2(bits / 384));
      const limit = trapezoidal.has(name) ? Math.max(wrong, -350) : wrong;
      expect(errorBits(result, exact, bits), where).toBeLessThanOrEqual(limit);
    }
  }

  test.each(Object.keys(real))("%s", (name) => {
    const wide = wideFunction(`wide_${name}`, target);
    const random = randomNumbers(521288629 + bits);
    for (const x of wideNumbers(random, bits, exponents[name] ?? [-1000, 1000], 150)) {
      expectAccurate(name, [x], wide(x));
    }
  });

  test("mills far out, where nine terms of a series do", () => {
    const mills = wideFunction("wide_mills", target);
    for (const x of wideNumbers(randomNumbers(88675123 + bits), bits, [50, 900], 40)) {
      const far = { ...x, negative: false };
      if (far.exponent < 22n) continue;
      const exact = real["mills"]?.(ballOf(far, target), bits + 64);
      if (exact?.kind !== "finite") throw new Error("not decided");
      const limit = 8 - Math.min(bits, 20 * Number(far.exponent - 1n) - 26);
      expect(errorBits(ballOf(mills(far), target), exact, bits), show(far)).toBeLessThanOrEqual(limit);
    }
  });

  test.each(Object.keys(real2))("%s", (name) => {
    const wide = wideFunction(`wide_${name}`, target);
    const random = randomNumbers(362436069 + bits);
    const [least, greatest] = exponents[name] ?? [-1000, 1000];
    const ys = [...wideNumbers(random, bits, [least, greatest], 150)];
    [...wideNumbers(random, bits, [least, greatest], 150)].forEach((x, i) => {
      const y = ys[(i * 7) % ys.length];
      if (y === undefined) throw new Error("no operand");
      // What cancels keeps the digits of its operands.
      const cancels =
        (name === "add" || name === "subtract") && x.exponent - y.exponent < 2n && y.exponent - x.exponent < 2n;
      const base = name === "pow" ? { ...x, negative: false } : x;
      if (!cancels) expectAccurate(name, [base, y], wide(base, y));
    });
  });

  /** Where functions have zeros, ends or poles, and where their arguments are reduced. */
  const places: Readonly<Record<string, readonly number[]>> = {
    log: [1, Math.SQRT1_2, Math.SQRT2],
    log1p: [0.25, -0.25, -0.5, -1],
    exp: [Math.LN2 / 2, -Math.LN2 / 2, Math.LN2, 100 * Math.LN2],
    expm1: [Math.LN2 / 2, -Math.LN2 / 2, Math.LN2, 100 * Math.LN2],
    sin: [0.5, Math.PI / 4, Math.PI / 2, Math.PI, -Math.PI, 1000 * Math.PI, 1e300],
    cos: [0.5, Math.PI / 4, Math.PI / 2, Math.PI, -Math.PI, 1000 * Math.PI, 1e300],
    tan: [Math.PI / 4, Math.PI / 2, Math.PI],
    atan: [0.25, 0.5, 0.75, 1, 4],
    asin: [1, -1, 0.5],
    acos: [1, -1, 0.5],
    atanh: [1, -1, 0.25],
    acosh: [1, 2],
    cbrt: [1, 8, 0.125],
    sqrt: [1, 4, 0.25],
    erf: [1, -1],
    erfc: [1, -1, 15.707963267948966, 16],
    softplus: [-100, 0.5],
  };

  test.each(Object.entries(places))("%s where it is hard", (name, arguments_) => {
    const wide = wideFunction(`wide_${name}`, target);
    const random = randomNumbers(88675123);
    const sum = wideFunction("wide_add", target);
    for (const place of arguments_) {
      const centre = wideOf(place, target);
      // Differences of which 12 bits are left are taken for the rounding of their operands.
      const size = Number(centre.exponent);
      const distances = wideNumbers(random, bits, [size - bits + 24, size - 2], 20);
      for (const distance of distances) {
        const x = sum(centre, distance);
        expectAccurate(name, [x], wide(x));
      }
      expectAccurate(name, [centre], wide(centre));
    }
  });
});
