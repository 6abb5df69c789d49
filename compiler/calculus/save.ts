/**
 * What backward has to be given besides the cotangent: nothing, where the derivative does not depend on the input; a bit per
 * element, where it has two values; the output, where the derivative follows from it; else the inputs. The first two are exact. The
 * third is exact over the reals, but the output that is kept was rounded, and a derivative that is nearly the same at many
 * inputs loses digits by it.
 */
import { productOf, termsOf } from "../algebra/forms.js";
import { make, normalise } from "../algebra/normalise.js";
import { signOf } from "../algebra/sign.js";
import type { Activation } from "../ir/activation.js";
import { apply, constant, type Expr, Space, substitute, variable, type Variable } from "../ir/expr.js";
import { instantiate } from "../primitives/formula.js";
import type { PrimitiveName } from "../primitives/table.js";
import { differentiate, expandCalls } from "./differentiate.js";
import { solve } from "./solve.js";

export type Save =
  | { readonly kind: "nothing"; readonly derivative: Expr }
  /** The derivative is `yes` where the condition holds, else `no`. */
  | { readonly kind: "bit"; readonly condition: Expr; readonly yes: Expr; readonly no: Expr }
  | { readonly kind: "inputs" };

export interface SaveFromOutput {
  /** Stands for the output. */
  readonly output: Variable;
  /** The derivative in terms of the output. */
  readonly derivative: Expr;
  /** What has to be positive for that: parameters whose range does not say so. */
  readonly requires: readonly Expr[];
}

export interface SavePlan {
  readonly exact: Save;
  /** Null: the output does not determine the derivative, as far as is known. */
  readonly output: SaveFromOutput | null;
}

const isOfElement = ({ space }: Expr): boolean => (space & Space.element) !== 0;

/** Of one input and without learned parameters; gates and what learns keep their inputs. */
export function savePlan(activation: Activation, value: Expr): SavePlan {
  const [input, ...others] = activation.inputs;
  const inputs: SavePlan = { exact: { kind: "inputs" }, output: null };
  if (!input || others.length > 0 || activation.learned.length > 0 || activation.axis || activation.random)
    return inputs;
  const declared = activation.gradients.get(input);
  const derivative = expandCalls(normalise(declared ?? differentiate(value, input)));
  const exact = exactly(derivative);
  const output = declared ? null : fromOutput(expandCalls(value), input);
  return { exact, output: exact.kind === "nothing" ? null : output };
}

function exactly(derivative: Expr): Save {
  if (!isOfElement(derivative)) return { kind: "nothing", derivative };
  const leaves = new Set<Expr>();
  const stack = [derivative];
  for (let node = stack.pop(); node; node = stack.pop()) {
    const [, a, b] = node.kind === "application" && node.primitive === "where" ? node.operands : [];
    if (a && b) stack.push(a, b);
    else if (isOfElement(node)) return { kind: "inputs" };
    else leaves.add(node);
  }
  const [first, second, ...more] = [...leaves].sort((a, b) => a.id - b.id);
  if (!first || !second || more.length > 0) return { kind: "inputs" };
  // The larger of two known numbers where the bit is 1, which reads better.
  const [yes, no] = signOf(make("subtract", [first, second])).nonpositive ? [second, first] : [first, second];
  return { kind: "bit", condition: whereItIs(derivative, yes), yes, no };
}

/** Where a tree of selections ends at a leaf: a condition. */
function whereItIs(node: Expr, leaf: Expr): Expr {
  if (node.kind !== "application" || node.primitive !== "where") return truth(node === leaf);
  const [condition, a, b] = node.operands;
  const [inside, outside] = [whereItIs(a!, leaf), whereItIs(b!, leaf)];
  const opposite = make("not", [condition!]);
  if (inside === truth(true)) return outside === truth(false) ? condition! : make("or", [condition!, outside]);
  if (inside === truth(false)) return outside === truth(true) ? opposite : make("and", [opposite, outside]);
  if (outside === truth(true)) return make("or", [opposite, inside]);
  if (outside === truth(false)) return make("and", [condition!, inside]);
  return make("or", [make("and", [condition!, inside]), make("and", [opposite, outside])]);
}

const truth = (holds: boolean): Expr => apply(holds ? "equal" : "notEqual", [constant(0), constant(0)]);

/** How a function that does not fall passes an input on, and what its derivative is in terms of its value. */
interface Passage {
  readonly derivative: Expr;
  readonly requires: readonly Expr[];
  /** Where it rises strictly; elsewhere it is level. Null: it is level everywhere. An end that is null is infinite. */
  readonly rises: { readonly from: Expr | null; readonly to: Expr | null } | null;
}

/** Derivatives of functions that rise, in terms of their value v. */
const ofValue: Readonly<Partial<Record<PrimitiveName, string>>> = {
  sigmoid: "v * (1 - v)",
  tanh: "(1 - v) * (1 + v)",
  softplus: "-expm1(-v)",
  exp: "v",
  expm1: "v + 1",
  sinh: "sqrt(1 + v^2)",
  atan: "cos(v)^2",
  asinh: "1 / cosh(v)",
};

function fromOutput(value: Expr, input: Variable): SaveFromOutput | null {
  const output = variable("y", "formal", Space.element);
  const passage = through(value, input, output);
  if (!passage?.rises) return null;
  const requires = [...new Set(passage.requires)];
  return { output, derivative: normalise(passage.derivative), requires };
}

