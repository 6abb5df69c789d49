/** WGSL kernels: scalar functions for any shader, and the entry points that run them over whole tensors. */
import type { Application, Expr, Variable } from "../../ir/expr.js";
import { wgslName, wgslReserved } from "../../names.js";
import { settleExtremes } from "../extremes.js";
import { repeating, wgsl } from "../dialects/wgsl.js";
import { libraryClosure } from "../library/wgsl.js";
import { renamed } from "../library/function.js";
import type { KernelPlan } from "../kernels.js";
import { lower } from "../lower.js";
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

/** What the printers of entry points build on. */
export interface WgslContext {
  readonly plan: KernelPlan;
  /** Begins every name at module scope. */
  readonly prefix: string;
  readonly value: Expr;
  readonly gradients: readonly { readonly of: Variable; readonly value: Expr }[];
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
  const settle = (exprs: readonly Expr[], nanFrom: ReadonlySet<Variable>): Expr[] => {
    const spells = (primitive: PrimitiveName): boolean => spellingOf(wgsl, primitive) !== undefined;
    return settleExtremes(exprs, {
      activation,
      cotangent: plan.cotangent,
      arithmetic: "binary32",
      lower: (expr) => lower(expr, { spells, nanFrom, definition: plan.definition, narrow: true }),
    });
  };
  const gradients = settle(
    plan.gradients.map(({ value }) => value),
    new Set(),
  );
  const context: WgslContext = {
    plan,
    prefix,
    value: settle([plan.value], new Set(variables))[0]!,
    gradients: plan.gradients.map(({ of }, i) => ({ of, value: gradients[i]! })),
    library: (name) => {
      used.add(name);
      return `${prefix}_${name}`;
    },
  };
  const own = plan.reduces ? "" : scalarFunctions(context);
  const kernels = plan.reduces ? rowKernels(context) : elementKernels(context);
  // With no scalar function to stand at, the comment opens the kernels.
  const heading = plan.reduces ? `${commentsOf(plan)}\n\n` : "";
  const library = libraryClosure([...used])
    .map(({ text }) => renamed(text, (name) => `${prefix}_${name}`))
    .join("\n\n");
  return {
    functions: [library, own].filter((text) => text !== "").join("\n\n") + (library || own ? "\n" : ""),
    kernels: heading + kernels.text,
    forward: kernels.forward,
    backward: kernels.backward,
  };
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

function scalarFunctions(context: WgslContext): string {
  const { plan, prefix } = context;
  const parameters = scalarParameters(plan);
  const forward = printFunction(context, {
    name: prefix,
    parameters,
    outputs: [context.value],
    result: "f32",
    finish: ([value]) => [`return ${value ?? ""};`],
  });
  const backwardOf = [plan.cotangent, ...parameters];
  const gradients = context.gradients.map(({ value }) => value);
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
  const fields = gradientFields(plan);
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
  readonly outputs: readonly Expr[];
  readonly result: string;
  readonly finish: (values: readonly string[]) => string[];
}

function printFunction({ plan, library }: WgslContext, parts: FunctionParts): string {
  const scope = new NameScope([...wgslReserved, parts.name]);
  const names = new Map<Expr, string>();
  for (const parameter of parts.parameters) names.set(parameter, scope.claim(localName(parameter.name)));
  const signature = parts.parameters.map((parameter) => `${names.get(parameter) ?? ""}: f32`).join(", ");
  const { bound } = schedule(parts.outputs, { repeating });
  // An input held from both sides is two steps and one remark.
  const commented = new Set(
    bound.filter((node) => node.operands[0] && commentOn(node).length > 0 && isHeld(node.operands[0])),
  );
  const lines = bound.flatMap((node) => [...(commented.has(node) ? [] : commentOn(node)), bind(node)]);
  const values = parts.outputs.map((output) => print(output, false));
  return [
    `fn ${parts.name}(${signature}) -> ${parts.result} {`,
    ...[...lines, ...parts.finish(values)].map((line) => `  ${line}`),
    "}",
  ].join("\n");

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

/** A name as WGSL admits it: two leading underscores are reserved, one alone is not a name. */
export function localName(name: string): string {
  const bare = name.replace(/^_+/, "");
  return bare === "" || /^\d/.test(bare) ? `v${bare}` : bare;
}
