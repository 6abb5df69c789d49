/** Kernels beside forward and backward: value and derivatives together, and gradients of gradients, by the manifest alone. */
import { describe, expect, test } from "vitest";
import { compile } from "../../compiler/compile.js";
import { wgslName } from "../../compiler/names.js";
import { emulatedFunction } from "../../compiler/verification/emulation.js";
import { finitePoints } from "../activations/points.js";
import {
  type ActivationEntry,
  type Call,
  fileText,
  type Generated,
  readGenerated,
  type Tensor,
} from "../harness/manifest.js";
import { TypeScriptKernelSet } from "../harness/typescript.js";
import { WgslKernelSet } from "../harness/wgsl.js";
import { expectNone, say, standardGenerated } from "../activations/standard.js";
import { findSoftwareGpu, requestSoftwareDevice, requestValidatingDevice } from "../webgpu/driver.js";
import { difference, randomCall, resultsOf, seedOf } from "./calls.js";

/** Definitions of every kind of argument, and with gradients that are declared. */
const definitions = `
pulse(x; slope = 2) = where(x > 0, 1, 0)
  grad x = 1 / (1 + slope * abs(x))^2
half_declared(x; learn a = 0.7, learn b[channel] = 0.4) = a * sin(b * x) + x^2 * b
  grad a = x * b^2
calls(x; learn k = 1.2) = x * pulse(k * x, slope = 3) + k^2 * x
lopsided(x, z) = x * z^2
  grad x = sin(z)
calls_lopsided(x, z) = x * lopsided(x, z)
stopped(x, z) = x * stop_gradient(x * z) + exp(z) * sin(x)
gate_per_channel(x, gate; learn a[channel] = 0.8, learn b = 0.3) = x * sigmoid(a * gate + b) + b^2 * gate
select_channel(x; learn a[channel] = 0.8) = where(x > 0, x, a * x)
select3(x, h, t; learn a[channel] = 0.8) = where(t > 0, a * h, x * t)
select4(a, b, c, d) = where(a > 0, a * b, c * d)
select5(a, b, c, d, e; learn k[channel] = 1.5) = where(a > 0, where(b > 0, a * k, c * d), e * k)
select_gate(x, gate; learn a[channel] = 0.8, learn b = 0.3) = where(gate > 0, a * x, b * gate)
select_many(x; learn a = 1.1, learn b = 2, learn c[channel] = 1.3, learn d = 0.4, learn e[channel] = 0.5) =
  where(x > 1, a * x, where(x > 0, b * x, where(x > -1, c * x, where(x > -1.5, d * x, e * x))))
many(x; learn a = 1, learn b = 2, learn c[channel] = 3, learn d = 4, learn e[channel] = 5, learn f = 6) =
  a * x + b * x^2 + c * sin(x) + d * e * x^3 / 60 + f^2 * x
names(y, dx; learn ddx = 0.6) = y^2 * dx + sin(ddx * dx)
dy(dy, x) = dy^2 * sin(x)
linear(x; learn a = 2) = a * x + 1
`;

const smallSource = { file: "small.def", text: definitions };
const compiled = await compile([smallSource], { targets: ["ts", "wgsl"] });
const own = readGenerated(compiled.files);
const standard = standardGenerated();

const elementwise = ({ manifest }: Generated): ActivationEntry[] =>
  manifest.activations.filter(({ axis }) => axis === null);

const sets = [
  ["definitions of all kinds", own, await TypeScriptKernelSet.load(own)],
  ["the standard activations", standard, await TypeScriptKernelSet.load(standard)],
] as const;

const close = (actual: number, expected: number, tolerance: number): boolean =>
  Math.abs(actual - expected) <= tolerance * Math.max(1, Math.abs(expected)) || (isNaN(actual) && isNaN(expected));

/** Names and places where numbers differ. */
function differing(
  name: string,
  actual: Readonly<Record<string, Tensor>>,
  expected: (of: string, i: number, value: number) => number,
  tolerance: number,
): string[] {
  return resultsOf(actual).flatMap(([of, values]) =>
    [...values].flatMap((value, i) => {
      const right = expected(of, i, value);
      return close(value, right, tolerance) ? [] : [`${name}: d${of}[${i}] is ${value}, not ${right}`];
    }),
  );
}

