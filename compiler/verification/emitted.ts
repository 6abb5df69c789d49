/** Kernels as the compiler emitted them, one column each: found by the roles that the manifest gives their arguments. */
import type {
  ExtentName,
  KernelArgument,
  TypeScriptKernel,
  WgslKernel,
  WgslPassDescription,
} from "../backend/manifest.js";
import type { OutputFile } from "../backend/output.js";
import { wgslName } from "../names.js";
import { typescriptProgram, wasmProgram, wgslFunction, wgslProgram } from "./program.js";

interface KernelsOf<Kernel> {
  readonly file: string;
  readonly forward: Kernel;
  readonly backward: Kernel;
  readonly backwardSaved?: Kernel;
}

/** What the manifest says of an activation, as far as it matters to who calls its kernels. */
export interface KernelEntry {
  readonly name: string;
  readonly inputs: readonly string[];
  readonly hyperparameters: readonly { readonly name: string }[];
  readonly learned: readonly { readonly name: string; readonly shape: "scalar" | "channel" | "axis" }[];
  /** Of what is random: what the scalar functions in WGSL call it. */
  readonly draws?: { readonly training: string; readonly uniforms: readonly string[] };
  /** Null unless kernels go along an axis, row by row. */
  readonly axis: unknown;
  readonly kernels: {
    readonly ts?: KernelsOf<TypeScriptKernel>;
    readonly wgsl?: KernelsOf<WgslKernel>;
    readonly wasm?: KernelsOf<TypeScriptKernel>;
  };
}

/** The targets that have kernels to measure. */
export const measuredTargets = ["ts", "wgsl", "wasm"] as const;
export type MeasuredTarget = (typeof measuredTargets)[number];
/** Those of whoever names none: others need a package to be compiled. */
export const usuallyMeasured: readonly MeasuredTarget[] = ["ts", "wgsl"];

/**
 * How results are had one by one: from a tensor of all elements; from one channel for each element, where the gradient is
 * a sum per channel; from one call for each element, where it is a sum of all. Over an axis a call is about one row.
 */
export type Batching = "elements" | "channels" | "calls" | "row";

interface Emitted {
  /** Null is the value, a name the derivative in that input or learned parameter. */
  readonly of: string | null;
  /** `forward`, `d/dx`. */
  readonly name: string;
  readonly digest: string;
  /** What is given for each element: over an axis the cotangent is, and what is learned along it, too. */
  readonly inputs: readonly string[];
  /** What is drawn in training; in evaluation any number in (0, 1) does. */
  readonly draws: readonly string[];
  /** Hyperparameters, of what is random whether it is in training, then learned parameters. */
  readonly parameters: readonly string[];
}

/** Plain data, to be sent to another thread. */
export interface TypeScriptColumn extends Emitted {
  readonly target: "ts" | "wasm";
  readonly batching: Batching;
  /** The kernel and what it calls, bytes of WebAssembly included: a module in JavaScript. */
  readonly code: string;
  readonly kernel: TypeScriptKernel;
}

export interface WgslColumn extends Emitted {
  readonly target: "wgsl";
  readonly code: string;
  /** Those of the kernel's passes on which the result depends; where it is a sum, one that writes the terms. */
  readonly passes: readonly WgslPassDescription[];
  /** Null where there is more to a result than a function of its element: over an axis. */
  readonly scalar: ScalarFunction | null;
}

/** The function in a shader that a kernel calls for each element. */
export interface ScalarFunction {
  readonly name: string;
  /** The inputs and parameters that it takes, in order; before them the cotangent, if it gives derivatives. */
  readonly operands: readonly string[];
  /** Which member of the result is meant, where that is a struct. */
  readonly place: number;
}

export type EmittedColumn = TypeScriptColumn | WgslColumn;

/** Whether elements may take a thousand times as long as others: those that need the longest mantissas there are, in emulation any. */
export const takesLong = (column: EmittedColumn): boolean =>
  (column.target === "wgsl" ? /_NAT_HALF\b/ : /\b1536n\b/).test(column.code);

