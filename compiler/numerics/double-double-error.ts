/**
 * The error function of double-double numbers: Taylor series of erf around multiples of 1/16 up to 1, of the scaled
 * complement g(x) = exp(x²) erfc(x) up to 10, and the asymptotic series of that beyond.
 */
import {
  add as addBalls,
  type Ball,
  divide as divideBalls,
  dyadic,
  multiply as multiplyBalls,
  negate as negateBall,
  scaled,
  two as twoBall,
  zero,
} from "./ball.js";
import {
  divide,
  grown,
  isExactZero,
  isNotANumber,
  type Memory,
  multiply,
  negate,
  out,
  put,
  scale,
  setNotANumber,
  setTiny,
  setUnknown,
  setZero,
  subtract,
} from "./double-double.js";
import { exp, one, place, product2, sum2 } from "./double-double-functions.js";
import { late, partsOf } from "./double-double-parts.js";
import { exp as expOfBall } from "./elementary.js";
import { sqrt } from "./powers.js";
import { erf as erfOfBall, erfc as erfcOfBall } from "./special.js";
import { pi } from "./trigonometric.js";

/** Of these, the recurrences below lose about a hundred. */
const bits = 300;
const rootOfPi = sqrt(pi(bits), bits);

/** Coefficients that are kept in two parts, and all: |x| <= 1/32 leaves less than 2^-104 of the value beyond. */
const [long, terms] = [11, 22];
const perTable = 2 * terms;
const [erfUpTo, scaledUpTo] = [17, 160];

/** Taylor coefficients around j/16, `terms` high parts and then `terms` low ones for each j. */
function coefficientsFor(count: number, series: (j: number) => readonly Ball[]): Float64Array {
  const table = new Float64Array(count * perTable);
  for (let j = 0; j < count; j++) {
    series(j).forEach((coefficient, n) => {
      const parts = partsOf(coefficient, n < long ? 2 : 1);
      table[j * perTable + n] = parts[0] ?? NaN;
      table[j * perTable + terms + n] = parts[1] ?? 0;
    });
  }
  return table;
}

const times = (a: Ball, b: Ball): Ball => multiplyBalls(a, b, bits);
const over = (a: Ball, n: number): Ball => divideBalls(a, dyadic(BigInt(n)), bits);
const timesInteger = (a: Ball, n: number): Ball => times(a, dyadic(BigInt(n)));

/** erf: (n + 1)(n + 2) a_{n+2} = −2 (c (n + 1) a_{n+1} + n a_n), since f″ = −2x f′ */
const erfTable = late(() =>
  coefficientsFor(erfUpTo, (j) => {
    const c = dyadic(BigInt(j), -4n);
    const slope = divideBalls(scaled(expOfBall(negateBall(times(c, c)), bits), 1n), rootOfPi, bits);
    const series = [erfOfBall(c, bits), slope];
    for (let n = 0; n + 2 < terms; n++) {
      const [a = zero, b = zero] = [series[n], series[n + 1]];
      const sum = addBalls(timesInteger(times(c, b), n + 1), timesInteger(a, n), bits);
      series.push(over(scaled(negateBall(sum), 1n), (n + 1) * (n + 2)));
    }
    return series;
  }),
);

/** g: (n + 1) b_{n+1} = 2 (c b_n + b_{n−1}), since g′ = 2x g − 2/√π; from j = 16 on */
const scaledTable = late(() =>
  coefficientsFor(scaledUpTo - 15, (i) => {
    const c = dyadic(BigInt(i + 16), -4n);
    const value = times(erfcOfBall(c, bits), expOfBall(times(c, c), bits));
    const slope = addBalls(scaled(times(c, value), 1n), negateBall(divideBalls(twoBall, rootOfPi, bits)), bits);
    const series = [value, slope];
    for (let n = 1; n + 1 < terms; n++) {
      const [a = zero, b = zero] = [series[n - 1], series[n]];
      series.push(over(scaled(addBalls(times(c, b), a, bits), 1n), n + 1));
    }
    return series;
  }),
);

/** out = the series of a table at `from`, at x = h + l with |x| <= 1/32. Off by less than 2^-97 of it. */
function taylor(table: Float64Array, from: number, h: number, l: number): void {
  let tail = table[from + terms - 1]!;
  for (let n = terms - 2; n >= long; n--) tail = table[from + n]! + h * tail;
  out[0] = tail;
  out[1] = 0;
  for (let n = long - 1; n >= 0; n--) {
    product2(out[0]!, out[1]!, h, l);
    // Coefficients may be small beside what follows, so that their order is not known.
    exactSum(table[from + n]!, out[0]!, table[from + terms + n]! + out[1]!);
  }
}

/** out = a + b + low, for any a and b. */
function exactSum(a: number, b: number, low: number): void {
  const s = a + b;
  const c = s - a;
  const rest = a - (s - c) + (b - c) + low;
  const h = s + rest;
  out[0] = h;
  out[1] = rest - (h - s);
}

const magnitude = place(20);
const square = place(21);
const factor = place(22);
const constant = place(23);

