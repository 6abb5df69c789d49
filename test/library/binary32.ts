/** Float32 numbers to try a function on, and the distance of a result from the real value. */

const bits = new Uint32Array(1);
const number = new Float32Array(bits.buffer);

export const smallestNormal = 2 ** -126;

export function fromBits(pattern: number): number {
  bits[0] = pattern;
  return number[0] ?? NaN;
}

export function toBits(x: number): number {
  number[0] = x;
  return bits[0] ?? 0;
}

/** Numbers in [0, 1), the same on every run. */
export function randomNumbers(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    // Marsaglia's xorshift.
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}

export const specialValues: readonly number[] = [NaN, Infinity, -Infinity, 0, -0, 1, -1];

/** Where formulas change, overflow or underflow: with their neighbours, and with both signs. */
const landmarks: readonly number[] = [
  ...[0.41421357, 0.46, 0.46875, 0.5, 0.625, 0.6629126, 0.7853982, 0.84375, 1, 2, 2.4142137, 8, 9.01, 10, 10.06, 11],
  ...[13.2, 14.2, 16, 17.3, 18, 30, 60, 87.33655, 88.72284, 89.41599, 103.27893, 103.97208, 104.7, 110, 150, 800],
  ...[1e-38, 1e-20, 1e-8, 1e-4, 1e9, 1e30, 2 ** -149, 2 ** -126, 2 ** 23, 2 ** 24, (2 - 2 ** -23) * 2 ** 127],
  ...Array.from({ length: 600 }, (_, i) => ((i + 1) * Math.PI) / 2),
];

/** Every exponent, the intervals where functions live, and the landmarks: about 20,000 numbers. */
export function sampleInputs(): Float32Array {
  const random = randomNumbers(2463534242);
  const patterns: number[] = specialValues.map(toBits);
  for (let exponent = 0; exponent < 255; exponent++) {
    for (let i = 0; i < 16; i++) {
      const significand = i === 0 ? 0 : i === 1 ? 0x7fffff : Math.floor(random() * 2 ** 23);
      patterns.push((random() < 0.5 ? 0x80000000 : 0) + exponent * 2 ** 23 + significand);
    }
  }
  for (const landmark of landmarks.map(Math.fround)) {
    for (let step = -2; step <= 2; step++) {
      const pattern = Math.max(0, toBits(landmark) + step);
      patterns.push(pattern, pattern + 0x80000000);
    }
  }
  for (const width of [0.5, 1, 2, 4, 20, 100, 1000]) {
    for (let i = 0; i < 1200; i++) patterns.push(toBits((2 * random() - 1) * width));
  }
  for (let i = 0; i < 1200; i++) patterns.push(toBits(1 + (random() - 0.5) * 2 ** (-20 * random())));
  return new Float32Array(Uint32Array.from(patterns).buffer);
}

/** Counts a magnitude of 2^128 and more, infinity included, as 2^128: the number next to the largest one. */
const bounded = (x: number): number => Math.max(-(2 ** 128), Math.min(2 ** 128, x));

/** |actual - exact| in units in the last place of float32 at `exact`; `exact` carries 53 bits. */
export function ulps(actual: number, exact: number): number {
  if (Number.isNaN(actual) || Number.isNaN(exact)) return Number.isNaN(actual) && Number.isNaN(exact) ? 0 : Infinity;
  const nearest = toBits(Math.min(Math.abs(exact), 2 ** 127));
  // The exponent of a magnitude just below a power of two is that of its float32 rounded up: half the error, harmless.
  const exponent = Math.max(1, nearest >>> 23);
  return Math.abs(bounded(actual) - bounded(exact)) / 2 ** (exponent - 150);
}

/**
 * The error of `actual` as f(x). A driver may flush subnormal results, and subnormal inputs: the smaller of the errors
 * that these readings give.
 */
export function errorAt(actual: number, f: (x: number) => number, x: number): number {
  const exact = f(x);
  const readings = [ulps(actual, exact)];
  if (Math.abs(exact) < smallestNormal) readings.push(actual === 0 ? 0 : Infinity);
  if (Math.abs(x) < smallestNormal) readings.push(ulps(actual, f(x < 0 ? -0 : 0)));
  return Math.min(...readings);
}
