import {
  Linear,
  loadSafetensors,
  ones,
  SafetensorsError,
  saveSafetensors,
  Sequential,
  tensor,
} from "activation-compiler/runtime";
import { describe, expect, it } from "vitest";
import { hasSoftwareGpu, sharedWebGpu } from "./devices.js";

/** A file with any header and so many bytes of data. */
function file(header: unknown, data = 0, claimed?: bigint): Uint8Array {
  const text = new TextEncoder().encode(typeof header === "string" ? header : JSON.stringify(header));
  const bytes = new Uint8Array(8 + text.length + data);
  new DataView(bytes.buffer).setBigUint64(0, claimed ?? BigInt(text.length), true);
  bytes.set(text, 8);
  return bytes;
}

const entry = (shape: unknown, begin: unknown, end: unknown, dtype = "F32"): unknown => ({
  dtype,
  shape,
  data_offsets: [begin, end],
});

describe("safetensors", () => {
  it("brings a model back, special numbers and all", () => {
    const model = new Sequential(new Linear(3, 2, { seed: 1 }));
    const state = model.stateDict();
    state.set("odd", tensor([[NaN, Infinity, -0, 1e-45]]));
    state.set("scalar", tensor(5));
    state.set("empty", ones([0, 7]));
    const loaded = loadSafetensors(saveSafetensors(state, { format: "pt" }));
    expect([...loaded.keys()].sort()).toEqual([...state.keys()].sort());
    for (const [name, { shape, data }] of state) {
      expect(loaded.get(name)!.shape).toEqual(shape);
      expect([...loaded.get(name)!.data()]).toEqual([...state.get(name)!.data()]);
      expect(data).toBeDefined();
    }
  });

  it("writes the format byte by byte", () => {
    const bytes = saveSafetensors(new Map([["a", tensor([1])]]));
    const header = '{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}  ';
    expect(new TextDecoder().decode(bytes.subarray(8, 8 + header.length))).toBe(header);
    expect(bytes[0]).toBe(header.length);
    expect([...bytes.subarray(8 + header.length)]).toEqual([0, 0, 0x80, 0x3f]);
  });

  it("reads at any alignment, and tensors in any order", () => {
    const bytes = file({ b: entry([1], 4, 8), a: entry([], 0, 4) }, 8);
    new DataView(bytes.buffer).setFloat32(bytes.length - 8, 2, true);
    const shifted = new Uint8Array(bytes.length + 3);
    shifted.set(bytes, 3);
    const loaded = loadSafetensors(shifted.subarray(3));
    expect([loaded.get("a")!.item(), loaded.get("b")!.item()]).toEqual([2, 0]);
  });

  it("takes `__proto__` for a name like any other", () => {
    const loaded = loadSafetensors(file(`{"__proto__":${JSON.stringify(entry([1], 0, 4))}}`, 4));
    expect([...loaded.keys()]).toEqual(["__proto__"]);
    expect(loadSafetensors(saveSafetensors(loaded)).get("__proto__")!.item()).toBe(0);
    expect(() => new Sequential(new Linear(1, 1)).loadStateDict(loaded)).toThrow(/unexpected: __proto__/);
    expect(() => loadSafetensors(file(`{"a":{"__proto__":{"dtype":"F32"},"shape":[],"data_offsets":[0,0]}}`))).toThrow(
      /its dtype is undefined/,
    );
  });

  it.each([
    ["nothing", new Uint8Array(3), "a file of 3 bytes is too short for a header"],
    ["a huge header", file("{}", 0, 2n ** 40n), "the header claims 1099511627776 bytes; 100000000 are allowed"],
    ["a header beyond the end", file("{}", 0, 1000n), "the header claims 1000 bytes, the file has 10"],
    ["no JSON", file("{]"), "the header is not JSON in UTF-8"],
    ["no UTF-8", file("{}").fill(0xff, 8), "the header is not JSON in UTF-8"],
    ["a list", file("[]"), "the header is not a JSON object"],
    ["a tensor that is a number", file({ a: 5 }), 'tensor "a" is not a JSON object'],
    [
      "another type of number",
      file({ a: entry([1], 0, 2, "F16") }, 2),
      `tensor "a": its dtype is "F16"; this runtime reads F32`,
    ],
    [
      "a negative length",
      file({ a: entry([-1, -1], 0, 4) }, 4),
      'tensor "a": its shape is not a list of whole numbers',
    ],
    ["a shape that is text", file({ a: entry("1", 0, 4) }, 4), 'tensor "a": its shape is not a list'],
    [
      "a fractional offset",
      file({ a: entry([1], 0.5, 4.5) }, 5),
      'tensor "a": its data_offsets are not two whole numbers',
    ],
    [
      "offsets in the wrong order",
      file({ a: entry([1], 8, 4) }, 8),
      'tensor "a": its data_offsets 8 and 4 are in the wrong order',
    ],
    [
      "too little room",
      file({ a: entry([2, 2], 0, 12) }, 12),
      'tensor "a": shape [2, 2] needs 16 bytes, its data_offsets give 12',
    ],
    ["a product that overflows", file({ a: entry([2 ** 31, 2 ** 31, 2 ** 31], 0, 0) }), 'tensor "a": shape'],
    [
      "data beyond the end",
      file({ a: entry([4], 0, 16) }, 12),
      'tensor "a": its data begin at 0 and end at 16, but the file has 12',
    ],
    [
      "overlap",
      file({ a: entry([2], 0, 8), b: entry([1], 4, 8) }, 8),
      `tensor "b": its data begin at 4, inside another tensor's, which end at 8`,
    ],
    [
      "a gap",
      file({ a: entry([1], 0, 4), b: entry([1], 8, 12) }, 12),
      'tensor "b": its data begin at 8, but the data before end at 4',
    ],
    [
      "data that belong to nothing",
      file({ a: entry([1], 0, 4) }, 8),
      "the tensors end at 4, but the file has 8 bytes of data",
    ],
  ])("refuses %s", (_, bytes, message) => {
    expect(() => loadSafetensors(bytes)).toThrow(SafetensorsError);
    expect(() => loadSafetensors(bytes)).toThrow(message);
  });

  it.skipIf(!hasSoftwareGpu)("wants tensors on the CPU", async () => {
    const state = new Map([["a", ones([1], { device: await sharedWebGpu() })]]);
    expect(() => saveSafetensors(state)).toThrow(/need a tensor on the CPU/);
  });
});
