/** Units in the last place of float32, counted in float64 for very many numbers. */

/** The least normal float32, and the least power of two that is beyond the largest. */
export const [smallestNormal, beyondLargest] = [2 ** -126, 2 ** 128] as const;

const double = new Float64Array(1);
const words = new Uint32Array(double.buffer);
/** The word of a binary64 that holds its exponent. */
const high = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1 ? 1 : 0;

/** 1/ulp of float32, by {@link biasedExponentOf} a binary64. */
export const reciprocalUlps = Float64Array.from({ length: 2048 }, (_, biased) => {
  const exponent = Math.min(Math.max(biased - 1023, -126), 127);
  return 2 ** (23 - exponent);
});

export function biasedExponentOf(value: number): number {
  double[0] = value;
  return (words[high]! >>> 20) & 0x7ff;
}

/** 1/ulp of float32 at a number. */
export const reciprocalUlp = (value: number): number => reciprocalUlps[biasedExponentOf(value)]!;

/** The error, or a little more: at powers of two the smaller unit is taken. */
export const screened = (actual: number, expected: number): number =>
  Math.abs(actual - expected) * reciprocalUlp(expected * (1 - 2 ** -40));

/** Whether a float32 is next to 0, where devices may take it for 0. */
export const isSubnormal = (x: number): boolean => x !== 0 && Math.abs(x) < smallestNormal;
