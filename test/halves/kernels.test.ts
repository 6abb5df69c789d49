/** Kernels over float16: validated, and emulated at all 65,536 inputs. */
import { beforeAll, describe, expect, test } from "vitest";
import { compile } from "../../compiler/compile.js";
import { toFloat16 } from "../../compiler/numerics/float16.js";
import { type Compiled, compiled, expectNone } from "../activations/standard.js";
import { EmulatedKernelSet } from "../harness/emulated.js";
import { type ActivationEntry, entryOf, fileText, type Generated } from "../harness/manifest.js";
import { WgslKernelSet } from "../harness/wgsl.js";
import { comparedSums } from "../second-driver/compare.js";
import { callFor } from "../second-driver/calls.js";
import { requestValidatingDevice } from "../webgpu/driver.js";
import { bound, comparedHalves, everyHalf, type HalfColumn, nameOf } from "./compare.js";

const text = `
relu(x) = where(x > 0, x, 0)
hard_tanh(x) = clamp(x, -1, 1)
hard_swish(x) = x * clamp(x + 3, 0, 6) / 6
softplus(x) = log(1 + exp(x))
silu(x) = x / (1 + exp(-x))
gelu(x) = x / 2 * (1 + erf(x / sqrt(2)))
elu(x; alpha = 1) = where(x > 0, x, alpha * (exp(x) - 1))
spike(x; slope = 25) = where(x > 0, 1, 0)
  grad x = 1 / (1 + slope * abs(x))^2
prelu(x; learn weight[channel] = 0.25) = where(x > 0, x, weight * x)
shifted(x; learn b = 0.5) = where(x > 0, x, 0) + b
reglu(gate, up) = where(gate > 0, gate, 0) * up
softmax(x; axis d = -1) = exp(x) / sum[d](exp(x))
rrelu(x; lower = 1/8, upper = 1/3) = where(x >= 0, x, a * x)
  random a = train uniform(lower, upper) eval (lower + upper) / 2
`;

let subject: Compiled;
beforeAll(async () => {
  subject = await compiled(text, ["fused"], ["ts", "wgsl-f16"]);
});

const shaderOf = ({ files }: Generated, { kernels }: ActivationEntry): string =>
  fileText(files, kernels["wgsl-f16"]?.file ?? "");

function compared(
  entry: ActivationEntry,
  generated = subject.generated,
  parameters: Readonly<Record<string, number>> = {},
): HalfColumn[] {
  const emulated = new EmulatedKernelSet(generated, "wgsl-f16");
  const usual = everyHalf(entry);
  const call = { ...usual, parameters: { ...usual.parameters, ...parameters } };
  const outcomes = {
    forward: emulated.call(entry, "forward", call),
    backward: emulated.call(entry, "backward", call, (of) => entry.inputs.includes(of)),
  };
  return comparedHalves(subject, entry, call, outcomes);
}

const faultsOf = (columns: readonly HalfColumn[]): string[] =>
  columns.flatMap(({ of, error, at, wrong }) => [
    ...wrong,
    ...(error > bound ? [`${nameOf(of)} off by ${error}: ${at}`] : []),
  ]);

test("a compiler of shaders accepts every kernel, where there is float16 alone", async () => {
  const device = await requestValidatingDevice();
  const kernels = await WgslKernelSet.load(device, subject.generated, ["forward", "backward"], "wgsl-f16");
  expect(kernels.size).toBe(subject.entries.length);
  for (const { kernels: own } of subject.entries) {
    const passes = [own["wgsl-f16"]?.forward, own["wgsl-f16"]?.backward];
    for (const kernel of passes) expect(kernel?.requires).toEqual(["shader-f16"]);
  }
});

