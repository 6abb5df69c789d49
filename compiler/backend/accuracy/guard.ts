/**
 * The test, run with each element, of whether a lowered form is as accurate as promised there. Most forms need none; where
 * a sum may cancel, or an intermediate may leave the range, the test compares an error bound with the result.
 */
import { negateCondition } from "../../algebra/selection.js";
import { apply, constant, type Expr, variablesOf } from "../../ir/expr.js";
import { fromNumber, rational } from "../../ir/rational.js";
import type { ArithmeticModel } from "./arithmetic.js";
import { absoluteOf, analyseErrors, type ErrorAnalysis, type Facts } from "./error.js";

export interface GuardOptions {
  readonly model: ArithmeticModel;
  /** The relative error that the result may have before it is rounded to float32, in units of 2^-digits. */
  readonly allowance: number;
  /** Errors that small are of no interest: a fraction of the smallest float32, or that number itself. */
  readonly negligible: number;
}

export interface Guard {
  /** Holds where the form is good enough; null: everywhere. */
  readonly condition: Expr | null;
  /** Whether even where it holds the analysis does not promise the allowance. */
  readonly hopeless: boolean;
}

export function guardFor(root: Expr, options: GuardOptions): Guard {
  const analysis = analyseErrors(options.model);
  const builder = new GuardBuilder(options);
  builder.require(root, analysis, options.allowance);
  if (analysis.factsOf(root).innerOverflows) builder.requireFinite(root);
  return { condition: builder.condition(), hopeless: builder.hopeless };
}

class GuardBuilder {
  private readonly conditions: Expr[] = [];
  hopeless = false;

  constructor(private readonly options: GuardOptions) {}

  condition(): Expr | null {
    const distinct = [...new Set(this.conditions)];
    return distinct.length === 0 ? null : distinct.reduce((a, b) => apply("and", [a, b]));
  }

  requireFinite(root: Expr): void {
    this.conditions.push(apply("lessOrEqual", [apply("abs", [root]), constant(fromNumber(largest))]));
  }

  /** Asks for a relative error of at most `allowance`: of the parts where the form is a product, else of the whole. */
  require(node: Expr, analysis: ErrorAnalysis, allowance: number): void {
    const facts = analysis.factsOf(node);
    const { model, negligible } = this.options;
    const exact = facts.scale === null && facts.relative <= allowance;
    if (exact && facts.absolute <= negligible) return;
    if (facts.relative > allowance) this.hopeless = true;
    if (exact) {
      // Only what underflows on the way is lost: where the result is large against that, nothing is.
      this.conditions.push(
        apply("greaterOrEqual", [
          absoluteOf(node, facts.size),
          powerOfTwo(Math.log2(facts.absolute) + model.digits - Math.log2(allowance)),
        ]),
      );
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
          const share = (allowance - facts.relative) / Math.max(1, parts.length);
          for (const part of parts) this.require(part, analysis, Math.max(share, analysis.factsOf(part).relative));
          return;
        }
        case "where": {
          this.branch(a!, true, b!, analysis, allowance);
          this.branch(a!, false, c!, analysis, allowance);
          return;
        }
        default:
      }
    }
    this.bound(node, facts, allowance);
  }

  /** scale · weight <= (allowance - relative) · |value| */
  private bound(node: Expr, facts: Facts, allowance: number): void {
    const { scale, weight, relative, size } = facts;
    if (!scale) return;
    const ratio = Math.log2((allowance - relative) / weight);
    const right = apply("multiply", [powerOfTwo(ratio), absoluteOf(node, size)]);
    this.conditions.push(apply("lessOrEqual", [scale, right]));
  }

  private branch(condition: Expr, holds: boolean, value: Expr, analysis: ErrorAnalysis, allowance: number): void {
    const inner = new GuardBuilder(this.options);
    inner.require(value, analysis.where(condition, holds), allowance);
    this.hopeless ||= inner.hopeless;
    const needed = inner.condition();
    if (needed) this.conditions.push(apply("or", [holds ? negateCondition(condition) : condition, needed]));
  }
}

const isFine = (facts: Facts): boolean => facts.scale === null && facts.absolute === 0;

/** 2^n, n rounded down: a threshold that reads well. */
function powerOfTwo(n: number): Expr {
  const whole = Math.floor(n);
  return constant(whole >= 0 ? rational(1n << BigInt(whole)) : rational(1n, 1n << BigInt(-whole)));
}

const largest = 1.7976931348623157e308;

/** The variables that a slow path needs. */
export const variablesIn = (expr: Expr): readonly Expr[] => [...variablesOf(expr)];
