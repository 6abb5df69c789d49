/** Runs emitted WGSL kernels on a device, on many inputs at once, for a cotangent of 1. */
import type { WgslBinding, WgslPassDescription } from "../backend/manifest.js";
import { countOf, extentsFor, isResult, type WgslColumn } from "./emitted.js";

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

/** Dispatches of one submission where each element takes its own: more of them and some drivers give up. */
const callsAtOnce = 1024;

class WebGpuKernel implements DeviceKernel {
  private arranged: Arrangement | undefined;
  /** Bytes from one element to the next: where each has a call of its own, what a binding's offset must be a multiple of. */
  private readonly stride: number;
  private readonly bindings: ReadonlyMap<string, WgslBinding>;
  private readonly result: string;

  constructor(
    private readonly device: GPUDevice,
    private readonly column: WgslColumn,
    private readonly steps: readonly Step[],
    private readonly faults: readonly string[],
  ) {
    this.stride = column.batching === "calls" ? device.limits.minStorageBufferOffsetAlignment : 4;
    const bindings = column.passes.flatMap((pass) => pass.bindings);
    this.bindings = new Map(bindings.map((binding) => [keyOf(binding), binding]));
    const result = bindings.find((binding) => isResult(binding, column.of));
    if (!result) throw new Error("no pass writes the result");
    this.result = keyOf(result);
  }

  async run(inputs: readonly Float32Array[], parameters: readonly number[]): Promise<Float32Array> {
    const count = inputs[0]?.length ?? 0;
    const results = new Float32Array(count);
    const most = this.column.batching === "calls" ? callsAtOnce : Math.max(count, 1);
    for (let first = 0; first < count; first += most) {
      const part = inputs.map((input) => input.subarray(first, first + most));
      results.set(await this.submit(part, parameters, Math.min(most, count - first)), first);
    }
    return results;
  }

  private async submit(
    inputs: readonly Float32Array[],
    parameters: readonly number[],
    count: number,
  ): Promise<Float32Array> {
    const { device, stride } = this;
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
    const mapped = new Float32Array(staging.getMappedRange());
    const step = stride / 4;
    const results =
      step === 1 ? mapped.slice(0, count) : Float32Array.from({ length: count }, (_, i) => mapped[i * step]!);
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

  /** Whether each element has a place of its own in this binding, apart from those of the others. */
  private isStrided(binding: WgslBinding): boolean {
    return this.column.batching === "calls" && (binding.role === "input" || keyOf(binding) === this.result);
  }

  private arrange(count: number): Arrangement {
    if (this.arranged?.count === count) return this.arranged;
    this.release();
    const { device, stride } = this;
    const extents: Readonly<Record<string, number>> = extentsFor(this.column.batching, count);
    const buffers = new Map<string, GPUBuffer>();
    for (const [key, binding] of this.bindings) {
      const bytes = binding.type === "uniform" ? (binding.size ?? 16) : 4 * countOf(binding.length ?? "1", extents);
      const size = this.isStrided(binding) ? stride * count : Math.max(16, Math.ceil(bytes / 16) * 16);
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
    const calls = this.column.batching === "calls" ? count : 1;
    const groups = Array.from({ length: calls }, (_, i) =>
      this.steps.map((step) => ({
        step,
        group: this.bind(step, buffers, i),
        workgroups: Math.ceil(countOf(step.pass.dispatch.over, extents) / step.pass.dispatch.perWorkgroup),
      })),
    ).flat();
    return (this.arranged = { count, buffers, staging, groups });
  }

  private bind({ pass, layout }: Step, buffers: ReadonlyMap<string, GPUBuffer>, call: number): GPUBindGroup {
    const entries = pass.bindings.flatMap((binding) => {
      const buffer = buffers.get(keyOf(binding));
      if (!buffer) return [];
      const part = this.isStrided(binding) ? { offset: call * this.stride, size: 16 } : {};
      return [{ binding: binding.binding, resource: { buffer, ...part } }];
    });
    return this.device.createBindGroup({ layout, entries });
  }

  private write(
    buffers: ReadonlyMap<string, GPUBuffer>,
    inputs: readonly Float32Array[],
    parameters: readonly number[],
    count: number,
  ): void {
    const { column, device, stride } = this;
    const extents: Readonly<Record<string, number>> = extentsFor(column.batching, count);
    const parameter = (name: string): number => parameters[column.parameters.indexOf(name)] ?? NaN;
    for (const [key, binding] of this.bindings) {
      const buffer = buffers.get(key);
      if (!buffer) continue;
      switch (binding.role) {
        case "input": {
          const numbers = inputs[column.inputs.indexOf(binding.name)] ?? new Float32Array(count);
          if (stride === 4) device.queue.writeBuffer(buffer, 0, unshared(numbers));
          else device.queue.writeBuffer(buffer, 0, spread(numbers, stride / 4));
          break;
        }
        case "learned": {
          const numbers = new Float32Array(countOf(binding.length ?? "1", extents));
          device.queue.writeBuffer(buffer, 0, numbers.fill(parameter(binding.name)));
          break;
        }
        case "uniforms": {
          const bytes = new Uint8Array(binding.size ?? 16);
          const view = new DataView(bytes.buffer);
          for (const { name, role, type, offset } of binding.fields ?? []) {
            const value = role === "extent" ? (extents[name] ?? 0) : parameter(name);
            if (type === "f32") view.setFloat32(offset, value, true);
            else view.setUint32(offset, value, true);
          }
          device.queue.writeBuffer(buffer, 0, bytes);
          break;
        }
        case "cotangent":
        case "output":
        case "gradient":
        case "scratch":
      }
    }
  }
}

const keyOf = ({ role, name }: WgslBinding): string => `${role} ${name}`;

/** Numbers that no other thread sees, as a device wants them. */
const unshared = (numbers: Float32Array): Float32Array<ArrayBuffer> => new Float32Array(numbers);

function spread(numbers: Float32Array, step: number): Float32Array<ArrayBuffer> {
  const result = new Float32Array(numbers.length * step);
  numbers.forEach((number, i) => (result[i * step] = number));
  return result;
}
