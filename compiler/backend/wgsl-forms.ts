/** In which form WGSL computes a result: single float32 numbers, or pairs, and what serves where those do not. */
import { normalise } from "../algebra/normalise.js";
import { signOf } from "../algebra/sign.js";
import { isBoolean } from "../decisions.js";
import { apply, constant, type Expr, occurs, rebuild, substitute, type Variable, variablesOf } from "../ir/expr.js";
import { wgslName } from "../names.js";
import { spellingOf } from "../printing/print.js";
import type { PrimitiveName } from "../primitives/table.js";
import { float32, pairs } from "./accuracy/arithmetic.js";
import { cancelsHarmlessly } from "./accuracy/cancellation.js";
import { guardFor, type GuardOptions, rangeGuard } from "./accuracy/guard.js";
import { wgsl } from "./dialects/wgsl.js";
import { settleExtremes, type SettleOptions } from "./extremes.js";
import { withExponentials } from "./exact-form.js";
import { exactInShaders } from "./exact-in-shaders.js";
import { isRightFarOut } from "./far-out.js";
import { type Form, formFor } from "./forms.js";
import { recogniseGates } from "./gates.js";
import type { KernelPlan } from "./kernels.js";
import { lower, type LowerOptions } from "./lower.js";
import { type MachineFunction, ownName } from "./machine-functions.js";
import {
  hasOneOf,
  isSpelledInPairs,
  pairExponents,
  pairFormOf,
  pairSpells,
  scaledLast,
  singleFunction,
  withoutFactor,
  type WgslForm,
} from "./pair-form.js";
import { isSpelledRanged, loweredForRanged, rangedFunction } from "./ranged-form.js";
import { searched } from "./searches.js";

/** Errors that a form in single numbers may have, in units of 2^-24: of a value, and of a derivative. */
const tolerances = { value: 5, derivative: 7 } as const;

export type Order = "value" | "slope" | "saved" | "curvature";

const orderOf = (nanFrom: ReadonlySet<Variable>): Order => (nanFrom.size > 0 ? "value" : "slope");

/** A result in single numbers. */
interface Single {
  readonly lowered: Expr;
  /** Made right at huge and infinite inputs. */
  readonly form: () => WgslForm & { readonly kind: "single" };
  /** Whether errors are small enough where nothing leaves the range on the way. */
  readonly isAccurate: boolean;
  /** Whether it serves for all operands. */
  readonly serves: boolean;
}

/** Results in single numbers, and whether these serve. */
export function singlesFor(
  plan: KernelPlan,
  roots: readonly Expr[],
  nanFrom: ReadonlySet<Variable>,
  order: Order = orderOf(nanFrom),
): readonly Single[] {
  const options = singleOptions(plan, nanFrom);
  let settled: readonly Expr[] | undefined;
  const tolerance = order === "value" ? tolerances.value : tolerances.derivative;
  return roots.map((root, i) => {
    const form = () => ({ kind: "single", value: (settled ??= settleExtremes(roots, options))[i]! }) as const;
    const lowered = options.lower(root);
    const { condition, relative, cancels } = guardFor(lowered, {
      model: float32,
      allowance: 1,
      negligible: 2 ** -150,
    });
    // What leaves the range on the way is taken care of in rational functions, but not where exponentials vanish.
    const isSettled = !condition || (!cancels && !isExponential(root));
    const isAccurate = isSettled && relative <= tolerance;
    return { lowered, form, isAccurate, serves: isAccurate && isRightFarOut(form().value, lowered, root, null, plan) };
  });
}

/**
 * Results in single numbers where these are accurate enough, else in pairs; slopes from what was saved likewise; second derivatives without an exact form, which
 * would double the length of a file.
 */
