/** WGSL kernels: scalar functions for any shader, and the entry points that run them over whole tensors. */
import { constant, type Expr, occurs, substitute, type Variable, variablesOf } from "../../ir/expr.js";
import { normalise } from "../../algebra/normalise.js";
import { wgslName, wgslReserved } from "../../names.js";
import { wgsl } from "../dialects/wgsl.js";
import { float32, pairs } from "../accuracy/arithmetic.js";
import { cancelsHarmlessly } from "../accuracy/cancellation.js";
import { guardFor, rangeGuard } from "../accuracy/guard.js";
import { settleExtremes } from "../extremes.js";
import { exactFunctionInSteps } from "../exact-form.js";
import { isRightFarOut } from "../far-out.js";
import { formFor } from "../forms.js";
import { type Exponents, recogniseGates } from "../gates.js";
import type { KernelPlan } from "../kernels.js";
import { lower, variablesMet } from "../lower.js";
import { type MachineFunction, machineNames, ownName, wgslMachineText } from "../machine-functions.js";
import {
  compresses,
  isExponential,
  isSpelledInPairs,
  mayLoseNaN,
  pairFormOf,
  pairSpells,
  type ScalarFunction,
  scalarFunctionText,
  scaledLast,
  singleFunction,
  type WgslForm,
} from "../pair-form.js";
import type { PrimitiveName } from "../../primitives/table.js";
import type { WgslKernel } from "../manifest.js";
import { NameScope } from "../naming.js";
import { spellingOf } from "../../printing/print.js";
import { lineComments } from "./text.js";
import { temporaryName } from "./temporary-names.js";
import { elementKernels } from "./wgsl-element-kernels.js";
import { rowKernels } from "./wgsl-row-kernels.js";

export interface WgslOutput {
  /** The scalar functions and what they call: fit to be pasted into any shader. Empty for reductions. */
  readonly functions: string;
  /** Bindings and entry points, which call the functions. */
  readonly kernels: string;
  readonly forward: WgslKernel;
  readonly backward: WgslKernel;
}

/** What the printers of entry points build on. */
export interface WgslContext {
  readonly plan: KernelPlan;
  /** Begins every name at module scope. */
  readonly prefix: string;
  readonly value: WgslForm;
  readonly gradients: readonly { readonly of: Variable; readonly form: WgslForm }[];
  /** Functions in the machine language that the file carries. */
  readonly machine: { readonly names: string[]; readonly texts: string[] };
  /** The name of a library function, which the file then carries. */
  readonly library: (name: string) => string;
}

export function wgslKernels(plan: KernelPlan): WgslOutput {
  const prefix = wgslName(plan.activation.name);
  const used = new Set<string>();
  const { activation } = plan;
  const variables = [
    ...activation.inputs,
    ...activation.hyperparameters.map(({ variable }) => variable),
    ...activation.learned.map(({ variable }) => variable),
  ];
  const machine: WgslContext["machine"] = { names: [], texts: [] };
  const [value] = formsFor(plan, [plan.value], new Set(variables));
  const gradients = formsFor(
    plan,
    plan.gradients.map((gradient) => gradient.value),
    new Set(),
  );
  const context: WgslContext = {
    plan,
    prefix,
    value: value!,
    gradients: plan.gradients.map(({ of }, i) => ({ of, form: gradients[i]! })),
    machine,
    library: (name) => {
      used.add(name);
      return `${prefix}_${name}`;
    },
  };
  if (!plan.reduces) scalarFunctions(context);
  const kernels = plan.reduces ? rowKernels(context) : elementKernels(context);
  // With no scalar function to stand at, the comment opens the kernels.
  const heading = plan.reduces ? `${commentsOf(plan)}\n\n` : "";
  const functions = plan.reduces && used.size === 0 ? "" : wgslMachineText(machine, used, `${prefix}_`);
  return {
    functions: functions === "" ? "" : `${functions}\n`,
    kernels: heading + kernels.text,
    forward: kernels.forward,
    backward: kernels.backward,
  };
}

/** Errors that a form in single numbers may have, in units of 2^-24: of a value, and of a derivative. */
const tolerances = { value: 5, derivative: 7 } as const;

/** In pairs e^a is computed up to here; in float32 its inverse is not 0 there yet. */
const pairExponents: Exponents = { most: 80, decays: false };

