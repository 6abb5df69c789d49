/**
 * In which form WGSL computes a result of float16 inputs that is rounded to float16 in the end. There are so few of these that
 * what an error analysis asks of each element at run time can be asked of all when compiling, and so few digits are wanted that
 * float32 mostly suffices.
 */
import { productOf } from "../algebra/forms.js";
import { expandCalls } from "../calculus/differentiate.js";
import { isBoolean } from "../decisions.js";
import { apply, type Expr, isApplication, reachable, type Variable, variablesOf } from "../ir/expr.js";
import { emulate, readLibrary } from "../machine/index.js";
import { finiteFloat16 } from "../numerics/float16.js";
import { referenceValue } from "../numerics/reference.js";
import { type Arithmetic, sampledAt, sampler } from "../numerics/sample.js";
import { float32OfHalves, pairsOfHalves } from "./accuracy/arithmetic.js";
import { allOf, conjuncts, guardFor } from "./accuracy/guard.js";
import { powerOfTwo } from "./accuracy/scales.js";
import { settled } from "./extremes.js";
import { isRightFarOut } from "./far-out.js";
import { isNearestInHalves } from "./half-arithmetic.js";
import type { KernelPlan } from "./kernels.js";
import { libraries } from "./machine-functions.js";
import { pairFunction, plainPairFormOf, singleFunction, type WgslForm } from "./pair-form.js";
import { searched, type Subject } from "./searches.js";
import { trialsOf } from "./trials.js";
import { farFunction, formsFor, isExponential, pairForm, singleOptions, tolerable } from "./wgsl-forms.js";

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
  const options = singleOptions(plan, nanFrom);
  const singles = settled(roots, { ...options, betweenHalves: true });
  // What holds for all float32 holds for these, too.
  let usual: readonly WgslForm[] | undefined;
  return roots.map((root, i): HalfForm => {
    const { form: value, faults } = singles[i]!;
    const isSound = faults === 0 && isNumberAtZero(plan, value);
    const isInHalves = isSound && isNearestInHalves(value);
    if (isInHalves || (isSound && isSingleEnough(plan, root, value, options.lower(root)))) {
      return { form: { kind: "single", value }, isInHalves };
    }
    const paired = isSound ? inPairs(plan, root, value, nanFrom.size > 0 ? "value" : `slope_${i}`) : undefined;
    return { form: paired ?? (usual ??= formsFor(plan, roots, nanFrom))[i]!, isInHalves };
  });
}

/** Where an input is 0, a form may be 0 / 0, whatever its error is elsewhere, or the sign of an infinity that of the zero. */
function isNumberAtZero({ activation, cotangent }: KernelPlan, form: Expr): boolean {
  const { variables, settings, rowsOf } = trialsOf({ activation, cotangent });
  const run = sampler(form, variables, "binary64");
  return activation.inputs.every((_, index) => {
    const negative = rowsOf(index, -0, settings).map(run);
    return rowsOf(index, 0, settings).every((row, i) => {
      const [value, other] = [run(row), negative[i]!];
      return !Number.isNaN(value) && !Number.isNaN(other) && (Number.isFinite(value) || value === other);
    });
  });
}

const demands = { allowance, negligible, isThrifty: true } as const;

function isSingleEnough(plan: KernelPlan, root: Expr, value: Expr, lowered: Expr): boolean {
  const unit = 2 ** -float32OfHalves.digits;
  const { condition, relative, cancels } = guardFor(value, {
    ...demands,
    model: float32OfHalves,
    allowance: allowance / unit,
  });
  if (relative * unit > granted - allowance) return false;
  if (holdsForAll(plan, condition, { kind: "single", value }, root)) return true;
  return !cancels && !isExponential(root) && isRightFarOut(value, lowered, root, null, plan);
}

/** Pairs for all inputs that are finite, if they need no test at run time. */
function inPairs(plan: KernelPlan, root: Expr, single: Expr, of: string): WgslForm | undefined {
  const unit = 2 ** -pairsOfHalves.digits;
  const guardOptions = { ...demands, model: pairsOfHalves, allowance: allowance / unit };
  const found = pairForm(plan, root, guardOptions, plainPairFormOf);
  if (!found || found.relative > tolerable) return undefined;
  const { fast, factor, guard: condition } = found;
  const form = { kind: "pairs", fast, guard: null, exact: null, far: null, factor } as const;
  if (!holdsForAll(plan, condition, form, root)) return undefined;
  const unbounded = [...variablesOf(fast)].filter(({ bounds }) => !bounds || bounds.high - bounds.low === Infinity);
  // Larger than every float16, so that it is tested by the bits.
  const guard = allOf(unbounded.map((variable) => apply("lessOrEqual", [apply("abs", [variable]), powerOfTwo(40)])));
  return { ...form, guard, far: guard && farFunction(plan, of, single, factor) };
}

