/**
 * The test, run with each element, of whether a lowered form is as accurate as promised there. Most forms need none; where
 * a sum may cancel, or an intermediate may leave the range, the test compares an error bound with the result.
 */
import { negateCondition } from "../../algebra/selection.js";
import { apply, constant, type Expr } from "../../ir/expr.js";
import { fromNumber, rational } from "../../ir/rational.js";
import type { ArithmeticModel } from "./arithmetic.js";
import { absoluteOf, analyseErrors, type ErrorAnalysis, type Facts } from "./error.js";

export interface GuardOptions {
  readonly model: ArithmeticModel;
  /** The relative error that cancellations may cause, in units of 2^-digits. */
  readonly allowance: number;
  /** Errors that small are of no interest: a fraction of the smallest float32, or that number itself. */
  readonly negligible: number;
}

export interface Guard {
  /** Holds where the form is good enough; null: everywhere. */
  readonly condition: Expr | null;
  /** The relative error that remains where it holds, besides the allowance; in units of 2^-digits. */
  readonly relative: number;
}

export function guardFor(root: Expr, options: GuardOptions): Guard {
  const analysis = analyseErrors(options.model);
  const builder = new GuardBuilder(options);
  builder.require(root, analysis, options.allowance);
  const conditions = [...builder.conditions];
  if (analysis.factsOf(root).innerOverflows) conditions.push(isFinite(root, options.model));
  return { condition: allOf(conditions), relative: analysis.factsOf(root).relative };
}

/** Whether a result is a number: an overflow on the way ends in infinity or NaN. */
export const isFinite = (root: Expr, { digits }: ArithmeticModel): Expr =>
  apply("lessOrEqual", [apply("abs", [root]), constant(fromNumber(digits === 24 ? largestFloat32 : Number.MAX_VALUE))]);

export function allOf(conditions: readonly Expr[]): Expr | null {
  const distinct = [...new Set(conditions)];
  return distinct.length === 0 ? null : distinct.reduce((a, b) => apply("and", [a, b]));
}

const largestFloat32 = 3.4028234663852886e38;

class GuardBuilder {
  readonly conditions: Expr[] = [];

  constructor(private readonly options: GuardOptions) {}

  /** Asks for a relative error of at most `allowance`: of the parts where the form is a product, else of the whole. */
  require(node: Expr, analysis: ErrorAnalysis, allowance: number): void {
    const facts = analysis.factsOf(node);
    const { model, negligible } = this.options;
    if (facts.scale === null) {
      if (facts.absolute <= negligible) return;
      // Only what underflows on the way is lost: where the result is large against that, nothing is.
      const enough = Math.log2(facts.absolute) + model.digits - Math.log2(allowance);
      this.conditions.push(apply("greaterOrEqual", [absoluteOf(node, facts.size), powerOfTwo(Math.ceil(enough))]));
      return;
    }
    if (node.kind === "application" && node.type === "number") {
      const [a, b, c] = node.operands;
      switch (node.primitive) {
        case "negate":
        case "abs":
        case "guard":
          this.require(a!, analysis, allowance);
          return;
        case "multiply":
        case "divide": {
          const parts = [a!, b!].filter((part) => !isFine(analysis.factsOf(part)));
          for (const part of parts) this.require(part, analysis, allowance / parts.length);
          return;
        }
        case "where":
          this.branch(a!, true, b!, analysis, allowance);
          this.branch(a!, false, c!, analysis, allowance);
          return;
        default:
      }
    }
    // scale · weight <= allowance · |value|
    const right = apply("multiply", [powerOfTwo(Math.log2(allowance / facts.weight)), absoluteOf(node, facts.size)]);
    this.conditions.push(apply("lessOrEqual", [facts.scale, right]));
  }

  private branch(condition: Expr, holds: boolean, value: Expr, analysis: ErrorAnalysis, allowance: number): void {
    const inner = new GuardBuilder(this.options);
    inner.require(value, analysis.where(condition, holds), allowance);
    const needed = allOf(inner.conditions);
    if (needed) this.conditions.push(apply("or", [holds ? negateCondition(condition) : condition, needed]));
  }
}

const isFine = (facts: Facts): boolean => facts.scale === null && facts.absolute === 0;

/** 2^n, n rounded down: a threshold that reads well. */
function powerOfTwo(n: number): Expr {
  const whole = Math.floor(n);
  return constant(whole >= 0 ? rational(1n << BigInt(whole)) : rational(1n, 1n << BigInt(-whole)));
}
