/** Random activations compiled, on every target: what they draw, what they make of it, and what they do in evaluation. */
import { beforeAll, describe, expect, it } from "vitest";
import { philox, uniformAt } from "../../compiler/verification/draws.js";
import { type Compiled, compiled, shaders } from "../activations/standard.js";
import { type Call, entryOf, type Outcome } from "../harness/manifest.js";
import type { WgslKernelSet } from "../harness/wgsl.js";

const definitions = `
raw(x) = u + 0 * x
  random u = train uniform(0, 1) eval 1/2

nine(x) = a + 2 * i + 0 * x
  random a = train uniform(0, 1) eval 0
  random b = train uniform(0, 1) eval 0
  random c = train uniform(0, 1) eval 0
  random d = train uniform(0, 1) eval 0
  random e = train uniform(0, 1) eval 0
  random f = train uniform(0, 1) eval 0
  random g = train uniform(0, 1) eval 0
  random h = train uniform(0, 1) eval 0
  random i = train uniform(0, 1) eval b + c + d + e + f + g + h

gauss(x; mean = 0, std = 1) = z + 0 * x
  random z = train normal(mean, std) eval mean

coin(x; p = 0.3) = c + 0 * x
  random c = train bernoulli(p) eval p

leaky(x; lower = 1/8, upper = 1/3) = where(x >= 0, x, a * x)
  random a = train uniform(lower, upper) eval (lower + upper) / 2

twice(x) = leaky(x) - leaky(x, lower = 0)

noisy(x; learn width[channel] = 0.5, learn shift = 0.25) = tanh(x + n)
  random n = train normal(shift, width * x) eval shift

unit(x) = z + 0 * x
  random z = train normal(0, 1) eval 0

widths(x; learn width[channel] = 0.5) = n + 0 * x
  random n = train uniform(0, width) eval width / 2

straight(x) = leaky(x) * spike(x)

spike(x) = s
  random s = train bernoulli(sigmoid(x)) eval where(x > 0, 1, 0)
  grad x = s * (1 - x)

shadowed(x; seed = 3, training = 2) = x + seed * u0 + training
  random u0 = train uniform(0, 1) eval 1
`;

let all: Compiled;
let gpu: WgslKernelSet | null;

beforeAll(async () => {
  all = await compiled(definitions);
  // Those that the driver compiles quickly.
  const quick = new Set(["raw", "nine", "unit", "widths", "spike", "shadowed"]);
  gpu = await shaders({ ...all, entries: all.entries.filter(({ name }) => quick.has(name)) });
}, 120_000);

const size = 1030;
const ramp = Float32Array.from({ length: size }, (_, i) => (i - 500) / 100);
const callOf = (rest: Partial<Call> = {}): Call => ({
  shape: [size],
  inputs: { x: ramp },
  cotangent: new Float32Array(size).fill(1),
  seed: 0xfedcba98,
  training: true,
  ...rest,
});
const onCpu = (name: string, kernel: "forward" | "backward", call = callOf()): Outcome =>
  all.typescript.call(entryOf(all.generated, name), kernel, call);
const onGpu = async (name: string, kernel: "forward" | "backward", call = callOf()): Promise<Outcome | undefined> =>
  gpu?.has(name) ? gpu.call(entryOf(all.generated, name), kernel, call) : undefined;
const drawn = (stream: number, seed = 0xfedcba98): number[] =>
  Array.from({ length: size }, (_, i) => uniformAt(seed, i, stream));

