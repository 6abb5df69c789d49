/**
 * Error analysis of a lowered expression, to first order. For every subexpression: between which sizes its value lies, and
 * how far the computed value may be from it, as a relative error that is known when compiling, or, where sums may cancel,
 * as a multiple of a quantity that the kernel can compute along the way (`scale`). All in units of 2^-digits.
 */
import { productOf } from "../../algebra/forms.js";
import { signOf } from "../../algebra/sign.js";
import { apply, constant, type Expr, isApplication, type Variable } from "../../ir/expr.js";
import { type Rational, rational, toNumber } from "../../ir/rational.js";
import type { PrimitiveName } from "../../primitives/table.js";
import type { ArithmeticModel } from "./arithmetic.js";
import { conductOf, largestExponent } from "./conduct.js";
import type { Dynamic, ErrorBound, Facts } from "./facts.js";
import * as M from "./magnitude.js";
import type { Magnitude } from "./magnitude.js";
import { infiniteFromOf, leastPower, mayBePole, settledFrom } from "./ranges.js";
import { absoluteOf, isOne, powerOfTwo, productWith, sumOf } from "./scales.js";

type Exponents = ReadonlyMap<Expr, number>;
const noExponents: Exponents = new Map();

function merged(a: Exponents, b: Exponents, factor = 1): Exponents {
  if (b.size === 0) return a;
  const result = new Map(a);
  for (const [operand, share] of b) result.set(operand, (result.get(operand) ?? 0) + share * factor);
  return result;
}

type Environment = ReadonlyMap<Expr, Magnitude>;

export interface ErrorAnalysis {
  readonly factsOf: (node: Expr) => Facts;
  /** What is known of the operands of a function, as it gets them. */
  readonly operandsOf: (node: Expr & { readonly kind: "application" }) => readonly Facts[];
  /** The analysis that holds where a condition is true (or false). */
  readonly where: (condition: Expr, holds: boolean) => ErrorAnalysis;
}

/** @param narrows whether conditions tell something of what is computed where they hold */
export function analyseErrors(
  model: ArithmeticModel,
  environment: Environment = new Map(),
  narrows = true,
): ErrorAnalysis {
  const known = new Map<Expr, Facts>();
  const branches = new Map<string, ErrorAnalysis>();
  let finer: ErrorAnalysis | undefined;
  const analysis: ErrorAnalysis = {
    factsOf(root) {
      const stack = [root];
      for (let node = stack.at(-1); node; node = stack.at(-1)) {
        const operands = node.kind === "application" && !known.has(node) ? ownOperands(node) : [];
        const missing = operands.filter((operand) => !known.has(operand));
        if (missing.length > 0) {
          stack.push(...missing);
          continue;
        }
        if (!known.has(node)) known.set(node, refined(node, factsFor(node, analysis, model), environment));
        stack.pop();
      }
      return known.get(root)!;
    },
    operandsOf(node) {
      if (!model.finer?.takes(node)) return node.operands.map(analysis.factsOf);
      const { factsOf } = (finer ??= analyseErrors(model.finer.model, environment, narrows));
      const unit = 2 ** (model.digits - model.finer.model.digits);
      return node.operands.map((operand) => inUnits(factsOf(operand), unit));
    },
    where(condition, holds) {
      if (!narrows) return analysis;
      const key = `${condition.id} ${holds}`;
      let branch = branches.get(key);
      if (!branch) {
        const narrower = new Map(environment);
        restrict(condition, holds, narrower, analysis);
        branch = analyseErrors(model, narrower);
        branches.set(key, branch);
      }
      return branch;
    },
  };
  return analysis;
}

/** Errors that are counted in so many units. */
const inUnits = (facts: Facts, unit: number): Facts => ({
  ...facts,
  relative: facts.relative * unit,
  weight: facts.weight * unit,
  exponents: new Map([...facts.exponents].map(([operand, share]) => [operand, share * unit])),
});

/** Branches of a selection are looked at where their condition holds. */
const ownOperands = (node: Expr): readonly Expr[] =>
  node.kind !== "application" || node.primitive === "where" || node.primitive === "choose" || node.type === "condition"
    ? []
    : node.operands;

const refined = (node: Expr, facts: Facts, environment: Environment): Facts => {
  const narrower = environment.get(node);
  return narrower ? { ...facts, size: narrower } : facts;
};

