/** Tensors in the memory of a WebGPU device. */
import type { Activation } from "../activation.js";
import {
  type ActivationGradients,
  type ActivationOperands,
  type Device,
  type Elementwise,
  type MatrixProduct,
  missingDoubleBackward,
  missingKernels,
  type SavedOperands,
  type SecondGradients,
  type Storage,
  type UpdateRule,
  type View,
} from "../device.js";
import { coalesce, type Shape, sizeOf, stridesOf } from "../shape.js";
import { type Direction, type KernelBuffers, passDispatches } from "./activation.js";
import { BufferPool, paddedBytes, usage, WebGpuStorage } from "./buffers.js";
import { Commands, type Kernel } from "./commands.js";
import { Faults } from "./faults.js";
import {
  adamKernel,
  clampKernel,
  crossEntropyGradientKernel,
  crossEntropyKernel,
  elementwiseKernel,
  matmulKernel,
  sgdKernel,
  sumKernel,
  threads,
  tile,
} from "./kernels.js";
import type { MemoryUse, StandardGpuDevice } from "./standard.js";
import { f32, type Field, u32, uniformBytes } from "./uniforms.js";

export interface WebGpuOptions {
  /** Bytes of unused buffers that are kept to be used again; 128 MiB unless given. */
  readonly idleBytes?: number;
}

/** Numbers that one thread adds up. */
const longestSum = 256;

export class WebGpuDevice implements Device {
  readonly type = "webgpu";
  readonly #gpu: GPUDevice;
  readonly #faults: Faults;
  readonly #commands: Commands;
  readonly #pool: BufferPool;
  readonly #kernels = new Map<string, Kernel>();

  /** Any device of the WebGPU standard will do. It stays the caller's: other code may use it too. */
  static from(gpu: StandardGpuDevice, options: WebGpuOptions = {}): WebGpuDevice {
    return new WebGpuDevice(gpu, options);
  }

