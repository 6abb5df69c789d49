/** WGSL kernels: scalar functions for any shader, and the entry points that run them over whole tensors. */
import { type Application, type Expr, reachable, type Variable, variablesOf } from "../../ir/expr.js";
import { wgslName, wgslReserved } from "../../names.js";
import { repeating, wgsl } from "../dialects/wgsl.js";
import { float32, pairs } from "../accuracy/arithmetic.js";
import { guardFor } from "../accuracy/guard.js";
import { settleExtremes } from "../extremes.js";
import { formFor } from "../forms.js";
import type { KernelPlan } from "../kernels.js";
import { lower } from "../lower.js";
import { type MachineFunction, wgslMachineText } from "../machine-functions.js";
import { machineFloat32, pairFunction, pairSpells } from "../pair-form.js";
import type { PrimitiveName } from "../../primitives/table.js";
import type { WgslKernel } from "../manifest.js";
import { NameScope } from "../naming.js";
import { printExpression, spellingOf } from "../../printing/print.js";
import { schedule } from "../schedule.js";
import { lineComments } from "./text.js";
import { commentOn, temporaryName } from "./temporary-names.js";
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

export interface WgslForm {
  /** For float32, right at infinity. */
  readonly single: Expr;
  /** For pairs of float32, where single numbers are not accurate enough; used where the guard holds (null: everywhere). */
  readonly inPairs: Expr | null;
  readonly guard: Expr | null;
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
  const spells = (primitive: PrimitiveName): boolean => spellingOf(wgsl, primitive) !== undefined;
  const form = (root: Expr, tolerance: number, nanFrom: ReadonlySet<Variable>): WgslForm => {
    const lowered = (expr: Expr): Expr => lower(expr, { spells, nanFrom, definition: plan.definition, narrow: true });
    const [single] = settleExtremes([root], {
      activation,
      cotangent: plan.cotangent,
      arithmetic: "binary32",
      lower: lowered,
    });
    if (plan.reduces) return { single: single!, inPairs: null, guard: null };
    const { cancels, relative } = guardFor(lowered(root), { model: float32, allowance: 1, negligible: 2 ** -150 });
    if (!cancels && relative <= tolerance) return { single: single!, inPairs: null, guard: null };
    const { fast, guard } = formFor(root, {
      plan,
      model: pairs,
      allowance: 10 * tolerance,
      negligible: 2 ** -150,
      intolerable: 64,
      lower: (expr) =>
        lower(expr, { spells: pairSpells, nanFrom: new Set(), definition: plan.definition, narrow: false }),
    });
    const spelled = [fast, guard].every((expr) => !expr || reachable([expr]).every(isSpelledInPairs));
    return { single: single!, inPairs: spelled ? fast : null, guard };
  };
  const context: WgslContext = {
    plan,
    prefix,
    value: form(plan.value, 5, new Set(variables)),
    gradients: plan.gradients.map(({ of, value }) => ({ of, form: form(value, 7, new Set()) })),
    machine: { names: [], texts: [] },
    library: (name) => {
      used.add(name);
      return `${prefix}_${name}`;
    },
  };
  const own = plan.reduces ? "" : scalarFunctions(context);
  const kernels = plan.reduces ? rowKernels(context) : elementKernels(context);
  // With no scalar function to stand at, the comment opens the kernels.
  const heading = plan.reduces ? `${commentsOf(plan)}\n\n` : "";
  const library = plan.reduces && used.size === 0 ? "" : wgslMachineText(context.machine, used, `${prefix}_`);
  return {
    functions: [library, own].filter((text) => text !== "").join("\n\n") + (library || own ? "\n" : ""),
    kernels: heading + kernels.text,
    forward: kernels.forward,
    backward: kernels.backward,
  };
}

const isSpelledInPairs = (node: Expr): boolean =>
  node.kind !== "application" || node.type === "condition" || pairSpells(node.primitive);

/** The parameters that a scalar function takes after the inputs. */
export const scalarParameters = ({ activation }: KernelPlan): Variable[] => [
  ...activation.inputs,
  ...activation.learned.map(({ variable }) => variable),
  ...activation.hyperparameters.map(({ variable }) => variable),
];

export const gradientsStruct = (prefix: string): string => `${prefix}_gradients`;

const commentsOf = ({ activation }: KernelPlan): string =>
  lineComments([...activation.documentation, ...activation.formula]);

