/**
 * Elementary functions of double-double numbers. Each is a table and a short series, or a value of `Math` that a Newton
 * step corrects, so that nothing rests on what `Math` gives; an error bound comes along. Errors of series are stated
 * with room to spare over what their terms and roundings come to.
 */
import { divide as divideBalls, dyadic, fromRational, multiply as multiplyBalls } from "./ball.js";
import {
  add,
  copy,
  divide,
  grown,
  isExactZero,
  isHuge,
  isNotANumber,
  isSpecial,
  type Memory,
  multiply,
  negate,
  out,
  powerOfTwo,
  put,
  scale,
  scaleBy,
  setHuge,
  setNotANumber,
  setTiny,
  setUnknown,
  setZero,
  signOf,
  squareRoot,
  subtract,
  tiny,
  unit,
  width,
} from "./double-double.js";
import { partsOf } from "./double-double-parts.js";
import { exp as expOfBall, log as logOfBall } from "./elementary.js";
import { shifted } from "./integers.js";
import { piFixed } from "./fixed.js";
import { cos as cosOfBall, pi as piOfBall, sin as sinOfBall } from "./trigonometric.js";

/** Places at the start of each memory in which functions keep intermediate numbers; the first one holds 1. */
const workspace = 32 * width;
export const one = 0;
/** Each function below has places of its own, unless it calls none that has some. */
export const place = (i: number): number => i * width;

/** Room for `count` numbers, and the place of the first of them. */
export function newMemory(count: number): { readonly memory: Memory; readonly first: number } {
  const memory = new Float64Array(workspace + count * width);
  put(memory, one, 1, 0, 0, 0);
  return { memory, first: workspace };
}

/** out = a·b, without a bound: off by less than 2^-102 of it. */
export function product2(ah: number, al: number, bh: number, bl: number): void {
  const p = ah * bh;
  const as = 134217729 * ah;
  const a1 = as - (as - ah);
  const a2 = ah - a1;
  const bs = 134217729 * bh;
  const b1 = bs - (bs - bh);
  const b2 = bh - b1;
  const l = a2 * b2 - (p - a1 * b1 - a2 * b1 - a1 * b2) + (ah * bl + al * bh);
  const h = p + l;
  out[0] = h;
  out[1] = l - (h - p);
}

/** out = a + b for |a| >= |b|, off by less than 2^-102 of a. */
export function sum2(ah: number, al: number, bh: number, bl: number): void {
  const s = ah + bh;
  const l = bh - (s - ah) + (al + bl);
  const h = s + l;
  out[0] = h;
  out[1] = l - (h - s);
}

/** out = c + x·out */
function hornerStep(ch: number, cl: number, xh: number, xl: number): void {
  product2(out[0]!, out[1]!, xh, xl);
  sum2(ch, cl, out[0]!, out[1]!);
}

/** 1/n! in two parts each */
const inverseFactorial: readonly (readonly number[])[] = Array.from({ length: 8 }, (_, n) => {
  let factorial = 1n;
  for (let i = 2n; i <= n; i++) factorial *= i;
  return partsOf(fromRational(1n, factorial, 200), 2);
});
const part = (parts: readonly number[] | undefined, i: number): number => parts?.[i] ?? NaN;
const third = part(inverseFactorial[3], 0);
const thirdLow = part(inverseFactorial[3], 1);
const fourth = part(inverseFactorial[4], 0);
const fourthLow = part(inverseFactorial[4], 1);
const fifth = part(inverseFactorial[5], 0);
const fifthLow = part(inverseFactorial[5], 1);
const sixth = part(inverseFactorial[6], 0);
const sixthLow = part(inverseFactorial[6], 1);
const seventh = part(inverseFactorial[7], 0);
const seventhLow = part(inverseFactorial[7], 1);

// --- Exponential and logarithm ---------------------------------------------------------------------------------------

const steps = 256;
const ln2Ball = logOfBall(dyadic(2n), 300);
const ln2Parts = partsOf(ln2Ball, 2);
const ln2 = part(ln2Parts, 0);
const ln2Low = part(ln2Parts, 1);
const stepParts = partsOf(divideBalls(ln2Ball, dyadic(256n), 300), 3);
const step = part(stepParts, 0);
const step2 = part(stepParts, 1);
const step3 = part(stepParts, 2);
const perUnit = steps / Math.LN2;
/** 2^(j/256) in two parts */
const rootHigh = new Float64Array(steps);
const rootLow = new Float64Array(steps);
for (let j = 0; j < steps; j++) {
  const parts = partsOf(expOfBall(multiplyBalls(ln2Ball, dyadic(BigInt(j), -8n), 300), 140), 2);
  rootHigh[j] = part(parts, 0);
  rootLow[j] = part(parts, 1);
}

/**
 * n, with h + l = n·ln 2/256 + r and out = exp(r) − 1. For n = 0 off by less than 2^-94 of itself, else by less than
 * 2^-100 + n·2^-113.
 */
