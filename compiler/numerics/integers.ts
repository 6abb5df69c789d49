/** Number of binary digits of |n|; 0 for 0. */
export function bitLength(n: bigint): number {
  if (n === 0n) return 0;
  const digits = (n < 0n ? -n : n).toString(16);
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
