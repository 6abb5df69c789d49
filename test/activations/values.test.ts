import { readFileSync } from "node:fs";
import { beforeAll, describe, expect, it } from "vitest";
import { ulpError } from "../../compiler/numerics/rounding.js";
import { type ActivationEntry, type Call, entryOf, type Outcome } from "../harness/manifest.js";
import type { WgslKernelSet } from "../harness/wgsl.js";
import {
  type Compiled,
  defaultParameters,
  expectNone,
  numbersAt,
  representatives,
  shaders,
  standardSet,
  truth,
} from "./standard.js";

interface CheckValues {
  readonly name: string;
  readonly parameters: Readonly<Record<string, number>>;
  readonly points: readonly {
    readonly inputs: Readonly<Record<string, string>>;
    readonly y: string;
    readonly gradients: Readonly<Record<string, string>>;
  }[];
}

/** Each point is a row along the axis, with its one result or as many as it has elements. */
interface RowValues {
  readonly name: string;
  readonly parameters: Readonly<Record<string, number | readonly number[]>>;
  readonly points: readonly {
    readonly inputs: Readonly<Record<string, readonly string[]>>;
    readonly y: readonly string[];
    readonly cotangent: readonly string[];
    readonly gradients: Readonly<Record<string, readonly string[]>>;
  }[];
}

const checkValues: readonly (CheckValues | RowValues)[] = JSON.parse(
  readFileSync(new URL("../catalogue/check-values.json", import.meta.url), "utf8"),
);
const isRowwise = (values: CheckValues | RowValues): values is RowValues =>
  values.points.some(({ y }) => typeof y !== "string");
const elementwise = checkValues.filter((values): values is CheckValues => !isRowwise(values));
const rowwise = checkValues.filter(isRowwise);

let standard: Compiled;
let gpu: WgslKernelSet | null;

beforeAll(async () => {
  standard = await standardSet();
  // In CI all. Else those that stand for the rest, and a tenth of what compiles quickly; rows: `reductions.test.ts`, too.
  const chosen = representatives(standard);
  gpu = await shaders(
    standard,
    (entry, isLong, i) =>
      process.env["CI"] !== undefined || chosen.has(entry) || (!isLong && entry.axis === null && i % 10 === 0),
  );
}, 1_200_000);

/** One number of a check value, and what was computed for it. */
interface Figure {
  readonly what: string;
  readonly expected: string;
  readonly actual: number;
}

/** Faults as text, so that a failure shows all of them. */
const beyond = (figures: readonly Figure[], relative: number, absolute: number): string[] =>
  figures
    .filter(
      ({ expected, actual }) =>
        !(Math.abs(actual - Number(expected)) <= relative * Math.abs(Number(expected)) + absolute),
    )
    .map(({ what, expected, actual }) => `${what}: ${actual} instead of ${expected}`);

/** Calls kernels on one element after the other, since learned parameters' gradients are sums. */
async function figuresOf(
  { name, parameters, points }: CheckValues,
  run: (kernel: "forward" | "backward", call: Call) => Outcome | Promise<Outcome>,
): Promise<Figure[]> {
  const figures: Figure[] = [];
  for (const point of points) {
    const call: Call = {
      shape: [1],
      inputs: Object.fromEntries(Object.entries(point.inputs).map(([input, value]) => [input, [Number(value)]])),
      cotangent: [1],
      parameters,
    };
    const at = `${name} at ${Object.values(point.inputs).join(", ")}`;
    figures.push({ what: at, expected: String(point.y), actual: (await run("forward", call)).output[0] ?? NaN });
    const { gradients } = await run("backward", call);
    for (const [of, expected] of Object.entries(point.gradients)) {
      figures.push({ what: `d/d${of} ${at}`, expected: String(expected), actual: gradients[of]?.[0] ?? NaN });
    }
  }
  return figures;
}

