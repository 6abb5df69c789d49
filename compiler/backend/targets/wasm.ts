/** Kernels in WebAssembly: their bytes in a TypeScript file, with functions that call them like those in TypeScript. */
import { normalise } from "../../algebra/normalise.js";
import { constant, type Expr, substitute } from "../../ir/expr.js";
import { fromNumber } from "../../ir/rational.js";
import type { KernelPlan } from "../kernels.js";
import type { TypeScriptKernel } from "../manifest.js";
import type { Assemble } from "../simd/assemble.js";
import { vectorForms } from "../simd/forms.js";
import { groupOf, type VectorKernel } from "../simd/kernel-text.js";
import type { FunctionText, TypeScriptKernels } from "./typescript.js";
import { wasmCalls } from "./wasm-calls.js";

export interface WasmKernels {
  readonly forward: TypeScriptKernel;
  readonly backward: TypeScriptKernel;
  /** Those that vectors compute; the others are the kernels in TypeScript. */
  readonly kernels: readonly VectorKernel[];
  readonly functions: readonly FunctionText[];
  /** Kernels in TypeScript that the file imports. */
  readonly imported: readonly string[];
}

const directions = ["forward", "backward"] as const;
type Direction = (typeof directions)[number];

/** Null where no kernel of the activation can be computed by vectors. */
export function wasmKernels(plan: KernelPlan, typescript: TypeScriptKernels): WasmKernels | null {
  const { activation } = plan;
  if (plan.reduces || activation.random || activation.learned.some(({ shape }) => shape !== "scalar")) return null;
  const found = directions.map((direction) => ({
    direction,
    general: vectorKernel(plan, direction, direction),
    usual: usualKernel(plan, direction),
  }));
  const kernels = found.flatMap(({ general, usual }) => [general, usual].filter((kernel) => kernel !== null));
  if (kernels.length === 0) return null;
  const exported = (kernel: TypeScriptKernel): TypeScriptKernel => ({ ...kernel, export: `${kernel.export}Wasm` });
  return {
    forward: exported(typescript.forward),
    backward: exported(typescript.backward),
    kernels,
    functions: found.map(({ direction, general, usual }) => {
      const text = typescript.functions.find(({ name }) => name === typescript[direction].export)!;
      return callText(text, typescript[direction], general, usual);
    }),
    imported: directions.map((direction) => typescript[direction].export).sort(),
  };
}

function vectorKernel(plan: KernelPlan, direction: Direction, name: string): VectorKernel | null {
  const { inputs, hyperparameters, learned } = plan.activation;
  const isForward = direction === "forward";
  // Gradients in what is learned are sums over all elements.
  if (!isForward && learned.length > 0) return null;
  const roots = isForward ? [plan.value] : plan.gradients.map(({ value }) => value);
  // What is the same everywhere needs no vectors, and nothing that is read in this.
  const outputs = roots.some((root) => root === constant(0))
    ? null
    : vectorForms(plan, roots, isForward ? "value" : "slope");
  if (!outputs) return null;
  return {
    name,
    inputs: [...(isForward ? [] : [plan.cotangent]), ...inputs],
    scalars: [...hyperparameters, ...learned].map(({ variable }) => variable),
    outputs,
  };
}

/** A kernel for hyperparameters as nobody changes them, where float32 do for these and not for all. */
function usualKernel(plan: KernelPlan, direction: Direction): VectorKernel | null {
  const { hyperparameters } = plan.activation;
  if (hyperparameters.length === 0) return null;
  const defaults = new Map<Expr, Expr>(
    hyperparameters.map(({ variable, default: value }) => [variable, constant(fromNumber(value))]),
  );
  const fixed = (expr: Expr): Expr => normalise(substitute(expr, defaults));
  const usual: KernelPlan = {
    ...plan,
    activation: { ...plan.activation, hyperparameters: [] },
    definition: substitute(plan.definition, defaults),
    value: fixed(plan.value),
    gradients: plan.gradients.map((gradient) => ({ ...gradient, value: fixed(gradient.value) })),
  };
  const [general, kernel] = [vectorKernel(plan, direction, ""), vectorKernel(usual, direction, `${direction}AsUsual`)];
  const isSingle = (each: VectorKernel | null): boolean => each?.outputs[0]?.lanes === "f32x4";
  return isSingle(kernel) && !isSingle(general) ? kernel : null;
}

/** The function that calls a kernel, with the parameters of the one in TypeScript. */
function callText(
  { name, documentation, parameters }: FunctionText,
  { arguments: list }: TypeScriptKernel,
  kernel: VectorKernel | null,
  usual: VectorKernel | null,
): FunctionText {
  const text = (i: number): string => parameters[i]!.name.replace(/^_/, "");
  const of = (...roles: readonly string[]): string[] =>
    list.flatMap(({ role }, i) => (roles.includes(role) ? [text(i)] : []));
  const [given, written, numbers] = [of("input", "cotangent"), of("output", "gradient"), of("hyperparameter")];
  const learned = of("learned").map((array) => `${array}[0]!`);
  const all = list.map((_, i) => text(i)).join(", ");
  const plain = { name: `${name}Wasm`, parameters: parameters.map((each, i) => ({ ...each, name: text(i) })) };
  const exactly =
    numbers.length + learned.length === 0 ? name : `(${[...given, ...written].join(", ")}) => ${name}(${all})`;
  const callOf = (each: VectorKernel, scalars: readonly string[]): string =>
    `call("${each.name}", ${groupOf(each)}, [${given.join(", ")}], [${written.join(", ")}], [${scalars.join(", ")}], ${exactly});`;
  const statements: string[] = [];
  if (usual) {
    const isUsual = list.flatMap(({ role, default: value }, i) =>
      role === "hyperparameter" ? [`${text(i)} === ${String(value).replace("e+", "e")}`] : [],
    );
    statements.push(`if (${isUsual.join(" && ")}) {`, callOf(usual, learned), "return;", "}");
  }
  const note = "Vectors would not be accurate enough, or cannot compute this: the kernel in TypeScript.";
  return {
    ...plain,
    documentation: kernel ? documentation : `${documentation}\n\n${note}`,
    statements: [...statements, kernel ? callOf(kernel, [...numbers, ...learned]) : `${name}(${all});`],
  };
}

/** The text behind the functions: the modules, and what calls them. */
export function wasmText({ kernels }: WasmKernels, assemble: Assemble): string {
  const { baseline, relaxed } = assemble(kernels);
  // The same where nothing is multiplied and added.
  const isSame = baseline.length === relaxed.length && baseline.every((byte, i) => relaxed[i] === byte);
  const modules = isSame ? [baseline] : [relaxed, baseline];
  return [
    "/** Modules in base64, the best first: with relaxed SIMD, and without. */",
    "const modules: readonly string[] = [",
    ...modules.map((bytes) => `  "${base64(bytes)}",`),
    "];",
    "",
    wasmCalls,
  ].join("\n");
}

const digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

function base64(bytes: Uint8Array): string {
  let text = "";
  for (let i = 0; i < bytes.length; i += 3) {
    const [a = 0, b = 0, c = 0] = bytes.slice(i, i + 3);
    const word = (a << 16) | (b << 8) | c;
    const letters = [word >> 18, (word >> 12) & 63, (word >> 6) & 63, word & 63].map((digit) => digits[digit]!);
    text += letters.slice(0, Math.min(4, bytes.length - i + 1)).join("");
  }
  return text.padEnd(Math.ceil(text.length / 4) * 4, "=");
}

export const wasmFileName = (stem: string): string => `${stem}.wasm.ts`;