const columnName = (of: string | null): string => (of === null ? "forward" : `d/d${of}`);

/** The activations that were compiled. */
export function kernelEntries(files: readonly OutputFile[]): readonly KernelEntry[] {
  const { activations }: { activations: readonly KernelEntry[] } = JSON.parse(textOf(files, "manifest.json"));
  return activations;
}

/** All columns of an activation's kernels for one target; none where the target was not compiled. */
export async function emittedColumns(
  entry: KernelEntry,
  target: MeasuredTarget,
  files: readonly OutputFile[],
): Promise<readonly EmittedColumn[]> {
  if (entry.kernels[target] === undefined) return [];
  // Of what is learned, vectors compute no gradients.
  const learned = target === "wasm" ? [] : entry.learned;
  const columns = [null, ...entry.inputs, ...learned.map(({ name }) => name)];
  const emitted: EmittedColumn[] = [];
  for (const of of columns) emitted.push(await emittedColumn(entry, target, of, files));
  return emitted;
}

/**
 * A gradient from the output, which is the column's only input; WGSL as it is emulated. Null where something else is kept.
 */
export async function columnFromOutput(
  entry: KernelEntry,
  target: MeasuredTarget,
  of: string,
  files: readonly OutputFile[],
): Promise<EmittedColumn | null> {
  const { ts, wgsl } = entry.kernels;
  if (entry.axis !== null || entry.inputs.length !== 1) return null;
  const names = { of, name: columnName(of), draws: [], parameters: parameterNames(entry) };
  if (target === "ts") {
    const kernel = ts?.backwardSaved;
    const output = keptOutput(kernel?.arguments ?? []);
    if (!ts || !kernel || !output) return null;
    const { text, digest } = await typescriptProgram(textOf(files, ts.file), [kernel.export]);
    const batching = batchingOf(kernel.arguments, of);
    return { target, ...names, inputs: [output.name], batching, digest, code: text, kernel };
  }
  const passes = wgsl?.backwardSaved?.passes ?? [];
  const output = keptOutput(passes.flatMap(({ bindings }) => bindings));
  if (target !== "wgsl" || !wgsl || !output) return null;
  const code = textOf(files, wgsl.file);
  const entryPoints = passes.map(({ entryPoint }) => entryPoint);
  const { digest } = await wgslProgram(code, entryPoints);
  const { name, operands, place } = scalarFunction(entry, of);
  const scalar = { name: `${name}_saved`, operands: [output.name, ...operands.slice(1)], place };
  return { target, ...names, inputs: [output.name], digest, code, passes, scalar };
}

/** Where a kernel reads what forward gave; masks hold bits. */
const keptOutput = <T extends { readonly role: string; readonly element?: string }>(
  slots: readonly T[],
): T | undefined => slots.find(({ role, element }) => role === "saved" && element !== "u32");

