import { beforeAll, describe, expect, it } from "vitest";
import {
  type ActivationEntry,
  type Call,
  entryOf,
  type Outcome,
  type TypeScriptKernelName,
} from "../harness/manifest.js";
import { isUntouched, type WgslKernelSet } from "../harness/wgsl.js";
import { words } from "./points.js";
import { type Compiled, compiled, shaders } from "./standard.js";

/** Definitions whose derivatives are exact, so that what is tested is where results go. */
const text = `
relu(x) = where(x > 0, x, 0)
prelu(x; learn weight[channel] = 0.25) = where(x > 0, x, weight * x)
affine(x; learn scale[channel] = 1, learn shift[channel] = 0, learn whole = 1) = (scale * x + shift) * whole
line(x; learn c0 = 1, learn c1 = 1) = c0 + c1 * x
gate(a, b; k = 2) = k * a * b
many(x; learn a[channel] = 1, learn b[channel] = 1, learn c[channel] = 1, learn d[channel] = 1, learn e[channel] = 1,
  learn f[channel] = 1, learn g = 1, learn h = 1, learn i = 1) = x * (a + b + c + d + e + f + g + h + i)
names(x; size = 2, learn channels[channel] = 1, learn c = 1, start = 1) = x * channels + c * size + start
softmax(x; axis d = -1) = e / sum[d](e)
  let e = exp(x - max[d](x))
log_softmax(x; axis d = -1) = s - log(sum[d](exp(s)))
  let s = x - max[d](x)
`;

let all: Compiled;
let gpu: WgslKernelSet | null;

beforeAll(async () => {
  all = await compiled(text);
  // Of the two along an axis one is enough, outside of CI.
  gpu = await shaders(all, ({ name }) => process.env["CI"] !== undefined || name !== "log_softmax");
}, 120_000);

const product = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1);

/** Multiples of 1/8: sums of their products are exact in float32. */
function numbers(count: number, seed: number): number[] {
  const word = words(seed);
  return Array.from({ length: count }, () => (word() % 33) / 8 - 2);
}

function layout(shape: readonly number[]): {
  readonly channels: number;
  readonly channelOf: (index: number) => number;
} {
  if (shape.length < 2) return { channels: 1, channelOf: () => 0 };
  const inner = product(shape.slice(2));
  const channels = shape[1] ?? 1;
  return { channels, channelOf: (index) => Math.floor(index / inner) % channels };
}

type Run = (entry: ActivationEntry, kernel: "forward" | "backward", call: Call) => Promise<Outcome | null>;

const targets: readonly (readonly [string, Run])[] = [
  ["TypeScript", (entry, kernel, call) => Promise.resolve(all.typescript.call(entry, kernel, call))],
  ["TypeScript, float64", (entry, kernel, call) => Promise.resolve(all.typescript.call(entry, `${kernel}64`, call))],
  ["WGSL", (entry, kernel, call) => gpu?.callIfLoaded(entry, kernel, call) ?? Promise.resolve(null)],
];

const shapes: readonly (readonly number[])[] = [
  [4, 3, 5],
  [7],
  [2, 1],
  [1],
  [],
  [3, 70, 2],
  [2, 5],
  [1, 3, 2, 7],
  [1030],
  [9, 129],
];

/** A sum per channel takes 64 workgroups, which a software driver takes long for. */
const tooSlow = (target: string, shape: readonly number[]): boolean => target === "WGSL" && layout(shape).channels > 9;

