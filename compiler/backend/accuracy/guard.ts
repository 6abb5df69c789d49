/**
 * The test, run with each element, of whether a lowered form is as accurate as promised there. Most forms need none; where
 * a sum may cancel, or an intermediate may leave the range, the test compares an error bound with the result.
 */
import { infinitySign, isConstant } from "../../algebra/forms.js";
import {
  apply,
  constant,
  type Expr,
  isApplication,
  reachable,
  rebuild,
  substitute,
  variablesOf,
} from "../../ir/expr.js";
import { fromNumber, rational } from "../../ir/rational.js";
import { constantValue } from "../../numerics/constant.js";
import { constantCondition } from "../lower.js";
import type { ArithmeticModel } from "./arithmetic.js";
import { asBranches } from "./branches.js";
import { analyseErrors, type ErrorAnalysis, hasCancelled, possibleSize } from "./error.js";
import type { Facts } from "./facts.js";
import { absoluteOf, powerOfTwo } from "./scales.js";
import * as M from "./magnitude.js";

export interface GuardOptions {
  readonly model: ArithmeticModel;
  /** The relative error that cancellations may cause, in units of 2^-digits. */
  readonly allowance: number;
  /** Errors that small are of no interest: a fraction of the smallest float32, or that number itself. */
  readonly negligible: number;
  /** Whether sums that cancel are nothing to guard against. */
  readonly mayCancel?: boolean;
  /** Sizes that variables may be confined to where faults are hidden; those of pairs unless given. */
  readonly limits?: readonly number[];
  /** Whether the allowance is shared among those parts of a product alone that have a use for it. */
  readonly isThrifty?: boolean;
}

export interface Guard {
  /** Holds where the form is good enough; null: everywhere. */
  readonly condition: Expr | null;
  /** The relative error that remains where it holds, besides the allowance; in units of 2^-digits. */
  readonly relative: number;
  /** Whether the condition fails for inputs of ordinary size, where sums cancel, and not only near the ends of the range. */
  readonly cancels: boolean;
}

export function guardFor(root: Expr, options: GuardOptions): Guard {
  if (!options.model.hidesFaults) return guardWithin(root, options, new Map());
  // The fewer tests the better: one of the inputs' sizes may serve for all that is made of them.
  const { model, limits } = options;
  const guards = limits
    ? limits.map((limit) => guardWithin(root, options, limitedInputs(root, limit, model)))
    : inputSizes.map((size) => guardWithin(root, options, restrictedInputs(root, size, model)));
  return guards.reduce((best, guard) => (guard.tests < best.tests ? guard : best));
}

/** Where nothing on the way leaves the range of numbers nor fades away, whatever cancels. */
export function rangeGuard(root: Expr, options: Omit<GuardOptions, "mayCancel">): Expr | null {
  return guardFor(root, { ...options, mayCancel: true }).condition;
}

/**
 * Binary logarithms of sizes that inputs may be confined to (and, unless they are 0, their inverses), so that nothing made of
 * them is too large or too small.
 */
const inputSizes: readonly number[] = [100, 58, 38];

const restrictedInputs = (root: Expr, size: number, model: ArithmeticModel): ReadonlyMap<Expr, M.Magnitude> =>
  new Map(
    [...variablesOf(root)]
      // 0 or 1: nothing to be asked at run time.
      .filter(({ role }) => role !== "training")
      .map((variable) => [variable, M.within(possibleSize(variable, model), -size, size)]),
  );

/** Variables of at most that size, however small they are. */
const limitedInputs = (root: Expr, limit: number, model: ArithmeticModel): ReadonlyMap<Expr, M.Magnitude> =>
  new Map(
    limit === Infinity
      ? []
      : [...variablesOf(root)].map((variable) => {
          const size = possibleSize(variable, model);
          return [variable, M.within(size, M.sizeOf(size)?.[0] ?? 0, Math.log2(limit))];
        }),
  );