/**
 * Whether a condition holds whatever the inputs are. Each part of it has to be about one input, and maybe the cotangent: then it
 * is tried at all finite float16. Where it fails for a few, next to zeros of a derivative, the form is tried out there.
 */
function holdsForAll(plan: KernelPlan, condition: Expr | null, form: WgslForm, root: Expr): boolean {
  if (!condition) return true;
  const parts = conjuncts(condition);
  const roles = (part: Expr): readonly string[] =>
    [...variablesOf(part)].map(({ role }) => role).filter((role) => role !== "cotangent");
  if (!parts.every((part) => roles(part).join() === "input")) return false;
  const computed = form.kind === "single" ? form.value : form.fast;
  return searched(plan, [...parts, computed, root], {
    name: "holds for all halves",
    isAnswer: isBoolean,
    details: [form.kind],
    find: (forms, subject) => {
      const [value, real] = forms.slice(-2);
      const moved: Tried = { kind: form.kind, value: value!, root: real!, subject };
      return forms.slice(0, -2).every((part) => isTrue(part, moved));
    },
  });
}

/** What is tried out: a form, and what it is a form of. */
interface Tried {
  readonly kind: WgslForm["kind"];
  readonly value: Expr;
  readonly root: Expr;
  readonly subject: Subject;
}

/**
 * At all finite inputs: a part that asks whether a number is finite in float32 arithmetic, and for the largest cotangent; any other
 * in real numbers, as far as binary64 has them.
 */
function isTrue(part: Expr, tried: Tried): boolean {
  const { cotangent } = tried.subject;
  const input = [...variablesOf(part)].find(({ role }) => role === "input")!;
  const numbers = finiteFloat16();
  const at = (root: Expr, arithmetic: Arithmetic, dy = 65504): Float64Array =>
    sampledAt(
      root,
      new Map([
        [input, Float64Array.from(numbers)],
        [cotangent, new Float64Array(numbers.length).fill(dy)],
      ]),
      arithmetic,
    );
  const asksForRange = reachable([part]).some((node) => isApplication(node, "is_finite"));
  const holds = at(part, asksForRange ? narrow : "binary64");
  let failing = numbers.flatMap((x, i) => (holds[i] === 1 ? [] : [{ x, i }]));
  if (failing.length === 0) return true;
  const isAlone = [...variablesOf(tried.value)].every((variable) => variable === input || variable === cotangent);
  if (tried.kind === "single" && isAlone) {
    const [large, small] = [65504, 2 ** -24].map((dy) => [
      at(tried.value, "binary64", dy),
      at(tried.value, narrow, dy),
    ]);
    const isZero = (i: number): boolean => large!.every((values) => Math.abs(values[i]!) < 2 ** -30);
    const isInfinite = (i: number): boolean =>
      small!.every((values) => values[i]! > 2 ** 20) || small!.every((values) => values[i]! < -(2 ** 20));
    // Whatever the cotangent is, the true and the computed result are rounded to zero for certain, or to the same infinity.
    failing = failing.filter(({ i }) => !isZero(i) && !isInfinite(i));
  }
  if (failing.length > mostTried || asksForRange) return failing.length === 0;
  return isRightAt(
    failing.map(({ x }) => x),
    input,
    tried,
  );
}

const narrow = "binary32 without subnormal numbers";

/** As many inputs as a zero has around it. */
const mostTried = 300;

/**
 * Whether a form is accurate at these inputs, computed as a kernel does and compared with the real value. The other variables are 1:
 * they have to be factors, which cause no error of the rest.
 */
function isRightAt(inputs: readonly number[], input: Variable, { kind, value, root, subject }: Tried): boolean {
  const factors = [...productOf(root).powers.keys()];
  if (factors.some((factor) => variablesOf(factor).size > 1)) return false;
  const { name, text, variables } =
    kind === "single" ? singleFunction("tried", value, subject.cotangent) : pairFunction("tried", value);
  const run = emulate(readLibrary(text, libraries()), name);
  const real = expandCalls(root);
  return inputs.every((x) => {
    const of = (variable: Variable): number => (variable === input ? x : 1);
    const bindings = new Map([...variablesOf(real)].map((variable) => [variable, of(variable)]));
    const { value: exact, decided } = referenceValue(real, bindings, "binary64");
    return decided && Math.abs(run(...variables.map(of)) - exact) <= granted * Math.abs(exact);
  });
}