/** Notes what a condition says about the numbers that it compares with constants. */
function restrict(condition: Expr, holds: boolean, environment: Map<Expr, Magnitude>, analysis: ErrorAnalysis): void {
  if (condition.kind !== "application") return;
  const [a, b] = condition.operands;
  switch (condition.primitive) {
    case "not":
      restrict(a!, !holds, environment, analysis);
      return;
    case "and":
    case "or":
      if (holds !== (condition.primitive === "and")) return;
      restrict(a!, holds, environment, analysis);
      restrict(b!, holds, environment, analysis);
      return;
    case "less":
    case "lessOrEqual":
    case "greater":
    case "greaterOrEqual": {
      const less = condition.primitive === "less" || condition.primitive === "lessOrEqual";
      const direction = less === holds ? "<" : ">";
      const closed = condition.primitive.endsWith("OrEqual") === holds;
      compare(a!, direction, b!, closed, environment, analysis);
      compare(b!, direction === "<" ? ">" : "<", a!, closed, environment, analysis);
      return;
    }
    default:
  }
}

function compare(
  node: Expr,
  direction: "<" | ">",
  other: Expr,
  closed: boolean,
  environment: Map<Expr, Magnitude>,
  analysis: ErrorAnalysis,
): void {
  if (node.kind === "constant") return;
  const size = environment.get(node) ?? analysis.factsOf(node).size;
  if (other.kind === "constant") {
    environment.set(node, M.restricted(size, direction, toNumber(other.value), closed));
    return;
  }
  // Compared with something of known sign: at least the sign is known.
  const bound = analysis.factsOf(other).size;
  if (direction === ">" && M.isNonnegative(bound)) environment.set(node, M.restricted(size, ">", 0, closed));
  if (direction === "<" && M.isNonpositive(bound)) environment.set(node, M.restricted(size, "<", 0, closed));
}

const exactly = (size: Magnitude, bits: number): Facts => ({
  size,
  bits,
  relative: 0,
  weight: 0,
  scale: null,
  absolute: 0,
  loss: 0,
  exponents: noExponents,
  infiniteFrom: Infinity,
  innerOverflows: false,
});

function factsFor(node: Expr, analysis: ErrorAnalysis, model: ArithmeticModel): Facts {
  if (node.kind === "constant") return ofConstant(node.value, model);
  if (node.kind === "variable") return ofVariable(node, model);
  const { primitive, operands } = node;
  const [a, b] = operands;
  const facts = (operand: Expr): Facts => analysis.factsOf(operand);
  switch (primitive) {
    case "negate":
      return { ...facts(a!), size: M.negated(facts(a!).size) };
    case "abs":
      return { ...facts(a!), size: M.absolute(facts(a!).size) };
    case "guard":
    case "stop_gradient":
      return facts(a!);
    case "at_least":
    case "at_most": {
      const bound = b!.kind === "constant" ? toNumber(b!.value) : NaN;
      const [kept, held] = primitive === "at_least" ? ([">", "<"] as const) : (["<", ">"] as const);
      const { size } = facts(a!);
      const within = M.restricted(size, kept, bound, true);
      return {
        ...facts(a!),
        size: M.isNothing(M.restricted(size, held, bound, false)) ? within : M.union(within, M.ofNumber(bound)),
      };
    }
    case "smaller":
    case "larger":
      return either(facts(a!), facts(b!), null);
    case "where":
    case "choose": {
      const [condition, first, second] = operands;
      const whenTrue = analysis.where(condition!, true).factsOf(first!);
      const whenFalse = analysis.where(condition!, false).factsOf(second!);
      return either(whenTrue, whenFalse, condition!);
    }
    case "add":
    case "subtract":
      return ofSum(a!, b!, primitive === "subtract", analysis, model);
    case "multiply":
      return ofProduct(a!, b!, analysis, model);
    case "divide":
      return ofQuotient(node, a!, b!, analysis, model);
    default:
      return ofFunction(node, analysis, model);
  }
}

/** A number's significant bits. */
function bitsOf(value: Rational): number {
  const magnitude = value.numerator < 0n ? -value.numerator : value.numerator;
  if (magnitude === 0n) return 0;
  const text = magnitude.toString(2);
  return text.length - (text.length - 1 - text.lastIndexOf("1"));
}

