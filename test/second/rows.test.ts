/**
 * Gradients of gradients over an axis: against central differences of what backward computes in float64, in every direction;
 * in WGSL against TypeScript.
 */
import { describe, expect, it, test } from "vitest";
import { compile } from "../../compiler/compile.js";
import { words } from "../activations/points.js";
import { expectNone, say } from "../activations/standard.js";
import { type ActivationEntry, type Call, entryOf, readGenerated } from "../harness/manifest.js";
import { TypeScriptKernelSet } from "../harness/typescript.js";
import { WgslKernelSet } from "../harness/wgsl.js";
import { findSoftwareGpu, requestSoftwareDevice } from "../webgpu/driver.js";

const definitions = `
softmax(x; axis d = -1) = exp(x) / sum[d](exp(x))
log_softmax(x; axis d = -1) = x - log(sum[d](exp(x)))
logsumexp(x; axis d = -1) = log(sum[d](exp(x)))
rms_norm(x; axis d = -1, learn w[d] = 1, eps = 1e-2) = x / sqrt(mean[d](x^2) + eps) * w
layer_norm(x; axis d = -1, learn w[d] = 1, learn b[d] = 0) = (x - m) / sqrt(mean[d]((x - m)^2) + 1/8) * w + b
  let m = mean[d](x)
pooled(x, z; axis d = -1, learn w = 2) = w * sum[d](x * exp(z)) / sum[d](exp(z))
gated(x, z; axis d = -1, learn w[channel] = 1) = z * exp(w * x) / sum[d](exp(w * x))
extremes(x; axis d = -1) = x * (max[d](x) - min[d](x)) + sum[d](x * max[d](x))
uneven(x, z; axis d = -1, learn a = 0.5) = z * sum[d](sin(a * x)) + a * x^2
  grad z = x * sum[d](x)
`;

const { files } = await compile([{ file: "rows.def", text: definitions }], {
  targets: ["ts", "wgsl"],
  kernels: ["forward", "backward", "doubleBackward"],
});
const generated = readGenerated(files);
const typescript = await TypeScriptKernelSet.load(generated);

