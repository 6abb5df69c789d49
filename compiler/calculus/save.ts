/**
 * What backward has to be given besides the cotangent: nothing, where the derivative does not depend on the input; a bit per
 * element, where it has two values; the output, where the derivative follows from it; else the inputs. The first two are exact. The
 * third is exact over the reals, but the output that is kept was rounded, and a derivative that is nearly the same at many
 * inputs loses digits by it.
 */
import { isConstant, isSum, productOf, termsOf } from "../algebra/forms.js";
import { make, normalise } from "../algebra/normalise.js";
import { signOf } from "../algebra/sign.js";
import type { Activation } from "../ir/activation.js";
import { apply, constant, type Expr, Space, substitute, variable, type Variable, variablesOf } from "../ir/expr.js";
import { fromNumber, toNumber } from "../ir/rational.js";
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
  /** Stands for the output, in the place of the input. */
  readonly output: Variable;
  /** The derivative in terms of the output. */
  readonly derivative: Expr;
  /** The derivatives in the learned parameters, likewise. */
  readonly learned: ReadonlyMap<Variable, Expr>;
  /** What has to be positive for that: parameters whose range does not say so. */
  readonly requires: readonly Expr[];
}

export interface SavePlan {
  readonly exact: Save;
  /** Null: the output does not determine the derivative, as far as is known. */
  readonly output: SaveFromOutput | null;
}

const isOfElement = ({ space }: Expr): boolean => (space & Space.element) !== 0;

