/**
 * Numbers of about 106 bits in pairs of binary64, with an exponent and a bound on their error: what is fast and still
 * says how far it can be trusted. They live in a memory of binary64, four places each:
 *
 *     h, l, e, r      the number is (h + l)·2^e, and the true one lies within r·2^e of it
 *
 * h is h + l rounded, but l may be far below the last digit of h: 1 + 2^-900 is a number. e is 0 unless the size is out
 * of 2^±300 (2^±320, before something is done about it). Every operation encloses: whichever numbers the operands stand
 * for, the result of the real operation lies in the result. r = 0 says "exactly"; it stays 0 where operations are exact.
 *
 * Three kinds of numbers have no finite h:
 *
 *     NaN, 0, 0, 0    surely not a number, such as log(−1)
 *     NaN, 0, 0, 1    nothing is known
 *     ±∞, l, e, r     ±exp(l + e), to within r of that logarithm, which is above 2^18; if r is infinite, above 2^200
 */
export type Memory = Float64Array;

/** Places that a number takes. */
export const width = 4;

/** 2^-53, rounded up: what rounding costs at most, relative to the rounded result. */
export const unit = 1.1102230246251568e-16;
/** Makes up for the roundings in a bound itself. */
export const grown = 1 + 2 ** -48;
/** Above what underflow of low parts may lose. */
export const tiny = 2 ** -1000;
const [smallest, largest] = [2 ** -320, 2 ** 320];
/** Exponents beyond this one leave the finite numbers. */
export const exponentLimit = 2 ** 21;
/** 2^27 + 1 (Veltkamp): splits a binary64 into two halves whose products are exact. */
const splitter = 134217729;

/** Results of the kernels below: h, l, r. */
export const out = new Float64Array(3);

/** Powers of two from 2^-1074 to 2^1023. */
const powers = Float64Array.from({ length: 2098 }, () => 0);
for (let i = 0, power = 2 ** -1074; i < powers.length; i++, power *= 2) powers[i] = power;
export const powerOfTwo = (k: number): number => powers[k + 1074] ?? NaN;

/** x·2^k for any k; what becomes subnormal on the way is off by 2^-1073 at most. */
export function scaleBy(x: number, k: number): number {
  let result = x;
  let rest = k;
  for (; rest > 1000; rest -= 1000) result *= 2 ** 1000;
  for (; rest < -1000 && result !== 0; rest += 1000) result *= 2 ** -1000;
  return result * powerOfTwo(Math.max(rest, -1000));
}

export const setNotANumber = (m: Memory, d: number): void => set(m, d, NaN, 0, 0, 0);
export const setUnknown = (m: Memory, d: number): void => set(m, d, NaN, 0, 0, 1);
export const setZero = (m: Memory, d: number): void => set(m, d, 0, 0, 0, 0);
/** All that is known: below 2^-k. */
export const setTiny = (m: Memory, d: number, k: number): void => set(m, d, 0, 0, -k, 1);
/** sign·exp(h + l), to within r of the logarithm. */
export const setHuge = (m: Memory, d: number, sign: number, h: number, l: number, r: number): void =>
  set(m, d, sign < 0 ? -Infinity : Infinity, h, l, r);

function set(m: Memory, d: number, h: number, l: number, e: number, r: number): void {
  m[d] = h;
  m[d + 1] = l;
  m[d + 2] = e;
  m[d + 3] = r;
}

export function copy(m: Memory, d: number, a: number): void {
  set(m, d, m[a]!, m[a + 1]!, m[a + 2]!, m[a + 3]!);
}

