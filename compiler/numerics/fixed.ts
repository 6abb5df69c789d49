import { magnitude, squareRoot } from "./integers.js";

/**
 * The series everything else is made of, on fixed-point numbers: the integer v stands for v / 2^bits, and "error"
 * counts units of 2^-bits. Arguments are reduced by the callers. Error bounds are counted as the terms are added, each
 * truncated product or quotient costing at most one unit.
 */
export interface Fixed {
  readonly value: bigint;
  /** |value − true value| <= error */
  readonly error: bigint;
}

/**
 * floor(c·2^bits) of a constant c, for any number of bits. Only the longest value so far is kept: cutting it gives
 * what computing afresh would have given, so results do not depend on what was asked before.
 */
function constant(compute: (bits: number) => Fixed): (bits: number) => bigint {
  let known = { bits: -1, value: 0n };
  return (bits) => {
    for (let guard = 64; known.bits < bits; guard *= 2) {
      const { value, error } = compute(bits + guard);
      const g = BigInt(guard);
      if ((value - error) >> g === (value + error) >> g) known = { bits, value: value >> g };
    }
    return known.value >> BigInt(known.bits - bits);
  };
}

/** atanh(a/b), or atan(a/b), for 0 <= a/b <= 1/2, by its power series. */
function inverseTangentOfRatio(a: bigint, b: bigint, bits: number, alternating: boolean): Fixed {
  if (a === 0n) return { value: 0n, error: 0n };
  const [a2, b2] = [a * a, b * b];
  let power = (a << BigInt(bits)) / b;
  let value = power;
  let terms = 1n;
  for (let k = 3n; power > 0n; k += 2n) {
    power = (power * a2) / b2;
    const term = power / k;
    value += alternating && (k & 2n) === 2n ? -term : term;
    terms += 1n;
  }
  // The error of a power is at most 1 + 1/4 + 1/16 + ... < 2, so that of a term at most 3; the rest is below 4.
  return { value, error: 3n * terms + 4n };
}

/** ln 2 = 18 atanh(1/26) − 2 atanh(1/4801) + 8 atanh(1/8749) (a Machin-like formula). */
export const ln2 = constant((bits) => {
  const a = inverseTangentOfRatio(1n, 26n, bits, false);
  const b = inverseTangentOfRatio(1n, 4801n, bits, false);
  const c = inverseTangentOfRatio(1n, 8749n, bits, false);
  return {
    value: 18n * a.value - 2n * b.value + 8n * c.value,
    error: 18n * a.error + 2n * b.error + 8n * c.error,
  };
});

/** pi = 16 atan(1/5) − 4 atan(1/239) (Machin). */
export const piFixed = constant((bits) => {
  const a = inverseTangentOfRatio(1n, 5n, bits, true);
  const b = inverseTangentOfRatio(1n, 239n, bits, true);
  return { value: 16n * a.value - 4n * b.value, error: 16n * a.error + 4n * b.error };
});

export const sqrtPi = constant((bits) => ({ value: squareRoot(piFixed(2 * bits)), error: 2n }));

function table(entry: (index: number, bits: number) => Fixed): (index: number, bits: number) => bigint {
  const entries = new Map<number, (bits: number) => bigint>();
  return (index, bits) => {
    let value = entries.get(index);
    if (value === undefined) entries.set(index, (value = constant((b) => entry(index, b))));
    return value(bits);
  };
}

/** log(i/64) = 2 atanh((i − 64)/(i + 64)) for i within 32..128 */
const logTable = table((i, bits) => {
  const { value, error } = inverseTangentOfRatio(BigInt(Math.abs(i - 64)), BigInt(i + 64), bits, false);
  return { value: i < 64 ? -2n * value : 2n * value, error: 2n * error };
});

/** atan(i/16) = atan((i − 1)/16) + atan(16/(256 + i(i − 1))) for i within 0..16 */
const atanTable: (index: number, bits: number) => bigint = table((i, bits) => {
  if (i === 0) return { value: 0n, error: 0n };
  const step = inverseTangentOfRatio(16n, BigInt(256 + i * (i - 1)), bits, true);
  return { value: atanTable(i - 1, bits) + step.value, error: step.error + 1n };
});

