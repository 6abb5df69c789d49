/** Tensors in main memory. */
import type { Activation } from "../activation.js";
import {
  type ActivationGradients,
  type ActivationOperands,
  type Device,
  type Elementwise,
  type Extents,
  type MatrixProduct,
  missingDoubleBackward,
  missingKernels,
  type SavedOperands,
  type SecondGradients,
  Storage,
  type UpdateRule,
  type View,
} from "../device.js";
import type { Shape } from "../shape.js";
import { crossEntropy, crossEntropyGradient } from "./cross-entropy.js";
import { matmul } from "./matmul.js";
import { matmulInVectors } from "./matmul-vectors.js";
import { WasmPool } from "./pool.js";
import { elementwise, sum } from "./strided.js";
import { update } from "./update.js";

class CpuStorage extends Storage {
  #values: Float32Array | null;
  readonly size: number;

  constructor(
    values: Float32Array,
    /** What the values were taken from, if that is not the heap. */
    private readonly pool: WasmPool | null,
  ) {
    super();
    this.#values = values;
    this.size = values.length;
  }

  get values(): Float32Array {
    if (this.#values === null) throw new Error("this storage was freed");
    return this.#values;
  }

  protected free(): void {
    this.pool?.giveBack(this.values);
    this.#values = null;
  }
}

class CpuDevice implements Device {
  readonly type = "cpu";
  readonly #pool = new WasmPool();

  requireAlive(): void {}

