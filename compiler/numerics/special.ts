import {
  absolute,
  add,
  divide,
  dyadic,
  exponentBits,
  finite,
  fixedPoint,
  half,
  monotone,
  multiply,
  negate,
  one,
  positiveInfinity,
  scaled,
  sign,
  subtract,
  top,
  two,
  widened,
  zero,
} from "./ball.js";
import type { Ball, FiniteBall, Function1 } from "./ball.js";
import { exp, log, log1p } from "./elementary.js";
import { erfcSeries, erfSeries, sqrtPi } from "./fixed.js";
import { bitLength, shifted, smaller } from "./integers.js";
import { sqrt } from "./powers.js";
import { pi } from "./trigonometric.js";

/*
 * The error function is taken at √z for an exact z > 0: erf(x) at z = x², and the normal distribution, whose argument
 * x/√2 is irrational, at z = x²/2. `root` gives √z to a precision.
 */
type Root = (precision: number) => Ball;

const rootOfPi = (precision: number): Ball => finite(sqrtPi(precision), 1n, BigInt(-precision), precision + 2);

/** floor(z · 1.4426), below log2(exp(z)), up to 2^64 */
function decay(z: FiniteBall): bigint {
  if (top(z) > 64n) return 1n << 64n;
  return (shifted(z.mid, z.exponent + 14n) * 23635n) >> 28n;
}

/** erf(√z) = 2 √(z/π) exp(−z) Σ (2z)^n / (2n + 1)!!, all of one sign */
function erfOfRoot(z: FiniteBall, root: Root, precision: number): Ball {
  // erfc(√z) < exp(−z)
  const complement = decay(z);
  if (complement > precision + 2) return widened(one, 1n - complement, precision);
  const working = precision + 16;
  // The error of the series grows as the square of the number of its terms, and with cut digits of z as z^0.
  const bits = working + 2 * bitLength(BigInt(working)) + 8;
  const shift = z.exponent < 0n ? smaller(-z.exponent, BigInt(bits)) : 0n;
  const { value, error } = erfSeries(shifted(z.mid, z.exponent + shift), shift, bits);
  // d(log of the series)/dz < 1: cutting z to `bits` bits moves the series by less than a unit of its size.
  const cut = (value >> BigInt(bits)) + 1n;
  const series = finite(value, error + cut, BigInt(-bits), working);
  const factor = divide(multiply(root(working), exp(negate(z), working), working), rootOfPi(working), working);
  return scaled(multiply(factor, series, precision), 1n);
}

/** erfc(√z), of small relative error: 1 − erf(√z), or where z is large its asymptotic series */
function erfcOfRoot(z: FiniteBall, root: Root, precision: number): Ball {
  const working = precision + 12;
  const bits = working + 2 * bitLength(BigInt(working)) + 8;
  const lost = decay(z);
  // The smallest term of the asymptotic series is near exp(−z).
  if (lost <= bits + 16) {
    return subtract(one, erfOfRoot(z, root, precision + Number(lost) + bitLength(lost) + 12), precision);
  }
  if (top(z) > exponentBits) return exp(negate(z), precision);
  const { value, error } = erfcSeries(fixedPoint(z, bits), bits);
  const series = multiply(finite(value, error, BigInt(-bits), working), exp(negate(z), working), working);
  return divide(series, multiply(root(working), rootOfPi(working), working), precision);
}

const square = (x: FiniteBall): FiniteBall => dyadic(x.mid * x.mid, 2n * x.exponent);
const magnitudeOf =
  (x: FiniteBall): Root =>
  () =>
    absolute(x);

function erfAt(x: FiniteBall, precision: number): Ball {
  if (x.mid === 0n) return zero;
  const value = erfOfRoot(square(x), magnitudeOf(x), precision);
  return x.mid < 0n ? negate(value) : value;
}

function erfcAt(x: FiniteBall, precision: number): Ball {
  if (x.mid === 0n) return one;
  if (x.mid < 0n) return add(one, erfOfRoot(square(x), magnitudeOf(x), precision), precision);
  return erfcOfRoot(square(x), magnitudeOf(x), precision);
}