const isPowerOfTwo = (n: bigint): boolean => (n & (n - 1n)) === 0n;

function ofConstant(value: Rational, { exactBits, rounding }: ArithmeticModel): Facts {
  const size = M.ofNumber(toNumber(value));
  const bits = bitsOf(value);
  if (isPowerOfTwo(value.denominator) && bits <= exactBits) return exactly(size, bits);
  return { ...exactly(size, exactBits), bits: null, relative: rounding };
}

/** Inputs are float32, or what the model says; hyperparameters are numbers of ordinary size in the kernel's own precision. */
function ofVariable(variable: Variable, model: ArithmeticModel): Facts {
  const { role } = variable;
  const isInput = role === "input" || role === "cotangent";
  const bits = role === "hyperparameter" && model.exactBits === 53 ? 53 : isInput ? model.variables.bits : 24;
  const size = possibleSize(variable, model);
  return role === "hyperparameter" && model.parameterRounding
    ? { ...exactly(size, bits), bits: null, relative: model.parameterRounding }
    : exactly(size, bits);
}

/** The sizes that a variable may have. */
export const possibleSize = ({ bounds }: Variable, { variables }: ArithmeticModel): Magnitude =>
  M.between(bounds, variables.least, variables.most);

/** One of two, whichever the condition (or their order) says. */
function either(a: Facts, b: Facts, condition: Expr | null): Facts {
  const none = constant(0);
  const [first, second] = [a.scale ?? none, b.scale ?? none];
  const scale =
    a.scale === null && b.scale === null
      ? null
      : first === second
        ? first
        : condition
          ? apply("where", [condition, first, second])
          : sumOf(first, second);
  return {
    size: M.union(a.size, b.size),
    bits: a.bits !== null && b.bits !== null ? Math.max(a.bits, b.bits) : null,
    relative: Math.max(a.relative, b.relative),
    weight: Math.max(a.weight, b.weight),
    scale,
    fades: (a.fades ?? false) || (b.fades ?? false),
    absolute: Math.max(a.absolute, b.absolute),
    loss: Math.max(a.loss, b.loss),
    exponents: merged(a.exponents, b.exponents),
    infiniteFrom: Math.min(a.infiniteFrom, b.infiniteFrom),
    innerOverflows: a.innerOverflows || b.innerOverflows,
  };
}

/** Whether more than fading of small numbers may be wrong with what is left of a sum. */
export const hasCancelled = ({ scale, weight }: Dynamic): boolean => scale !== null && weight > 2 ** -40;

/** The scales of two errors, the weights brought together. */
function added(a: Dynamic, b: Dynamic): Dynamic {
  const fades = (a.fades ?? false) || (b.fades ?? false);
  if (!a.scale) return { weight: b.weight, scale: b.scale, fades };
  if (!b.scale) return { weight: a.weight, scale: a.scale, fades };
  const [large, small] = a.weight >= b.weight ? [a, b] : [b, a];
  const ratio = Math.ceil(Math.log2(small.weight / large.weight));
  // A part that weighs far less is brought down, so that the weight is right for both.
  const part = ratio > -3 ? small.scale! : productWith(powerOfTwo(ratio), small.scale!);
  return { weight: large.weight, scale: large === a ? sumOf(large.scale!, part) : sumOf(part, large.scale!), fades };
}

/** Whether two numbers never have opposite signs, whatever the variables are. */
function sameSign(a: Expr, b: Expr, opposite: boolean): boolean {
  const [p, q] = [productOf(a), productOf(b)];
  const powers = new Map(p.powers);
  for (const [factor, exponent] of q.powers) powers.set(factor, (powers.get(factor) ?? 0) + exponent);
  let negative = p.coefficient.numerator < 0n !== q.coefficient.numerator < 0n;
  if (opposite) negative = !negative;
  for (const [factor, exponent] of powers) {
    if (exponent % 2 === 0) continue;
    const sign = signOf(factor);
    if (sign.nonpositive && !sign.nonnegative) negative = !negative;
    else if (!sign.nonnegative) return false;
  }
  return !negative;
}