function through(value: Expr, input: Variable, output: Expr): Passage | undefined {
  if (!isOfElement(value)) return { derivative: constant(0), requires: [], rises: null };
  if (value === input) return { derivative: constant(1), requires: [], rises: { from: null, to: null } };
  if (value.kind !== "application") return undefined;
  if (value.primitive === "where") return throughSelection(value.operands, input, output);
  const text = ofValue[value.primitive];
  const [operand] = value.operands;
  if (text !== undefined && operand) {
    const inner = through(operand, input, output);
    // The operand's own value is not known, so its derivative must not depend on it.
    if (!inner?.rises || inner.rises.from || inner.rises.to || isOfElement(inner.derivative)) return undefined;
    const own = instantiate(text, new Map([["v", output]]), make);
    return { ...inner, derivative: make("multiply", [own, inner.derivative]) };
  }
  return throughLine(value, input, output);
}

/** c g(x) + d */
function throughLine(value: Expr, input: Variable, output: Expr): Passage | undefined {
  const varying = [...termsOf(value)].filter(([base]) => isOfElement(base));
  const [[base, coefficient] = []] = varying;
  if (varying.length !== 1 || !base || !coefficient) return undefined;
  const factors = [...productOf(base).powers].filter(([factor]) => isOfElement(factor));
  const [[inner, power] = []] = factors;
  if (factors.length !== 1 || !inner || power !== 1) return undefined;
  const term = make("multiply", [constant(coefficient), base]);
  const c = make("divide", [term, inner]);
  const d = make("subtract", [value, term]);
  if (isOfElement(c) || isOfElement(d) || inner === value) return undefined;
  const sign = signOf(c);
  const passage = through(inner, input, make("divide", [make("subtract", [output, d]), c]));
  if (!passage) return undefined;
  const derivative = make("multiply", [c, passage.derivative]);
  if (sign.nonpositive && sign.nonzero) return mirrored(value, input, output);
  const requires = sign.nonnegative && sign.nonzero ? passage.requires : [...passage.requires, c];
  return { derivative, requires, rises: passage.rises };
}

/** -g(-x) rises where g does. */
function mirrored(value: Expr, input: Variable, output: Expr): Passage | undefined {
  const opposite = (node: Expr): Expr => make("multiply", [constant(-1), node]);
  const turned = normalise(opposite(substitute(value, new Map([[input, opposite(input)]]), make)));
  const isLine = turned === value;
  const passage = isLine ? undefined : through(turned, input, opposite(output));
  if (!passage || passage.rises?.from || passage.rises?.to) return undefined;
  return passage;
}

/** A value next to a border, with other borders where they are written to be: further off, if that is `required`. */
function inOrder(value: Expr, required: Expr[]): Expr {
  if (value.kind !== "application" || value.primitive !== "where") return value;
  const [condition, , otherwise] = value.operands;
  if (condition?.kind !== "application" || !otherwise || isOfElement(condition)) return value;
  const [left, right] = condition.operands;
  const beyond = condition.primitive === "greaterOrEqual" || condition.primitive === "greater";
  if (!beyond || !left || !right) return value;
  required.push(make("subtract", [right, left]));
  return inOrder(otherwise, required);
}

/** Selections by comparing the input with what is the same for all elements, continuous there. */
function throughSelection(operands: readonly Expr[], input: Variable, output: Expr): Passage | undefined {
  const [condition, a, b] = operands;
  if (condition?.kind !== "application" || !a || !b) return undefined;
  const [left, right] = condition.operands;
  if (!left || !right || left.type !== "number") return undefined;
  const difference = make("subtract", [left, right]);
  const slope = signOf(differentiate(difference, input));
  const border = solve(difference, input);
  if (!border || isOfElement(border) || !(slope.nonnegative && slope.nonzero)) return undefined;
  const above = condition.primitive === "greater" || condition.primitive === "greaterOrEqual";
  const below = condition.primitive === "less" || condition.primitive === "lessOrEqual";
  if (!above && !below) return undefined;
  const [upper, lower] = above ? [a, b] : [b, a];
  /** Whether the border itself belongs to the upper part. */
  const closed = condition.primitive === "greaterOrEqual" || condition.primitive === "less";
  const chosen: Expr[] = [];
  const at = (part: Expr): Expr => inOrder(normalise(substitute(part, new Map([[input, border]]), make)), chosen);
  if (normalise(make("subtract", [at(upper), at(lower)])) !== constant(0)) return undefined;
  const [high, low] = [through(upper, input, output), through(lower, input, output)];
  if (!high || !low) return undefined;
  const requires = [...chosen, ...high.requires, ...low.requires];
  const requirePositive = (least: Expr | null, most: Expr | null): void => {
    const gap = least && most ? make("subtract", [most, least]) : null;
    if (gap && !(signOf(gap).nonnegative && signOf(gap).nonzero)) requires.push(gap);
  };
  // On the side that the border does not belong to the value must leave that of the border at once.
  const strict = closed ? low.rises : high.rises;
  if (!strict) return undefined;
  if (closed) {
    if (strict.to) return undefined;
    requirePositive(strict.from, border);
  } else {
    if (strict.from) return undefined;
    requirePositive(border, strict.to);
  }
  if (high.rises?.from || low.rises?.to) return undefined;
  const beyond = make(closed ? "greaterOrEqual" : "greater", [output, at(upper)]);
  return {
    derivative: make("where", [beyond, high.derivative, low.derivative]),
    requires,
    rises: { from: low.rises ? low.rises.from : border, to: high.rises ? high.rises.to : border },
  };
}
