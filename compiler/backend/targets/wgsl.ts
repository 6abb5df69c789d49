/** WGSL kernels: scalar functions for any shader, and the entry points that run them over whole tensors. */
import type { Application, Expr, Variable } from "../../ir/expr.js";
import { triedParameters } from "../../ir/random.js";
import { wgslNatBits } from "../../machine/index.js";
import { wgslName, wgslReserved } from "../../names.js";
import { pairs } from "../accuracy/arithmetic.js";
import { mayLeaveDomain } from "../accuracy/domain.js";
import { wgslNatBitsFor } from "../digits.js";
import { type Gap, gapsOf } from "../ends.js";
import { missesInfinity } from "../exact-in-shaders.js";
import { exactFunctionInSteps } from "../exact-form.js";
import { limitsAtEnds } from "../extremes.js";
import { type KernelPlan, planSecondOrder, type SecondOrder } from "../kernels.js";
import { variablesMet } from "../lower.js";
import { type MachineFunction, machineNames, ownName, wgslMachineText } from "../machine-functions.js";
import { mayLoseNaN, type ScalarFunction, scalarFunctionText, type WgslForm } from "../pair-form.js";
import { halfFormsFor } from "../half-forms.js";
import type { Kept } from "../kept.js";
import { ordinaryText, quickText } from "../quick-form.js";
import { quickForms } from "../simd/forms.js";
import type { VectorForm } from "../simd/vector-form.js";
import { formsFor, singlesFor } from "../wgsl-forms.js";
import type { WgslKernel, WgslNumber } from "../manifest.js";
import type { KernelFamily, ShaderChoice } from "../output.js";
import { NameScope } from "../naming.js";
import { lineComments } from "./text.js";
import { temporaryName } from "./temporary-names.js";
import { elementKernels } from "./wgsl-element-kernels.js";
import type { SavedWgslKernels } from "./wgsl-saved-kernels.js";
import { carryFused, carrySecond, fusedFunction, structText } from "./wgsl-later-functions.js";
import { rowKernels } from "./wgsl-row-kernels.js";

export interface WgslOutput {
  /** The scalar functions and what they call: fit to be pasted into any shader. Of reductions: what walks over rows compute. */
  readonly functions: string;
  /** Bindings and entry points, which call the functions. */
  readonly kernels: string;
  readonly forward: WgslKernel;
  readonly backward: WgslKernel;
  readonly fused: WgslKernel | null;
  readonly doubleBackward: WgslKernel | null;
  readonly saved: SavedWgslKernels | null;
}

/** How results are computed: quickly, by forms that serve for all operands or for ordinary ones, and with care. */
export interface Ways {
  /** In single numbers; null where there are none, or none are needed. */
  readonly quick: readonly VectorForm[] | null;
  /** For all operands; empty where quick forms serve for all. */
  readonly careful: readonly WgslForm[];
}

/** What the printers of entry points build on. */
export interface WgslContext {
  readonly plan: KernelPlan;
  /** What tensors hold. */
  readonly storage: WgslNumber;
  /** What the scalar functions for the value and for the gradients compute with, and the one for both. */
  readonly numbers: { readonly value: WgslNumber; readonly gradients: WgslNumber; readonly fused: WgslNumber };
  /** Begins every name at module scope. */
  readonly prefix: string;
  readonly value: Ways;
  readonly gradients: Ways;
  /** Whether there is a kernel that gives the value and derivatives together. */
  readonly isFused: boolean;
  readonly second: (SecondOrder & { readonly forms: readonly WgslForm[] }) | null;
  /** What backward keeps in the place of the inputs; null where no kernels for that are written. */
  readonly kept: Kept | null;
  /** The gradients in terms of the output, where that is kept. */
  readonly fromOutput: readonly WgslForm[];
  /** Functions in the machine language that the file carries. */
  readonly machine: { readonly names: string[]; readonly texts: string[]; readonly natBits: number };
  /** The name of a library function, which the file then carries. */
  readonly library: (name: string) => string;
}

export function wgslKernels(
  plan: KernelPlan,
  families: ReadonlySet<KernelFamily>,
  kept: Kept | null,
  shaders: ShaderChoice,
): WgslOutput {
  return plan.reduces ? overRows(plan, families, "f32", kept) : overElements(plan, families, "f32", kept, shaders);
}