export const isSpecial = (m: Memory, a: number): boolean => !(Math.abs(m[a]!) < Infinity);
export const isHuge = (m: Memory, a: number): boolean => Math.abs(m[a]!) === Infinity;
export const isNotANumber = (m: Memory, a: number): boolean => Number.isNaN(m[a]!) && m[a + 3] === 0;
export const isUnknown = (m: Memory, a: number): boolean => Number.isNaN(m[a]!) && m[a + 3] !== 0;
export const isExactZero = (m: Memory, a: number): boolean => m[a] === 0 && m[a + 3] === 0;
export const isExact = (m: Memory, a: number): boolean => m[a + 3] === 0 && !isSpecial(m, a);

/** The sign where it is decided; 0 of an exact zero, NaN where it is not known or there is none. */
export function signOf(m: Memory, a: number): number {
  const h = m[a]!;
  const size = Math.abs(h);
  if (size * (1 - 2 ** -50) > m[a + 3]! || size === Infinity) return h < 0 ? -1 : 1;
  return h === 0 && m[a + 3] === 0 ? 0 : NaN;
}

/** Stores a number whose h, l, r came out of an operation. */
export function put(m: Memory, d: number, h: number, l: number, e: number, r: number): void {
  const magnitude = Math.abs(h);
  const size = magnitude > r ? magnitude : r;
  if (e === 0 && size <= largest && size >= smallest && r < Infinity) set(m, d, h, l, 0, r);
  else settle(m, d, h, l, e, r);
}

/** Brings a number of any size into the form in which numbers are stored. */
function settle(m: Memory, d: number, h: number, l: number, e: number, r: number): void {
  const size = Math.max(Math.abs(h), r);
  if (!(size < Infinity) || !Number.isFinite(l) || !Number.isFinite(e)) return setUnknown(m, d);
  if (size === 0) return setZero(m, d);
  const magnitude = Math.floor(Math.log2(size));
  const total = magnitude + e;
  if (total > exponentLimit) {
    if (!(Math.abs(h) > 2 * r)) return setUnknown(m, d);
    // To 45 bits, which is all that anyone asks of so large a number by this way.
    const logarithm = (Math.log2(Math.abs(h) * scaleBy(1, -magnitude)) + total) * Math.LN2;
    return setHuge(m, d, h, logarithm, 0, logarithm * 2 ** -45 + 2);
  }
  if (total < -exponentLimit) return setTiny(m, d, exponentLimit - 1);
  const shift = Math.abs(total) <= 300 ? e : -magnitude;
  const low = scaleBy(l, shift);
  // What subnormal numbers lose.
  const lost = l !== 0 && Math.abs(low) < tiny ? tiny : 0;
  const radius = scaleBy(r, shift);
  const more = lost + (r !== 0 && radius < tiny ? tiny : 0);
  set(m, d, scaleBy(h, shift), low, e - shift, more === 0 ? radius : (radius + more) * grown);
}

/** out = a + b, for a common exponent. Exact where 106 bits hold the sum, however far apart these are. */
function sumKernel(ah: number, al: number, ar: number, bh: number, bl: number, br: number): void {
  // Three exact sums of two (Knuth); what is left over below them is added with roundings.
  const s = ah + bh;
  const sb = s - ah;
  const t = ah - (s - sb) + (bh - sb);
  const u = al + bl;
  const ub = u - al;
  const v = al - (u - ub) + (bl - ub);
  const c = t + u;
  const cb = c - t;
  const w = t - (c - cb) + (u - cb);
  const h = s + c;
  const hb = h - s;
  let l = s - (h - hb) + (c - hb);
  let r = ar + br;
  const rest = v + w;
  if (rest !== 0) {
    l += rest;
    r += unit * (Math.abs(rest) + Math.abs(l)) + tiny;
  }
  const sum = h + l;
  out[0] = sum;
  out[1] = l - (sum - h);
  out[2] = r * grown;
}

export const add = (m: Memory, d: number, a: number, b: number): void => sum(m, d, a, b, 1);
export const subtract = (m: Memory, d: number, a: number, b: number): void => sum(m, d, a, b, -1);

