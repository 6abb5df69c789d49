/** Room for tensors in the memory that kernels in WebAssembly work in, so that nothing is copied when these are called. */
import { Crew } from "./crew.js";
import { offerThreads } from "./kernel-slices.js";
import { isShared, kernelMemory, type Memory, page, scratch } from "./memory.js";

/** Pages that are asked for, the most first: what is not written to costs nothing. */
const sizes: readonly number[] = [4096, 1024, 256];

/** Arrays that are smaller are as well copied. */
const least = 1024;

/**
 * The memory grows once, before the first array: so no array ever loses its numbers. What finds no room in it is an array of its own,
 * as all are without it.
 */
export class WasmPool {
  #buffer: ArrayBufferLike | null = null;
  #crew: Crew | null = null;
  #next = 0;
  /** Addresses by the bytes that are free there. */
  readonly #idle = new Map<number, number[]>();
  /** Takes back the room of arrays that were dropped without being disposed of. */
  readonly #collected = new FinalizationRegistry<Room>((room) => this.#put(room));

  /** Numbers, any; null where there is no room, or where so few may as well be copied. */
  take(size: number): Float32Array | null {
    return size < least ? null : this.borrow(size);
  }

  /** The same however few. */
  borrow(size: number): Float32Array | null {
    const memory = kernelMemory();
    if (memory === null) return null;
    this.#buffer ??= this.#begin(memory);
    // Whoever else makes the memory grow takes it away.
    if (this.#buffer === null || this.#buffer !== memory.buffer) return null;
    const bytes = roomFor(4 * size);
    const address = this.#idle.get(bytes)?.pop() ?? this.#advance(bytes);
    if (address === null) return null;
    const values = new Float32Array(this.#buffer, address, size);
    this.#collected.register(values, { address, bytes }, values);
    return values;
  }

  /** Threads that see the memory; null where there are none, and before the first array. */
  get crew(): Crew | null {
    return this.#crew;
  }

  /** Whether an array lies in the memory. */
  holds({ buffer }: Float32Array): boolean {
    return buffer === this.#buffer;
  }

  /** Takes back what `take` or `borrow` gave. */
  giveBack(values: Float32Array): void {
    this.#collected.unregister(values);
    this.#put({ address: values.byteOffset, bytes: roomFor(4 * values.length) });
  }

  /** Null where the memory is larger than the kernels made it: then it belongs to another pool, of another copy of this runtime. */
  #begin(memory: Memory): ArrayBufferLike | null {
    if (memory.buffer.byteLength !== scratch) return null;
    this.#next = scratch;
    for (const pages of sizes) {
      try {
        memory.grow(pages);
        if (isShared(memory.buffer)) offerThreads((this.#crew = new Crew(memory, this)), this);
        return memory.buffer;
      } catch {
        // Less may do.
      }
    }
    return null;
  }

  #advance(bytes: number): number | null {
    const address = this.#next;
    if (address + bytes > (this.#buffer?.byteLength ?? 0)) return null;
    this.#next += bytes;
    return address;
  }

  #put({ address, bytes }: Room): void {
    const idle = this.#idle.get(bytes);
    if (idle) idle.push(address);
    else this.#idle.set(bytes, [address]);
  }
}

interface Room {
  readonly address: number;
  readonly bytes: number;
}

/** So many bytes or up to an eighth more, so that room which was used can be used again; above a page whole pages. */
function roomFor(bytes: number): number {
  const step = Math.max(64, 2 ** (Math.floor(Math.log2(bytes)) - 3));
  const room = Math.ceil(bytes / step) * step;
  return room > page ? Math.ceil(room / page) * page : room;
}
