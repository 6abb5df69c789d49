/** Runs the WGSL kernels of a compiled activation. */
import type { Activation, WebGpuPass, WebGpuRole, WebGpuUniform } from "../activation.js";
import type { ActivationOperands, Extents } from "../device.js";
import { extentValue } from "../extents.js";
import type { Dispatch } from "./commands.js";
import { f32, type Field, u32, uniformBytes } from "./uniforms.js";

/** What is bound for each role. */
export type KernelBuffers = Map<WebGpuRole, GPUBuffer>;

export type Direction = "forward" | "backward" | "doubleBackward" | "forwardSaved" | "backwardSaved";

/** The passes of one direction, in order; scratch buffers are added to `buffers` as passes name them. */
export function passDispatches(
  activation: Activation,
  direction: Direction,
  { hyperparameters, seed, training, extents }: ActivationOperands,
  buffers: KernelBuffers,
  allocateScratch: (size: number) => GPUBuffer,
): Dispatch[] {
  const kernels = activation.webgpu;
  if (!kernels) return [];
  const bufferOf = (role: WebGpuRole): GPUBuffer => {
    const known = buffers.get(role);
    if (known) return known;
    if (!role.startsWith(scratchRole))
      throw new Error(`${activation.name}: a kernel binds '${role}', which it does not have`);
    const buffer = allocateScratch(extentValue(role.slice(scratchRole.length), extents));
    buffers.set(role, buffer);
    return buffer;
  };
  const field = (uniform: WebGpuUniform): Field => {
    if (uniform === "seed") return u32(seed);
    if (uniform === "training") return u32(Number(training));
    if (!isHyperparameter(uniform)) return u32(extents[uniform]);
    const value = hyperparameters[activation.hyperparameters.indexOf(uniform.slice(hyperparameterRole.length))];
    if (value === undefined) throw new Error(`${activation.name}: a kernel reads '${uniform}', which it does not have`);
    return f32(value);
  };
  return (kernels[direction] ?? []).map((pass) => ({
    kernel: {
      code: kernels.code,
      entryPoint: pass.entryPoint,
      bindings: pass.bindings.map(([binding, role]) => [binding, bindingType(role)] as const),
    },
    buffers: pass.bindings
      .filter(([, role]) => role !== "uniforms")
      .map(([binding, role]) => [binding, bufferOf(role)] as const),
    uniforms: uniformsOf(pass, field),
    workgroups: workgroupsOf(pass, extents),
  }));
}

function bindingType(role: WebGpuRole): GPUBufferBindingType {
  if (role === "uniforms") return "uniform";
  const written =
    role === "output" ||
    role === "saved" ||
    role === "gradient" ||
    role.startsWith(gradientRole) ||
    role.startsWith(scratchRole);
  return written ? "storage" : "read-only-storage";
}

const gradientRole = "gradient ";
const scratchRole = "scratch ";
const hyperparameterRole = "hyperparameter ";

const isHyperparameter = (uniform: WebGpuUniform): uniform is `hyperparameter ${string}` =>
  uniform.startsWith(hyperparameterRole);

function uniformsOf(pass: WebGpuPass, field: (uniform: WebGpuUniform) => Field): Dispatch["uniforms"] {
  const bound = pass.bindings.find(([, role]) => role === "uniforms");
  return bound ? { binding: bound[0], bytes: uniformBytes(pass.uniforms.map(field)) } : null;
}

const workgroupsOf = ({ over, perWorkgroup }: WebGpuPass, extents: Extents): number =>
  Math.ceil(extentValue(over, extents) / perWorkgroup);
