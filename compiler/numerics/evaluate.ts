/**
 * Evaluates expressions in ball arithmetic, as they are written: what comes out encloses the real value. With tangents
 * at the variables, the derivative in their direction comes along (forward mode, dual numbers over balls).
 */
import type { Application, Expr, Variable } from "../ir/expr.js";
import type { PrimitiveName } from "../primitives/table.js";
import {
  absolute,
  add,
  compare,
  divide,
  dyadic,
  fromRational,
  hull,
  isZero,
  multiply,
  nan,
  negate,
  one,
  positiveInfinity,
  scaled,
  sign,
  subtract,
  two,
  unknown,
  zero,
  type Ball,
} from "./ball.js";
import { exp } from "./elementary.js";
import { realFunctions, type RealFunction } from "./functions.js";
import { pow, sqrt } from "./powers.js";
import { logaddexp } from "./special.js";
import { tangentOf, type Dual } from "./tangents.js";
import { pi } from "./trigonometric.js";

/** `nan` if a number that is not one was compared, `unknown` if the precision does not decide it. */
export type Truth = "true" | "false" | "nan" | "unknown";

type Result = Dual | Truth;

const isTruth = (result: Result): result is Truth => typeof result === "string";
const exactly = (value: Ball): Dual => ({ value, tangent: null });

/** What evaluation depends on, and what it notices. */
export interface Evaluation {
  readonly bindings: ReadonlyMap<Variable, Dual>;
  readonly precision: number;
  /** Gets the condition of each selection whose chosen branch was decided by an equality that holds. */
  readonly onEquality?: (condition: Application) => void;
}

/**
 * The value of a number expression. Branches that are not taken are not evaluated; a variable without a binding makes
 * what depends on it unknown.
 */
export function evaluate(root: Expr, evaluation: Evaluation): Dual {
  const results = new Map<Expr, Result>();
  const stack = [root];
  for (let node = stack.at(-1); node; node = stack.at(-1)) {
    const missing = results.has(node) ? [] : neededBy(node, results).filter((operand) => !results.has(operand));
    if (missing.length > 0) {
      stack.push(...missing);
      continue;
    }
    if (!results.has(node)) results.set(node, resultOf(node, results, evaluation));
    stack.pop();
  }
  return numberIn(results, root);
}

/** The operands that the node's result depends on, as far as that is known yet. */
function neededBy(node: Expr, results: ReadonlyMap<Expr, Result>): readonly Expr[] {
  if (node.kind !== "application") return [];
  const [condition, a, b] = node.operands;
  if (node.primitive !== "where" || !condition || !a || !b) return node.operands;
  switch (results.get(condition)) {
    case "true":
      return [a];
    case "false":
      return [b];
    case "unknown":
      return [a, b];
    case "nan":
      return [];
    default:
      return [condition];
  }
}

function numberIn(results: ReadonlyMap<Expr, Result>, node: Expr | undefined): Dual {
  const result = node && results.get(node);
  if (result === undefined || isTruth(result)) throw new TypeError("a number was expected here");
  return result;
}

function truthIn(results: ReadonlyMap<Expr, Result>, node: Expr | undefined): Truth {
  const result = node && results.get(node);
  if (result === undefined || !isTruth(result)) throw new TypeError("a condition was expected here");
  return result;
}

function resultOf(node: Expr, results: ReadonlyMap<Expr, Result>, evaluation: Evaluation): Result {
  const { precision } = evaluation;
  if (node.kind === "constant") {
    const { numerator, denominator } = node.value;
    return exactly(denominator === 1n ? dyadic(numerator) : fromRational(numerator, denominator, precision));
  }
  if (node.kind === "variable") return evaluation.bindings.get(node) ?? exactly(unknown);
  const [a, b] = node.operands;
  switch (node.primitive) {
    case "less":
    case "lessOrEqual":
    case "greater":
    case "greaterOrEqual":
    case "equal":
    case "notEqual": {
      const [left, right] = [numberIn(results, a).value, numberIn(results, b).value];
      if (left.kind === "nan" || right.kind === "nan") return "nan";
      // A number equals itself, however little is known about it.
      const order = a === b ? 0 : compare(left, right, precision);
      return order === undefined ? "unknown" : orders[node.primitive]?.includes(order) ? "true" : "false";
    }
    case "and":
    case "or":
      return combined(truthIn(results, a), truthIn(results, b), node.primitive === "and" ? "false" : "true");
    case "not":
      return opposites[truthIn(results, a)];
    case "where":
      return selected(truthIn(results, a), node, results, evaluation);
    case "custom":
      return custom(
        node,
        node.operands.map((operand) => numberIn(results, operand)),
        evaluation,
      );
    default: {
      const operands = node.operands.map((operand) => numberIn(results, operand));
      const value = valueOf(
        node.primitive,
        operands.map((operand) => operand.value),
        precision,
      );
      return { value, tangent: tangentOf(node.primitive, operands, value, precision) };
    }
  }
}