function reduced(h: number, l: number): number {
  const n = Math.round(h * perUnit);
  let rh = h;
  let rl = l;
  if (n !== 0) {
    product2(n, 0, step, 0);
    const d = h - out[0]!;
    const e = out[1]! + n * step2;
    const s = d - e;
    const t = d - s - e;
    const low = t + l - n * step3 + (out[1]! - (e - n * step2));
    rh = s + low;
    rl = low - (rh - s);
  }
  // r + r² (1/2! + r (1/3! + r (1/4! + r q))), |r| < 2^-9.5: the part in q is below 2^-44 r
  const q = fifth + rh * (sixth + rh * (seventh + rh * (1 / 40320)));
  sum2(fourth, fourthLow, rh * q, 0);
  hornerStep(third, thirdLow, rh, rl);
  hornerStep(0.5, 0, rh, rl);
  const sh = out[0]!;
  const sl = out[1]!;
  product2(rh, rl, rh, rl);
  product2(out[0]!, out[1]!, sh, sl);
  sum2(rh, rl, out[0]!, out[1]!);
  return n;
}

/** |exp(x + s) − exp(x)| <= growth(r)·exp(x) for |s| <= r <= 1/2 */
const growth = (r: number): number => r * (1 + r);

export function exp(m: Memory, d: number, a: number): void {
  const h = m[a]!;
  const l = m[a + 1]!;
  const r = m[a + 3]!;
  if (m[a + 2] !== 0 || !(Math.abs(h) < 2 ** 20 && r < 0.5)) return unusualExp(m, d, a, false);
  const n = reduced(h, l);
  const ph = out[0]!;
  const pl = out[1]!;
  if (n === 0) {
    const s = 1 + ph;
    const t = ph - (s - 1);
    const low = t + pl;
    put(
      m,
      d,
      s,
      low,
      0,
      (Math.abs(ph) * 2 ** -94 + unit * Math.abs(low) + 1.01 * growth(r)) * grown + (l === 0 && h === 0 ? 0 : tiny),
    );
    return;
  }
  const k = Math.floor(n / steps);
  const j = n - k * steps;
  product2(rootHigh[j]!, rootLow[j]!, ph, pl);
  sum2(rootHigh[j]!, rootLow[j]!, out[0]!, out[1]!);
  const relative = (2 ** -100 + Math.abs(n) * 2 ** -113 + growth(r)) * 1.01;
  if (k < -300 || k > 300) return put(m, d, out[0]!, out[1]!, k, out[0]! * relative);
  const power = powerOfTwo(k);
  put(m, d, out[0]! * power, out[1]! * power, 0, out[0]! * power * relative);
}

/** Of operands that are not of ordinary size: exp, or exp − 1. */
function unusualExp(m: Memory, d: number, a: number, minusOne: boolean): void {
  if (isNotANumber(m, a)) return setNotANumber(m, d);
  const s = signOf(m, a);
  if (isExactZero(m, a)) return minusOne ? setZero(m, d) : copy(m, d, one);
  const small = !isSpecial(m, a) && Math.abs(scaleBy(m[a]!, m[a + 2]!)) + scaleBy(m[a + 3]!, m[a + 2]!) < 2 ** -200;
  if (small) {
    // |exp(x) − 1 − x| <= x²
    if (minusOne) {
      const r = m[a + 3]!;
      return put(m, d, m[a]!, m[a + 1]!, m[a + 2]!, (r + (Math.abs(m[a]!) + r) * 2 ** -190) * grown);
    }
    const low = scaleBy(m[a]!, m[a + 2]!);
    return put(m, d, 1, low, 0, (scaleBy(m[a + 3]!, m[a + 2]!) + Math.abs(low) * 2 ** -50 + tiny) * grown);
  }
  const least = isHuge(m, a) ? Infinity : scaleBy(Math.abs(m[a]!) * (1 - 2 ** -50) - m[a + 3]!, m[a + 2]!);
  if (!(Math.abs(s) === 1) || !(least > 2 ** 19.5)) return setUnknown(m, d);
  if (s < 0) {
    setTiny(m, d, 2 ** 19);
    return minusOne ? subtract(m, d, d, one) : undefined;
  }
  const scaled = !isHuge(m, a) && m[a + 2]! < 700;
  const known = scaled && scaleBy(m[a + 3]!, m[a + 2]!) < Infinity;
  if (!known) return setHuge(m, d, 1, 2 ** 201, 0, Infinity);
  setHuge(m, d, 1, scaleBy(m[a]!, m[a + 2]!), scaleBy(m[a + 1]!, m[a + 2]!), scaleBy(m[a + 3]!, m[a + 2]!));
}

