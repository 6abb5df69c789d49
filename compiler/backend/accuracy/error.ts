/**
 * Error analysis of a lowered expression, to first order. For every subexpression: between which sizes its value lies, and
 * how far the computed value may be from it, as a relative error that is known when compiling, or, where sums may cancel,
 * as a multiple of a quantity that the kernel can compute along the way (`scale`). All in units of 2^-digits.
 */
import { productOf } from "../../algebra/forms.js";
import { signOf } from "../../algebra/sign.js";
import { apply, constant, type Expr, isApplication, type Variable } from "../../ir/expr.js";
import {
  add as sumOfRationals,
  fromNumber,
  multiply as productOfRationals,
  type Rational,
  rational,
  toNumber,
} from "../../ir/rational.js";
import type { PrimitiveName } from "../../primitives/table.js";
import type { ArithmeticModel } from "./arithmetic.js";
import * as M from "./magnitude.js";
import type { Magnitude } from "./magnitude.js";

/** |computed - true| <= (relative |value| + weight · scale) 2^-digits + absolute */
export interface ErrorBound {
  readonly relative: number;
  readonly weight: number;
  /** Not negative; null where `relative` says all. */
  readonly scale: Expr | null;
  /** The part of the above that the last operation causes itself, because an operand is infinite. */
  readonly own?: Dynamic;
  /** From results too small for full accuracy. */
  readonly absolute: number;
  /** Whether the scale has a part of that kind too. */
  readonly fades?: boolean;
}

export interface Facts extends ErrorBound {
  readonly size: Magnitude;
  /** The part of `absolute` that the last operation causes itself, because its result is that small. */
  readonly loss: number;
  /**
   * What `relative` owes to exponentials: an operand u with a relative error passes |u| times that on. The bound takes the
   * largest |u| that counts; where sums cancel, the one at hand tells more. Operands with their share.
   */
  readonly exponents: ReadonlyMap<Expr, number>;
  /** Significant bits if the computed value is exact. */
  readonly bits: number | null;
  /** Binary logarithm of the least size of a true value whose computed one may be infinite; infinity where there is none. */
  readonly infiniteFrom: number;
  /** Whether something on the way may be infinite, or the value where the true one is not. */
  readonly innerOverflows: boolean;
}

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
  /** The analysis that holds where a condition is true (or false). */
  readonly where: (condition: Expr, holds: boolean) => ErrorAnalysis;
}

