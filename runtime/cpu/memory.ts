/**
 * The memory that kernels in WebAssembly work in, whichever files they come from: under a symbol of the global object. Its first 256 KiB
 * are for the calls themselves. There are two: one that threads share, which a runtime makes that may use threads, and a plain one,
 * made by whoever comes first. Whoever knows the first takes it.
 */
import { threads } from "./threads.js";

const plainKey = /* @__PURE__ */ Symbol.for("activation-compiler.memory");
const sharedKey = /* @__PURE__ */ Symbol.for("activation-compiler.shared-memory");

export const page = 65536;

/** What the calls keep for themselves, in bytes. */
export const scratch = 4 * page;

export interface Memory {
  readonly buffer: ArrayBufferLike;
  readonly grow: (pages: number) => number;
}

/** A module that imports the memory. */
export interface Program {
  /** As the engine took them. */
  readonly bytes: Uint8Array;
  readonly exports: object;
}

/** What is used of WebAssembly, wherever its types are declared. */
interface WebAssemblyNamespace {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object, imports: object) => { readonly exports: object };
  readonly Memory: new (limits: {
    readonly initial: number;
    readonly maximum: number;
    readonly shared: boolean;
  }) => Memory;
}

const isNamespace = (value: unknown): value is WebAssemblyNamespace =>
  typeof value === "object" && value !== null && "Instance" in value && "Memory" in value;

const isMemory = (value: unknown): value is Memory =>
  typeof value === "object" &&
  value !== null &&
  "buffer" in value &&
  (value.buffer instanceof ArrayBuffer || isShared(value.buffer)) &&
  "grow" in value &&
  typeof value.grow === "function";

/** Whether threads share what is in a buffer. */
export const isShared = (buffer: unknown): buffer is SharedArrayBuffer =>
  typeof SharedArrayBuffer === "function" && buffer instanceof SharedArrayBuffer;

/** Undefined until it is asked for. */
let memory: Memory | null | undefined;

/** Null where there is no WebAssembly, or no memory to be had. */
export function kernelMemory(): Memory | null {
  if (memory !== undefined) return memory;
  const shared = known(sharedKey) ?? (threads() > 1 ? made(sharedKey, true) : null);
  return (memory = shared ?? known(plainKey) ?? made(plainKey, false));
}

function known(key: symbol): Memory | null {
  const value: unknown = Reflect.get(globalThis, key);
  return isMemory(value) ? value : null;
}

function made(key: symbol, shared: boolean): Memory | null {
  const webAssembly: unknown = Reflect.get(globalThis, "WebAssembly");
  if (Reflect.has(globalThis, key) || !isNamespace(webAssembly)) return null;
  try {
    const fresh = new webAssembly.Memory({ initial: scratch / page, maximum: 65536, shared });
    if (isShared(fresh.buffer) !== shared) return null;
    Reflect.set(globalThis, key, fresh);
    return fresh;
  } catch {
    return null;
  }
}

/** A module that imports the memory; null where the engine does not take it, or a page forbids it. */
export function instantiated(base64: string): Program | null {
  const webAssembly: unknown = Reflect.get(globalThis, "WebAssembly");
  const memory = kernelMemory();
  if (!isNamespace(webAssembly) || !memory) return null;
  try {
    const text = atob(base64);
    const bytes = Uint8Array.from(text, (character) => character.charCodeAt(0));
    // Behind the name of what is imported: a memory, with a maximum, and whether it is shared.
    if (isShared(memory.buffer)) bytes[text.indexOf("\x06memory\x02") + 8] = 3;
    return { bytes, exports: new webAssembly.Instance(new webAssembly.Module(bytes), { actc: { memory } }).exports };
  } catch {
    return null;
  }
}