/** Results in single numbers where these are accurate enough, else in pairs. */
export function formsFor(plan: KernelPlan, roots: readonly Expr[], nanFrom: ReadonlySet<Variable>): WgslForm[] {
  const { activation, cotangent, definition } = plan;
  const spells = (primitive: PrimitiveName): boolean => spellingOf(wgsl, primitive) !== undefined;
  const lowered = (expr: Expr): Expr => lower(expr, { spells, nanFrom, definition, narrow: true });
  const singles = settleExtremes(roots, { activation, cotangent, arithmetic: "binary32", lower: lowered });
  const isValue = nanFrom.size > 0;
  const tolerance = isValue ? tolerances.value : tolerances.derivative;
  return roots.map((root, i): WgslForm => {
    const single = { kind: "single", value: singles[i]! } as const;
    if (plan.reduces) return single;
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
    if (isSettled && relative <= tolerance) return single;
    // Derivatives are linear in the cotangent: its size is no matter for the guard.
    const factor = occurs(cotangent, root) ? cotangent : null;
    const unscaled = factor ? normalise(substitute(root, new Map([[factor, constant(1)]]))) : root;
    const [recognised] = recogniseGates([unscaled], pairExponents);
    const { fast, guard, exact, cancels } = formFor(unscaled, {
      plan,
      model: pairs,
      allowance: 10 * tolerance,
      negligible: 2 ** -150,
      intolerable: 64,
      lower: () =>
        scaledLast(
          lower(recognised!, { spells: pairSpells, formOf: pairFormOf, nanFrom: new Set(), definition, narrow: false }),
        ),
    });
    if (!fast || !isSpelledInPairs(fast)) return single;
    const pair = { kind: "pairs", fast, guard, factor } as const;
    if (!guard || !exact) return { ...pair, guard: null, exact: null, far: null, compresses: false };
    const name = `${wgslName(activation.name)}_${isValue ? "value" : `slope_${i}`}`;
    const [input, ...others] = variablesOf(fast);
    const isHarmless =
      cancels &&
      input?.role === "input" &&
      others.length === 0 &&
      cancelsHarmlessly(fast, input, { model: pairs, relative: (tolerance - 2) * 2 ** -24, isDerivative: !isValue });
    const far = singleFunction(ownName(`${name}_far`), single.value, factor);
    const range = isHarmless ? rangeGuard(fast, pairs) : guard;
    if ((!cancels || isHarmless) && isRightFarOut(single.value, root, range, plan)) {
      return { ...pair, guard: range, exact: null, far, compresses: false };
    }
    // A NaN that is not met must not get through either.
    const needsFar = isExponential(exact) || variablesOf(exact).size > 1;
    return {
      ...pair,
      guard: range,
      exact,
      far: needsFar ? far : null,
      compresses: compresses(exact),
    };
  });
}

/** The parameters that a scalar function takes after the inputs. */
export const scalarParameters = ({ activation }: KernelPlan): Variable[] => [
  ...activation.inputs,
  ...activation.learned.map(({ variable }) => variable),
  ...activation.hyperparameters.map(({ variable }) => variable),
];

export const gradientsStruct = (prefix: string): string => `${prefix}_gradients`;

const commentsOf = ({ activation }: KernelPlan): string =>
  lineComments([...activation.documentation, ...activation.formula]);

/** Puts the scalar functions' texts into the context. */
function scalarFunctions({ plan, prefix, machine, value, gradients }: WgslContext): void {
  const parameters = scalarParameters(plan);
  const fields = gradientFields(plan);
  const struct = gradients.length > 1 ? ownName(gradientsStruct(prefix)) : null;
  const [forward, backward] = [ownName(prefix), ownName(`${prefix}_backward`)];
  const own = new Set([forward, backward]);
  const met = variablesMet(plan.definition);
  const carry = (name: string, text: string): void => {
    machine.names.push(name);
    machine.texts.push(text);
  };
  for (const form of [value, ...gradients.map((gradient) => gradient.form)]) {
    if (form.kind === "pairs") form.far?.own.forEach((each) => own.add(each));
  }
  const write = (
    name: string,
    variables: readonly Variable[],
    results: ScalarFunction["results"],
    of: string | null,
  ): string => {
    const needed: MachineFunction[] = [];
    const roots: Expr[] = [];
    for (const { form } of results) {
      if (form.kind !== "pairs") continue;
      if (form.far) needed.push(form.far);
      if (form.exact) roots.push(form.exact);
    }
    const exact = roots.length > 0 ? exactFunctionInSteps(`${name}_exactly`, roots) : null;
    if (exact) needed.push(exact);
    for (const each of needed) {
      machine.names.push(...each.own);
      machine.texts.push(each.text);
      each.own.forEach((inner) => own.add(inner));
    }
    const scope = new NameScope([...wgslReserved, ...machineNames(), ...own]);
    return scalarFunctionText({
      name,
      parameters: variables.map((variable) => ({ variable, name: scope.claim(localName(variable.name)) })),
      results,
      exact,
      passes: name === forward && mayLoseNaN(value) ? plan.activation.inputs.filter((input) => met.has(input)) : [],
      struct: of,
      temporaryName: (node) => localName(temporaryName(node, plan)),
    });
  };
  carry(forward, `${commentsOf(plan)}\n${write(forward, parameters, [{ name: "", form: value }], null)}`);
  if (struct) carry(struct, `struct ${struct} {\n${fields.map((field) => `${field}: f32`).join(",\n")}\n}`);
  const results = gradients.map(({ form }, i) => ({ name: struct ? (fields[i] ?? "") : "", form }));
  carry(backward, write(backward, [plan.cotangent, ...parameters], results, struct));
}

/** The gradients' names as members of a struct. */
export function gradientFields({ gradients }: KernelPlan): string[] {
  const scope = new NameScope(wgslReserved);
  return gradients.map(({ of }) => scope.claim(of.name.startsWith("__") ? `d${of.name.slice(2)}` : of.name));
}

/** A name as WGSL admits it: two leading underscores are reserved, one alone is not a name. */
export function localName(name: string): string {
  const bare = name.replace(/^_+/, "");
  return bare === "" || /^\d/.test(bare) ? `v${bare}` : bare;
}
