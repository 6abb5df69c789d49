/** What the file of WebAssembly kernels carries beside its bytes: how they are loaded and called. */
export const wasmCalls = `/** A kernel's arguments: addresses, how many elements, where to note, numbers. */
type Kernel = (...numbers: number[]) => number;

/** What is used of WebAssembly, wherever its types are declared. */
declare const WebAssembly: {
  readonly validate: (bytes: Uint8Array) => boolean;
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (
    module: object,
    imports: object,
  ) => { readonly exports: object };
  readonly Memory: new (limits: {
    readonly initial: number;
    readonly maximum: number;
  }) => Memory;
};

interface Memory {
  readonly buffer: ArrayBufferLike;
}

/** A module that works in a memory. */
interface Program {
  readonly memory: Memory;
  readonly bytes: Uint8Array;
  readonly exports: object;
}

/**
 * Has the threads of a runtime compute elements, from the first on: none where
 * there are no threads, or too few elements; else all but those behind the last
 * whole step. What is left alone of a slice is said to the last argument.
 */
type Threads = (
  program: Program,
  name: string,
  group: number,
  inputs: readonly number[],
  outputs: readonly number[],
  size: number,
  numbers: readonly number[],
  left: (groups: Uint32Array, start: number, end: number) => void,
) => number;

/** Where all files, and runtimes, look for what they share. */
const sharedKey = /* @__PURE__ */ Symbol.for(
  "activation-compiler.shared-memory",
);
const plainKey = /* @__PURE__ */ Symbol.for("activation-compiler.memory");
const threadsKey = /* @__PURE__ */ Symbol.for("activation-compiler.threads");

declare function atob(text: string): string;

/**
 * The memory that all kernels of a program share, whichever files they come
 * from. Its first 256 KiB are for the calls themselves; arrays behind these are
 * read and written where they are, others come and go in blocks. Where a
 * runtime may use threads, it has made one that these share.
 */
function kernelMemory(): Memory {
  for (const key of [sharedKey, plainKey]) {
    const known: unknown = Reflect.get(globalThis, key);
    if (known instanceof WebAssembly.Memory) return known;
  }
  const memory = new WebAssembly.Memory({ initial: 4, maximum: 65536 });
  Reflect.set(globalThis, plainKey, memory);
  return memory;
}

/** A module's bytes, for a memory that is shared or is not. */
function decoded(base64: string, isShared: boolean): Uint8Array {
  const text = atob(base64);
  const bytes = Uint8Array.from(text, (character) => character.charCodeAt(0));
  // Behind the name of what is imported: a memory, with a maximum, and so on.
  if (isShared) bytes[text.indexOf("\\x06memory\\x02") + 8] = 3;
  return bytes;
}

/** The kernels of the first of the modules that the engine takes. */
function load(texts: readonly string[], memory: Memory): Program | null {
  const isShared = !(memory.buffer instanceof ArrayBuffer);
  const all = texts.map((text) => decoded(text, isShared));
  const bytes = all.find(WebAssembly.validate);
  if (!bytes) return null;
  const module = new WebAssembly.Module(bytes);
  const { exports } = new WebAssembly.Instance(module, { actc: { memory } });
  return { memory, bytes, exports };
}

/** Undefined until a kernel is called; null where there is no such engine. */
let loaded: Program | null | undefined;
/** The buffer of its memory when it was last looked at: growing gives another one. */
let latest: ArrayBufferLike | undefined;

/** Loads again where a runtime has made a memory since. */
function program(): Program | null {
  const known: unknown =
    Reflect.get(globalThis, sharedKey) ?? Reflect.get(globalThis, plainKey);
  if (loaded === null || (loaded && loaded.memory === known)) return loaded;
  try {
    loaded = load(modules, kernelMemory());
  } catch {
    // There is no WebAssembly, pages may forbid it, and engines set limits to
    // what is compiled at once.
    loaded = null;
  }
  return loaded;
}

/** Elements of a block, and of what is done between two looks at the notes. */
const blockLength = 4096;
const sliceLength = 262144;
/** Fewer elements are never computed in threads. */
const fewest = 16384;
/**
 * Where blocks begin, in bytes: in the middle of a page, since arrays begin at
 * the beginning of one, and some processors (AMD, Zen 3 and 4) copy a tenth as
 * fast to a little behind the same place of a page.
 */
const blocks = 63488;
/** Elements that a kernel takes at least, and a multiple of which it takes. */
const step = 32;

/** A kernel and what it is called with. */
interface Work {
  readonly kernel: Kernel;
  readonly buffer: ArrayBufferLike;
  readonly group: number;
  readonly inputs: readonly Float32Array[];
  readonly outputs: readonly Float32Array[];
  readonly numbers: readonly number[];
  readonly exactly: (...arrays: Float32Array[]) => void;
}

/**
 * Calls a kernel, and the one in TypeScript for the groups of elements that it
 * leaves alone: those that need more digits. All elements where there is no
 * such engine, where a number is none of float32, or where lengths differ,
 * which that kernel complains about.
 */
function call(
  name: string,
  group: number,
  inputs: readonly Float32Array[],
  outputs: readonly Float32Array[],
  numbers: readonly number[],
  exactly: (...arrays: Float32Array[]) => void,
): void {
  const size = inputs[0]?.length ?? 0;
  // Arrays in the memory that was used last need no look for another one.
  let isHere = liesIn(latest, size, inputs) && liesIn(latest, size, outputs);
  if (!isHere) {
    latest = program()?.memory.buffer;
    isHere = liesIn(latest, size, inputs) && liesIn(latest, size, outputs);
  }
  const kernel: unknown = loaded && Reflect.get(loaded.exports, name);
  const fits =
    inputs.length + outputs.length <= 12 &&
    numbers.every(isOrdinary) &&
    (isHere || [...inputs, ...outputs].every(({ length }) => length === size));
  if (!loaded || !latest || !isKernel(kernel) || !fits) {
    exactly(...inputs, ...outputs);
    return;
  }
  const buffer = latest;
  const work = { kernel, buffer, group, inputs, outputs, numbers, exactly };
  let done = 0;
  if (isHere) {
    if (size >= fewest) done = inThreads(loaded, name, work);
    done = inPlace(work, size, done);
  }
  if (done < size) throughBlocks(work, size, done);
}

/** Whether arrays of a size lie in a memory. */
function liesIn(
  buffer: ArrayBufferLike | undefined,
  size: number,
  arrays: readonly Float32Array[],
): boolean {
  for (let i = 0; i < arrays.length; i++) {
    const array = arrays[i]!;
    if (array.buffer !== buffer || array.length !== size) return false;
  }
  return true;
}

/** The first of the elements that threads have left. */
function inThreads(own: Program, name: string, work: Work): number {
  const threads: unknown = Reflect.get(globalThis, threadsKey);
  if (!isThreads(threads)) return 0;
  const { group, inputs, outputs, numbers, exactly } = work;
  return threads(
    own,
    name,
    group,
    inputs.map(addressOf),
    outputs.map(addressOf),
    inputs[0]!.length,
    numbers,
    (groups, start, end) => {
      recompute(groups, group, start, end, inputs, outputs, exactly);
    },
  );
}

/**
 * Computes elements of arrays that lie in the memory, where they are.
 * Returns the first behind the last whole step.
 */
function inPlace(work: Work, size: number, from: number): number {
  const { kernel, buffer, group, inputs, outputs, numbers, exactly } = work;
  const end = size - (size % step);
  let start = from;
  while (start < end) {
    const count = Math.min(sliceLength, end - start);
    const operands: number[] = [];
    for (let i = 0; i < inputs.length; i++) {
      operands.push(inputs[i]!.byteOffset + 4 * start);
    }
    for (let i = 0; i < outputs.length; i++) {
      operands.push(outputs[i]!.byteOffset + 4 * start);
    }
    operands.push(count, 0);
    for (let i = 0; i < numbers.length; i++) operands.push(numbers[i]!);
    // Engines take longer to spread them.
    const noted = Number(Reflect.apply(kernel, undefined, operands));
    if (noted > 0) {
      const groups = new Uint32Array(buffer, 0, noted);
      recompute(groups, group, start, start + count, inputs, outputs, exactly);
    }
    start += count;
  }
  return start;
}

/** Computes elements by way of blocks in the memory, filled up at the end. */
function throughBlocks(work: Work, size: number, from: number): void {
  const { kernel, buffer, group, inputs, outputs, numbers, exactly } = work;
  const stand = [...inputs, ...outputs].map((_, i) => {
    return new Float32Array(buffer, blocks + 4 * blockLength * i, blockLength);
  });
  const places = stand.map(addressOf);
  const [read, written] = [
    stand.slice(0, inputs.length),
    stand.slice(inputs.length),
  ];
  for (let start = from; start < size; start += blockLength) {
    const count = Math.min(blockLength, size - start);
    const length = Math.ceil(count / step) * step;
    inputs.forEach((array, i) => {
      const block = read[i]!;
      block.set(array.subarray(start, start + count));
      block.fill(block[count - 1]!, count, length);
    });
    const noted = kernel(...places, length, 0, ...numbers);
    if (noted > 0) {
      const groups = new Uint32Array(buffer, 0, noted);
      recompute(groups, group, 0, count, read, written, exactly);
    }
    outputs.forEach((array, i) => {
      array.set(written[i]!.subarray(0, count), start);
    });
  }
}

/** Whether float32 has all digits of the number. */
const isOrdinary = (number: number): boolean => {
  const size = Math.abs(number);
  return size === 0 || (size >= 2 ** -126 && size < 2 ** 127);
};

const addressOf = (array: Float32Array): number => array.byteOffset;

const isThreads = (value: unknown): value is Threads =>
  typeof value === "function";

const isKernel = (value: unknown): value is Kernel =>
  typeof value === "function";

/** Blocks for what is computed again: as many as arrays were met. */
const rooms: Float32Array[] = [];

/**
 * Gathers the elements of groups, computes them and puts them back, a block of
 * them at a time.
 */
function recompute(
  groups: Uint32Array,
  group: number,
  start: number,
  end: number,
  inputs: readonly Float32Array[],
  outputs: readonly Float32Array[],
  exactly: (...arrays: Float32Array[]) => void,
): void {
  const most = blockLength / group;
  const arrays = [...inputs, ...outputs];
  while (rooms.length < arrays.length) {
    rooms.push(new Float32Array(blockLength));
  }
  for (let from = 0; from < groups.length; from += most) {
    const some = groups.subarray(from, from + most);
    // The last group may end behind the last element.
    const behind = start + some[some.length - 1]! + group - end;
    const count = some.length * group - Math.max(behind, 0);
    const given = arrays.map((_, i) => rooms[i]!.subarray(0, count));
    const results = given.slice(inputs.length);
    inputs.forEach((array, i) => {
      gather(some, group, start, array, given[i]!);
    });
    exactly(...given);
    outputs.forEach((array, i) => {
      putBack(some, group, start, results[i]!, array);
    });
  }
}

function gather(
  groups: Uint32Array,
  group: number,
  start: number,
  array: Float32Array,
  block: Float32Array,
): void {
  let i = 0;
  for (let k = 0; k < groups.length; k++) {
    const first = start + groups[k]!;
    const count = Math.min(group, block.length - i);
    for (let j = 0; j < count; j++) block[i++] = array[first + j]!;
  }
}

function putBack(
  groups: Uint32Array,
  group: number,
  start: number,
  block: Float32Array,
  array: Float32Array,
): void {
  let i = 0;
  for (let k = 0; k < groups.length; k++) {
    const first = start + groups[k]!;
    const count = Math.min(group, block.length - i);
    for (let j = 0; j < count; j++) array[first + j] = block[i++]!;
  }
}
`;
