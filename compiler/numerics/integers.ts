const bits = new DataView(new ArrayBuffer(8));

/** Number of binary digits of |n|; 0 for 0. */
export function bitLength(n: bigint): number {
  if (n === 0n) return 0;
  // The exponent of the nearest binary64, which is one too large where n is just below a power of two.
  bits.setFloat64(0, Number(n));
  const high = bits.getUint32(0) & 0x7fff_ffff;
  if (high >= 0x7ff0_0000) return longBitLength(n);
  const length = (high >>> 20) - 1022;
  const isPower = length > 53 && (high & 0xf_ffff) === 0 && bits.getUint32(4) === 0;
  return isPower && magnitude(n) >> BigInt(length - 1) === 0n ? length - 1 : length;
}

/** Of a number that binary64 does not reach. */
function longBitLength(n: bigint): number {
  const digits = magnitude(n).toString(16);
  return 4 * digits.length + 28 - Math.clz32(Number.parseInt(digits.charAt(0), 16));
}

export const magnitude = (n: bigint): bigint => (n < 0n ? -n : n);
export const larger = (a: bigint, b: bigint): bigint => (a > b ? a : b);
export const smaller = (a: bigint, b: bigint): bigint => (a < b ? a : b);

/** floor(n * 2^shift), for a shift of either sign. */
export const shifted = (n: bigint, shift: bigint): bigint => (shift >= 0n ? n << shift : n >> -shift);

/** ceil(a / b) for a >= 0 and b > 0. */
export const ceilingDivide = (a: bigint, b: bigint): bigint => (a + b - 1n) / b;

/** floor(sqrt(n)) for n >= 0: the root of the upper half of the digits, then one Newton step. */
export function squareRoot(n: bigint): bigint {
  if (n < 16n) return n < 1n ? 0n : n < 4n ? 1n : n < 9n ? 2n : 3n;
  const half = BigInt((bitLength(n) - 1) >> 2);
  const start = (squareRoot(n >> (2n * half)) + 1n) << half;
  let root = (start + n / start) >> 1n;
  while (root * root > n) root -= 1n;
  while ((root + 1n) * (root + 1n) <= n) root += 1n;
  return root;
}

/** floor(cbrt(n)) for n >= 0, in the same way. */
export function cubeRoot(n: bigint): bigint {
  if (n < 64n) return n < 1n ? 0n : n < 8n ? 1n : n < 27n ? 2n : 3n;
  const sixth = BigInt(Math.floor((bitLength(n) - 1) / 6));
  const start = (cubeRoot(n >> (3n * sixth)) + 1n) << sixth;
  let root = (2n * start + n / (start * start)) / 3n;
  while (root * root * root > n) root -= 1n;
  while ((root + 1n) ** 3n <= n) root += 1n;
  return root;
}
