/** In which form WGSL computes a result: single float32 numbers, or pairs, and what serves where those do not. */
import { normalise } from "../algebra/normalise.js";
import { isBoolean } from "../decisions.js";
import { constant, type Expr, occurs, substitute, type Variable, variablesOf } from "../ir/expr.js";
import { wgslName } from "../names.js";
import { spellingOf } from "../printing/print.js";
import type { PrimitiveName } from "../primitives/table.js";
import { float32, pairs } from "./accuracy/arithmetic.js";
import { cancelsHarmlessly } from "./accuracy/cancellation.js";
import { guardFor, rangeGuard } from "./accuracy/guard.js";
import { wgsl } from "./dialects/wgsl.js";
import { settleExtremes } from "./extremes.js";
import { isRightFarOut } from "./far-out.js";
import { formFor } from "./forms.js";
import { recogniseGates } from "./gates.js";
import type { KernelPlan } from "./kernels.js";
import { lower } from "./lower.js";
import { type MachineFunction, ownName } from "./machine-functions.js";
import {
  hasOneOf,
  isSpelledInPairs,
  pairExponents,
  pairFormOf,
  pairSpells,
  scaledLast,
  singleFunction,
  type WgslForm,
} from "./pair-form.js";
import { searched } from "./searches.js";

/** Errors that a form in single numbers may have, in units of 2^-24: of a value, and of a derivative. */
const tolerances = { value: 5, derivative: 7 } as const;

/**
 * Results in single numbers where these are accurate enough, else in pairs; slopes from what was saved likewise; second derivatives without an exact form, which
 * would double the length of a file.
 */
export function formsFor(
  plan: KernelPlan,
  roots: readonly Expr[],
  nanFrom: ReadonlySet<Variable>,
  order: "value" | "slope" | "saved" | "curvature" = nanFrom.size > 0 ? "value" : "slope",
): WgslForm[] {
  const { activation, cotangent, definition } = plan;
  const spells = (primitive: PrimitiveName): boolean => spellingOf(wgsl, primitive) !== undefined;
  const lowered = (expr: Expr): Expr => lower(expr, { spells, nanFrom, definition, narrow: true });
  const settled = settleExtremes(roots, { activation, cotangent, arithmetic: "binary32", lower: lowered });
  const isValue = order === "value";
  const tolerance = isValue ? tolerances.value : tolerances.derivative;
  return roots.map((root, i): WgslForm => {
    const single = { kind: "single", value: settled[i]! } as const;
    const {
      condition,
      relative,
      cancels: isLossy,
    } = guardFor(lowered(root), {
      model: float32,
      allowance: 1,
      negligible: 2 ** -150,
    });
    // What leaves the range on the way is taken care of in rational functions, but not where exponentials vanish.
    const isSettled = !condition || (!isLossy && !isExponential(root));
    const isAccurate = isSettled && relative <= tolerance;
    if (isAccurate && (order === "curvature" || isRightFarOut(single.value, root, null, plan))) return single;
    // Derivatives are linear in the cotangent: its size is no matter for the guard.
    const factor = occurs(cotangent, root) ? cotangent : null;
    const unscaled = factor ? normalise(substitute(root, new Map([[factor, constant(1)]]))) : root;
    const [recognised] = recogniseGates([unscaled], pairExponents);
    const guardOptions = { model: pairs, allowance: 10 * tolerance, negligible: 2 ** -150 };
    const { fast, guard, exact, cancels } = formFor(unscaled, {
      ...guardOptions,
      plan,
      intolerable: 64,
      lower: () =>
        scaledLast(
          lower(recognised!, { spells: pairSpells, formOf: pairFormOf, nanFrom: new Set(), definition, narrow: false }),
        ),
    });
    if (!fast || !isSpelledInPairs(fast)) return single;
    const pair = { kind: "pairs", fast, guard, factor } as const;
    if (!guard || !exact) return isAccurate ? single : { ...pair, guard: null, exact: null, far: null };
    const name = `${wgslName(activation.name)}_${isValue ? "value" : `${order}_${i}`}`;
    const singles = (): MachineFunction => singleFunction(ownName(`${name}_far`), single.value, factor);
    // What cancels is better in pairs than in single numbers all the same.
    if (order === "curvature") {
      return { ...pair, guard: rangeGuard(fast, guardOptions), exact: null, far: { ...singles(), serves: "numbers" } };
    }
    const [input, ...others] = variablesOf(fast);
    const isHarmless =
      cancels &&
      input?.role === "input" &&
      others.length === 0 &&
      searched(plan, [fast], {
        name: "cancels harmlessly",
        isAnswer: isBoolean,
        details: [tolerance, isValue],
        find: ([form = fast], { activation: { inputs } }) =>
          cancelsHarmlessly(form, inputs[activation.inputs.indexOf(input)] ?? input, {
            model: pairs,
            relative: (tolerance - 2) * 2 ** -24,
            isDerivative: !isValue,
          }),
      });
    const far = singles();
    const range = isHarmless ? rangeGuard(fast, guardOptions) : guard;
    if ((!cancels || isHarmless) && isRightFarOut(single.value, root, range, plan)) {
      return isAccurate ? single : { ...pair, guard: range, exact: null, far };
    }
    // A NaN that is not met must not get through either.
    const needsFar = isExponential(exact) || variablesOf(exact).size > 1;
    return { ...pair, guard: range, exact, far: needsFar ? far : null };
  });
}

/** What grows faster than wide numbers reach where its operand is a large float32. */
const exponentials: ReadonlySet<string> = new Set([
  ...["exp", "expm1", "sigmoid", "logistic", "logistic_moment", "softplus", "tanh", "sinh", "cosh"],
  ...["erfc", "normcdf", "normpdf", "logaddexp", "pow"],
]);

const isExponential = (root: Expr): boolean => hasOneOf(root, exponentials);
