/** An exact fraction in lowest terms; `denominator > 0`. */
export interface Rational {
  readonly numerator: bigint;
  readonly denominator: bigint;
}

function gcd(a: bigint, b: bigint): bigint {
  let [x, y] = [a < 0n ? -a : a, b];
  while (y !== 0n) [x, y] = [y, x % y];
  return x;
}

/** The fraction `numerator / denominator`; the denominator must not be 0. */
export function rational(numerator: bigint | number, denominator: bigint | number = 1n): Rational {
  let n = BigInt(numerator);
  let d = BigInt(denominator);
  if (d === 0n) throw new RangeError("rational: the denominator is 0");
  if (d < 0n) [n, d] = [-n, -d];
  if (d !== 1n && n !== 1n && n !== -1n) {
    const divisor = gcd(n, d);
    [n, d] = [n / divisor, d / divisor];
  }
  return { numerator: n, denominator: d };
}

export const zero = rational(0);
export const one = rational(1);

export const add = (a: Rational, b: Rational): Rational =>
  rational(a.numerator * b.denominator + b.numerator * a.denominator, a.denominator * b.denominator);
export const subtract = (a: Rational, b: Rational): Rational => add(a, negate(b));
export const multiply = (a: Rational, b: Rational): Rational =>
  isOne(a) ? b : isOne(b) ? a : rational(a.numerator * b.numerator, a.denominator * b.denominator);
export const divide = (a: Rational, b: Rational): Rational =>
  isOne(b) ? a : rational(a.numerator * b.denominator, a.denominator * b.numerator);
export const negate = (a: Rational): Rational => ({ numerator: -a.numerator, denominator: a.denominator });
export const isZero = (a: Rational): boolean => a.numerator === 0n;
export const isOne = (a: Rational): boolean => a.numerator === 1n && a.denominator === 1n;
export const isInteger = (a: Rational): boolean => a.denominator === 1n;
export const equal = (a: Rational, b: Rational): boolean =>
  a.numerator === b.numerator && a.denominator === b.denominator;

export function compare(a: Rational, b: Rational): -1 | 0 | 1 {
  const difference = a.numerator * b.denominator - b.numerator * a.denominator;
  return difference < 0n ? -1 : difference > 0n ? 1 : 0;
}

export function power(base: Rational, exponent: number): Rational {
  if (exponent === 1 || isOne(base)) return base;
  const e = BigInt(Math.abs(exponent));
  const raised = { numerator: base.numerator ** e, denominator: base.denominator ** e };
  return exponent < 0 ? rational(raised.denominator, raised.numerator) : raised;
}

/** The value of a literal such as `12`, `.5`, `1.5e-3`: exact. */
export function parseLiteral(text: string): Rational {
  const match = /^(\d*)\.?(\d*)(?:[eE]([+-]?\d+))?$/.exec(text);
  if (!match) throw new SyntaxError(`not a number: ${text}`);
  const [, whole = "", fraction = "", exponent = "0"] = match;
  const digits = BigInt(whole + fraction || "0");
  const scale = Number(exponent) - fraction.length;
  return scale >= 0 ? rational(digits * 10n ** BigInt(scale)) : rational(digits, 10n ** BigInt(-scale));
}

/** Nearest binary64, ties to even. Exact for every fraction, subnormal results included. */
export function toNumber(value: Rational): number {
  const { numerator, denominator } = value;
  if (numerator === 0n) return 0;
  // Both are binary64 numbers, and division rounds once.
  if (isShort(numerator) && isShort(denominator)) return Number(numerator) / Number(denominator);
  const magnitude = numerator < 0n ? -numerator : numerator;
  const bits = (n: bigint): number => n.toString(2).length;
  // quotient * 2^shift with 54 or 55 significant bits, fewer where the result is subnormal
  let shift = bits(magnitude) - bits(denominator) - 55;
  if (shift < -1076) shift = -1076;
  const [top, bottom] =
    shift < 0 ? [magnitude << BigInt(-shift), denominator] : [magnitude, denominator << BigInt(shift)];
  let quotient = top / bottom;
  if (quotient * bottom !== top) quotient |= 1n;
  // drop to 53 bits (or to the subnormal grid) with round half to even, the lowest bit being sticky
  const excess = Math.max(bits(quotient) - 53, -1074 - shift);
  if (excess > 0) {
    const e = BigInt(excess);
    const kept = quotient >> e;
    const rest = quotient - (kept << e);
    const half = 1n << (e - 1n);
    quotient = kept + (rest > half || (rest === half && (kept & 1n) === 1n) ? 1n : 0n);
    shift += excess;
  }
  const result = scaleByPowerOfTwo(Number(quotient), shift);
  return numerator < 0n ? -result : result;
}

const isShort = (n: bigint): boolean => -(2n ** 53n) < n && n < 2n ** 53n;

function scaleByPowerOfTwo(value: number, exponent: number): number {
  let result = value;
  let left = exponent;
  while (left > 1000) [result, left] = [result * 2 ** 1000, left - 1000];
  while (left < -1000) [result, left] = [result * 2 ** -1000, left + 1000];
  return result * 2 ** left;
}

/** Decimal text where the fraction ends (`0.5`), else `p/q`. */
export function toText(value: Rational): string {
  if (value.denominator === 1n) return value.numerator.toString();
  let rest = value.denominator;
  let places = 0;
  while (rest % 10n === 0n) [rest, places] = [rest / 10n, places + 1];
  while (rest % 2n === 0n) [rest, places] = [rest / 2n, places + 1];
  while (rest % 5n === 0n) [rest, places] = [rest / 5n, places + 1];
  if (rest !== 1n || places > 25) return `${value.numerator}/${value.denominator}`;
  const scaled = (value.numerator * 10n ** BigInt(places)) / value.denominator;
  const sign = scaled < 0n ? "-" : "";
  const digits = (scaled < 0n ? -scaled : scaled).toString().padStart(places + 1, "0");
  return sign + `${digits.slice(0, -places)}.${digits.slice(-places)}`.replace(/\.?0+$/, "");
}

/** The fraction that a finite binary64 is. */
export function fromNumber(value: number): Rational {
  if (!Number.isFinite(value)) throw new RangeError(`not a fraction: ${value}`);
  let scaled = value;
  let exponent = 0;
  while (!Number.isInteger(scaled)) [scaled, exponent] = [scaled * 2, exponent + 1];
  return rational(BigInt(scaled), 1n << BigInt(exponent));
}
