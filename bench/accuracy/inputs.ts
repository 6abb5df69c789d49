/** The inputs that every candidate computes: chosen ones, and random bit patterns in which no exponent is rare. */
import { finitePoints, fromBits, words } from "../../test/activations/points.js";

/** Neighbours tried on either side of a chosen input. */
const neighbours = 3;
/** Where activations bend, saturate or vanish, beside the points that tests use. */
const chosen = [
  0.5, 0.7517916, 1, 1.19967864, 1.2784645, 2.4, 3, 3.1415927, 4.4934095, 6, 6.93, 9, 9.0109, 12, 15, 16.6, 18, 20, 25,
  87.5, 88.3, 88.37, 103, 103.9, 128, 500, 1e4, 1e6, 1e10, 1e15,
];

const view = new DataView(new ArrayBuffer(4));

/** The numbers of float32 in order, counted from 0: -n stands for the n-th negative one. */
export function orderOf(x: number): number {
  view.setFloat32(0, x);
  const bits = view.getUint32(0);
  return bits >>> 31 ? -(bits & 0x7fffffff) : bits;
}

export const atOrder = (order: number): number => (order < 0 ? -fromBits(-order) : fromBits(order));

export const withNeighbours = (x: number, count: number): number[] =>
  Array.from({ length: 2 * count + 1 }, (_, i) => atOrder(orderOf(x) + i - count));

/**
 * Sorted, each number once; then the infinities and a NaN. `perExponent` numbers of either sign for each exponent, the
 * subnormal ones included, and four times as many where activations are used, from 2^-6 to 2^7.
 */
export function commonInputs(perExponent: number): Float32Array {
  const word = words(0x5eed);
  const points = [...finitePoints, ...chosen.flatMap((x) => [x, -x])].flatMap((x) => withNeighbours(x, neighbours));
  for (let exponent = 0; exponent < 255; exponent += 1) {
    const used = exponent >= 127 - 6 && exponent < 127 + 7;
    for (let i = 0; i < perExponent * (used ? 4 : 1); i += 1) {
      const bits = (word() & 0x807fffff) | (exponent << 23);
      // The other half of the fraction with the other sign: both signs are covered alike.
      points.push(fromBits(bits), fromBits(bits ^ 0x80400000));
    }
  }
  return withSpecial(points);
}

/** In order, each number once, and behind them what has no place in the order. */
export function withSpecial(points: Iterable<number>): Float32Array {
  const finite = [...new Set(points)].filter(Number.isFinite).sort((a, b) => a - b);
  return Float32Array.from([...finite, Infinity, -Infinity, NaN]);
}
