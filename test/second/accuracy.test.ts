/**
 * How far second derivatives are off, for cotangents of 1, and whether they are numbers wherever they should be: in TypeScript, and in WGSL
 * emulated on a device that takes subnormal numbers for 0, against ball arithmetic.
 */
import { fileURLToPath } from "node:url";
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { planKernels, planSecondOrder } from "../../compiler/backend/kernels.js";
import { expandCalls } from "../../compiler/calculus/differentiate.js";
import { activationOf, readDefinitions } from "../../compiler/compile.js";
import type { Activation } from "../../compiler/ir/activation.js";
import { type Expr, inFreshGraph, type Variable } from "../../compiler/ir/expr.js";
import type { Parameter } from "../../compiler/ir/random.js";
import { wgslName } from "../../compiler/names.js";
import type { Ball } from "../../compiler/numerics/ball.js";
import { type Reference, referenceLimit, referenceValue } from "../../compiler/numerics/reference.js";
import { ulpError } from "../../compiler/numerics/rounding.js";
import { emulatedFunction } from "../../compiler/verification/emulation.js";
import { finitePoints, randomPoints } from "../activations/points.js";
import { expectNone } from "../activations/standard.js";
import { readGeneratedFolder } from "../harness/generated.js";
import { fileText } from "../harness/manifest.js";
import { TypeScriptKernelSet } from "../harness/typescript.js";
import { seedOf } from "./calls.js";

const path = (name: string): string => fileURLToPath(new URL(`../../${name}`, import.meta.url));
const generated = readGeneratedFolder(path("generated"));
const kernels = await TypeScriptKernelSet.load(generated);
const { definitions } = readDefinitions([{ file: "acts.def", text: readFileSync(path("acts.def"), "utf8") }]);

/** Ordinary sizes for the most part, some where kernels break. */
const points = (seed: number): number[] => {
  const random = randomPoints(40, seed).filter((x) => Math.abs(x) < 1e4);
  return [...random.slice(0, 14), ...[0, 1, 2].map((k) => finitePoints[(seed * 31 + k * 97) % finitePoints.length]!)];
};

/** Of all sizes, the ends of the range among them, and where exponentials and their squares vanish or overflow. */
const adversarial: readonly number[] = [
  ...[0, 1e-45, 2 ** -126, 3.4028235e38, Infinity],
  ...Array.from({ length: 15 }, (_, i) => 1.1 * 2 ** (17 * i - 120)),
  ...[0.5, 1, 3, 6, 20, 88.7, 104, 178, 745.2, 1.3e-26, 1.8446744e19],
].flatMap((x) => [Math.fround(x), Math.fround(-x)]);

/** Wide arithmetic takes its time: of these rows one in so many is computed in TypeScript. */
const tsShare = 11;

/** Of the other inputs. */
const companions: readonly number[] = [0.7, 0, -3e38];

/** Numbers for all variables: one input adversarial, then one parameter as far as its range allows. */
function adversarialRows({ inputs }: Activation, parameters: readonly Parameter[]): number[][] {
  const usual = parameters.map(({ default: value }) => Math.fround(value));
  const beside = inputs.length > 1 ? companions : [0];
  const rows = inputs.flatMap((_, i) =>
    adversarial.flatMap((x) =>
      beside.map((other) => [...inputs.map((_, k) => (k === i ? x : Math.fround(other))), ...usual]),
    ),
  );
  const extreme = parameters.flatMap(({ range }, i) =>
    [0, 1e-30, 1e30, -1e30]
      .filter((value) => !range || (value > range.low && value < range.high))
      .flatMap((value) =>
        [-0.7, 3e12].map((x) => [
          ...inputs.map(() => Math.fround(x)),
          ...usual.map((other, k) => (k === i ? Math.fround(value) : other)),
        ]),
      ),
  );
  return [...rows, ...extreme];
}

/** A second derivative, the limit where one input is infinite; NaN where it is not known. */
function truthAt(root: Expr, variables: readonly Variable[], row: readonly number[], cotangent: Variable): number {
  const bindings = new Map<Variable, number | Ball>([
    ...variables.map((variable, i) => [variable, row[i]!] as const),
    [cotangent, 1],
  ]);
  const infinite = row.findIndex((x) => Math.abs(x) === Infinity);
  if (infinite < 0) {
    const { value, decided } = referenceValue(root, bindings, "binary32");
    return decided ? value : NaN;
  }
  const at = (x: Ball): Reference => referenceValue(root, new Map(bindings).set(variables[infinite]!, x), "binary32");
  return referenceLimit(at, row[infinite]! > 0 ? 1 : -1) ?? NaN;
}

interface Worst {
  ulp: number;
  text: string;
}

const measure = (worst: Worst, actual: number, truth: Reference, text: () => string): void => {
  if (!truth.decided || !Number.isFinite(truth.value)) return;
  const error = Number.isNaN(actual) ? Infinity : ulpError(actual, truth.ball, "binary32");
  if (error > worst.ulp) Object.assign(worst, { ulp: error, text: `${text()} is ${actual}, not ${truth.value}` });
};

interface Measured {
  readonly name: string;
  readonly ts: Worst;
  readonly wgsl: Worst;
  /** Results that are no numbers, or infinite, where the truth is a number. */
  readonly lost: Readonly<Record<"ts" | "wgsl", string[]>>;
}