const rootParts = partsOf(rootOfPi, 2);
const halfRootParts = partsOf(sqrt(dyadic(1n, -1n), bits), 2);
const slopeParts = partsOf(divideBalls(twoBall, rootOfPi, bits), 2);

function putConstant(m: Memory, d: number, parts: readonly number[]): void {
  put(m, d, parts[0] ?? NaN, parts[1] ?? NaN, 0, (parts[0] ?? NaN) * 2 ** -105);
}

/** erf(a) where |a| <= 1 */
function central(m: Memory, d: number, a: number): void {
  if (m[a + 2] !== 0) {
    // 2a/√π, but for a³
    putConstant(m, constant, slopeParts);
    return multiply(m, d, constant, a);
  }
  const below = m[a]! < 0;
  const h = Math.abs(m[a]!);
  const l = below ? -m[a + 1]! : m[a + 1]!;
  const j = Math.round(h * 16);
  const s = h - j / 16;
  const x = s + l;
  taylor(erfTable(), j * perTable, x, l - (x - s));
  const y = below ? -out[0]! : out[0]!;
  put(m, d, y, below ? -out[1]! : out[1]!, 0, (Math.abs(y) * 2 ** -96 + 1.13 * m[a + 3]!) * grown);
}

/** erfc(a) = exp(−a²) g(a) where a >= 1 */
function tail(m: Memory, d: number, a: number): void {
  const h = m[a]!;
  if (!(h < 1000) || m[a + 2] !== 0) return setTiny(m, d, 2 ** 19);
  multiply(m, square, a, a);
  if (h < 10) {
    const j = Math.round(h * 16);
    const s = h - j / 16;
    const x = s + m[a + 1]!;
    taylor(scaledTable(), (j - 16) * perTable, x, m[a + 1]! - (x - s));
    put(m, factor, out[0]!, out[1]!, 0, (out[0]! * 2 ** -96 + 1.13 * m[a + 3]!) * grown);
  } else {
    divide(m, factor, one, square);
    scale(m, factor, factor, -1);
    const vh = m[factor]!;
    const vl = m[factor + 1]!;
    // 1 − v (1 − 3v (1 − 5v (…))), v = 1/(2a²) <= 1/200; the first term left out is below 2^-108
    let rest = 1;
    for (let k = 79; k > 25; k -= 2) rest = 1 - k * vh * rest;
    out[0] = rest;
    out[1] = 0;
    for (let k = 25; k > 0; k -= 2) {
      product2(out[0]!, out[1]!, vh, vl);
      product2(out[0]!, out[1]!, -k, 0);
      sum2(1, 0, out[0]!, out[1]!);
    }
    put(m, factor, out[0]!, out[1]!, 0, out[0]! * 2 ** -96 + 1.01 * m[factor + 3]!);
    divide(m, factor, factor, a);
    putConstant(m, constant, rootParts);
    divide(m, factor, factor, constant);
  }
  negate(m, square, square);
  exp(m, square, square);
  multiply(m, d, square, factor);
}

/** Which of the formulas holds: 0 near 0, ±1 in the tails, NaN where too little is known. */
function regionOf(m: Memory, a: number): number {
  if (m[a] === Infinity) return 1;
  if (m[a] === -Infinity) return -1;
  const [h, e, r] = [m[a]!, m[a + 2]!, m[a + 3]!];
  if (e > 0) return r < Math.abs(h) / 2 ? Math.sign(h) : NaN;
  if (e < 0) return r < 2 ** 200 ? 0 : NaN;
  if (Math.abs(h) > 1000) return r < Math.abs(h) / 1000 ? Math.sign(h) : NaN;
  return r < 2 ** -10 ? (Math.abs(h) <= 1 ? 0 : Math.sign(h)) : NaN;
}

export function erf(m: Memory, d: number, a: number): void {
  if (isExactZero(m, a)) return setZero(m, d);
  if (isNotANumber(m, a)) return setNotANumber(m, d);
  const region = regionOf(m, a);
  if (Number.isNaN(region)) return setUnknown(m, d);
  if (region === 0) return central(m, d, a);
  if (region > 0) tail(m, d, a);
  else {
    negate(m, magnitude, a);
    tail(m, d, magnitude);
  }
  subtract(m, d, one, d);
  if (region < 0) negate(m, d, d);
}

export function erfc(m: Memory, d: number, a: number): void {
  if (isNotANumber(m, a)) return setNotANumber(m, d);
  const region = regionOf(m, a);
  if (Number.isNaN(region)) return setUnknown(m, d);
  if (region > 0) return tail(m, d, a);
  if (region === 0) {
    central(m, d, a);
    return subtract(m, d, one, d);
  }
  negate(m, magnitude, a);
  tail(m, d, magnitude);
  put(m, constant, 2, 0, 0, 0);
  subtract(m, d, constant, d);
}

const argument = place(24);

/** The distribution function of the standard normal distribution: erfc(−a/√2)/2 */
export function normcdf(m: Memory, d: number, a: number): void {
  putConstant(m, constant, halfRootParts);
  multiply(m, argument, a, constant);
  negate(m, argument, argument);
  erfc(m, d, argument);
  scale(m, d, d, -1);
}