/** Of one input, not along an axis; what learns keeps its input, or its output. */
export function savePlan(activation: Activation, value: Expr): SavePlan {
  const [input, ...others] = activation.inputs;
  if (!input || others.length > 0 || activation.axis || activation.random)
    return { exact: { kind: "inputs" }, output: null };
  const declared = activation.gradients.get(input);
  const derivative = expandCalls(normalise(declared ?? differentiate(value, input)));
  const exact: Save = activation.learned.length > 0 ? { kind: "inputs" } : exactly(derivative);
  if (activation.gradients.size > 0 || exact.kind === "nothing") return { exact, output: null };
  return { exact, output: fromOutput(expandCalls(value), activation) };
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

/** The input, and the learned parameters. */
interface Subject {
  readonly input: Variable;
  readonly learned: readonly Variable[];
}

/** How a function that does not fall passes an input on, and what its derivatives are in terms of its value. */
interface Passage {
  readonly derivative: Expr;
  /** In the learned parameters, in their order. */
  readonly learned: readonly Expr[];
  readonly requires: readonly Expr[];
  /** Where its value lies, as far as is known. */
  readonly range: Range;
  /** Where it rises strictly; elsewhere it is level. Null: it is level everywhere. An end that is null is infinite. */
  readonly rises: { readonly from: Expr | null; readonly to: Expr | null } | null;
}

/** Derivatives of functions that rise, in terms of their value v, and where that lies, rounded to float32. */
const ofValue: Readonly<Partial<Record<PrimitiveName, readonly [derivative: string, range: Range]>>> = {
  sigmoid: ["v * (1 - v)", [0, 1]],
  tanh: ["(1 - v) * (1 + v)", [-1, 1]],
  softplus: ["-expm1(-v)", [0, Infinity]],
  log_sigmoid: ["-expm1(v)", [-Infinity, 0]],
  exp: ["v", [0, Infinity]],
  expm1: ["v + 1", [-1, Infinity]],
  sinh: ["sqrt(1 + v^2)", [-Infinity, Infinity]],
  atan: ["cos(v)^2", [-Math.fround(Math.PI / 2), Math.fround(Math.PI / 2)]],
  asinh: ["1 / cosh(v)", [-Infinity, Infinity]],
};

type Range = readonly [low: number, high: number];
const everywhere: Range = [-Infinity, Infinity];

function fromOutput(value: Expr, { inputs, learned, hyperparameters }: Activation): SaveFromOutput | null {
  const variables = learned.map(({ variable: each }) => each);
  const taken = [...variables, ...hyperparameters.map(({ variable: each }) => each)].map(({ name }) => name);
  const names = ["y", "out", "result"].filter((name) => !taken.includes(name) && name !== inputs[0]?.name);
  const stand = variable("the output", "formal", Space.element);
  const passage = through(value, { input: inputs[0]!, learned: variables }, stand);
  if (!passage?.rises) return null;
  const [low, high] = passage.range;
  const bounds = { low, high, lowClosed: Number.isFinite(low), highClosed: Number.isFinite(high) };
  const output = variable(names[0] ?? "saved_output", "input", Space.element, bounds);
  const of = (root: Expr): Expr => normalise(substitute(root, new Map([[stand, output]]), make));
  return {
    output,
    derivative: of(passage.derivative),
    learned: new Map(variables.map((each, i) => [each, of(passage.learned[i]!)])),
    requires: [...new Set(passage.requires)],
  };
}

function through(value: Expr, subject: Subject, output: Expr): Passage | undefined {
  const { input, learned } = subject;
  const inLearned = learned.map((each) => (isOfElement(value) ? constant(0) : differentiate(value, each)));
  const level = { derivative: constant(0), learned: inLearned, requires: [], range: everywhere, rises: null };
  if (!isOfElement(value)) return level;
  if (value === input) return { ...level, derivative: constant(1), rises: { from: null, to: null } };
  if (value.kind !== "application") return undefined;
  if (value.primitive === "where") return throughSelection(value.operands, subject, output);
  const known = ofValue[value.primitive];
  const [operand] = value.operands;
  if (known && operand) {
    const [text, range] = known;
    const inner = through(operand, subject, output);
    // The operand's own value is not known, so its derivatives must not depend on it.
    if (!inner?.rises || inner.rises.from || inner.rises.to) return undefined;
    if ([inner.derivative, ...inner.learned].some(isOfElement)) return undefined;
    const own = instantiate(text, new Map([["v", output]]), make);
    const times = (each: Expr): Expr => make("multiply", [own, each]);
    return { ...inner, derivative: times(inner.derivative), learned: inner.learned.map(times), range };
  }
  return throughLine(value, subject, output);
}

/** c g(x) + d */
function lineOf(value: Expr): { readonly c: Expr; readonly d: Expr; readonly inner: Expr } | undefined {
  const varying = [...termsOf(value)].filter(([base]) => isOfElement(base));
  const [[base, coefficient] = []] = varying;
  if (varying.length !== 1 || !base || !coefficient) return undefined;
  const factors = [...productOf(base).powers].filter(([factor]) => isOfElement(factor));
  const [[inner, power] = []] = factors;
  if (factors.length !== 1 || !inner || power !== 1) return undefined;
  const term = make("multiply", [constant(coefficient), base]);
  const c = make("divide", [term, inner]);
  const d = make("subtract", [value, term]);
  return isOfElement(c) || isOfElement(d) || inner === value ? undefined : { c, d, inner };
}

const falls = (c: Expr): boolean => signOf(c).nonpositive && signOf(c).nonzero;

function throughLine(value: Expr, subject: Subject, output: Expr): Passage | undefined {
  const { c, d, inner } = lineOf(value) ?? {};
  if (!c || !d || !inner) return undefined;
  if (falls(c)) return mirrored(value, subject, output);
  const own = make("divide", [make("subtract", [output, d]), c]);
  const passage = through(inner, subject, own);
  if (!passage) return undefined;
  const times = (each: Expr): Expr =>
    isSum(each)
      ? [...termsOf(each)].reduce((sum: Expr, [base, coefficient]) => {
          return make("add", [sum, make("multiply", [c, make("multiply", [constant(coefficient), base])])]);
        }, constant(0))
      : make("multiply", [c, each]);
  const learned = subject.learned.map((each, i) => {
    const outer = make("add", [make("multiply", [differentiate(c, each), own]), differentiate(d, each)]);
    return make("add", [outer, times(passage.learned[i]!)]);
  });
  const required = undecidedSign(c);
  return {
    derivative: times(passage.derivative),
    learned,
    requires: required ? [...passage.requires, required] : passage.requires,
    range: onLine(passage.range, c, d),
    rises: passage.rises,
  };
}

/** What has the sign of a product, where that is not known to be positive: its factors that are not. */
function undecidedSign(c: Expr): Expr | null {
  const { coefficient, powers } = productOf(c);
  const isPositive = (node: Expr): boolean => signOf(node).nonnegative && signOf(node).nonzero;
  const factors = [...powers].filter(([factor]) => !isPositive(factor));
  if (coefficient.numerator > 0n && factors.length === 0) return null;
  return factors.reduce(
    (product: Expr, [factor, power]) =>
      make("multiply", [product, power === -1 ? factor : make("pow", [factor, constant(power)])]),
    constant(coefficient.numerator > 0n ? 1 : -1),
  );
}

/** Where c v + d lies, of which c is positive. */
function onLine([low, high]: Range, c: Expr, d: Expr): Range {
  if (c.kind === "constant" && d.kind === "constant") {
    const at = (v: number): number => Math.fround(toNumber(c.value) * v + toNumber(d.value));
    return [at(low), at(high)];
  }
  if (!isConstant(d, 0)) return everywhere;
  return [low === 0 ? 0 : -Infinity, high === 0 ? 0 : Infinity];
}

/** -g(-x) rises where g does. */
function mirrored(value: Expr, subject: Subject, output: Expr): Passage | undefined {
  const { input } = subject;
  const opposite = (node: Expr): Expr => make("multiply", [constant(-1), node]);
  const turned = normalise(opposite(substitute(value, new Map([[input, opposite(input)]]), make)));
  const { c } = lineOf(turned) ?? {};
  const passage = c && falls(c) ? undefined : through(turned, subject, opposite(output));
  if (!passage || passage.rises?.from || passage.rises?.to) return undefined;
  const [low, high] = passage.range;
  return { ...passage, learned: passage.learned.map(opposite), range: [-high, -low] };
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

/** A number that rounding to float32 does not make another than it is for all that have it: no arithmetic but a sign. */
function isGiven(node: Expr): boolean {
  const [[base, coefficient] = [], ...more] = [...termsOf(node)];
  if (node.kind === "constant" || node.kind === "variable") return true;
  return (
    more.length === 0 && base?.kind === "variable" && coefficient?.numerator === -1n && coefficient.denominator === 1n
  );
}

const asFloat32 = (node: Expr): Expr =>
  node.kind === "constant" ? constant(fromNumber(Math.fround(toNumber(node.value)))) : node;

/** Selections by comparing the input with what is the same for all elements, continuous there. */
function throughSelection(operands: readonly Expr[], subject: Subject, output: Expr): Passage | undefined {
  const { input } = subject;
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
  const [high, low] = [through(upper, subject, output), through(lower, subject, output)];
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
  const value = at(upper);
  // Where a side is level, all of its outputs are the border, rounded once: they must compare as equal to it.
  if (!(high.rises && low.rises) && !(isGiven(output) && isGiven(value))) return undefined;
  const beyond = make(closed ? "greaterOrEqual" : "greater", [output, asFloat32(value)]);
  const either = (above: Expr, below: Expr): Expr => make("where", [beyond, above, below]);
  return {
    derivative: either(high.derivative, low.derivative),
    learned: high.learned.map((each, i) => either(each, low.learned[i]!)),
    range: everywhere,
    requires,
    rises: { from: low.rises ? low.rises.from : border, to: high.rises ? high.rises.to : border },
  };
}

/**
 * Whether a module can tell if a number is positive: it knows hyperparameters, not what is learned, and arithmetic gets the signs
 * of products, quotients and single differences right.
 */
export function isDecidable(required: Expr): boolean {
  if ([...variablesOf(required)].some(({ role }) => role !== "hyperparameter")) return false;
  const hasExactSign = (node: Expr): boolean => {
    if (node.kind !== "application") return true;
    switch (node.primitive) {
      case "multiply":
      case "divide":
      case "negate":
        return node.operands.every(hasExactSign);
      case "add":
      case "subtract":
        return node.operands.every(({ kind }) => kind !== "application");
      default:
        return false;
    }
  };
  return hasExactSign(required);
}
