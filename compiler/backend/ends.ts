/** Forms at the ends of the range: at infinite inputs, and at those where a derivative is 0 / 0. */
import { apply, constant, type Expr, reachable, substitute, type Variable } from "../ir/expr.js";
import { fromNumber } from "../ir/rational.js";
import { sampler } from "../numerics/sample.js";
import type { KernelPlan } from "./kernels.js";
import { searched, type Subject } from "./searches.js";
import { trialsOf } from "./trials.js";

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
export function atInfinity(
  form: Expr,
  plan: KernelPlan,
): { readonly form: Expr; readonly tested: readonly (Expr | null)[] } {
  const remedies = searched(plan, [form], {
    name: "at infinity",
    isAnswer: isRemedies,
    find: ([copy = form], subject) => remediesFor(copy, subject),
  });
  let result = form;
  const tested = new Set<Expr | null>();
  const ends = plan.activation.inputs.flatMap((input) => ([-1, 1] as const).map((sign) => ({ input, sign })));
  ends.forEach(({ input, sign }, i) => {
    const remedy = remedies[i];
    if (remedy === "hold") result = hold(result, input, sign);
    else if (remedy === "test") tested.add(null);
    else if (remedy === "test the input") tested.add(input);
  });
  return { form: result, tested: [...tested] };
}

/** What is done at an infinite input. */
type Remedy = (typeof remedyNames)[number];
const remedyNames = ["none", "hold", "test", "test the input"] as const;
export const isRemedies = (answer: unknown): answer is readonly Remedy[] =>
  Array.isArray(answer) && answer.every((each) => remedyNames.some((name) => name === each));

/** What a gate is made of. */
const exponentials: ReadonlySet<string> = new Set(["exp", "bounded_exp", "expm1", "bounded_expm1", "tanh"]);

/** For each input, at -inf and inf. */
function remediesFor(form: Expr, subject: Subject): readonly Remedy[] {
  const { variables, settings, rowsOf: rows, vanishing, underflowing, withZero } = trialsOf(subject);
  const isExponential = reachable([form]).some(
    (node) => node.kind === "application" && exponentials.has(node.primitive),
  );
  const hasParameters = settings.length > 1;
  let result = form;
  const remedies: Remedy[] = [];
  for (const [index, input] of subject.activation.inputs.entries()) {
    for (const sign of [-1, 1] as const) {
      if (Number.isFinite(sign < 0 ? input.bounds?.low : input.bounds?.high)) {
        remedies.push("none");
        continue;
      }
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
      // A factor that has underflowed is no 0.
      const isTested = remedies.includes("test");
      if (!isTested && vanishing(index, sign * Infinity).some((row) => Number.isNaN(original(row)))) {
        remedies.push("test");
        continue;
      }
      // Nor is one that a parameter makes so small; what is multiplied by 0 itself need be no number, but it is
      // next to the input's end if that goes into an exponential.
      const degenerate = isExponential ? [...underflowing, ...withZero] : underflowing;
      const nextTo = rows(index, sign * 2 ** 100, degenerate).map(original);
      const isMissed = (row: readonly number[], i: number): boolean =>
        Number.isNaN(original(row)) && !Number.isNaN(nextTo[i]);
      if (!isTested && rows(index, sign * Infinity, degenerate).some(isMissed)) {
        remedies.push("test");
        continue;
      }
      const values = wrong(result);
      const held = hold(result, input, sign);
      if (values.length === 0) remedies.push("none");
      else if (!hasParameters && wrong(held).length === 0) {
        remedies.push("hold");
        result = held;
      } else remedies.push(values.some(Number.isFinite) ? "test the input" : "test");
    }
  }
  return remedies;
}

/** A size of an input at which a derivative may be 0 / 0 in a formula: 0, or the end of an inverse function's domain. */
export type Gap = 0 | 1;

/** The gaps of a derivative that has no value there, but is a number on both sides. */
export function gapsOf(form: Expr, plan: KernelPlan): readonly Gap[] {
  const { variables, settings, rowsOf } = trialsOf(plan);
  const run = sampler(form, variables, "binary64");
  const isGap = (index: number, x: number): boolean =>
    settings.some((setting) => {
      const [at, ...beside] = [x, x - 0.001, x + 0.001].map((near) => rowsOf(index, near, [setting]).map(run));
      return at?.some((value, i) => Number.isNaN(value) && beside.every((values) => Number.isFinite(values[i])));
    });
  return ([0, 1] as const).filter((size) =>
    plan.activation.inputs.some((_, index) => [size, -size].some((x) => isGap(index, x))),
  );
}

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
  // An exponential that is held leaves a trace, which a factor may make grow.
  if (Math.abs(c) < 2 ** -126) return Math.fround(value) === Math.fround(c);
  if (Math.abs(c) > 1.05 * Math.abs(b) && Math.abs(b) > 1.05 * Math.abs(a)) return value === Math.sign(c) * Infinity;
  return Math.abs(value - c) <= 1e-9 * Math.abs(c);
}