function ofSum(a: Expr, b: Expr, minus: boolean, analysis: ErrorAnalysis, model: ArithmeticModel): Facts {
  const [p, q] = [analysis.factsOf(a), analysis.factsOf(b)];
  const other = minus ? M.negated(q.size) : q.size;
  const size = M.sum(p.size, other);
  const absolute = p.absolute + q.absolute;
  const { rounding } = model;
  const exponents = merged(p.exponents, q.exponents);
  const inherited = added(p, q);
  const agree =
    (M.isNonnegative(p.size) && M.isNonnegative(other)) ||
    (M.isNonpositive(p.size) && M.isNonpositive(other)) ||
    sameSign(a, b, minus);
  const infiniteFrom = agree ? Math.min(p.infiniteFrom, q.infiniteFrom) : Math.min(leftOver(p, q), leftOver(q, p));
  const base = { size, bits: null, absolute, loss: 0, exponents, ...overflow(size, [p, q], infiniteFrom, model) };
  if (p.relative === 0 && q.relative === 0) return { ...base, relative: rounding, ...inherited };
  if (agree) return { ...base, relative: Math.max(p.relative, q.relative) + rounding, ...inherited };
  const apart = M.opposition(p.size, other);
  if (apart >= 0.5) {
    const ratio = 2 ** -apart;
    const errors = [p.relative, q.relative] as const;
    const relative = (Math.max(...errors) + Math.min(...errors) * ratio) / (1 - ratio) + rounding;
    return { ...base, relative, ...inherited };
  }
  const cancelling = added(asScale(absoluteOf(a, p.size), p), asScale(absoluteOf(b, q.size), q));
  return { ...base, exponents: noExponents, relative: rounding, ...added(inherited, cancelling) };
}

/** From here on a relative error is too coarse to be worth a bound that is valid for every exponent. */
const coarse = 64;

/** A relative error of a number of size `value` as a multiple of what can be computed: that, and how large exponents are. */
function asScale(value: Expr, facts: Facts): Pick<ErrorBound, "weight" | "scale"> {
  if (facts.relative === 0) return { weight: 0, scale: null };
  if (facts.relative <= coarse || facts.exponents.size === 0) return { weight: facts.relative, scale: value };
  let rest = facts.relative;
  let factor: Expr = constant(1);
  let weight = 1;
  for (const [operand, share] of facts.exponents) {
    rest -= share * largestExponent;
    weight = Math.max(weight, share);
    factor = sumOf(factor, apply("abs", [operand]));
  }
  return { weight: Math.max(weight, rest), scale: productWith(value, factor) };
}

/** @param infiniteFrom what infinite operands say */
const overflow = (
  size: Magnitude,
  operands: readonly Facts[],
  infiniteFrom: number,
  model: ArithmeticModel,
): Pick<Facts, "infiniteFrom" | "innerOverflows"> => ({
  infiniteFrom: M.mostOf(size) > model.most ? Math.min(infiniteFrom, model.most) : infiniteFrom,
  innerOverflows: operands.some((each) => overflows(each) || each.innerOverflows),
});

const overflows = ({ infiniteFrom }: Pick<Facts, "infiniteFrom">): boolean => infiniteFrom < Infinity;

/** From where on a number is infinite that is multiplied by 2^log or more. */
const raised = ({ infiniteFrom }: Facts, log: number): number =>
  infiniteFrom === Infinity ? Infinity : infiniteFrom + log;

/** What is left at least of an infinite number that another one is subtracted from. */
const leftOver = ({ infiniteFrom }: Facts, { size }: Facts): number =>
  infiniteFrom === Infinity || infiniteFrom > M.mostOf(size) + 1 ? infiniteFrom - 1 : -Infinity;

/** What a result near the smallest number loses. */
const underflow = (size: Magnitude, model: ArithmeticModel): number =>
  (M.sizeOf(size)?.[0] ?? Infinity) < model.least ? model.underflow : 0;

/** c · |factor| for a constant error c that is multiplied by something: a constant again where that is bounded. */
function scaledConstant(
  absolute: number,
  factor: Expr,
  facts: Facts,
  model: ArithmeticModel,
): Dynamic & { readonly absolute: number } {
  if (absolute === 0) return { absolute: 0, weight: 0, scale: null };
  const most = M.mostOf(facts.size);
  if (most + Math.log2(absolute) < model.faint) return { absolute: absolute * 2 ** most, weight: 0, scale: null };
  return { absolute: 0, weight: absolute * 2 ** model.digits, scale: absoluteOf(factor, facts.size), fades: true };
}

