/** WGSL kernels in single numbers for all operands, or for ordinary ones and careful for the others. */
import { beforeAll, describe, expect, test } from "vitest";
import { compile, type OutputFile, type ShaderChoice } from "../../compiler/compile.js";
import { activationsOf, type Subject, subjectsIn } from "../../compiler/verify.js";
import { boundOn, promisedBound } from "../../compiler/verification/bounds.js";
import { findingKinds } from "../../compiler/verification/certificate.js";
import { Measurer } from "../../compiler/verification/measurer.js";
import { findSoftwareGpu, requestSoftwareDevice } from "../webgpu/driver.js";
import { EmulatedKernelSet } from "../harness/emulated.js";
import { type Generated, type Outcome, readGenerated } from "../harness/manifest.js";
import { WgslKernelSet } from "../harness/wgsl.js";

const text = `
relu(x) = where(x > 0, x, 0)
sigmoid(x) = 1 / (1 + exp(-x))
tanh(x) = tanh(x)
silu(x) = x / (1 + exp(-x))
gelu(x) = x / 2 * (1 + erf(x / sqrt(2)))
mish(x) = x * tanh(log(1 + exp(x)))
elu(x; alpha = 1) = where(x > 0, x, alpha * (exp(x) - 1))
softplus(x; beta = 1 in (0, inf)) = log(1 + exp(beta * x)) / beta
selu(x) = 1.05 * where(x > 0, x, 1.67 * (exp(x) - 1))
gelu_tanh(x) = x / 2 * (1 + tanh(sqrt(2 / pi) * (x + 0.044715 * x^3)))
hard_swish(x) = x * clamp(x + 3, 0, 6) / 6
glu(gate, up) = up / (1 + exp(-gate))
scaled(x; learn a = 0.5) = a * x / (1 + exp(-x))
steep(x; b = 1) = 1 / (1 + exp(-b * x))
prelu(x; learn weight[channel] = 0.25) = where(x > 0, x, weight * x)
`;
const sources = [{ file: "a.def", text }];

let files: readonly OutputFile[];
let subjects: readonly Subject[];
let measurer: Measurer;
beforeAll(async () => {
  files = await compiled();
  subjects = await subjectsIn(sources, files, { targets: ["wgsl"] });
  measurer = new Measurer(activationsOf(sources), () => {
    throw new Error("nothing runs on a device here");
  });
}, 60_000);

async function compiled(shaders?: ShaderChoice): Promise<readonly OutputFile[]> {
  const options = { targets: ["wgsl"], kernels: ["forward", "backward"], ...(shaders ? { shaders } : {}) } as const;
  return (await compile(sources, options)).files;
}

/** Columns by name: with a careful function for what is not ordinary, or quick for all operands. */
const quickColumns = (careful: readonly Subject[], hasRest: boolean): readonly string[] =>
  subjects.flatMap(({ name, columns }, s) =>
    columns.flatMap(({ target, of, ...column }, c) => {
      if (target !== "wgsl" || !("scalar" in column)) return [];
      const usual = careful[s]?.columns[c];
      const isOther = usual && "scalar" in usual && usual.digest !== column.digest;
      const rests = column.code.includes(`${column.scalar?.name}_quickly(`);
      return isOther && rests === hasRest ? [`${name} ${of ?? "forward"}`] : [];
    }),
  );

test("what is quick unless asked to be careful", async () => {
  const careful = await subjectsIn(sources, await compiled("careful"), { targets: ["wgsl"] });
  expect(quickColumns(careful, false)).toMatchInlineSnapshot(`
    [
      "sigmoid x",
      "tanh x",
      "silu forward",
      "silu x",
      "gelu forward",
      "gelu x",
      "mish forward",
      "mish x",
      "elu forward",
      "elu x",
      "softplus forward",
      "softplus x",
      "selu forward",
      "selu x",
      "gelu_tanh forward",
      "gelu_tanh x",
      "hard_swish forward",
      "hard_swish x",
      "scaled x",
      "scaled a",
    ]
  `);
  expect(quickColumns(careful, true)).toMatchInlineSnapshot(`
    [
      "glu forward",
      "glu gate",
      "glu up",
      "scaled forward",
      "steep forward",
      "steep x",
    ]
  `);
  for (const file of await compiled("careful")) expect(file.text).not.toContain("_quickly(");
});