test("what is called dy has a gradient too, though not by that name alone", () => {
  // The gradient in the cotangent and the one in an input of that name: two arguments.
  const entry = own.manifest.activations.find(({ name }) => name === "dy")!;
  const written = entry.kernels.ts?.doubleBackward?.arguments.filter(({ role }) => role === "gradient") ?? [];
  expect(written.map(({ of }) => of)).toEqual(["dy", "dy", "x"]);
  expect(new Set(written.map(({ name }) => name)).size).toBe(3);
});

/** Gradients of gradients from first and second derivatives, where differences would see what is declared, or stopped. */
function bySecondDerivatives(
  call: Call,
  variables: readonly string[],
  derivatives: (numbers: readonly number[]) => {
    readonly first: readonly number[];
    readonly second: readonly (readonly number[])[];
  },
): Record<string, Float64Array> {
  const numbersOf = (name: string): ArrayLike<number> => {
    const given = call.inputs[name] ?? call.parameters?.[name] ?? [];
    return typeof given === "number" ? [given] : given;
  };
  const all = variables.map(numbersOf);
  const cotangents = variables.map((name) => call.cotangents?.[`d${name}`] ?? []);
  const results = [new Float64Array(8), ...all.map(({ length }) => new Float64Array(length))];
  for (let i = 0; i < 8; i++) {
    const at = (values: ArrayLike<number>): number => values[values.length === 1 ? 0 : i] ?? NaN;
    const { first, second } = derivatives(all.map(at));
    const sum = (of: readonly number[]): number => of.reduce((total, each, j) => total + each * at(cotangents[j]!), 0);
    results[0]![i] = sum(first);
    variables.forEach((_, w) => {
      const place = results[w + 1]!.length === 1 ? 0 : i;
      results[w + 1]![place]! += call.cotangent![i]! * sum(second.map((row) => row[w]!));
    });
  }
  return Object.fromEntries(["dy", ...variables].map((name, i) => [name, results[i]!]));
}

describe("what is declared is itself differentiated", () => {
  const kernels = sets[0][2];
  const entryOf = (name: string): ActivationEntry => own.manifest.activations.find((each) => each.name === name)!;
  const agree = (name: string, expected: (call: Call) => Record<string, Float64Array>): void => {
    const call = randomCall(entryOf(name), 5);
    const { gradients } = kernels.call(entryOf(name), "doubleBackward64", call);
    const right = expected(call);
    expect(Object.keys(gradients)).toEqual(Object.keys(right));
    expectNone(differing(name, gradients, (of, i) => right[of]![i]!, 1e-12));
  };

  test("in a definition that is called", () => {
    // f = x p(k x) + k^2 x, where p is a step, and e stands for its derivative.
    agree("calls", (call) =>
      bySecondDerivatives(call, ["x", "k"], ([x = NaN, k = NaN]) => {
        const u = k * x;
        const e = 1 / (1 + 3 * Math.abs(u)) ** 2;
        const de = (-6 * Math.sign(u)) / (1 + 3 * Math.abs(u)) ** 3;
        const mixed = 2 * x * e + x * x * k * de + 2 * k;
        return {
          first: [(u > 0 ? 1 : 0) + x * k * e + k * k, x * x * e + 2 * k * x],
          // d2f/dv dw: a row for each v.
          second: [
            [2 * k * e + x * k * k * de, mixed],
            [mixed, x ** 3 * de + 2 * x],
          ],
        };
      }),
    );
  });

  test("in one variable alone, whichever is differentiated first", () => {
    // f = x l(x, z) with l = x z^2, of which the derivative in x is sin(z).
    agree("calls_lopsided", (call) =>
      bySecondDerivatives(call, ["x", "z"], ([x = NaN, z = NaN]) => ({
        first: [x * Math.sin(z) + x * z * z, 2 * x * x * z],
        second: [
          [2 * Math.sin(z), x * Math.cos(z) + 2 * x * z],
          [4 * x * z, 2 * x * x],
        ],
      })),
    );
  });

  test("and what is stopped is a constant to the second derivative too", () => {
    agree("stopped", (call) =>
      bySecondDerivatives(call, ["x", "z"], ([x = NaN, z = NaN]) => ({
        first: [x * z + Math.exp(z) * Math.cos(x), Math.exp(z) * Math.sin(x)],
        second: [
          [-Math.exp(z) * Math.sin(x), Math.exp(z) * Math.cos(x)],
          [Math.exp(z) * Math.cos(x), Math.exp(z) * Math.sin(x)],
        ],
      })),
    );
  });
});