function guardWithin(
  form: Expr,
  options: GuardOptions,
  sizes: ReadonlyMap<Expr, M.Magnitude>,
): Guard & { readonly tests: number } {
  const { root, originals, isLong } = asBranches(form);
  const analysis = analyseErrors(options.model, sizes, !isLong);
  const builder = new GuardBuilder(options, isLong);
  const { absolute, loss } = analysis.factsOf(root);
  if (options.allowance < Infinity) {
    builder.require(root, analysis, options.allowance, absolute - loss > options.negligible);
  }
  builder.requireDecisions(root, analysis, options.model.hidesFaults ? holdsOf(form) : new Set());
  if (options.model.hidesFaults) {
    for (const [variable, size] of sizes) builder.requireSize(variable, size);
    builder.requireRanges(root, analysis);
  }
  const { innerOverflows, fades } = analysis.factsOf(root);
  // An intermediate that overflows, or vanishes, may end in infinity or NaN.
  if (!options.model.hidesFaults && (innerOverflows || fades)) builder.conditions.push(isFinite(form));
  const conditions = allOf(builder.conditions);
  const condition = simplified(conditions && substitute(conditions, originals));
  return {
    condition: typeof condition === "boolean" ? null : condition,
    relative: condition === false ? Infinity : analysis.factsOf(root).relative,
    cancels: builder.cancels,
    tests: builder.conditions.length,
  };
}

/** Whether a result is a number, or infinite by name: an overflow on the way ends in infinity or NaN. */
export function isFinite(root: Expr): Expr {
  const [condition, a, b] = isApplication(root, "where") || isApplication(root, "choose") ? root.operands : [];
  if (a && infinitySign(a)) return apply("or", [condition!, isFinite(b!)]);
  if (b && infinitySign(b)) return apply("or", [negated(condition!), isFinite(a!)]);
  return apply("is_finite", [root]);
}

export function allOf(conditions: readonly Expr[]): Expr | null {
  const distinct = [...new Set(conditions.flatMap(conjuncts))];
  return distinct.length === 0 ? null : distinct.reduce((a, b) => apply("and", [a, b]));
}

/** The conditions that hold where all of a condition does. */
export const conjuncts = (condition: Expr): Expr[] =>
  isApplication(condition, "and") ? condition.operands.flatMap(conjuncts) : [condition];

/** The opposite of a condition that compares the same numbers. */
function negated(condition: Expr): Expr {
  for (const [primitive, opposite] of opposites) {
    if (isApplication(condition, primitive)) return apply(opposite, condition.operands);
  }
  return isApplication(condition, "not") ? condition.operands[0]! : apply("not", [condition]);
}

const opposites = [
  ["less", "greaterOrEqual"],
  ["lessOrEqual", "greater"],
  ["greater", "lessOrEqual"],
  ["greaterOrEqual", "less"],
  ["equal", "notEqual"],
  ["notEqual", "equal"],
] as const;

/** Arithmetic between constants, done; a condition that is always the same is no condition. */
function simplified(root: Expr | null): Expr | boolean {
  if (!root) return true;
  const truths = new Map<Expr, boolean>();
  const result = rebuild(root, (node, operands) => {
    const [a, b, c] = operands;
    const built = apply(node.primitive, operands, node.rule);
    const known = (operand: Expr | undefined): boolean | undefined => operand && truths.get(operand);
    switch (node.primitive) {
      case "where":
        return known(a) === undefined ? built : known(a) ? b! : c!;
      case "and":
      case "or": {
        const absorbing = node.primitive === "or";
        if (known(a) === undefined && known(b) === undefined) return built;
        const decided = known(a) ?? known(b);
        const other = known(a) === undefined ? a! : b!;
        return decided === absorbing ? (known(a) === decided ? a! : b!) : other;
      }
      case "not":
        if (known(a) !== undefined) truths.set(built, !known(a));
        return built;
      default: {
        const holds = node.type === "condition" ? constantCondition(built) : undefined;
        if (holds !== undefined) truths.set(built, holds);
        const alternative = isApplication(built, "lessOrEqual") && smallWhere(built.operands[0]!, built.operands[1]!);
        if (alternative) return alternative;
        if (node.type !== "number" || !operands.every(({ kind }) => kind === "constant")) return built;
        const value = constantValue(built);
        return value === undefined || !Number.isFinite(value) ? built : constant(fromNumber(value));
      }
    }
  });
  return truths.get(result) ?? result;
}

/** A scale that is 0 unless a condition holds: where it does not, no size is too small. */
function smallWhere(scale: Expr, size: Expr): Expr | undefined {
  if (!isApplication(scale, "where") || !isConstant(scale.operands[2]!, 0)) return undefined;
  const [condition, some] = scale.operands;
  return apply("or", [negated(condition!), apply("lessOrEqual", [some!, size])]);
}

class GuardBuilder {
  readonly conditions: Expr[] = [];
  cancels = false;

  /** @param asksAlways whether what is asked of a branch is asked where it is not taken, too */
  constructor(
    private readonly options: GuardOptions,
    private readonly asksAlways: boolean,
  ) {}