/** normcdf(x) = erfc(−x/√2) / 2 */
function normcdfAt(x: FiniteBall, precision: number): Ball {
  if (x.mid === 0n) return half;
  const z = { ...square(x), exponent: 2n * x.exponent - 1n };
  const root: Root = (working) => sqrt(z, working);
  if (x.mid < 0n) return scaled(erfcOfRoot(z, root, precision), -1n);
  return scaled(add(one, erfOfRoot(z, root, precision), precision), -1n);
}

export const erf: Function1 = monotone(erfAt, [dyadic(-1n), one]);
/** The complement of erf, of small relative error in its tail. */
export const erfc: Function1 = monotone(erfcAt, [two, zero]);
/** The distribution function of the standard normal distribution. */
export const normcdf: Function1 = monotone(normcdfAt, [zero, one]);

/** Mills' ratio, normcdf(−x) √(2π) exp(x²/2); for large x its asymptotic series 1/x (1 − 1/x² + 3/x⁴ − …), of alternating signs */
function millsAt(x: FiniteBall, precision: number): Ball {
  const working = precision + 16;
  if (x.mid < 0n || top(x) <= 12n) {
    const growth = exp(scaled(square(x), -1n), working);
    return multiply(multiply(normcdf(negate(x), working), rootOfTwoPi(working), working), growth, precision);
  }
  const ratio = divide(one, square(x), working);
  let term: Ball = one;
  let sum: Ball = one;
  for (let k = 1n; term.kind === "finite" && top(term) > -BigInt(working); k += 2n) {
    term = negate(multiply(multiply(term, ratio, working), dyadic(k), working));
    sum = add(sum, term, working);
  }
  // What is left is less than the last term.
  const left = term.kind === "finite" ? top(term) : 0n;
  return divide(widened(sum, left, working), x, precision);
}

function logNormcdfAt(x: FiniteBall, precision: number): Ball {
  if (x.mid > 0n) return log1p(negate(normcdf(negate(x), precision + 8)), precision);
  const working = precision + 16;
  const scale = divide(mills(negate(x), working), rootOfTwoPi(working), working);
  return subtract(log(scale, working), scaled(square(x), -1n), precision);
}

const rootOfTwoPi = (precision: number): Ball => sqrt(scaled(pi(precision), 1n), precision);

/** (1 − normcdf(x)) / normpdf(x) */
export const mills: Function1 = monotone(millsAt, [positiveInfinity, zero]);
/** ln normcdf(x) */
export const logNormcdf: Function1 = monotone(logNormcdfAt, [negate(positiveInfinity), zero]);

/** sigmoid(x) = 1 / (1 + exp(−x)), = e / (1 + e) with e = exp(x) */
function sigmoidAt(x: FiniteBall, precision: number): Ball {
  const e = exp(x.mid < 0n ? x : negate(x), precision + 8);
  return divide(x.mid < 0n ? e : one, add(one, e, precision + 8), precision);
}

/** softplus(x) = log(1 + exp(x)) = x + log(1 + exp(−x)) */
function softplusAt(x: FiniteBall, precision: number): Ball {
  if (x.mid <= 0n) return log1p(exp(x, precision + 8), precision);
  return add(x, log1p(exp(negate(x), precision + 8), precision + 8), precision);
}

export const sigmoid: Function1 = monotone(sigmoidAt, [zero, one]);
export const softplus: Function1 = monotone(softplusAt, [zero, positiveInfinity]);
/** log(sigmoid(x)) = −softplus(−x) */
export const logSigmoid: Function1 = (x, precision) => negate(softplus(negate(x), precision));

/** log(exp(a) + exp(b)) = a + softplus(b − a), with the larger as a */
export function logaddexp(a: Ball, b: Ball, precision: number): Ball {
  if (a.kind === "infinite" && b.kind === "infinite") return a.sign > 0 ? a : b;
  if (a.kind === "infinite") return a.sign > 0 || b.kind === "nan" || b.kind === "unknown" ? add(a, b, precision) : b;
  if (b.kind === "infinite") return logaddexp(b, a, precision);
  const working = precision + 8;
  const difference = subtract(b, a, working);
  if (sign(difference) === 1) return add(b, softplus(negate(difference), working), precision);
  return add(a, softplus(difference, working), precision);
}
