/** Conditions and `where`: folding, and comparisons solved for what varies. Which side a tie falls to never changes. */
import { apply, constant, type Expr, isApplication, reachable } from "../ir/expr.js";
import * as R from "../ir/rational.js";
import type { PrimitiveName } from "../primitives/table.js";
import { infinitySign, isSum, rawSum, termsOf } from "./forms.js";
import { signOf } from "./sign.js";

type Comparison = "less" | "lessOrEqual" | "greater" | "greaterOrEqual" | "equal" | "notEqual";

const complements: Readonly<Record<Comparison, Comparison>> = {
  less: "greaterOrEqual",
  greaterOrEqual: "less",
  greater: "lessOrEqual",
  lessOrEqual: "greater",
  equal: "notEqual",
  notEqual: "equal",
};

const mirrored: Readonly<Record<Comparison, Comparison>> = {
  less: "greater",
  greater: "less",
  lessOrEqual: "greaterOrEqual",
  greaterOrEqual: "lessOrEqual",
  equal: "equal",
  notEqual: "notEqual",
};

export function isComparison(name: PrimitiveName): name is Comparison {
  return name in complements;
}

const truth = (holds: boolean): Expr => apply(holds ? "equal" : "notEqual", [constant(0), constant(0)]);

/** Whether a condition is decided already. */
export function decided(condition: Expr): boolean | undefined {
  if (condition.kind !== "application" || !isComparison(condition.primitive)) return undefined;
  const [a, b] = condition.operands;
  if (a?.kind !== "constant" || b?.kind !== "constant") return undefined;
  const order = R.compare(a.value, b.value);
  switch (condition.primitive) {
    case "less":
      return order < 0;
    case "lessOrEqual":
      return order <= 0;
    case "greater":
      return order > 0;
    case "greaterOrEqual":
      return order >= 0;
    case "equal":
      return order === 0;
    case "notEqual":
      return order !== 0;
  }
}

/** `2*x + 3 < 0` becomes `x < -1.5`: a comparison with a constant is solved for the varying term. */
export function simplifyComparison(primitive: Comparison, left: Expr, right: Expr): Expr {
  const known = decided(apply(primitive, [left, right]));
  if (known !== undefined) return truth(known);
  if (left.kind === "constant") return simplifyComparison(mirrored[primitive], right, left);
  const beside = comparedWithInfinity(primitive, left, right) ?? comparedWithInfinity(mirrored[primitive], right, left);
  if (beside !== undefined) return truth(beside);
  if (right.kind !== "constant") return apply(primitive, [left, right]);
  const sided = R.isZero(right.value) ? comparedWithZero(primitive, left) : undefined;
  if (sided !== undefined) return truth(sided);
  const split = compareBranches(primitive, left, right);
  if (split) return split;
  let terms = termsOf(left);
  const offset = isSum(left) ? terms.get(constant(1)) : undefined;
  let bound = right.value;
  if (offset) {
    terms = new Map(terms);
    terms.delete(constant(1));
    // What is left of a sum that cancels may be known further than the number that it was made of is from the constant.
    if (![...terms.keys()].every(isGiven)) return apply(primitive, [left, right]);
    bound = R.subtract(bound, offset);
  }
  const [first] = terms;
  if (terms.size === 1 && first) {
    const [base, coefficient] = first;
    const direction = coefficient.numerator < 0n ? mirrored[primitive] : primitive;
    return apply(direction, [base, constant(R.divide(bound, coefficient))]);
  }
  return apply(primitive, [offset ? rawSum(terms) : left, constant(bound)]);
}

/** What comes of comparing a number with 0 that is on one side of it whatever variables are. */
function comparedWithZero(primitive: Comparison, left: Expr): boolean | undefined {
  if (left.kind !== "application") return undefined;
  const { nonnegative, nonpositive, nonzero } = signOf(left);
  if (!nonzero || nonnegative === nonpositive) return undefined;
  return decided(apply(primitive, [constant(nonnegative ? 1 : -1), constant(0)]));
}

/** What comes of comparing a real number with infinity. */
function comparedWithInfinity(primitive: Comparison, left: Expr, right: Expr): boolean | undefined {
  const sign = infinitySign(right);
  if (!sign || reachable([left]).some(infinitySign)) return undefined;
  return decided(apply(primitive, [constant(-sign), constant(0)]));
}

