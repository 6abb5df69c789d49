/**
 * The manifest as INTERFACE.md has it, and nothing else: the harness calls kernels by roles, as a stranger to the
 * compiler would.
 */
export interface Manifest {
  readonly schema: number;
  readonly version: string;
  readonly activations: readonly ActivationEntry[];
  readonly files: Readonly<Record<string, string>>;
}

export interface ActivationEntry {
  readonly name: string;
  readonly class: string;
  readonly inputs: readonly string[];
  readonly hyperparameters: readonly { readonly name: string; readonly default: number }[];
  readonly learned: readonly { readonly name: string; readonly shape: string; readonly default: number }[];
  readonly axis: { readonly name: string; readonly default: number } | null;
  readonly random: boolean;
  readonly draws?: { readonly training: string; readonly uniforms: readonly string[] };
  readonly kernels: { readonly ts?: TypeScriptKernels; readonly wgsl?: WgslKernels; readonly "wgsl-f16"?: WgslKernels };
  readonly kinks: readonly KinkEntry[];
}

export interface KinkEntry {
  readonly condition: string;
  readonly at: string;
  readonly value: number | string;
  readonly continuous: boolean;
  readonly left: string;
  readonly right: string;
  readonly chosen: string;
}

export type Role =
  | "input"
  | "output"
  | "cotangent"
  | "gradient"
  | "derivative"
  | "saved"
  | "hyperparameter"
  | "learned"
  | "extent"
  | "seed"
  | "training"
  | "scratch"
  | "uniforms";

export interface TypeScriptArgument {
  readonly name: string;
  readonly role: Role;
  readonly of?: string;
  readonly element?: "f32" | "f64" | "u32";
  readonly length?: string;
  readonly default?: number;
}

export interface TypeScriptKernel {
  readonly export: string;
  readonly arguments: readonly TypeScriptArgument[];
}

export type TypeScriptKernelName = WgslKernelName | `${WgslKernelName}64` | "forwardSaved" | "backwardSaved";
export type TypeScriptKernels = { readonly file: string } & Readonly<
  Record<"forward" | "backward" | "forward64" | "backward64", TypeScriptKernel>
> &
  Readonly<
    Partial<
      Record<
        "fused" | "doubleBackward" | "fused64" | "doubleBackward64" | "forwardSaved" | "backwardSaved",
        TypeScriptKernel
      >
    >
  >;

export interface WgslBinding {
  readonly group: number;
  readonly binding: number;
  readonly name: string;
  readonly role: Role;
  readonly of?: string;
  readonly type: "read-only-storage" | "storage" | "uniform";
  readonly element?: string;
  readonly length?: string;
  readonly size?: number;
  readonly fields?: readonly UniformField[];
}

export interface UniformField {
  readonly name: string;
  readonly role: Role;
  readonly type: "u32" | "i32" | "f32";
  readonly offset: number;
  readonly default?: number;
}

export interface WgslPass {
  readonly entryPoint: string;
  readonly dispatch: { readonly over: string; readonly perWorkgroup: number };
  readonly bindings: readonly WgslBinding[];
}

export interface WgslKernel {
  readonly requires: readonly string[];
  readonly passes: readonly WgslPass[];
}

export type WgslKernelName = "forward" | "backward" | "fused" | "doubleBackward";
export type WgslTarget = "wgsl" | "wgsl-f16";
export type WgslKernels = { readonly file: string } & Readonly<Record<"forward" | "backward", WgslKernel>> &
  Readonly<Partial<Record<"fused" | "doubleBackward" | "forwardSaved" | "backwardSaved", WgslKernel>>>;

/** The text of the generated files, by path. */
export type Files = ReadonlyMap<string, string>;

export interface Generated {
  readonly manifest: Manifest;
  readonly files: Files;
}

export function readGenerated(files: readonly { readonly path: string; readonly text: string }[]): Generated {
  const byPath = new Map(files.map(({ path, text }) => [path, text]));
  const manifest: Manifest = JSON.parse(fileText(byPath, "manifest.json"));
  return { manifest, files: byPath };
}

export function fileText(files: Files, path: string): string {
  const text = files.get(path);
  if (text === undefined) throw new Error(`there is no generated file ${path}`);
  return text;
}

export function entryOf({ manifest }: Generated, name: string): ActivationEntry {
  const entry = manifest.activations.find((activation) => activation.name === name);
  if (!entry) throw new Error(`the manifest has no activation ${name}`);
  return entry;
}

