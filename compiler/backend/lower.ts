/**
 * From what is to be computed to what a dialect can spell: declared gradients are expanded, constants folded, powers
 * multiplied out, primitives without a native spelling expanded, and selections arranged so that NaN gets through.
 */
import { expandCalls } from "../calculus/differentiate.js";
import { integerExponent, isConstant, type Product, productOf, rawProduct } from "../algebra/forms.js";
import { make } from "../algebra/normalise.js";
import { isGiven, negateCondition } from "../algebra/selection.js";
import {
  type Application,
  apply,
  constant,
  type Expr,
  fold,
  rebuild,
  Space,
  substitute,
  type Variable,
  variablesOf,
} from "../ir/expr.js";
import { Memo } from "../ir/memo.js";
import {
  add,
  compare,
  fromNumber,
  isInteger,
  isOne,
  multiply,
  negate,
  one,
  type Rational,
  rational,
  toNumber,
} from "../ir/rational.js";
import { constantValue } from "../numerics/constant.js";
import { instantiateRow } from "../primitives/formula.js";
import { primitive as primitiveRow, type PrimitiveName } from "../primitives/table.js";
import { chooseWithoutBranches } from "./selections.js";
import { withoutSmallFactors } from "./small-factors.js";

export interface LowerOptions {
  /** What was written, if NaN must get through as it says. */
  readonly definition?: Expr;
  /** Whether the dialect has a spelling of its own. */
  readonly spells: (primitive: PrimitiveName) => boolean;
  /** The formula by which the dialect computes what it does not spell, where it is not that of the primitive's row. */
  readonly formOf?: (primitive: PrimitiveName) => string | undefined;
  /** Variables whose NaN must give NaN wherever they are met; none for derivatives, whose value at NaN is free. */
  readonly nanFrom: ReadonlySet<Variable>;
  /** Whether the arithmetic is float32, where products overflow soon: then factors are arranged with care. */
  readonly narrow: boolean;
  /** Whether branches on data cost more than computing both sides. */
  readonly branchless?: boolean;
}

export function lower(root: Expr, options: LowerOptions): Expr {
  const prepared = options.narrow ? preparedNarrow : preparedWide;
  const folded = prepared.get(root) ?? constantsFolded(root, options.narrow);
  prepared.set(root, folded);
  const expanded = expandPrimitives(folded, options);
  const passing =
    options.nanFrom.size === 0 ? expanded : passNaN(options.definition ?? root, expanded, options.nanFrom);
  return options.branchless ? multipliedOut(chooseWithoutBranches(withReciprocals(passing))) : passing;
}

/** The first passes, which do not depend on the dialect: targets have them in common. */
const preparedNarrow = new Memo<Expr>();
const preparedWide = new Memo<Expr>();

function constantsFolded(root: Expr, narrow: boolean): Expr {
  const gathered = gatherConstants(expandCalls(withoutMirrors(root)));
  return narrow ? withoutSmallFactors(foldConstants(arrangeFactors(gathered))) : foldConstants(gathered);
}

/**
 * where(x >= 0, f(x), f(-x)) = f(|x|). One branch is computed then, and never for -0, which a branch of positive numbers takes for
 * 0 until it divides by its root.
 */
function withoutMirrors(root: Expr): Expr {
  return rebuild(root, (node, operands) => {
    const built = apply(node.primitive, operands, node.rule);
    if (node.primitive !== "where") return built;
    const [condition, a, b] = operands as [Expr, Expr, Expr];
    if (condition.kind !== "application" || !ordered.has(condition.primitive)) return built;
    const [x, bound] = condition.operands as [Expr, Expr];
    if (x.kind !== "variable" || !isConstant(bound, 0)) return built;
    const isPositiveFirst = condition.primitive.startsWith("greater");
    const [positive, negative] = isPositiveFirst ? [a, b] : [b, a];
    if (positive === x) return built;
    const mirror = substitute(negative, new Map([[x, make("negate", [x])]]), make);
    return isConstant(make("subtract", [positive, mirror]), 0)
      ? substitute(positive, new Map([[x, apply("abs", [x])]]))
      : built;
  });
}