describe("what is drawn", () => {
  it("has the same bits on every target as Philox has", async () => {
    for (const seed of [0, 1, 0x7fffffff, 0xffffffff]) {
      const expected = Float32Array.from(drawn(0, seed));
      expect(onCpu("raw", "forward", callOf({ seed })).output).toEqual(expected);
      const shader = await onGpu("raw", "forward", callOf({ seed }));
      if (shader) expect(shader.output).toEqual(expected);
    }
  });

  it("is of another word for each stream, and of another block from the fifth on", async () => {
    const [first, last] = [drawn(0), drawn(8)];
    expect(last[3]).toBe((Math.floor(philox([3, 0, 2, 0], [0xfedcba98, 0])[0]! / 512) + 0.5) / 2 ** 23);
    const expected = Float32Array.from(first, (u, i) => u + 2 * last[i]!);
    expect(onCpu("nine", "forward").output).toEqual(expected);
    const shader = await onGpu("nine", "forward");
    expect([...(shader?.output ?? expected)]).toEqual([...expected].map((y) => expect.closeTo(y, 6)));
  });

  it("does not depend on how the tensor is shaped", () => {
    const width = [0.5, 1, 2];
    const shaped = onCpu(
      "noisy",
      "forward",
      callOf({ shape: [2, 3, 2], inputs: { x: ramp.subarray(0, 12) }, parameters: { width } }),
    );
    const flat = onCpu("noisy", "forward", callOf({ parameters: { width: 1 } }));
    expect(shaped.output[2]).toBe(flat.output[2]);
    expect(shaped.output[3]).toBe(flat.output[3]);
    expect(shaped.output[8]).toBe(flat.output[8]);
    expect(shaped.output[0]).not.toBe(flat.output[0]);
  });

  it("is another one for each call", () => {
    const { output } = onCpu("twice", "forward");
    const [a, b] = [drawn(0), drawn(1)];
    output.forEach((y, i) => {
      const x = ramp[i]!;
      const slope = 1 / 8 + (1 / 3 - 1 / 8) * a[i]! - (1 / 3) * b[i]!;
      expect(y).toBeCloseTo(x >= 0 ? 0 : slope * x, 6);
    });
  });

  it("is named as nothing else in the definition is", () => {
    const { output } = onCpu("shadowed", "forward");
    const u = drawn(0);
    output.forEach((y, i) => expect(y).toBeCloseTo(ramp[i]! + 3 * u[i]! + 2, 5));
  });
});

describe("distributions", () => {
  const count = 40_000;
  const many = (seed: number, parameters: Call["parameters"] = {}): Call => ({
    shape: [count],
    inputs: { x: new Float32Array(count) },
    seed,
    training: true,
    parameters,
  });
  const moment = (numbers: ArrayLike<number>, power: number): number =>
    Array.from(numbers).reduce((sum, x) => sum + x ** power, 0) / numbers.length;

  it("normal has the moments and the tails of a normal distribution", () => {
    const { output } = onCpu("gauss", "forward", many(5));
    // Five standard deviations of each mean.
    const limit = 5 / Math.sqrt(count);
    expect(Math.abs(moment(output, 1))).toBeLessThan(limit);
    expect(Math.abs(moment(output, 2) - 1)).toBeLessThan(limit * Math.sqrt(2));
    expect(Math.abs(moment(output, 3))).toBeLessThan(limit * Math.sqrt(15));
    expect(Math.abs(moment(output, 4) - 3)).toBeLessThan(limit * Math.sqrt(96));
    for (const [at, beyond] of [
      [1, 0.31731],
      [2, 0.0455],
      [3, 0.0026998],
    ] as const) {
      const share = Array.from(output).filter((z) => Math.abs(z) > at).length / count;
      expect(Math.abs(share - beyond)).toBeLessThan(limit * Math.sqrt(beyond));
    }
  });

  it("normal is Box and Muller's, with mean and deviation", async () => {
    const [u, v] = [drawn(0), drawn(1)];
    const z = u.map((a, i) => Math.sqrt(-2 * Math.log(a)) * Math.cos(2 * Math.PI * v[i]!));
    const call = callOf({ parameters: { mean: 3, std: 0.5 } });
    expect([...onCpu("gauss", "forward", call).output]).toEqual(z.map((each) => expect.closeTo(3 + 0.5 * each, 5)));
    const cpu = onCpu("unit", "forward");
    for (const { output } of [cpu, (await onGpu("unit", "forward")) ?? cpu]) {
      output.forEach((each, i) => expect(Math.abs(each - z[i]!)).toBeLessThan(1e-6 * Math.abs(z[i]!)));
    }
  });

  it.each([0, 0.3, 1])("bernoulli is 1 as often as it should be: %d", (p) => {
    const { output } = onCpu("coin", "forward", many(9, { p }));
    const rate = moment(output, 1);
    expect(Math.abs(rate - p)).toBeLessThanOrEqual(5 * Math.sqrt((p * (1 - p)) / count));
    expect(output.every((c) => c === 0 || c === 1)).toBe(true);
  });
});