describe("results are within half a unit, and a hundredth, at all inputs", () => {
  test.each([
    "relu",
    "hard_tanh",
    "hard_swish",
    "softplus",
    "silu",
    "gelu",
    "elu",
    "spike",
    "prelu",
    "shifted",
    "reglu",
  ])("%s", (name) => expectNone(faultsOf(compared(entryOf(subject.generated, name)))));

  test.each([
    ["elu", { alpha: 60000 }],
    ["elu", { alpha: -(2 ** -20) }],
    ["spike", { slope: 0.001 }],
    ["prelu", { weight: -1 / 3 }],
  ])("%s with %o", (name, parameters) => {
    expectNone(faultsOf(compared(entryOf(subject.generated, name), subject.generated, parameters)));
  });

  test("which sees an error of a tenth of a unit before rounding", () => {
    const entry = entryOf(subject.generated, "silu");
    const { files, manifest } = subject.generated;
    const file = entry.kernels["wgsl-f16"]?.file ?? "";
    const shader = shaderOf(subject.generated, entry);
    const spoilt = shader.replace("bounded * silu_sigmoid(bounded), x", "1.00005 * $&");
    expect(spoilt).not.toBe(shader);
    const columns = compared(entry, { manifest, files: new Map([...files, [file, spoilt]]) });
    expect(columns[0]?.error).toBeGreaterThan(0.55);
    expect(columns[1]?.error).toBeLessThan(bound);
  });
});

test("gradients of learned parameters are sums in float32", () => {
  for (const name of ["prelu", "shifted"]) {
    const entry = entryOf(subject.generated, name);
    const call = callFor(entry, "sums", 0)!;
    const half = (numbers: ArrayLike<number>): Float32Array => Float32Array.from(numbers, toFloat16);
    const inputs = { x: half(call.inputs["x"] ?? []) };
    const halves = { ...call, inputs, cotangent: half(call.cotangent ?? []) };
    const emulated = new EmulatedKernelSet(subject.generated, "wgsl-f16");
    expectNone(comparedSums(subject, entry, halves, emulated.call(entry, "backward", halves)));
  }
  // Terms are not rounded before, nor do sums of float16 overflow.
  expect(shaderOf(subject.generated, entryOf(subject.generated, "shifted"))).toMatch(/fn shifted_backward\(dy: f32/);
});

describe("what is written", () => {
  test("tensors are float16, parameters and sums float32", () => {
    const bindings = entryOf(subject.generated, "prelu").kernels["wgsl-f16"]?.backward.passes.flatMap(
      (pass) => pass.bindings,
    );
    const elements = Object.fromEntries(
      (bindings ?? []).filter(({ role }) => role !== "uniforms").map(({ name, element }) => [name, element]),
    );
    expect(elements).toEqual({ dy: "f16", x: "f16", dx: "f16", weight: "f32", partials: "f32", dweight: "f32" });
    const [pass] = entryOf(subject.generated, "relu").kernels["wgsl-f16"]?.forward.passes ?? [];
    expect(pass?.bindings.map(({ element }) => element)).toEqual([undefined, "vec4<f16>", "vec4<f16>"]);
  });

  test("selections are left in float16, and no digits are kept ready that nobody needs", () => {
    const [relu, gelu] = ["relu", "gelu"].map((name) => shaderOf(subject.generated, entryOf(subject.generated, name)));
    expect(relu).toContain("fn relu_backward(dy: f16, x: f16) -> f16 {\n  return select(0.0h, dy, x > 0.0h);\n}");
    expect(relu).not.toContain("vec4<f32>");
    expect(gelu).not.toContain("wide");
  });

  test("only where it is asked for, and the other files stay as they are", async () => {
    const sources = [{ file: "a.def", text: "gelu(x) = x / 2 * (1 + erf(x / sqrt(2)))\n" }];
    const [usual, all] = await Promise.all(
      [["ts", "wgsl"] as const, ["ts", "wgsl", "wgsl-f16"] as const].map((targets) => compile(sources, { targets })),
    );
    const texts = new Map(all?.files.map(({ path, text: content }) => [path, content]));
    for (const { path, text: content } of usual?.files ?? [])
      if (path !== "manifest.json") expect(texts.get(path)).toBe(content);
    const added = [...texts.keys()].filter((path) => !usual?.files.some((file) => file.path === path));
    expect(added).toEqual(["gelu.f16.wgsl", "gelu.f16.wgsl.ts"]);
    expect(texts.get("gelu.f16.wgsl.ts")).toMatch(/export const geluF16Wgsl: string = /);
  });
});