function ofProduct(a: Expr, b: Expr, analysis: ErrorAnalysis, model: ArithmeticModel): Facts {
  const [p, q] = [analysis.factsOf(a), analysis.factsOf(b)];
  const product = M.product(p.size, q.size);
  const size = a === b ? M.absolute(product) : product;
  const infiniteFrom = Math.min(raised(p, leastNonzero(q.size)), raised(q, leastNonzero(p.size)));
  const range = overflow(size, [p, q], infiniteFrom, model);
  if (p.bits !== null && q.bits !== null && p.bits + q.bits <= model.exactBits && underflow(size, model) === 0) {
    return { ...exactly(size, p.bits + q.bits), ...range };
  }
  const first = scaledConstant(p.absolute, b, q, model);
  const second = scaledConstant(q.absolute, a, p, model);
  const dynamic = added(
    { weight: p.weight, scale: p.scale && productWith(p.scale, absoluteOf(b, q.size)), fades: p.fades ?? false },
    { weight: q.weight, scale: q.scale && productWith(q.scale, absoluteOf(a, p.size)), fades: q.fades ?? false },
  );
  // Where nothing may be left of either, the errors are multiplied, too; what that comes to in pairs is 2^-96.
  const both: Dynamic =
    p.scale && q.scale && !model.hidesFaults && hasCancelled(p) && hasCancelled(q)
      ? { weight: p.weight * q.weight * 2 ** -model.digits, scale: productWith(p.scale, q.scale) }
      : { weight: 0, scale: null };
  const powers = [a, b].some(
    (each) => each.kind === "constant" && isPowerOfTwo(each.value.denominator) && bitsOf(each.value) === 1,
  );
  // Doubling a number loses nothing where small numbers fade gradually.
  const isGradual = model.underflow <= 2 ** (model.least - model.exactBits);
  const grows = powers && [a, b].some((each) => each.kind === "constant" && Math.abs(toNumber(each.value)) >= 1);
  const loss = grows && isGradual ? 0 : underflow(size, model);
  return {
    size,
    bits: null,
    relative: p.relative + q.relative + (powers ? 0 : model.rounding),
    ...added(added(dynamic, both), added(first, second)),
    absolute: first.absolute + second.absolute + loss,
    loss,
    exponents: merged(p.exponents, q.exponents),
    ...range,
  };
}

function ofQuotient(node: Expr, a: Expr, b: Expr, analysis: ErrorAnalysis, model: ArithmeticModel): Facts {
  const [p, q] = [analysis.factsOf(a), analysis.factsOf(b)];
  const size = narrowed(M.product(p.size, M.reciprocal(q.size)), mostOfQuotient(a, b, analysis));
  const over = (scale: Expr): Expr => apply("divide", [scale, absoluteOf(b, q.size)]);
  const value = (): Expr => absoluteOf(node, size);
  const dynamic = added(
    { weight: p.weight, scale: p.scale && over(p.scale), fades: p.fades ?? false },
    { weight: q.weight, scale: q.scale && over(productWith(q.scale, value())), fades: q.fades ?? false },
  );
  const small = leastNonzero(q.size);
  const numerator = p.absolute === 0 ? 0 : p.absolute * 2 ** -small;
  const first =
    numerator < 2 ** model.faint
      ? { absolute: numerator, weight: 0, scale: null }
      : { absolute: 0, weight: p.absolute * 2 ** model.digits, scale: over(constant(1)), fades: true };
  const vanished = lostInQuotient(b, q, a, p, model);
  const second =
    q.absolute === 0 || q.absolute * 2 ** -small * 2 ** model.digits < 1
      ? { weight: 0, scale: null }
      : { weight: q.absolute * 2 ** model.digits, scale: over(value()), fades: true };
  return {
    size,
    bits: null,
    relative: p.relative + q.relative + model.rounding + (q.absolute > 0 && !second.scale ? 1 : 0),
    ...added(added(dynamic, vanished), added(first, second)),
    own: vanished,
    absolute: first.absolute + vanished.absolute + underflow(size, model),
    loss: underflow(size, model),
    exponents: merged(p.exponents, q.exponents),
    ...overflow(size, [p, q], raised(p, -M.mostOf(q.size)), model),
  };
}

