/**
 * The form in which a kernel computes a result: fast, in the target's own arithmetic, wherever that is accurate enough, and in wide
 * arithmetic where it is not. Which elements these are is tested at run time, since it depends on the parameters too.
 */
import { expandCalls } from "../calculus/differentiate.js";
import type { Expr } from "../ir/expr.js";
import type { ArithmeticModel } from "./accuracy/arithmetic.js";
import { allOf, guardFor, isFinite } from "./accuracy/guard.js";
import { withComplements } from "./complements.js";
import { atInfinity, type Gap, gapsOf } from "./ends.js";
import { withoutWhatCancels } from "./expansion.js";
import type { KernelPlan } from "./kernels.js";

export interface Form {
  /** Lowered to what the target spells; null: it is never good enough. */
  readonly fast: Expr | null;
  /** Where the fast form is good enough; null: everywhere. */
  readonly guard: Expr | null;
  /** What is evaluated in wide arithmetic elsewhere; null where there is no elsewhere. */
  readonly exact: Expr | null;
  /** Where the exact form, a derivative, has no value, but its limit is meant. */
  readonly gaps: readonly Gap[];
  /** Of the fast form where the guard holds: its relative error, in units of 2^-digits. */
  readonly relative: number;
  /** Whether sums may cancel in the fast form, so that the guard fails for inputs of ordinary size. */
  readonly cancels: boolean;
}

export interface FormOptions {
  readonly plan: KernelPlan;
  readonly model: ArithmeticModel;
  readonly allowance: number;
  readonly negligible: number;
  /** A relative error of the fast form that is too much, in units of 2^-digits. */
  readonly intolerable: number;
  readonly lower: (expr: Expr) => Expr;
  /** What is done to the form once it is right at infinity. */
  readonly tidy?: (form: Expr) => Expr;
}

/** @param root in normal form */
export function formFor(root: Expr, options: FormOptions): Form {
  const { plan } = options;
  const lowered = options.lower(root);
  if (plan.reduces) return { fast: lowered, guard: null, exact: null, gaps: [], relative: 0, cancels: false };
  // Where faults are hidden, infinite inputs do not pass the guard.
  const { form: settled, tested } = options.model.hidesFaults
    ? { form: lowered, tested: [] }
    : atInfinity(lowered, plan);
  const form = options.tidy?.(settled) ?? settled;
  const { condition, relative, cancels } = guardFor(form, options);
  const exact = withComplements(withoutWhatCancels(expandCalls(root)));
  const gaps = options.model.hidesFaults || root === plan.value ? [] : gapsOf(lowered, plan);
  const rest = { gaps, relative, cancels };
  if (relative > options.intolerable) return { fast: null, guard: null, exact, ...rest };
  const results = new Set([...tested, ...(gaps.length > 0 ? [null] : [])]);
  const guard = allOf([...(condition ? [condition] : []), ...[...results].map((each) => isFinite(each ?? form))]);
  return { fast: form, guard, exact: guard ? exact : null, ...rest };
}