const shapes: readonly (readonly [shape: readonly number[], axis: number])[] = [
  [[2, 3], -1],
  [[3, 2, 2], 1],
  [[4], 0],
];
const names = definitions.match(/^\w+(?=\()/gm) ?? [];

function randoms(count: number, seed: number): Float64Array {
  const word = words(seed);
  return Float64Array.from({ length: count }, () => Math.fround((word() / 2 ** 32) * 4 - 2));
}

/** A call with numbers for all that the kernel takes, as long as the kernel wants them. */
function callOf(entry: ActivationEntry, shape: readonly number[], axis: number): Call {
  const size = shape.reduce((a, b) => a * b, 1);
  const length = shape.at(axis) ?? 1;
  const counts: Readonly<Record<string, number>> = { scalar: 1, channel: shape[1] ?? 1, axis: length };
  const countOf = (kind: string): number => counts[kind] ?? NaN;
  const results = typescript.call(entry, "forward64", {
    shape,
    axis,
    inputs: Object.fromEntries(entry.inputs.map((name) => [name, randoms(size, 1)])),
  }).output.length;
  const parameters = Object.fromEntries(
    entry.learned.map(({ name, shape: kind }, i) => [name, randoms(countOf(kind), 9 + i)]),
  );
  return {
    shape,
    axis,
    inputs: Object.fromEntries(entry.inputs.map((name, i) => [name, randoms(size, 2 + i)])),
    cotangent: randoms(results, 5),
    parameters,
    cotangents: Object.fromEntries([
      ...entry.inputs.map((name, i) => [`d${name}`, randoms(size, 20 + i)] as const),
      ...entry.learned.map(({ name, shape: kind }, i) => [`d${name}`, randoms(countOf(kind), 30 + i)] as const),
    ]),
  };
}

/** The sum of what backward gives, each times its cotangent. */
function weighed(entry: ActivationEntry, call: Call): number {
  const { gradients } = typescript.call(entry, "backward64", call);
  let sum = 0;
  for (const [of, gradient] of Object.entries(gradients))
    for (const [i, g] of gradient.entries()) sum += g * call.cotangents![`d${of}`]![i]!;
  return sum;
}

describe.each(names)("%s", (name) => {
  it.each(shapes)("of %j along %i: what central differences give", (shape, axis) => {
    const entry = entryOf(generated, name);
    const call = callOf(entry, shape, axis);
    const { gradients } = typescript.call(entry, "doubleBackward64", call);
    const step = 2 ** -13;
    const moved = (values: ArrayLike<number>, at: number, by: number): number[] =>
      Array.from(values, (value, i) => (i === at ? value + by : value));
    const faults: string[] = [];
    const check = (of: string, values: ArrayLike<number>, at: (changed: number[]) => Call): void => {
      expect(gradients[of]?.length, of).toBe(values.length);
      Array.from(values).forEach((_, i) => {
        const at2 = (by: number): number => weighed(entry, at(moved(values, i, by)));
        const slope = (4 * (at2(step / 2) - at2(-step / 2)) - (at2(step) - at2(-step)) / 2) / (3 * step);
        const actual = gradients[of]![i]!;
        if (!(Math.abs(actual - slope) <= 1e-8 * (1 + Math.abs(slope))))
          faults.push(`${of}[${i}]: ${actual}, not ${slope}`);
      });
    };
    check("dy", call.cotangent!, (cotangent) => ({ ...call, cotangent }));
    for (const input of entry.inputs)
      check(input, call.inputs[input]!, (values) => ({ ...call, inputs: { ...call.inputs, [input]: values } }));
    for (const { name: learned } of entry.learned) {
      const given = call.parameters![learned]!;
      if (typeof given === "number") continue;
      check(learned, given, (values) => ({ ...call, parameters: { ...call.parameters, [learned]: values } }));
    }
    expectNone(faults);
  });
});

/** Shaders take the driver seconds to build: outside of CI two stand for all. */
const executed = process.env["CI"] === undefined ? ["logsumexp", "rms_norm"] : names;

test("in WGSL there are kernels where eight buffers do", () => {
  const missing = names.filter((name) => !entryOf(generated, name).kernels.wgsl?.doubleBackward);
  expect(missing).toEqual(["gated"]);
  const passes = generated.manifest.activations.flatMap(({ kernels: { wgsl } }) => wgsl?.doubleBackward?.passes ?? []);
  for (const { bindings, entryPoint } of passes)
    expect(bindings.filter(({ type }) => type !== "uniform").length, entryPoint).toBeLessThanOrEqual(8);
});

test.skipIf(findSoftwareGpu().gpu === null)("in WGSL they give what TypeScript gives", async () => {
  const activations = generated.manifest.activations.filter(
    ({ name, kernels }) => kernels.wgsl?.doubleBackward && executed.includes(name),
  );
  const part = { ...generated, manifest: { ...generated.manifest, activations } };
  const gpu = await WgslKernelSet.load(await requestSoftwareDevice(), part, ["doubleBackward"]);
  say(`WGSL: gradients of gradients of ${gpu.size} activations over an axis are executed`);
  const faults: string[] = [];
  const rows = [
    [3, 70],
    [1, 5000],
  ];
  for (const [entry, shape] of activations.flatMap((each) => rows.map((size) => [each, size] as const))) {
    const call = callOf(entry, shape, -1);
    const expected = typescript.call(entry, "doubleBackward64", call).gradients;
    const { gradients } = await gpu.call(entry, "doubleBackward", call);
    expect(Object.keys(gradients).sort(), entry.name).toEqual(Object.keys(expected).sort());
    for (const [of, values] of Object.entries(expected)) {
      const size = Math.max(1e-3, ...Array.from(values, Math.abs));
      Array.from(values).forEach((value, i) => {
        const actual = gradients[of]![i]!;
        if (!(Math.abs(actual - value) <= 2 ** -20 * size))
          faults.push(`${entry.name} of ${shape.join(" x ")}, ${of}[${i}]: ${actual}, not ${value}`);
      });
    }
  }
  expectNone(faults);
});