async function emittedColumn(
  entry: KernelEntry,
  target: MeasuredTarget,
  of: string | null,
  files: readonly OutputFile[],
): Promise<EmittedColumn> {
  const { ts, wgsl, wasm } = entry.kernels;
  const names = {
    of,
    name: columnName(of),
    inputs: inputNames(entry),
    draws: entry.axis === null ? (entry.draws?.uniforms ?? []) : [],
    parameters: parameterNames(entry),
  };
  if (target === "ts" && ts !== undefined) {
    const kernel = of === null ? ts.forward : ts.backward;
    const { text, digest } = await typescriptProgram(textOf(files, ts.file), [kernel.export]);
    const batching = entry.axis === null ? batchingOf(kernel.arguments, of) : "row";
    return { target, ...names, batching, digest, code: text, kernel };
  }
  if (target === "wasm" && wasm !== undefined && ts !== undefined) {
    const direction = of === null ? "forward" : "backward";
    const kernel = wasm[direction];
    const { text, digest } = await wasmProgram(
      { text: textOf(files, wasm.file), exported: kernel.export },
      { text: textOf(files, ts.file), exported: ts[direction].export },
    );
    return { target, ...names, batching: batchingOf(kernel.arguments, of), digest, code: text, kernel };
  }
  if (wgsl === undefined) throw new Error(`${entry.name} has no kernels for '${target}'`);
  const passes = neededPasses(of === null ? wgsl.forward : wgsl.backward, of);
  const code = textOf(files, wgsl.file);
  const { digest } = await wgslProgram(
    code,
    passes.map(({ entryPoint }) => entryPoint),
  );
  if (entry.axis !== null) return { target: "wgsl", ...names, digest, scalar: null, code, passes };
  const bindings = passes.flatMap((pass) => pass.bindings);
  const scalar = scalarFunction(entry, of);
  const kernel = batchingOf(bindings, of) === "elements" ? { code, passes } : termsOfSum(entry, code, of, scalar);
  return { target: "wgsl", ...names, digest, scalar, ...kernel };
}

/** What the cotangent is called in rows, whose results are not multiples of it alone. */
export const cotangentName = "dy";

/** What is given for each element. */
export const inputNames = ({ axis, inputs, learned }: KernelEntry): readonly string[] =>
  axis === null
    ? inputs
    : [...inputs, cotangentName, ...learned.filter(({ shape }) => shape === "axis").map(({ name }) => name)];

/** In the order of `columnVariables`. */
export const parameterNames = ({ hyperparameters, draws, learned }: KernelEntry): readonly string[] => [
  ...hyperparameters.map(({ name }) => name),
  ...(draws ? [draws.training] : []),
  ...learned.map(({ name }) => name),
];

function scalarFunction(entry: KernelEntry, of: string | null): ScalarFunction {
  const { name, inputs, learned, hyperparameters, draws } = entry;
  const chance = draws ? [draws.training, ...draws.uniforms] : [];
  const operands = [...inputs, ...[...learned, ...hyperparameters].map((parameter) => parameter.name), ...chance];
  if (of === null) return { name: wgslName(name), operands, place: 0 };
  return { name: `${wgslName(name)}_backward`, operands, place: operands.indexOf(of) };
}

/**
 * A kernel that writes what the real one adds up: `f_backward` of each element, which the file has for other shaders
 * too. A sum for each element would take a dispatch for each element.
 */
function termsOfSum(
  { inputs: own, learned, hyperparameters, draws }: KernelEntry,
  file: string,
  of: string | null,
  { name: backward, place }: ScalarFunction,
): Pick<WgslColumn, "code" | "passes"> {
  const { text, struct } = wgslFunction(file, backward);
  const member = struct[place];
  const parameters = [...learned, ...hyperparameters, ...(draws ? [{ name: draws.training }] : [])];
  // What the real kernel draws is given here.
  const inputs = [...own, ...(draws?.uniforms ?? [])];
  const loaded = inputs.map((_, i) => `measured_input_${i}[i]`);
  const call = [
    "1.0",
    ...loaded.slice(0, own.length),
    ...parameters.map((_, i) => `measured.parameter_${i}`),
    ...loaded.slice(own.length),
  ].join(", ");
  const code = `${text}
struct measured_values {
  size: u32,
${parameters.map((_, i) => `  parameter_${i}: f32,`).join("\n")}
}
@group(0) @binding(0) var<uniform> measured: measured_values;
@group(0) @binding(1) var<storage, read_write> measured_result: array<f32>;
${inputs.map((_, i) => `@group(0) @binding(${i + 2}) var<storage, read> measured_input_${i}: array<f32>;`).join("\n")}
@compute @workgroup_size(256)
fn measured_terms(
  @builtin(workgroup_id) workgroup: vec3<u32>,
  @builtin(num_workgroups) workgroups: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = (workgroup.y * workgroups.x + workgroup.x) * 256u + lane;
  if (i < measured.size) {
    measured_result[i] = ${backward}(${call})${member === undefined ? "" : `.${member}`};
  }
}
`;
  const fields = [
    { name: "size", role: "extent", type: "u32", offset: 0 } as const,
    ...parameters.map(
      (each, i) => ({ name: each.name, role: "hyperparameter", type: "f32", offset: 4 * i + 4 }) as const,
    ),
  ];
  const storage = { group: 0, element: "f32", length: "size" } as const;
  const pass: WgslPassDescription = {
    entryPoint: "measured_terms",
    workgroupSize: 256,
    dispatch: { over: "size", perWorkgroup: 256 },
    bindings: [
      {
        group: 0,
        binding: 0,
        name: "uniforms",
        role: "uniforms",
        type: "uniform",
        size: 16 * Math.ceil(fields.length / 4),
        fields,
      },
      { ...storage, binding: 1, name: "result", role: "gradient", type: "storage", ...(of === null ? {} : { of }) },
      ...inputs.map(
        (input, i) => ({ ...storage, binding: i + 2, name: input, role: "input", type: "read-only-storage" }) as const,
      ),
    ],
  };
  return { code, passes: [pass] };
}