/** exp(a) − 1, of small relative error. */
export function expm1(m: Memory, d: number, a: number): void {
  const h = m[a]!;
  const r = m[a + 3]!;
  if (m[a + 2] !== 0 || h === 0 || !(Math.abs(h) < 2 ** 20 && r < 0.5)) return unusualExp(m, d, a, true);
  if (Math.abs(h) * perUnit >= 0.5) {
    exp(m, d, a);
    return subtract(m, d, d, one);
  }
  reduced(h, m[a + 1]!);
  put(m, d, out[0]!, out[1]!, 0, (Math.abs(out[0]!) * 2 ** -94 + 1.01 * growth(r)) * grown);
}

/** out = log(1 + δ) for −1/2 < δ < 1, off by less than 2^-88 of itself. */
function logarithmKernel(dh: number, dl: number): void {
  // y = y0 + u − u²/2, where 1 + δ = exp(y0)·(1 + u): u is below 2^-45 y
  const start = Math.log1p(dh);
  const n = reduced(start, 0);
  let ph = out[0]!;
  let pl = out[1]!;
  if (n !== 0) {
    const k = n < 0 ? Math.floor(n / steps) : n >= steps ? 1 : 0;
    const j = n - k * steps;
    const power = powerOfTwo(k);
    product2(rootHigh[j]!, rootLow[j]!, ph, pl);
    sum2(rootHigh[j]!, rootLow[j]!, out[0]!, out[1]!);
    // (…)·2^k − 1: the high part is between 1/2 and 2
    const high = out[0]! * power - 1;
    ph = high + out[1]! * power;
    pl = out[1]! * power - (ph - high);
  }
  const u = (dh - ph + (dl - pl)) / (1 + ph);
  const low = u - (u * u) / 2;
  const h = start + low;
  out[0] = h;
  out[1] = low - (h - start);
}

export function log(m: Memory, d: number, a: number): void {
  const h = m[a]!;
  const r = m[a + 3]!;
  // At 0, −∞: the limit is left to others.
  if (!(h * (1 - 2 ** -50) > r) || h === Infinity) return unusualLog(m, d, a);
  const k = h > 0.75 && h < 1.5 ? 0 : Math.round(Math.log2(h));
  const power = powerOfTwo(-k);
  const high = h * power - 1;
  const low = m[a + 1]! * power;
  const dh = high + low;
  const dl = low - (dh - high);
  const exponent = k + m[a + 2]!;
  const spread = r === 0 ? 0 : (r / (h * (1 - 2 ** -50) - r)) * grown;
  if (dh === 0) {
    out[0] = 0;
    out[1] = 0;
  } else logarithmKernel(dh, dl);
  const yh = out[0]!;
  const yl = out[1]!;
  if (exponent === 0) {
    put(m, d, yh, yl, 0, (Math.abs(yh) * 2 ** -88 + spread) * grown);
    return;
  }
  product2(ln2, ln2Low, exponent, 0);
  sum2(out[0]!, out[1]!, yh, yl);
  put(m, d, out[0]!, out[1]!, 0, Math.abs(out[0]!) * 2 ** -88 + spread);
}

function unusualLog(m: Memory, d: number, a: number): void {
  if (isNotANumber(m, a) || signOf(m, a) === -1) return setNotANumber(m, d);
  if (m[a] === Infinity && m[a + 3]! < Infinity) return put(m, d, m[a + 1]!, m[a + 2]!, 0, m[a + 3]!);
  setUnknown(m, d);
}

const ofLog1p = place(1);

/** log(1 + a), of small relative error. */
export function log1p(m: Memory, d: number, a: number): void {
  const h = m[a]!;
  const r = m[a + 3]!;
  if (m[a + 2] === 0 && Math.abs(h) < 0.4 && h !== 0 && r < 2 ** -10) {
    logarithmKernel(h, m[a + 1]!);
    const y = Math.abs(out[0]!);
    put(m, d, out[0]!, out[1]!, 0, (y * 2 ** -88 + (r === 0 ? 0 : r / (1 + h - 2 * r))) * grown);
    return;
  }
  if (isExactZero(m, a)) return setZero(m, d);
  if (!isSpecial(m, a) && m[a + 2]! < 0 && scaleBy(Math.abs(h) + r, m[a + 2]!) < 2 ** -200) {
    put(m, d, h, m[a + 1]!, m[a + 2]!, (r + (Math.abs(h) + r) * 2 ** -190) * grown);
    return;
  }
  add(m, ofLog1p, one, a);
  log(m, d, ofLog1p);
}

// --- Roots and powers ------------------------------------------------------------------------------------------------

export function reciprocalSquareRoot(m: Memory, d: number, a: number): void {
  // At 0, +∞
  if (isExactZero(m, a)) return setUnknown(m, d);
  squareRoot(m, d, a);
  divide(m, d, one, d);
}

