/** Bindings of a WGSL file: declared once each, listed by the passes that use them. */
import { parameterName } from "../../names.js";
import { gradientName } from "../kernels.js";
import { learnedLength } from "../spaces.js";
import { Space, type Variable } from "../../ir/expr.js";
import type { FieldRole, WgslBinding, WgslElement, WgslField, WgslNumber, WgslPassDescription } from "../manifest.js";

type TensorRole = "input" | "output" | "cotangent" | "gradient" | "derivative" | "saved" | "learned" | "scratch";

export interface Buffer {
  /** The variable in WGSL. */
  readonly variable: string;
  readonly binding: WgslBinding;
}

/** A number in a buffer, as float32. */
export const elementAt = ({ variable, binding }: Buffer, index: string): string =>
  binding.element === "f16" ? `f32(${variable}[${index}])` : `${variable}[${index}]`;

/** Writes a float32. */
export const storedAt = ({ variable, binding }: Buffer, index: string, value: string): string =>
  `${variable}[${index}] = ${binding.element === "f16" ? `f16(${value})` : value};`;

/** The features of a device on which kernels over tensors of these numbers run. */
export const requiredBy = (storage: WgslNumber): readonly string[] => (storage === "f16" ? ["shader-f16"] : []);

const sizeOfUniforms = (fields: number): number => Math.max(16, Math.ceil((fields * 4) / 16) * 16);

export class WgslBindings {
  private readonly buffers: Buffer[] = [];
  private readonly fields: readonly WgslField[];
  private readonly uniformsBinding: WgslBinding;

  constructor(
    private readonly prefix: string,
    private readonly element: WgslElement,
    uniformFields: readonly {
      readonly name: string;
      readonly role: FieldRole;
      readonly default?: number;
    }[],
  ) {
    this.fields = uniformFields.map((field, i) => ({
      name: field.name,
      role: field.role,
      type: field.role === "hyperparameter" ? "f32" : "u32",
      offset: 4 * i,
      ...(field.default === undefined ? {} : { default: field.default }),
    }));
    this.uniformsBinding = {
      group: 0,
      binding: 0,
      name: "uniforms",
      role: "uniforms",
      type: "uniform",
      size: sizeOfUniforms(this.fields.length),
      fields: this.fields,
    };
  }

  private declare(
    role: TensorRole,
    name: string,
    options: { of?: string; element: WgslElement; length: string; write: boolean },
  ): Buffer {
    const known = this.buffers.find(({ binding }) => binding.role === role && binding.name === name);
    if (known) return known;
    const buffer: Buffer = {
      variable: `${this.prefix}_${role}_${name.replace(/^_+/, "")}`,
      binding: {
        group: 0,
        binding: this.buffers.length + 1,
        name,
        role,
        ...(options.of === undefined ? {} : { of: options.of }),
        type: options.write ? "storage" : "read-only-storage",
        element: options.element,
        length: options.length,
      },
    };
    this.buffers.push(buffer);
    return buffer;
  }

  input(of: Variable): Buffer {
    return this.declare("input", of.name, { element: this.element, length: "size", write: false });
  }

  output(length = "size"): Buffer {
    return this.declare("output", "y", { element: this.element, length, write: true });
  }

  cotangent(length = "size"): Buffer {
    return this.declare("cotangent", "dy", { element: this.element, length, write: false });
  }

  learned(of: Variable): Buffer {
    return this.declare("learned", of.name, {
      element: "f32",
      length: learnedLength(of),
      write: false,
    });
  }

  gradient(of: Variable, name = gradientName(of)): Buffer {
    return this.declare("gradient", name, { of: of.name, ...this.extentOf(of), write: true });
  }

  derivative(of: Variable): Buffer {
    return this.declare("derivative", gradientName(of), { of: of.name, ...this.extentOf(of), write: true });
  }

  /** The cotangent of what backward writes as the gradient of a variable. */
  cotangentOf(gradient: Variable, name: string): Buffer {
    return this.declare("cotangent", name, {
      of: gradientName(gradient),
      ...this.extentOf(gradient),
      write: false,
    });
  }

  /** A bit for each element, 32 in a number: written by forward, read by backward. */
  mask(direction: "forward" | "backward"): Buffer {
    const isRead = direction === "backward";
    return this.declare("saved", isRead ? "kept_mask" : "mask", {
      ...(isRead ? { of: "mask" } : {}),
      element: "u32",
      length: "ceil(size / 32)",
      write: !isRead,
    });
  }

  /** What forward wrote as its output. */
  keptOutput(output: Variable): Buffer {
    const { name } = this.output().binding;
    const more = { of: name, element: this.element, length: "size", write: false };
    return this.declare("saved", `kept_${output.name}`, more);
  }

  scratch(name: string, length: string, element: "f32" | "vec4<f32>" = "f32"): Buffer {
    return this.declare("scratch", name, { element, length, write: true });
  }

  private extentOf(of: Variable): { element: WgslElement; length: string } {
    const whole = of.role !== "learned";
    const length = of.space === Space.row ? "axisOuter * axisInner" : whole ? "size" : learnedLength(of);
    return { element: whole ? this.element : "f32", length };
  }

  /** The WGSL expression for a field of the uniform buffer. */
  uniform(name: string, role: FieldRole): string {
    return `${this.prefix}_uniforms.${uniformMember(name, role)}`;
  }

  /** A dispatch of the entry point with this text: what it does not name is not bound. */
  pass(
    entry: { readonly name: string; readonly text: string },
    dispatch: { over: string; perWorkgroup: number },
    workgroupSize: number,
    buffers: readonly Buffer[],
  ): WgslPassDescription {
    const uniforms = entry.text.includes(`${this.prefix}_uniforms.`) ? [this.uniformsBinding] : [];
    return {
      entryPoint: entry.name,
      workgroupSize,
      dispatch,
      bindings: [...uniforms, ...buffers.map(({ binding }) => binding)],
    };
  }

  /** The declarations, in the order of their numbers. */
  text(): string {
    const struct = `${this.prefix}_uniform_values`;
    const members = this.fields.map(({ name, role, type }) => `  ${uniformMember(name, role)}: ${type},`);
    const variables = this.buffers.map(
      ({ variable, binding }) =>
        `@group(0) @binding(${binding.binding}) var<storage, ${binding.type === "storage" ? "read_write" : "read"}> ${variable}: array<${binding.element ?? "f32"}>;`,
    );
    return [
      `struct ${struct} {`,
      ...members,
      "}",
      "",
      `@group(0) @binding(0) var<uniform> ${this.prefix}_uniforms: ${struct};`,
      ...variables,
    ].join("\n");
  }
}

/** Extents keep their names; hyperparameters cannot collide with them. */
function uniformMember(name: string, role: FieldRole): string {
  switch (role) {
    case "extent":
      return parameterName(name);
    case "hyperparameter":
      return `p_${name}`;
    case "seed":
    case "training":
      return role;
  }
}
