import { beforeAll, describe, it } from "vitest";
import { readDefinitions } from "../../compiler/compile.js";
import { fromNumber } from "../../compiler/numerics/ball.js";
import { referenceDerivative, referenceLimit, referenceValue } from "../../compiler/numerics/reference.js";
import type { ActivationEntry, Call, Outcome } from "../harness/manifest.js";
import { faultsOf, rangeCall, resultOf, toleranceOf } from "./range.js";
import {
  bindingsFor,
  type Compiled,
  expectNone,
  numbersAt,
  singleParameters,
  standardSet,
  standardText,
  truth,
  variableNamed,
} from "./standard.js";

let standard: Compiled;

beforeAll(async () => {
  standard = await standardSet();
}, 120_000);

/** Rows are elsewhere: `reductions.test.ts`. */
const names = readDefinitions([{ file: "acts.def", text: standardText }])
  .definitions.map(({ definition }) => definition)
  .filter(({ parameters }) => !parameters.some(({ kind }) => kind === "axis"))
  .map(({ name }) => name.text);

/** In CI all; else enough to notice what a change breaks everywhere: of every other activation for TypeScript, of a third for WGSL. */
const inCi = process.env["CI"] !== undefined;
const share = inCi ? 1 : 1 / 8;

function find(name: string): {
  readonly entry: ActivationEntry;
  readonly activation: NonNullable<ReturnType<Compiled["activations"]["get"]>>;
} {
  const entry = standard.entries.find((candidate) => candidate.name === name);
  const activation = standard.activations.get(name);
  if (!entry || !activation) throw new Error(`no activation ${name}`);
  return { entry, activation };
}

interface Target {
  readonly name: string;
  /** How far off a limit may be, relative to it. */
  readonly limits: number;
  /** What may come out as 0. */
  readonly subnormal: number;
  readonly run: (entry: ActivationEntry, call: Call) => { readonly forward: Outcome; readonly backward: Outcome };
}

const typescript: Target = {
  name: "TypeScript",
  limits: 2 ** -23,
  subnormal: 2 ** -149,
  run: (entry, call) => ({
    forward: standard.typescript.call(entry, "forward", call),
    backward: standard.typescript.call(entry, "backward", call),
  }),
};

/** Emulated: `values.test.ts` says that a driver gives the same bits. Gradients in parameters are not looked at here. */
const wgsl: Target = {
  name: "WGSL",
  limits: 2 ** -20,
  subnormal: 2 ** -126,
  run: (entry, call) => ({
    forward: standard.emulated.call(entry, "forward", call),
    backward: standard.emulated.call(entry, "backward", call, (of) => entry.inputs.includes(of)),
  }),
};

describe("over the whole range of float32", () => {
  it.each(names.filter((_, i) => inCi || i % 2 === 0))("%s: TypeScript", (name) => {
    const { entry, activation } = find(name);
    const call = rangeCall(entry, 4000 * share, 1);
    const faults = faultsOf(
      standard,
      entry,
      activation,
      call,
      typescript.run(entry, call),
      toleranceOf("TypeScript", name),
      90,
    );
    expectNone(faults.map(({ text }) => text));
  });

  // Emulation is the slowest of all; committed certificates hold what it gave at some thousand inputs.
  it.each(names.filter((_, i) => inCi || i % 3 === 1))("%s: WGSL", (name) => {
    const { entry, activation } = find(name);
    // Emulated, an element that is computed in wide arithmetic takes a hundred times as long.
    const call = rangeCall(entry, 1600 * share, 1);
    const faults = faultsOf(standard, entry, activation, call, wgsl.run(entry, call), toleranceOf("WGSL", name), 60);
    expectNone(faults.map(({ text }) => text));
  });
});

describe("an infinite input gives the limit", () => {
  it.each(names)("%s", (name) => {
    const { entry, activation } = find(name);
    const faults: string[] = [];
    const cases = entry.inputs.flatMap((input) =>
      ([1, -1] as const).flatMap((sign) =>
        (entry.inputs.length > 1 ? [0.7, -1.3] : [0]).map((companion) => ({
          input,
          sign,
          companion: Math.fround(companion),
        })),
      ),
    );
    const call: Call = {
      shape: [cases.length],
      inputs: Object.fromEntries(
        entry.inputs.map((input) => [
          input,
          cases.map((one) => (one.input === input ? one.sign * Infinity : one.companion)),
        ]),
      ),
      cotangent: cases.map(() => 1),
      parameters: singleParameters(entry),
    };
    for (const target of [typescript, wgsl]) {
      const outcomes = target.run(entry, call);
      for (const of of [null, ...entry.inputs]) {
        const actual = resultOf(outcomes, of);
        cases.forEach(({ input, sign }, i) => {
          const numbers = numbersAt(call, i);
          const limit = referenceLimit((x) => {
            const bindings = new Map(bindingsFor(activation, numbers)).set(variableNamed(activation, input), x);
            return of === null
              ? referenceValue(activation.body, bindings, "binary32")
              : referenceDerivative(activation, variableNamed(activation, of), bindings, "binary32");
          }, sign);
          const value = actual[i] ?? NaN;
          if (
            limit === undefined ||
            value === limit ||
            Math.abs(value - limit) <= target.limits * Math.abs(limit) + target.subnormal
          )
            return;
          faults.push(
            `${target.name}: ${of === null ? "" : `d/d${of} `}${name} at ${JSON.stringify(call.inputs)}[${i}] is ${value}, its limit ${limit}`,
          );
        });
      }
    }
    expectNone(faults);
  });
});

describe("NaN in an input or parameter that is met gives NaN", () => {
  it.each(names)("%s", (name) => {
    const { entry, activation } = find(name);
    const faults: string[] = [];
    const points = [-2.25, -0.5, 0.5, 1.75, 9];
    for (const target of [typescript, wgsl]) {
      for (const of of [...entry.inputs, ...Object.keys(singleParameters(entry))]) {
        const isInput = entry.inputs.includes(of);
        const call: Call = {
          shape: [points.length],
          inputs: Object.fromEntries(
            entry.inputs.map((input, k) => [
              input,
              points.map((point) => (input === of ? NaN : point * (k === 0 ? 1 : -0.75))),
            ]),
          ),
          parameters: { ...singleParameters(entry), ...(isInput ? {} : { [of]: NaN }) },
        };
        const outcome = (target === typescript ? standard.typescript : standard.emulated).call(entry, "forward", call);
        points.forEach((_, i) => {
          const numbers = numbersAt(call, i);
          const value = outcome.output[i] ?? NaN;
          if (!Number.isNaN(value) && truth(activation, null, numbers, "binary32").ball.kind === fromNumber(NaN).kind) {
            faults.push(`${target.name}: ${name} at ${JSON.stringify(numbers)} is ${value}`);
          }
        });
      }
    }
    expectNone(faults);
  });
});
