/**
 * Symbolic differentiation by tangent formulas: the derivative of an expression in one variable, all others held
 * fixed. Branches of `where` are differentiated apart, so nothing of a branch that is not taken reaches the result.
 */
import {
  apply,
  constant,
  type CustomGradient,
  type Expr,
  fold,
  isApplication,
  Space,
  substitute,
  type Variable,
} from "../ir/expr.js";
import { Memo } from "../ir/memo.js";
import { isConstant, productOf } from "../algebra/forms.js";
import { make, normalise } from "../algebra/normalise.js";
import { signOf } from "../algebra/sign.js";
import { instantiateRow } from "../primitives/formula.js";
import { primitive as primitiveRow, type PrimitiveName } from "../primitives/table.js";
import { isZero, limit } from "./limit.js";
import { limitInNumbers } from "./limit-in-numbers.js";

/** One application of a rule, for explanations. */
export interface Step {
  readonly rule: string;
  readonly of: Expr;
  readonly derivative: Expr;
}

const derivatives = new Memo<Map<Variable, Expr>>();

/** The derivative of `root` in `variable`, in normal form. Reductions must not depend on the variable. */
export function differentiate(root: Expr, variable: Variable, steps?: Step[]): Expr {
  if (steps) return derivativeOf(root, variable, steps);
  const known = derivatives.get(root) ?? new Map<Variable, Expr>();
  const derivative = known.get(variable) ?? derivativeOf(root, variable);
  derivatives.set(root, known.set(variable, derivative));
  return derivative;
}

function derivativeOf(root: Expr, variable: Variable, steps?: Step[]): Expr {
  const carrying = carryingGradient(root);
  const derivative = fold<Expr>(root, (node, tangents) => {
    if (node.kind !== "application") return constant(node === variable ? 1 : 0);
    if (!carrying.has(node)) return constant(0);
    const result = tangentOf(node.primitive, node.operands, tangents, node.rule);
    if (steps && !isConstant(result, 0))
      steps.push({ rule: ruleName(node.primitive), of: node, derivative: normalise(result) });
    return result;
  });
  return normalise(derivative);
}

/** The nodes that a derivative passes through: what stands under a stopped gradient alone is a constant to it. */
export function carryingGradient(root: Expr): Set<Expr> {
  const carrying = new Set<Expr>();
  const stack = [root];
  for (let node = stack.pop(); node; node = stack.pop()) {
    if (carrying.has(node) || (node.kind === "application" && node.primitive === "stop_gradient")) continue;
    carrying.add(node);
    if (node.kind === "application") stack.push(...node.operands);
  }
  return carrying;
}

function tangentOf(
  primitive: PrimitiveName,
  operands: readonly Expr[],
  tangents: readonly Expr[],
  rule: CustomGradient | null,
): Expr {
  if (tangents.every((tangent) => isConstant(tangent, 0))) return constant(0);
  switch (primitive) {
    case "negate":
    case "add":
    case "subtract":
      return make(primitive, tangents);
    case "where":
      return tangentOfWhere(operands, tangents);
    case "custom":
      return rule ? tangentOfCustom(rule, operands, tangents) : constant(0);
    case "divide": {
      // d(a / b) = (da - (a / b) db) / b: one division by b less than the textbook's, and no b^2 to overflow.
      const [a, b] = operands;
      const [da, db] = tangents;
      const scale = constant(productOf(a!).coefficient);
      const unit = make("divide", [a!, scale]);
      if (!isConstant(scale, 0) && isConstant(make("subtract", [db!, make("divide", [da!, scale])]), 0)) {
        // c u / b = c - c (b - u) / b, and b - u does not vary: nothing is left to cancel.
        const fixed = make("multiply", [scale, make("subtract", [b!, unit])]);
        return make("divide", [make("multiply", [fixed, db!]), make("multiply", [b!, b!])]);
      }
      const ratio = make("multiply", [make("divide", [a!, b!]), db!]);
      return make("divide", [make("subtract", [da!, ratio]), b!]);
    }
    default: {
      if (primitiveRow(primitive).result === "condition") return constant(0);
      const derivatives = primitiveRow(primitive).derivatives;
      if (!derivatives) throw new Error(`${primitive} has no derivative`);
      let sum: Expr = constant(0);
      tangents.forEach((tangent, i) => {
        const text = derivatives[i];
        if (isConstant(tangent, 0) || text === undefined) return;
        const partial = instantiateRow(text, operands, make);
        const isSteep = steep.has(primitive) && !signOf(operands[i]!).nonzero;
        sum = make("add", [sum, isSteep ? timesSelected(partial, tangent) : make("multiply", [partial, tangent])]);
      });
      return sum;
    }
  }
}

