/**
 * In which form vectors compute a result: float32 numbers where the error analysis says that these are accurate enough, else float64
 * numbers, half as many at a time. Where a guard fails, which hardly ever happens, the TypeScript kernel serves.
 */
import { normalise } from "../../algebra/normalise.js";
import {
  apply,
  constant,
  type Expr,
  occurs,
  reachable,
  Space,
  substitute,
  type Variable,
  variablesOf,
} from "../../ir/expr.js";
import { fromNumber } from "../../ir/rational.js";
import { emulateVectors, type Lanes, VectorGraph } from "../../machine/vector/index.js";
import type { PrimitiveName } from "../../primitives/table.js";
import { type ArithmeticModel, shaderSingles, splits, vectorDoubles, vectorSingles } from "../accuracy/arithmetic.js";
import { allOf, conjuncts, type Guard, guardFor } from "../accuracy/guard.js";
import { cancelsHarmlessly } from "../accuracy/cancellation.js";
import { isBoolean } from "../../decisions.js";
import { atInfinity } from "../ends.js";
import { recogniseGates } from "../gates.js";
import type { KernelPlan } from "../kernels.js";
import { lower } from "../lower.js";
import { searched } from "../searches.js";
import { withoutSmallFactors } from "../small-factors.js";
import { areDecided } from "./decided.js";
import {
  canSpell,
  isInstruction,
  isOfFixedAlone,
  isPrecise,
  type Precision,
  sidesHeld,
  takesMoreDigits,
  vectorOf,
  withShortExponents,
} from "./expression.js";
import { withFixed } from "./fixed.js";
import { emulated, wholeForm, type WholeQuestion } from "../whole-form.js";
import { inputLimit } from "./limits.js";
import { withFalling, withHolds } from "./holds.js";
import { type Granted, rightWay, type Trial } from "./trial.js";
import { formulas, formulasInDouble, quotients, type VectorForm } from "./vector-form.js";

/** Errors that results may have, in units of 2^-24, those that cancellations cause included. */
const tolerances = { value: 5, slope: 7 } as const;

/** Forms of all roots, in the same numbers. Null where vectors would not be accurate enough, or cannot compute them. */
export function vectorForms(
  plan: KernelPlan,
  roots: readonly Expr[],
  kind: keyof typeof tolerances,
): readonly VectorForm[] | null {
  for (const arithmetic of arithmetics) {
    const found = formsIn(arithmetic, plan, roots, kind);
    // Products in another order have as many roundings, and sums the same ones.
    if (found) return found.map((form) => ({ ...form, value: withHolds(form.value) }));
  }
  return null;
}

/** Forms in single float32 numbers for shaders, which have no others: for all operands, or else for ordinary ones. */
export const quickForms = (
  plan: KernelPlan,
  roots: readonly Expr[],
  kind: keyof typeof tolerances,
): readonly VectorForm[] | null => formsIn(shaders, plan, roots, kind);

interface Arithmetic {
  readonly lanes: Lanes;
  readonly model: ArithmeticModel;
  /** What may be computed with more digits than float32 has, what costs least first. */
  readonly moreDigits: readonly Precision[];
  /** What exponents may be computed with. */
  readonly finer: ArithmeticModel | null;
  /** Whether subnormal numbers may be taken for 0. */
  readonly flushes: boolean;
  /** How forms are tried out. */
  readonly runsOf: Trial["runsOf"];
  /** A form for all operands, if there is one. */
  readonly whole?: (plan: KernelPlan, whole: WholeQuestion) => VectorForm | null;
}

const arithmetics: readonly Arithmetic[] = [
  {
    lanes: "f32x4",
    model: vectorSingles,
    moreDigits: ["fixed", "polynomials"],
    finer: null,
    flushes: false,
    runsOf: [inVectors(false)],
  },
  { lanes: "f64x2", model: vectorDoubles, moreDigits: [], finer: null, flushes: false, runsOf: [inVectors(false)] },
];

const shaders: Arithmetic = {
  lanes: "f32x4",
  model: shaderSingles,
  moreDigits: ["exponents", "polynomials"],
  flushes: true,
  finer: splits,
  runsOf: [inVectors(true), emulated],
  whole: wholeForm,
};