export function cubeRoot(m: Memory, d: number, a: number): void {
  if (isExactZero(m, a)) return setZero(m, d);
  if (isHuge(m, a)) {
    // (l + e)/3, rounded
    return setHuge(m, d, m[a]!, m[a + 1]! / 3, m[a + 2]! / 3, m[a + 3]! / 3 + m[a + 1]! * 2 ** -52);
  }
  const s = signOf(m, a);
  if (!(Math.abs(s) === 1)) return isNotANumber(m, a) ? setNotANumber(m, d) : setUnknown(m, d);
  const third3 = ((m[a + 2]! % 3) + 3) % 3;
  const power = powerOfTwo(third3);
  const [h, l, r] = [m[a]! * power, m[a + 1]! * power, m[a + 3]! * power];
  const start = Math.cbrt(h);
  product2(start, 0, start, 0);
  const [sh, sl] = [out[0]!, out[1]!];
  product2(sh, sl, start, 0);
  // y = y0 + u − u²/y0, u = (a − y0³)/(3 y0²)
  const u = (h - out[0]! + (l - out[1]!)) / (3 * sh);
  const low = u - (u * u) / start;
  const value = start + low;
  const spread = (r / Math.abs(h)) * Math.abs(value);
  const exact = u === 0 && l === 0 && sl === 0 && out[1] === 0;
  if (!(r < 0.5 * Math.abs(h))) return setUnknown(m, d);
  put(
    m,
    d,
    value,
    low - (value - start),
    (m[a + 2]! - third3) / 3,
    exact ? spread : spread + Math.abs(value) * 2 ** -98,
  );
}

const [powBase, powResult] = [place(2), place(3)];

/** a^n by multiplication, for an integer n. */
export function powerOfInteger(m: Memory, d: number, a: number, n: number): void {
  if (isNotANumber(m, a)) return setNotANumber(m, d);
  if (n === 0) return copy(m, d, one);
  if (n < 0 && isExactZero(m, a)) return setUnknown(m, d);
  copy(m, powBase, a);
  copy(m, powResult, one);
  for (let rest = Math.abs(n); ;) {
    if (rest % 2 === 1) multiply(m, powResult, powResult, powBase);
    rest = Math.floor(rest / 2);
    if (rest === 0) break;
    multiply(m, powBase, powBase, powBase);
  }
  if (n < 0) divide(m, d, one, powResult);
  else copy(m, d, powResult);
}

/** Powers up to this one are made by multiplication. */
const multipliedUpTo = 64;
const [powLog, powProduct] = [place(4), place(5)];

/** a^b as IEEE `pow` has it. */
export function power(m: Memory, d: number, a: number, b: number): void {
  if (isNotANumber(m, a) || isNotANumber(m, b)) return setNotANumber(m, d);
  if (isExactZero(m, b)) return copy(m, d, one);
  const exponent = m[b]!;
  const isInteger = m[b + 3] === 0 && m[b + 2] === 0 && m[b + 1] === 0 && Number.isInteger(exponent);
  if (isInteger && Math.abs(exponent) <= multipliedUpTo) return powerOfInteger(m, d, a, exponent);
  const s = signOf(m, a);
  if (s === 0) return signOf(m, b) === 1 ? setZero(m, d) : setUnknown(m, d);
  if (s === -1 && m[b + 3] === 0 && !isSpecial(m, b)) {
    const fraction = m[b + 2] === 0 && m[b + 1] === 0 && Math.abs(exponent) < 2 ** 52 && !isInteger;
    if (fraction) return setNotANumber(m, d);
    if (!isInteger) return setUnknown(m, d);
    negate(m, powBase, a);
    log(m, powLog, powBase);
    multiply(m, powProduct, powLog, b);
    exp(m, d, powProduct);
    return exponent % 2 === 0 ? undefined : negate(m, d, d);
  }
  if (s !== 1) return setUnknown(m, d);
  log(m, powLog, a);
  multiply(m, powProduct, powLog, b);
  exp(m, d, powProduct);
}

// --- Sigmoidal -------------------------------------------------------------------------------------------------------

// These formulas hold for arguments of either sign; the sign of h only says which of two loses nothing.

const isNegative = (m: Memory, a: number): boolean => m[a]! < 0;

const [sigmoidArgument, sigmoidSum] = [place(6), place(7)];

/** 1 / (1 + exp(−a)) = e / (1 + e) with e = exp(a) */
export function sigmoid(m: Memory, d: number, a: number): void {
  const below = isNegative(m, a);
  if (below) copy(m, sigmoidArgument, a);
  else negate(m, sigmoidArgument, a);
  exp(m, sigmoidArgument, sigmoidArgument);
  add(m, sigmoidSum, one, sigmoidArgument);
  divide(m, d, below ? sigmoidArgument : one, sigmoidSum);
}

const softplusExponential = place(8);

/** log(1 + exp(a)) = a + log(1 + exp(−a)) */
export function softplus(m: Memory, d: number, a: number): void {
  if (isNegative(m, a)) {
    exp(m, softplusExponential, a);
    return log1p(m, d, softplusExponential);
  }
  negate(m, softplusExponential, a);
  exp(m, softplusExponential, softplusExponential);
  log1p(m, softplusExponential, softplusExponential);
  add(m, d, a, softplusExponential);
}