/** a + sign·b */
function sum(m: Memory, d: number, a: number, b: number, sign: number): void {
  if (m[a + 2] === 0 && m[b + 2] === 0) {
    sumKernel(m[a]!, m[a + 1]!, m[a + 3]!, sign * m[b]!, sign * m[b + 1]!, m[b + 3]!);
    const h = out[0]!;
    const r = out[2]!;
    const magnitude = Math.abs(h);
    const size = magnitude > r ? magnitude : r;
    if (size <= largest && size >= smallest && r < Infinity) return set(m, d, h, out[1]!, 0, r);
  }
  unusualSum(m, d, a, b, sign);
}

function unusualSum(m: Memory, d: number, a: number, b: number, sign: number): void {
  if (isSpecial(m, a) || isSpecial(m, b)) return specialSum(m, d, a, b, sign);
  const [ah, al, ae, ar] = [m[a]!, m[a + 1]!, m[a + 2]!, m[a + 3]!];
  const [bh, bl, be, br] = [sign * m[b]!, sign * m[b + 1]!, m[b + 2]!, m[b + 3]!];
  if (ah === 0 && ar === 0) return put(m, d, bh, bl, be, br);
  if (bh === 0 && br === 0) return put(m, d, ah, al, ae, ar);
  const e = Math.max(ae, be);
  if (ae === be) sumKernel(ah, al, ar, bh, bl, br);
  else if (ae === e) {
    sumKernel(ah, al, ar, scaleBy(bh, be - e), scaleBy(bl, be - e), scaleBy(br, be - e) + tiny);
  } else sumKernel(scaleBy(ah, ae - e), scaleBy(al, ae - e), scaleBy(ar, ae - e) + tiny, bh, bl, br);
  put(m, d, out[0]!, out[1]!, e, out[2]!);
}

function specialSum(m: Memory, d: number, a: number, b: number, sign: number): void {
  if (isNotANumber(m, a) || isNotANumber(m, b)) return setNotANumber(m, d);
  if (isUnknown(m, a) || isUnknown(m, b)) return setUnknown(m, d);
  if (isHuge(m, a) && isHuge(m, b)) {
    const [p, q] = [m[a]!, sign * m[b]!];
    // The larger one, if it dwarfs the other; for two of one sign, up to twice the larger.
    const gap = m[a + 1]! - m[b + 1]!;
    const known = m[a + 3]! + m[b + 3]! < 1;
    if (known && Math.abs(gap) > 1000) {
      const [larger, direction] = gap > 0 ? [a, p] : [b, q];
      return setHuge(m, d, direction, m[larger + 1]!, m[larger + 2]!, m[larger + 3]! + 2 ** -990);
    }
    if (p !== q) return setUnknown(m, d);
    const larger = gap > 0 ? a : b;
    return setHuge(m, d, p, m[larger + 1]!, m[larger + 2]!, m[a + 3]! + m[b + 3]! + 1);
  }
  const [huge, other, direction] = isHuge(m, a) ? [a, b, m[a]!] : [b, a, sign * m[b]!];
  // A finite number is at most 2^(2^21 + 1) in size.
  const dwarfs = m[other + 2]! <= 0 || m[huge + 1]! - m[huge + 3]! > exponentLimit;
  if (!dwarfs) return setUnknown(m, d);
  setHuge(m, d, direction, m[huge + 1]!, m[huge + 2]!, (m[huge + 3]! + tiny) * grown);
}

/** out = a·b, but for the operands' own errors; out[2] = 0 where the product is exact. */
export function productKernel(ah: number, al: number, bh: number, bl: number): void {
  const p = ah * bh;
  const as = splitter * ah;
  const a1 = as - (as - ah);
  const a2 = ah - a1;
  const bs = splitter * bh;
  const b1 = bs - (bs - bh);
  const b2 = bh - b1;
  // p + q = ah·bh (Dekker)
  const q = a2 * b2 - (p - a1 * b1 - a2 * b1 - a1 * b2);
  if (al === 0 && bl === 0) {
    out[0] = p;
    out[1] = q;
    out[2] = 0;
    return;
  }
  const c1 = ah * bl;
  const c2 = al * bh;
  const c3 = al * bl;
  const c = c1 + c2;
  const x = q + c;
  const l = x + c3;
  const h = p + l;
  out[0] = h;
  out[1] = l - (h - p);
  out[2] = unit * (2 * (Math.abs(c1) + Math.abs(c2)) + Math.abs(c) + Math.abs(x) + Math.abs(c3) + Math.abs(l)) + tiny;
}

