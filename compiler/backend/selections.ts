/**
 * Selections without branches. A processor guesses which way a branch goes; on data it is wrong up to half of the
 * time, and each wrong guess costs as much as an exponential. Where both sides are cheap they are both computed, and
 * the result is picked.
 */
import { apply, type Expr, isApplication, reachable, rebuild, Space } from "../ir/expr.js";
import type { PrimitiveName } from "../primitives/table.js";

/** What a primitive costs, a multiplication being 1. */
function costOf(primitive: PrimitiveName): number {
  switch (primitive) {
    case "divide":
      return 2;
    case "sqrt":
      return 4;
    case "choose":
      return 6;
    case "bounded_exp":
    case "bounded_expm1":
    case "unit_log1p":
      return 12;
    case "expm1":
    case "log":
    case "log1p":
    case "normcdf":
    case "gelu_slope":
      return 24;
    case "erf":
    case "erfc":
    case "pow":
    case "cbrt":
    case "hypot":
    case "sin":
    case "cos":
    case "tan":
    case "atan":
    case "asin":
    case "acos":
    case "sinh":
    case "cosh":
    case "asinh":
    case "acosh":
    case "atanh":
      return 48;
    default:
      return 1;
  }
}

/** What two sides may cost together: more than a wrong guess is not worth while. */
const affordable = 48;

export function chooseWithoutBranches(root: Expr): Expr {
  return rebuild(root, (node, operands) => {
    const [condition, a, b] = operands;
    if (node.primitive === "where" && varies(condition!) && isAffordable([a!, b!])) return chosen(condition!, a!, b!);
    if (node.primitive === "smaller" || node.primitive === "larger") {
      return extreme(node.primitive, operands[0]!, operands[1]!) ?? apply(node.primitive, operands);
    }
    return apply(node.primitive, operands, node.rule);
  });
}

/** Whether a condition goes this way and that from element to element; equalities hardly ever hold. */
const varies = (condition: Expr): boolean =>
  (condition.space & Space.element) !== 0 &&
  !reachable([condition]).some((node) => isApplication(node, "equal") || isApplication(node, "notEqual"));

const isAffordable = (sides: readonly Expr[]): boolean =>
  reachable(sides).reduce((sum, node) => sum + (node.kind === "application" ? costOf(node.primitive) : 0), 0) <=
  affordable;

/** `&&` and `||` are branches too: they become selections within selections. */
function chosen(condition: Expr, a: Expr, b: Expr): Expr {
  if (condition.kind === "application") {
    const [first, second] = condition.operands;
    switch (condition.primitive) {
      case "and":
        return chosen(first!, chosen(second!, a, b), b);
      case "or":
        return chosen(first!, a, chosen(second!, a, b));
      case "not":
        return chosen(first!, b, a);
      default:
    }
  }
  return a === b ? a : apply("choose", [condition, a, b]);
}

/** The smaller or the larger of a number and a constant. */
function extreme(primitive: "smaller" | "larger", a: Expr, b: Expr): Expr | undefined {
  const [x, bound] = b.kind === "constant" ? [a, b] : [b, a];
  if (bound.kind !== "constant" || !(x.space & Space.element)) return undefined;
  return apply("choose", [apply(primitive === "smaller" ? "greater" : "less", [x, bound]), bound, x]);
}