const logSigmoidArgument = place(9);

export function logSigmoid(m: Memory, d: number, a: number): void {
  negate(m, logSigmoidArgument, a);
  softplus(m, d, logSigmoidArgument);
  negate(m, d, d);
}

const [addexpDifference, addexpResult] = [place(10), place(11)];

/** log(exp(a) + exp(b)) = a + softplus(b − a) */
export function logaddexp(m: Memory, d: number, a: number, b: number): void {
  subtract(m, addexpDifference, b, a);
  const from = isNegative(m, addexpDifference) ? a : b;
  if (from === b) negate(m, addexpDifference, addexpDifference);
  softplus(m, addexpResult, addexpDifference);
  add(m, d, from, addexpResult);
}

// --- Hyperbolic ------------------------------------------------------------------------------------------------------

const [hyperbolicArgument, hyperbolicOther] = [place(12), place(13)];

/** The argument, or its negative, with h >= 0; whether it was negated. */
function turned(m: Memory, a: number): boolean {
  const below = isNegative(m, a);
  if (below) negate(m, hyperbolicArgument, a);
  else copy(m, hyperbolicArgument, a);
  return below;
}

/** sinh(a) = (u + u/(u + 1))/2 with u = expm1(a) */
export function sinh(m: Memory, d: number, a: number): void {
  if (isExactZero(m, a)) return setZero(m, d);
  const below = turned(m, a);
  expm1(m, hyperbolicArgument, hyperbolicArgument);
  add(m, hyperbolicOther, hyperbolicArgument, one);
  divide(m, hyperbolicOther, hyperbolicArgument, hyperbolicOther);
  add(m, d, hyperbolicArgument, hyperbolicOther);
  scale(m, d, d, -1);
  if (below) negate(m, d, d);
}

export function cosh(m: Memory, d: number, a: number): void {
  turned(m, a);
  exp(m, hyperbolicArgument, hyperbolicArgument);
  divide(m, hyperbolicOther, one, hyperbolicArgument);
  add(m, d, hyperbolicArgument, hyperbolicOther);
  scale(m, d, d, -1);
}

const two = place(14);

/** tanh(a) = u/(u + 2) with u = expm1(2a), = 1 − 2/(exp(2a) + 1) */
export function tanh(m: Memory, d: number, a: number): void {
  if (isExactZero(m, a)) return setZero(m, d);
  put(m, two, 2, 0, 0, 0);
  const below = turned(m, a);
  const close = m[hyperbolicArgument]! < 0.25 || m[hyperbolicArgument + 2]! < 0;
  scale(m, hyperbolicArgument, hyperbolicArgument, 1);
  if (close) {
    expm1(m, hyperbolicArgument, hyperbolicArgument);
    add(m, hyperbolicOther, hyperbolicArgument, two);
    divide(m, d, hyperbolicArgument, hyperbolicOther);
  } else {
    exp(m, hyperbolicArgument, hyperbolicArgument);
    add(m, hyperbolicOther, hyperbolicArgument, one);
    divide(m, hyperbolicOther, two, hyperbolicOther);
    subtract(m, d, one, hyperbolicOther);
  }
  if (below) negate(m, d, d);
}

/** asinh(a) = log1p(a + a²/(1 + √(1 + a²))) for a >= 0; the formula holds for every a */
export function asinh(m: Memory, d: number, a: number): void {
  if (isExactZero(m, a)) return setZero(m, d);
  const below = turned(m, a);
  multiply(m, hyperbolicOther, hyperbolicArgument, hyperbolicArgument);
  add(m, d, one, hyperbolicOther);
  squareRoot(m, d, d);
  add(m, d, one, d);
  divide(m, d, hyperbolicOther, d);
  add(m, d, hyperbolicArgument, d);
  log1p(m, d, d);
  if (below) negate(m, d, d);
}

/** acosh(a) = log1p(t + √(t (t + 2))) with t = a − 1 */
export function acosh(m: Memory, d: number, a: number): void {
  put(m, two, 2, 0, 0, 0);
  subtract(m, hyperbolicArgument, a, one);
  if (signOf(m, hyperbolicArgument) === -1) return setNotANumber(m, d);
  add(m, hyperbolicOther, hyperbolicArgument, two);
  multiply(m, hyperbolicOther, hyperbolicArgument, hyperbolicOther);
  squareRoot(m, hyperbolicOther, hyperbolicOther);
  add(m, hyperbolicOther, hyperbolicArgument, hyperbolicOther);
  log1p(m, d, hyperbolicOther);
}