describe.each(sets)("%s", (_, generated, kernels) => {
  const entries = elementwise(generated).filter(({ name }) => name !== "dy");

  test("have both kernels in both targets", () => {
    for (const { kernels: each } of entries) {
      expect(Object.keys(each.ts ?? {})).toEqual(
        expect.arrayContaining(["fused", "fused64", "doubleBackward", "doubleBackward64"]),
      );
      expect(Object.keys(each.wgsl ?? {})).toEqual(expect.arrayContaining(["fused", "doubleBackward"]));
    }
  });

  test("have gradients of gradients that are those of differences", () => {
    // Where a kink lies between the two points of a difference, it says nothing, and what is random has kinks that move.
    const derived = entries.filter(
      ({ name, draws }) => !["calls", "calls_lopsided", "stopped"].includes(name) && !draws,
    );
    const faults = derived.flatMap((entry) => {
      const call = randomCall(entry, seedOf(entry.name));
      const { gradients } = kernels.call(entry, "doubleBackward64", call);
      const wanted = ["dy", ...entry.inputs, ...entry.learned.map(({ name }) => name)];
      expect(Object.keys(gradients)).toEqual(wanted);
      const values = kernels.call(entry, "forward64", call).output;
      const expected = (of: string, i: number, value: number): number =>
        isNaN(values[i]!) ? NaN : (difference(kernels, entry, call, of, i) ?? value);
      return differing(entry.name, gradients, expected, 1e-6);
    });
    expectNone(faults);
  });

  test("have the same in float32, rounded", () => {
    const faults = entries.flatMap((entry) => {
      const call = randomCall(entry, seedOf(entry.name));
      const double = kernels.call(entry, "doubleBackward64", call).gradients;
      const { gradients } = kernels.call(entry, "doubleBackward", call);
      return differing(entry.name, gradients, (of, i) => Math.fround(double[of]![i]!), 0);
    });
    expectNone(faults);
  });

  test("have a fused kernel that gives what forward and backward give", () => {
    const faults = entries.flatMap((entry) => {
      const call = { ...randomCall(entry, seedOf(entry.name) + 1), cotangent: new Float32Array(8).fill(1) };
      const { output } = kernels.call(entry, "forward", call);
      const { gradients } = kernels.call(entry, "backward", call);
      const fused = kernels.call(entry, "fused", call);
      expect(Object.keys(fused.derivatives ?? {})).toEqual([...entry.inputs]);
      return [
        ...differing(`${entry.name}'s value`, { y: fused.output }, (_of, i) => output[i]!, 2 ** -24),
        ...differing(entry.name, fused.derivatives ?? {}, (of, i) => gradients[of]![i]!, 2 ** -24),
      ];
    });
    expectNone(faults);
  });
});

describe("where numbers end, fused kernels give what forward and backward give", () => {
  const special = [NaN, Infinity, -Infinity, 0, -0, ...finitePoints.filter((_, i) => i % 16 === 0)];
  const constants = (entry: ActivationEntry): Float32Array[] =>
    [
      ...entry.inputs.slice(1).map(() => 0.7),
      ...[...entry.learned, ...entry.hyperparameters].map((p) => p.default),
    ].map((value) => new Float32Array(special.length).fill(value));
  const sameNumber = (a: number, b: number): boolean => close(a, b, 0) || Object.is(a, b) || a === b;
  const unlike = (name: string, actual: Tensor, expected: Tensor, nan: boolean): string[] =>
    special.flatMap((x, i) => {
      const [a, b] = [actual[i]!, expected[i]!];
      const isFine = (isNaN(x) && !nan) || sameNumber(a, b) || Math.abs(a - b) <= 2 ** -23 * Math.abs(b);
      return isFine ? [] : [`${name} at ${x} is ${a}, not ${b}`];
    });

  test("in TypeScript", () => {
    const kernels = sets[1][2];
    const faults = elementwise(standard).flatMap((entry) => {
      const [first = "", ...others] = entry.inputs;
      const inputs = { [first]: special, ...Object.fromEntries(others.map((name) => [name, special.map(() => 0.7)])) };
      const call = { shape: [special.length], inputs, cotangent: special.map(() => 1) };
      const fused = kernels.call(entry, "fused", call);
      const { output } = kernels.call(entry, "forward", call);
      const { gradients } = kernels.call(entry, "backward", call);
      return [
        ...unlike(entry.name, fused.output, output, true),
        ...entry.inputs.flatMap((of) =>
          unlike(`${entry.name}'s d${of}`, fused.derivatives![of]!, gradients[of]!, false),
        ),
      ];
    });
    expectNone(faults);
  });

  test.each([
    ["definitions of all kinds", own, 3],
    ["the standard activations", standard, 5],
  ] as const)("in WGSL, emulated: %s", (_, { files, ...generated }, every) => {
    // What is random takes more operands than these.
    const fixed = elementwise({ files, ...generated }).filter(({ draws }) => !draws);
    const some = fixed.filter((_, i) => i % every === 0);
    const faults = some.flatMap((entry) => {
      const text = fileText(files, entry.kernels.wgsl!.file);
      const operands = [Float32Array.from(special), ...constants(entry)];
      const run = (suffix: string, place: number, before: readonly Float32Array[] = []): Float32Array =>
        Float32Array.from(emulatedFunction(text, `${wgslName(entry.name)}${suffix}`, place)([...before, ...operands]));
      const ones = new Float32Array(special.length).fill(1);
      return [
        ...unlike(entry.name, run("_fused", 0), run("", 0), true),
        ...unlike(`${entry.name}'s slope`, run("_fused", 1), run("_backward", 0, [ones]), false),
      ];
    });
    expectNone(faults);
  });
});