export function analyseErrors(model: ArithmeticModel, environment: Environment = new Map()): ErrorAnalysis {
  const known = new Map<Expr, Facts>();
  const branches = new Map<string, ErrorAnalysis>();
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
    where(condition, holds) {
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

const isZero = (node: Expr): boolean => node.kind === "constant" && node.value.numerator === 0n;
const isOne = (node: Expr): boolean => node.kind === "constant" && node.value.numerator === node.value.denominator;
const folded = (primitive: "add" | "multiply", a: Expr, b: Expr): Expr =>
  a.kind === "constant" && b.kind === "constant"
    ? constant(primitive === "add" ? sumOfRationals(a.value, b.value) : productOfRationals(a.value, b.value))
    : apply(primitive, [a, b]);
const sumOf = (a: Expr, b: Expr): Expr => (isZero(a) || a === b ? b : isZero(b) ? a : folded("add", a, b));

/** |a| · |b|, for scales. */
const productWith = (a: Expr, b: Expr): Expr => (isOne(a) ? b : isOne(b) ? a : folded("multiply", a, b));

export function absoluteOf(node: Expr, size: Magnitude): Expr {
  if (node.kind === "constant") return constant(fromNumber(Math.abs(toNumber(node.value))));
  if (node.kind === "application" && node.primitive === "negate") return absoluteOf(node.operands[0]!, M.negated(size));
  return M.isNonnegative(size) && node.kind === "application" && node.primitive !== "subtract"
    ? node
    : apply("abs", [node]);
}

export type Dynamic = Pick<ErrorBound, "weight" | "scale" | "fades">;

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

/** 2^n for a whole n; beyond the ends of binary64, those. */
export function powerOfTwo(n: number): Expr {
  const whole = Math.max(-1000, Math.min(1000, n));
  return constant(whole >= 0 ? rational(1n << BigInt(whole)) : rational(1n, 1n << BigInt(-whole)));
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

/** No operand of an exponential is larger than this where the result, in binary64, is neither 0 nor infinite. */
const largestExponent = 745;
const largestNarrowExponent = 104;

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
    ...added(dynamic, added(first, second)),
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

/** How a function passes on errors of its operand, and the size of its result. */
interface Conduct {
  readonly size: Magnitude;
  /** Bound on |a f′(a) / f(a)|, where there is one that is known when compiling. */
  readonly condition?: number;
  /** Whether that bound is the size of the operand, as of an exponential. */
  readonly exponential?: true;
  /** |a f′(a)| as a quantity to compute, where the bound above is missing and |a| times the slope would not do. */
  readonly passes?: Expr;
  /** Bound on |f′(a)|; null for 1. */
  readonly slope?: Expr | null;
}

function ofFunction(
  node: Expr & { readonly kind: "application" },
  analysis: ErrorAnalysis,
  model: ArithmeticModel,
): Facts {
  const operands = node.operands.map((operand) => analysis.factsOf(operand));
  const [p, q] = operands;
  if (node.type === "condition") return exactly(M.ofNumber(1), 1);
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
  if (!operands.some(inexact)) return { ...base, relative: own, weight: 0, scale: null };
  if (q && (node.primitive === "hypot" || node.primitive === "logaddexp")) {
    const dynamic = added(p, q);
    if (node.primitive === "hypot") return { ...base, relative: own + Math.max(p.relative, q.relative), ...dynamic };
    const errors = added(
      { weight: p.relative, scale: absoluteOf(node.operands[0]!, p.size) },
      { weight: q.relative, scale: absoluteOf(node.operands[1]!, q.size) },
    );
    return { ...base, relative: own, ...added(dynamic, errors), absolute: base.absolute + p.absolute + q.absolute };
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
      const small = p.absolute <= 2 ** -200 && conduct.condition !== undefined && node.primitive !== "pow";
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

/** The least p of a power a^p, as far as it counts: |(a + d)^p - a^p| <= d^p for p <= 1. */
function leastPower(node: Expr & { readonly kind: "application" }, exponents: Facts | undefined): number {
  switch (node.primitive) {
    case "sqrt":
      return 1 / 2;
    case "cbrt":
      return 1 / 3;
    case "pow": {
      const { negative = null, positive = null } = exponents?.size ?? {};
      return negative || !positive || exponents?.size.zero ? 0 : Math.min(1, 2 ** positive[0]);
    }
    default:
      return 0;
  }
}

/** What the binary logarithm of the least true value is where an infinite operand makes the result infinite. */
function infiniteFromOf(node: Expr & { readonly kind: "application" }, operands: readonly Facts[]): number {
  const least = Math.min(...operands.map(({ infiniteFrom }) => infiniteFrom));
  if (least === Infinity) return Infinity;
  switch (node.primitive) {
    case "sqrt":
    case "cbrt":
    case "pow":
      return least * leastPower(node, operands[1]);
    case "log":
    case "log1p":
    case "asinh":
    case "acosh":
      return least > 1 ? Math.log2(least) - 1 : -Infinity;
    default:
      return least;
  }
}

/** The binary logarithm of the size from which on a function is, to the last bit, what it is of infinity, unless that is infinite. */
function settledFrom(node: Expr & { readonly kind: "application" }, exponents: Facts | undefined): number {
  switch (node.primitive) {
    case "exp":
    case "bounded_exp":
    case "raised_exp":
    case "raised_normcdf":
    case "expm1":
    case "bounded_expm1":
    case "falling_expm1":
    case "sigmoid":
    case "logistic":
    case "logistic_moment":
    case "softplus":
    case "tanh":
    case "erf":
    case "erfc":
    case "normcdf":
    case "normpdf":
      return 9.6;
    case "atan":
      return 60;
    case "pow":
      return exponents?.size.negative ? Infinity : 0;
    default:
      return 0;
  }
}

function mayBePole(node: Expr & { readonly kind: "application" }, { size, scale }: Facts): boolean {
  switch (node.primitive) {
    case "log":
    case "rsqrt":
    case "pow":
      return scale !== null && M.leastOf(size) === -Infinity;
    case "log1p":
      return mostNegative(size) > -0.01;
    case "atanh":
      return M.mostOf(size) > -0.01;
    default:
      return false;
  }
}

const stepLike: ReadonlySet<string> = new Set(["floor", "ceil", "round", "sign"]);

function conductOf(
  node: Expr & { readonly kind: "application" },
  { size, relative }: Facts,
  second: Facts | undefined,
  model: ArithmeticModel,
): Conduct {
  const a = node.operands[0]!;
  const most = M.mostOf(size);
  const least = M.sizeOf(size)?.[0] ?? -Infinity;
  const narrow = model.exactBits < 53;
  const exponent = Math.min(2 ** most, narrow ? largestNarrowExponent : largestExponent);
  const magnitude = absoluteOf(a, size);
  const one = constant(1);
  // Whether it is enough to take the largest operand that counts.
  const tame = !narrow || relative * largestNarrowExponent < 4;
  const exponentLike = tame
    ? ({ condition: exponent, exponential: true } as const)
    : { passes: productWith(absoluteOf(node, M.anything), magnitude) };
  // Of what vanishes where its operand does: there an error of the operand is one of the result, as a part of it.
  const vanishing = tame ? exponentLike : { passes: productWith(absoluteOf(node, M.anything), sumOf(one, magnitude)) };
  // exp(a) for a in the given sizes, as binary logarithms
  const exponential: Magnitude = M.positiveBetween(
    size.negative ? -(2 ** size.negative[1]) * Math.LOG2E : 0,
    size.positive ? 2 ** size.positive[1] * Math.LOG2E : 0,
  );
  const bounded = (top: number): Magnitude =>
    M.oddIncreasing(
      size,
      () => -Infinity,
      (log) => Math.min(log, top),
    );
  switch (node.primitive) {
    case "exp":
    case "bounded_exp":
      return { size: exponential, ...exponentLike, slope: node };
    case "raised_exp":
      return { size: M.product(exponential, M.ofNumber(2 ** 60)), ...exponentLike, slope: node };
    case "expm1":
    case "bounded_expm1":
    case "falling_expm1": {
      const grows = size.positive ? Math.max(size.positive[1] + 1, 2 ** size.positive[1] * Math.LOG2E) : 0;
      return {
        size: {
          negative: size.negative && [Math.min(size.negative[0], 0) - 1, Math.min(size.negative[1], 0)],
          zero: size.zero,
          positive: size.positive && [size.positive[0], grows],
        },
        ...(size.positive ? vanishing : { condition: 1 }),
        slope: size.positive ? sumOf(one, absoluteOf(node, size)) : one,
      };
    }
    case "log": {
      const largest = Math.max(Math.abs(least), Math.abs(most)) * Math.LN2;
      const near = least > 0 ? Math.log2(least * Math.LN2) : most < 0 ? Math.log2(-most * Math.LN2) : -Infinity;
      return {
        size: {
          negative: least < 0 ? [near, Math.log2(largest)] : null,
          zero: least <= 0 && most >= 0,
          positive: most > 0 ? [near, Math.log2(largest)] : null,
        },
        ...(near > -8 ? { condition: 2 ** -near } : { passes: one }),
        slope: apply("divide", [one, magnitude]),
      };
    }
    case "log1p": {
      const grows = size.positive
        ? size.positive[1] < 0
          ? size.positive[1]
          : Math.log2(size.positive[1] * Math.LN2 + 1)
        : 0;
      return {
        size: {
          negative: size.negative && [size.negative[0], size.negative[1] < -1 ? size.negative[1] + 0.5 : 10],
          zero: size.zero,
          positive: size.positive && [Math.min(size.positive[0], 0) - 1, grows],
        },
        ...(M.isNonnegative(size)
          ? { condition: 1, slope: one }
          : mostNegative(size) < -1
            ? { condition: 2, slope: constant(2) }
            : {
                slope: apply("divide", [one, apply("add", [one, a])]),
              }),
      };
    }
    case "sqrt":
      return {
        size: {
          ...M.nothing,
          zero: size.zero,
          positive: size.positive && [size.positive[0] / 2, size.positive[1] / 2],
        },
        condition: 0.5,
        slope: apply("divide", [one, node]),
      };
    case "rsqrt":
      return {
        size: M.positiveBetween(-most / 2, -least / 2),
        condition: 0.5,
        slope: apply("divide", [absoluteOf(node, size), magnitude]),
      };
    case "cbrt":
      return {
        size: M.oddIncreasing(size, (log) => log / 3),
        condition: 1 / 3,
        slope: apply("divide", [absoluteOf(node, size), magnitude]),
      };
    case "sigmoid":
      return {
        size: M.positiveBetween(size.negative ? -(2 ** size.negative[1]) * Math.LOG2E - 1 : -1, size.positive ? 0 : -1),
        ...exponentLike,
        slope: node,
      };
    case "mish_gate":
      return {
        size: M.positiveBetween(size.negative ? -(2 ** size.negative[1]) * Math.LOG2E - 1 : -1, 0),
        ...exponentLike,
        slope: node,
      };
    case "logistic":
      return {
        size: M.positiveBetween(-(2 ** most) * Math.LOG2E - 2, -2),
        ...exponentLike,
        slope: node,
      };
    case "logistic_moment":
      return {
        size: bounded(-1),
        ...vanishing,
        slope: one,
      };
    case "softplus":
      return {
        size: M.positiveBetween(
          size.negative ? -(2 ** size.negative[1]) * Math.LOG2E - 1 : -0.53,
          size.positive ? Math.max(0.5, size.positive[1] + 0.5) : -0.53,
        ),
        ...(M.isNonnegative(size) ? { condition: 1 } : exponentLike),
        slope: apply("at_most", [node, one]),
      };
    case "softplus_tail":
      return { size: M.positiveBetween(-(2 ** most) * Math.LOG2E - 1, -0.52), ...exponentLike, slope: one };
    case "tanh":
    case "erf":
      return {
        size: M.oddIncreasing(
          size,
          (log) => Math.min(log, 0) - 0.4,
          (log) => Math.min(log + 0.2, 0),
        ),
        condition: 1,
        slope: constant(2),
      };
    case "atan":
      return {
        size: M.oddIncreasing(
          size,
          (log) => Math.min(log, 0) - 0.4,
          (log) => Math.min(log, 0.66),
        ),
        condition: 1,
        slope: one,
      };
    case "asinh":
      return {
        size: M.oddIncreasing(
          size,
          (log) => Math.min(log, 0) - 0.3,
          (log) => (log < 0 ? log : Math.log2(log * Math.LN2 + 1.5)),
        ),
        condition: 1,
        slope: one,
      };
    case "sinh":
      return {
        size: M.oddIncreasing(
          size,
          (log) => log,
          (log) => (log < 0 ? log + 0.3 : 2 ** log * Math.LOG2E),
        ),
        ...vanishing,
        slope: sumOf(one, absoluteOf(node, M.anything)),
      };
    case "cosh":
      return {
        size: M.positiveBetween(0, Math.max(0.7, 2 ** most * Math.LOG2E)),
        ...exponentLike,
        slope: node,
      };
    case "erfc":
      return {
        size: M.positiveBetween(size.positive ? -(2 ** (2 * size.positive[1])) * 1.5 - 10 - size.positive[1] : 0, 1),
        ...(tame
          ? { condition: narrow ? 220 : 1500 }
          : { passes: productWith(node, sumOf(one, apply("multiply", [constant(3), apply("multiply", [a, a])]))) }),
        slope: productWith(node, apply("add", [constant(2), apply("multiply", [constant(2), magnitude])])),
      };
    case "normcdf":
    case "raised_normcdf":
      return {
        size: M.product(
          M.positiveBetween(size.negative ? -(2 ** (2 * size.negative[1])) * 0.75 - 10 - size.negative[1] : -1, 0),
          M.ofNumber(node.primitive === "normcdf" ? 1 : 2 ** 60),
        ),
        ...(tame
          ? { condition: narrow ? 220 : 1600 }
          : { passes: productWith(node, sumOf(one, apply("multiply", [a, a]))) }),
        slope: productWith(node, sumOf(one, magnitude)),
      };
    case "normpdf":
      return {
        size: M.positiveBetween(-(2 ** (2 * most)) * 0.73 - 1.4, -1.3),
        ...(tame ? { condition: narrow ? 220 : 1600 } : { passes: productWith(node, apply("multiply", [a, a])) }),
        slope: productWith(node, magnitude),
      };
    case "gelu_slope":
      return { size: M.eitherSign(-1100, 0.2), passes: constant(2), slope: constant(1) };
    case "sin":
      return {
        size:
          most < 0
            ? M.oddIncreasing(
                size,
                (log) => log - 0.3,
                (log) => log,
              )
            : M.eitherSign(-1100, 0),
        slope: one,
      };
    case "cos":
      return { size: most < 0 ? M.positiveBetween(-1, 0) : M.eitherSign(-1100, 0), slope: one };
    case "tan":
      return {
        size:
          most < 0
            ? M.oddIncreasing(
                size,
                (log) => log,
                (log) => log + 0.7,
              )
            : M.eitherSign(-1100, 1100),
        slope: apply("add", [one, apply("multiply", [node, node])]),
      };
    case "asin":
      return { size: bounded(0.66), slope: arcSlope(a) };
    case "acos":
      return { size: { ...M.positiveBetween(-60, 1.7), zero: true }, slope: arcSlope(a) };
    case "acosh":
      return {
        size: { ...M.positiveBetween(-60, Math.log2(Math.max(1, most) + 1)), zero: true },
        slope: apply("divide", [
          one,
          apply("sqrt", [apply("multiply", [apply("subtract", [a, one]), apply("add", [a, one])])]),
        ]),
      };
    case "atanh":
      return {
        size: M.oddIncreasing(size, (log) => (log < -1 ? log : 10)),
        slope: apply("divide", [one, apply("multiply", [apply("subtract", [one, a]), apply("add", [one, a])])]),
      };
    case "hypot": {
      const other = second?.size ?? M.anything;
      return {
        size: {
          negative: null,
          zero: size.zero && other.zero,
          positive: [
            Math.max(size.zero ? -Infinity : least, other.zero ? -Infinity : (M.sizeOf(other)?.[0] ?? -Infinity)),
            Math.max(most, M.mostOf(other)) + 0.5,
          ],
        },
      };
    }
    case "logaddexp":
      return { size: M.anything };
    case "pow": {
      const exponents = second?.size ?? M.anything;
      const top = 2 ** M.mostOf(exponents);
      const reach = Math.max(Math.abs(least), Math.abs(most)) * top;
      const b = node.operands[1]!;
      return {
        size: {
          negative: size.negative && [-reach, reach],
          zero: size.zero,
          positive: [-reach, reach],
        },
        ...(top <= 64
          ? { condition: top }
          : { passes: productWith(absoluteOf(node, M.anything), absoluteOf(b, exponents)) }),
        slope: apply("divide", [productWith(absoluteOf(node, M.anything), absoluteOf(b, exponents)), magnitude]),
      };
    }
    case "floor":
    case "ceil":
    case "round":
      return {
        size: {
          negative: size.negative && [0, Math.max(0, size.negative[1] + 1)],
          zero: true,
          positive: size.positive && [0, Math.max(0, size.positive[1] + 1)],
        },
      };
    case "sign":
      return { size: M.oddIncreasing(size, () => 0) };
    default:
      return { size: M.anything };
  }
}

const mostNegative = (size: Magnitude): number => size.negative?.[1] ?? -Infinity;

const arcSlope = (a: Expr): Expr =>
  apply("divide", [
    constant(1),
    apply("sqrt", [apply("multiply", [apply("subtract", [constant(1), a]), apply("add", [constant(1), a])])]),
  ]);