/** In vectors, float64 standing for pairs of float32 where subnormal numbers are taken for 0. */
function inVectors(flushes: boolean): Trial["runsOf"][number] {
  return (form, precise, input) => {
    const graph = new VectorGraph("f32x4");
    const [code] = vectorOf(graph, [form], new Map([[input, graph.local("x")]]), precise);
    return [(points): Float32Array => emulateVectors(code!, new Map([["x", points]]), flushes)];
  };
}

function formsIn(
  arithmetic: Arithmetic,
  plan: KernelPlan,
  roots: readonly Expr[],
  kind: keyof typeof tolerances,
): readonly VectorForm[] | null {
  const { cotangent } = plan;
  const unscaled = roots.map((root) => {
    const factor = occurs(cotangent, root) ? cotangent : null;
    return { factor, root: factor ? normalise(substitute(root, new Map([[factor, constant(1)]]))) : root };
  });
  const isUsual = unscaled.every(
    ({ root }) => !occurs(cotangent, root) && reachable([root]).every(({ space }) => !(space & unusual)),
  );
  if (!isUsual) return null;
  const forms = unscaled.map(({ root, factor }) => formIn(arithmetic, plan, root, factor, kind));
  const found = forms.filter((form) => form !== null);
  if (found.length < roots.length) return null;
  // Nobody else sees to a NaN where shaders have one form for all operands, and their minima may drop it.
  const passes = arithmetic.whole && kind === "value" ? plan.activation.inputs : [];
  return found.map((form) => (form.guard ? form : { ...form, passes: [...passes, ...(form.passes ?? [])] }));
}

const unusual = Space.channel | Space.row | Space.axis;

function formIn(
  { lanes, model, moreDigits, finer, flushes, runsOf, whole }: Arithmetic,
  plan: KernelPlan,
  root: Expr,
  factor: Variable | null,
  kind: keyof typeof tolerances,
): VectorForm | null {
  const isSingle = lanes === "f32x4";
  const nanFrom = kind === "value" ? new Set([...plan.activation.inputs, ...parametersOf(plan)]) : new Set<Variable>();
  const [recognised] = recogniseGates([root], { most: isSingle ? 64 : 512, decays: false, selects: true });
  const found = whole?.(plan, {
    root,
    recognised: recognised!,
    factor,
    isDerivative: kind === "slope",
    granted: granteds[kind],
  });
  if (found) return found;
  const loweredTo = (spells: (primitive: PrimitiveName) => boolean): Expr => {
    const ordinary = quotients(
      lower(recognised!, {
        spells,
        formOf: (primitive) => (isSingle ? formulas : { ...formulas, ...formulasInDouble })[primitive],
        nanFrom,
        definition: plan.definition,
        narrow: false,
      }),
    );
    const falling = isSingle ? withFalling(withoutSmallFactors(ordinary)) : ordinary;
    return finer ? withShortExponents(falling) : falling;
  };
  const lowered = loweredTo((primitive) => canSpell(lanes, primitive));
  const nodes = reachable([lowered]);
  if (nodes.some((node) => node.kind === "application" && !canSpell(lanes, node.primitive))) return null;
  if (!areDecided(nodes, isSingle)) return null;
  const unit = 2 ** -model.digits;
  const tolerance = (tolerances[kind] * 2 ** -24) / unit;
  const isEnough = ({ relative }: Guard): boolean => relative + allowance(isSingle, unit) <= tolerance;
  const options = {
    model,
    allowance: allowance(isSingle, unit),
    negligible: kind === "value" ? 2 ** -148 : 0,
  };
  // What is infinite is infinite as it should be if nothing is done with it.
  const everywhere = guardFor(lowered, { ...options, model: { ...model, hidesFaults: false } });
  if (
    !everywhere.condition &&
    nodes.every((node) => node.kind !== "application" || isTotal(node.primitive, isSingle))
  ) {
    if (!isEnough(everywhere)) return null;
    const { form, tested } = atInfinity(lowered, plan);
    if (tested.length === 0) return { lanes, value: form, guard: null, precise: null, factor };
  }
  const limits = isSingle ? [2 ** 100, 2 ** 58, 64, 32, 12, 9.875] : [2 ** 127, 700, 128, 32, 16, 8];
  const limited = guardFor(lowered, { ...options, limits });
  if (isEnough(limited) && !limited.cancels)
    return { lanes, value: lowered, guard: limited.condition, precise: null, factor };
  if (finer && nodes.some((node) => takesMoreDigits(node, "exponents"))) {
    const takes = (node: Expr): boolean => takesMoreDigits(node, "exponents");
    const steep = guardFor(lowered, { ...options, model: { ...model, finer: { model: finer, takes } }, limits });
    if (isEnough(steep) && !steep.cancels)
      return { lanes, value: lowered, guard: steep.condition, precise: "exponents", factor };
  }
  // Sums that cancel would send too many elements to the other kernel; where they do no harm nothing is asked.
  const guard = guardFor(lowered, { ...options, limits, mayCancel: true }).condition;
  if (!isSingle) {
    if (!isEnough(limited)) return null;
    const isHarmless = kind === "slope" && isHarmlessInDouble(plan, lowered, guard);
    return { lanes, value: lowered, guard: isHarmless ? guard : limited.condition, precise: null, factor };
  }
  const granted = granteds[kind];
  const forms = [null, ...moreDigits].flatMap((precise) => {
    const form =
      precise === "fixed"
        ? withFixed(loweredTo((primitive) => canSpell(lanes, primitive) || isOfFixedAlone(primitive)))
        : lowered;
    const isMet = precise === "fixed" ? takesMoreDigits : isPrecise;
    return form && (precise === null || reachable([form]).some((node) => isMet(node, precise)))
      ? [{ form, precise }]
      : [];
  });
  const ways = [sizesIn(guard), guard].flatMap((asked) =>
    forms.map((each) => ({ ...each, guard: each.precise === "fixed" ? withoutHeld(asked, each.form) : asked })),
  );
  const way = rightWay(plan, { root, ways, runsOf, granted, flushes, isDerivative: kind === "slope" });
  return way ? { lanes, value: way.form, guard: way.guard, precise: way.precise, factor } : null;
}