export function formsFor(
  plan: KernelPlan,
  roots: readonly Expr[],
  nanFrom: ReadonlySet<Variable>,
  order: Order = orderOf(nanFrom),
  singles = singlesFor(plan, roots, nanFrom, order),
): WgslForm[] {
  const { activation } = plan;
  const isValue = order === "value";
  const tolerance = isValue ? tolerances.value : tolerances.derivative;
  return roots.map((root, i): WgslForm => {
    const { lowered, form: single, isAccurate, serves } = singles[i]!;
    if (serves) return single();
    const guardOptions = { model: pairs, allowance: 10 * tolerance, negligible: 2 ** -150 };
    const found = pairForm(plan, root, guardOptions, pairFormOf);
    if (!found) return single();
    const isLoose = found.relative > tolerable;
    if (isLoose && (order === "curvature" || isRightFarOut(single().value, lowered, root, null, plan))) return single();
    const { fast, guard, exact, cancels, factor } = found;
    const pair = { kind: "pairs", fast, guard, factor } as const;
    if (!guard || !exact) return isAccurate ? single() : { ...pair, guard: null, exact: null, far: null };
    const of = isValue ? "value" : `${order}_${i}`;
    const far = (value = single().value): MachineFunction => farFunction(plan, of, value, factor);
    // What cancels is better in pairs than in single numbers all the same; what leaves their range needs a larger one.
    if (order === "curvature") {
      const ranged = rangedFar(plan, of, root, () => single().value, factor) ?? far();
      return { ...pair, guard: rangeGuard(fast, guardOptions), exact: null, far: { ...ranged, serves: "numbers" } };
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
    const range = isHarmless ? rangeGuard(fast, guardOptions) : guard;
    if ((!cancels || isHarmless) && isRightFarOut(single().value, lowered, root, range, plan)) {
      return isAccurate ? single() : { ...pair, guard: range, exact: null, far: far() };
    }
    // A NaN that is not met must not get through either.
    const needsFar = isExponential(exact) || variablesOf(exact).size > 1;
    const alone = needsFar ? far(withoutChancePowers(single().value)) : null;
    return { ...pair, guard: range, exact: exactInShaders(exact, plan), far: alone };
  });
}

/** How forms in single numbers are made right at huge and infinite inputs. */
export function singleOptions(
  { activation, cotangent, definition }: KernelPlan,
  nanFrom: ReadonlySet<Variable>,
): SettleOptions {
  const spells = (primitive: PrimitiveName): boolean => spellingOf(wgsl, primitive) !== undefined;
  const lowered = (expr: Expr): Expr => lower(expr, { spells, nanFrom, definition, narrow: true });
  return { activation, cotangent, arithmetic: "binary32", lower: lowered };
}

/** A form in pairs; undefined where there is none that is accurate enough. */
export function pairForm(
  plan: KernelPlan,
  root: Expr,
  options: GuardOptions,
  formOf: NonNullable<LowerOptions["formOf"]>,
):
  | ({ readonly fast: Expr; readonly factor: Variable | null } & Pick<Form, "guard" | "exact" | "cancels" | "relative">)
  | undefined {
  const { cotangent, definition } = plan;
  // Derivatives are linear in the cotangent: its size is no matter for the guard.
  const factor = occurs(cotangent, root) ? cotangent : null;
  const unscaled = factor ? normalise(substitute(root, new Map([[factor, constant(1)]]))) : root;
  const attempt = (expr: Expr, intolerable = tolerable): Form => {
    const [recognised] = recogniseGates([expr], pairExponents);
    return formFor(expr, {
      ...options,
      plan,
      intolerable,
      lower: () =>
        scaledLast(lower(recognised!, { spells: pairSpells, formOf, nanFrom: new Set(), definition, narrow: false })),
    });
  };
  // Large powers of what is next to 1 need more digits of it than pairs have.
  const respelled = withExponentials(unscaled);
  const first = attempt(unscaled);
  const found = first.fast === null ? attempt(respelled) : first;
  // A bound on the error is no error: single numbers need not be better.
  const { fast, ...rest } =
    found.fast === null ? attempt(first.relative < found.relative ? unscaled : respelled, loosest) : found;
  return fast && isSpelledInPairs(fast) ? { fast, factor, ...rest } : undefined;
}

/** A bound on the relative error of pairs beyond which other forms are looked at, in units of 2^-28. */
export const tolerable = 64;

/** A bound beyond which pairs are not thought of. */
const loosest = 4096;

const arithmetic: ReadonlySet<PrimitiveName> = new Set(["negate", "add", "subtract", "multiply", "divide"] as const);

/** What serves far out, in pairs with exponents of their own; undefined where these lack a function. */
function rangedFar(
  plan: KernelPlan,
  of: string,
  root: Expr,
  single: () => Expr,
  factor: Variable | null,
): MachineFunction | undefined {
  // What oscillates has a limit only where it was tried out in single numbers.
  const form = hasOneOf(root, waves) ? single() : root;
  const ranged = loweredForRanged(factor ? withoutFactor(form, factor) : form);
  return isSpelledRanged(ranged) ? rangedFunction(farName(plan, of), ranged) : undefined;
}

const waves: ReadonlySet<string> = new Set(["sin", "cos"]);

/** What serves far out, in single numbers; `of` says for which result. */
export const farFunction = (plan: KernelPlan, of: string, value: Expr, factor: Variable | null): MachineFunction =>
  singleFunction(farName(plan, of), value, factor);

/** Negative numbers have no power where an exponent that is computed is rounded to a whole number. */
const withoutChancePowers = (root: Expr): Expr =>
  rebuild(root, (node, operands) => {
    const built = apply(node.primitive, operands, node.rule);
    const [base, exponent] = operands;
    const isRounded = exponent?.kind === "application" && arithmetic.has(exponent.primitive);
    if (node.primitive !== "pow" || !isRounded || signOf(base!).nonnegative) return built;
    return apply("where", [apply("less", [base!, constant(0)]), apply("log", [base!]), built]);
  });

const farName = ({ activation }: KernelPlan, of: string): string => ownName(`${wgslName(activation.name)}_${of}_far`);

/** What grows faster than wide numbers reach where its operand is a large float32. */
const exponentials: ReadonlySet<string> = new Set([
  ...["exp", "expm1", "sigmoid", "logistic", "logistic_moment", "softplus", "tanh", "sinh", "cosh"],
  ...["erfc", "normcdf", "normpdf", "logaddexp", "pow"],
]);

export const isExponential = (root: Expr): boolean => hasOneOf(root, exponentials);
