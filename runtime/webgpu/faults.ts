/** Errors of WebGPU, which reports them later and elsewhere. */
import { DeviceLostError } from "../device.js";
import { WebGpuError } from "./standard.js";

/** Collects what went wrong until somebody reads from the device. */
export class Faults {
  #lost: DeviceLostError | null = null;
  #first: WebGpuError | null = null;
  readonly #pending = new Set<Promise<void>>();

  constructor(private readonly gpu: GPUDevice) {
    void gpu.lost.then(({ reason, message }) => this.lose(`${reason}: ${message}`));
  }

  lose(reason: string): void {
    this.#lost ??= new DeviceLostError(`the WebGPU device was lost (${reason})`);
  }

  requireAlive(): void {
    // A fresh error each time, so that its stack says who asked.
    if (this.#lost) throw new DeviceLostError(this.#lost.message);
  }

  /** Runs `action`; what WebGPU has against it is thrown by the next {@link settle}. */
  watch<T>(what: string, filter: GPUErrorFilter, action: () => T): T {
    this.gpu.pushErrorScope(filter);
    try {
      return action();
    } finally {
      const outcome = this.gpu.popErrorScope().then(
        (error) => {
          if (error) this.#first ??= new WebGpuError(`${what}: ${error.message}`);
        },
        // The device was lost in between, which `lost` reports.
        () => undefined,
      );
      this.#pending.add(outcome);
      void outcome.then(() => this.#pending.delete(outcome));
    }
  }

  /** Waits until all is known about what was done so far, and throws the first error. */
  async settle(): Promise<void> {
    await Promise.all(this.#pending);
    this.requireAlive();
    const error = this.#first;
    this.#first = null;
    if (error) throw error;
  }

  /** What a failed operation of WebGPU means: that the device is lost, if it says so soon. */
  async explain(error: unknown): Promise<Error> {
    await Promise.race([this.gpu.lost, new Promise((resolve) => setTimeout(resolve, 100))]);
    return this.#lost ?? new WebGpuError(String(error), { cause: error });
  }
}