function scalarFunctions(context: WgslContext): string {
  const { plan, prefix } = context;
  const parameters = scalarParameters(plan);
  const forward = printFunction(context, {
    name: prefix,
    parameters,
    outputs: [{ form: context.value, name: "" }],
    result: "f32",
    finish: ([value]) => [`return ${value ?? ""};`],
  });
  const backwardOf = [plan.cotangent, ...parameters];
  const fields = gradientFields(plan);
  const gradients = context.gradients.map(({ form }, i) => ({ form, name: `_${fields[i] ?? ""}` }));
  const comments = commentsOf(plan);
  if (gradients.length === 1) {
    const backward = printFunction(context, {
      name: `${prefix}_backward`,
      parameters: backwardOf,
      outputs: gradients,
      result: "f32",
      finish: ([value]) => [`return ${value ?? ""};`],
    });
    return `${comments}\n${forward}\n\n${backward}`;
  }
  const struct = gradientsStruct(prefix);
  const backward = printFunction(context, {
    name: `${prefix}_backward`,
    parameters: backwardOf,
    outputs: gradients,
    result: struct,
    finish: (values) => [`return ${struct}(${values.join(", ")});`],
  });
  const members = fields.map((field) => `  ${field}: f32,`).join("\n");
  return `${comments}\n${forward}\n\nstruct ${struct} {\n${members}\n}\n\n${backward}`;
}

/** The gradients' names as members of a struct. */
export function gradientFields({ gradients }: KernelPlan): string[] {
  const scope = new NameScope(wgslReserved);
  return gradients.map(({ of }) => scope.claim(of.name.startsWith("__") ? `d${of.name.slice(2)}` : of.name));
}

const isHeld = (node: Expr): boolean => node.kind === "application" && commentOn(node).length > 0;

interface FunctionParts {
  readonly name: string;
  readonly parameters: readonly Variable[];
  /** What is computed, and what is added to the function's name for its part. */
  readonly outputs: readonly { readonly form: WgslForm; readonly name: string }[];
  readonly result: string;
  readonly finish: (values: readonly string[]) => string[];
}

function printFunction({ plan, library, machine }: WgslContext, parts: FunctionParts): string {
  const scope = new NameScope([...wgslReserved, parts.name]);
  const names = new Map<Expr, string>();
  for (const parameter of parts.parameters) names.set(parameter, scope.claim(localName(parameter.name)));
  const signature = parts.parameters.map((parameter) => `${names.get(parameter) ?? ""}: f32`).join(", ");
  const computed = parts.outputs.flatMap(({ form: { single, inPairs } }) => (inPairs ? [] : [single]));
  const { bound } = schedule(computed, { repeating });
  // An input held from both sides is two steps and one remark.
  const commented = new Set(
    bound.filter((node) => node.operands[0] && commentOn(node).length > 0 && isHeld(node.operands[0])),
  );
  const lines = bound.flatMap((node) => [...(commented.has(node) ? [] : commentOn(node)), bind(node)]);
  const values = parts.outputs.map(({ form, name }) => result(form, name));
  return [
    `fn ${parts.name}(${signature}) -> ${parts.result} {`,
    ...[...lines, ...parts.finish(values)].map((line) => `  ${line}`),
    "}",
  ].join("\n");

  /** The text of a result: an expression, or a call. */
  function result({ single, inPairs, guard }: WgslForm, suffix: string): string {
    if (!inPairs) return print(single, false);
    const plain = guard ? carry(singleFunction(`${parts.name}${suffix}_single`, single, plan)) : null;
    return callOf(carry(pairFunction(`${parts.name}${suffix}_in_pairs`, inPairs, guard, plain)));
  }

  function carry(fn: MachineFunction): MachineFunction {
    machine.names.push(...fn.own);
    machine.texts.push(fn.text);
    return fn;
  }

  function callOf({ name, variables }: MachineFunction): string {
    return `${name}(${variables.map((variable) => names.get(variable) ?? "").join(", ")})`;
  }

  function bind(node: Application): string {
    const text = print(node, true);
    const name = scope.claim(localName(temporaryName(node, plan)));
    names.set(node, name);
    return `let ${name} = ${text};`;
  }

  function print(node: Expr, itself: boolean): string {
    return printExpression(node, { dialect: wgsl, nameOf: (inner) => names.get(inner), library }, itself);
  }
}

/** A result in single float32 numbers, in the machine language. */
function singleFunction(name: string, root: Expr, plan: KernelPlan): MachineFunction {
  const variables = [...variablesOf(root)].sort((a, b) => a.id - b.id);
  const names = new Map<Expr, string>(variables.map((variable, i) => [variable, `x${i}`]));
  const print = (node: Expr, itself: boolean): string =>
    printExpression(
      node,
      { dialect: machineFloat32, nameOf: (inner) => names.get(inner), library: (each) => each },
      itself,
    );
  const scope = new NameScope([...names.values()]);
  const { bound } = schedule([root], { repeating });
  const lines = bound.map((node) => {
    const text = print(node, true);
    const local = scope.claim(localName(temporaryName(node, plan)));
    names.set(node, local);
    return `let ${local} = ${text};`;
  });
  const signature = variables.map((variable) => `${names.get(variable) ?? ""}: f32`).join(", ");
  const text = [`fn ${name}(${signature}) -> f32 {`, ...lines, `return ${print(root, false)};`, "}"].join("\n");
  return { name, own: [name], variables, text };
}

/** A name as WGSL admits it: two leading underscores are reserved, one alone is not a name. */
export function localName(name: string): string {
  const bare = name.replace(/^_+/, "");
  return bare === "" || /^\d/.test(bare) ? `v${bare}` : bare;
}
