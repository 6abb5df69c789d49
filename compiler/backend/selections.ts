/**
 * Selections without branches. A processor guesses which way a branch goes; on data it is wrong up to half of the
 * time, and each wrong guess costs as much as an exponential. Where both sides are cheap they are both computed, and
 * the result is picked.
 */
import { isConstant, multiplyPower, type Product, productOf, rawProduct } from "../algebra/forms.js";
import { negateCondition } from "../algebra/selection.js";
import { type Application, apply, constant, type Expr, isApplication, reachable, rebuild, Space } from "../ir/expr.js";
import { fromNumber } from "../ir/rational.js";
import type { PrimitiveName } from "../primitives/table.js";

/** What a primitive costs, a multiplication being 1. */
export function costOf(primitive: PrimitiveName): number {
  switch (primitive) {
    case "divide":
      return 2;
    case "sqrt":
      return 4;
    case "choose":
      return 6;
    case "bounded_exp":
    case "bounded_expm1":
    case "softplus_tail":
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
    switch (node.primitive) {
      case "where":
      case "choose":
        return varies(condition!) && (node.primitive === "choose" || isAffordable([a!, b!]))
          ? chosen(condition!, a!, b!)
          : apply(node.primitive, operands);
      case "smaller":
      case "larger":
        return extreme(node.primitive, operands[0]!, operands[1]!) ?? apply(node.primitive, operands);
      default:
        return apply(node.primitive, operands, node.rule);
    }
  });
}

/** Whether a condition goes this way and that from element to element; equalities hardly ever hold. */
const varies = (condition: Expr): boolean =>
  isPerElement(condition) &&
  !reachable([condition]).some((node) => isApplication(node, "equal") || isApplication(node, "notEqual"));

const isPerElement = (node: Expr): boolean => (node.space & (Space.element | Space.row)) !== 0;

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
  if (a === b) return a;
  const cotangent = [...productOf(isConstant(a, 0) ? b : a).powers.keys()].find(
    (factor) => factor.kind === "variable" && factor.role === "cotangent",
  );
  const [first, second] = cotangent ? [a, b].map((side) => withoutFactor(side, cotangent)) : [];
  if (cotangent && first && second) return apply("multiply", [cotangent, chosen(condition, first, second)]);
  return scaledBySelection(condition, a, b) ?? apply("choose", [condition, a, b]);
}

/** A side divided by a factor that it has. */
function withoutFactor(side: Expr, factor: Expr): Expr | undefined {
  if (isConstant(side, 0)) return side;
  const { coefficient, powers } = productOf(side);
  if (powers.get(factor) !== 1) return undefined;
  powers.delete(factor);
  return rawProduct({ coefficient, powers });
}

/** where(c, x, 0.01 x) = x where(c, 1, 0.01): the sides are the same but for factors that no element changes. */
function scaledBySelection(condition: Expr, a: Expr, b: Expr): Expr | undefined {
  const [left, right] = [split(a), split(b)];
  const common = new Map(isConstant(a, 0) ? right.varying : left.varying);
  if (common.size === 0 && ![a, b].some(isPerElement)) return factorOf(condition, a, b);
  const alike = (part: ReadonlyMap<Expr, number>, side: Expr): boolean =>
    isConstant(side, 0) ||
    (part.size === common.size && [...part].every(([factor, exponent]) => common.get(factor) === exponent));
  // A factor that may be infinite or no number must not meet a 0 that it was never to meet.
  const isTame = [...common].every(([factor, exponent]) => factor.kind === "variable" && exponent > 0);
  if (!isTame || !alike(left.varying, a) || !alike(right.varying, b)) return undefined;
  if (isConstant(a, 0) || isConstant(b, 0)) {
    const held = heldWhereNotSelected(condition, isConstant(a, 0));
    if (!held || !common.has(held.operands[0]!)) return undefined;
    common.set(held, common.get(held.operands[0]!) ?? 1);
    common.delete(held.operands[0]!);
  }
  const factor = factorOf(condition, left.fixed, right.fixed);
  return apply("multiply", [rawProduct({ coefficient: one, powers: common }), factor]);
}

/** The variable that a condition compares, finite where the condition comes out as said. */
function heldWhereNotSelected(condition: Expr, holds: boolean): Application | undefined {
  if (condition.kind !== "application") return undefined;
  const [variable] = condition.operands;
  if (variable?.kind !== "variable") return undefined;
  switch (condition.primitive) {
    case "less":
    case "lessOrEqual":
      return apply(holds ? "at_least" : "at_most", [variable, constant(fromNumber(holds ? -largest : largest))]);
    case "greater":
    case "greaterOrEqual":
      return apply(holds ? "at_most" : "at_least", [variable, constant(fromNumber(holds ? largest : -largest))]);
    default:
      return undefined;
  }
}

/** The largest finite float32. */
const largest = 3.4028234663852886e38;

const one: Product["coefficient"] = productOf(constant(1)).coefficient;

/** A product as what varies from element to element and what does not. */
function split(side: Expr): { readonly varying: Map<Expr, number>; readonly fixed: Expr } {
  const { coefficient, powers } = productOf(side);
  const varying = new Map([...powers].filter(([factor]) => isPerElement(factor)));
  const fixed: Product = { coefficient, powers: new Map(powers) };
  for (const [factor, exponent] of varying) multiplyPower(fixed, factor, -exponent);
  return { varying, fixed: rawProduct(fixed) };
}

function factorOf(condition: Expr, a: Expr, b: Expr): Expr {
  if (isConstant(a, 1) && isConstant(b, 0)) return apply("indicator", [condition]);
  // A comparison with NaN is false, and so is its opposite: only numbers that are not selected may get lost.
  if (isConstant(a, 0) && isConstant(b, 1)) return apply("indicator", [negateCondition(condition)]);
  return apply("pick", [condition, a, b]);
}

/** The smaller or the larger of a number and a constant. */
function extreme(primitive: "smaller" | "larger", a: Expr, b: Expr): Expr | undefined {
  const [x, bound] = b.kind === "constant" ? [a, b] : [b, a];
  if (bound.kind !== "constant" || !isPerElement(x)) return undefined;
  return chosen(apply(primitive === "smaller" ? "greater" : "less", [x, bound]), bound, x);
}