describe.each(targets)("%s: a tensor seen as [outer, channels, inner]", (target, run) => {
  it.each(shapes.map((shape) => [shape] as const))("%j: prelu, a weight per channel", async (shape) => {
    if (tooSlow(target, shape)) return;
    const entry = entryOf(all.generated, "prelu");
    const { channels, channelOf } = layout(shape);
    const [x, dy, weight] = [numbers(product(shape), 1), numbers(product(shape), 2), numbers(channels, 3)];
    const call: Call = { shape, inputs: { x }, cotangent: dy, parameters: { weight } };
    const [forward, backward] = [await run(entry, "forward", call), await run(entry, "backward", call)];
    if (!forward || !backward) return;
    const slope = (i: number): number => weight[channelOf(i)] ?? NaN;
    expect([...forward.output]).toEqual(x.map((value, i) => (value > 0 ? value : slope(i) * value)));
    expect([...(backward.gradients["x"] ?? [])]).toEqual(
      dy.map((value, i) => ((x[i] ?? 0) > 0 ? value : slope(i) * value)),
    );
    const sums = new Array<number>(channels).fill(0);
    x.forEach((value, i) => (sums[channelOf(i)]! += value > 0 ? 0 : value * (dy[i] ?? 0)));
    expect([...(backward.gradients["weight"] ?? [])].map((sum) => sum + 0)).toEqual(sums.map((sum) => sum + 0));
  });

  it.each(shapes.map((shape) => [shape] as const))("%j: parameters per channel and for all", async (shape) => {
    if (tooSlow(target, shape)) return;
    const entry = entryOf(all.generated, "affine");
    const { channels, channelOf } = layout(shape);
    const [x, dy] = [numbers(product(shape), 4), numbers(product(shape), 5)];
    const [scale, shift] = [numbers(channels, 6), numbers(channels, 7)];
    const call: Call = { shape, inputs: { x }, cotangent: dy, parameters: { scale, shift, whole: 0.5 } };
    const backward = await run(entry, "backward", call);
    if (!backward) return;
    const expected = {
      scale: new Array<number>(channels).fill(0),
      shift: new Array<number>(channels).fill(0),
      whole: [0],
    };
    x.forEach((value, i) => {
      const c = channelOf(i);
      expected.scale[c]! += 0.5 * value * (dy[i] ?? 0);
      expected.shift[c]! += 0.5 * (dy[i] ?? 0);
      expected.whole[0]! += ((scale[c] ?? 0) * value + (shift[c] ?? 0)) * (dy[i] ?? 0);
    });
    for (const [name, sums] of Object.entries(expected)) {
      const actual = [...(backward.gradients[name] ?? [])];
      expect(actual.length).toBe(sums.length);
      actual.forEach((sum, i) => expect(sum, `d${name}[${i}]`).toBeCloseTo(sums[i] ?? NaN, 3));
    }
  });

  it("more parameters than a pass may bind", async () => {
    const entry = entryOf(all.generated, "many");
    const shape = [2, 3, 2];
    const [x, dy] = [numbers(12, 8), numbers(12, 9)];
    const call: Call = { shape, inputs: { x }, cotangent: dy, parameters: { a: [1, 2, 3], i: 5 } };
    const [forward, backward] = [await run(entry, "forward", call), await run(entry, "backward", call)];
    if (!forward || !backward) return;
    const { channelOf } = layout(shape);
    expect([...forward.output]).toEqual(x.map((value, i) => value * (13 + channelOf(i))));
    const perChannel = [0, 0, 0];
    x.forEach((value, i) => (perChannel[channelOf(i)]! += value * (dy[i] ?? 0)));
    for (const name of "abcdef") expect([...(backward.gradients[name] ?? [])], name).toEqual(perChannel);
    const total = perChannel.reduce((a, b) => a + b);
    for (const name of "ghi") expect([...(backward.gradients[name] ?? [])], name).toEqual([total]);
  });

  it("parameters named like what a kernel counts with", async () => {
    const entry = entryOf(all.generated, "names");
    const call: Call = {
      shape: [2, 2],
      inputs: { x: [1, 2, 3, 4] },
      cotangent: [1, 1, 1, 1],
      parameters: { channels: [10, 20] },
    };
    const [forward, backward] = [await run(entry, "forward", call), await run(entry, "backward", call)];
    if (!forward || !backward) return;
    expect([...forward.output]).toEqual([13, 43, 33, 83]);
    expect([...(backward.gradients["channels"] ?? [])]).toEqual([4, 6]);
    expect([...(backward.gradients["c"] ?? [])]).toEqual([8]);
  });

  it("an empty tensor has gradients of 0", async () => {
    const entry = entryOf(all.generated, "line");
    const backward = await run(entry, "backward", { shape: [0], inputs: { x: [] }, cotangent: [] });
    if (!backward) return;
    expect([...(backward.gradients["c0"] ?? [])]).toEqual([0]);
    const prelu = entryOf(all.generated, "prelu");
    const channelled = await run(prelu, "backward", { shape: [0, 3, 2], inputs: { x: [] }, cotangent: [] });
    expect([...(channelled?.gradients["weight"] ?? [])]).toEqual([0, 0, 0]);
  });

  it.each([1, 2, 3, 4, 5, 255, 1023, 1024, 1025, 4097])("every element of %i is written once", async (size) => {
    const [a, b, dy] = [numbers(size, 10), numbers(size, 11), numbers(size, 12)];
    const call: Call = { shape: [size], inputs: { a, b }, cotangent: dy, parameters: { k: 3 } };
    const entry = entryOf(all.generated, "gate");
    const [forward, backward] = [await run(entry, "forward", call), await run(entry, "backward", call)];
    if (!forward || !backward) return;
    expect(forward.output.some((_, i) => isUntouched(forward.output, i))).toBe(false);
    // Zeros may have either sign.
    const product = (value: number, other: number | undefined): number => 3 * value * (other ?? NaN) + 0;
    expect(Array.from(forward.output, (value) => value + 0)).toEqual(a.map((value, i) => product(value, b[i])));
    expect(Array.from(backward.gradients["b"] ?? [], (value) => value + 0)).toEqual(
      a.map((value, i) => product(value, dy[i])),
    );
  });
});