/** atanh(a) = log1p(2a/(1 − a))/2 */
export function atanh(m: Memory, d: number, a: number): void {
  if (isExactZero(m, a)) return setZero(m, d);
  const below = turned(m, a);
  subtract(m, hyperbolicOther, one, hyperbolicArgument);
  const s = signOf(m, hyperbolicOther);
  // At ±1, ±∞
  if (s !== 1) return s === -1 || isNotANumber(m, a) ? setNotANumber(m, d) : setUnknown(m, d);
  scale(m, hyperbolicArgument, hyperbolicArgument, 1);
  divide(m, hyperbolicArgument, hyperbolicArgument, hyperbolicOther);
  log1p(m, d, hyperbolicArgument);
  scale(m, d, d, -1);
  if (below) negate(m, d, d);
}

// --- Trigonometric ---------------------------------------------------------------------------------------------------

const piParts = partsOf(piOfBall(300), 3);
const halfPi = part(piParts, 0) / 2;
const halfPi2 = part(piParts, 1) / 2;
const halfPi3 = part(piParts, 2) / 2;

/** sin and cos of j/16 for j = 0 … 13, two parts each */
const nodes = Float64Array.from({ length: 14 * 4 }, (_, i) => {
  const angle = dyadic(BigInt(i >> 2), -4n);
  const parts = partsOf((i & 2) === 0 ? sinOfBall(angle, 160) : cosOfBall(angle, 160), 2);
  return part(parts, i & 1);
});

/** The argument, reduced: quarter turns taken away modulo 4, the rest in two parts, and a bound on its error. */
const turn = new Float64Array(4);
/** sin and cos of the rest, two parts each. Off by less than 2^-93 of themselves. */
const waves = new Float64Array(4);

/** Fixed-point digits after the point, for large arguments. */
const largeBits = 400;

function reduceTurn(h: number, l: number): void {
  const n = Math.round(h / halfPi);
  if (Math.abs(n) < 2 ** 24) {
    if (n === 0) {
      turn[0] = 0;
      turn[1] = h;
      turn[2] = l;
      turn[3] = 0;
      return;
    }
    product2(n, 0, halfPi, 0);
    const [p1, e1] = [out[0]!, out[1]!];
    product2(n, 0, halfPi2, 0);
    const [p2, e2] = [out[0]!, out[1]!];
    // h − p1 is exact; then − e1, − p2, + l by exact sums of two, and the rest
    const d = h - p1;
    const s1 = d - e1;
    const b1 = s1 - d;
    const t1 = d - (s1 - b1) + (-e1 - b1);
    const s2 = s1 - p2;
    const b2 = s2 - s1;
    const t2 = s1 - (s2 - b2) + (-p2 - b2);
    const s3 = s2 + l;
    const b3 = s3 - s2;
    const t3 = s2 - (s3 - b3) + (l - b3);
    const low = t1 + t2 + t3 - e2 - n * halfPi3;
    const r = s3 + low;
    turn[0] = ((n % 4) + 4) % 4;
    turn[1] = r;
    turn[2] = low - (r - s3);
    turn[3] =
      (Math.abs(t1) + Math.abs(t2) + Math.abs(t3) + Math.abs(e2) + Math.abs(n * halfPi3)) * 4 * unit +
      Math.abs(n) * 2 ** -155;
    return;
  }
  const pi = piFixed(largeBits);
  const scaledBy = BigInt(largeBits);
  const x = fixedOf(h, scaledBy) + fixedOf(l, scaledBy);
  let quotient = (4n * x) / pi;
  quotient = (quotient < 0n ? quotient - 1n : quotient + 1n) / 2n;
  const rest = x - (quotient * pi) / 2n;
  const high = Number(rest >> 200n);
  const low = Number(rest - (BigInt(high) << 200n)) * 2 ** -400;
  turn[0] = Number(((quotient % 4n) + 4n) % 4n);
  turn[1] = high * 2 ** -200;
  turn[2] = low;
  turn[3] = Math.abs(low) * unit + Math.abs(h) * 2 ** -395;
}

/** floor(x·2^bits) of a binary64 */
function fixedOf(x: number, bits: bigint): bigint {
  const exponent = Math.max(Math.floor(Math.log2(Math.abs(x))) - 54, -1000);
  if (x === 0 || exponent < -900) return 0n;
  return shifted(BigInt(x * powerOfTwo(-exponent)), BigInt(exponent) + bits);
}

