/** Selections as products with numbers that are held at a border: an instruction where comparing and selecting takes four. */
import {
  apply,
  constant,
  type Expr,
  isApplication,
  rebuild,
  substitute,
  type Variable,
  variablesOf,
} from "../../ir/expr.js";
import { signOf } from "../../algebra/sign.js";
import { toNumber } from "../../ir/rational.js";
import { sampler } from "../../numerics/sample.js";

/** @param root lowered: what a NaN leads to stays as it is, or becomes the NaN */
export const withHolds = (root: Expr): Expr =>
  rebuild(root, (node, operands) => {
    const [condition, a, b] = operands;
    const built = apply(node.primitive, operands, node.rule);
    if (node.primitive !== "where" || condition?.kind !== "application") return built;
    return factoredOut(condition, a!, b!) ?? held(condition, a!, b!) ?? built;
  });

/** With another function for e^a - 1 where a is not above 0: one that is faster, and asks nothing of the size of a. */
export const withFalling = (root: Expr, function_: "exp" | "expm1" = "expm1"): Expr => {
  const falling = (operand: Expr): Expr => apply(`falling_${function_}`, [operand]);
  return rebuild(root, (node, operands) => {
    const [condition, a, b] = operands;
    const built = apply(node.primitive, operands, node.rule);
    if (isApplication(built, function_) && signOf(condition!).nonpositive) return falling(condition!);
    const border = node.primitive === "where" ? borderOf(condition!) : undefined;
    if (!border || border.at !== constant(0)) return built;
    const { input, isAbove } = border;
    const below = substitute(isAbove ? b! : a!, new Map([[apply(function_, [input]), falling(input)]]));
    return apply("where", [condition!, ...(isAbove ? [a!, below] : [below, b!])]);
  });
};

/** `where(c, x, x * g)` is `x * where(c, 1, g)`. */
function factoredOut(condition: Expr, a: Expr, b: Expr): Expr | undefined {
  if (a.kind !== "variable" && b.kind !== "variable") return undefined;
  const factor = a.kind === "variable" ? a : b;
  const [restOfA, restOfB] = [without(a, factor), without(b, factor)];
  if (!restOfA || !restOfB || condition.kind !== "application") return undefined;
  const rest = held(condition, restOfA, restOfB);
  return rest && apply("multiply", [factor, rest]);
}

/** A product without one of its factors. */
function without(node: Expr, factor: Expr): Expr | undefined {
  if (node === factor) return constant(1);
  if (!isApplication(node, "multiply") && !isApplication(node, "divide")) return undefined;
  const [a, b] = node.operands;
  const left = without(a!, factor);
  if (left) return left === constant(1) && node.primitive === "multiply" ? b : apply(node.primitive, [left, b!]);
  const right = isApplication(node, "multiply") ? without(b!, factor) : undefined;
  return right && (right === constant(1) ? a : apply("multiply", [a!, right]));
}

/** `where(x >= h, k, f(x))` is `f(min(x, h))` if f(h) is k. */
function held(condition: Expr, a: Expr, b: Expr): Expr | undefined {
  const border = borderOf(condition);
  if (!border) return undefined;
  const { input, at } = border;
  const [level, form, primitive] =
    a.kind === "constant"
      ? ([a, b, border.isAbove ? "at_most" : "at_least"] as const)
      : b.kind === "constant"
        ? ([b, a, border.isAbove ? "at_least" : "at_most"] as const)
        : [];
  if (!level || !form || !primitive) return undefined;
  const [variable, ...others] = variablesOf(form);
  if (variable !== input || others.length > 0) return undefined;
  if (sampler(form, [input], "binary64")([toNumber(at.value)]) !== toNumber(level.value)) return undefined;
  return substitute(form, new Map<Expr, Expr>([[input, apply(primitive, [input, at])]]));
}

interface Border {
  readonly input: Variable;
  readonly at: Extract<Expr, { kind: "constant" }>;
  /** Whether the condition holds above. */
  readonly isAbove: boolean;
}

function borderOf(condition: Expr): Border | undefined {
  if (condition.kind !== "application") return undefined;
  const [input, at] = condition.operands;
  if (input?.kind !== "variable" || input.role !== "input" || at?.kind !== "constant") return undefined;
  switch (condition.primitive) {
    case "greater":
    case "greaterOrEqual":
      return { input, at, isAbove: true };
    case "less":
    case "lessOrEqual":
      return { input, at, isAbove: false };
    default:
      return undefined;
  }
}
