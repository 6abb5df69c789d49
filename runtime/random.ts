/**
 * Random numbers that are the same on every platform: whole-number arithmetic, and of floating point only what IEEE 754
 * rounds correctly (`+ - * /` and `sqrt`), since `Math.log` and `Math.cos` differ between engines.
 */

/** xoshiro128** of Blackman and Vigna, its state filled by splitmix32. */
export class Generator {
  #a = 0;
  #b = 0;
  #c = 0;
  #d = 0;
  #spare: number | null = null;

  constructor(seed = 0) {
    this.manualSeed(seed);
  }

  /** Starts over; `seed` is a whole number. */
  manualSeed(seed: number): this {
    if (!Number.isSafeInteger(seed)) throw new RangeError(`a seed is a whole number below 2^53, not ${seed}`);
    let state = (seed ^ Math.floor(seed / 2 ** 32)) | 0;
    const next = (): number => {
      state = (state + 0x9e3779b9) | 0;
      let z = state ^ (state >>> 16);
      z = Math.imul(z, 0x21f0aaad);
      z = Math.imul(z ^ (z >>> 15), 0x735a2d97);
      return z ^ (z >>> 15);
    };
    [this.#a, this.#b, this.#c, this.#d] = [next(), next(), next(), next()];
    this.#spare = null;
    return this;
  }

  /** 32 random bits, from 0 to 2^32 − 1. */
  bits(): number {
    const product = Math.imul(this.#b, 5);
    const result = Math.imul((product << 7) | (product >>> 25), 9) >>> 0;
    const shifted = this.#b << 9;
    this.#c ^= this.#a;
    this.#d ^= this.#b;
    this.#b ^= this.#c;
    this.#a ^= this.#d;
    this.#c ^= shifted;
    this.#d = (this.#d << 11) | (this.#d >>> 21);
    return result;
  }

  /** From 0 up to, without, 1; exact in float32. */
  uniform(): number {
    return (this.bits() >>> 8) / 2 ** 24;
  }

  /** Normally distributed, mean 0 and variance 1: Marsaglia's polar method. */
  normal(): number {
    if (this.#spare !== null) {
      const value = this.#spare;
      this.#spare = null;
      return value;
    }
    for (;;) {
      const u = this.bits() / 2 ** 31 - 1;
      const v = this.bits() / 2 ** 31 - 1;
      const s = u * u + v * v;
      if (s >= 1 || s === 0) continue;
      const radius = Math.sqrt((-2 * logarithm(s)) / s);
      this.#spare = v * radius;
      return u * radius;
    }
  }

  /** A whole number from 0 up to, without, `limit`. */
  integer(limit: number): number {
    if (!Number.isInteger(limit) || limit < 1 || limit > 2 ** 32) throw new RangeError(`integer(): no limit: ${limit}`);
    // Bits beyond the last multiple of the limit would favour small numbers.
    const fair = 2 ** 32 - (2 ** 32 % limit);
    for (;;) {
      const bits = this.bits();
      if (bits < fair) return bits % limit;
    }
  }

  /** The numbers from 0 to `length − 1` in random order. */
  permutation(length: number): Uint32Array {
    const order = Uint32Array.from({ length }, (_, i) => i);
    for (let i = length - 1; i > 0; i--) {
      const j = this.integer(i + 1);
      [order[i], order[j]] = [order[j]!, order[i]!];
    }
    return order;
  }
}

/** log x for 0 < x < 1, by log x = 2 artanh((x − 1)/(x + 1)) for x from √½ to √2. */
function logarithm(x: number): number {
  let exponent = 0;
  let mantissa = x;
  while (mantissa < Math.SQRT1_2) {
    mantissa *= 2;
    exponent--;
  }
  const s = (mantissa - 1) / (mantissa + 1);
  const square = s * s;
  let sum = 0;
  // s² < 0.0295, so that 12 terms leave less than 2^-53.
  for (let n = 23; n >= 1; n -= 2) sum = sum * square + 1 / n;
  return 2 * s * sum + exponent * Math.LN2;
}

let shared: Generator | undefined;

/** The generator used where none is given. It begins with seed 0, so that a program gives the same numbers each time. */
export const defaultGenerator = (): Generator => (shared ??= new Generator(0));

/** Seeds the generator used where none is given. */
export function manualSeed(seed: number): Generator {
  return defaultGenerator().manualSeed(seed);
}
