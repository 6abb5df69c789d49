/**
 * In which form WGSL computes a result of float16 inputs that is rounded to float16 in the end. There are so few of these that
 * what an error analysis asks of each element at run time can be asked of all when compiling, and so few digits are wanted that
 * float32 mostly suffices.
 */
import { isBoolean } from "../decisions.js";
import { apply, type Expr, isApplication, reachable, type Variable, variablesOf } from "../ir/expr.js";
import { finiteFloat16 } from "../numerics/float16.js";
import { type Arithmetic, sampledAt } from "../numerics/sample.js";
import { float32, ofHalves, pairs } from "./accuracy/arithmetic.js";
import { allOf, conjuncts, guardFor } from "./accuracy/guard.js";
import { powerOfTwo } from "./accuracy/error.js";
import { isRightFarOut } from "./far-out.js";
import { isNearestInHalves } from "./half-arithmetic.js";
import type { KernelPlan } from "./kernels.js";
import type { WgslForm } from "./pair-form.js";
import { searched, type Subject } from "./searches.js";
import { farFunction, formsFor, isExponential, pairForm, singleForms } from "./wgsl-forms.js";

export interface HalfForm {
  readonly form: WgslForm;
  /** Whether the form, a single number, is the float16 next to the result where it is computed in float16. */
  readonly isInHalves: boolean;
}

/** The relative error of a result before it is rounded: 2^-18, less than a hundredth of the distance of neighbours. */
const granted = 2 ** -18;
/** The part of it that sums which cancel may cause. */
const allowance = granted / 2;
/** A five hundredth of the smallest float16: errors that small are of no interest. */
const negligible = 2 ** -33;

export function halfFormsFor(plan: KernelPlan, roots: readonly Expr[], nanFrom: ReadonlySet<Variable>): HalfForm[] {
  const { settled } = singleForms(plan, roots, nanFrom);
  // What holds for all float32 holds for these, too.
  let usual: readonly WgslForm[] | undefined;
  return roots.map((root, i): HalfForm => {
    const value = settled[i]!;
    const isInHalves = isNearestInHalves(value);
    if (isInHalves || isSingleEnough(plan, root, value)) return { form: { kind: "single", value }, isInHalves };
    const paired = inPairs(plan, root, value, nanFrom.size > 0 ? "value" : `slope_${i}`);
    return { form: paired ?? (usual ??= formsFor(plan, roots, nanFrom))[i]!, isInHalves };
  });
}

function isSingleEnough(plan: KernelPlan, root: Expr, value: Expr): boolean {
  const model = ofHalves(float32);
  const unit = 2 ** -model.digits;
  const { condition, relative, cancels } = guardFor(value, {
    model,
    allowance: allowance / unit,
    negligible,
  });
  if (relative * unit > granted - allowance) return false;
  if (holdsForAll(plan, condition, value)) return true;
  return !cancels && !isExponential(root) && isRightFarOut(value, root, null, plan);
}

/** Pairs for all inputs that are finite, if they need no test at run time. */
function inPairs(plan: KernelPlan, root: Expr, single: Expr, of: string): WgslForm | undefined {
  const model = ofHalves(pairs);
  const unit = 2 ** -model.digits;
  const found = pairForm(plan, root, { model, allowance: allowance / unit, negligible });
  if (!found || !holdsForAll(plan, found.guard, null)) return undefined;
  const { fast, factor } = found;
  const sized = [...variablesOf(fast)].filter(
    ({ bounds }) => !bounds || bounds.high === Infinity || bounds.low === -Infinity,
  );
  // Larger than every float16, so that it is tested by the bits.
  const guard = allOf(sized.map((variable) => apply("lessOrEqual", [apply("abs", [variable]), powerOfTwo(40)])));
  return {
    kind: "pairs",
    fast,
    guard,
    exact: null,
    far: guard && farFunction(plan, of, single, factor),
    factor,
  };
}

/**
 * Whether a condition holds whatever the inputs are. Each part of it has to be about one input, and maybe the cotangent: then it
 * is tried at all finite float16. What it is asked for counts no more where the result is rounded to zero or infinity.
 */
function holdsForAll(plan: KernelPlan, condition: Expr | null, result: Expr | null): boolean {
  if (!condition) return true;
  const parts = conjuncts(condition);
  const roles = (part: Expr): readonly string[] =>
    [...variablesOf(part)].map(({ role }) => role).filter((role) => role !== "cotangent");
  if (!parts.every((part) => roles(part).join() === "input")) return false;
  return searched(plan, [...parts, ...(result ? [result] : [])], {
    name: "holds for all halves",
    isAnswer: isBoolean,
    details: [result !== null],
    find: (forms, subject) =>
      result === null
        ? forms.every((part) => isTrue(part, null, subject))
        : forms.slice(0, -1).every((part) => isTrue(part, forms.at(-1)!, subject)),
  });
}

/**
 * At all finite inputs: a part that asks whether a number is finite in float32 arithmetic, and for the largest cotangent; any other
 * in real numbers, as far as binary64 has them.
 */
function isTrue(part: Expr, result: Expr | null, { cotangent }: Subject): boolean {
  const own = variablesOf(part);
  const input = [...own].find(({ role }) => role === "input")!;
  const values = new Map([
    [input, Float64Array.from(finiteFloat16())],
    [cotangent, new Float64Array(finiteFloat16().length).fill(65504)],
  ]);
  const at = (root: Expr, arithmetic: Arithmetic): Float64Array => sampledAt(root, values, arithmetic);
  const asksForRange = reachable([part]).some((node) => isApplication(node, "is_finite"));
  const holds = at(part, asksForRange ? single : "binary64");
  if (holds.every((each) => each === 1)) return true;
  if (!result || ![...variablesOf(result)].every((variable) => values.has(variable))) return false;
  const [exact, computed] = [at(result, "binary64"), at(result, single)];
  return holds.every((each, i) => each === 1 || isRounded(exact[i]!, computed[i]!));
}

const single = "binary32 without subnormal numbers";

/** Whether both are rounded to zero for certain, or to the same infinity. */
function isRounded(exact: number, computed: number): boolean {
  if (Math.abs(exact) < 2 ** -30) return Math.abs(computed) < 2 ** -30;
  return Math.abs(exact) > 2 ** 20 && Math.abs(computed) > 2 ** 20 && Math.sign(exact) === Math.sign(computed);
}
