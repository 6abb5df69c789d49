/** Dispatches, recorded and submitted together. */
import { paddedBytes, usage } from "./buffers.js";
import type { Faults } from "./faults.js";

export interface Kernel {
  readonly code: string;
  readonly entryPoint: string;
  /** How the code declares what is bound; it need not use all of it. */
  readonly bindings: readonly (readonly [binding: number, GPUBufferBindingType])[];
}

export interface Dispatch {
  readonly kernel: Kernel;
  readonly buffers: readonly (readonly [binding: number, GPUBuffer])[];
  readonly uniforms: { readonly binding: number; readonly bytes: Uint8Array } | null;
  readonly workgroups: number;
}

interface Compiled {
  readonly pipeline: GPUComputePipeline;
  readonly layout: GPUBindGroupLayout;
  /** Whether buffers were bound to it before, so that what the kernel wants is known to fit. */
  bound: boolean;
}

/** WebGPU's number for it. */
const computeStage = 4;
/** WebGPU's default limit of workgroups along one axis of a dispatch. */
const widest = 65535;
/** Uniforms of all dispatches of one submission share a buffer of so many bytes. */
const uniformBytes = 32768;

export class Commands {
  #encoder: GPUCommandEncoder | null = null;
  #pass: GPUComputePassEncoder | null = null;
  readonly #pipelines = new Map<string, Map<string, Compiled>>();
  readonly #uniforms: GPUBuffer;
  readonly #staged = new Uint8Array(uniformBytes);
  #used = 0;

  constructor(
    private readonly gpu: GPUDevice,
    private readonly faults: Faults,
  ) {
    this.#uniforms = gpu.createBuffer({
      label: "uniforms",
      size: uniformBytes,
      usage: usage.uniform | usage.copyTarget,
    });
  }

  dispatch({ kernel, buffers, uniforms, workgroups }: Dispatch): void {
    if (workgroups === 0) return;
    const compiled = this.#compiled(kernel);
    const entries: GPUBindGroupEntry[] = buffers.map(([binding, buffer]) => ({ binding, resource: { buffer } }));
    if (uniforms) entries.push({ binding: uniforms.binding, resource: this.#stage(uniforms.bytes) });
    const group = this.#bindGroup(kernel, compiled, entries);
    const pass = (this.#pass ??= this.#open().beginComputePass());
    pass.setPipeline(compiled.pipeline);
    pass.setBindGroup(0, group);
    const x = Math.min(workgroups, widest);
    pass.dispatchWorkgroups(x, Math.ceil(workgroups / x));
  }

  copy(from: GPUBuffer, to: GPUBuffer, bytes: number): void {
    this.#endPass();
    this.#open().copyBufferToBuffer(from, 0, to, 0, bytes);
  }

  /** Writes at once, so what was recorded before goes first. */
  write(buffer: GPUBuffer, values: Float32Array): void {
    this.submit();
    // Numbers that threads share are copied first: not everybody takes those.
    const { buffer: bytes, byteOffset, byteLength } = values.buffer instanceof ArrayBuffer ? values : values.slice();
    this.gpu.queue.writeBuffer(buffer, 0, bytes, byteOffset, byteLength);
  }

  submit(): void {
    const encoder = this.#encoder;
    if (encoder === null) return;
    this.#endPass();
    this.#encoder = null;
    this.faults.watch("submission", "validation", () => {
      if (this.#used > 0) this.gpu.queue.writeBuffer(this.#uniforms, 0, this.#staged, 0, this.#used);
      this.gpu.queue.submit([encoder.finish()]);
    });
    this.#used = 0;
  }

  #bindGroup({ entryPoint }: Kernel, compiled: Compiled, entries: GPUBindGroupEntry[]): GPUBindGroup {
    const create = (): GPUBindGroup => this.gpu.createBindGroup({ layout: compiled.layout, entries });
    if (compiled.bound) return create();
    compiled.bound = true;
    return this.faults.watch(entryPoint, "validation", create);
  }

  #open(): GPUCommandEncoder {
    return (this.#encoder ??= this.gpu.createCommandEncoder());
  }

  #endPass(): void {
    this.#pass?.end();
    this.#pass = null;
  }

  /** A piece of the uniform buffer that will hold the bytes when this submission runs. */
  #stage(bytes: Uint8Array): GPUBufferBinding {
    const alignment = this.gpu.limits.minUniformBufferOffsetAlignment;
    const size = paddedBytes(bytes.length / 4);
    if (this.#used + size > uniformBytes) this.submit();
    const offset = this.#used;
    this.#staged.set(bytes, offset);
    this.#used = Math.min(uniformBytes, Math.ceil((offset + size) / alignment) * alignment);
    return { buffer: this.#uniforms, offset, size };
  }

  #compiled({ code, entryPoint, bindings }: Kernel): Compiled {
    let ofCode = this.#pipelines.get(code);
    if (!ofCode) this.#pipelines.set(code, (ofCode = new Map()));
    let compiled = ofCode.get(entryPoint);
    if (!compiled) {
      compiled = this.faults.watch(entryPoint, "validation", () => {
        const module = this.gpu.createShaderModule({ label: entryPoint, code });
        // WebGPU would find out the layout by itself, but leave out what the code does not use.
        const layout = this.gpu.createBindGroupLayout({
          entries: bindings.map(([binding, type]) => ({ binding, visibility: computeStage, buffer: { type } })),
        });
        const pipeline = this.gpu.createComputePipeline({
          label: entryPoint,
          layout: this.gpu.createPipelineLayout({ bindGroupLayouts: [layout] }),
          compute: { module, entryPoint },
        });
        return { pipeline, layout, bound: false };
      });
      ofCode.set(entryPoint, compiled);
    }
    return compiled;
  }
}
