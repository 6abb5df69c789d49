/** From WebAssembly text to bytes, by binaryen. It takes longer to load than all the rest: so it is loaded late. */
import type { VectorKernel } from "./kernel-text.js";
import { moduleText } from "./kernel-text.js";

export interface Modules {
  /** With baseline SIMD. */
  readonly baseline: Uint8Array;
  /** With relaxed SIMD: products and sums are rounded once, where the processor can. */
  readonly relaxed: Uint8Array;
}

export type Assemble = (kernels: readonly VectorKernel[]) => Modules;

export async function assembler(): Promise<Assemble> {
  const { default: binaryen } = await import("binaryen");
  const bytesOf = (text: string): Uint8Array => {
    const module = binaryen.parseText(text);
    module.setFeatures(
      binaryen.Features.SIMD128 | binaryen.Features.RelaxedSIMD | binaryen.Features.NontrappingFPToInt,
    );
    if (!module.validate()) throw new Error("the kernels are no valid module");
    module.runPasses(passes);
    const bytes = module.emitBinary();
    module.dispose();
    return bytes;
  };
  return (kernels) => ({ baseline: bytesOf(moduleText(kernels, false)), relaxed: bytesOf(moduleText(kernels, true)) });
}

/** Constants stay in globals and locals: an engine would make them anew in each turn of the loop. */
const passes = ["simplify-locals-nostructure", "vacuum", "coalesce-locals", "reorder-locals", "merge-blocks", "vacuum"];
