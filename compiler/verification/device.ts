/** Runs emitted WGSL kernels on a device, on many inputs at once, for a cotangent of 1; over an axis on a row, for any cotangents. */
import type { WgslBinding, WgslPassDescription } from "../backend/manifest.js";
import { measuredSeed } from "./draws.js";
import { cotangentName, countOf, extentsFor, isResult, type WgslColumn } from "./emitted.js";

/** Where WGSL is executed. */
export interface DeviceRunner {
  /** The device and its driver. */
  readonly name: string;
  /** Validates and compiles a column's kernel. */
  load(column: WgslColumn): Promise<DeviceKernel>;
  close(): void;
}

export interface DeviceKernel {
  /** Results for one array per input, for parameters in the order of the column's. One call at a time. */
  run(inputs: readonly Float32Array[], parameters: readonly number[]): Promise<Float32Array>;
  /** Gives the buffers back. */
  release(): void;
}

export class WebGpuRunner implements DeviceRunner {
  private readonly faults: string[] = [];

  constructor(
    private readonly device: GPUDevice,
    readonly name: string,
  ) {
    device.addEventListener("uncapturederror", ({ error }) => this.faults.push(error.message));
    void device.lost.then(({ message }) => this.faults.push(`the device was lost: ${message}`));
  }

  async load(column: WgslColumn): Promise<DeviceKernel> {
    const { device } = this;
    // What is wrong is said by the messages.
    device.pushErrorScope("validation");
    const module = device.createShaderModule({ code: column.code });
    const [{ messages }] = await Promise.all([module.getCompilationInfo(), device.popErrorScope()]);
    const errors = messages.filter(({ type }) => type === "error");
    if (errors.length > 0) {
      throw new Error(errors.map(({ message, lineNum }) => `line ${lineNum}: ${message}`).join("\n"));
    }
    const steps = await Promise.all(
      column.passes.map(async (pass): Promise<Step> => {
        const layout = device.createBindGroupLayout({
          entries: pass.bindings.map(({ binding, type }) => ({
            binding,
            visibility: GPUShaderStage.COMPUTE,
            buffer: { type },
          })),
        });
        const pipeline = await device.createComputePipelineAsync({
          layout: device.createPipelineLayout({ bindGroupLayouts: [layout] }),
          compute: { module, entryPoint: pass.entryPoint },
        });
        return { pass, layout, pipeline };
      }),
    );
    return new WebGpuKernel(device, column, steps, this.faults);
  }

  close(): void {
    this.device.destroy();
  }
}

interface Step {
  readonly pass: WgslPassDescription;
  readonly layout: GPUBindGroupLayout;
  readonly pipeline: GPUComputePipeline;
}

/** The buffers for a call on so many elements, and the commands that are the same each time. */
interface Arrangement {
  readonly count: number;
  readonly buffers: ReadonlyMap<string, GPUBuffer>;
  readonly staging: GPUBuffer;
  readonly groups: readonly { readonly step: Step; readonly group: GPUBindGroup; readonly workgroups: number }[];
}

class WebGpuKernel implements DeviceKernel {
  private arranged: Arrangement | undefined;
  private readonly bindings: ReadonlyMap<string, WgslBinding>;
  private readonly result: string;

  constructor(
    private readonly device: GPUDevice,
    private readonly column: WgslColumn,
    private readonly steps: readonly Step[],
    private readonly faults: readonly string[],
  ) {
    const bindings = column.passes.flatMap((pass) => pass.bindings);
    this.bindings = new Map(bindings.map((binding) => [keyOf(binding), binding]));
    const result = bindings.find((binding) => isResult(binding, column.of));
    if (!result) throw new Error("no pass writes the result");
    this.result = keyOf(result);
  }

  async run(inputs: readonly Float32Array[], parameters: readonly number[]): Promise<Float32Array> {
    const { device } = this;
    const count = inputs[0]?.length ?? 0;
    if (count === 0) return new Float32Array(0);
    const { buffers, groups, staging } = this.arrange(count);
    this.write(buffers, inputs, parameters, count);
    const encoder = device.createCommandEncoder();
    const pass = encoder.beginComputePass();
    for (const { step, group, workgroups } of groups) {
      const x = Math.min(workgroups, 65535);
      pass.setPipeline(step.pipeline);
      pass.setBindGroup(0, group);
      pass.dispatchWorkgroups(x, Math.ceil(workgroups / x));
    }
    pass.end();
    const source = buffers.get(this.result);
    if (source) encoder.copyBufferToBuffer(source, 0, staging, 0, staging.size);
    device.queue.submit([encoder.finish()]);
    await staging.mapAsync(GPUMapMode.READ);
    const results = new Float32Array(staging.getMappedRange()).slice(0, count);
    staging.unmap();
    const [fault] = this.faults;
    if (fault !== undefined) throw new Error(fault);
    return results;
  }

