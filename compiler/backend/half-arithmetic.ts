/**
 * Whether float16 arithmetic gives the float16 next to the true result, whatever the inputs are. What selects, compares and
 * changes signs is exact; a sum, a difference or a product of exact numbers is rounded once; and rounding comes to the same before
 * and after what keeps the order of numbers.
 */
import { type Expr, reachable } from "../ir/expr.js";
import { toNumber } from "../ir/rational.js";
import { toFloat16 } from "../numerics/float16.js";

/** How a computed number is related to the true one: it is that, or the float16 next to that. */
type Faith = "exact" | "nearest" | "neither";

/** @param root lowered, as WGSL spells it */
export function isNearestInHalves(root: Expr): boolean {
  const known = new Map<Expr, Faith>();
  const of = (node: Expr | undefined): Faith => (node && known.get(node)) ?? "neither";
  const all = (nodes: readonly Expr[], faith: Faith): boolean => nodes.every((node) => of(node) === faith);
  const either = (nodes: readonly Expr[]): Faith =>
    all(nodes, "exact") ? "exact" : nodes.some((node) => of(node) === "neither") ? "neither" : "nearest";
  for (const node of reachable([root])) known.set(node, faithOf(node));
  return of(root) !== "neither";

  function faithOf(node: Expr): Faith {
    if (node.kind === "variable") return node.role === "input" || node.role === "cotangent" ? "exact" : "neither";
    if (node.kind === "constant") {
      const nearest = toFloat16(toNumber(node.value));
      return nearest === toNumber(node.value) ? "exact" : Number.isFinite(nearest) ? "nearest" : "neither";
    }
    const { primitive, operands } = node;
    switch (primitive) {
      case "negate":
      case "abs":
      case "at_least":
      case "at_most":
      case "smaller":
      case "larger":
        return either(operands);
      case "where":
        return of(operands[0]) === "exact" ? either(operands.slice(1)) : "neither";
      case "guard":
        return of(operands[1]) === "exact" ? of(operands[0]) : "neither";
      case "less":
      case "lessOrEqual":
      case "greater":
      case "greaterOrEqual":
      case "equal":
      case "notEqual":
      case "and":
      case "or":
      case "not":
        return all(operands, "exact") ? "exact" : "neither";
      case "add":
      case "subtract":
      case "multiply":
        return all(operands, "exact") ? "nearest" : "neither";
      default:
        return "neither";
    }
  }
}