  allocate(size: number): Storage {
    const values = this.#pool.take(size);
    return values ? new CpuStorage(values, this.#pool) : new CpuStorage(new Float32Array(size), null);
  }

  upload(values: Float32Array): Storage {
    const storage = this.allocate(values.length);
    this.values(storage).set(values);
    return storage;
  }

  read(storage: Storage): Promise<Float32Array> {
    return Promise.resolve(this.values(storage).slice());
  }

  values(storage: Storage): Float32Array {
    if (!(storage instanceof CpuStorage)) throw new TypeError("a storage of another device was given to the CPU");
    return storage.values;
  }

  elementwise(operation: Elementwise, shape: Shape, output: View, inputs: readonly View[]): void {
    elementwise(
      operation,
      shape,
      this.#operand(output),
      inputs.map((view) => this.#operand(view)),
    );
  }

  #operand({ storage, strides, offset }: View) {
    return { values: this.values(storage), strides, offset };
  }

  sum(input: Storage, shape: Shape, reduced: readonly boolean[], factor: number, output: Storage): void {
    sum(this.values(input), shape, reduced, factor, this.values(output));
  }

  matmul(product: MatrixProduct, a: Storage, b: Storage, bias: Storage | null, output: Storage): void {
    const operands = [this.values(a), this.values(b), bias && this.values(bias), this.values(output)] as const;
    if (!matmulInVectors(product, ...operands, this.#pool)) matmul(product, ...operands);
  }

  crossEntropy(logits: Storage, labels: Storage, rows: number, classes: number, output: Storage): void {
    crossEntropy(this.values(logits), this.values(labels), rows, classes, this.values(output));
  }

  crossEntropyGradient(
    logits: Storage,
    labels: Storage,
    cotangent: Storage,
    rows: number,
    classes: number,
    output: Storage,
  ): void {
    const [x, label, dy, dx] = [logits, labels, cotangent, output].map((storage) => this.values(storage));
    crossEntropyGradient(x!, label!, dy!, rows, classes, dx!);
  }

  update(rule: UpdateRule, parameter: Storage, gradient: Storage, state: readonly Storage[]): void {
    update(rule, this.values(parameter), this.values(gradient), this.#all(state), this.#pool);
  }

  clamp(storage: Storage, least: number, largest: number): void {
    const values = this.values(storage);
    for (let i = 0; i < values.length; i++) values[i] = Math.min(Math.max(values[i]!, least), largest);
  }

  activationForward(activation: Activation, operands: ActivationOperands, output: Storage): void {
    if (!activation.cpu) throw missingKernels(activation, this.type);
    const { inputs, learned, hyperparameters, extents } = operands;
    Reflect.apply(activation.cpu.forward, undefined, [
      ...this.#all(inputs),
      ...this.#all(learned),
      ...hyperparameters,
      ...chanceOf(activation, operands),
      this.values(output),
      ...extentsOf(activation, extents),
    ]);
  }

  activationBackward(
    activation: Activation,
    operands: ActivationOperands,
    cotangent: Storage,
    gradients: ActivationGradients,
  ): void {
    if (!activation.cpu) throw missingKernels(activation, this.type);
    const { inputs, learned, hyperparameters, extents } = operands;
    Reflect.apply(activation.cpu.backward, undefined, [
      this.values(cotangent),
      ...this.#all(inputs),
      ...this.#all(learned),
      ...hyperparameters,
      ...chanceOf(activation, operands),
      ...this.#all(gradients.inputs),
      ...this.#all(gradients.learned),
      ...extentsOf(activation, extents),
    ]);
  }

  savesFor({ saves, cpu: kernels }: Activation): boolean {
    const isKept = saves === "output" || (saves !== undefined && kernels?.forwardSaved !== undefined);
    return isKept && kernels?.backwardSaved !== undefined;
  }

  activationForwardSaved(
    activation: Activation,
    { inputs, hyperparameters }: ActivationOperands,
    output: Storage,
    mask: Storage | null,
  ): void {
    const kernel = activation.cpu?.forwardSaved;
    if (!kernel) throw missingKernels(activation, this.type);
    Reflect.apply(kernel, undefined, [
      ...this.#all(inputs),
      ...hyperparameters,
      this.values(output),
      ...this.#bits(mask),
    ]);
  }

  activationBackwardSaved(
    activation: Activation,
    { learned, hyperparameters, extents }: SavedOperands,
    kept: Storage | null,
    cotangent: Storage,
    gradients: ActivationGradients,
  ): void {
    const kernel = activation.cpu?.backwardSaved;
    if (!kernel) throw missingKernels(activation, this.type);
    Reflect.apply(kernel, undefined, [
      this.values(cotangent),
      ...(activation.saves === "bit" ? this.#bits(kept) : kept ? [this.values(kept)] : []),
      ...this.#all(learned),
      ...hyperparameters,
      ...this.#all(gradients.inputs),
      ...this.#all(gradients.learned),
      ...extentsOf(activation, extents),
    ]);
  }

  #bits(mask: Storage | null): Uint32Array[] {
    if (!mask) return [];
    const { buffer, byteOffset, length } = this.values(mask);
    return [new Uint32Array(buffer, byteOffset, length)];
  }

  activationDoubleBackward(
    activation: Activation,
    operands: ActivationOperands,
    cotangent: Storage,
    cotangents: ActivationGradients,
    gradients: SecondGradients,
  ): void {
    if (!activation.cpu) throw missingKernels(activation, this.type);
    const { doubleBackward } = activation.cpu;
    if (!doubleBackward) throw missingDoubleBackward(activation);
    const { inputs, learned, hyperparameters, extents } = operands;
    Reflect.apply(doubleBackward, undefined, [
      this.values(cotangent),
      ...this.#all(inputs),
      ...this.#all(learned),
      ...hyperparameters,
      ...chanceOf(activation, operands),
      ...this.#all(cotangents.inputs),
      ...this.#all(cotangents.learned),
      this.values(gradients.cotangent),
      ...this.#all(gradients.inputs),
      ...this.#all(gradients.learned),
      ...extentsOf(activation, extents),
    ]);
  }

  #all(storages: readonly Storage[]): Float32Array[] {
    return storages.map((storage) => this.values(storage));
  }
}

const chanceOf = ({ random = false }: Activation, { seed, training }: ActivationOperands): number[] =>
  random ? [seed, Number(training)] : [];

function extentsOf({ learned, axis }: Activation, extents: Extents): number[] {
  const perChannel = learned.some(({ shape }) => shape === "channel");
  return [
    ...(perChannel ? [extents.channelOuter, extents.channels, extents.channelInner] : []),
    ...(axis ? [extents.axisOuter, extents.axisLength, extents.axisInner] : []),
  ];
}

/** The default device. */
export const cpu: Device = /* @__PURE__ */ new CpuDevice();
