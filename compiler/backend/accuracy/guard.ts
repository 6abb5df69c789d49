/**
 * The test, run with each element, of whether a lowered form is as accurate as promised there. Most forms need none; where
 * a sum may cancel, or an intermediate may leave the range, the test compares an error bound with the result.
 */
import { isConstant } from "../../algebra/forms.js";
import { apply, constant, type Expr, isApplication, rebuild, substitute, variablesOf } from "../../ir/expr.js";
import { fromNumber, rational } from "../../ir/rational.js";
import { constantValue } from "../../numerics/constant.js";
import { constantCondition } from "../lower.js";
import type { ArithmeticModel } from "./arithmetic.js";
import { asBranches } from "./branches.js";
import { absoluteOf, analyseErrors, type ErrorAnalysis, type Facts, possibleSize, powerOfTwo } from "./error.js";
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
  const { root, originals } = asBranches(form);
  const analysis = analyseErrors(options.model, sizes);
  const builder = new GuardBuilder(options);
  const { absolute, loss } = analysis.factsOf(root);
  if (options.allowance < Infinity) {
    builder.require(root, analysis, options.allowance, absolute - loss > options.negligible);
  }
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

/** Whether a result is a number: an overflow on the way ends in infinity or NaN. */
export const isFinite = (root: Expr): Expr => apply("is_finite", [root]);

export function allOf(conditions: readonly Expr[]): Expr | null {
  const distinct = [...new Set(conditions)];
  return distinct.length === 0 ? null : distinct.reduce((a, b) => apply("and", [a, b]));
}

/** The conditions that hold where all of a condition does. */
export function conjuncts(condition: Expr | null): Expr[] {
  if (!condition) return [];
  return isApplication(condition, "and") ? condition.operands.flatMap(conjuncts) : [condition];
}

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

  constructor(private readonly options: GuardOptions) {}

  /**
   * Asks for a relative error of at most `allowance`: of the parts where the form is a product, else of the whole.
   * @param fading whether what is lost of small numbers is still to be looked at
   */
  require(node: Expr, analysis: ErrorAnalysis, allowance: number, fading = true): void {
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
          this.require(a!, analysis, allowance, fading);
          return;
        case "multiply":
        case "divide": {
          const parted = fading || (facts.fades ?? false);
          const needsNone = (part: Facts): boolean =>
            isFine(part) || (this.options.isThrifty === true && !parted && part.scale === null);
          const parts = [a!, b!].filter((part) => !needsNone(analysis.factsOf(part)));
          for (const part of parts) this.require(part, analysis, allowance / parts.length, parted);
          if (parted && isApplication(node, "divide")) this.requireLoss(a!, b!, analysis, allowance / parts.length);
          if (facts.own?.scale) this.requireSmall(facts.own.scale, facts.own.weight, allowance, node, facts);
          return;
        }
        case "where":
        case "choose":
          this.branch(a!, true, b!, analysis, allowance, fading);
          this.branch(a!, false, c!, analysis, allowance, fading);
          return;
        default:
      }
    }
    this.requireSmall(facts.scale, facts.weight, allowance, node, facts);
    // What weighs next to nothing is not what cancels, but what fades away.
    this.cancels ||= facts.weight > allowance * 2 ** -60;
    if (fading && model.hidesFaults) this.requireWeight(node, facts, allowance);
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
    if (this.options.mayCancel) return;
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
    const seen = new Set<Expr>();
    const stack = [root];
    for (let node = stack.pop(); node; node = stack.pop()) {
      if (seen.has(node) || node.kind === "constant" || node.type === "condition") continue;
      seen.add(node);
      this.requireRange(node, analysis);
      if (node.kind !== "application") continue;
      if (node.primitive !== "where" && node.primitive !== "choose") {
        stack.push(...node.operands);
        continue;
      }
      const [condition, a, b] = node.operands;
      this.within(condition!, true, (inner) => inner.requireRanges(a!, analysis.where(condition!, true)));
      this.within(condition!, false, (inner) => inner.requireRanges(b!, analysis.where(condition!, false)));
      for (const operand of condition?.kind === "application" ? condition.operands : []) stack.push(operand);
    }
  }

  private requireRange(node: Expr, analysis: ErrorAnalysis): void {
    const { model } = this.options;
    const size = (of: Expr): M.Magnitude => analysis.factsOf(of).size;
    const atMost = (of: Expr, log: number): void =>
      void this.conditions.push(apply("lessOrEqual", [absoluteOf(of, size(of)), powerOfTwo(log)]));
    const atLeast = (of: Expr, bound: Expr): void => void this.conditions.push(apply("greaterOrEqual", [of, bound]));
    if (M.mostOf(size(node)) > model.most) atMost(node, model.most);
    if (node.kind !== "application") return;
    const [a, b] = node.operands;
    const mostOperand = model.mostOperand?.(node.primitive) ?? Infinity;
    if (a && M.mostOf(size(a)) > Math.log2(mostOperand)) {
      this.conditions.push(apply("lessOrEqual", [absoluteOf(a, size(a)), constant(fromNumber(mostOperand))]));
    }
    switch (node.primitive) {
      case "divide":
        if (M.leastOf(size(b!)) < model.least) atLeast(absoluteOf(b!, size(b!)), powerOfTwo(model.least));
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
      case "acosh":
        atLeast(a!, constant(1));
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
  ): void {
    this.within(condition, holds, (inner) => inner.require(value, analysis.where(condition, holds), allowance, fading));
  }

  /** What is only asked where a condition holds (or does not). */
  private within(condition: Expr, holds: boolean, ask: (inner: GuardBuilder) => void): void {
    const inner = new GuardBuilder(this.options);
    ask(inner);
    this.cancels ||= inner.cancels;
    const needed = allOf(inner.conditions);
    if (needed) this.conditions.push(apply("or", [holds ? negated(condition) : condition, needed]));
  }
}

const isFine = (facts: Facts): boolean => facts.scale === null && facts.absolute === 0;
