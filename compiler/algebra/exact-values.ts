/** What is known of functions at rational points, and their symmetries. */
import * as R from "../ir/rational.js";
import type { PrimitiveName } from "../primitives/table.js";

/** f(-a) = ±f(a) */
export const odd: ReadonlySet<PrimitiveName> = new Set<PrimitiveName>([
  "tanh",
  "erf",
  "sin",
  "tan",
  "sinh",
  "asinh",
  "atan",
  "asin",
  "atanh",
  "cbrt",
  "sign",
]);
export const even: ReadonlySet<PrimitiveName> = new Set<PrimitiveName>(["cos", "cosh", "logistic", "normpdf", "abs"]);

/** Where a primitive has a rational value: f(0), and for log f(1). */
const valueAtZero: Partial<Record<PrimitiveName, R.Rational>> = {
  ...Object.fromEntries(
    [
      "expm1",
      "log1p",
      "sqrt",
      "cbrt",
      "tanh",
      "erf",
      "sin",
      "tan",
      "atan",
      "asin",
      "sinh",
      "asinh",
      "atanh",
      "sign",
      "floor",
      "ceil",
      "round",
      "abs",
      "logistic_moment",
      "logcosh",
      "log1p_square",
    ].map((name) => [name, R.zero]),
  ),
  ...Object.fromEntries(["exp", "erfc", "cos", "cosh"].map((name) => [name, R.one])),
  sigmoid: R.rational(1, 2),
  normcdf: R.rational(1, 2),
  logistic: R.rational(1, 4),
};

/** f(a) where it is rational and known to be. */
export function exactValue(primitive: PrimitiveName, a: R.Rational): R.Rational | undefined {
  const floor = (value: R.Rational): bigint => {
    const quotient = value.numerator / value.denominator;
    return value.numerator < 0n && quotient * value.denominator !== value.numerator ? quotient - 1n : quotient;
  };
  switch (primitive) {
    case "abs":
      return a.numerator < 0n ? R.negate(a) : a;
    case "sign":
      return R.rational(a.numerator > 0n ? 1 : a.numerator < 0n ? -1 : 0);
    case "floor":
      return R.rational(floor(a));
    case "ceil":
      return R.rational(-floor(R.negate(a)));
    case "round": {
      const below = floor(a);
      const rest = R.compare(R.subtract(a, R.rational(below)), R.rational(1, 2));
      return R.rational(rest > 0 || (rest === 0 && below % 2n !== 0n) ? below + 1n : below);
    }
    case "sqrt": {
      const root = (n: bigint): bigint | undefined => {
        if (n < 0n || n > 1n << 52n) return undefined;
        const r = BigInt(Math.round(Math.sqrt(Number(n))));
        return r * r === n ? r : undefined;
      };
      const [n, d] = [root(a.numerator), root(a.denominator)];
      return n !== undefined && d !== undefined ? R.rational(n, d) : undefined;
    }
    case "log":
      return R.isOne(a) ? R.zero : undefined;
    default:
      return R.isZero(a) ? valueAtZero[primitive] : undefined;
  }
}
