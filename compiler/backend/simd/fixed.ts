/** Forms with functions that take their exponents in fixed point. */
import { apply, type Expr, isApplication, reachable, rebuild } from "../../ir/expr.js";
import { canSpell, isOfFixedAlone, takesMoreDigits } from "./expression.js";

/**
 * Products with a sigmoid become one function with its exponent in fixed point, a rounding less; undefined where a function takes no other
 * exponents, and is given one.
 */
export function withFixed(lowered: Expr): Expr | undefined {
  const uses = new Map<Expr, number>();
  for (const node of reachable([lowered])) {
    if (node.kind !== "application") continue;
    for (const operand of node.operands) uses.set(operand, (uses.get(operand) ?? 0) + 1);
  }
  const form = rebuild(lowered, (node, operands) => {
    if (node.primitive === "multiply") {
      const place = node.operands.findIndex(
        (each) => isApplication(each, "sigmoid") && uses.get(each) === 1 && takesMoreDigits(each, "fixed"),
      );
      const gate = operands[place];
      if (gate?.kind === "application") return apply("times_sigmoid", [operands[1 - place]!, ...gate.operands]);
    }
    return apply(node.primitive, operands, node.rule);
  });
  const isSpelled = (node: Expr): boolean =>
    node.kind !== "application" ||
    canSpell("f32x4", node.primitive) ||
    (isOfFixedAlone(node.primitive) && takesMoreDigits(node, "fixed"));
  return reachable([form]).every(isSpelled) ? form : undefined;
}
