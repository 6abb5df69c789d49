import type { Device, Storage } from "./device.js";
import * as operations from "./operations.js";
import { adopt } from "./scope.js";
import { formatShape, normaliseAxis, type Shape, sizeOf } from "./shape.js";
import { backward, type BackwardOptions, type TapeNode } from "./tape.js";

/** Numbers nested as deep as a tensor has axes. */
export type NestedNumbers = number | readonly NestedNumbers[];

export interface TensorParts {
  readonly shape: Shape;
  readonly device: Device;
  /** Handed over: the tensor owns it from now on. */
  readonly storage: Storage;
  readonly requiresGrad?: boolean;
  /** How it was computed; null for a leaf. */
  readonly node?: TapeNode | null;
}

/**
 * Float32 numbers in row-major order on a {@link Device}. Operations take numbers as well as tensors, broadcast as
 * NumPy does, return new tensors, and are recorded for `backward()` when an operand requires a gradient.
 *
 * Made by `tensor()`, `zeros()`, `randn()` and their like.
 */
export class Tensor {
  readonly shape: Shape;
  /** Whether `backward()` computes a gradient for it, or for something it was computed from. */
  readonly requiresGrad: boolean;
  /** Of a leaf: the sum of the gradients that `backward()` computed since `zeroGrad()`. */
  grad: Tensor | null = null;
  /** @internal */
  readonly node: TapeNode | null;
  #device: Device;
  #storage: Storage | null;
  /** What its version is ahead of its storage's. */
  #ahead = 0;

  constructor({ shape, device, storage, requiresGrad = false, node = null }: TensorParts) {
    this.shape = shape;
    this.#device = device;
    this.#storage = storage;
    this.requiresGrad = requiresGrad;
    this.node = node;
    adopt(this);
  }

  get device(): Device {
    return this.#device;
  }

  /** @internal */
  get storage(): Storage {
    if (this.#storage === null) {
      throw new Error(
        `this tensor of shape ${formatShape(this.shape)} was disposed of, by dispose() or at the end of tidy()` +
          " (what backward() needs must live until then)",
      );
    }
    return this.#storage;
  }

  /** @internal Counts changes in place, also those through another tensor that shares the numbers. */
  get version(): number {
    return this.#ahead + (this.#storage?.version ?? 0);
  }

  /** How many numbers it holds. */
  get size(): number {
    return sizeOf(this.shape);
  }

  get rank(): number {
    return this.shape.length;
  }

  /** Notes that an optimiser, say, changed the numbers in place. @internal */
  markChanged(): void {
    this.storage.markChanged();
  }

  /** Puts other numbers in the place of its own. @internal */
  protected replaceStorage(device: Device, storage: Storage): void {
    this.#ahead = this.version + 1 - storage.version;
    this.#storage?.release();
    this.#device = device;
    this.#storage = storage;
  }

  /** Frees its memory now rather than when it is garbage. It must not be used afterwards, not by `backward()` either. */
  dispose(): void {
    this.#ahead = this.version;
    this.#storage?.release();
    this.#storage = null;
  }

  /** The numbers, copied from whichever device. */
  async read(): Promise<Float32Array> {
    return this.device.read(this.storage);
  }

  /**
   * The numbers themselves, not a copy; on the CPU only: elsewhere `await read()`. They may be part of a buffer that all tensors
   * share, and threads too: to send them elsewhere, send `data().slice()`.
   */
  data(): Float32Array {
    const values = this.device.values(this.storage);
    if (values === null)
      throw new Error(`data(), item() and toArray() need a tensor on the CPU: await read(), or to(cpu)`);
    return values;
  }

  /** The only number of a tensor that holds one; on the CPU only. */
  item(): number {
    if (this.size !== 1)
      throw new RangeError(`item(): shape ${formatShape(this.shape)} holds ${this.size} numbers, not one`);
    return this.data()[0]!;
  }

  /** The numbers in nested arrays; on the CPU only. */
  toArray(): NestedNumbers {
    const values = this.data();
    const nest = (axis: number, start: number, size: number): NestedNumbers => {
      if (axis === this.rank) return values[start]!;
      const length = this.shape[axis]!;
      const part = length === 0 ? 0 : size / length;
      return Array.from({ length }, (_, i) => nest(axis + 1, start + i * part, part));
    };
    return nest(0, 0, this.size);
  }

  /** A copy on the device, or the tensor itself if it is there already. Not differentiable: the copy is a leaf. */
  async to(device: Device): Promise<Tensor> {
    if (device === this.device) return this;
    const storage = device.upload(await this.read());
    return new Tensor({ shape: this.shape, device, storage, requiresGrad: this.requiresGrad });
  }

  /** The same numbers, cut off from how they were computed. */
  detach(): Tensor {
    return new Tensor({ shape: this.shape, device: this.device, storage: this.storage.retain() });
  }

  /**
   * Computes the gradients of every leaf that requires one, adds them to its `grad`, and releases what was recorded:
   * a second call is an error, unless it is kept. A tensor that is not a single number needs the gradient that arrives at it.
   */
  backward(gradient?: Tensor, options?: BackwardOptions): void {
    if (!this.requiresGrad) {
      throw new Error("backward(): nothing here requires a gradient (or it was computed within noGrad())");
    }
    if (!gradient && this.size !== 1) {
      throw new RangeError(
        `backward() of a tensor of shape ${formatShape(this.shape)} needs the gradient that arrives at it; reduce it with mean() or sum(), or pass one`,
      );
    }
    if (gradient) return backward(this, gradient, options);
    const seed = operations.filled(this.shape, 1, this.device);
    backward(this, seed, options);
    if (!options?.createGraph) seed.dispose();
  }

  add(other: Tensor | number): Tensor {
    return operations.add(this, other);
  }

  sub(other: Tensor | number): Tensor {
    return operations.sub(this, other);
  }

  mul(other: Tensor | number): Tensor {
    return operations.mul(this, other);
  }

  div(other: Tensor | number): Tensor {
    return operations.div(this, other);
  }

  neg(): Tensor {
    return operations.scale(this, -1);
  }

  /** The matrix product over the last two axes; axes before them broadcast. A vector counts as a row, or a column. */
  matmul(other: Tensor): Tensor {
    return operations.matmul(this, other);
  }

  /** The sum over the axes, over all unless given. */
  sum(axis?: number | readonly number[], keepDims = false): Tensor {
    return operations.sum(this, axis, keepDims);
  }

  /** The mean over the axes, over all unless given. */
  mean(axis?: number | readonly number[], keepDims = false): Tensor {
    return operations.mean(this, axis, keepDims);
  }

  /** The same numbers in another shape; one length may be -1: whatever is left. */
  reshape(shape: Shape): Tensor {
    return operations.reshape(this, shape);
  }

  /** Two axes exchanged, the last two unless given. */
  transpose(axis0 = -2, axis1 = -1): Tensor {
    const first = normaliseAxis("transpose", axis0, this.rank);
    return operations.transpose(this, first, normaliseAxis("transpose", axis1, this.rank));
  }

  /** Repeated along axes of length 1, and along new ones before the first. */
  broadcastTo(shape: Shape): Tensor {
    return operations.broadcastTo(this, shape);
  }

  /** `length` positions of an axis, from `start` on. */
  narrow(axis: number, start: number, length: number): Tensor {
    return operations.narrow(this, axis, start, length);
  }
}
