/** Calls generated WGSL kernels on a device, by the roles that the manifest gives their bindings. */
import { globals } from "webgpu";
import { bitsOfFloat16, float16OfBits } from "../../compiler/numerics/float16.js";
import {
  type ActivationEntry,
  type Call,
  countOf,
  type Extents,
  extentsOf,
  fileText,
  type Generated,
  isWritten,
  numberFor,
  numbersFor,
  type Outcome,
  type Tensor,
  type WgslBinding,
  type WgslKernelName,
  type WgslPass,
  type WgslTarget,
} from "./manifest.js";

// GPUBufferUsage and its like, which browsers have.
Object.assign(globalThis, globals);

const usual: readonly WgslKernelName[] = ["forward", "backward"];
/** Two NaNs by their bits: what lies in padding and scratch, and what lies in results before they are written. */
const garbage = { padding: 0x7fc0dead, result: 0x7fc0beef };

interface Pipeline {
  readonly pass: WgslPass;
  readonly pipeline: GPUComputePipeline;
  readonly layout: GPUBindGroupLayout;
}

/** The WGSL kernels of every activation: validated, and compiled all at once. */
export class WgslKernelSet {
  private constructor(
    private readonly device: GPUDevice,
    private readonly pipelines: ReadonlyMap<string, readonly Pipeline[]>,
    private readonly kernels: readonly WgslKernelName[],
  ) {}

  static async load(
    device: GPUDevice,
    generated: Generated,
    kernels = usual,
    target: WgslTarget = "wgsl",
  ): Promise<WgslKernelSet> {
    const loaded = await Promise.all(
      generated.manifest.activations.map((entry) => loadActivation(device, entry, generated, kernels, target)),
    );
    return new WgslKernelSet(device, new Map(loaded.flat()), kernels);
  }

  has(name: string): boolean {
    return this.kernels.every((kernel) => this.pipelines.has(`${name} ${kernel}`));
  }

  /** The number of activations that can be called. */
  get size(): number {
    return this.pipelines.size / this.kernels.length;
  }

  /** What a call gives, or null where the activation is not loaded. */
  async callIfLoaded(entry: ActivationEntry, kernel: WgslKernelName, call: Call): Promise<Outcome | null> {
    return this.has(entry.name) ? this.call(entry, kernel, call) : null;
  }

  /** Runs all passes, or those that the gradients `wanted` (of inputs and parameters, by name) depend on. */
  async call(
    entry: ActivationEntry,
    kernel: WgslKernelName,
    call: Call,
    wanted?: (of: string) => boolean,
  ): Promise<Outcome> {
    const { device } = this;
    const extents = extentsOf(call, entry);
    const buffers = new Map<string, GPUBuffer>();
    const results: { readonly binding: WgslBinding; readonly staging: GPUBuffer; readonly length: number }[] = [];
    const encoder = device.createCommandEncoder();
    const all = this.pipelines.get(`${entry.name} ${kernel}`);
    if (!all) throw new Error(`${entry.name} has no WGSL kernel ${kernel}`);
    const passes = wanted ? passesFor(all, wanted) : all;
    for (const { pass, pipeline, layout } of passes) {
      const entries = pass.bindings.map((binding) => {
        const key = `${binding.role} ${binding.name}`;
        let buffer = buffers.get(key);
        if (!buffer) buffers.set(key, (buffer = bufferFor(device, binding, call, entry, extents)));
        return { binding: binding.binding, resource: { buffer } };
      });
      const groups = Math.ceil(countOf(pass.dispatch.over, extents) / pass.dispatch.perWorkgroup);
      if (groups === 0) continue;
      const x = Math.min(groups, 65535);
      const run = encoder.beginComputePass();
      run.setPipeline(pipeline);
      run.setBindGroup(0, device.createBindGroup({ layout, entries }));
      run.dispatchWorkgroups(x, Math.ceil(groups / x));
      run.end();
    }
    const written = new Map(
      passes.flatMap(({ pass }) => pass.bindings).map((binding) => [`${binding.role} ${binding.name}`, binding]),
    );
    for (const [key, binding] of written) {
      const buffer = buffers.get(key);
      if (!buffer || !isWritten(binding.role)) continue;
      const staging = device.createBuffer({
        size: buffer.size,
        usage: GPUBufferUsage.COPY_DST | GPUBufferUsage.MAP_READ,
      });
      encoder.copyBufferToBuffer(buffer, 0, staging, 0, buffer.size);
      results.push({ binding, staging, length: countOf(binding.length ?? "0", extents) });
    }
    device.queue.submit([encoder.finish()]);
    await Promise.all(results.map(({ staging }) => staging.mapAsync(GPUMapMode.READ)));
    let output: Tensor = new Float32Array(0);
    const gradients: Record<string, Tensor> = {};
    const derivatives: Record<string, Tensor> = {};
    for (const { binding, staging, length } of results) {
      const bytes = staging.getMappedRange().slice(0, bytesOf(binding) * length);
      const numbers =
        bytesOf(binding) === 2 ? Float32Array.from(new Uint16Array(bytes), float16OfBits) : new Float32Array(bytes);
      if (binding.role === "output") output = numbers;
      else if (binding.of !== undefined)
        (binding.role === "derivative" ? derivatives : gradients)[binding.of] = numbers;
      staging.destroy();
    }
    for (const buffer of buffers.values()) buffer.destroy();
    return { output, gradients, derivatives };
  }
}