export function multiply(m: Memory, d: number, a: number, b: number): void {
  const ah = m[a]!;
  const bh = m[b]!;
  const ar = m[a + 3]!;
  const br = m[b + 3]!;
  productKernel(ah, m[a + 1]!, bh, m[b + 1]!);
  const h = out[0]!;
  const e = m[a + 2]! + m[b + 2]!;
  const r = (out[2]! + (ar === 0 && br === 0 ? 0 : ar * (Math.abs(bh) + br) + br * Math.abs(ah))) * grown;
  const magnitude = Math.abs(h);
  const size = magnitude > r ? magnitude : r;
  if (e === 0 && size <= largest && size >= smallest && r < Infinity) set(m, d, h, out[1]!, 0, r);
  else unusualProduct(m, d, a, b, h, out[1]!, e, r);
}

function unusualProduct(m: Memory, d: number, a: number, b: number, h: number, l: number, e: number, r: number): void {
  if (!isSpecial(m, a) && !isSpecial(m, b)) return settle(m, d, h, l, e, r);
  if (isNotANumber(m, a) || isNotANumber(m, b)) return setNotANumber(m, d);
  const [s, t] = [signOf(m, a), signOf(m, b)];
  // A huge number is finite too: times an exact zero it would be 0, but where it came from it may be a limit.
  if (isUnknown(m, a) || isUnknown(m, b) || !(Math.abs(s * t) === 1)) return setUnknown(m, d);
  if (isUnbounded(m, a) || isUnbounded(m, b)) return setHuge(m, d, s * t, 2 ** 201, 0, Infinity);
  logarithmOf(m, a);
  const [p, q, x] = [logs[0]!, logs[1]!, logs[2]!];
  logarithmOf(m, b);
  putExponential(m, d, s * t, p, q, x, logs[0]!, logs[1]!, logs[2]!);
}

/** Whether it is not known how huge it is. */
const isUnbounded = (m: Memory, a: number): boolean => isHuge(m, a) && m[a + 3] === Infinity;

const logs = new Float64Array(3);

/** logs = log |a|, for a number of decided sign that is not 0; of finite ones to 40 bits. */
function logarithmOf(m: Memory, a: number): void {
  if (isHuge(m, a)) {
    logs[0] = m[a + 1]!;
    logs[1] = m[a + 2]!;
    logs[2] = m[a + 3]!;
    return;
  }
  const size = Math.abs(m[a]!);
  const logarithm = (Math.log2(size) + m[a + 2]!) * Math.LN2;
  const relative = m[a + 3]! / size;
  logs[0] = logarithm;
  logs[1] = 0;
  logs[2] = relative < 0.25 ? relative * 2 + (Math.abs(logarithm) + 1) * 2 ** -40 : Infinity;
}

/** sign·exp(the sum of two logarithms), if that is huge, or tiny, or nearly 1. */
function putExponential(
  m: Memory,
  d: number,
  sign: number,
  ph: number,
  pl: number,
  pr: number,
  qh: number,
  ql: number,
  qr: number,
): void {
  sumKernel(ph, pl, pr, qh, ql, qr);
  const [h, l, r] = [out[0]!, out[1]!, out[2]!];
  const least = h - r;
  if (least > 2 ** 18) return setHuge(m, d, sign, h, l, r);
  if (h + r < -(2 ** 19)) return setTiny(m, d, 2 ** 19);
  // |exp(x) − 1 − x| <= x² for |x| <= 1
  if (Math.abs(h) + r < 2 ** -20) return put(m, d, sign, sign * h, 0, 2 * r + 2 * h * h);
  setUnknown(m, d);
}

