/** Gradients from the output: what the manifest says of the kernels, what they compute, and what the tape does with them. */
import { type Device, grad, Parameter, SGD, tensor, type Tensor } from "activation-compiler/runtime";
import { beforeAll, describe, expect, it } from "vitest";
import { randomPoints } from "../activations/points.js";
import { entryOf } from "../harness/manifest.js";
import { TypeScriptKernelSet } from "../harness/typescript.js";
import { deviceNamed, deviceNames } from "../runtime/devices.js";
import { type Apply, type Compiled, compiledFromOutput } from "./compiled.js";

const definitions = `
leaky(x; slope = 0.1) = where(x > 0, x, slope * x)
hard(x; low = -1, high = 1) = clamp(x, low, high)
sigm(x) = 1 / (1 + exp(-x))
elu_like(x; alpha = 1 in (0, inf)) = where(x > 0, x, alpha * (exp(x) - 1))
plus(x) = log(1 + exp(x))
pos_prelu(x; learn w[channel] = 0.25 in (0, inf)) = where(x > 0, x, w * x)
soft(x; axis d = -1) = exp(x) / sum[d](exp(x))
log_soft(x; axis d = -1) = x - log(sum[d](exp(x)))
gelu_like(x) = x * normcdf(x)
shifted(x; b = 0.7) = max(x, 0) + b
`;
const names = ["leaky", "hard", "sigm", "eluLike", "plus", "posPrelu", "soft", "logSoft", "geluLike"];

let compiled: Compiled;
let kernels: TypeScriptKernelSet;
beforeAll(async () => {
  compiled = await compiledFromOutput(definitions, names);
  kernels = await TypeScriptKernelSet.load(compiled.generated);
});
const functionOf = (name: string): Apply => compiled.functions.get(name)!;

describe("the manifest", () => {
  it.each(["leaky", "hard", "sigm", "elu_like", "plus", "pos_prelu", "soft", "log_soft"])("of %s", (name) => {
    const { ts, wgsl } = entryOf(compiled.generated, name).kernels;
    const slots = (which: "forwardSaved" | "backwardSaved") => [
      ts?.[which]?.arguments ?? [],
      wgsl?.[which]?.passes.flatMap(({ bindings }) => bindings) ?? [],
    ];
    expect(ts?.forwardSaved).toEqual(ts?.forward);
    expect(wgsl?.forwardSaved).toEqual(wgsl?.forward);
    slots("backwardSaved").forEach((list, i) => {
      const roles = list.map(({ role }) => role);
      expect(roles).not.toContain("input");
      const { of } = list.find(({ role }) => role === "saved")!;
      expect(slots("forwardSaved")[i]!.find((slot) => slot.name === of)?.role).toBe("output");
    });
  });

  it("knows no such kernel where the output does not do", () => {
    expect(entryOf(compiled.generated, "gelu_like").kernels.ts?.backwardSaved).toBeUndefined();
    const mask = entryOf(compiled.generated, "shifted").kernels.ts?.backwardSaved?.arguments[1];
    expect(mask).toMatchObject({ name: "mask", role: "saved" });
  });
});

describe("kernels in TypeScript", () => {
  const run = (name: string, kernel: "forward" | "backward" | "backwardSaved", ...values: (Float32Array | number)[]) =>
    kernels.function(entryOf(compiled.generated, name), kernel)(...values);
  const x = Float32Array.from([...randomPoints(2000, 11), ...randomPoints(2000, 12).map((each) => Math.sin(each))]);
  const dy = x.map((_, i) => Math.cos(i));

  /** Gradients from the input and from the output, with the output. */
  function both(name: string, ...parameters: number[]): readonly Float32Array[] {
    const [y, expected, actual] = [x.slice(), x.slice(), x.slice()];
    run(name, "forward", x, ...parameters, y);
    run(name, "backward", dy, x, ...parameters, expected);
    run(name, "backwardSaved", dy, y, ...parameters, actual);
    return [expected, actual, y];
  }

  // None of these is a float32: what is level is the border, rounded.
  it.each([
    [-0.7, 0.3],
    [-0.1, 1 / 3],
    [0.1, 0.2],
    [-1e-50, 1e30],
  ])("are exact between borders %s and %s", (low, high) => {
    const [expected, actual, y] = both("hard", low, high);
    // An input that rounds to a border is not told from it.
    const told = (i: number): boolean => x[i] !== y![i] || (y![i] !== Math.fround(low) && y![i] !== Math.fround(high));
    const places = [...x.keys()].filter(told);
    expect(places.length).toBeGreaterThan(3900);
    expect(places.map((i) => actual![i]! + 0)).toEqual(places.map((i) => expected![i]! + 0));
  });

  it.each([0.1, 1e-3, 7, 1e-60])("are exact for slope %s", (slope) => {
    const [expected, actual] = both("leaky", slope);
    expect(actual).toEqual(expected);
  });

  it("may write over what they read", () => {
    const [y, dx, over] = [x.slice(), x.slice(), x.slice()];
    run("sigm", "forward", y, y);
    run("sigm", "backwardSaved", dy, y, dx);
    over.set(dy);
    run("sigm", "backwardSaved", over, y, over);
    expect(over).toEqual(dx);
    run("sigm", "backwardSaved", dy, y, y);
    expect(y).toEqual(dx);
  });
});

