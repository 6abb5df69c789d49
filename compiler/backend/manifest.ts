/** The manifest: what any caller, in any language, needs to call every kernel. */
export type ExtentName =
  "size" | "channelOuter" | "channels" | "channelInner" | "axisOuter" | "axisLength" | "axisInner";

export interface KernelArgument {
  readonly name: string;
  readonly role:
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
    | "training";
  readonly of?: string;
  readonly element?: "f32" | "f64" | "u32";
  readonly length?: string;
  readonly default?: number;
}

export interface TypeScriptKernel {
  readonly export: string;
  readonly arguments: readonly KernelArgument[];
}

/** What tensors are made of. */
export type WgslNumber = "f16" | "f32";

export type WgslElement = WgslNumber | `vec4<${WgslNumber}>` | "u32";

export interface WgslBinding {
  readonly group: 0;
  readonly binding: number;
  readonly name: string;
  readonly role:
    "input" | "output" | "cotangent" | "gradient" | "derivative" | "saved" | "learned" | "scratch" | "uniforms";
  readonly of?: string;
  readonly type: "read-only-storage" | "storage" | "uniform";
  readonly element?: WgslElement;
  readonly length?: string;
  readonly size?: number;
  readonly fields?: readonly WgslField[];
}

/** `seed` and `training` are u32, as extents are. */
export type FieldRole = "extent" | "hyperparameter" | "seed" | "training";

export interface WgslField {
  readonly name: string;
  readonly role: FieldRole;
  readonly type: "u32" | "f32";
  readonly offset: number;
  readonly default?: number;
}

export interface WgslPassDescription {
  readonly entryPoint: string;
  readonly workgroupSize: number;
  readonly dispatch: { readonly over: string; readonly perWorkgroup: number };
  readonly bindings: readonly WgslBinding[];
}

export interface WgslKernel {
  readonly requires: readonly string[];
  readonly passes: readonly WgslPassDescription[];
}