const { gpu } = findSoftwareGpu();
/** Long shaders take the driver a second or more; what such compute is emulated elsewhere. */
const isShort = ({ kernels }: ActivationEntry, { files }: Generated): boolean =>
  (files.get(kernels.wgsl?.file ?? "") ?? "").length < 24_000;

describe("in WGSL", () => {
  const executed: Generated = {
    files: new Map([...standard.files, ...own.files]),
    manifest: {
      ...own.manifest,
      activations: [
        ...elementwise(own).filter((entry) => entry.name !== "dy" && isShort(entry, own)),
        ...elementwise(standard).filter((entry, i) => isShort(entry, standard) && i % 4 === 0),
      ],
    },
  };
  const kinds = ["forward", "backward", "fused", "doubleBackward"] as const;

  test("all kernels are valid, and keep to eight buffers", async () => {
    const device = await requestValidatingDevice();
    // The whole text of all is validated elsewhere too; outside of CI it is read again of every fourth.
    const every = process.env["CI"] === undefined ? 4 : 1;
    const activations = standard.manifest.activations.filter((_, i) => i % every === 0);
    const part = { ...standard, manifest: { ...standard.manifest, activations } };
    const kernels = await WgslKernelSet.load(device, part, ["fused", "doubleBackward"]);
    expect(kernels.size).toBe(activations.length);
    const passes = [...standard.manifest.activations, ...own.manifest.activations].flatMap(({ kernels: { wgsl } }) => [
      ...(wgsl?.fused?.passes ?? []),
      ...(wgsl?.doubleBackward?.passes ?? []),
    ]);
    for (const { bindings, entryPoint } of passes.filter(({ bindings: [first] }) => first)) {
      expect(bindings.filter(({ type }) => type !== "uniform").length, entryPoint).toBeLessThanOrEqual(8);
    }
  });

  test.skipIf(gpu === null)("give what TypeScript gives", async () => {
    const device = await requestSoftwareDevice();
    const shaders = await WgslKernelSet.load(device, executed, kinds);
    say(`WGSL: gradients of gradients of ${executed.manifest.activations.length} activations are executed`);
    const typescript = await TypeScriptKernelSet.load(executed);
    const faults: string[] = [];
    for (const entry of executed.manifest.activations) {
      const call = randomCall(entry, seedOf(entry.name));
      const expected = typescript.call(entry, "doubleBackward", call).gradients;
      const { gradients } = await shaders.call(entry, "doubleBackward", call);
      expect(Object.keys(gradients).sort()).toEqual(Object.keys(expected).sort());
      faults.push(...differing(entry.name, gradients, (of, i) => expected[of]![i]!, 4e-6));
      const together = typescript.call(entry, "fused", call);
      const fused = await shaders.call(entry, "fused", call);
      faults.push(...differing(`${entry.name}'s value`, { y: fused.output }, (_, i) => together.output[i]!, 1e-6));
      faults.push(...differing(entry.name, fused.derivatives ?? {}, (of, i) => together.derivatives![of]![i]!, 1e-6));
    }
    expectNone(faults);
  });
});
