/** Quantities that errors are multiples of, as expressions: not negative, and no larger than they have to be. */
import { apply, constant, type Expr } from "../../ir/expr.js";
import {
  add as sumOfRationals,
  fromNumber,
  multiply as productOfRationals,
  rational,
  toNumber,
} from "../../ir/rational.js";
import * as M from "./magnitude.js";
import type { Magnitude } from "./magnitude.js";

const isZero = (node: Expr): boolean => node.kind === "constant" && node.value.numerator === 0n;
export const isOne = (node: Expr): boolean =>
  node.kind === "constant" && node.value.numerator === node.value.denominator;
const folded = (primitive: "add" | "multiply", a: Expr, b: Expr): Expr =>
  a.kind === "constant" && b.kind === "constant"
    ? constant(primitive === "add" ? sumOfRationals(a.value, b.value) : productOfRationals(a.value, b.value))
    : apply(primitive, [a, b]);
export const sumOf = (a: Expr, b: Expr): Expr => (isZero(a) || a === b ? b : isZero(b) ? a : folded("add", a, b));

/** |a| · |b|, for scales. */
export const productWith = (a: Expr, b: Expr): Expr => (isOne(a) ? b : isOne(b) ? a : folded("multiply", a, b));

export function absoluteOf(node: Expr, size: Magnitude): Expr {
  if (node.kind === "constant") return constant(fromNumber(Math.min(Number.MAX_VALUE, Math.abs(toNumber(node.value)))));
  if (node.kind === "application" && node.primitive === "negate") return absoluteOf(node.operands[0]!, M.negated(size));
  return M.isNonnegative(size) && node.kind === "application" && node.primitive !== "subtract"
    ? node
    : apply("abs", [node]);
}

/** 2^n for a whole n; beyond the ends of binary64, those. */
export function powerOfTwo(n: number): Expr {
  const whole = Math.max(-1000, Math.min(1000, n));
  return constant(whole >= 0 ? rational(1n << BigInt(whole)) : rational(1n, 1n << BigInt(-whole)));
}
