/** What the CPU computes in WebAssembly; addresses and strides are in bytes. */
import { instantiated, type Program } from "./memory.js";
import { wasmModule } from "./wasm-module.js";

export interface Vectors {
  /** Rows as panels of `width`, the numbers of one column of theirs side by side. */
  readonly pack: (
    from: number,
    to: number,
    rows: number,
    columns: number,
    rowStride: number,
    columnStride: number,
    width: number,
  ) => void;
  /** 1 where a result is NaN or infinite, else 0. There is room for the sums of a tile, {@link tileBytes}. */
  readonly product: (
    a: number,
    b: number,
    bias: number,
    c: number,
    m: number,
    k: number,
    n: number,
    tile: number,
  ) => number;
  /** A step for an even count of numbers. */
  readonly adam: (
    parameter: number,
    gradient: number,
    first: number,
    second: number,
    count: number,
    beta1: number,
    beta2: number,
    weightDecay: number,
    size: number,
    root: number,
    eps: number,
  ) => void;
}

/** What a product keeps of one tile, in bytes. */
export const tileBytes = 384;

const isVectors = (value: object): value is Vectors => "pack" in value && "product" in value && "adam" in value;

interface VectorProgram extends Program {
  readonly exports: Vectors;
}

/** Undefined until something is asked for. */
let loaded: VectorProgram | null | undefined;

/** Null where there is no engine for them. */
export function vectors(): VectorProgram | null {
  if (loaded !== undefined) return loaded;
  const found = instantiated(wasmModule);
  return (loaded = found && isVectors(found.exports) ? { bytes: found.bytes, exports: found.exports } : null);
}
