/** Whether a form has logarithms or powers of what may be negative: outside of its domain it has no value. */
import { type Expr, isApplication } from "../../ir/expr.js";
import { isInteger } from "../../ir/rational.js";
import type { ArithmeticModel } from "./arithmetic.js";
import { asBranches } from "./branches.js";
import { analyseErrors, type ErrorAnalysis } from "./error.js";
import * as M from "./magnitude.js";

/** @param form lowered */
export function mayLeaveDomain(form: Expr, model: ArithmeticModel): boolean {
  const { root, isLong } = asBranches(form);
  return isLong || leaves(root, analyseErrors(model), new Set());
}

function leaves(node: Expr, analysis: ErrorAnalysis, seen: Set<Expr>): boolean {
  if (node.kind !== "application" || seen.has(node)) return false;
  seen.add(node);
  if (isApplication(node, "where") || isApplication(node, "choose")) {
    const [condition, ...branches] = node.operands;
    return (
      leaves(condition!, analysis, seen) ||
      branches.some((branch, i) => leaves(branch, analysis.where(condition!, i === 0), new Set()))
    );
  }
  return isOutside(node, analysis) || node.operands.some((operand) => leaves(operand, analysis, seen));
}

function isOutside(node: Expr & { readonly kind: "application" }, analysis: ErrorAnalysis): boolean {
  const [a, b] = node.operands;
  const size = (): M.Magnitude => analysis.factsOf(a!).size;
  switch (node.primitive) {
    case "log":
    case "sqrt":
      return size().negative !== null;
    case "log1p":
      return (size().negative?.[1] ?? -Infinity) > 0;
    case "pow":
      return size().negative !== null && !(b?.kind === "constant" && isInteger(b.value));
    case "asin":
    case "acos":
    case "atanh":
      return M.mostOf(size()) > 0;
    case "acosh":
      return true;
    default:
      return false;
  }
}
