/** Digits enough for every target. */
const literalBits = 384;

/** Number of binary digits of n > 0. */
const bitLength = (n: bigint): number => n.toString(2).length;

/** numerator / denominator as an expression of type `wide` in the machine language, cut off where the target's digits end. */
export function wideLiteral(numerator: bigint, denominator: bigint): string {
  const negative = numerator < 0n !== denominator < 0n;
  const [a, b] = [numerator, denominator].map((each) => (each < 0n ? -each : each));
  if (a === undefined || b === undefined || a === 0n) return "WIDE_ZERO";
  // 2^(exponent - 1) <= a / b < 2^exponent.
  const length = bitLength(a) - bitLength(b);
  const isAbove = length >= 0 ? a >= b << BigInt(length) : a << BigInt(-length) >= b;
  const exponent = isAbove ? length + 1 : length;
  const shift = literalBits - exponent;
  const digits = shift >= 0 ? (a << BigInt(shift)) / b : a / (b << BigInt(-shift));
  const hex = digits.toString(16).replace(/0+$/, "");
  return `wide(${String(negative)}, 0x0.${hex}n, ${exponent})`;
}