/** What a kernel is called with; what is left out takes its default. */
export interface Call {
  readonly shape: readonly number[];
  /** Every input, by name, row-major. */
  readonly inputs: Readonly<Record<string, ArrayLike<number>>>;
  readonly cotangent?: ArrayLike<number>;
  /** Of the gradients that backward writes, by their names. */
  readonly cotangents?: Readonly<Record<string, ArrayLike<number>>>;
  /** Hyperparameters, and learned parameters: one number for all, or as many as the kernel wants. */
  readonly parameters?: Readonly<Record<string, number | ArrayLike<number>>>;
  /** Counted from the end where negative. */
  readonly axis?: number;
  /** Of what is random; 0 unless given. */
  readonly seed?: number;
  readonly training?: boolean;
}

export type Tensor = Float32Array | Float64Array;

export interface Outcome {
  readonly output: Tensor;
  /** By input or learned parameter; `dy` is the gradient in the cotangent. */
  readonly gradients: Readonly<Record<string, Tensor>>;
  /** By input, of the fused kernel. */
  readonly derivatives?: Readonly<Record<string, Tensor>>;
}

/** Whether a kernel writes to an argument of this role. */
export const isWritten = (role: Role): boolean => role === "output" || role === "gradient" || role === "derivative";

export type Extents = Readonly<Record<string, number>>;

const product = (numbers: readonly number[]): number => numbers.reduce((a, b) => a * b, 1);

/** A tensor seen as [outer, axis, inner], for channels and for the axis of a reduction. */
export function extentsOf({ shape, axis }: Call, entry: ActivationEntry): Extents {
  const reduced = axis ?? entry.axis?.default ?? -1;
  const position = reduced < 0 ? reduced + shape.length : reduced;
  const channelled = shape.length > 1;
  return {
    size: product(shape),
    channelOuter: channelled ? (shape[0] ?? 1) : 1,
    channels: channelled ? (shape[1] ?? 1) : 1,
    channelInner: channelled ? product(shape.slice(2)) : product(shape),
    axisOuter: product(shape.slice(0, Math.max(position, 0))),
    axisLength: shape[position] ?? 1,
    axisInner: product(shape.slice(position + 1)),
  };
}

/** `size`, `64 * channels`, `ceil(size / 1024)`: a product of extents and integers, quotients rounded up. */
export function countOf(text: string, extents: Extents): number {
  return text
    .split("*")
    .map((factor) => factor.trim())
    .reduce((total, factor) => {
      const quotient = /^ceil\((\w+) \/ (\w+)\)$/.exec(factor);
      if (quotient) return total * Math.ceil(atom(quotient[1] ?? "", extents) / atom(quotient[2] ?? "", extents));
      return total * atom(factor, extents);
    }, 1);
}

function atom(text: string, extents: Extents): number {
  if (/^\d+$/.test(text)) return Number(text);
  const value = extents[text];
  if (value === undefined) throw new Error(`the manifest counts by '${text}', which is no extent`);
  return value;
}

/** The numbers for an argument that is read: as many as its length says. */
export function numbersFor(
  argument: { readonly name: string; readonly role: Role; readonly of?: string },
  length: number,
  call: Call,
  entry: ActivationEntry,
): ArrayLike<number> {
  switch (argument.role) {
    case "input": {
      const given = call.inputs[argument.name];
      if (!given) throw new Error(`${entry.name}: no numbers for the input ${argument.name}`);
      return given;
    }
    case "cotangent": {
      if (argument.of !== undefined) {
        const given = call.cotangents?.[argument.of];
        if (!given) throw new Error(`${entry.name}: no cotangent of ${argument.of}`);
        return given;
      }
      if (!call.cotangent) throw new Error(`${entry.name}: no cotangent`);
      return call.cotangent;
    }
    case "learned": {
      const given =
        call.parameters?.[argument.name] ?? entry.learned.find(({ name }) => name === argument.name)?.default;
      if (given === undefined) throw new Error(`${entry.name} has no learned parameter ${argument.name}`);
      return typeof given === "number" ? new Array<number>(length).fill(given) : given;
    }
    default:
      throw new Error(`${entry.name}: nothing is read from an argument of role ${argument.role}`);
  }
}

/** A single number that a kernel takes. */
export function numberFor(
  argument: { readonly name: string; readonly role: Role; readonly default?: number },
  call: Call,
  entry: ActivationEntry,
  extents: Extents,
): number {
  if (argument.role === "seed") return call.seed ?? 0;
  if (argument.role === "training") return Number(call.training ?? false);
  const value =
    argument.role === "extent" ? extents[argument.name] : (call.parameters?.[argument.name] ?? argument.default);
  if (typeof value !== "number") throw new Error(`${entry.name}: no number for ${argument.role} ${argument.name}`);
  return value;
}
