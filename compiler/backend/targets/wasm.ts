/** Kernels in WebAssembly: their bytes in a TypeScript file, with functions that call them like those in TypeScript. */
import { constant, type Expr } from "../../ir/expr.js";
import type { KernelPlan } from "../kernels.js";
import type { TypeScriptKernel } from "../manifest.js";
import type { Assemble } from "../simd/assemble.js";
import { type VectorForm, vectorForms } from "../simd/forms.js";
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
  if (plan.reduces || activation.random || activation.learned.length > 0) return null;
  const kernels = directions.flatMap((direction) => vectorKernel(plan, direction) ?? []);
  if (kernels.length === 0) return null;
  const exported = (kernel: TypeScriptKernel): TypeScriptKernel => ({ ...kernel, export: `${kernel.export}Wasm` });
  return {
    forward: exported(typescript.forward),
    backward: exported(typescript.backward),
    kernels,
    functions: directions.map((direction) => {
      const text = typescript.functions.find(({ name }) => name === typescript[direction].export)!;
      return callText(text, typescript[direction], kernels.find(({ name }) => name === direction) ?? null);
    }),
    imported: directions.map((direction) => typescript[direction].export).sort(),
  };
}

function vectorKernel(plan: KernelPlan, direction: Direction): VectorKernel | null {
  const { inputs, hyperparameters } = plan.activation;
  const isForward = direction === "forward";
  const roots = isForward ? [plan.value] : plan.gradients.map(({ value }) => value);
  // What is the same everywhere needs no vectors, and nothing that is read in this.
  const outputs = roots.some((root) => root === constant(0)) ? null : formsOf(plan, roots, isForward);
  if (!outputs) return null;
  return {
    name: direction,
    inputs: [...(isForward ? [] : [plan.cotangent]), ...inputs],
    scalars: hyperparameters.map(({ variable }) => variable),
    outputs,
  };
}

const formsOf = (plan: KernelPlan, roots: readonly Expr[], isForward: boolean): readonly VectorForm[] | null =>
  vectorForms(plan, roots, isForward ? "value" : "slope");

/** The function that calls a kernel, with the parameters of the one in TypeScript. */
function callText(
  { name, documentation, parameters }: FunctionText,
  { arguments: list }: TypeScriptKernel,
  kernel: VectorKernel | null,
): FunctionText {
  const text = (i: number): string => parameters[i]!.name.replace(/^_/, "");
  const of = (...roles: readonly string[]): string[] =>
    list.flatMap(({ role }, i) => (roles.includes(role) ? [text(i)] : []));
  const [given, written, numbers] = [of("input", "cotangent"), of("output", "gradient"), of("hyperparameter")];
  const all = list.map((_, i) => text(i)).join(", ");
  const plain = { name: `${name}Wasm`, parameters: parameters.map((each, i) => ({ ...each, name: text(i) })) };
  if (!kernel) {
    const note = "Vectors would not be accurate enough, or cannot compute this: the kernel in TypeScript.";
    return { ...plain, documentation: `${documentation}\n\n${note}`, statements: [`${name}(${all});`] };
  }
  const exactly = numbers.length === 0 ? name : `(${[...given, ...written].join(", ")}) => ${name}(${all})`;
  return {
    ...plain,
    documentation,
    statements: [
      `call("${kernel.name}", ${groupOf(kernel)}, [${given.join(", ")}], [${written.join(", ")}], [${numbers.join(", ")}], ${exactly});`,
    ],
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