describe.each(deviceNames)("the tape on %s", (deviceName) => {
  let device: Device;
  beforeAll(async () => {
    device = await deviceNamed(deviceName);
  });
  const numbers = Array.from({ length: 70 }, (_, i) => ((i * 37) % 23) / 5 - 2.25);
  const weights = numbers.map((_, i) => Math.fround(Math.sin(i + 1)));
  const sum = (list: readonly number[]): number => list.reduce((a, b) => a + b, 0);
  const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));
  const each =
    (slope: (x: number) => number) =>
    (x: readonly number[], dy: readonly number[]): number[] =>
      x.map((value, i) => dy[i]! * slope(value));
  const softmax = (x: readonly number[]): number[] => x.map((value) => Math.exp(value) / sum(x.map(Math.exp)));

  it.each<readonly [string, object, (x: readonly number[], dy: readonly number[]) => number[]]>([
    ["leaky", { slope: 0.5 }, each((x) => (x > 0 ? 1 : 0.5))],
    // The output does not do: the input is kept.
    ["leaky", { slope: -0.5 }, each((x) => (x > 0 ? 1 : -0.5))],
    ["hard", { low: -0.7, high: 0.3 }, each((x) => Number(x > -0.7 && x < 0.3))],
    ["sigm", {}, each((x) => sigmoid(x) * (1 - sigmoid(x)))],
    ["eluLike", { alpha: 0.7 }, each((x) => (x > 0 ? 1 : 0.7 * Math.exp(x)))],
    ["plus", {}, each(sigmoid)],
    ["soft", {}, (x, dy) => softmax(x).map((y, i) => y * (dy[i]! - sum(softmax(x).map((p, k) => p * dy[k]!))))],
    ["logSoft", {}, (x, dy) => softmax(x).map((y, i) => dy[i]! - y * sum(dy))],
  ])("%s with %o", async (name, options, expected) => {
    // Two rows of shaders take seconds to build; the other one is of the same kind.
    if (name === "logSoft" && deviceName === "webgpu" && !process.env["CI"]) return;
    const leaf = tensor(numbers, { device, requiresGrad: true });
    const x = leaf.mul(1);
    const y = functionOf(name)(x, options);
    const loss = y.mul(tensor(weights, { device })).sum();
    const needsInput = "slope" in options && Number(options.slope) < 0;
    // Neither the input nor the result itself has to live; mul keeps a result of its own.
    if (!needsInput) x.dispose();
    loss.backward();
    const dx = expected(numbers.map(Math.fround), weights);
    expect([...(await leaf.grad!.read())]).toEqual(dx.map((value) => expect.closeTo(value, 5)));
  });

  it("adds up gradients of learned parameters", async () => {
    const x = tensor([[-1, 2, -3, 4]], { device }).reshape([2, 2]);
    const weight = tensor([0.5, 0.25], { device, requiresGrad: true });
    functionOf("posPrelu")(x, weight).sum().backward();
    expect([...(await weight.grad!.read())]).toEqual([expect.closeTo(-4, 5), 0]);
  });

  it("notices that the result was changed in place", () => {
    const x = tensor(numbers, { device, requiresGrad: true });
    const y = functionOf("sigm")(x);
    // It shares the result's numbers, and an optimiser changes them.
    const shared = new Parameter(y.detach());
    shared.grad = tensor(weights, { device });
    new SGD([shared], { lr: 1 }).step();
    expect(() => y.backward(tensor(weights, { device }))).toThrow(
      /'sigm': its result, which it needs, was changed in place/,
    );
  });

  it("notices that an input was changed through a tensor that shares it", () => {
    const x = tensor(numbers, { device, requiresGrad: true });
    const loss = functionOf("geluLike")(x).sum();
    const shared = new Parameter(x.detach());
    shared.grad = tensor(weights, { device });
    new SGD([shared], { lr: 1 }).step();
    expect(() => loss.backward()).toThrow(/was changed in between/);
  });

  it("keeps the result's numbers when it is disposed of", async () => {
    const x = tensor(numbers, { device, requiresGrad: true });
    const y: Tensor = functionOf("plus")(x);
    const loss = y.sum();
    y.dispose();
    loss.backward();
    const expected = numbers.map((value) => expect.closeTo(sigmoid(value), 5));
    expect([...(await x.grad!.read())]).toEqual(expected);
  });

  it("has gradients of gradients as long as the input lives", async () => {
    const x = tensor([0.5, -1], { device, requiresGrad: true });
    const y = functionOf("sigm")(x).sum();
    const [slope] = grad([y], [x], { createGraph: true });
    const [second] = grad([slope!.sum()], [x]);
    const curvature = (value: number): number => sigmoid(value) * (1 - sigmoid(value)) * (1 - 2 * sigmoid(value));
    expect([...(await second!.read())]).toEqual([0.5, -1].map((value) => expect.closeTo(curvature(value), 5)));
    const z = x.mul(1);
    const loss = functionOf("sigm")(z).sum();
    z.dispose();
    expect(() => grad([grad([loss], [x], { createGraph: true })[0]!.sum()], [x])).toThrow(/was disposed of/);
  });
});
