import { realFunctions } from "../../compiler/numerics/functions.js";
import type { RealFunction } from "../../compiler/numerics/functions.js";

/** xorshift128 (Marsaglia 2003): the same arguments in every run. */
export function randomWords(seed: number): () => number {
  let [x, y, z, w] = [seed | 1, 362436069, 521288629, 88675123];
  return () => {
    const t = x ^ (x << 11);
    [x, y, z] = [y, z, w];
    w = w ^ (w >>> 19) ^ t ^ (t >>> 8);
    return w >>> 0;
  };
}

/** A binary64 of random digits and sign, its exponent even over the given range. */
export function randomNumber(word: () => number, from: number, to: number): number {
  const fraction = 1 + (word() + word() / 2 ** 32) / 2 ** 32;
  const exponent = from + (word() % (to - from + 1));
  // Every third one is short, as the constants that people write are.
  const digits = word() % 3 === 0 ? Math.round(fraction * 64) / 64 : fraction;
  return (word() & 1 ? -digits : digits) * 2 ** Math.max(exponent, -1022) * 2 ** Math.min(exponent + 1022, 0);
}

/** Exponents of the arguments worth trying; domains are not respected, so NaN is tried too. */
const exponents: Partial<Record<RealFunction, readonly [number, number]>> = {
  expm1: [-1074, 10],
  exp: [-100, 10],
  acosh: [-2, 1023],
  erf: [-1074, 4],
  erfc: [-100, 10],
  normcdf: [-100, 10],
  floor: [-5, 60],
  ceil: [-5, 60],
  round: [-5, 60],
};

/** The middle of the range is where most of the branches are. */
export function randomArguments(name: RealFunction, count: number, seed: number): number[] {
  const word = randomWords(seed);
  const [from, to] = exponents[name] ?? [-1074, 1023];
  return Array.from({ length: count }, (_, i) =>
    i % 2 === 0 ? randomNumber(word, Math.max(from, -9), Math.min(to, 6)) : randomNumber(word, from, to),
  );
}

export const functionNames = Object.keys(realFunctions) as readonly RealFunction[];