const ordered: ReadonlySet<PrimitiveName> = new Set(["less", "lessOrEqual", "greater", "greaterOrEqual"]);

const multipliedOut = (root: Expr): Expr =>
  rebuild(root, (node, operands) => {
    const exponent = integerExponent(node);
    return exponent === undefined
      ? apply(node.primitive, operands, node.rule)
      : repeatedProduct(operands[0]!, exponent);
  });

/** Divisions by what is the same for all elements as multiplications: a division takes four times as long. */
function withReciprocals(root: Expr): Expr {
  return rebuild(root, (node, operands) => {
    const [a, b] = operands;
    const built = apply(node.primitive, operands, node.rule);
    if (node.primitive !== "divide" || !(a!.space & ~b!.space) || b!.space & (Space.element | Space.row)) return built;
    if (b!.kind !== "constant") return apply("multiply", [a!, apply("divide", [constant(1), b!])]);
    const reciprocal = 1 / toNumber(b!.value);
    return Number.isFinite(reciprocal) ? apply("multiply", [a!, constant(fromNumber(reciprocal))]) : built;
  });
}

/** All constants of a product become one factor. */
function gatherConstants(root: Expr): Expr {
  return rebuild(root, (node, operands) => {
    const built = apply(node.primitive, operands, node.rule);
    if (node.space === Space.constant || (node.primitive !== "multiply" && node.primitive !== "divide")) return built;
    const { coefficient, powers } = productOf(built);
    const constants = new Map([...powers].filter(([factor]) => factor.space === Space.constant));
    if (constants.size === 0) return built;
    const value = constantValue(rawProduct({ coefficient, powers: constants }));
    if (value === undefined || !Number.isFinite(value) || value === 0) return built;
    const others = new Map([...powers].filter(([factor]) => !constants.has(factor)));
    return rawProduct({ coefficient: fromNumber(value), powers: others });
  });
}

/**
 * Multiplies first what belongs together: the factors in one variable, so that a vanishing function meets the input it
 * tames before another input joins in. A coefficient below 1 goes to the terms of a sum, and into sinh and cosh.
 */
function arrangeFactors(root: Expr): Expr {
  return rebuild(root, (node, operands) => {
    const built = apply(node.primitive, operands, node.rule);
    if (node.primitive !== "multiply" && node.primitive !== "divide") return built;
    const product = productOf(built);
    return [...product.powers.values()].every((exponent) => exponent > 0)
      ? arranged(product)
      : dividedInSteps(product, built);
  });
}

/** Powers of a variable that a product is divided by, one half after the other: together they may leave the range. */
function dividedInSteps({ coefficient, powers }: Product, quotient: Expr): Expr {
  const divisors = [...powers].filter(([factor, exponent]) => isGiven(factor) && exponent < -1);
  if (divisors.length === 0) return quotient;
  const others = new Map([...powers].filter(([factor]) => !divisors.some(([divisor]) => divisor === factor)));
  const halves = divisors.flatMap(([factor, exponent]) => [
    [factor, Math.floor(-exponent / 2)] as const,
    [factor, Math.ceil(-exponent / 2)] as const,
  ]);
  return halves.reduce(
    (rest, [factor, exponent]) =>
      apply("divide", [rest, exponent === 1 ? factor : apply("pow", [factor, constant(exponent)])]),
    rawProduct({ coefficient, powers: others }),
  );
}

