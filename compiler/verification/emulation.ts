/** WGSL kernels without a device: run in JavaScript, with every operation rounded to float32. */
import type { RemoteKernel } from "./measurer.js";

/** Undefined as long as nothing emulates kernels; `actc check` then says nothing of WGSL but what certificates say. */
export const emulatedKernel: RemoteKernel | undefined = undefined;
