/** Wide numbers in tests: arguments, calls, and what they are in ball arithmetic. */
import { emulateValues, type Library, runValues, type Value } from "../../compiler/machine/index.js";
import { wideLibrary } from "../../compiler/machine/library/wide/index.js";
import { type Ball, dyadic, infinity, isZero, nan, subtract, zero } from "../../compiler/numerics/ball.js";
import { bitLength, magnitude } from "../../compiler/numerics/integers.js";

/** A wide number of either target: exponents are numbers in WGSL and big integers in TypeScript. */
export interface Wide {
  readonly negative: boolean;
  readonly mantissa: bigint;
  readonly exponent: bigint;
}

export interface Target {
  readonly name: string;
  /** Of a mantissa. */
  readonly bits: number;
  /** Exponents are below 2^exponentBits. */
  readonly exponentBits: number;
  readonly compile: (library: Library, name: string) => (...operands: Value[]) => Value;
  readonly exponentOf: (exponent: bigint) => Value;
}

/** Naturals are checked: none overflows, none is negative. */
export const targets: readonly Target[] = [
  {
    name: "WGSL",
    bits: 128,
    exponentBits: 28,
    compile: (library, name) => emulateValues(library, name, { checked: true }),
    exponentOf: Number,
  },
  {
    name: "TypeScript",
    bits: 384,
    exponentBits: 4096,
    compile: (library, name) => runValues(library, name, { checked: true }),
    exponentOf: (exponent) => exponent,
  },
  {
    name: "TypeScript where sums cancel deeply",
    bits: 1536,
    exponentBits: 4096,
    compile: (library, name) => runValues(library, name, { natBits: 1536, checked: true }),
    exponentOf: (exponent) => exponent,
  },
];

export const library = wideLibrary();

function toWide(value: Value): Wide {
  if (typeof value !== "object") throw new Error("not a wide number");
  const { negative, mantissa, exponent } = value;
  if (typeof negative !== "boolean" || typeof mantissa !== "bigint") throw new Error("not a wide number");
  if (typeof exponent !== "bigint" && typeof exponent !== "number") throw new Error("not a wide number");
  return { negative, mantissa, exponent: BigInt(exponent) };
}

export type Operand = Wide | number;

const fromOperand = (operand: Operand, { exponentOf }: Target): Value =>
  typeof operand === "number" ? operand : { ...operand, exponent: exponentOf(operand.exponent) };

/** A function of the library that gives a number or a condition. */
export function plainFunction(name: string, target: Target): (...operands: Operand[]) => Value {
  const compiled = target.compile(library, name);
  return (...operands) => compiled(...operands.map((operand) => fromOperand(operand, target)));
}

/** A function of the library that gives a wide number. */
export function wideFunction(name: string, target: Target): (...operands: Operand[]) => Wide {
  const compiled = plainFunction(name, target);
  return (...operands) => toWide(compiled(...operands));
}

/** What a wide number is; an error where it is none. */
export function ballOf({ negative, mantissa, exponent }: Wide, { bits, exponentBits }: Target): Ball {
  if (mantissa === 0n) return exponent > 0n ? nan : zero;
  if (mantissa >> BigInt(bits - 1) !== 1n) throw new Error(`the highest bit of ${mantissa} is not set`);
  if (exponent === 2n << BigInt(exponentBits)) return infinity(negative ? -1 : 1);
  if (magnitude(exponent) >> BigInt(exponentBits) !== 0n) throw new Error(`the exponent ${exponent} is out of range`);
  return dyadic(negative ? -mantissa : mantissa, exponent - BigInt(bits));
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
    yield { negative: random() < 0.5, mantissa: mantissas[i % mantissas.length] ?? one, exponent: BigInt(exponent) };
  }
}

const conversions = new Map<Target, (x: number) => Wide>();

/** A binary64 as a wide number. */
export function wideOf(value: number, target: Target): Wide {
  const convert = conversions.get(target) ?? wideFunction("wide_from_f64", target);
  conversions.set(target, convert);
  return convert(value);
}
