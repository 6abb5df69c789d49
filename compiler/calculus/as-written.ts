/** The definition as it was written: calls expanded, nothing simplified. */
import { apply, type Expr, fold, isApplication, reachable, substitute } from "../ir/expr.js";

/** Replaces calls that carry declared gradients, and stopped gradients, by their values. */
export function expandedAsWritten(root: Expr): Expr {
  let result = root;
  while (reachable([result]).some((node) => isApplication(node, "custom") || isApplication(node, "stop_gradient"))) {
    result = fold<Expr>(result, (node, operands) => {
      if (node.kind !== "application") return node;
      if (node.primitive === "stop_gradient") return operands[0] ?? node;
      if (node.primitive === "custom" && node.rule) {
        return substitute(
          node.rule.body,
          new Map(node.rule.formals.map((formal, i) => [formal, operands[i] ?? formal])),
        );
      }
      const same = operands.every((operand, i) => operand === node.operands[i]);
      return same ? node : apply(node.primitive, operands, node.rule);
    });
  }
  return result;
}