  private constructor(gpu: StandardGpuDevice, { idleBytes = 128 * 2 ** 20 }: WebGpuOptions) {
    if (!isGpuDevice(gpu)) throw new TypeError("this is no GPUDevice: get one by 'await adapter.requestDevice()'");
    this.#gpu = gpu;
    this.#faults = new Faults(gpu);
    this.#commands = new Commands(gpu, this.#faults);
    this.#pool = new BufferPool(
      (bytes, flags) => this.#createBuffer(bytes, flags),
      () => this.#commands.submit(),
      idleBytes,
    );
  }

  /** The device of the WebGPU standard that this one is. */
  get gpu(): StandardGpuDevice {
    return this.#gpu;
  }

  /** The buffers that tensors hold, and those kept to be used again. */
  get memory(): MemoryUse {
    return this.#pool.use;
  }

  requireAlive(): void {
    this.#faults.requireAlive();
  }

  /** Submits what was recorded and waits until it is done; rejects with what went wrong. */
  async synchronize(): Promise<void> {
    this.requireAlive();
    this.#commands.submit();
    try {
      await this.#gpu.queue.onSubmittedWorkDone();
    } catch (error) {
      throw await this.#faults.explain(error);
    }
    await this.#faults.settle();
  }

  /** Ends the device and all tensors on it. */
  destroy(): void {
    this.#gpu.destroy();
    this.#faults.lose("destroyed: destroy() was called");
  }

  allocate(size: number): Storage {
    this.requireAlive();
    return this.#pool.take(size);
  }

  upload(values: Float32Array): Storage {
    this.requireAlive();
    const storage = this.#pool.take(values.length);
    this.#commands.write(storage.buffer, values);
    return storage;
  }

  async read(storage: Storage): Promise<Float32Array> {
    this.requireAlive();
    const bytes = paddedBytes(storage.size);
    const copy = this.#createBuffer(bytes, usage.mapRead | usage.copyTarget);
    this.#commands.copy(this.#buffer(storage), copy, bytes);
    this.#commands.submit();
    try {
      await copy.mapAsync(1);
    } catch (error) {
      await this.#faults.settle();
      throw await this.#faults.explain(error);
    }
    await this.#faults.settle();
    const values = new Float32Array(copy.getMappedRange().slice(0, storage.size * 4));
    copy.destroy();
    return values;
  }

  values(): null {
    return null;
  }

  elementwise(operation: Elementwise, shape: Shape, output: View, inputs: readonly View[]): void {
    const size = sizeOf(shape);
    const views = [output, ...inputs];
    const walk = coalesce({ shape, strides: views.map(({ strides }) => strides) });
    const value = operation.kind === "fill" ? operation.value : operation.kind === "scale" ? operation.factor : 0;
    const fields = [
      u32(size),
      f32(value),
      ...walk.shape.map(u32),
      ...views.flatMap(({ offset }, i) => [u32(offset), ...walk.strides[i]!.map(u32)]),
    ];
    const kernel = elementwiseKernel(operation.kind, walk.shape.length);
    this.#run(
      kernel,
      views.map(({ storage }) => storage),
      fields,
      size,
    );
  }

  sum(input: Storage, shape: Shape, reduced: readonly boolean[], factor: number, output: Storage): void {
    const strides = stridesOf(shape);
    const part = (wanted: boolean) => {
      const chosen = shape.map((_, axis) => axis).filter((axis) => (reduced[axis] ?? false) === wanted);
      return coalesce({ shape: chosen.map((axis) => shape[axis]!), strides: [chosen.map((axis) => strides[axis]!)] });
    };
    const [kept, summed] = [part(false), part(true)];
    const [outputs, length] = [sizeOf(kept.shape), sizeOf(summed.shape)];
    const parts = Math.max(1, Math.ceil(length / longestSum));
    const sums = parts > 1 ? this.allocate(outputs * parts) : output;
    const fields = [
      u32(outputs),
      u32(parts),
      u32(length),
      f32(parts > 1 ? 1 : factor),
      ...[kept, summed].flatMap((walk) => walk.shape.flatMap((n, axis) => [u32(n), u32(walk.strides[0]![axis]!)])),
    ];
    const [keptRank, summedRank] = [kept.shape.length, summed.shape.length];
    const kernel = this.#kernel(`sum of ranks ${keptRank}, ${summedRank}`, () => sumKernel(keptRank, summedRank));
    this.#run(kernel, [sums, input], fields, outputs * parts);
    if (parts > 1) {
      this.sum(sums, [outputs, parts], [false, true], factor, output);
      sums.release();
    }
  }

  matmul(product: MatrixProduct, a: Storage, b: Storage, bias: Storage | null, output: Storage): void {
    const { batch, m, k, n } = product;
    const storages = bias ? [output, a, b, bias] : [output, a, b];
    const tiles = batch * Math.ceil(m / tile) * Math.ceil(n / tile);
    const name = `matmul ${product.transposeA} ${product.transposeB} ${bias !== null}`;
    const kernel = this.#kernel(name, () => matmulKernel(product, bias !== null));
    this.#run(kernel, storages, [batch, m, k, n].map(u32), tiles, 1);
  }

  crossEntropy(logits: Storage, labels: Storage, rows: number, classes: number, output: Storage): void {
    this.#run(crossEntropyKernel, [output, logits, labels], [u32(rows), u32(classes)], rows);
  }

  crossEntropyGradient(
    logits: Storage,
    labels: Storage,
    cotangent: Storage,
    rows: number,
    classes: number,
    output: Storage,
  ): void {
    this.#run(crossEntropyGradientKernel, [output, logits, labels, cotangent], [u32(rows), u32(classes)], rows);
  }

  update(rule: UpdateRule, parameter: Storage, gradient: Storage, state: readonly Storage[]): void {
    const { size } = parameter;
    const storages = [parameter, gradient, ...state];
    switch (rule.kind) {
      case "sgd": {
        const numbers = [rule.lr, rule.momentum, 1 - rule.dampening, rule.weightDecay];
        const name = `sgd ${rule.nesterov} ${rule.first} ${state.length}`;
        const kernel = this.#kernel(name, () => sgdKernel(rule, state.length > 0));
        return this.#run(kernel, storages, [u32(size), ...numbers.map(f32)], size);
      }
      case "adam": {
        const { lr, beta1, beta2, eps, weightDecay, step } = rule;
        const root = Math.sqrt(1 - beta2 ** step);
        const numbers = [lr / (1 - beta1 ** step), beta1, beta2, 1 - beta1, 1 - beta2, root, eps, weightDecay];
        return this.#run(adamKernel, storages, [u32(size), ...numbers.map(f32)], size);
      }
    }
  }

  clamp(storage: Storage, least: number, most: number): void {
    // No infinity gets into a shader.
    const largest = 3.4028234663852886e38;
    const ends = [least, most].map((end) => f32(Math.min(Math.max(end, -largest), largest)));
    this.#run(clampKernel, [storage], [u32(storage.size), ...ends], storage.size);
  }

  activationForward(activation: Activation, operands: ActivationOperands, output: Storage): void {
    if (!activation.webgpu) throw missingKernels(activation, this.type);
    const buffers = this.#kernelBuffers(activation, operands);
    buffers.set("output", this.#buffer(output));
    this.#runPasses(activation, "forward", operands, buffers);
  }

  activationBackward(
    activation: Activation,
    operands: ActivationOperands,
    cotangent: Storage,
    gradients: ActivationGradients,
  ): void {
    if (!activation.webgpu) throw missingKernels(activation, this.type);
    const buffers = this.#kernelBuffers(activation, operands);
    buffers.set("cotangent", this.#buffer(cotangent));
    this.#bindGradients(activation, "gradient", gradients, buffers);
    this.#runPasses(activation, "backward", operands, buffers);
  }

  savesFor({ saves, webgpu }: Activation): boolean {
    const isKept = saves === "output" || (saves !== undefined && webgpu?.forwardSaved !== undefined);
    return isKept && webgpu?.backwardSaved !== undefined;
  }

  activationForwardSaved(
    activation: Activation,
    operands: ActivationOperands,
    output: Storage,
    mask: Storage | null,
  ): void {
    const buffers = this.#kernelBuffers(activation, operands);
    buffers.set("output", this.#buffer(output));
    if (mask) buffers.set("saved", this.#buffer(mask));
    this.#runPasses(activation, "forwardSaved", operands, buffers);
  }

  activationBackwardSaved(
    activation: Activation,
    operands: SavedOperands,
    kept: Storage | null,
    cotangent: Storage,
    gradients: ActivationGradients,
  ): void {
    const buffers: KernelBuffers = new Map([["cotangent", this.#buffer(cotangent)]]);
    activation.learned.forEach(({ name }, i) => buffers.set(`learned ${name}`, this.#buffer(operands.learned[i]!)));
    if (kept) buffers.set("kept", this.#buffer(kept));
    this.#bindGradients(activation, "gradient", gradients, buffers);
    this.#runPasses(activation, "backwardSaved", { ...operands, inputs: [] }, buffers);
  }

  activationDoubleBackward(
    activation: Activation,
    operands: ActivationOperands,
    cotangent: Storage,
    cotangents: ActivationGradients,
    gradients: SecondGradients,
  ): void {
    if (!activation.webgpu) throw missingKernels(activation, this.type);
    if (!activation.webgpu.doubleBackward) throw missingDoubleBackward(activation);
    const buffers = this.#kernelBuffers(activation, operands);
    buffers.set("cotangent", this.#buffer(cotangent));
    buffers.set("gradient", this.#buffer(gradients.cotangent));
    this.#bindGradients(activation, "cotangent", cotangents, buffers);
    this.#bindGradients(activation, "gradient", gradients, buffers);
    this.#runPasses(activation, "doubleBackward", operands, buffers);
  }

  #bindGradients(
    { inputs, learned }: Activation,
    role: "cotangent" | "gradient",
    gradients: ActivationGradients,
    buffers: KernelBuffers,
  ): void {
    inputs.forEach((name, i) => buffers.set(`${role} ${name}`, this.#buffer(gradients.inputs[i]!)));
    learned.forEach(({ name }, i) => buffers.set(`${role} ${name}`, this.#buffer(gradients.learned[i]!)));
  }

  #kernelBuffers(activation: Activation, { inputs, learned }: ActivationOperands): KernelBuffers {
    const buffers: KernelBuffers = new Map();
    activation.inputs.forEach((name, i) => buffers.set(`input ${name}`, this.#buffer(inputs[i]!)));
    activation.learned.forEach(({ name }, i) => buffers.set(`learned ${name}`, this.#buffer(learned[i]!)));
    return buffers;
  }

  #runPasses(activation: Activation, direction: Direction, operands: ActivationOperands, buffers: KernelBuffers): void {
    this.requireAlive();
    const scratch: Storage[] = [];
    const allocateScratch = (size: number): GPUBuffer => {
      const storage = this.allocate(size);
      scratch.push(storage);
      return this.#buffer(storage);
    };
    for (const dispatch of passDispatches(activation, direction, operands, buffers, allocateScratch)) {
      this.#commands.dispatch(dispatch);
    }
    // Later uses of these buffers are recorded after the kernels that need them.
    for (const storage of scratch) storage.release();
  }

  /** Kernels are written once. */
  #kernel(name: string, write: () => Kernel): Kernel {
    const known = this.#kernels.get(name) ?? write();
    this.#kernels.set(name, known);
    return known;
  }

  #run(
    kernel: Kernel,
    storages: readonly Storage[],
    fields: readonly Field[],
    over: number,
    perWorkgroup: number = threads,
  ): void {
    this.requireAlive();
    this.#commands.dispatch({
      kernel,
      buffers: storages.map((storage, i) => [i + 1, this.#buffer(storage)] as const),
      uniforms: { binding: 0, bytes: uniformBytes(fields) },
      workgroups: Math.ceil(over / perWorkgroup),
    });
  }

  #buffer(storage: Storage): GPUBuffer {
    if (!(storage instanceof WebGpuStorage)) throw new TypeError("a storage of another device was given to WebGPU");
    return storage.buffer;
  }

  #createBuffer(bytes: number, flags: number): GPUBuffer {
    const { maxBufferSize, maxStorageBufferBindingSize } = this.#gpu.limits;
    const limit = Math.min(maxBufferSize, maxStorageBufferBindingSize);
    if (bytes > limit) {
      throw new RangeError(
        `a tensor of ${bytes} bytes is too large for this WebGPU device, whose limit is ${limit}: request the GPUDevice with higher requiredLimits`,
      );
    }
    return this.#faults.watch(`allocation of ${bytes} bytes`, "out-of-memory", () =>
      this.#gpu.createBuffer({ size: bytes, usage: flags }),
    );
  }
}

const isGpuDevice = (value: StandardGpuDevice): value is GPUDevice =>
  (["createBuffer", "createBindGroup", "createComputePipeline", "pushErrorScope"] as const).every(
    (name) => name in value,
  );

/**
 * A device for tensors: the given one, or the best that `navigator.gpu` offers, with its limits on the size of
 * buffers. Node has no `navigator.gpu`: take one from a package such as `webgpu`, and give its device.
 */
export async function webgpu(gpu?: StandardGpuDevice, options: WebGpuOptions = {}): Promise<WebGpuDevice> {
  return WebGpuDevice.from(gpu ?? (await requestDevice()), options);
}

async function requestDevice(): Promise<GPUDevice> {
  const navigator: { readonly gpu?: GPU } | undefined = Reflect.get(globalThis, "navigator");
  const api = navigator?.gpu;
  if (!api) throw new Error("there is no WebGPU here (navigator.gpu): give a GPUDevice to webgpu()");
  const adapter = await api.requestAdapter({ powerPreference: "high-performance" });
  if (!adapter) throw new Error("WebGPU offers no adapter here: use the CPU, or give a GPUDevice to webgpu()");
  const { maxBufferSize, maxStorageBufferBindingSize } = adapter.limits;
  return adapter.requestDevice({ requiredLimits: { maxBufferSize, maxStorageBufferBindingSize } });
}
