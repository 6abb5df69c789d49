/**
 * What the interface of this runtime says about WebGPU. Its types are spelt out here, so that programs which use the
 * runtime need no package of WebGPU types.
 */

/** A `GPUDevice` of the WebGPU standard: of a browser, of Deno, or of a package for Node. */
export interface StandardGpuDevice {
  readonly limits: { readonly maxBufferSize: number; readonly maxStorageBufferBindingSize: number };
  readonly lost: Promise<{ readonly reason: string; readonly message: string }>;
  readonly queue: object;
  createComputePipeline(descriptor: never): object;
  destroy(): void;
}

/** Buffers that a device holds. */
export interface MemoryUse {
  /** In use by tensors. */
  readonly buffers: number;
  readonly bytes: number;
  /** Kept to be used again. */
  readonly idleBuffers: number;
  readonly idleBytes: number;
}

/** WebGPU refused something: a kernel that does not compile, memory that it does not have. */
export class WebGpuError extends Error {
  override readonly name = "WebGpuError";
}