/** A denominator that comes out infinite leaves 0: the true quotient is below |a| / 2^infiniteFrom. */
function lostInQuotient(
  b: Expr,
  q: Facts,
  a: Expr,
  p: Facts,
  model: ArithmeticModel,
): Dynamic & { readonly absolute: number } {
  // Where faults are hidden, all that is too large is tested for.
  if (!overflows(q) || model.hidesFaults) return nothingLost;
  if (q.infiniteFrom > Math.min(320, model.most - 2)) return scaledConstant(2 ** -q.infiniteFrom, a, p, model);
  return { absolute: 0, ...lostWhereInfinite(b, absoluteOf(a, p.size), model) };
}

/** That a result is 0 because an operand is infinite, though it should not be. */
function lostWhereInfinite(operand: Expr, lost: Expr, model: ArithmeticModel): Dynamic {
  // Held, it is not infinite any more.
  let source = operand;
  while (isApplication(source, "at_least") || isApplication(source, "at_most")) source = source.operands[0]!;
  const infinite = apply("greater", [absoluteOf(source, M.anything), powerOfTwo(Math.floor(model.most))]);
  return { weight: 2 ** model.digits, scale: apply("where", [infinite, lost, constant(0)]), fades: true };
}

/** The binary logarithm of the largest quotient of a sum and one of its two terms, if it is one. */
function mostOfQuotient(a: Expr, b: Expr, analysis: ErrorAnalysis): number {
  const size = (of: Expr): Magnitude => analysis.factsOf(of).size;
  const rest = (sum: Expr, term: Expr): Expr | undefined => {
    if (sum.kind !== "application" || (sum.primitive !== "add" && sum.primitive !== "subtract")) return undefined;
    const [x, y] = sum.operands;
    return x === term ? y : y === term && sum.primitive === "add" ? x : undefined;
  };
  // a / (a + r) <= 1, and (b + r) / b = 1 + r / b
  const below = rest(b, a);
  if (below && b.kind === "application" && b.primitive === "add") {
    if (M.isNonnegative(size(a)) && M.isNonnegative(size(below))) return 0;
  }
  const beside = rest(a, b);
  return beside ? Math.max(0, M.mostOf(size(beside)) - M.leastOf(size(b))) + 1 : Infinity;
}

const narrowed = (size: Magnitude, most: number): Magnitude =>
  M.oddIncreasing(
    size,
    (log) => Math.min(log, most),
    (log) => Math.min(log, most),
  );

const nothingLost = { absolute: 0, weight: 0, scale: null } as const;

const leastNonzero = (size: Magnitude): number => (size.zero ? -Infinity : (M.sizeOf(size)?.[0] ?? -Infinity));

