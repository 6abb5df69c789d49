/** Kernels of generated files, element by element, in several threads. */
import type { Crew, Rooms } from "./crew.js";
import type { Program } from "./memory.js";

/** Under which generated files look for this, on the global object. */
const key = /* @__PURE__ */ Symbol.for("activation-compiler.threads");

/**
 * Elements from which on threads are used, by how many the kernel takes at once: the most are taken by those of plain arithmetic,
 * which are as fast as the memory. `npm run bench:threads` tells what threads gain there, and below.
 */
export const leastElements = (group: number): number => (group >= 32 ? 2 ** 20 : 2 ** 17);
/** Elements of a slice. A multiple of any group's, so that groups are those that one thread finds. */
const shortest = 8192;
const longest = 65536;
/** Slices for each thread at least: so that one which is kept from running leaves little behind. */
const share = 4;
/** Elements that kernels take a multiple of. */
const step = 32;

/**
 * What a generated file calls with arrays in the memory of the kernels: addresses of what is read and of what is written, all of `size`
 * elements; then numbers for the kernel, and a function that is told the groups which a slice's kernel has left alone, by their
 * distance from the slice's first element, and where the slice begins and ends. Returns how many elements were computed, from the
 * first on: none, or all but what follows the last whole step.
 */
export type KernelInSlices = (
  program: Program,
  name: string,
  group: number,
  inputs: readonly number[],
  outputs: readonly number[],
  size: number,
  numbers: readonly number[],
  left: (groups: Uint32Array, start: number, end: number) => void,
) => number;

/** @param least elements from which on threads are used, by those of a group */
export function kernelInSlices(crew: Crew, rooms: Rooms, least = leastElements): KernelInSlices {
  return (program, name, group, inputs, outputs, size, numbers, left) => {
    const all = size - (size % step);
    const addresses = [...inputs, ...outputs];
    // A slice may be computed twice, so not over what it reads.
    const isApart = outputs.every((output, i) =>
      addresses.every((other, k) => k === inputs.length + i || Math.abs(output - other) >= 4 * size),
    );
    if (size < least(group) || crew.size === 1 || !isApart) return 0;
    const even = Math.ceil(all / (share * crew.size) / step) * step;
    const length = Math.max(Math.min(Math.max(even, shortest), longest), Math.ceil(all / 1000 / step) * step);
    const starts = Array.from({ length: Math.ceil(all / length) }, (_, i) => i * length);
    const notes = rooms.borrow(starts.length * (length / group));
    if (!notes) return 0;
    try {
      const noteOf = (i: number): number => notes.byteOffset + 4 * i * (length / group);
      const calls = starts.map((start, i) => [
        ...addresses.map((address) => address + 4 * start),
        Math.min(length, all - start),
        noteOf(i),
        ...numbers,
      ]);
      const counts = crew.run(program, name, calls);
      if (!counts) return 0;
      counts.forEach((count, i) => {
        const end = Math.min(starts[i]! + length, all);
        if (count > 0) left(new Uint32Array(notes.buffer, noteOf(i), count), starts[i]!, end);
      });
      return all;
    } finally {
      rooms.giveBack(notes);
    }
  };
}

/** Lets generated files use threads; the last to do so is the one whose memory they use. */
export const offerThreads = (crew: Crew, rooms: Rooms): void =>
  void Reflect.set(globalThis, key, kernelInSlices(crew, rooms));