/** Their derivatives have no bound next to 0. */
const steep: ReadonlySet<PrimitiveName> = new Set(["sqrt", "cbrt", "pow"]);

/** Where a tangent is selected to be 0 the product is 0, whatever it is multiplied by: sqrt(max(x, 0)^2 + max(y, 0)^2). */
function timesSelected(partial: Expr, tangent: Expr): Expr {
  if (isConstant(tangent, 0)) return tangent;
  if (isApplication(tangent, "add") && tangent.operands.every((term) => isApplication(term, "where")))
    return make(
      "add",
      tangent.operands.map((term) => timesSelected(partial, term)),
    );
  if (!isApplication(tangent, "where")) return make("multiply", [partial, tangent]);
  const [condition, a, b] = tangent.operands;
  return make("where", [condition!, timesSelected(partial, a!), timesSelected(partial, b!)]);
}

/**
 * d where(c, a, b) = where(c, da, db). Where c is an equality and the value is continuous there, the derivative at the
 * point is the limit of the other branch's.
 */
function tangentOfWhere([condition, a, b]: readonly Expr[], [, da, db]: readonly Expr[]): Expr {
  const plain = make("where", [condition!, da!, db!]);
  if (!condition || condition.kind !== "application" || !a || !b || !da || !db) return plain;
  const equality = condition.primitive === "equal" || condition.primitive === "notEqual";
  const [left, right] = condition.operands;
  if (!equality || left?.kind !== "variable" || !right || right.space > Space.uniform) return plain;
  const [inside, outside, outsideTangent] = condition.primitive === "equal" ? [a, b, db] : [b, a, da];
  const here = normalise(substitute(inside, new Map([[left, right]])));
  const value = limit(outside, left, right);
  const difference = value
    ? normalise(apply("subtract", [value, here]))
    : numericLimit(apply("subtract", [outside, here]), left, right);
  if (!difference || !isZero(difference)) return plain;
  const slope = limit(normalise(outsideTangent), left, right) ?? numericLimit(outsideTangent, left, right);
  if (!slope) return plain;
  const point = make("equal", [left, right]);
  return make("where", [point, slope, outsideTangent]);
}

function numericLimit(root: Expr, variable: Variable, point: Expr): Expr | undefined {
  const value = point.kind === "constant" ? limitInNumbers(root, variable, point.value) : undefined;
  return value && constant(value);
}

/** What a `grad` clause replaces is taken from it, the rest from the body's own derivative. */
function tangentOfCustom(rule: CustomGradient, operands: readonly Expr[], tangents: readonly Expr[]): Expr {
  const actual = new Map<Expr, Expr>(rule.formals.map((formal, i) => [formal, operands[i]!]));
  let sum: Expr = constant(0);
  rule.formals.forEach((formal, i) => {
    const tangent = tangents[i]!;
    if (isConstant(tangent, 0)) return;
    const declared = rule.gradients.get(formal);
    const partial = substitute(declared ?? differentiate(rule.body, formal), actual);
    sum = make("add", [sum, make("multiply", [partial, tangent])]);
  });
  return sum;
}

const expanded = new Memo<Expr>();

/** Replaces calls with declared gradients and stopped gradients by their values: what is left is to be computed. */
export function expandCalls(root: Expr): Expr {
  const known = expanded.get(root) ?? withCallsExpanded(root);
  expanded.set(root, known);
  return known;
}

function withCallsExpanded(root: Expr): Expr {
  let result = root;
  for (;;) {
    const next = fold<Expr>(result, (node, operands) => {
      if (node.kind !== "application") return node;
      if (node.primitive === "stop_gradient") return operands[0]!;
      if (node.primitive === "custom" && node.rule) {
        const actual = new Map<Expr, Expr>(node.rule.formals.map((formal, i) => [formal, operands[i]!]));
        return substitute(node.rule.body, actual);
      }
      return operands.every((operand, i) => operand === node.operands[i])
        ? node
        : make(node.primitive, operands, node.rule);
    });
    if (next === result) return normalise(result);
    result = next;
  }
}

function ruleName(primitive: PrimitiveName): string {
  switch (primitive) {
    case "add":
    case "subtract":
    case "negate":
      return "sum rule";
    case "multiply":
      return "product rule";
    case "divide":
      return "quotient rule";
    case "pow":
      return "power rule";
    case "where":
      return "selection: the branch taken is differentiated";
    case "custom":
      return "declared gradient";
    case "stop_gradient":
      return "stopped gradient";
    default:
      return `derivative of ${primitive}, chain rule`;
  }
}

export const isReduction = (node: Expr): boolean =>
  node.kind === "application" && primitiveRow(node.primitive).reduces === true;