/** The passes that write a gradient that is wanted, and those that write what these read. */
function passesFor(passes: readonly Pipeline[], wanted: (of: string) => boolean): readonly Pipeline[] {
  const needed = new Set<string>();
  return passes
    .toReversed()
    .filter(({ pass: { bindings } }) => {
      const serves = bindings.some(({ role, name, of }) =>
        role === "gradient" ? of !== undefined && wanted(of) : role === "scratch" && needed.has(name),
      );
      if (serves) for (const { role, name } of bindings) if (role === "scratch") needed.add(name);
      return serves;
    })
    .toReversed();
}

/** Whether a number read back is what lay in a result before the kernel ran. */
export function isUntouched(numbers: Tensor, index: number): boolean {
  if (!(numbers instanceof Float32Array)) return false;
  return new Uint32Array(numbers.buffer, numbers.byteOffset, numbers.length)[index] === garbage.result;
}

async function loadActivation(
  device: GPUDevice,
  entry: ActivationEntry,
  { files }: Generated,
  kernels: readonly WgslKernelName[],
  target: WgslTarget,
): Promise<(readonly [string, readonly Pipeline[]])[]> {
  const wgsl = entry.kernels[target];
  if (!wgsl) throw new Error(`${entry.name} has no kernels for '${target}'`);
  const module = device.createShaderModule({ code: fileText(files, wgsl.file), label: entry.name });
  const { messages } = await module.getCompilationInfo();
  if (messages.length > 0) {
    const texts = messages.map(({ type, message, lineNum }) => `${type} in line ${lineNum}: ${message}`);
    throw new Error(`${wgsl.file}: ${texts.join("\n")}`);
  }
  const shared = new Map<string, Promise<Pipeline>>();
  const load = async (pass: WgslPass): Promise<Pipeline> => {
    const layout = device.createBindGroupLayout({
      entries: pass.bindings.map(({ binding, type }) => ({
        binding,
        visibility: GPUShaderStage.COMPUTE,
        buffer: { type },
      })),
    });
    const pipeline = await device.createComputePipelineAsync({
      label: pass.entryPoint,
      layout: device.createPipelineLayout({ bindGroupLayouts: [layout] }),
      compute: { module, entryPoint: pass.entryPoint },
    });
    return { pass, pipeline, layout };
  };
  return Promise.all(
    kernels.map(async (name) => {
      const passes = (wgsl[name]?.passes ?? []).map((pass) => {
        let loading = shared.get(pass.entryPoint);
        if (!loading) shared.set(pass.entryPoint, (loading = load(pass)));
        return loading;
      });
      return [`${entry.name} ${name}`, await Promise.all(passes)] as const;
    }),
  );
}

/** Of an element in memory. */
const bytesOf = ({ element }: WgslBinding): number => (element === "f16" || element === "vec4<f16>" ? 2 : 4);

const padded = (bytes: number): number => Math.max(16, Math.ceil(bytes / 16) * 16);

function bufferFor(
  device: GPUDevice,
  binding: WgslBinding,
  call: Call,
  entry: ActivationEntry,
  extents: Extents,
): GPUBuffer {
  const uniform = binding.type === "uniform";
  const length = binding.length === undefined ? 0 : countOf(binding.length, extents);
  const size = uniform ? (binding.size ?? 16) : padded(bytesOf(binding) * length);
  const usage = (uniform ? GPUBufferUsage.UNIFORM : GPUBufferUsage.STORAGE) | GPUBufferUsage.COPY_SRC;
  const buffer = device.createBuffer({ size, usage, mappedAtCreation: true });
  const content = buffer.getMappedRange();
  if (uniform) {
    const view = new DataView(content);
    for (const field of binding.fields ?? []) {
      const value = numberFor(field, call, entry, extents);
      if (field.type === "f32") view.setFloat32(field.offset, value, true);
      else if (field.type === "u32") view.setUint32(field.offset, value, true);
      else view.setInt32(field.offset, value, true);
    }
  } else {
    const written = isWritten(binding.role);
    new Uint32Array(content).fill(written ? garbage.result : garbage.padding);
    const read = !written && binding.role !== "scratch";
    const numbers = read ? numbersFor(binding, length, call, entry) : [];
    if (bytesOf(binding) === 2) new Uint16Array(content, 0, length).set(Uint16Array.from(numbers, bitsOfFloat16));
    else if (read) new Float32Array(content, 0, length).set(numbers);
  }
  buffer.unmap();
  return buffer;
}