/** Kernels over tensors of float16. */
export function halfKernels(plan: KernelPlan, families: ReadonlySet<KernelFamily>): WgslOutput {
  const written = new Set(halfFamilies.filter((family) => families.has(family)));
  const output = plan.reduces
    ? overRows(plan, written, "f16", null)
    : overElements(plan, written, "f16", null, "careful");
  return { ...output, functions: `enable f16;\n\n${output.functions}` };
}

/** Gradients of gradients, and what is kept in place of inputs, are for float32 alone. */
const halfFamilies: readonly KernelFamily[] = ["forward", "backward", "fused"];

function overRows(
  plan: KernelPlan,
  families: ReadonlySet<KernelFamily>,
  storage: WgslNumber,
  kept: Kept | null,
): WgslOutput {
  const prefix = wgslName(plan.activation.name);
  const used = new Set<string>();
  const machine: WgslContext["machine"] = { names: [], texts: [], natBits: wgslNatBitsFor([], plan) };
  const kernels = rowKernels({ plan, storage, prefix, machine, library: libraryNames(prefix, used) }, families, kept);
  return {
    functions: `${commentsOf(plan)}\n\n${wgslMachineText(machine, used, `${prefix}_`)}\n`,
    kernels: kernels.text,
    forward: kernels.forward,
    backward: kernels.backward,
    fused: null,
    doubleBackward: kernels.doubleBackward ?? null,
    saved: kernels.saved ?? null,
  };
}

const libraryNames =
  (prefix: string, used: Set<string>): WgslContext["library"] =>
  (name) => {
    used.add(name);
    return `${prefix}_${name}`;
  };

function overElements(
  plan: KernelPlan,
  families: ReadonlySet<KernelFamily>,
  storage: WgslNumber,
  kept: Kept | null,
  shaders: ShaderChoice,
): WgslOutput {
  const prefix = wgslName(plan.activation.name);
  const used = new Set<string>();
  const { activation } = plan;
  const variables = [
    ...activation.inputs,
    ...activation.hyperparameters.map(({ variable }) => variable),
    ...activation.learned.map(({ variable }) => variable),
  ];
  const slopesOf = ({ gradients }: KernelPlan): readonly Expr[] => gradients.map((gradient) => gradient.value);
  const derivatives = slopesOf(plan);
  const halves = storage === "f16" ? inHalves(plan, derivatives, new Set(variables)) : null;
  const { value, gradients, numbers } = halves ?? {
    value: waysFor(plan, [plan.value], new Set(variables), "value", shaders),
    gradients: waysFor(plan, derivatives, new Set(), "slope", shaders),
    numbers: { value: storage, gradients: storage, fused: storage },
  };
  const exactForms = [...value.careful, ...gradients.careful].flatMap((form) =>
    form.kind === "pairs" && form.exact ? [form.exact] : [],
  );
  const second = families.has("doubleBackward") ? planSecondOrder(plan) : null;
  const machine: WgslContext["machine"] = { names: [], texts: [], natBits: wgslNatBitsFor(exactForms, plan) };
  const context: WgslContext = {
    plan,
    storage,
    numbers,
    prefix,
    value,
    gradients,
    isFused: families.has("fused"),
    second: second && { ...second, forms: formsFor(plan, second.partials, new Set(), "curvature") },
    kept,
    fromOutput: kept?.kind === "output" ? formsFor(kept.plan, slopesOf(kept.plan), new Set(), "saved") : [],
    machine,
    library: libraryNames(prefix, used),
  };
  scalarFunctions(context);
  const kernels = elementKernels(context);
  return {
    functions: `${wgslMachineText(machine, used, `${prefix}_`)}\n`,
    kernels: kernels.text,
    forward: kernels.forward,
    backward: kernels.backward,
    fused: kernels.fused ?? null,
    doubleBackward: kernels.doubleBackward ?? null,
    saved: kernels.saved ?? null,
  };
}

/** Quick forms where careful ones take more than single numbers; and careful ones where quick ones do not serve for all operands. */
function waysFor(
  plan: KernelPlan,
  roots: readonly Expr[],
  nanFrom: ReadonlySet<Variable>,
  order: "value" | "slope",
  shaders: ShaderChoice,
): Ways {
  const singles = singlesFor(plan, roots, nanFrom, order);
  const needsMore = !singles.every(({ serves }) => serves);
  const quick =
    needsMore && shaders === "quick" && !plan.perChannel && !plan.activation.random
      ? quickForms(plan, roots, order)
      : null;
  if (quick && !hasRest(quick)) return { quick, careful: [] };
  const careful = formsFor(plan, roots, nanFrom, order, singles);
  return careful.every(({ kind }) => kind === "single") ? { quick: null, careful } : { quick, careful };
}