describe("derivatives", () => {
  it("see the draw of the forward kernel", () => {
    const forward = onCpu("leaky", "forward").output;
    onCpu("leaky", "backward").gradients["x"]!.forEach((slope, i) =>
      expect(slope * ramp[i]!).toBeCloseTo(forward[i]!, 5),
    );
  });

  it("go through the arguments of a distribution, summed up for learned ones", () => {
    const width = Array.from({ length: 5 }, (_, c) => 0.25 * (c + 1));
    const call = callOf({ shape: [103, 5, 2], parameters: { width, shift: 0.25 } });
    const backward = onCpu("noisy", "backward", call);
    const [u, v] = [drawn(0), drawn(1)];
    const sums = { width: [0, 0, 0, 0, 0], shift: [0] };
    const dx = u.map((a, i) => {
      const [x, w, c] = [ramp[i]!, width[Math.floor(i / 2) % 5]!, Math.floor(i / 2) % 5];
      const z = Math.sqrt(-2 * Math.log(a)) * Math.cos(2 * Math.PI * v[i]!);
      const slope = 1 - Math.tanh(x + 0.25 + w * x * z) ** 2;
      sums.width[c]! += slope * x * z;
      sums.shift[0]! += slope;
      return slope * (1 + w * z);
    });
    const { gradients } = backward;
    expect([...gradients["x"]!]).toEqual(dx.map((y) => expect.closeTo(y, 4)));
    expect([...gradients["width"]!]).toEqual(sums.width.map((y) => expect.closeTo(y, 3)));
    expect([...gradients["shift"]!]).toEqual(sums.shift.map((y) => expect.closeTo(y, 3)));
  });

  it("are summed up over channels with the draw of each element", async () => {
    const width = Array.from({ length: 5 }, (_, c) => 0.25 * (c + 1));
    const call = callOf({ shape: [103, 5, 2], parameters: { width } });
    const sums = [0, 0, 0, 0, 0];
    drawn(0).forEach((u, i) => (sums[Math.floor(i / 2) % 5]! += u));
    const cpu = onCpu("widths", "backward", call);
    for (const { gradients } of [cpu, (await onGpu("widths", "backward", call)) ?? cpu]) {
      expect([...gradients["width"]!]).toEqual(sums.map((y) => expect.closeTo(y, 3)));
    }
  });

  it("of a call with a declared gradient see what that call draws", () => {
    const [slopes, spikes] = [drawn(0), drawn(1)];
    const dx = slopes.map((u, i) => {
      const x = ramp[i]!;
      const s = Number(spikes[i]! < 1 / (1 + Math.exp(-x)));
      const slope = x >= 0 ? 1 : 1 / 8 + (1 / 3 - 1 / 8) * u;
      return slope * s + slope * x * s * (1 - x);
    });
    const { gradients } = onCpu("straight", "backward");
    expect([...gradients["x"]!]).toEqual(dx.map((y) => expect.closeTo(y, 4)));
  });

  it("that is declared may be made of what is drawn", async () => {
    const dx = drawn(0).map((u, i) => (u < 1 / (1 + Math.exp(-ramp[i]!)) ? 1 - ramp[i]! : 0));
    const cpu = onCpu("spike", "backward");
    for (const { gradients } of [cpu, (await onGpu("spike", "backward")) ?? cpu]) {
      expect([...gradients["x"]!]).toEqual(dx.map((y) => expect.closeTo(y, 5)));
    }
  });
});

describe("evaluation", () => {
  it.each([
    ["raw", () => 0.5],
    ["gauss", () => 0],
    ["coin", () => 0.3],
    ["leaky", (x: number) => (x >= 0 ? x : (x * 11) / 48)],
    ["twice", (x: number) => (x >= 0 ? 0 : x / 16)],
    ["noisy", (x: number) => Math.tanh(x + 0.25)],
    ["straight", (x: number) => Math.max(x, 0)],
    ["shadowed", (x: number) => x + 5],
  ] as const)("of %s draws nothing", async (name, value) => {
    for (const seed of [0, 77]) {
      const call = callOf({ seed, training: false });
      const close = [...ramp].map((x) => expect.closeTo(value(x), 5));
      expect([...onCpu(name, "forward", call).output]).toEqual(close);
      const shader = await onGpu(name, "forward", call);
      if (shader) expect([...shader.output]).toEqual(close);
    }
  });
});

describe("the manifest", () => {
  it("says what is random, and lists the seed and the mode behind the hyperparameters", () => {
    const { random, kernels } = entryOf(all.generated, "leaky");
    expect(random).toBe(true);
    expect(kernels.ts?.backward.arguments.map(({ name, role }) => `${role} ${name}`)).toEqual([
      "cotangent dy",
      "input x",
      "hyperparameter lower",
      "hyperparameter upper",
      "seed seed",
      "training training",
      "gradient dx",
    ]);
    const fields = kernels.wgsl?.forward.passes[0]?.bindings[0]?.fields;
    expect(fields?.map(({ name, role, type, offset }) => [name, role, type, offset])).toEqual([
      ["size", "extent", "u32", 0],
      ["lower", "hyperparameter", "f32", 4],
      ["upper", "hyperparameter", "f32", 8],
      ["seed", "seed", "u32", 12],
      ["training", "training", "u32", 16],
    ]);
  });
});