function arranged(product: Product): Expr {
  const groups = new Map<string, Expr[]>();
  const factors = [...product.powers].sort(([a], [b]) => a.id - b.id);
  for (const [factor, exponent] of factors) {
    const key = [...variablesOf(factor)]
      .map(({ id }) => id)
      .sort((a, b) => a - b)
      .join();
    groups.set(key, [...(groups.get(key) ?? []), exponent === 1 ? factor : apply("pow", [factor, constant(exponent)])]);
  }
  const hasFunction = (group: readonly Expr[]): number => Number(group.every((factor) => factor.kind === "variable"));
  const ordered = [...groups.values()].sort((a, b) => hasFunction(a) - hasFunction(b));
  const times = (a: Expr | undefined, b: Expr): Expr => (a ? apply("multiply", [a, b]) : b);
  let result: Expr | undefined;
  let coefficient: Rational | undefined = isOne(product.coefficient) ? undefined : product.coefficient;
  for (const group of ordered) {
    let value: Expr | undefined;
    for (const factor of group) {
      const scaled: Expr | undefined = coefficient
        ? (scaledDown(coefficient, factor) ?? scaledUp(coefficient, factor))
        : undefined;
      if (scaled) coefficient = undefined;
      value = times(value, scaled ?? factor);
    }
    if (value) result = times(result, value);
  }
  if (!coefficient) return result ?? constant(1);
  if (!result) return constant(coefficient);
  return isOne(negate(coefficient)) ? apply("negate", [result]) : apply("multiply", [constant(coefficient), result]);
}

/** c * x^n for |c| > 1, such that x^n alone may vanish where the product does not. */
function scaledUp(c: Rational, factor: Expr): Expr | undefined {
  if (factor.kind !== "application" || factor.primitive !== "pow" || compare(multiply(c, c), one) <= 0)
    return undefined;
  const [base, exponent] = factor.operands;
  const n = integerExponent(factor);
  if (!base || exponent?.kind !== "constant" || n === undefined || n < 2) return undefined;
  return apply("multiply", [apply("multiply", [constant(c), base]), apply("pow", [base, constant(n - 1)])]);
}

/** c * f for |c| < 1, such that f alone may overflow where the product does not. */
function scaledDown(c: Rational, factor: Expr): Expr | undefined {
  if (factor.kind !== "application" || compare(multiply(c, c), one) >= 0) return undefined;
  const [a, b] = factor.operands;
  const by = (value: Rational, node: Expr): Expr => apply("multiply", [constant(value), node]);
  const half = (node: Expr): Expr => by(rational(1, 2), node);
  switch (factor.primitive) {
    case "add":
    case "subtract":
      return apply(factor.primitive, [by(c, a!), by(c, b!)]);
    case "pow": {
      const n = integerExponent(factor);
      return n !== undefined && n > 1 && a
        ? apply("multiply", [by(c, a), apply("pow", [a, constant(n - 1)])])
        : undefined;
    }
    case "sinh":
      return apply("multiply", [by(multiply(c, rational(2)), apply("sinh", [half(a!)])), apply("cosh", [half(a!)])]);
    case "cosh": {
      const root = apply("cosh", [half(a!)]);
      return apply("subtract", [apply("multiply", [by(multiply(c, rational(2)), root), root]), constant(c)]);
    }
    default:
      return undefined;
  }
}

/** Each constant subexpression becomes the nearest binary64. */
function foldConstants(root: Expr): Expr {
  return rebuild(root, (node, operands) => {
    const [condition, a, b] = operands;
    if (node.primitive === "where" && condition && a && b) {
      const holds = constantCondition(condition);
      if (holds !== undefined) return holds ? a : b;
    }
    if (node.space === Space.constant && node.type === "number" && node.primitive !== "infinity") {
      const value = constantValue(node);
      if (value !== undefined && Number.isFinite(value)) return constant(fromNumber(value));
    }
    return apply(node.primitive, operands, node.rule);
  });
}

/** A comparison of two constants, if it is one. */
export function constantCondition(condition: Expr): boolean | undefined {
  if (condition.kind !== "application" || condition.operands.some(({ kind }) => kind !== "constant")) return undefined;
  const [a, b] = condition.operands.map((operand) => (operand.kind === "constant" ? toNumber(operand.value) : NaN));
  return primitiveRow(condition.primitive).sample(a ?? NaN, b ?? NaN, NaN) !== 0;
}