/**
 * Forms for inputs in float16, and which functions compute in float16 themselves. Gradients of learned parameters are added up in
 * float32, so their terms are not rounded before.
 */
function inHalves(
  plan: KernelPlan,
  derivatives: readonly Expr[],
  variables: ReadonlySet<Variable>,
): Pick<WgslContext, "value" | "gradients" | "numbers"> {
  const [value] = halfFormsFor(plan, [plan.value], variables);
  const gradients = halfFormsFor(plan, derivatives, new Set());
  const isValue = value!.isInHalves;
  const areGradients = plan.activation.learned.length === 0 && gradients.every(({ isInHalves }) => isInHalves);
  const number = (half: boolean): WgslNumber => (half ? "f16" : "f32");
  return {
    value: { quick: null, careful: [value!.form] },
    gradients: { quick: null, careful: gradients.map(({ form }) => form) },
    numbers: { value: number(isValue), gradients: number(areGradients), fused: number(isValue && areGradients) },
  };
}

/** The parameters that a scalar function takes after the inputs. */
export const scalarParameters = ({ activation }: KernelPlan): Variable[] => [
  ...activation.inputs,
  ...activation.learned.map(({ variable }) => variable),
  ...activation.hyperparameters.map(({ variable }) => variable),
  ...(activation.random ? [activation.random.training, ...activation.random.draws] : []),
];

/** What gives the gradients from the output. */
export const savedFunction = (prefix: string): string => `${prefix}_backward_saved`;

/** What a scalar function consists of where there is a quick way for ordinary operands. */
export const quickNames = (name: string): Readonly<Record<"quick" | "ordinary" | "careful", string>> => ({
  quick: `${name}_quickly`,
  ordinary: `${name}_is_ordinary`,
  careful: `${name}_carefully`,
});

/** Whether some operands are not ordinary. */
export const hasRest = (forms: readonly VectorForm[]): boolean => forms.some(({ guard }) => guard !== null);

export const gradientsStruct = (prefix: string): string => `${prefix}_gradients`;

const commentsOf = ({ activation }: KernelPlan): string =>
  lineComments([...activation.documentation, ...activation.formula]);

/** Adds a function or a struct to the file. */
export type Carry = (name: string, text: string) => void;

/** Writes a function of forms: its name, what it takes, its results, and the struct of these if there are several. */
export type WriteFunction = (
  name: string,
  variables: readonly Variable[],
  results: ScalarFunction["results"],
  of: string | null,
  number?: WgslNumber,
) => string;

