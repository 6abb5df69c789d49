/** How far second derivatives are off, for cotangents of 1: in TypeScript, and in WGSL emulated, against ball arithmetic. */
import { fileURLToPath } from "node:url";
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { planKernels, planSecondOrder } from "../../compiler/backend/kernels.js";
import { expandCalls } from "../../compiler/calculus/differentiate.js";
import { activationOf, readDefinitions } from "../../compiler/compile.js";
import { type Expr, inFreshGraph } from "../../compiler/ir/expr.js";
import { wgslName } from "../../compiler/names.js";
import { type Reference, referenceValue } from "../../compiler/numerics/reference.js";
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
    const names = plan.gradients.map(({ of }) => of.name);
    second.places.forEach((row, w) =>
      row.forEach((place, v) => {
        if (place === null || seen.has(place)) return;
        seen.add(place);
        const root: Expr = expandCalls(second.partials[place]!);
        const emulated = emulatedFunction(shader, `${wgslName(name)}_curvature`, place);
        for (const [k, x] of points(seedOf(name) + 7 * place).entries()) {
          const inputs = activation.inputs.map((_, i) => Math.fround(i === 0 ? x : ((k * 7 + i * 3) % 11) / 4 - 1.3));
          const bindings = new Map([
            ...activation.inputs.map((variable, i) => [variable, inputs[i]!] as const),
            ...parameters.map(({ variable }, i) => [variable, settings[i]!] as const),
            [plan.cotangent, 1] as const,
          ]);
          const truth = referenceValue(root, bindings, "binary32");
          const text = (): string => `${name}: d2/d${names[v]} d${names[w]} at ${inputs.join(", ")}`;
          const { gradients } = kernels.call(entry, "doubleBackward", {
            shape: [1],
            inputs: Object.fromEntries(activation.inputs.map((input, i) => [input.name, [inputs[i]!]])),
            parameters: Object.fromEntries(parameters.map(({ variable }, i) => [variable.name, settings[i]!])),
            cotangent: [1],
            cotangents: Object.fromEntries(names.map((each, i) => [`d${each}`, [Number(i === v)]])),
          });
          measure(ts!, gradients[names[w]!]![0]!, truth, text);
          const operands = [...inputs, ...settings].map((value) => Float32Array.of(value));
          const inWgsl = emulated(operands)[0]!;
          // Devices may take subnormal numbers for 0, and what cancels is not known further.
          const isAsked = Math.abs(x) >= 2 ** -126 && !(Math.abs(inWgsl - truth.value) < 2 ** -46);
          if (isAsked) measure(wgsl!, inWgsl, truth, text);
        }
      }),
    );
    return { name, ts: ts!, wgsl: wgsl! };
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
  // Where products and quotients of far numbers leave the range of float32: infinity times 0, and 0 / 0.
  ...["tanhsoft", "eis", "pade_activation", "swish_sign"],
  // Where terms cancel that are larger than 2^-46 can tell: those of quotients at 0, and of a fourth power.
  ...["sinc", "dsu", "rational_tanh", "coslu"],
  // A sine far out of a multiple that is rounded.
  "squarewave_fourier_surrogate",
];

test("in WGSL they are within 6 units, or 2^-46 where terms cancel", () => {
  const faults = beyond("wgsl", 6).filter((text) => !knownInWgsl.some((name) => text.includes(`: ${name}:`)));
  expectNone(faults);
});