describe("lengths are checked on entry", () => {
  it.each(["relu", "prelu", "affine", "line", "gate", "softmax"])("%s", (name) => {
    const entry = entryOf(all.generated, name);
    const shape = [2, 3, 4];
    const size = product(shape);
    const call: Call = {
      shape,
      inputs: Object.fromEntries(entry.inputs.map((input) => [input, numbers(size, 13)])),
      cotangent: numbers(size, 14),
    };
    for (const kernel of ["forward", "backward", "forward64", "backward64"] satisfies TypeScriptKernelName[]) {
      const description = entry.kernels.ts?.[kernel].arguments ?? [];
      const tensors = description.filter(({ length }) => length !== undefined);
      tensors.forEach(({ name: argument, element }) => {
        for (const change of [-1, 1]) {
          const values = all.typescript.arguments(entry, kernel, call).map((value, i) => {
            if (description[i]?.name !== argument || typeof value === "number") return value;
            return element === "f64"
              ? new Float64Array(value.length + change)
              : new Float32Array(value.length + change);
          });
          const isFirst = tensors[0]?.name === argument;
          const attempt = (): void => all.typescript.function(entry, kernel)(...values);
          expect(attempt, `${name} ${kernel} with a wrong ${argument}`).toThrow(RangeError);
          // Without extents of its own, a kernel takes the first tensor's length for that of all.
          if (!isFirst) expect(attempt).toThrow(new RegExp(`\\b${argument}\\b`));
        }
      });
    }
  });
});

describe.each(targets)("%s: rows along an axis", (target, run) => {
  const tolerance = target.includes("64") ? 1e-13 : 3e-6;
  const cases: readonly (readonly [readonly number[], number])[] = [
    [[3, 5, 7], 0],
    [[3, 5, 7], 1],
    [[3, 5, 7], -1],
    [[4, 1], -1],
    [[2, 1000], -1],
    [[1000], 0],
    [[300, 2, 3], 0],
  ];

  it.each(cases)("%j along %i", async (shape, axis) => {
    const size = product(shape);
    const word = words(15);
    const x = Array.from(Float32Array.from({ length: size }, () => (word() / 2 ** 32) * 12 - 6));
    const dy = numbers(size, 16);
    const position = axis < 0 ? axis + shape.length : axis;
    const [length, inner] = [shape[position] ?? 1, product(shape.slice(position + 1))];
    const expected: Record<string, [number[], number[]]> = {
      softmax: [new Array<number>(size), new Array<number>(size)],
      log_softmax: [new Array<number>(size), new Array<number>(size)],
    };
    for (let row = 0; row < size / length; row += 1) {
      const start = Math.floor(row / inner) * length * inner + (row % inner);
      const at = Array.from({ length }, (_, k) => start + k * inner);
      const values = at.map((i) => x[i] ?? NaN);
      const asked = at.map((i) => dy[i] ?? NaN);
      const top = Math.max(...values);
      const total = values.reduce((sum, value) => sum + Math.exp(value - top), 0);
      const p = values.map((value) => Math.exp(value - top) / total);
      const weighted = asked.reduce((sum, g, k) => sum + g * (p[k] ?? 0), 0);
      const plain = asked.reduce((sum, g) => sum + g, 0);
      at.forEach((i, k) => {
        const [value, g, q] = [values[k] ?? NaN, asked[k] ?? NaN, p[k] ?? NaN];
        expected["softmax"]![0][i] = q;
        expected["softmax"]![1][i] = q * (g - weighted);
        expected["log_softmax"]![0][i] = value - top - Math.log(total);
        expected["log_softmax"]![1][i] = g - q * plain;
      });
    }
    for (const [name, [y, dx]] of Object.entries(expected)) {
      const entry = entryOf(all.generated, name);
      const call: Call = { shape, axis, inputs: { x }, cotangent: dy };
      const [forward, backward] = [await run(entry, "forward", call), await run(entry, "backward", call)];
      if (!forward || !backward) return;
      const off = (actual: ArrayLike<number> | undefined, truth: readonly number[], scale = 1): number[] =>
        truth.flatMap((value, i) =>
          Math.abs((actual?.[i] ?? NaN) - value) <= tolerance * scale * (1 + Math.abs(value)) ? [] : [i],
        );
      expect(off(forward.output, y), `y of ${name}`).toEqual([]);
      // The gradient holds a sum over the row.
      expect(off(backward.gradients["x"], dx, Math.sqrt(length)), `dx of ${name}`).toEqual([]);
    }
  });
});

describe("more workgroups than one dimension of a dispatch holds", () => {
  it("are spread over two", async () => {
    if (!gpu) return;
    const entry = entryOf(all.generated, "prelu");
    // One element per thread with a weight per channel: 65535 workgroups of 256, and a few more.
    const perWorkgroup = entry.kernels.wgsl?.forward.passes[0]?.dispatch.perWorkgroup ?? 0;
    const size = 65535 * perWorkgroup + 777;
    expect(4 * size, "fits into a binding of the default limit").toBeLessThan(128 * 2 ** 20);
    const x = new Float32Array(size);
    for (let i = 0; i < size; i += 1) x[i] = (i % 1009) - 500;
    const { output } = await gpu.call(entry, "forward", {
      shape: [1, 1, size],
      inputs: { x },
      parameters: { weight: 0.5 },
    });
    let wrong = 0;
    for (let i = 0; i < size; i += 1) {
      const value = x[i] ?? NaN;
      if (output[i] !== (value > 0 ? value : 0.5 * value)) wrong += 1;
    }
    expect(wrong).toBe(0);
  });
});
