/** Kernels over an axis, measured: the truth, the rows, the emulation with its barriers, and that faults are found. */
import { describe, expect, it, test } from "vitest";
import { globals } from "webgpu";
import { compile } from "../../compiler/compile.js";
import type { Variable } from "../../compiler/ir/expr.js";
import { type Ball, fromNumber, midpoint } from "../../compiler/numerics/ball.js";
import { toBinary64 } from "../../compiler/numerics/rounding.js";
import { type ReferenceRow, RowReference } from "../../compiler/numerics/row-reference.js";
import { breachesOf, promisedBound } from "../../compiler/verification/bounds.js";
import { evidenceOf } from "../../compiler/verification/certificate.js";
import { WebGpuRunner } from "../../compiler/verification/device.js";
import type { EmittedColumn } from "../../compiler/verification/emitted.js";
import { emulatedKernel } from "../../compiler/verification/emulation.js";
import { loadKernel } from "../../compiler/verification/kernels.js";
import type { BatchKernel, Measurement } from "../../compiler/verification/measurement.js";
import { rowCases } from "../../compiler/verification/row-cases.js";
import { measureRows } from "../../compiler/verification/row-measure.js";
import { activationsOf, type Subject, subjectsIn } from "../../compiler/verify.js";
import { readGenerated, entryOf } from "../harness/manifest.js";
import { TypeScriptKernelSet } from "../harness/typescript.js";
import { findSoftwareGpu, requestSoftwareDevice } from "../webgpu/driver.js";

const text = `
softmax(x; axis d = -1) = exp(x) / sum[d](exp(x))
one(x; axis d = -1) = exp(x) / (1 + sum[d](exp(x)))
log_one(x; axis d = -1) = log(1 + sum[d](exp(x)))
rms(x; axis d = -1, learn w[d] = 1, eps = 1e-6) = x / sqrt(mean[d](x^2) + eps) * w
sixth(x; axis d = -1, learn a = 0.5) = a * x^3 / sqrt(mean[d](x^6) + 1e-6)
spread(x; axis d = -1) = (x - min[d](x)) / (max[d](x) - min[d](x) + 1)
pool(x, z; axis d = -1) = sum[d](x * exp(z)) / sum[d](exp(z))
even(x; axis d = -1) = (exp(x) + exp(-x)) / (1 + sum[d](x^4))
`;
const sources = [{ file: "rows.def", text }];
const { files } = await compile(sources, { targets: ["ts", "wgsl"], kernels: ["forward", "backward"] });
const subjects = await subjectsIn(sources, files, {});
const withActivation = activationsOf(sources);
const generated = readGenerated(files);
const kernels = await TypeScriptKernelSet.load(generated);
const subjectNamed = (name: string): Subject => subjects.find((subject) => subject.name === name)!;

const kernelOf = (column: EmittedColumn): Promise<BatchKernel> =>
  column.target === "wgsl" ? Promise.resolve(emulatedKernel(column)) : loadKernel(column);

const measured = (subject: Subject, column: EmittedColumn, kernel: BatchKernel): Measurement =>
  withActivation(subject.name, (activation) => {
    const candidates = [{ kernel, target: column.target }];
    return measureRows(activation, column.of, candidates, subject.defaults[column.target], "sparsest", true)[0]!;
  });

const breaches = (subject: Subject, column: EmittedColumn, measurement: Measurement): string[] => {
  const run = { measurement, parameters: subject.defaults[column.target] };
  const evidence = evidenceOf("measured", [run], subject, { form: "double-double", margin: null, byReference: 0 });
  return breachesOf(evidence, promisedBound(column.target, column.name)).map(({ kind }) => kind);
};

describe.each(subjects)("$name", (subject) => {
  it.each(subject.columns.map((column) => [column.target, column.name, column] as const))(
    "keeps its bounds: %s %s",
    async (_target, _name, column) => {
      const measurement = measured(subject, column, await kernelOf(column));
      expect(breaches(subject, column, measurement), JSON.stringify(measurement)).toEqual([]);
      expect(measurement.count).toBeGreaterThan(10);
      expect(measurement.undecided).toBeLessThan(measurement.count / 10);
    },
  );
});