function expandPrimitives(root: Expr, options: LowerOptions): Expr {
  const expansionOf = (name: PrimitiveName): string | undefined =>
    options.spells(name) ? undefined : (options.formOf?.(name) ?? primitiveRow(name).expansion);
  return rebuild(root, (node, operands) => {
    const exponent = integerExponent(node);
    if (exponent !== undefined) return repeatedProduct(operands[0]!, exponent);
    const power = largePower(operands[0]!, node);
    if (power) return power;
    const expansion = expansionOf(node.primitive);
    if (expansion === undefined) return apply(node.primitive, operands, node.rule);
    const build = (name: PrimitiveName, inner: readonly Expr[]): Expr => {
      const text = expansionOf(name);
      if (text !== undefined) return instantiateRow(text, inner, build);
      const plain = apply(name, inner);
      const power = integerExponent(plain);
      return power === undefined ? plain : repeatedProduct(inner[0]!, power);
    };
    return foldConstants(instantiateRow(expansion, operands, build));
  });
}

/** A power too large to be multiplied out, of the base's size: logarithms know nothing of signs. */
function largePower(base: Expr, node: Application): Expr | undefined {
  const [, exponent] = node.operands;
  if (node.primitive !== "pow" || exponent?.kind !== "constant" || !isInteger(exponent.value)) return undefined;
  const power = (n: Rational): Expr => apply("pow", [apply("abs", [base]), constant(n)]);
  if (exponent.value.numerator % 2n === 0n) return power(exponent.value);
  return exponent.value.numerator > 0n ? apply("multiply", [power(add(exponent.value, negate(one))), base]) : undefined;
}

/** base^n by repeated squaring. */
function repeatedProduct(base: Expr, exponent: number): Expr {
  if (exponent < 0) return apply("divide", [constant(1), repeatedProduct(base, -exponent)]);
  if (exponent === 0) return constant(1);
  if (exponent === 1) return base;
  const half = repeatedProduct(base, Math.floor(exponent / 2));
  const squared = apply("multiply", [half, half]);
  return exponent % 2 === 0 ? squared : apply("multiply", [squared, base]);
}

type Names = ReadonlySet<Variable>;
const none: Names = new Set();
const union = (sets: readonly Names[]): Names => new Set(sets.flatMap((set) => [...set]));
const intersection = (a: Names, b: Names): Names => new Set([...a].filter((name) => b.has(name)));

/** Variables that a definition meets whatever branch is taken: in a condition, or in every branch. */
function alwaysMet(root: Expr): Names {
  return fold<Names>(root, (node, operands) => {
    if (node.kind === "variable") return new Set([node]);
    if (node.kind === "constant") return none;
    if (node.primitive !== "where") return union(operands);
    const [condition, a, b] = operands;
    return union([condition!, intersection(a!, b!)]);
  });
}

/** Variables whose NaN makes the value NaN, whatever branch is taken. */
export const variablesMet = (definition: Expr): ReadonlySet<Variable> => alwaysMet(expandCallsRaw(definition));

/**
 * Arranges selections such that a NaN in a variable that is met gives NaN. A comparison with NaN is false: often it is
 * enough to turn the condition round, so that the branch taken then holds the variable; else the value is guarded.
 */
