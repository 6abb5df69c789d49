/** The float32 numbers at which kernels break, and random ones beside them. */

/** The number whose bits, as float32, are `bits`. */
export function fromBits(bits: number): number {
  const view = new DataView(new ArrayBuffer(4));
  view.setUint32(0, bits >>> 0);
  return view.getFloat32(0);
}

/** A generator of 32-bit words (mulberry32): the same in every run. */
export function words(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return (t ^ (t >>> 14)) >>> 0;
  };
}

const magnitudes = [
  // Subnormal, and next to it
  1e-45, 1e-44, 1e-40, 5.877472e-39, 1.1754942e-38, 1.1754944e-38, 2e-38,
  // Where erf, tanh, sigmoid and the normal distribution saturate
  0.5, 0.75, 3, 3.9, 4, 5.5, 5.9, 6, 8.3, 9.1, 10, 12.9, 13, 14.2, 14.5, 16, 17.4, 20, 36.7, 37.5, 38.6, 44, 44.4,
  // Where exp overflows and underflows, in float32 and in float64
  87, 87.33655, 87.33656, 88, 88.02969, 88.7, 88.72283, 88.72284, 88.9, 89, 89.4, 103, 103.27893, 103.97208, 104, 110,
  176, 177.44568, 178, 206, 208, 354, 355, 709, 709.7827, 710, 744, 745.1332, 746, 1490, 1500,
  // Where squares and cubes overflow
  1.8446743e19, 1.8446744e19, 1.85e19, 6.98e12, 7e12, 4.8e25, 1e30, 1.7014117e38, 1.7014118e38, 3e38, 3.4028233e38,
  3.4028235e38,
];

/** ±0, the list above, and every power of two, with either sign. */
export const finitePoints: readonly number[] = [
  0,
  ...magnitudes,
  ...Array.from({ length: 277 }, (_, i) => 2 ** (i - 149)),
]
  .flatMap((x) => [Math.fround(x), Math.fround(-x)])
  .filter(Number.isFinite);

/** Bit patterns, every other one with an exponent of the size that activations are used at; infinities and NaNs left out. */
export function randomPoints(count: number, seed: number): number[] {
  const word = words(seed);
  const points: number[] = [];
  while (points.length < count) {
    const bits = word();
    const exponent = 112 + (word() % 24);
    const point = fromBits(points.length % 2 === 0 ? bits : (bits & 0x807fffff) | (exponent << 23));
    if (Number.isFinite(point)) points.push(point);
  }
  return points;
}