/** waves = sin and cos of h + l for |h| <= π/4 */
function waveKernel(h: number, l: number): void {
  const j = Math.round(Math.abs(h) * 16);
  const direction = h < 0 ? -1 : 1;
  const sh = direction * h - j / 16;
  const sl = direction * l;
  const s = sh + sl;
  const t = sl - (s - sh);
  product2(s, t, s, t);
  const uh = out[0]!;
  const ul = out[1]!;
  // sin s = s − s u (1/3! − u (1/5! − u (1/7! − …))), |s| <= 1/32
  const sine = seventh - uh * (1 / 362880 - uh * (1 / 39916800 - uh * (1 / 6227020800)));
  sum2(seventh, seventhLow, sine - seventh, 0);
  hornerStep(fifth, fifthLow, -uh, -ul);
  hornerStep(third, thirdLow, -uh, -ul);
  product2(out[0]!, out[1]!, uh, ul);
  product2(out[0]!, out[1]!, -s, -t);
  sum2(s, t, out[0]!, out[1]!);
  const ah = out[0]!;
  const al = out[1]!;
  // cos s = 1 − u (1/2! − u (1/4! − u (1/6! − …)))
  const cosine = -uh * (1 / 40320 - uh * (1 / 3628800 - uh * (1 / 479001600)));
  sum2(sixth, sixthLow, cosine, 0);
  hornerStep(fourth, fourthLow, -uh, -ul);
  hornerStep(0.5, 0, -uh, -ul);
  hornerStep(1, 0, -uh, -ul);
  const ch = out[0]!;
  const cl = out[1]!;
  if (j === 0) {
    waves[0] = direction * ah;
    waves[1] = direction * al;
    waves[2] = ch;
    waves[3] = cl;
    return;
  }
  const nsh = nodes[4 * j]!;
  const nsl = nodes[4 * j + 1]!;
  const nch = nodes[4 * j + 2]!;
  const ncl = nodes[4 * j + 3]!;
  product2(nch, ncl, ah, al);
  const p1 = out[0]!;
  const q1 = out[1]!;
  product2(nsh, nsl, ch, cl);
  sum2(out[0]!, out[1]!, p1, q1);
  waves[0] = direction * out[0]!;
  waves[1] = direction * out[1]!;
  product2(nsh, nsl, ah, al);
  const p2 = out[0]!;
  const q2 = out[1]!;
  product2(nch, ncl, ch, cl);
  sum2(out[0]!, out[1]!, -p2, -q2);
  waves[2] = out[0]!;
  waves[3] = out[1]!;
}

export const sin = (m: Memory, d: number, a: number): void => wave(m, d, a, 0);
export const cos = (m: Memory, d: number, a: number): void => wave(m, d, a, 1);

/** sin(a + quarter·π/2) */
function wave(m: Memory, d: number, a: number, quarter: number): void {
  if (isExactZero(m, a)) return quarter === 0 ? setZero(m, d) : copy(m, d, one);
  if (isNotANumber(m, a)) return setNotANumber(m, d);
  const r = m[a + 3]!;
  if (m[a + 2]! < 0 && !isSpecial(m, a) && r <= Math.abs(m[a]!)) {
    // |sin(x) − x| <= |x|³, |cos(x) − 1| <= x², |x| < 2^-299
    if (quarter === 0) return put(m, d, m[a]!, m[a + 1]!, m[a + 2]!, (r + Math.abs(m[a]!) * 2 ** -300) * grown);
    return put(m, d, 1, 0, 0, 2 ** -500);
  }
  if (isSpecial(m, a) || m[a + 2] !== 0 || !(r < 1)) return setUnknown(m, d);
  reduceTurn(m[a]!, m[a + 1]!);
  waveKernel(turn[1]!, turn[2]!);
  const phase = (turn[0]! + quarter) % 4;
  const i = phase % 2 === 0 ? 0 : 2;
  const sign = phase >= 2 ? -1 : 1;
  const h = sign * waves[i]!;
  put(m, d, h, sign * waves[i + 1]!, 0, (Math.abs(h) * 2 ** -93 + r + turn[3]!) * grown);
}

const tanCosine = place(15);

export function tan(m: Memory, d: number, a: number): void {
  cos(m, tanCosine, a);
  sin(m, d, a);
  divide(m, d, d, tanCosine);
}

const [atanArgument, atanOther] = [place(16), place(17)];

/** atan(a) = y0 + atan(u), u = (a cos y0 − sin y0)/(cos y0 + a sin y0); beyond 1, π/2 − atan(1/a) */
export function atan(m: Memory, d: number, a: number): void {
  if (isExactZero(m, a)) return setZero(m, d);
  if (isNotANumber(m, a)) return setNotANumber(m, d);
  const below = isNegative(m, a);
  if (below) negate(m, atanArgument, a);
  else copy(m, atanArgument, a);
  const exponent = m[atanArgument + 2]!;
  const large = isSpecial(m, atanArgument) || exponent > 0 || (exponent === 0 && m[atanArgument]! > 1);
  if (large) divide(m, atanArgument, one, atanArgument);
  if (isSpecial(m, atanArgument)) return setUnknown(m, d);
  arcTangent(m, d, atanArgument);
  if (large) {
    put(m, atanOther, halfPi, halfPi2, 0, 2 ** -106);
    subtract(m, d, atanOther, d);
  }
  if (below) negate(m, d, d);
}

