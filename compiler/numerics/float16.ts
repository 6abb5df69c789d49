/** Float16 numbers: 11 significant bits, steps of 2^-24 at least, finite below 65520. */

/** What lies halfway from the largest finite float16, 65504, to the next power of two: rounded to infinity. */
const overflow = 65520;

const leastNormal = 2 ** -14;

/** The distance of neighbours around a number. */
export function float16Step(x: number): number {
  const size = Math.min(Math.max(Math.abs(x), leastNormal), 65504);
  const exponent = Math.floor(Math.log2(size));
  // The logarithm of what is next to a power of two may be rounded to it.
  return 2 ** ((2 ** exponent > size ? exponent - 1 : exponent) - 10);
}

/** The nearest float16, ties to even. */
export function toFloat16(x: number): number {
  if (Number.isNaN(x) || x === 0) return x;
  if (Math.abs(x) >= overflow) return Math.sign(x) * Infinity;
  const step = float16Step(x);
  const steps = x / step;
  const below = Math.floor(steps);
  const rest = steps - below;
  const up = rest > 0.5 || (rest === 0.5 && below % 2 !== 0);
  // Of what rounds to zero the sign is kept.
  return (up ? below + 1 : below) * step || Math.sign(x) * 0;
}

/** The float16 with these 16 bits. */
export function float16OfBits(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 31) return fraction === 0 ? sign * Infinity : NaN;
  return sign * (exponent === 0 ? fraction * 2 ** -24 : (1024 + fraction) * 2 ** (exponent - 25));
}

/** The bits of a number that is a float16. */
export function bitsOfFloat16(x: number): number {
  if (Number.isNaN(x)) return 0x7e00;
  const sign = x < 0 || Object.is(x, -0) ? 0x8000 : 0;
  const size = Math.abs(x);
  if (size === Infinity) return sign | 0x7c00;
  if (size < leastNormal) return sign | (size * 2 ** 24);
  const step = float16Step(size);
  return sign | (((Math.log2(step) + 25) << 10) + (size / step - 1024));
}

let finite: readonly number[] | undefined;

/** All finite float16, ascending; zero once. */
export function finiteFloat16(): readonly number[] {
  if (finite) return finite;
  const positive = Array.from({ length: 0x7c00 }, (_, bits) => float16OfBits(bits));
  finite = [
    ...positive
      .slice(1)
      .reverse()
      .map((x) => -x),
    ...positive,
  ];
  return finite;
}