function measured(index: number): Measured | null {
  return inFreshGraph(() => {
    const { activation } = activationOf(definitions[index]!);
    // Gradients of rows are compared with differences, in rows.test.ts.
    if (!activation || activation.axis) return null;
    const plan = planKernels(activation);
    const second = planSecondOrder(plan);
    if (!second || second.partials.length === 0) return null;
    const { name } = activation;
    const entry = generated.manifest.activations.find((each) => each.name === name)!;
    // What is drawn is no input of these measurements.
    if (entry.random) return null;
    const [ts, wgsl]: Worst[] = [
      { ulp: 0, text: "" },
      { ulp: 0, text: "" },
    ];
    const shader = fileText(generated.files, entry.kernels.wgsl!.file);
    const parameters = [...activation.learned, ...activation.hyperparameters];
    const settings = parameters.map(({ default: value }) => Math.fround(value));
    const seen = new Set<number>();
    const lost: Measured["lost"] = { ts: [], wgsl: [] };
    const variables = [...activation.inputs, ...parameters.map(({ variable }) => variable)];
    const rows = adversarialRows(activation, parameters);
    const columns = variables.map((_, i) => Float32Array.from(rows, (row) => row[i]!));
    const names = plan.gradients.map(({ of }) => of.name);
    second.places.forEach((row, w) =>
      row.forEach((place, v) => {
        if (place === null || seen.has(place)) return;
        seen.add(place);
        const root: Expr = expandCalls(second.partials[place]!);
        const emulated = emulatedFunction(shader, `${wgslName(name)}_curvature`, place);
        const inTypeScript = (numbers: readonly number[]): number => {
          const named = new Map(variables.map(({ name: each }, i) => [each, numbers[i]!]));
          const { gradients } = kernels.call(entry, "doubleBackward", {
            shape: [1],
            inputs: Object.fromEntries(activation.inputs.map((input) => [input.name, [named.get(input.name)!]])),
            parameters: Object.fromEntries(
              parameters.map(({ variable }) => [variable.name, named.get(variable.name)!]),
            ),
            cotangent: [1],
            cotangents: Object.fromEntries(names.map((each, i) => [`d${each}`, [Number(i === v)]])),
          });
          return gradients[names[w]!]![0]!;
        };
        const judge = (target: "ts" | "wgsl", row: readonly number[], actual: number): void => {
          if (Number.isFinite(actual)) return;
          const truth = truthAt(root, variables, row, plan.cotangent);
          if (!Number.isFinite(truth)) return;
          // What devices may take for 0 may have no value there.
          const flushed = row.map((x) => (Math.abs(x) < 2 ** -126 ? 0 : x));
          const isOther = target === "wgsl" && flushed.some((x, i) => x !== row[i]);
          if (isOther && !Number.isFinite(truthAt(root, variables, flushed, plan.cotangent))) return;
          lost[target].push(`${name}: d2/d${names[v]} d${names[w]} at ${row.join(", ")} is ${actual}, not ${truth}`);
        };
        emulated(columns).forEach((actual, i) => judge("wgsl", rows[i]!, actual));
        rows.forEach((row, i) => {
          // 0 times an infinite derivative in another variable is no number.
          const isAsked = i % tsShare === place % tsShare && (names.length === 1 || row.every(Number.isFinite));
          if (isAsked) judge("ts", row, inTypeScript(row));
        });
        for (const [k, x] of points(seedOf(name) + 7 * place).entries()) {
          const inputs = activation.inputs.map((_, i) => Math.fround(i === 0 ? x : ((k * 7 + i * 3) % 11) / 4 - 1.3));
          const bindings = new Map([
            ...activation.inputs.map((variable, i) => [variable, inputs[i]!] as const),
            ...parameters.map(({ variable }, i) => [variable, settings[i]!] as const),
            [plan.cotangent, 1] as const,
          ]);
          const truth = referenceValue(root, bindings, "binary32");
          const text = (): string => `${name}: d2/d${names[v]} d${names[w]} at ${inputs.join(", ")}`;
          const numbers = [...inputs, ...settings];
          measure(ts!, inTypeScript(numbers), truth, text);
          const inWgsl = emulated(numbers.map((value) => Float32Array.of(value)))[0]!;
          // Devices may take subnormal numbers for 0, and what cancels is not known further.
          const isAsked = Math.abs(x) >= 2 ** -126 && !(Math.abs(inWgsl - truth.value) < 2 ** -46);
          if (isAsked) measure(wgsl!, inWgsl, truth, text);
        }
      }),
    );
    return { name, ts: ts!, wgsl: wgsl!, lost };
  });
}

const all = definitions.map((_, i) => measured(i)).filter((each) => each !== null);

const beyond = (target: "ts" | "wgsl", ulp: number): string[] =>
  all.map((each) => each[target]).flatMap((worst) => (worst.ulp > ulp ? `${worst.ulp} units: ${worst.text}` : []));

test("in TypeScript second derivatives are within 0.51 units in the last place", () => {
  expect(all.length).toBeGreaterThan(80);
  expectNone(beyond("ts", 0.51));
});

const knownInWgsl = [
  // Where terms cancel that are larger than 2^-46 can tell: those of quotients at 0.
  ...["sinc", "dsu"],
  // A sine far out of a multiple that is rounded.
  "squarewave_fourier_surrogate",
];

test("in WGSL they are within 6 units, or 2^-46 where terms cancel", () => {
  const faults = beyond("wgsl", 6).filter((text) => !knownInWgsl.some((name) => text.includes(`: ${name}:`)));
  expectNone(faults);
});

test("in TypeScript they are numbers wherever the truth is one", () => {
  expectNone(all.flatMap(({ lost }) => lost.ts));
});

/** Where terms that a parameter of 1e-30 has made large cancel, to the last bit of pairs. */
const lostInWgsl = ["soft_exponential: d2/dalpha dalpha ", "snake: d2/dalpha dalpha "];

test("in WGSL they are numbers wherever the truth is one", () => {
  const lost = all.flatMap((each) => each.lost.wgsl);
  expectNone(lost.filter((text) => !lostInWgsl.some((known) => text.startsWith(known))));
});
