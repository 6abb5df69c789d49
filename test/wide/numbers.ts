/** Wide numbers in tests: arguments, calls, and what they are in ball arithmetic. */
import { readLibrary, runValues, type Value } from "../../compiler/machine/index.js";
import { wideTexts } from "../../compiler/machine/library/wide/index.js";
import { type Ball, dyadic, infinity, isZero, nan, subtract, zero } from "../../compiler/numerics/ball.js";
import { bitLength, magnitude } from "../../compiler/numerics/integers.js";

export interface Wide {
  readonly [field: string]: Value;
  readonly negative: boolean;
  readonly mantissa: bigint;
  readonly exponent: number;
}

export const library = readLibrary(wideTexts);

/** The bits of a mantissa, in WGSL and in TypeScript. */
export const widths = [128, 320] as const;

const isWide = (value: Value): value is Wide => typeof value === "object" && "mantissa" in value;

/** A function of the library that gives a wide number, naturals being checked. */
export function wideFunction(name: string, bits: number): (...operands: Value[]) => Wide {
  const run = runValues(library, name, { natBits: bits, checked: true });
  return (...operands) => {
    const result = run(...operands);
    if (!isWide(result)) throw new Error(`${name} gives no wide number`);
    return result;
  };
}

const infinite = 2 ** 29;

/** What a wide number is; an error where it is none. */
export function ballOf({ negative, mantissa, exponent }: Wide, bits: number): Ball {
  if (mantissa === 0n) return exponent > 0 ? nan : zero;
  if (mantissa >> BigInt(bits - 1) !== 1n) throw new Error(`the highest bit of ${mantissa} is not set`);
  if (exponent === infinite) return infinity(negative ? -1 : 1);
  if (Math.abs(exponent) >= 2 ** 28) throw new Error(`the exponent ${exponent} is out of range`);
  return dyadic(negative ? -mantissa : mantissa, BigInt(exponent - bits));
}

/** The binary logarithm of |actual − exact| / |exact|; −Infinity where they are equal, Infinity where only one is 0. */
export function errorBits(actual: Ball, exact: Ball, bits: number): number {
  if (actual.kind !== "finite" || exact.kind !== "finite") return actual.kind === exact.kind ? -Infinity : Infinity;
  if (isZero(exact) || isZero(actual)) return isZero(exact) && isZero(actual) ? -Infinity : Infinity;
  const difference = subtract(actual, exact, bits + 64);
  return difference.kind === "finite" ? logarithm(difference) - logarithm(exact) : Infinity;
}

function logarithm({ mid, exponent }: { readonly mid: bigint; readonly exponent: bigint }): number {
  const length = bitLength(mid);
  const drop = Math.max(0, length - 60);
  return Math.log2(Number(magnitude(mid) >> BigInt(drop))) + drop + Number(exponent);
}

/** Random naturals below 2^bits, from numbers in [0, 1). */
export function naturals(random: () => number): (bits: number) => bigint {
  return (bits) => {
    let value = 0n;
    for (let i = 0; i < bits; i += 32) value = (value << 32n) | BigInt(Math.floor(random() * 2 ** 32));
    return BigInt.asUintN(bits, value);
  };
}

/**
 * Wide numbers of both signs with exponents from a range: of all digits, of 24 digits, of few digits, just above and
 * just below a power of two.
 */
export function* wideNumbers(
  random: () => number,
  bits: number,
  [least, greatest]: readonly [number, number],
  count: number,
): Generator<Wide> {
  const natural = naturals(random);
  const one = 1n << BigInt(bits - 1);
  for (let i = 0; i < count; i++) {
    const near = natural(20) << BigInt(Math.floor(random() * (bits - 21)));
    const mantissas = [
      one | natural(bits - 1),
      ((1n << 23n) | natural(23)) << BigInt(bits - 24),
      ((1n << 5n) | natural(5)) << BigInt(bits - 6),
      one + near,
      2n * one - 1n - near,
    ];
    // Every other one is where most functions do something.
    const [from, to] = i % 2 === 0 ? [least, greatest] : [Math.max(least, -6), Math.min(greatest, 6)];
    const exponent = from + Math.floor(random() * (to - from + 1));
    yield { negative: random() < 0.5, mantissa: mantissas[i % mantissas.length] ?? one, exponent };
  }
}

const fromNumber = new Map<number, (x: number) => Wide>();

/** A binary64 as a wide number. */
export function wideOf(value: number, bits: number): Wide {
  const convert = fromNumber.get(bits) ?? wideFunction("wide_from_f64", bits);
  fromNumber.set(bits, convert);
  return convert(value);
}