/** The figures in float32 are judged by the oracle at the rounded inputs, in units in the last place. */
function ulpFaults(
  { name, parameters, points }: CheckValues,
  outcomes: readonly { readonly forward: Outcome; readonly backward: Outcome }[],
  roundsHyperparameters: boolean,
  limit: number,
  absolute = 0,
): string[] {
  const activation = standard.activations.get(name);
  const entry = entryOf(standard.generated, name);
  if (!activation) throw new Error(`no activation ${name}`);
  const faults: string[] = [];
  points.forEach(({ inputs }, i) => {
    const numbers: Record<string, number> = { ...defaultParameters(entry), ...parameters };
    for (const { name: learned } of entry.learned) numbers[learned] = Math.fround(numbers[learned] ?? NaN);
    for (const { name: number } of entry.hyperparameters) {
      if (roundsHyperparameters) numbers[number] = Math.fround(numbers[number] ?? NaN);
    }
    for (const [input, value] of Object.entries(inputs)) numbers[input] = Math.fround(Number(value));
    for (const of of [null, ...entry.inputs, ...entry.learned.map((parameter) => parameter.name)]) {
      const outcome = outcomes[i];
      const actual = (of === null ? outcome?.forward.output : outcome?.backward.gradients[of])?.[0] ?? NaN;
      const { ball, value } = truth(activation, of, numbers, "binary32");
      const error = ulpError(actual, ball, "binary32");
      if (!(error <= limit || Math.abs(actual - value) <= absolute))
        faults.push(
          `${of === null ? "" : `d/d${of} `}${name} at ${JSON.stringify(numbers)}: ${actual} is off by ${error.toFixed(1)} ulp`,
        );
    }
  });
  return faults;
}

const singleCall = ({ points, parameters }: CheckValues, index: number): Call => ({
  shape: [1],
  inputs: Object.fromEntries(
    Object.entries(points[index]?.inputs ?? {}).map(([input, value]) => [input, [Number(value)]]),
  ),
  cotangent: [1],
  parameters,
});

/** All points of a row at once. */
const batchedCall = ({ points, parameters }: CheckValues, inputs: readonly string[]): Call => ({
  shape: [points.length],
  inputs: Object.fromEntries(inputs.map((input) => [input, points.map((point) => Number(point.inputs[input]))])),
  cotangent: points.map(() => 1),
  parameters,
});

const emulatedOutcomes = (
  entry: ActivationEntry,
  call: Call,
): { readonly forward: Outcome; readonly backward: Outcome } => ({
  forward: standard.emulated.call(entry, "forward", call),
  backward: standard.emulated.call(entry, "backward", call),
});

/** The driver's compiler takes `p * s + p * t` for `p * (s + t)`. */
const rearranged: ReadonlySet<string> = new Set(["swiglu_oai"]);

