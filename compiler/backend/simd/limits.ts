import { type Expr, isApplication, type Variable } from "../../ir/expr.js";
import { toNumber } from "../../ir/rational.js";

/** A condition that only asks for the size of an input. */
export function inputLimit(condition: Expr): { readonly input: Variable; readonly limit: number } | undefined {
  if (!isApplication(condition, "lessOrEqual")) return undefined;
  const [size, limit] = condition.operands;
  const input = isApplication(size!, "abs") ? size.operands[0]! : undefined;
  return input?.kind === "variable" && input.role === "input" && limit?.kind === "constant"
    ? { input, limit: toNumber(limit.value) }
    : undefined;
}