async function faultsOf({ name, columns, defaults, settings }: Subject): Promise<readonly string[]> {
  const faults: string[] = [];
  for (const column of columns) {
    const bound = promisedBound("wgsl", column.of === null ? "forward" : `d/d${column.of}`);
    for (const [i, parameters] of [defaults.wgsl, ...settings.wgsl.filter((_, k) => k % 4 === 0)].entries()) {
      const work =
        i === 0
          ? ({ kind: "points", stratified: 2048, byReference: 0 } as const)
          : ({ kind: "points", stratified: 64, byReference: 0, density: "sparse" } as const);
      const task = { activation: name, column, parameters, emulated: true, work };
      const outcome = await measurer.measure(task);
      if (outcome.kind !== "measured") throw new Error("points are measured");
      for (const kind of findingKinds) {
        const finding = outcome.measurement[kind];
        if (finding && finding.ulp > boundOn(kind, bound)) {
          faults.push(`${column.of ?? "forward"} at ${String(parameters)}: ${kind} ${JSON.stringify(finding)}`);
        }
      }
    }
  }
  return faults;
}

describe("keep the promised bounds, at adversarial parameters too", () => {
  const all = [...text.matchAll(/^(\w+)\(/gm)].map(([, name]) => name!);
  test.each(
    process.env["CI"] === undefined ? ["tanh", "silu", "gelu", "gelu_tanh", "mish", "elu", "softplus", "scaled"] : all,
  )("%s", async (name) => {
    expect(await faultsOf(subjects.find((subject) => subject.name === name)!)).toEqual([]);
  });
});

describe.skipIf(findSoftwareGpu().gpu === null)("on the software driver", () => {
  const special = [NaN, 1e30, -1e30, 0, -0, 65, -65, 1e-40, Infinity, -Infinity, 700, -12.5];
  let generated: Generated;
  let onDevice: WgslKernelSet;
  beforeAll(async () => {
    const all = readGenerated(files);
    const activations = all.manifest.activations.filter(({ name }) =>
      ["silu", "glu", "scaled", "steep"].includes(name),
    );
    generated = { ...all, manifest: { ...all.manifest, activations } };
    onDevice = await WgslKernelSet.load(await requestSoftwareDevice(), generated);
  });

  test.each([
    [
      "ordinary numbers and others side by side",
      (i: number) => (i % 3 === 1 ? special[i % special.length]! : (i % 31) / 5 - 3),
    ],
    ["one that is not ordinary, in the last place", (i: number) => (i === 5002 ? -66 : (i % 31) / 5 - 3)],
    ["none that is ordinary", (i: number) => special[i % special.length]!],
  ])("%s", async (_, number) => {
    const emulated = new EmulatedKernelSet(generated);
    for (const [entry, count] of generated.manifest.activations.flatMap((each) =>
      [1, 5003].map((n) => [each, n] as const),
    )) {
      const numbers = Array.from({ length: count }, (__, i) => number(i + 5003 - count));
      const call = {
        shape: [count],
        inputs: Object.fromEntries(entry.inputs.map((name, k) => [name, k === 0 ? numbers : numbers.toReversed()])),
        cotangent: numbers.map((__, i) => 1 + (i % 5) / 4),
        parameters: {},
      };
      const isNoNumber = (i: number): boolean => Object.values(call.inputs).some((values) => Number.isNaN(values[i]));
      for (const kernel of ["forward", "backward"] as const) {
        const [actual, expected] = [await onDevice.call(entry, kernel, call), await emulated.call(entry, kernel, call)];
        const results = ({ output, gradients }: Outcome): readonly string[] =>
          (kernel === "forward" ? [output] : entry.inputs.map((name) => gradients[name]!)).flatMap((tensor) =>
            // The derivative at a NaN is not specified.
            Array.from(tensor, (x, i) => (kernel === "backward" && isNoNumber(i) ? "unspecified" : String(x))),
          );
        expect(results(actual), `${entry.name} ${kernel} ${count}`).toEqual(results(expected));
      }
    }
  });

  test("a parameter that is no number", async () => {
    const steep = generated.manifest.activations.find(({ name }) => name === "steep")!;
    const inputs = { x: [-200, -1.3, 0, 0.7, 1e30] };
    const { output } = await onDevice.call(steep, "forward", { shape: [5], inputs, parameters: { b: NaN } });
    expect([...output]).toEqual(inputs.x.map(() => NaN));
  });
});