describe("a planted fault is found", () => {
  const subject = subjectNamed("softmax");
  const column = subject.columns.find(({ target, of }) => target === "ts" && of === null)!;
  const with_ = async (change: (results: Float32Array, x: Float32Array) => void): Promise<string[]> => {
    const right = await kernelOf(column);
    const wrong: BatchKernel = (inputs, parameters) => {
      const results = right(inputs, parameters).slice();
      change(results, inputs[0]!);
      return results;
    };
    return breaches(subject, column, measured(subject, column, wrong));
  };
  it.each([
    ["nothing", () => {}, []],
    [
      "the last element of long rows is two units off",
      (y) => void (y.length > 99 && (y[y.length - 1]! *= 1 + 2 ** -22)),
      ["worst"],
    ],
    [
      "no number where elements are huge",
      (y, x) => void (Math.abs(x[0]!) > 1e29 && x.every(Number.isFinite) && (y[0] = NaN)),
      ["notFinite"],
    ],
    [
      "what is infinite gets nothing",
      (y, x) => x.forEach((each, i) => void (each === Infinity && (y[i] = 0))),
      ["wrongLimit"],
    ],
    ["a NaN is lost", (y, x) => void (x.some(Number.isNaN) && y.fill(0.5)), ["lostNaN"]],
  ] as const satisfies readonly (readonly [string, (y: Float32Array, x: Float32Array) => void, readonly string[]])[])(
    "%s",
    async (_, change, expected) => {
      expect(await with_(change)).toEqual(expected);
    },
  );

  it("a shader that forgets a barrier's worth of threads", () => {
    const own = subject.columns.find(({ target, of }) => target === "wgsl" && of === null)!;
    if (own.target !== "wgsl") throw new Error("a column of the other target");
    const code = own.code.replaceAll("stride = lanes / 2u", "stride = lanes / 4u");
    expect(code).not.toBe(own.code);
    expect(breaches(subject, own, measured(subject, own, emulatedKernel({ ...own, code })))).toContain("worst");
  });

  it.each([
    ["for a larger exponent", /(carried\w*) = (\w+_pair_add)\(\w+_pair_multiply\(\1, scale0\), /g, "$1 = $2($1, "],
    ["for the largest of other threads", /(carried\w*) = \w+_pair_multiply\(\1, less0\);/g, "$1 = $1;"],
  ])("a shader that does not scale the sum that it carries along %s", (_, pattern, replacement) => {
    const own = subject.columns.find(({ target, of }) => target === "wgsl" && of === null)!;
    if (own.target !== "wgsl") throw new Error("a column of the other target");
    const code = own.code.replace(pattern, replacement);
    expect(code).not.toBe(own.code);
    expect(breaches(subject, own, measured(subject, own, emulatedKernel({ ...own, code })))).toContain("worst");
  });
});

describe("the truth over a row", () => {
  const numberOf = (ball: Ball): number => toBinary64(midpoint(ball)) ?? NaN;
  it.each(subjects.map(({ name }) => name))(
    "%s: as the float64 kernels have it, alike elements together or apart",
    (name) => {
      const different = [0.5, -1.25, 2, 0.75];
      const kinds = [0, 1, 2, 3, 1, 1, 0, 3, 1];
      const entry = entryOf(generated, name);
      const values = (shift: number): number[] => kinds.map((kind) => different[(kind + shift) % 4]!);
      const inputs = Object.fromEntries(entry.inputs.map((input, i) => [input, values(i)]));
      const [result] = ["forward64" as const].map((kernel) =>
        kernels.call(entry, kernel, { shape: [9], axis: 0, inputs }),
      );
      const cotangent = values(2).slice(0, result!.output.length);
      const call = { shape: [9], axis: 0, inputs, cotangent };
      const { gradients } = kernels.call(entry, "backward64", call);
      withActivation(name, (activation) => {
        const reference = new RowReference(activation);
        const along = activation.learned.filter(({ shape }) => shape === "axis");
        const part = (k: number, count: number) => ({
          count,
          cotangent: fromNumber(cotangent.length === 1 ? cotangent[0]! : cotangent[k]!),
          values: new Map<Variable, Ball>([
            ...activation.inputs.map((each) => [each, fromNumber(inputs[each.name]![k]!)] as const),
            ...along.map(({ variable, default: value }) => [variable, fromNumber(value)] as const),
          ]),
        });
        const fixed = new Map(
          [...activation.hyperparameters, ...activation.learned].map(({ variable, default: value }) => [
            variable,
            fromNumber(value),
          ]),
        );
        const apart: ReferenceRow = { parts: kinds.map((_, k) => part(k, 1)), fixed };
        const counts = [0, 1, 2, 3].map((kind) => kinds.filter((each) => each === kind).length - 1);
        const rest = counts.flatMap((count, k) => (count > 0 ? [part(k, count)] : []));
        const together: ReferenceRow = { parts: [...[0, 1, 2, 3].map((k) => part(k, 1)), ...rest], fixed };
        const precision = { bits: 128, sums: 0, total: 0 };
        const close = (actual: readonly Ball[], expected: ArrayLike<number>): void =>
          actual.forEach((ball, k) => expect(numberOf(ball)).toBeCloseTo(expected[k]!, 12));
        close(reference.values(apart, precision), result!.output);
        close(reference.values(together, precision).slice(0, 4), result!.output);
        for (const of of [...activation.inputs, ...activation.learned.map(({ variable }) => variable)]) {
          const single = gradients[of.name]!.length === 1;
          close(reference.gradients(of, apart, precision), gradients[of.name]!);
          close(reference.gradients(of, together, precision).slice(0, single ? 1 : 4), gradients[of.name]!);
        }
      });
    },
  );
});

test("rows are the same each time, with each different element in front", () => {
  const list = () => [...rowCases({ inputs: 2, learned: [1] }, "sparsest", true)];
  expect(list()).toEqual(list());
  for (const { kinds, length, columns, cotangent } of list()) {
    const different = Math.min(length, 12);
    expect(Array.from(kinds.slice(0, different))).toEqual(Array.from({ length: different }, (_, k) => k));
    expect([columns.length, cotangent]).toEqual([4, 2]);
  }
});

const { gpu } = findSoftwareGpu();
test.skipIf(gpu === null)("a device gives what the emulation gives, short rows and long ones", async () => {
  Object.assign(globalThis, globals);
  const runner = new WebGpuRunner(await requestSoftwareDevice(), "software");
  const column = subjectNamed("rms").columns.find(({ target, of }) => target === "wgsl" && of === null)!;
  if (column.target !== "wgsl") throw new Error("a column of the other target");
  const [device, emulated] = [await runner.load(column), emulatedKernel(column)];
  for (const length of [1, 7, 300, 5000]) {
    const inputs = [1, 2, 3].map((seed) => Float32Array.from({ length }, (_, k) => Math.sin(seed * (k + 1)) * 1e20));
    const [found, expected] = [await device.run(inputs, [1e-6, 1]), emulated(inputs, [Math.fround(1e-6), 1])];
    expect(found).toEqual(expected);
    expect(found.every(Number.isFinite)).toBe(true);
  }
  device.release();
});
