/** GPU memory: storages, and buffers that wait to be used again. */
import { Storage } from "../device.js";
import type { MemoryUse } from "./standard.js";

// The numbers that WebGPU gives these flags; not every host has the objects that name them.
export const usage = { mapRead: 0x1, copySource: 0x4, copyTarget: 0x8, uniform: 0x40, storage: 0x80 } as const;

const tensorUsage = usage.storage | usage.copySource | usage.copyTarget;

/** Bytes of a buffer for so many numbers: a multiple of 16, so that kernels may work in vectors of 4, and never 0. */
export const paddedBytes = (size: number): number => Math.max(16, Math.ceil((size * 4) / 16) * 16);

export class WebGpuStorage extends Storage {
  #buffer: GPUBuffer | null;

  constructor(
    readonly size: number,
    buffer: GPUBuffer,
    private readonly pool: BufferPool,
  ) {
    super();
    this.#buffer = buffer;
  }

  get buffer(): GPUBuffer {
    if (this.#buffer === null) throw new Error("this storage was freed");
    return this.#buffer;
  }

  protected free(): void {
    const buffer = this.buffer;
    this.#buffer = null;
    this.pool.giveBack(this, buffer);
  }
}

export class BufferPool {
  readonly #idle = new Map<number, GPUBuffer[]>();
  #buffers = 0;
  #bytes = 0;
  #idleBuffers = 0;
  #idleBytes = 0;
  /** Takes back the buffers of storages that were dropped without being disposed. */
  readonly #collected = new FinalizationRegistry<GPUBuffer>((buffer) => this.#put(buffer));

  /**
   * @param create makes a buffer
   * @param beforeDestroy submits what was recorded: a command must not name a destroyed buffer
   * @param idleLimit bytes that may be kept
   */
  constructor(
    private readonly create: (bytes: number, usage: number) => GPUBuffer,
    private readonly beforeDestroy: () => void,
    private readonly idleLimit: number,
  ) {}

  get use(): MemoryUse {
    return { buffers: this.#buffers, bytes: this.#bytes, idleBuffers: this.#idleBuffers, idleBytes: this.#idleBytes };
  }

  take(size: number): WebGpuStorage {
    const bytes = paddedBytes(size);
    const idle = this.#idle.get(bytes)?.pop();
    if (idle) {
      this.#idleBuffers--;
      this.#idleBytes -= bytes;
    }
    const buffer = idle ?? this.create(bytes, tensorUsage);
    this.#buffers++;
    this.#bytes += bytes;
    const storage = new WebGpuStorage(size, buffer, this);
    this.#collected.register(storage, buffer, storage);
    return storage;
  }

  giveBack(storage: WebGpuStorage, buffer: GPUBuffer): void {
    this.#collected.unregister(storage);
    this.#put(buffer);
  }

  #put(buffer: GPUBuffer): void {
    const bytes = buffer.size;
    this.#buffers--;
    this.#bytes -= bytes;
    const alike = this.#idle.get(bytes);
    if (alike) alike.push(buffer);
    else this.#idle.set(bytes, [buffer]);
    this.#idleBuffers++;
    this.#idleBytes += bytes;
    if (this.#idleBytes > this.idleLimit) this.clear();
  }

  /** Destroys the buffers that are not in use. */
  clear(): void {
    if (this.#idleBuffers === 0) return;
    this.beforeDestroy();
    for (const buffers of this.#idle.values()) for (const buffer of buffers) buffer.destroy();
    this.#idle.clear();
    this.#idleBuffers = 0;
    this.#idleBytes = 0;
  }
}