describe("the published figures", () => {
  it("cover every standard activation", () => {
    expect(standard.entries.map(({ name }) => name).sort()).toEqual(checkValues.map(({ name }) => name).sort());
  });

  it.each(elementwise)("$name: the oracle agrees", (row) => {
    const activation = standard.activations.get(row.name);
    if (!activation) throw new Error(`no activation ${row.name}`);
    const entry = entryOf(standard.generated, row.name);
    const figures = row.points.flatMap(({ inputs, y, gradients }) => {
      const numbers: Record<string, number> = { ...defaultParameters(entry), ...row.parameters };
      for (const [input, value] of Object.entries(inputs)) numbers[input] = Number(value);
      const at = `${row.name} at ${JSON.stringify(numbers)}`;
      return [
        { what: at, expected: String(y), actual: truth(activation, null, numbers, "binary64").value },
        ...Object.entries(gradients).map(([of, expected]) => ({
          what: `d/d${of} ${at}`,
          expected: String(expected),
          actual: truth(activation, of, numbers, "binary64").value,
        })),
      ];
    });
    expectNone(beyond(figures, 2e-13, 2e-15));
  });

  it.each(elementwise)("$name: TypeScript in float64", async (row) => {
    const entry = entryOf(standard.generated, row.name);
    const figures = await figuresOf(row, (kernel, call) => standard.typescript.call(entry, `${kernel}64`, call));
    expectNone(beyond(figures, 1e-12, 1e-14));
  });

  it.each(elementwise)("$name: TypeScript in float32, a few units in the last place", (row) => {
    const entry = entryOf(standard.generated, row.name);
    const outcomes = row.points.map((_, i) => ({
      forward: standard.typescript.call(entry, "forward", singleCall(row, i)),
      backward: standard.typescript.call(entry, "backward", singleCall(row, i)),
    }));
    expectNone(ulpFaults(row, outcomes, false, 2));
  });

  it.each(elementwise)("$name: WGSL, emulated", (row) => {
    const entry = entryOf(standard.generated, row.name);
    const outcomes = row.points.map((_, i) => emulatedOutcomes(entry, singleCall(row, i)));
    expectNone(ulpFaults(row, outcomes, true, 64, 2 ** -21));
  });

  it.each(elementwise)("$name: the WGSL kernels on the driver give the bits of emulation", async (row) => {
    if (!gpu?.has(row.name)) return;
    const entry = entryOf(standard.generated, row.name);
    const calls = [batchedCall(row, entry.inputs), ...(entry.learned.length > 0 ? [singleCall(row, 0)] : [])];
    const faults: string[] = [];
    for (const [i, call] of calls.entries()) {
      const expected = emulatedOutcomes(entry, call);
      // Of several elements the gradients in parameters are sums, whose order is the kernel's.
      const wanted = (of: string): boolean => entry.inputs.includes(of) !== i > 0;
      const forward = await gpu.call(entry, "forward", call);
      const backward = await gpu.call(entry, "backward", call, wanted);
      const columns = [
        [row.name, forward.output, expected.forward.output] as const,
        ...Object.entries(backward.gradients)
          .filter(([of]) => wanted(of))
          .map(([of, actual]) => [`d/d${of} ${row.name}`, actual, expected.backward.gradients[of] ?? []] as const),
      ];
      for (const [name, actual, emulated] of columns) {
        actual.forEach((value, at) => {
          const other = emulated[at] ?? NaN;
          const near = rearranged.has(row.name) && Math.abs(value - other) <= 2 ** -20 * Math.abs(other);
          if (!Object.is(value, other) && !near)
            faults.push(`${name} at ${JSON.stringify(numbersAt(call, at))}: ${value}, emulated ${other}`);
        });
      }
    }
    expectNone(faults);
  });

  it.each(rowwise)("$name: rows, on every target", async ({ name, parameters, points }) => {
    const entry = entryOf(standard.generated, name);
    for (const { inputs, y, cotangent, gradients } of points) {
      const numbers = Object.entries(inputs).map(([input, row]) => [input, row.map(Number)] as const);
      const call: Call = {
        shape: [numbers[0]?.[1].length ?? 0],
        inputs: Object.fromEntries(numbers),
        cotangent: cotangent.map(Number),
        parameters,
      };
      const compare = (forward: Outcome, backward: Outcome, tolerance: number): void => {
        const figures = (what: string, expected: readonly string[], actual: ArrayLike<number> | undefined): Figure[] =>
          expected.map((text, i) => ({ what: `${what}[${i}]`, expected: text, actual: actual?.[i] ?? NaN }));
        // What the rounding of the inputs does to a gradient grows with the largest of its row.
        const largest = (row: readonly string[]): number => Math.max(1, ...row.map((text) => Math.abs(Number(text))));
        expectNone(beyond(figures("y", y, forward.output), tolerance, tolerance));
        for (const [of, expected] of Object.entries(gradients)) {
          const actual = backward.gradients[of];
          expectNone(beyond(figures(`d${of}`, expected, actual), tolerance, tolerance * largest(expected)));
        }
      };
      const { typescript } = standard;
      compare(typescript.call(entry, "forward64", call), typescript.call(entry, "backward64", call), 1e-14);
      compare(typescript.call(entry, "forward", call), typescript.call(entry, "backward", call), 2e-7);
      if (gpu?.has(name))
        compare(await gpu.call(entry, "forward", call), await gpu.call(entry, "backward", call), 2e-6);
    }
  });
});