/** a / b. By an exact zero: not a number. */
export function divide(m: Memory, d: number, a: number, b: number): void {
  const ar = m[a + 3]!;
  const bh = m[b]!;
  const br = m[b + 3]!;
  quotientKernel(m[a]!, m[a + 1]!, bh, m[b + 1]!);
  const h = out[0]!;
  const e = m[a + 2]! - m[b + 2]!;
  let r = out[2]!;
  // |(a + s)/(b + t) − a/b| <= (r_a + |a/b| r_b) / (|b| − r_b)
  if (ar !== 0 || br !== 0) r += ((ar + br * Math.abs(h)) / (Math.abs(bh) * (1 - 2 ** -50) - br)) * grown;
  r *= grown;
  const magnitude = Math.abs(h);
  const size = magnitude > r ? magnitude : r;
  if (e === 0 && size <= largest && size >= smallest && r < Infinity && r >= 0) set(m, d, h, out[1]!, 0, r);
  else unusualQuotient(m, d, a, b, h, out[1]!, e, r);
}

/** out = a/b, but for the operands' own errors; out[2] = 0 where the quotient is exact. */
export function quotientKernel(ah: number, al: number, bh: number, bl: number): void {
  const q = ah / bh;
  // a − q·b: the remainder of the high parts is exact (Dekker)
  const p = q * bh;
  const qs = splitter * q;
  const q1 = qs - (qs - q);
  const q2 = q - q1;
  const bs = splitter * bh;
  const b1 = bs - (bs - bh);
  const b2 = bh - b1;
  const remainder = ah - p - (q2 * b2 - (p - q1 * b1 - q2 * b1 - q1 * b2));
  const x = q * bl;
  const y = remainder - x;
  const rest = y + al;
  const l = rest / bh;
  const h = q + l;
  out[0] = h;
  out[1] = l - (h - q);
  out[2] =
    rest === 0 && x === 0 && al === 0
      ? 0
      : (unit * (Math.abs(x) + Math.abs(y) + Math.abs(rest))) / Math.abs(bh) + 3 * unit * Math.abs(l) + tiny;
}

function unusualQuotient(m: Memory, d: number, a: number, b: number, h: number, l: number, e: number, r: number): void {
  if (isNotANumber(m, a) || isNotANumber(m, b) || isExactZero(m, b)) return setNotANumber(m, d);
  if (isUnknown(m, a) || isUnknown(m, b)) return setUnknown(m, d);
  const t = signOf(m, b);
  if (!(Math.abs(t) === 1)) return setUnknown(m, d);
  if (!isSpecial(m, a) && !isSpecial(m, b)) return r >= 0 ? settle(m, d, h, l, e, r) : setUnknown(m, d);
  if (isExactZero(m, a)) return setZero(m, d);
  if (isUnbounded(m, b)) return isSpecial(m, a) ? setUnknown(m, d) : setTiny(m, d, 2 ** 19);
  logarithmOf(m, b);
  const [p, q, x] = [-logs[0]!, -logs[1]!, logs[2]!];
  const s = signOf(m, a);
  if (!(Math.abs(s) === 1)) {
    // A finite number of unknown sign, over a huge one
    const bound = p + x + (m[a + 2]! + 400) * Math.LN2;
    return bound < -(2 ** 19) ? setTiny(m, d, 2 ** 19) : setUnknown(m, d);
  }
  if (isUnbounded(m, a)) return isSpecial(m, b) ? setUnknown(m, d) : setHuge(m, d, s * t, 2 ** 201, 0, Infinity);
  logarithmOf(m, a);
  putExponential(m, d, s * t, logs[0]!, logs[1]!, logs[2]!, p, q, x);
}