/** exp(x) for 0 <= x < 1: Taylor series of x/2^k, squared k times. */
export function expFixed(x: bigint, bits: number): Fixed {
  let k = 4;
  while (k * k < bits) k += 1;
  const inner = BigInt(bits + k + 8);
  const t = x << 8n; // x / 2^k with `inner` bits
  let term = t;
  let sum = (1n << inner) + t;
  let terms = 1n;
  for (let n = 2n; term > 0n; n += 1n) {
    term = ((term * t) >> inner) / n;
    sum += term;
    terms += 1n;
  }
  // Each term is off by at most 3, the rest of the series by 6. Squaring doubles a relative error and adds one
  // truncation, so that k squarings make of it at most 2^k (3 terms + 7) units; exp(x) < e < 4.
  for (let i = 0; i < k; i += 1) sum = (sum * sum) >> inner;
  return { value: sum >> BigInt(k + 8), error: ((4n * (3n * terms + 8n)) >> 8n) + 2n };
}

/** atanh(z), or atan(z), for |z| <= 1/8, by its power series. */
function inverseTangentSeries(z: bigint, bits: number, alternating: boolean): Fixed {
  const b = BigInt(bits);
  const negative = z < 0n;
  let power = magnitude(z);
  const square = (power * power) >> b;
  let value = power;
  let terms = 1n;
  for (let k = 3n; power > 0n; k += 2n) {
    power = (power * square) >> b;
    const term = power / k;
    value += alternating && (k & 2n) === 2n ? -term : term;
    terms += 1n;
  }
  return { value: negative ? -value : value, error: 3n * terms + 4n };
}

/** log(y) for 1/2 <= y <= 2, y within one unit: log(c) + 2 atanh((y − c)/(y + c)) with c = i/64 near y. */
export function logFixed(y: bigint, bits: number): Fixed {
  const b = BigInt(bits);
  const index = Number((y + (1n << (b - 7n))) >> (b - 6n));
  const c = BigInt(index) << (b - 6n);
  const { value, error } = inverseTangentSeries(((y - c) << b) / (y + c), bits, false);
  return { value: logTable(index, bits) + 2n * value, error: 2n * error + 8n };
}

/** atan(u) for 0 <= u <= 1, u within one unit: atan(c) + atan((u − c)/(1 + u c)) with c = i/16 near u. */
export function atanFixed(u: bigint, bits: number): Fixed {
  const b = BigInt(bits);
  const index = Number((u + (1n << (b - 5n))) >> (b - 4n));
  const i = BigInt(index);
  const t = ((16n * u - (i << b)) << b) / ((16n << b) + u * i);
  const { value, error } = inverseTangentSeries(t, bits, true);
  return { value: atanTable(index, bits) + value, error: error + 4n };
}

/** sin(x), or cos(x), for |x| < 1, by the Taylor series. */
export function sineFixed(x: bigint, bits: number, cosine: boolean): Fixed {
  const b = BigInt(bits);
  const square = (x * x) >> b;
  let term = cosine ? 1n << b : magnitude(x);
  let value = term;
  let terms = 1n;
  for (let n = cosine ? 1n : 2n; term > 0n; n += 2n) {
    term = ((term * square) >> b) / (n * (n + 1n));
    value += (terms & 1n) === 1n ? -term : term;
    terms += 1n;
  }
  return { value: !cosine && x < 0n ? -value : value, error: 3n * terms + 4n };
}

/** Σ (2z)^n / (2n + 1)!! for n >= 0, with z = numerator / 2^shift >= 0 exactly. */
export function erfSeries(numerator: bigint, shift: bigint, bits: number): Fixed {
  let term = 1n << BigInt(bits);
  let value = term;
  let terms = 1n;
  const doubled = 2n * numerator;
  const peak = (4n * numerator) >> shift;
  for (let k = 3n; term > 0n || k <= peak + 2n; k += 2n) {
    term = ((term * doubled) >> shift) / k;
    value += term;
    terms += 1n;
  }
  // The terms T rise from 1 and then fall, so no earlier T_j is below min(1, T_n); with at most 2 units lost per step
  // the error of T_n is at most Σ_j 2 T_n / T_j <= 2 (n + 1) max(1, T_n), and the sum of those is at most this.
  const whole = (value >> BigInt(bits)) + 1n;
  return { value, error: 2n * (terms + 2n) * (terms + 2n) * whole };
}

/** Σ (−1)^n (2n − 1)!! / (2z)^n, z large enough that the terms fall below one unit; z within one unit from below. */
export function erfcSeries(z: bigint, bits: number): Fixed {
  const b = BigInt(bits);
  const doubled = 2n * z;
  let term = 1n << b;
  let value = term;
  let terms = 1n;
  for (let k = 1n; term > 0n; k += 2n) {
    term = ((term * k) << b) / doubled;
    value += (terms & 1n) === 1n ? -term : term;
    terms += 1n;
  }
  // The series is enveloping: the rest is smaller than the first term left out.
  return { value, error: 2n * (terms + 2n) * (terms + 2n) };
}
