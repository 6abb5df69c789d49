/** The float32 numbers by their bits, and by their rank on the line: 0 is zero, 1 the least positive number. */
const bits = new Uint32Array(1);
const number = new Float32Array(bits.buffer);

/** The sign bit, the bits of +∞, and how many numbers of one sign and exponent there are. */
export const signBit = 0x80000000;
export const infinityBits = 0x7f800000;
export const perExponent = 0x800000;

export function numberOfBits(pattern: number): number {
  bits[0] = pattern;
  return number[0]!;
}

export function bitsOfNumber(x: number): number {
  number[0] = x;
  return bits[0]!;
}

export const rankOfBits = (pattern: number): number => (pattern < signBit ? pattern : signBit - pattern);
export const bitsOfRank = (rank: number): number => (rank < 0 ? signBit - rank : rank);
export const rankOf = (x: number): number => rankOfBits(bitsOfNumber(x));
export const numberOfRank = (rank: number): number => numberOfBits(bitsOfRank(rank));

/** The rank of the largest finite number. */
export const largestRank = infinityBits - 1;
export const largestNumber = numberOfBits(largestRank);

/** A generator of 32-bit words (xorshift, Marsaglia 2003): the same in every run. */
export function randomWords(seed: number): () => number {
  let [x, y, z, w] = [seed | 1, 362436069, 521288629, 88675123];
  return () => {
    const t = x ^ (x << 11);
    [x, y, z] = [y, z, w];
    w = w ^ (w >>> 19) ^ t ^ (t >>> 8);
    return w >>> 0;
  };
}