function passNaN(definition: Expr, root: Expr, from: Names): Expr {
  const strict = new Map<Expr, Names>();
  const strictOf = (node: Expr): Names => strict.get(node) ?? none;
  const result = fold<Expr>(root, (node, operands) => {
    if (node.kind !== "application") {
      if (node.kind === "variable" && from.has(node)) strict.set(node, new Set([node]));
      return node;
    }
    if (node.primitive !== "where") {
      const built = apply(node.primitive, operands, node.rule);
      const heeded = node.primitive === "pow" && operands[1]?.kind !== "constant" ? operands.slice(1) : operands;
      strict.set(built, union(heeded.map(strictOf)));
      return built;
    }
    const [condition, a, b] = operands;
    const met = intersection(variablesOf(condition!), from);
    const straight = { condition: condition!, a: a!, b: b! };
    const turned = { condition: negateCondition(condition!), a: b!, b: a! };
    const missing = [straight, turned].map((choice) => [...met].filter((name) => !caught(choice, name, strictOf)));
    const useTurned = missing[1]!.length < missing[0]!.length;
    const choice = useTurned ? turned : straight;
    const uncaught = missing[useTurned ? 1 : 0]!;
    const extreme = uncaught.length > 0 ? smallerOrLarger(straight) : undefined;
    let built: Expr = extreme ?? apply("where", [choice.condition, choice.a, choice.b]);
    if (!extreme) for (const name of uncaught) built = apply("guard", [built, name]);
    strict.set(built, union([met, intersection(strictOf(a!), strictOf(b!))]));
    return built;
  });
  let guarded = result;
  for (const name of variablesMet(definition)) {
    if (from.has(name) && !strictOf(result).has(name)) guarded = apply("guard", [guarded, name]);
  }
  return guarded;
}

/** `where(a < b, a, b)` and its like: a function that passes NaN through from both sides. */
function smallerOrLarger({ condition, a, b }: { condition: Expr; a: Expr; b: Expr }): Expr | undefined {
  if (condition.kind !== "application") return undefined;
  const [left, right] = condition.operands;
  const straight = left === a && right === b;
  if (!straight && !(left === b && right === a)) return undefined;
  switch (condition.primitive) {
    case "less":
    case "lessOrEqual":
      return apply(straight ? "smaller" : "larger", [left!, right!]);
    case "greater":
    case "greaterOrEqual":
      return apply(straight ? "larger" : "smaller", [left!, right!]);
    default:
      return undefined;
  }
}

/** The definition as written, calls with declared gradients replaced by their bodies, nothing simplified. */
function expandCallsRaw(root: Expr): Expr {
  return rebuild(root, (node, operands) => {
    if (node.primitive !== "custom" || !node.rule) return apply(node.primitive, operands, node.rule);
    const actual = new Map<Expr, Expr>(node.rule.formals.map((formal, i) => [formal, operands[i]!]));
    return fold<Expr>(expandCallsRaw(node.rule.body), (inner, values) => {
      const value = actual.get(inner);
      if (value) return value;
      return inner.kind === "application" ? apply(inner.primitive, values, inner.rule) : inner;
    });
  });
}

/** Whether the branch that a NaN in `name` leads to gives NaN. */
function caught(
  choice: { condition: Expr; a: Expr; b: Expr },
  name: Variable,
  strictOf: (node: Expr) => Names,
): boolean {
  const outcome = underNaN(choice.condition, name);
  return (outcome === false || strictOf(choice.a).has(name)) && (outcome === true || strictOf(choice.b).has(name));
}

/** What a condition is when `name` is NaN, if that can be said. */
function underNaN(condition: Expr, name: Variable): boolean | undefined {
  return fold<boolean | undefined>(condition, (node, operands) => {
    if (node.kind !== "application" || node.type !== "condition") return undefined;
    const [a, b] = operands;
    switch (node.primitive) {
      case "not":
        return a === undefined ? undefined : !a;
      case "and":
        return a === false || b === false ? false : a === true && b === true ? true : undefined;
      case "or":
        return a === true || b === true ? true : a === false && b === false ? false : undefined;
      case "notEqual":
        return node.operands.some((operand) => variablesOf(operand).has(name)) ? true : undefined;
      default:
        return node.operands.some((operand) => variablesOf(operand).has(name)) ? false : undefined;
    }
  });
}