describe("the gradient", () => {
  /** Points of no special kind; an activation whose kink is near one of them is tried elsewhere. */
  const points = [-7.3, -2.6, -1.37, -0.61, -0.17, 0.23, 0.58, 1.43, 2.2, 4.9];
  const cotangent = 0.75;

  it.each(elementwise)("$name: agrees with differences of the value", ({ name }) => {
    const entry = entryOf(standard.generated, name);
    const activation = standard.activations.get(name);
    if (!activation || activation.gradients.size > 0) return;
    const parameters = defaultParameters(entry);
    const faults: string[] = [];
    for (const point of points) {
      const at: Record<string, number> = { ...parameters };
      entry.inputs.forEach((input, i) => (at[input] = point * (1 + 0.37 * i)));
      const call = (numbers: Readonly<Record<string, number>>): Call => ({
        shape: [1],
        inputs: Object.fromEntries(entry.inputs.map((input) => [input, [numbers[input] ?? NaN]])),
        cotangent: [cotangent],
        parameters: numbers,
      });
      const value = (numbers: Readonly<Record<string, number>>): number =>
        standard.typescript.call(entry, "forward64", call(numbers)).output[0] ?? NaN;
      const { gradients } = standard.typescript.call(entry, "backward64", call(at));
      for (const of of [...entry.inputs, ...entry.learned.map((parameter) => parameter.name)]) {
        const moved = (by: number): number => value({ ...at, [of]: (at[of] ?? NaN) + by });
        const h = 1e-4 * Math.max(1, Math.abs(at[of] ?? 0));
        // Extrapolated: the error is of the order h^4.
        const wide = (moved(h) - moved(-h)) / (2 * h);
        const narrow = (moved(h / 2) - moved(-h / 2)) / h;
        const expected = (cotangent * (4 * narrow - wide)) / 3;
        const sides = [moved(h) - value(at), value(at) - moved(-h)];
        const size = Math.max(Math.abs(value(at)), Math.abs(expected), 1e-3);
        // A kink or jump within h shows in one-sided differences that disagree.
        const kinked = Math.abs((sides[0] ?? 0) - (sides[1] ?? 0)) > 1e-2 * h * size;
        if (kinked || !Number.isFinite(expected)) continue;
        const actual = gradients[of]?.[0] ?? NaN;
        if (!(Math.abs(actual - expected) <= (noisy.has(name) ? 1e-3 : 1e-7) * size))
          faults.push(`d/d${of} at ${JSON.stringify(at)}: ${actual} instead of about ${expected}`);
      }
    }
    expectNone(faults);
  });

  it.each(elementwise)("$name: is what the manifest says at its kinks", ({ name }) => {
    const entry = entryOf(standard.generated, name);
    const activation = standard.activations.get(name);
    if (!activation || entry.inputs.length > 1) return;
    const names = defaultParameters(entry);
    for (const kink of entry.kinks) {
      const at = numberOf(kink.at, names);
      const chosen = numberOf(kink.chosen, names);
      const [input = "x"] = entry.inputs;
      // Only where the kink lies on a number that float32 has.
      if (at === undefined || chosen === undefined || Math.fround(at) !== at || besideKinks.has(name)) continue;
      const call: Call = { shape: [1], inputs: { [input]: [at] }, cotangent: [1], parameters: names };
      const dx = standard.typescript.call(entry, "backward64", call).gradients[input]?.[0] ?? NaN;
      // The manifest prints twelve digits.
      const agrees = (value: number): boolean => Math.abs(value - chosen) <= 1e-11 * Math.abs(chosen);
      expect(agrees(dx), `${name}: dx at ${kink.at} is ${dx}, the manifest says ${kink.chosen}`).toBe(true);
      const oracle = truth(activation, input, numbersAt(call, 0), "binary64");
      expect(
        agrees(oracle.value),
        `${name}: at ${kink.at} the manifest says ${kink.chosen}, the oracle ${oracle.value}`,
      ).toBe(true);
    }
  });
});

/** Near alpha = 0 the formula cancels, and with it its differences. */
const noisy: ReadonlySet<string> = new Set(["soft_exponential"]);

/** gelu(10) is 10 to 22 digits, and less: the kink is printed as 10, but lies beyond. */
const besideKinks: ReadonlySet<string> = new Set(["gelu_10"]);

/** The value of a short formula in parameters; undefined if it is more than this reads. */
function numberOf(text: string, names: Readonly<Record<string, number>>): number | undefined {
  const negative = text.startsWith("-");
  const value =
    names[negative ? text.slice(1) : text] ??
    (/^-?[\d.]+(e[+-]?\d+)?$/.test(text) ? Math.abs(Number(text)) : undefined);
  return value === undefined ? undefined : negative ? -value : value;
}