function ofFunction(
  node: Expr & { readonly kind: "application" },
  analysis: ErrorAnalysis,
  model: ArithmeticModel,
): Facts {
  const operands = analysis.operandsOf(node);
  const [given, q] = operands;
  // A guard asks for it.
  const mostOperand = Math.log2(model.mostOperand?.(node.primitive) ?? Infinity);
  const p = given && { ...given, size: narrowed(given.size, mostOperand) };
  if (node.type === "condition") return exactly(M.ofNumber(1), 1);
  // Nothing need be asked of it: as large as a number may be.
  if (node.primitive === "infinity") return exactly(M.positiveBetween(model.most, model.most), 1);
  if (!p) return { ...exactly(M.positiveBetween(0, 2), model.exactBits), bits: null, relative: model.rounding };
  const own = model.errorOf(node.primitive);
  const inexact = (facts: Facts): boolean => facts.relative > 0 || facts.scale !== null || facts.absolute > 0;
  const conduct = conductOf(node, p, q, model);
  const range = overflow(conduct.size, operands, infiniteFromOf(node, operands), model);
  const loss = model.anchored && likeItsOperand.has(node.primitive) ? 0 : underflow(conduct.size, model);
  const base = {
    size: conduct.size,
    bits: null,
    absolute: loss,
    loss,
    exponents: noExponents,
    ...range,
    // Infinite at a pole, which a sum that cancels may be taken for.
    innerOverflows: range.innerOverflows || (inexact(p) && mayBePole(node, p)),
  };
  if (stepLike.has(node.primitive)) return { ...base, relative: 0, weight: 0, scale: null };
  if (node.primitive === "gelu_slope" && !model.anchored) {
    // Near its zero the sum of the distribution and of its density times the operand cancels, elsewhere to an 80th at most
    // (to a sixth, where few digits count).
    const [distance, most] = model.exactBits === 53 ? [rational(1, 64), 80] : [rational(1, 4), 6];
    const fromThere = apply("abs", [apply("add", [node.operands[0]!, constant(rational(3, 4))])]);
    const near = apply("less", [fromThere, constant(distance)]);
    const scale = apply("where", [near, constant(rational(1, 2)), constant(0)]);
    if (!inexact(p)) return { ...base, relative: most * own, weight: own, scale };
  }
  // Of two negative numbers the larger one cancels against what is added to it.
  const cancelling: Dynamic =
    q && node.primitive === "logaddexp" && p.size.negative && q.size.negative
      ? {
          weight: own,
          scale: apply("smaller", [absoluteOf(node.operands[0]!, p.size), absoluteOf(node.operands[1]!, q.size)]),
        }
      : { weight: 0, scale: null };
  if (!operands.some(inexact)) return { ...base, relative: own, ...cancelling };
  if (q && (node.primitive === "hypot" || node.primitive === "logaddexp")) {
    const dynamic = added(p, q);
    if (node.primitive === "hypot") return { ...base, relative: own + Math.max(p.relative, q.relative), ...dynamic };
    const errors = added(
      { weight: p.relative, scale: absoluteOf(node.operands[0]!, p.size) },
      { weight: q.relative, scale: absoluteOf(node.operands[1]!, q.size) },
    );
    const all = added(added(dynamic, errors), cancelling);
    return { ...base, relative: own, ...all, absolute: base.absolute + p.absolute + q.absolute };
  }
  const operand = absoluteOf(node.operands[0]!, p.size);
  const slope = conduct.slope === undefined ? constant(1) : (conduct.slope ?? constant(1));
  let relative = own;
  let exponents = noExponents;
  let dynamic: Dynamic = { weight: 0, scale: null };
  if (p.relative > 0) {
    if (conduct.condition !== undefined) {
      relative += p.relative * conduct.condition;
      exponents = conduct.exponential
        ? new Map([[node.operands[0]!, (p.relative * conduct.condition) / largestExponent]])
        : merged(noExponents, p.exponents, conduct.condition);
    } else dynamic = added(dynamic, asScale(conduct.passes ?? productWith(operand, slope), p));
  }
  if (p.scale)
    dynamic = added(dynamic, { weight: p.weight, scale: productWith(p.scale, slope), fades: p.fades ?? false });
  let { absolute } = base;
  if (p.absolute > 0) {
    const lost = p.absolute ** leastPower(node, q);
    if (isOne(slope)) absolute += p.absolute;
    else if (slope === node) relative += p.absolute * 2 ** model.digits;
    else if (lost < 2 ** -200) absolute += lost;
    else {
      const passed = { weight: p.absolute * 2 ** model.digits, scale: slope, fades: true };
      // Where the operand is as small as its error, the result vanishes too: not a logarithm, nor every power.
      const vanishes = conduct.condition !== undefined && node.primitive !== "pow" && node.primitive !== "log";
      const small = p.absolute <= 2 ** -200 && vanishes;
      if (!small) dynamic = added(dynamic, passed);
    }
  }
  if (!model.hidesFaults && overflows(p) && p.infiniteFrom < settledFrom(node, q)) {
    dynamic = added(dynamic, lostWhereInfinite(node.operands[0]!, constant(1), model));
  }
  // An exponent: d(a^b) = a^b log(a) db, and |b log(a)| is no larger than what the range of numbers allows.
  if (q) relative += q.relative * (model.exactBits === 53 ? largestExponent : 90);
  return { ...base, relative, exponents, ...dynamic, absolute };
}

/** Functions that are as good as their operand where that is small. */
const likeItsOperand: ReadonlySet<PrimitiveName> = new Set<PrimitiveName>(["expm1", "falling_expm1", "log1p", "tanh"]);

const stepLike: ReadonlySet<string> = new Set(["floor", "ceil", "round", "sign"]);