  /**
   * Asks for a relative error of at most `allowance`: of the parts where the form is a product, else of the whole.
   * @param fading whether what is lost of small numbers is still to be looked at
   * @param factor binary logarithm of how much larger the result may be: then it matters what a product here loses because it is small
   */
  require(node: Expr, analysis: ErrorAnalysis, allowance: number, fading = true, factor = 0): void {
    const facts = analysis.factsOf(node);
    const { model } = this.options;
    if (facts.scale === null) {
      if (fading) this.requireWeight(node, facts, allowance);
      return;
    }
    if (node.kind === "application" && node.type === "number") {
      const [a, b, c] = node.operands;
      switch (node.primitive) {
        case "negate":
        case "abs":
        case "guard":
          this.require(a!, analysis, allowance, fading, factor);
          return;
        case "multiply":
        case "divide": {
          const parted = fading || (facts.fades ?? false);
          const needsNone = (part: Facts): boolean =>
            isFine(part) || (this.options.isThrifty === true && !parted && part.scale === null);
          const parts = [a!, b!].filter((part) => !needsNone(analysis.factsOf(part)));
          for (const part of parts) {
            const other = analysis.factsOf(part === a ? b! : a!).size;
            const growth = isApplication(node, "multiply") ? M.mostOf(other) : part === a ? -M.leastOf(other) : 0;
            this.require(part, analysis, allowance / parts.length, parted, factor + growth);
          }
          if (parted && isApplication(node, "divide")) this.requireLoss(a!, b!, analysis, allowance / parts.length);
          if (facts.own?.scale) this.requireSmall(facts.own.scale, facts.own.weight, allowance, node, facts);
          if (fading && factor > 0) this.requireWeight(node, { ...facts, absolute: facts.loss }, allowance);
          return;
        }
        case "where":
        case "choose":
          this.branch(a!, true, b!, analysis, allowance, fading, factor);
          this.branch(a!, false, c!, analysis, allowance, fading, factor);
          return;
        default:
      }
    }
    this.requireSmall(facts.scale, facts.weight, allowance, node, facts);
    // What weighs next to nothing is not what cancels, but what fades away.
    this.cancels ||= facts.weight > allowance * 2 ** -60;
    if (fading && model.hidesFaults) this.requireWeight(node, facts, allowance);
    else if (fading && factor > 0) this.requireWeight(node, { ...facts, absolute: facts.loss }, allowance);
  }

  /** What a numerator loses, because it is small, is more in a quotient by a number that may be far smaller than 1. */
  private requireLoss(numerator: Expr, divisor: Expr, analysis: ErrorAnalysis, allowance: number): void {
    const { loss, scale, size } = analysis.factsOf(numerator);
    const isLarger = M.leastOf(analysis.factsOf(divisor).size) < -8;
    if (isLarger && scale !== null) this.requireWeight(numerator, { absolute: loss, size }, allowance);
  }

  /** Only what underflows on the way is lost: where the result is large against that, nothing is. */
  private requireWeight(node: Expr, { absolute, size }: Pick<Facts, "absolute" | "size">, allowance: number): void {
    if (absolute === 0) return;
    const enough = Math.ceil(Math.log2(absolute) + this.options.model.digits - Math.log2(allowance));
    if (M.leastOf(size) >= enough) return;
    this.conditions.push(apply("greaterOrEqual", [absoluteOf(node, size), powerOfTwo(enough)]));
  }

  /** scale · weight <= allowance · |value| */
  private requireSmall(scale: Expr, weight: number, allowance: number, node: Expr, { size }: Facts): void {
    // A slope of a softplus is at most the value.
    const isSmaller = isApplication(scale, "at_most") && scale.operands[0] === node && weight <= allowance;
    if (this.options.mayCancel || isSmaller) return;
    const right = apply("multiply", [powerOfTwo(Math.floor(Math.log2(allowance / weight))), absoluteOf(node, size)]);
    this.conditions.push(apply("lessOrEqual", [scale, right]));
  }

  requireSize(variable: Expr, size: M.Magnitude): void {
    if (variable.kind !== "variable") return;
    const possible = possibleSize(variable, this.options.model);
    const [least, most] = M.sizeOf(size) ?? [0, 0];
    const value = absoluteOf(variable, size);
    if (M.mostOf(possible) > most) {
      this.conditions.push(apply("lessOrEqual", [value, constant(fromNumber(Math.fround(2 ** most)))]));
    }
    if ((M.sizeOf(possible)?.[0] ?? 0) >= least) return;
    const large = apply("greaterOrEqual", [value, powerOfTwo(least)]);
    this.conditions.push(possible.zero ? apply("or", [large, apply("equal", [variable, constant(0)])]) : large);
  }