export function negate(m: Memory, d: number, a: number): void {
  if (isSpecial(m, a)) set(m, d, -m[a]!, m[a + 1]!, m[a + 2]!, m[a + 3]!);
  else set(m, d, -m[a]!, -m[a + 1]!, m[a + 2]!, m[a + 3]!);
}

/** a·2^k, for a k of ordinary size */
export function scale(m: Memory, d: number, a: number, k: number): void {
  if (isHuge(m, a)) {
    sumKernel(m[a + 1]!, m[a + 2]!, m[a + 3]!, k * Math.LN2, 0, Math.abs(k) * 2 ** -50);
    return setHuge(m, d, m[a]!, out[0]!, out[1]!, out[2]!);
  }
  if (isSpecial(m, a)) return copy(m, d, a);
  put(m, d, m[a]! * powerOfTwo(k), m[a + 1]! * powerOfTwo(k), m[a + 2]!, m[a + 3]! * powerOfTwo(k) + lowLoss(m, a, k));
}

/** What a low part loses that becomes subnormal. */
const lowLoss = (m: Memory, a: number, k: number): number =>
  m[a + 1] !== 0 && Math.abs(m[a + 1]! * powerOfTwo(k)) < tiny ? tiny : 0;

/** |a|; a number of undecided sign gets a bound that holds both. */
export function absolute(m: Memory, d: number, a: number): void {
  const s = signOf(m, a);
  if (s === 1 || s === 0 || Number.isNaN(m[a]!)) return copy(m, d, a);
  if (s === -1) return negate(m, d, a);
  // | |x| − |mid| | <= |x − mid|
  if (m[a]! < 0) negate(m, d, a);
  else copy(m, d, a);
}

/** √a; 0 of an exact zero. */
export function squareRoot(m: Memory, d: number, a: number): void {
  const s = signOf(m, a);
  if (s === 0) return setZero(m, d);
  if (isHuge(m, a) && s === 1) return setHuge(m, d, 1, m[a + 1]! / 2, m[a + 2]! / 2, m[a + 3]! / 2);
  if (s === -1 || isNotANumber(m, a)) return setNotANumber(m, d);
  if (s !== 1) return setUnknown(m, d);
  const odd = m[a + 2]! % 2 !== 0;
  const [h, l, r] = odd ? [2 * m[a]!, 2 * m[a + 1]!, 2 * m[a + 3]!] : [m[a]!, m[a + 1]!, m[a + 3]!];
  const root = Math.sqrt(h);
  productKernel(root, 0, root, 0);
  const remainder = h - out[0]! - out[1]!;
  const rest = remainder + l;
  const low = rest / (2 * root);
  let radius = 0;
  if (rest !== 0 || l !== 0) {
    radius = (unit * Math.abs(rest)) / root + 2 * unit * Math.abs(low) + (low * low) / root + tiny;
  }
  const value = root + low;
  put(m, d, value, low - (value - root), (m[a + 2]! - (odd ? 1 : 0)) / 2, (radius + r / root) * grown);
}

/** The order of two numbers: −1, 0 or 1; 2 where it is not decided, 3 where one is not a number. */
export function compare(m: Memory, a: number, b: number, work: number): number {
  if (isNotANumber(m, a) || isNotANumber(m, b)) return 3;
  subtract(m, work, a, b);
  const s = signOf(m, work);
  return Number.isNaN(s) ? 2 : s;
}

/** The number as binary64, ±Infinity and 0 beyond it. */
export function valueOf(m: Memory, a: number): number {
  if (isSpecial(m, a) || m[a + 2] === 0) return m[a]!;
  if (m[a + 2]! > 1100) return m[a]! < 0 ? -Infinity : m[a]! > 0 ? Infinity : 0;
  return m[a + 2]! < -2200 ? 0 : scaleBy(m[a]!, m[a + 2]!);
}