/** What a binding and an argument have in common. */
type Slot = Pick<KernelArgument, "of" | "length"> & { readonly role: string };

/** Whether this is where the column is written. */
export const isResult = ({ role, of }: Slot, column: string | null): boolean =>
  column === null ? role === "output" : role === "gradient" && of === column;

function batchingOf(slots: readonly Slot[], of: string | null): Batching {
  const result = slots.find((slot) => isResult(slot, of));
  switch (result?.length) {
    case "size":
      return "elements";
    case "channels":
      return "channels";
    case "1":
      return "calls";
    default:
      throw new Error(`the result for ${columnName(of)} has an unknown length: ${result?.length}`);
  }
}

/** The passes that write the result, and those that write what they read. */
function neededPasses({ passes }: WgslKernel, of: string | null): readonly WgslPassDescription[] {
  const scratch = new Set<string>();
  const needed = passes.toReversed().filter(({ bindings }) => {
    const contributes = bindings.some(
      (binding) => isResult(binding, of) || (binding.role === "scratch" && scratch.has(binding.name)),
    );
    if (contributes) for (const { role, name } of bindings) if (role === "scratch") scratch.add(name);
    return contributes;
  });
  return needed.toReversed();
}

/** The extents of a call on so many elements. */
export function extentsFor(batching: Batching, count: number): Readonly<Record<ExtentName, number>> {
  if (batching === "row") return { ...extentsFor("elements", count), axisOuter: 1, axisLength: count, axisInner: 1 };
  const size = batching === "calls" ? 1 : count;
  const channels = batching === "channels" ? size : 1;
  const channelInner = size / channels;
  return { size, channelOuter: 1, channels, channelInner, axisOuter: 1, axisLength: 1, axisInner: 1 };
}

/** `size`, `64 * channels`, `ceil(size / 1024)`: a product of extents and integers, quotients rounded up. */
export function countOf(length: string, extents: Readonly<Record<string, number>>): number {
  const atom = (text: string): number => {
    const value = /^\d+$/.test(text) ? Number(text) : extents[text];
    if (value === undefined) throw new Error(`the manifest counts by '${text}', which is no extent`);
    return value;
  };
  return length.split("*").reduce((product, factor) => {
    const [, dividend, divisor] = /^ceil\((\w+) \/ (\w+)\)$/.exec(factor.trim()) ?? [];
    if (dividend === undefined || divisor === undefined) return product * atom(factor.trim());
    return product * Math.ceil(atom(dividend) / atom(divisor));
  }, 1);
}

function textOf(files: readonly OutputFile[], path: string): string {
  const file = files.find((each) => each.path === path);
  if (file === undefined) throw new Error(`the compiler wrote no ${path}`);
  return file.text;
}