  /** Asks that nothing on the way leaves the range of numbers, nor the domain of a function. */
  requireRanges(root: Expr, analysis: ErrorAnalysis): void {
    this.walk(root, analysis, (builder, node, here) => builder.requireRange(node, here));
  }

  /**
   * Asks that what is compared, or rounded to whole numbers, is as far from where it would go the other way as tells which way
   * it goes. A sum whose operands are known exactly always is.
   * @param idle conditions of which either way serves where they are not decided
   */
  requireDecisions(root: Expr, analysis: ErrorAnalysis, idle: ReadonlySet<Expr>): void {
    if (this.options.mayCancel) return;
    this.walk(root, analysis, (builder, node, here) => builder.requireDecision(node, here, idle));
  }

  /** Goes through numbers on the way to a result, each in the branches where it counts. */
  private walk(
    root: Expr,
    analysis: ErrorAnalysis,
    ask: (builder: GuardBuilder, node: Expr, analysis: ErrorAnalysis) => void,
  ): void {
    const seen = new Set<Expr>();
    const stack = [root];
    for (let node = stack.pop(); node; node = stack.pop()) {
      if (seen.has(node) || node.kind === "constant" || node.type === "condition") continue;
      seen.add(node);
      ask(this, node, analysis);
      if (node.kind !== "application") continue;
      if (node.primitive !== "where" && node.primitive !== "choose") {
        stack.push(...node.operands);
        continue;
      }
      const [condition, a, b] = node.operands;
      if (this.asksAlways) {
        stack.push(a!, b!);
      } else {
        this.within(condition!, true, (inner) => inner.walk(a!, analysis.where(condition!, true), ask));
        this.within(condition!, false, (inner) => inner.walk(b!, analysis.where(condition!, false), ask));
      }
      for (const operand of condition?.kind === "application" ? condition.operands : []) stack.push(operand);
    }
  }

  private requireDecision(node: Expr, analysis: ErrorAnalysis, idle: ReadonlySet<Expr>): void {
    if (node.kind !== "application") return;
    const [operand] = node.operands;
    switch (node.primitive) {
      case "where":
      case "choose":
        if (idle.has(operand!)) return;
        for (const [a, b] of comparedIn(operand!)) {
          this.requireSign(isConstant(b, 0) ? a : apply("subtract", [a, b]), analysis);
        }
        return;
      case "sign":
        this.requireSign(operand!, analysis);
        return;
      case "floor":
      case "ceil":
      case "round":
        this.requireWhole(operand!, analysis);
        return;
      default:
    }
  }

  /** That a number is larger than its error. */
  private requireSign(node: Expr, analysis: ErrorAnalysis): void {
    const facts = analysis.factsOf(node);
    const { scale, weight, size } = facts;
    if (scale === null || !hasCancelled(facts)) return;
    this.cancels = true;
    const most = Math.floor(this.options.model.digits - 2 - Math.log2(weight));
    this.conditions.push(apply("lessOrEqual", [scale, apply("multiply", [powerOfTwo(most), absoluteOf(node, size)])]));
  }

  /** That a sum is on the right side of a whole number, or of the middle between two. */
  private requireWhole(node: Expr, analysis: ErrorAnalysis): void {
    const { model } = this.options;
    const { scale, size } = analysis.factsOf(node);
    if (scale !== null) {
      const double = apply("multiply", [constant(2), node]);
      this.requireSign(apply("subtract", [double, apply("round", [double])]), analysis);
      return;
    }
    // It may be a whole number itself: so all of its digits count. In pairs it has them.
    if (model.hidesFaults || (!isApplication(node, "add") && !isApplication(node, "subtract"))) return;
    const operands = node.operands.map((operand) => ({ operand, facts: analysis.factsOf(operand) }));
    if (!operands.every(({ facts }) => isExact(facts))) return;
    for (const { operand, facts } of operands) {
      if (operand.kind === "constant" || facts.bits === null || facts.bits > inputBits) continue;
      this.cancels = true;
      const least = apply("multiply", [powerOfTwo(facts.bits + 1 - model.exactBits), absoluteOf(node, size)]);
      const isLarge = apply("greaterOrEqual", [absoluteOf(operand, facts.size), least]);
      this.conditions.push(apply("or", [isLarge, apply("equal", [operand, constant(0)])]));
    }
  }

