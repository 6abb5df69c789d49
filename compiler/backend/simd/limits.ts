import { type Expr, isApplication, type Variable } from "../../ir/expr.js";
import { toNumber } from "../../ir/rational.js";

/** A condition that only asks for the size of a variable. */
export function sizeLimit(condition: Expr): { readonly variable: Variable; readonly limit: number } | undefined {
  if (!isApplication(condition, "lessOrEqual")) return undefined;
  const [size, limit] = condition.operands;
  const variable = isApplication(size!, "abs") ? size.operands[0]! : undefined;
  return variable?.kind === "variable" && limit?.kind === "constant"
    ? { variable, limit: toNumber(limit.value) }
    : undefined;
}

/** One that asks for the size of an input. */
export function inputLimit(condition: Expr): { readonly input: Variable; readonly limit: number } | undefined {
  const { variable: input, limit = NaN } = sizeLimit(condition) ?? {};
  return input?.role === "input" ? { input, limit } : undefined;
}