/** Puts the scalar functions' texts into the context. */
function scalarFunctions(context: WgslContext): void {
  const { plan, prefix, machine, value, gradients, isFused, second, kept, fromOutput, numbers } = context;
  const parameters = scalarParameters(plan);
  const fields = gradientFields(plan);
  const struct = plan.gradients.length > 1 ? ownName(gradientsStruct(prefix)) : null;
  const [forward, backward] = [ownName(prefix), ownName(`${prefix}_backward`)];
  const careful = ownName(quickNames(prefix).careful);
  const own = new Set([
    forward,
    backward,
    ...[prefix, `${prefix}_backward`].flatMap((name) => Object.values(quickNames(name)).map(ownName)),
  ]);
  const valued = new Set([forward, careful, fusedFunction(prefix)]);
  const met = variablesMet(plan.definition);
  const resultsOf = (forms: readonly WgslForm[], of: string | null): ScalarFunction["results"] =>
    forms.map((form, i) => ({ name: of ? (fields[i] ?? "") : "", form }));
  const carry: Carry = (name, text) => {
    machine.names.push(name);
    machine.texts.push(text);
  };
  for (const form of [...value.careful, ...gradients.careful, ...(second?.forms ?? []), ...fromOutput]) {
    if (form.kind === "pairs") form.far?.own.forEach((each) => own.add(each));
  }
  const write: WriteFunction = (name, variables, results, of, number = "f32") => {
    const needed: MachineFunction[] = [];
    const roots: Expr[] = [];
    let leavesDomain = false;
    for (const { form } of results) {
      if (form.kind !== "pairs") continue;
      if (form.far) needed.push(form.far);
      if (!form.exact) continue;
      roots.push(form.exact);
      leavesDomain ||= mayLeaveDomain(form.fast, pairs);
    }
    const isDerivative = name !== forward && name !== careful;
    // A gap at 0 is looked for at run time.
    const gaps: readonly Gap[] = isDerivative
      ? [0, ...(roots.some((root) => gapsOf(root, plan).includes(1)) ? ([1] as const) : [])]
      : [];
    // The search for a limit takes so many turns of loops, with many digits, that llvmpipe (Mesa 22.3) ends them.
    const limits =
      machine.natBits > wgslNatBits || roots.some((root) => missesInfinity(root, plan))
        ? {
            ends: roots.map((root) => limitsAtEnds(root, plan)),
            defaults: new Map(
              triedParameters(plan.activation).map(({ variable, default: value }) => [variable, value]),
            ),
          }
        : null;
    const exact =
      roots.length > 0
        ? exactFunctionInSteps(`${name}_exactly`, roots, gaps, machine.natBits, limits, leavesDomain)
        : null;
    if (exact) needed.push(exact);
    for (const each of needed.filter((one) => !machine.names.includes(one.name))) {
      machine.names.push(...each.own);
      machine.texts.push(each.text);
      each.own.forEach((inner) => own.add(inner));
    }
    const scope = new NameScope(own, [wgslReserved, machineNames()]);
    return scalarFunctionText({
      name,
      number,
      parameters: variables.map((variable) => ({ variable, name: scope.claim(localName(variable.name)) })),
      results,
      exact,
      passes:
        valued.has(name) && value.careful.some(mayLoseNaN) ? plan.activation.inputs.filter((x) => met.has(x)) : [],
      struct: of,
      temporaryName: (node) => localName(temporaryName(node, plan)),
    });
  };
  /** A function for all operands: the quick one, if that is, or else one that asks it first if there is one. */
  const writeBoth = (
    stem: string,
    variables: readonly Variable[],
    { quick: forms, careful }: Ways,
    of: string | null,
    number: WgslNumber,
    comments = "",
  ): void => {
    const results = resultsOf(careful, of);
    const name = ownName(stem);
    if (!forms) return carry(name, `${comments}${write(name, variables, results, of, number)}`);
    const scope = new NameScope(own, [wgslReserved, machineNames()]);
    const parameters = variables.map((variable) => ({ variable, name: scope.claim(localName(variable.name)) }));
    const common = { parameters, forms, temporaryName: (node: Application) => localName(temporaryName(node, plan)) };
    const names = quickNames(stem);
    if (!hasRest(forms)) return carry(name, `${comments}${quickText({ name, struct: of, ...common })}`);
    carry(ownName(names.careful), write(ownName(names.careful), variables, results, of, number));
    carry(ownName(names.quick), quickText({ name: ownName(names.quick), struct: of, ...common }));
    const asked = { ...common, parameters: parameters.filter(({ variable }) => variable !== plan.cotangent) };
    carry(ownName(names.ordinary), ordinaryText({ name: ownName(names.ordinary), ...asked }));
    const call = (of: string, given = parameters): string =>
      `${ownName(of)}(${given.map((parameter) => parameter.name).join(", ")})`;
    carry(
      name,
      [
        `${comments}fn ${name}(${parameters.map((parameter) => `${parameter.name}: f32`).join(", ")}) -> ${of ?? "f32"} {`,
        `if (${call(names.ordinary, asked.parameters)}) {`,
        `return ${call(names.quick)};`,
        "}",
        `return ${call(names.careful)};`,
        "}",
      ].join("\n"),
    );
  };
  writeBoth(prefix, parameters, value, null, numbers.value, `${commentsOf(plan)}\n`);
  if (struct) carry(struct, structText(struct, fields, numbers.gradients));
  writeBoth(`${prefix}_backward`, [plan.cotangent, ...parameters], gradients, struct, numbers.gradients);
  if (kept?.kind === "output") {
    const fromSaved = ownName(savedFunction(prefix));
    const results = resultsOf(fromOutput, struct);
    carry(fromSaved, write(fromSaved, [plan.cotangent, ...scalarParameters(kept.plan)], results, struct));
  }
  if (isFused) carryFused(context, write, carry);
  if (second) carrySecond(context, second, write, carry);
}

/** The gradients' names as members of a struct. */
export function gradientFields({ gradients }: KernelPlan): string[] {
  const scope = new NameScope([], [wgslReserved]);
  return gradients.map(({ of }) => scope.claim(of.name.startsWith("__") ? `d${of.name.slice(2)}` : of.name));
}

/** A name as WGSL admits it: two leading underscores are reserved, one alone is not a name. */
export function localName(name: string): string {
  const bare = name.replace(/^_+/, "");
  return bare === "" || /^\d/.test(bare) ? `v${bare}` : bare;
}