  private requireRange(node: Expr, analysis: ErrorAnalysis): void {
    const { model } = this.options;
    const size = (of: Expr): M.Magnitude => analysis.factsOf(of).size;
    const atMost = (of: Expr, log: number): void =>
      void this.conditions.push(apply("lessOrEqual", [absoluteOf(of, size(of)), powerOfTwo(log)]));
    const atLeast = (of: Expr, bound: Expr): void => void this.conditions.push(apply("greaterOrEqual", [of, bound]));
    const [a, b] = node.kind === "application" ? node.operands : [];
    // What a variable has to be for a quotient by it to stay in range: it is looked at instead of the quotient if hardly any is so small.
    const least =
      isApplication(node, "divide") && b?.kind === "variable" ? Math.ceil(M.mostOf(size(a!)) - model.most) : Infinity;
    const leastDivisor = Math.max(model.least, least <= -60 ? least : -Infinity);
    if (M.mostOf(size(node)) > model.most && least > -60) atMost(node, model.most);
    if (node.kind !== "application") return;
    const mostOperand = model.mostOperand?.(node.primitive) ?? Infinity;
    if (a && M.mostOf(size(a)) > Math.log2(mostOperand)) {
      this.conditions.push(apply("lessOrEqual", [absoluteOf(a, size(a)), constant(fromNumber(mostOperand))]));
    }
    switch (node.primitive) {
      case "divide":
        if (M.leastOf(size(b!)) < leastDivisor) atLeast(absoluteOf(b!, size(b!)), powerOfTwo(leastDivisor));
        return;
      case "log":
      case "pow":
        if (M.leastOf(size(a!)) < model.least || size(a!).negative) atLeast(a!, powerOfTwo(model.least));
        return;
      case "log1p":
        if ((size(a!).negative?.[1] ?? -Infinity) > -0.01) atLeast(a!, constant(rational(-1023, 1024)));
        return;
      case "sqrt":
        if (size(a!).negative) atLeast(a!, constant(0));
        return;
      // Computed with a square.
      case "acosh":
        atLeast(a!, constant(1));
        if (M.mostOf(size(a!)) > model.most / 2) atMost(a!, Math.floor(model.most / 2));
        return;
      case "asinh":
        if (M.mostOf(size(a!)) > model.most / 2) atMost(a!, Math.floor(model.most / 2));
        return;
      case "asin":
      case "acos":
      case "atanh":
        if (M.mostOf(size(a!)) >= 0) {
          this.conditions.push(apply("lessOrEqual", [absoluteOf(a!, size(a!)), constant(rational(1023, 1024))]));
        }
        return;
      case "sin":
      case "cos":
      case "tan":
        if (M.mostOf(size(a!)) > 12) atMost(a!, 12);
        return;
      default:
    }
  }

  private branch(
    condition: Expr,
    holds: boolean,
    value: Expr,
    analysis: ErrorAnalysis,
    allowance: number,
    fading: boolean,
    factor: number,
  ): void {
    const here = analysis.where(condition, holds);
    this.within(condition, holds, (inner) => inner.require(value, here, allowance, fading, factor));
  }

  /** What is only asked where a condition holds (or does not). */
  private within(condition: Expr, holds: boolean, ask: (inner: GuardBuilder) => void): void {
    if (this.asksAlways) {
      ask(this);
      return;
    }
    const inner = new GuardBuilder(this.options, false);
    ask(inner);
    this.cancels ||= inner.cancels;
    const needed = allOf(inner.conditions);
    if (needed) this.conditions.push(apply("or", [holds ? negated(condition) : condition, needed]));
  }
}

const isFine = (facts: Facts): boolean => facts.scale === null && facts.absolute === 0;

/** Bits of an input. */
const inputBits = 24;

/** Conditions that pairs hold operands with: what is held is the same to the last bit on both sides. */
const holdsOf = (form: Expr): ReadonlySet<Expr> =>
  new Set(reachable([form]).flatMap((node) => (isApplication(node, "choose") ? [node.operands[0]!] : [])));

const isExact = ({ relative, scale }: Facts): boolean => relative === 0 && scale === null;

/** The pairs of numbers whose order a condition asks for. Equality is asked for where another formula has a hole to fill. */
function comparedIn(condition: Expr): readonly (readonly [Expr, Expr])[] {
  if (condition.kind !== "application") return [];
  const [a, b] = condition.operands;
  if (a?.type === "number")
    return b && !isApplication(condition, "equal") && !isApplication(condition, "notEqual") ? [[a, b]] : [];
  return condition.operands.flatMap(comparedIn);
}
