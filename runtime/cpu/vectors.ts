/** What the CPU computes in WebAssembly; addresses and strides are in bytes. */
import { instantiated } from "./memory.js";
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
  /** 1 where a result is NaN or infinite, else 0. */
  readonly product: (a: number, b: number, bias: number, c: number, m: number, k: number, n: number) => number;
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

const isVectors = (value: object | null): value is Vectors =>
  value !== null && "pack" in value && "product" in value && "adam" in value;

/** Undefined until something is asked for. */
let loaded: Vectors | null | undefined;

/** Null where there is no engine for them. */
export function vectors(): Vectors | null {
  if (loaded !== undefined) return loaded;
  const found = instantiated(wasmModule);
  return (loaded = isVectors(found) ? found : null);
}
