/**
 * The form in which a kernel computes a result: fast, in the target's own arithmetic, wherever that is accurate enough, and in wide
 * arithmetic where it is not. Which elements these are is tested at run time, since it depends on the parameters too.
 */
import { expandCalls } from "../calculus/differentiate.js";
import { apply, constant, type Expr, substitute, type Variable } from "../ir/expr.js";
import { fromNumber } from "../ir/rational.js";
import { sampler } from "../numerics/sample.js";
import type { ArithmeticModel } from "./accuracy/arithmetic.js";
import { allOf, guardFor, isFinite } from "./accuracy/guard.js";
import type { KernelPlan } from "./kernels.js";

export interface Form {
  /** Lowered to what the target spells; null: it is never good enough. */
  readonly fast: Expr | null;
  /** Where the fast form is good enough; null: everywhere. */
  readonly guard: Expr | null;
  /** What is evaluated in wide arithmetic elsewhere; null where there is no elsewhere. */
  readonly exact: Expr | null;
  /** Whether the exact form, a derivative, has no value at 0, where its limit is meant. */
  readonly removable: boolean;
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
  if (plan.reduces) return { fast: lowered, guard: null, exact: null, removable: false, relative: 0, cancels: false };
  // Where faults are hidden, infinite inputs do not pass the guard.
  const { form: settled, tested } = options.model.hidesFaults
    ? { form: lowered, tested: [] }
    : atInfinity(lowered, plan);
  const form = options.tidy?.(settled) ?? settled;
  const { condition, relative, cancels } = guardFor(form, options);
  const exact = expandCalls(root);
  const removable = root !== plan.value && isRemovable(lowered, plan);
  const rest = { removable, relative, cancels };
  if (relative > options.intolerable) return { fast: null, guard: null, exact, ...rest };
  const results = new Set([...tested, ...(removable ? [null] : [])]);
  const guard = allOf([...(condition ? [condition] : []), ...[...results].map((each) => isFinite(each ?? form))]);
  return { fast: form, guard, exact: guard ? exact : null, ...rest };
}

/** Whether a derivative is 0 / 0 at an input 0, but a number on both sides of it. */
function isRemovable(form: Expr, plan: KernelPlan): boolean {
  const { variables, settings, rowsOf } = trialsOf(plan);
  const run = sampler(form, variables, "binary64");
  return plan.activation.inputs.some((_, index) =>
    settings.some((setting) => {
      const [at, ...beside] = [0, -0.001, 0.001].map((x) => rowsOf(index, x, [setting]).map(run));
      return at?.some((value, i) => Number.isNaN(value) && beside.every((values) => Number.isFinite(values[i])));
    }),
  );
}

/** Rows of variables on which forms are tried out: one input is given. */
function trialsOf({ activation, cotangent }: KernelPlan): {
  readonly variables: readonly Variable[];
  readonly settings: readonly (readonly number[])[];
  readonly rowsOf: (index: number, x: number, settings: readonly (readonly number[])[]) => number[][];
} {
  const parameters = [...activation.hyperparameters, ...activation.learned];
  return {
    variables: [...activation.inputs, cotangent, ...parameters.map(({ variable }) => variable)],
    settings: [parameters.map((parameter) => parameter.default), ...variations(parameters)],
    rowsOf: (index, x, settings) =>
      settings.flatMap((setting) =>
        companions.slice(0, activation.inputs.length > 1 ? undefined : 1).map((companion) => {
          const inputs = activation.inputs.map((_, i) => (i === index ? x : companion));
          return [...inputs, 1, ...setting];
        }),
      ),
  };
}

const largest = 3.4028234663852886e38;

/** Inputs at which the form is tried out in binary64, in place of the limit at infinity: the first three at which it is a number. */
const large: readonly (readonly [number, number, number])[] = [
  [2 ** 127, 2 ** 160, 2 ** 200],
  [2 ** 90, 2 ** 110, 2 ** 127],
  [2 ** 40, 2 ** 50, 2 ** 60],
];

/**
 * Makes a form right at infinite inputs, where x * sigmoid(x) is 0 * inf. Without parameters it is enough to hold the
 * input at the largest number, where the limit has long been reached; if that does not do, the result has to be tested,
 * and where a wrong one may be finite, the input.
 * @returns the form, and what has to be finite: null for the result
 */
function atInfinity(form: Expr, plan: KernelPlan): { readonly form: Expr; readonly tested: readonly (Expr | null)[] } {
  const { variables, settings, rowsOf: rows } = trialsOf(plan);
  const hasParameters = settings.length > 1;
  let result = form;
  const tested = new Set<Expr | null>();
  for (const [index, input] of plan.activation.inputs.entries()) {
    for (const sign of [-1, 1] as const) {
      const rowsOf = (x: number): number[][] => rows(index, sign * x, settings);
      const original = sampler(result, variables, "binary64");
      const near = large.map((sizes) => sizes.map((x) => rowsOf(x).map(original)));
      const nearTo = (row: number): readonly number[] => {
        const candidates = near.map((sizes) => sizes.map((values) => values[row] ?? NaN));
        return candidates.find((values) => !values.some(Number.isNaN)) ?? [];
      };
      const wrong = (candidate: Expr): number[] => {
        const run = sampler(candidate, variables, "binary64");
        return rowsOf(Infinity).flatMap((row, i) => {
          const value = run(row);
          return isLimit(value, nearTo(i)) ? [] : [value];
        });
      };
      const values = wrong(result);
      if (values.length === 0) continue;
      const held = hold(result, input, sign);
      if (!hasParameters && wrong(held).length === 0) result = held;
      else tested.add(values.some(Number.isFinite) ? input : null);
    }
  }
  return { form: result, tested: [...tested] };
}

/** Values of the other inputs while one is infinite. */
const companions: readonly number[] = [0.7, -1.3];

/** Each parameter once larger, smaller, of the other sign and 1, as far as its range allows. */
function variations(parameters: readonly Parameter[]): number[][] {
  return parameters.flatMap(({ range, default: value }, i) =>
    [value + 1.5, value / 3, -value - 0.4, 1]
      .filter((candidate) => !range || (candidate > range.low && candidate < range.high))
      .map((candidate) => parameters.map((other, k) => (k === i ? candidate : other.default))),
  );
}

type Parameter = Pick<KernelPlan["activation"]["hyperparameters"][number], "variable" | "default" | "range">;

const hold = (form: Expr, input: Variable, sign: -1 | 1): Expr =>
  substitute(
    form,
    new Map<Expr, Expr>([
      [input, apply(sign < 0 ? "at_least" : "at_most", [input, constant(fromNumber(sign * largest))])],
    ]),
  );

/** Whether a value at infinity is what the values at ever larger inputs tend to, as far as these tell. */
function isLimit(value: number, near: readonly number[]): boolean {
  const [a = NaN, b = NaN, c = NaN] = near;
  if (Number.isNaN(value)) return false;
  if (Number.isNaN(a + b + c)) return Number.isFinite(value) || Math.abs(value) === Infinity;
  if (a === b && b === c)
    return Math.fround(value) === Math.fround(c) || (Math.abs(c) > largest && value === Math.sign(c) * Infinity);
  if (Math.abs(c) > 1.05 * Math.abs(b) && Math.abs(b) > 1.05 * Math.abs(a)) return value === Math.sign(c) * Infinity;
  if (Math.abs(c) < 2 ** -126) return Math.fround(value) === Math.fround(c);
  return Math.abs(value - c) <= 1e-9 * Math.abs(c);
}
