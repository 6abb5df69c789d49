/** The file format of Hugging Face: a length, a header in JSON, and the numbers. */
import { tensor } from "./creation.js";
import type { StateDict } from "./module.js";
import { formatShape, sizeOf } from "./shape.js";
import type { Tensor } from "./tensor.js";

/** The bytes are no safetensors file, or hold what float32 tensors cannot. */
export class SafetensorsError extends Error {
  override readonly name = "SafetensorsError";
}

/** What the format's own implementation accepts. */
const longestHeader = 100_000_000;
const metadataKey = "__metadata__";

/** The tensors, which must be on the CPU (`await module.snapshot()`), as bytes of a `.safetensors` file. */
export function saveSafetensors(
  state: ReadonlyMap<string, Tensor>,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array {
  let end = 0;
  const entries = [...state].map(([name, { shape, size }]) => {
    if (name === metadataKey) throw new SafetensorsError(`a tensor cannot be called '${metadataKey}'`);
    const begin = end;
    end += 4 * size;
    return [name, { dtype: "F32", shape, data_offsets: [begin, end] }] as const;
  });
  const extra = Object.keys(metadata).length > 0 ? [[metadataKey, metadata] as const] : [];
  const text = JSON.stringify(Object.fromEntries([...extra, ...entries]));
  const header = new TextEncoder().encode(text);
  // Spaces after the header align the numbers.
  const start = 8 + Math.ceil(header.length / 8) * 8;
  const bytes = new Uint8Array(start + end).fill(0x20, 8, start);
  const view = new DataView(bytes.buffer);
  view.setBigUint64(0, BigInt(start - 8), true);
  bytes.set(header, 8);
  let offset = start;
  for (const values of state.values()) {
    for (const value of values.data()) {
      view.setFloat32(offset, value, true);
      offset += 4;
    }
  }
  return bytes;
}

interface Entry {
  readonly name: string;
  readonly shape: readonly number[];
  readonly begin: number;
  readonly end: number;
}

/** The tensors of a `.safetensors` file, on the CPU. Nothing in the bytes is trusted. */
export function loadSafetensors(bytes: Uint8Array): StateDict {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < 8) throw new SafetensorsError(`a file of ${bytes.length} bytes is too short for a header`);
  const length = Number(view.getBigUint64(0, true));
  if (length > longestHeader)
    throw new SafetensorsError(`the header claims ${length} bytes; ${longestHeader} are allowed`);
  const start = 8 + length;
  if (start > bytes.length)
    throw new SafetensorsError(`the header claims ${length} bytes, the file has ${bytes.length}`);
  const entries = parseHeader(bytes.subarray(8, start));
  requireGapless(entries, bytes.length - start);
  return new Map(
    entries.map(({ name, shape, begin, end }) => {
      const values = new Float32Array((end - begin) / 4);
      for (let i = 0; i < values.length; i++) values[i] = view.getFloat32(start + begin + 4 * i, true);
      return [name, tensor(values, { shape })];
    }),
  );
}

function parseHeader(bytes: Uint8Array): Entry[] {
  let header: unknown;
  try {
    header = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (error) {
    throw new SafetensorsError("the header is not JSON in UTF-8", { cause: error });
  }
  return members("the header", header).flatMap(([name, value]) =>
    name === metadataKey ? [] : [parseEntry(name, value)],
  );
}

function members(what: string, value: unknown): [string, unknown][] {
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw new SafetensorsError(`${what} is not a JSON object`);
  return Object.entries(value);
}

function parseEntry(name: string, value: unknown): Entry {
  const fail = (reason: string): never => {
    throw new SafetensorsError(`tensor ${JSON.stringify(name)}: ${reason}`);
  };
  const fields = new Map(members(`tensor ${JSON.stringify(name)}`, value));
  const dtype = fields.get("dtype");
  if (dtype !== "F32") fail(`its dtype is ${JSON.stringify(dtype)}; this runtime reads F32`);
  const shape = wholeNumbers(fields.get("shape")) ?? fail("its shape is not a list of whole numbers");
  const offsets = wholeNumbers(fields.get("data_offsets"));
  if (offsets?.length !== 2) return fail("its data_offsets are not two whole numbers");
  const [begin, end] = [offsets[0]!, offsets[1]!];
  if (begin > end) fail(`its data_offsets ${begin} and ${end} are in the wrong order`);
  if (end - begin !== 4 * sizeOf(shape))
    fail(`shape ${formatShape(shape)} needs ${4 * sizeOf(shape)} bytes, its data_offsets give ${end - begin}`);
  return { name, shape, begin, end };
}

function wholeNumbers(value: unknown): number[] | null {
  if (!Array.isArray(value)) return null;
  const items: readonly unknown[] = value;
  const numbers = items.filter((item) => typeof item === "number" && Number.isSafeInteger(item) && item >= 0);
  return numbers.length === items.length ? numbers.map(Number) : null;
}

/** The format demands that the tensors cover the data, without gaps or overlaps. */
function requireGapless(entries: readonly Entry[], available: number): void {
  let covered = 0;
  for (const { name, begin, end } of [...entries].sort((a, b) => a.begin - b.begin || a.end - b.end)) {
    const where = `tensor ${JSON.stringify(name)}: its data begin at ${begin}`;
    if (end > available)
      throw new SafetensorsError(`${where} and end at ${end}, but the file has ${available} bytes of data`);
    if (begin < covered) throw new SafetensorsError(`${where}, inside another tensor's, which end at ${covered}`);
    if (begin > covered) throw new SafetensorsError(`${where}, but the data before end at ${covered}`);
    covered = end;
  }
  if (covered !== available)
    throw new SafetensorsError(`the tensors end at ${covered}, but the file has ${available} bytes of data`);
}
