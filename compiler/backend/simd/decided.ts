/** Whether what jumps comes out as it would of real numbers. */
import { type Expr, isApplication, reachable } from "../../ir/expr.js";
import { toNumber } from "../../ir/rational.js";
import { isInstruction } from "./expression.js";

/**
 * Whether all conditions, signs and whole numbers come out so: of float32 they have to be about inputs and numbers that are float32
 * themselves, of float64 there must be no function in them.
 */
export const areDecided = (nodes: readonly Expr[], isSingle = true): boolean =>
  deciding(nodes).every((node) => isDecided(node, isSingle));

/** Not where `choose` joins two formulas for the same function, of which either serves at the border. */
function deciding(nodes: readonly Expr[]): readonly Expr[] {
  const asked = new Set<Expr>(
    nodes.flatMap((node) => (node.kind !== "application" || node.primitive === "choose" ? [] : node.operands)),
  );
  return nodes.filter((node) => (node.type === "condition" && asked.has(node)) || jumps(node));
}

const jumps = (node: Expr): boolean =>
  (["sign", "floor", "ceil", "round"] as const).some((primitive) => isApplication(node, primitive));

function isDecided(condition: Expr, isSingle: boolean): boolean {
  if (condition.kind !== "application") return false;
  const numbers = condition.operands.filter(({ type }) => type === "number");
  if (isSingle) {
    return numbers.every(
      (node) =>
        (node.kind === "constant" && Math.fround(toNumber(node.value)) === toNumber(node.value)) ||
        (node.kind === "variable" && node.role !== "hyperparameter") ||
        (isApplication(node, "abs") && node.operands[0]!.kind === "variable"),
    );
  }
  return numbers.every((node) =>
    reachable([node]).every((inner) => inner.kind !== "application" || isInstruction(inner.primitive)),
  );
}
