/** Where functions are infinite, or settled, and what that makes of errors of their operands. */
import type { Expr } from "../../ir/expr.js";
import type { Facts } from "./facts.js";
import * as M from "./magnitude.js";
import type { Magnitude } from "./magnitude.js";

/** The least p of a power a^p, as far as it counts: |(a + d)^p - a^p| <= d^p for p <= 1. */
export function leastPower(node: Expr & { readonly kind: "application" }, exponents: Facts | undefined): number {
  switch (node.primitive) {
    case "sqrt":
      return 1 / 2;
    case "cbrt":
      return 1 / 3;
    case "pow": {
      const { negative = null, positive = null } = exponents?.size ?? {};
      return negative || !positive || exponents?.size.zero ? 0 : Math.min(1, 2 ** positive[0]);
    }
    default:
      return 0;
  }
}

/** What the binary logarithm of the least true value is where an infinite operand makes the result infinite. */
export function infiniteFromOf(node: Expr & { readonly kind: "application" }, operands: readonly Facts[]): number {
  const least = Math.min(...operands.map(({ infiniteFrom }) => infiniteFrom));
  if (least === Infinity) return Infinity;
  switch (node.primitive) {
    case "sqrt":
    case "cbrt":
    case "pow":
      return least * leastPower(node, operands[1]);
    case "log":
    case "log1p":
    case "asinh":
    case "acosh":
      return least > 1 ? Math.log2(least) - 1 : -Infinity;
    default:
      return least;
  }
}

/** The binary logarithm of the size from which on a function is, to the last bit, what it is of infinity, unless that is infinite. */
export function settledFrom(node: Expr & { readonly kind: "application" }, exponents: Facts | undefined): number {
  switch (node.primitive) {
    case "exp":
    case "bounded_exp":
    case "raised_exp":
    case "raised_normcdf":
    case "expm1":
    case "bounded_expm1":
    case "falling_expm1":
    case "sigmoid":
    case "logistic":
    case "logistic_moment":
    case "softplus":
    case "tanh":
    case "erf":
    case "erfc":
    case "normcdf":
    case "normpdf":
      return 9.6;
    case "atan":
      return 60;
    case "pow":
      return exponents?.size.negative ? Infinity : 0;
    default:
      return 0;
  }
}

export function mayBePole(node: Expr & { readonly kind: "application" }, { size, scale }: Facts): boolean {
  switch (node.primitive) {
    case "log":
    case "rsqrt":
    case "pow":
      return scale !== null && M.leastOf(size) === -Infinity;
    case "log1p":
      return mostNegative(size) > -0.01;
    case "atanh":
      return M.mostOf(size) > -0.01;
    default:
      return false;
  }
}

export const mostNegative = (size: Magnitude): number => size.negative?.[1] ?? -Infinity;
