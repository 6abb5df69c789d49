/**
 * The numbers that kernels draw, from the published description of Philox4x32-10 (Salmon et al. 2011), in integers without
 * bounds: nothing is shared with the kernels' own arithmetic.
 */
import type { Batching } from "./emitted.js";

/** The seed of all measuring. */
export const measuredSeed = 20111112;

const mask = 0xffffffffn;
const multipliers = [0xd2511f53n, 0xcd9e8d57n] as const;
const weyl = [0x9e3779b9n, 0xbb67ae85n] as const;

/** Ten rounds of Philox on a counter of four 32-bit words, with a key of two. */
export function philox(counter: readonly number[], key: readonly number[]): readonly number[] {
  let [a = 0n, b = 0n, c = 0n, d = 0n] = counter.map(BigInt);
  let [k = 0n, l = 0n] = key.map(BigInt);
  for (let round = 0; round < 10; round++) {
    const [p, q] = [a * multipliers[0], c * multipliers[1]];
    [a, b, c, d] = [(q >> 32n) ^ b ^ k, q & mask, (p >> 32n) ^ d ^ l, p & mask];
    [k, l] = [(k + weyl[0]) & mask, (l + weyl[1]) & mask];
  }
  return [a, b, c, d].map(Number);
}

/** The middle of one of 2^23 equal parts of [0, 1], which the word's upper 23 bits name. */
export const uniformOf = (word: number): number => (Math.floor(word / 2 ** 9) + 0.5) / 2 ** 23;

/** The uniform number of a stream, for an element of a tensor. */
export const uniformAt = (seed: number, element: number, stream: number): number =>
  uniformOf(philox([element, 0, Math.floor(stream / 4), 0], [seed, 0])[stream % 4] ?? NaN);

/** The seed that a kernel is given for a point, and which element of its tensor that is. */
export const drawnAt = (batching: Batching, point: number): readonly [seed: number, element: number] =>
  batching === "calls" ? [measuredSeed + point, 0] : [measuredSeed, point];

/** By batching and stream; setting after setting asks for the same. */
const known = new Map<string, Float32Array>();

/** What a kernel draws of a stream for each of so many points. */
export function drawnFor(batching: Batching, stream: number, count: number): Float32Array {
  const key = `${batching === "calls"} ${stream}`;
  const before = known.get(key) ?? new Float32Array(0);
  if (before.length >= count) return before.subarray(0, count);
  const numbers = new Float32Array(count);
  numbers.set(before);
  for (let point = before.length; point < count; point++) {
    const [seed, element] = drawnAt(batching, point);
    numbers[point] = uniformAt(seed, element, stream);
  }
  known.set(key, numbers);
  return numbers;
}
