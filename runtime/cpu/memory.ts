/**
 * The memory that kernels in WebAssembly work in, whichever files they come from: under a symbol of the global object, made by
 * whoever comes first. Its first 256 KiB are for the calls themselves.
 */
const key = /* @__PURE__ */ Symbol.for("activation-compiler.memory");

export const page = 65536;

/** What the calls keep for themselves, in bytes. */
export const scratch = 4 * page;

export interface Memory {
  readonly buffer: ArrayBuffer;
  readonly grow: (pages: number) => number;
}

/** What is used of WebAssembly, wherever its types are declared. */
interface WebAssemblyNamespace {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object, imports: object) => { readonly exports: object };
  readonly Memory: new (limits: { readonly initial: number; readonly maximum: number }) => Memory;
}

const isNamespace = (value: unknown): value is WebAssemblyNamespace =>
  typeof value === "object" && value !== null && "Instance" in value && "Memory" in value;

const isMemory = (value: unknown): value is Memory =>
  typeof value === "object" &&
  value !== null &&
  "buffer" in value &&
  value.buffer instanceof ArrayBuffer &&
  "grow" in value &&
  typeof value.grow === "function";

/** Null where there is no WebAssembly, or no memory to be had. */
export function sharedMemory(): Memory | null {
  const known: unknown = Reflect.get(globalThis, key);
  if (known !== undefined) return isMemory(known) ? known : null;
  const webAssembly: unknown = Reflect.get(globalThis, "WebAssembly");
  if (!isNamespace(webAssembly)) return null;
  try {
    const memory = new webAssembly.Memory({ initial: scratch / page, maximum: 65536 });
    Reflect.set(globalThis, key, memory);
    return memory;
  } catch {
    return null;
  }
}

/** What a module exports that imports the memory; null where the engine does not take it, or a page forbids it. */
export function instantiated(base64: string): object | null {
  const webAssembly: unknown = Reflect.get(globalThis, "WebAssembly");
  const memory = sharedMemory();
  if (!isNamespace(webAssembly) || !memory) return null;
  try {
    const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
    return new webAssembly.Instance(new webAssembly.Module(bytes), { actc: { memory } }).exports;
  } catch {
    return null;
  }
}