function arcTangent(m: Memory, d: number, a: number): void {
  const h = m[a]!;
  const l = m[a + 1]!;
  const r = m[a + 3]!;
  if (m[a + 2] !== 0 || Math.abs(h) < 2 ** -100) {
    // |atan(x) − x| <= |x|³
    if (m[a + 2] === 0 && !(r < 2 ** -100)) return setUnknown(m, d);
    return put(m, d, h, l, m[a + 2]!, (r + (Math.abs(h) + r) * 2 ** -199) * grown);
  }
  const start = Math.atan(h);
  waveKernel(start, 0);
  product2(waves[2]!, waves[3]!, h, l);
  const u = (out[0]! - waves[0]! + (out[1]! - waves[1]!)) / (waves[2]! + h * waves[0]!);
  const value = start + u;
  const slope = Math.max(0, Math.abs(h) - r);
  put(m, d, value, u - (value - start), 0, (Math.abs(value) * 2 ** -92 + r / (1 + slope * slope)) * grown);
}

const [arcArgument, arcOther] = [place(18), place(19)];

/** asin(a) = atan(a/√((1 − a)(1 + a))) */
export function asin(m: Memory, d: number, a: number): void {
  subtract(m, arcArgument, one, a);
  add(m, arcOther, one, a);
  const [s, t] = [signOf(m, arcArgument), signOf(m, arcOther)];
  if (isNotANumber(m, a) || s === -1 || t === -1) return setNotANumber(m, d);
  if (s === 0 || t === 0) {
    put(m, d, t === 0 ? -halfPi : halfPi, t === 0 ? -halfPi2 : halfPi2, 0, 2 ** -106);
    return;
  }
  multiply(m, arcOther, arcArgument, arcOther);
  squareRoot(m, arcOther, arcOther);
  divide(m, arcOther, a, arcOther);
  atan(m, d, arcOther);
}

/** acos(a) = 2 atan(√((1 − a)/(1 + a))), and π − acos(−a) for a < 0 */
export function acos(m: Memory, d: number, a: number): void {
  const below = isNegative(m, a);
  if (below) add(m, arcArgument, one, a);
  else subtract(m, arcArgument, one, a);
  if (isNotANumber(m, a) || signOf(m, arcArgument) === -1) return setNotANumber(m, d);
  if (below) subtract(m, arcOther, one, a);
  else add(m, arcOther, one, a);
  divide(m, arcOther, arcArgument, arcOther);
  squareRoot(m, arcOther, arcOther);
  atan(m, d, arcOther);
  scale(m, d, d, 1);
  if (below) {
    put(m, arcOther, 2 * halfPi, 2 * halfPi2, 0, 2 ** -105);
    subtract(m, d, arcOther, d);
  }
}

export function pi(m: Memory, d: number): void {
  put(m, d, 2 * halfPi, 2 * halfPi2, 0, 2 ** -105);
}

// --- Steps -----------------------------------------------------------------------------------------------------------

/** A monotone step function: decided where both ends of what is known come to the same. */
function stepOf(m: Memory, d: number, a: number, at: (h: number, l: number) => number): void {
  if (isNotANumber(m, a)) return setNotANumber(m, d);
  if (isExactZero(m, a)) return setZero(m, d);
  const h = m[a]!;
  const l = m[a + 1]!;
  const r = m[a + 3]!;
  if (m[a + 2]! < 0) {
    // Between −1/2 and 1/2
    const s = signOf(m, a);
    return Math.abs(s) === 1 ? put(m, d, at(s / 4, 0), 0, 0, 0) : setUnknown(m, d);
  }
  if (isSpecial(m, a) || m[a + 2]! > 0 || Math.abs(h) > 2 ** 52) {
    // An integer, unless there is a low part.
    return r === 0 && l === 0 ? copy(m, d, a) : setUnknown(m, d);
  }
  const value = r === 0 ? at(h, l) : atSum(h, l - r * grown, at);
  if (r !== 0 && value !== atSum(h, l + r * grown, at)) return setUnknown(m, d);
  put(m, d, value, 0, 0, 0);
}

function atSum(h: number, l: number, at: (h: number, l: number) => number): number {
  const s = h + l;
  const b = s - h;
  return at(s, h - (s - b) + (l - b));
}

export const floor = (m: Memory, d: number, a: number): void =>
  stepOf(m, d, a, (h, l) => (Number.isInteger(h) && l < 0 ? h - 1 : Math.floor(h)));
export const ceil = (m: Memory, d: number, a: number): void =>
  stepOf(m, d, a, (h, l) => (Number.isInteger(h) && l > 0 ? h + 1 : Math.ceil(h)));
/** To the nearest integer, from the middle between two to the even one. */
export const round = (m: Memory, d: number, a: number): void =>
  stepOf(m, d, a, (h, l) => {
    const below = Math.floor(h);
    const side = h - below - 0.5 || l;
    return below + (side > 0 || (side === 0 && below % 2 !== 0) ? 1 : 0);
  });