  release(): void {
    for (const buffer of [...(this.arranged?.buffers.values() ?? [])]) buffer.destroy();
    this.arranged?.staging.destroy();
    this.arranged = undefined;
  }

  private arrange(count: number): Arrangement {
    if (this.arranged?.count === count) return this.arranged;
    this.release();
    const { device } = this;
    const extents = this.extents(count);
    const buffers = new Map<string, GPUBuffer>();
    for (const [key, binding] of this.bindings) {
      const bytes = binding.type === "uniform" ? (binding.size ?? 16) : 4 * countOf(binding.length ?? "1", extents);
      const size = Math.max(16, Math.ceil(bytes / 16) * 16);
      const usage = binding.type === "uniform" ? GPUBufferUsage.UNIFORM : GPUBufferUsage.STORAGE;
      buffers.set(key, device.createBuffer({ size, usage: usage | GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST }));
    }
    const staging = device.createBuffer({
      size: buffers.get(this.result)?.size ?? 16,
      usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST,
    });
    for (const [key, { role, length }] of this.bindings) {
      const buffer = buffers.get(key);
      if (role !== "cotangent" || !buffer) continue;
      device.queue.writeBuffer(buffer, 0, new Float32Array(countOf(length ?? "1", extents)).fill(1));
    }
    const groups = this.steps.map((step) => ({
      step,
      group: this.bind(step, buffers),
      workgroups: Math.ceil(countOf(step.pass.dispatch.over, extents) / step.pass.dispatch.perWorkgroup),
    }));
    return (this.arranged = { count, buffers, staging, groups });
  }

  private extents(count: number): Readonly<Record<string, number>> {
    return extentsFor(this.column.scalar === null ? "row" : "elements", count);
  }

  private bind({ pass, layout }: Step, buffers: ReadonlyMap<string, GPUBuffer>): GPUBindGroup {
    const entries = pass.bindings.flatMap((binding) => {
      const buffer = buffers.get(keyOf(binding));
      return buffer ? [{ binding: binding.binding, resource: { buffer } }] : [];
    });
    return this.device.createBindGroup({ layout, entries });
  }

  private write(
    buffers: ReadonlyMap<string, GPUBuffer>,
    inputs: readonly Float32Array[],
    parameters: readonly number[],
    count: number,
  ): void {
    const { column, device } = this;
    const extents = this.extents(count);
    const isRow = column.scalar === null;
    const along = isRow ? column.inputs.slice(column.inputs.lastIndexOf(cotangentName) + 1) : [];
    // A device takes no memory that another thread sees.
    const copied = (numbers: Float32Array): Float32Array<ArrayBuffer> => new Float32Array(numbers);
    const parameter = (name: string): number => parameters[column.parameters.indexOf(name)] ?? NaN;
    for (const [key, binding] of this.bindings) {
      const buffer = buffers.get(key);
      if (!buffer) continue;
      switch (binding.role) {
        case "input": {
          const numbers =
            inputs[[...column.inputs, ...column.draws].indexOf(binding.name)] ?? new Float32Array(count).fill(0.5);
          device.queue.writeBuffer(buffer, 0, copied(numbers));
          break;
        }
        case "learned": {
          const given = along.includes(binding.name) ? inputs[column.inputs.indexOf(binding.name)] : undefined;
          if (given !== undefined) {
            device.queue.writeBuffer(buffer, 0, copied(given));
            break;
          }
          const numbers = new Float32Array(countOf(binding.length ?? "1", extents));
          device.queue.writeBuffer(buffer, 0, numbers.fill(parameter(binding.name)));
          break;
        }
        case "uniforms": {
          const bytes = new Uint8Array(binding.size ?? 16);
          const view = new DataView(bytes.buffer);
          for (const { name, role, type, offset } of binding.fields ?? []) {
            const value = role === "extent" ? (extents[name] ?? 0) : role === "seed" ? measuredSeed : parameter(name);
            if (type === "f32") view.setFloat32(offset, value, true);
            else view.setUint32(offset, value, true);
          }
          device.queue.writeBuffer(buffer, 0, bytes);
          break;
        }
        case "cotangent": {
          const given = isRow ? inputs[column.inputs.lastIndexOf(cotangentName)] : undefined;
          const size = countOf(binding.length ?? "1", extents);
          if (given !== undefined) device.queue.writeBuffer(buffer, 0, copied(given.subarray(0, size)));
          break;
        }
        case "output":
        case "gradient":
        case "scratch":
      }
    }
  }
}

const keyOf = ({ role, name }: WgslBinding): string => `${role} ${name}`;