/** A number that is known exactly. */
export const isGiven = (node: Expr): boolean =>
  node.kind === "variable" || (isApplication(node, "abs") && node.operands[0]!.kind === "variable");

/** `where(c, a, 0) < 6` is `not c or a < 6`: a branch that is a constant is compared now. */
function compareBranches(primitive: Comparison, left: Expr, right: Expr): Expr | undefined {
  if (!isApplication(left, "where")) return undefined;
  const [condition, a, b] = left.operands;
  const [first, second] = [simplifyComparison(primitive, a!, right), simplifyComparison(primitive, b!, right)];
  const known = [decided(first), decided(second)];
  if (known[1] !== undefined) {
    return known[1] ? simplifyLogic("or", negateCondition(condition!), first) : simplifyLogic("and", condition!, first);
  }
  if (known[0] !== undefined) {
    return known[0]
      ? simplifyLogic("or", condition!, second)
      : simplifyLogic("and", negateCondition(condition!), second);
  }
  return undefined;
}

/** Whether x < 2 implies x < 3, and the like: comparisons of one expression with constants. */
function implies(a: Expr, b: Expr): boolean {
  if (a.kind !== "application" || b.kind !== "application") return false;
  const [x, p] = a.operands;
  const [y, q] = b.operands;
  if (x !== y || p?.kind !== "constant" || q?.kind !== "constant") return false;
  const order = R.compare(p.value, q.value);
  const below = (name: PrimitiveName): boolean => name === "less" || name === "lessOrEqual";
  const above = (name: PrimitiveName): boolean => name === "greater" || name === "greaterOrEqual";
  const strictEnough = a.primitive === b.primitive || a.primitive === "less" || a.primitive === "greater";
  if (below(a.primitive) && below(b.primitive)) return order < 0 || (order === 0 && strictEnough);
  if (above(a.primitive) && above(b.primitive)) return order > 0 || (order === 0 && strictEnough);
  return false;
}

export function negateCondition(condition: Expr): Expr {
  if (condition.kind === "application") {
    if (isComparison(condition.primitive))
      return simplifyComparison(complements[condition.primitive], condition.operands[0]!, condition.operands[1]!);
    if (condition.primitive === "not") return condition.operands[0]!;
    if (condition.primitive === "and" || condition.primitive === "or") {
      const [a, b] = condition.operands.map(negateCondition);
      return simplifyLogic(condition.primitive === "and" ? "or" : "and", a!, b!);
    }
  }
  return apply("not", [condition]);
}

export function simplifyLogic(primitive: "and" | "or", a: Expr, b: Expr): Expr {
  for (const [side, other] of [
    [a, b],
    [b, a],
  ] as const) {
    const known = decided(side);
    if (known !== undefined) return known === (primitive === "and") ? other : truth(known);
  }
  if (a === b) return a;
  if (implies(a, b)) return primitive === "and" ? a : b;
  if (implies(b, a)) return primitive === "and" ? b : a;
  return apply(primitive, [a, b]);
}

export function simplifyWhere(condition: Expr, a: Expr, b: Expr): Expr {
  const known = decided(condition);
  if (known !== undefined) return known ? a : b;
  if (isApplication(condition, "not")) return simplifyWhere(condition.operands[0]!, b, a);
  const first = assume(a, condition, true);
  const second = assume(b, condition, false);
  return first === second ? first : apply("where", [condition, first, second]);
}

/** What a branch is, given how the condition around it was decided. */
function assume(branch: Expr, condition: Expr, holds: boolean): Expr {
  let result = branch;
  while (isApplication(result, "where")) {
    const [inner, a, b] = result.operands;
    if (inner === condition) result = holds ? a! : b!;
    else if (isComplement(inner!, condition)) result = holds ? b! : a!;
    else break;
  }
  return result;
}

function isComplement(a: Expr, b: Expr): boolean {
  return (
    a.kind === "application" &&
    b.kind === "application" &&
    isComparison(a.primitive) &&
    isComparison(b.primitive) &&
    complements[a.primitive] === b.primitive &&
    a.operands[0] === b.operands[0] &&
    a.operands[1] === b.operands[1]
  );
}