const orders: Readonly<Record<string, readonly number[]>> = {
  less: [-1],
  lessOrEqual: [-1, 0],
  greater: [1],
  greaterOrEqual: [0, 1],
  equal: [0],
  notEqual: [-1, 1],
};

const opposites: Readonly<Record<Truth, Truth>> = { true: "false", false: "true", nan: "nan", unknown: "unknown" };

/** `and` or `or`: what absorbs the other operand decides, but NaN in either is NaN. */
function combined(a: Truth, b: Truth, absorbing: Truth): Truth {
  for (const decisive of ["nan", absorbing, "unknown"] as const) if (a === decisive || b === decisive) return decisive;
  return a;
}

function selected(
  truth: Truth,
  { operands }: Application,
  results: ReadonlyMap<Expr, Result>,
  evaluation: Evaluation,
): Dual {
  const [condition, a, b] = operands;
  switch (truth) {
    case "true":
    case "false":
      if (condition?.kind === "application" && condition.primitive === (truth === "true" ? "equal" : "notEqual")) {
        evaluation.onEquality?.(condition);
      }
      return numberIn(results, truth === "true" ? a : b);
    case "nan":
      return exactly(nan);
    case "unknown":
      return either(numberIn(results, a), numberIn(results, b), evaluation.precision);
  }
}

/** One of two, and it is not known which: where a selection is continuous, they come together as the precision rises. */
function either(a: Dual, b: Dual, precision: number): Dual {
  const tangent = (a.tangent ?? b.tangent) ? hull(a.tangent ?? zero, b.tangent ?? zero, precision) : null;
  return { value: hull(a.value, b.value, precision), tangent };
}

/** A call with declared gradients: they stand in for the derivatives of the body. */
function custom({ rule }: Application, operands: readonly Dual[], evaluation: Evaluation): Dual {
  if (!rule) throw new TypeError("a call with declared gradients has none");
  const { precision } = evaluation;
  const within = (root: Expr, seed: number | null): Dual => {
    const bindings = new Map(
      rule.formals.map((formal, i) => [
        formal,
        { value: operands[i]?.value ?? unknown, tangent: i === seed ? one : null },
      ]),
    );
    return evaluate(root, { ...evaluation, bindings });
  };
  let tangent: Ball | null = null;
  rule.formals.forEach((formal, i) => {
    const passed = operands[i]?.tangent ?? null;
    if (passed === null) return;
    const declared = rule.gradients.get(formal);
    const partial = declared ? within(declared, null).value : within(rule.body, i).tangent;
    if (partial === null) return;
    const term = multiply(partial, passed, precision);
    tangent = tangent === null ? term : add(tangent, term, precision);
  });
  return { value: within(rule.body, null).value, tangent };
}

const isRealFunction = (name: PrimitiveName): name is PrimitiveName & RealFunction => name in realFunctions;

/** The value of a primitive whose operands and result are numbers. */
function valueOf(primitive: PrimitiveName, operands: readonly Ball[], precision: number): Ball {
  const [a = nan, b = nan] = operands;
  if (isRealFunction(primitive)) return realFunctions[primitive](a, precision);
  switch (primitive) {
    case "add":
      return add(a, b, precision);
    case "subtract":
      return subtract(a, b, precision);
    case "multiply":
      return multiply(a, b, precision);
    case "divide":
      return divide(a, b, precision);
    case "pow":
      return pow(a, b, precision);
    case "pi":
      return pi(precision);
    case "infinity":
      return positiveInfinity;
    case "sign":
      return signOf(a);
    case "logaddexp":
      return logaddexp(a, b, precision);
    case "hypot":
      return sqrt(add(multiply(a, a, precision + 8), multiply(b, b, precision + 8), precision + 8), precision);
    case "logistic": {
      const e = exp(negate(absolute(a)), precision + 8);
      const below = add(one, e, precision + 8);
      return divide(e, multiply(below, below, precision + 8), precision);
    }
    case "logistic_moment":
      return multiply(a, valueOf("logistic", [a], precision + 8), precision);
    case "log1p_square":
      return realFunctions.log1p(multiply(a, a, 2 * precision), precision);
    case "logcosh":
      return realFunctions.log(realFunctions.cosh(a, precision + 8), precision);
    case "normpdf": {
      const density = exp(negate(scaled(multiply(a, a, 2 * precision), -1n)), precision + 8);
      return divide(density, sqrt(multiply(two, pi(precision + 8), precision + 8), precision + 8), precision);
    }
    case "stop_gradient":
    case "mean":
    case "maximum":
    case "minimum":
      // Over a row, these are their operand where that is a constant; nothing else is asked here.
      return a;
    case "guard":
      return b.kind === "nan" ? b : a;
    case "sum":
    case "at_least":
    case "at_most":
      return unknown;
    default:
      throw new TypeError(`${primitive} has no value in ball arithmetic`);
  }
}

/** 1, 0 or −1. */
export function signOf(a: Ball): Ball {
  if (a.kind === "nan") return nan;
  const known = sign(a);
  return known === undefined ? unknown : known === 0 || isZero(a) ? zero : known > 0 ? one : negate(one);
}