/** A guard that does not ask for the size of an input on the side on which that is held. */
function withoutHeld(guard: Expr | null, form: Expr): Expr | null {
  if (!guard) return null;
  const asked = conjuncts(guard).flatMap((condition) => {
    const { input, limit = 0 } = inputLimit(condition) ?? {};
    const held = input ? sidesHeld(form, input) : [];
    if (!input || held.length === 0) return [condition];
    return [
      ...(held.includes("low") ? [] : [apply("greaterOrEqual", [input, constant(fromNumber(-limit))])]),
      ...(held.includes("high") ? [] : [apply("lessOrEqual", [input, constant(fromNumber(limit))])]),
    ];
  });
  return asked.length > 0 ? allOf(asked) : null;
}

/** What a guard asks of the sizes of inputs: in a trial the rest may prove to be for nothing. */
const sizesIn = (guard: Expr | null): Expr | null =>
  guard && allOf(conjuncts(guard).filter((condition) => inputLimit(condition) !== undefined));

/** Whether sums of a derivative in float64 cancel next to its zeros alone, by less than the rounding of the input makes of it. */
function isHarmlessInDouble(plan: KernelPlan, form: Expr, guard: Expr | null): boolean {
  const [input, ...others] = variablesOf(form);
  if (input?.role !== "input" || others.length > 0) return false;
  const place = plan.activation.inputs.indexOf(input);
  return searched(plan, [form, ...(guard ? [guard] : [])], {
    name: "vectors cancel harmlessly",
    isAnswer: isBoolean,
    find: ([tried = form, within = null], { activation: { inputs } }) =>
      cancelsHarmlessly(tried, inputs[place] ?? input, {
        model: vectorDoubles,
        relative: (tolerances.slope - 2) * 2 ** -24,
        isDerivative: true,
        within,
      }),
  });
}

/** What is granted to forms that are tried out: less than is promised, since not all inputs are tried. */
const granteds = {
  value: { usual: 3.6, vanishing: 4.6 },
  slope: { usual: 5.4, vanishing: 7.2 },
} as const satisfies Record<string, Granted>;

/** Whether operands may have any size. */
const isTotal = (primitive: PrimitiveName, isSingle: boolean): boolean =>
  isInstruction(primitive) || (isSingle && (primitive === "falling_expm1" || primitive === "tanh"));

/** What sums that cancel may cost, of float32 half a unit: these are not let through anyway. */
const allowance = (isSingle: boolean, unit: number): number => (isSingle ? 0.5 : 2 ** -23 / unit);

const parametersOf = ({ activation }: KernelPlan): readonly Variable[] =>
  [...activation.hyperparameters, ...activation.learned].map(({ variable }) => variable);
