/** Results in pairs of float32, emulated: as good as promised wherever their guard holds. */
import { describe, expect, it } from "vitest";
import { pairs } from "../../compiler/backend/accuracy/arithmetic.js";
import { planKernels } from "../../compiler/backend/kernels.js";
import { scalarFunctionText } from "../../compiler/backend/pair-form.js";
import { formsFor } from "../../compiler/backend/wgsl-forms.js";
import { variablesMet } from "../../compiler/backend/lower.js";
import { activationOf, readDefinitions } from "../../compiler/compile.js";
import { inFreshGraph, type Variable, variablesOf } from "../../compiler/ir/expr.js";
import { emulate, emulateValues, readLibrary } from "../../compiler/machine/index.js";
import { fileStem, wgslName } from "../../compiler/names.js";
import { pairLibrary } from "../../compiler/machine/library/pair/index.js";
import { referenceDerivative, referenceValue } from "../../compiler/numerics/reference.js";
import {
  absolute,
  add,
  type Ball,
  divide,
  fromNumber,
  midpoint,
  multiply,
  subtract,
} from "../../compiler/numerics/ball.js";
import { realFunctions } from "../../compiler/numerics/functions.js";
import { toBinary64, ulpError } from "../../compiler/numerics/rounding.js";
import { emulatedFunction } from "../../compiler/verification/emulation.js";
import { words } from "../activations/points.js";
import { standardGenerated, standardText } from "../activations/standard.js";
import { fileText } from "../harness/manifest.js";

const { definitions } = readDefinitions([{ file: "acts.def", text: standardText }]);
const generated = standardGenerated();
const inputs = Float32Array.from({ length: 24 }, (_, i) => 8 * Math.sin(1.7 * i + 0.3) * (i % 5 === 0 ? 3 : 1));

/** Between which arguments, and how many bits are right there, a little less than was found. */
const domains = {
  exp: [-60, 80, 29.3],
  expm1: [-20, 80, 27.7],
  log: [0.01, 1e6, 28.8],
  log1p: [-0.99, 1e4, 29.1],
  sinh: [-20, 20, 27.9],
  cosh: [-20, 20, 29.3],
  asinh: [-1e4, 1e4, 29],
  acosh: [1.01, 1e4, 28.8],
  atanh: [-0.99, 0.99, 29],
  erf: [-4, 4, 30.5],
  erfc: [-4, 6, 29.9],
  atan: [-50, 50, 31.5],
  asin: [-0.99, 0.99, 31.1],
  acos: [-0.99, 0.99, 31.5],
  sin: [-100, 100, 27.9],
  cos: [-100, 100, 28.3],
  tan: [-100, 100, 28.3],
  cbrt: [-1e6, 1e6, 46],
} as const;

describe("functions of pairs are as accurate as they were", () => {
  const precision = 100;
  it.each(Object.entries(domains))("%s", (name, [low, high, bits]) => {
    const real = Object.entries(realFunctions).find(([each]) => each === name)?.[1];
    if (!real) throw new Error(`${name} is unknown`);
    const run = emulateValues(pairLibrary(), `pair_${name}`);
    const inner = (i: number): number => (low < 0 ? Math.max(low, -1) + (2 * i) / 150 : low + (i / 150) ** 2);
    const arguments_ = Array.from({ length: 300 }, (_, i) =>
      i % 2 ? low + ((high - low) * (i + 0.3)) / 300 : inner(i / 2),
    );
    let worst = { error: 0, x: 0 };
    for (const x of arguments_.filter((each) => each > low && each < high)) {
      const [first, second] = [Math.fround(x), Math.fround(x - Math.fround(x))];
      const result = run({ high: first, low: second });
      if (typeof result !== "object") throw new Error(`${name} gives no pair`);
      const expected = real(add(fromNumber(first), fromNumber(second), precision), precision);
      const actual = add(fromNumber(Number(result["high"])), fromNumber(Number(result["low"])), precision);
      const ratio = divide(absolute(subtract(actual, expected, precision)), absolute(expected), precision);
      const error = toBinary64(midpoint(ratio)) ?? NaN;
      if (!(error <= worst.error)) worst = { error, x };
    }
    expect(worst.error, `at ${worst.x}`).toBeLessThanOrEqual(2 ** -bits);
  });
});

describe("steps, selections and functions of two pairs heed both parts", () => {
  const even = (x: number): number => 2 * Math.round(x / 2);
  const round = (x: number): number => (x - Math.floor(x) === 0.5 ? even(x) : Math.round(x));
  const larger = (a: number, b: number): number => Math.max(a, b);
  const functions: Readonly<Record<string, (a: number, b: number) => number>> = {
    pair_floor: Math.floor,
    pair_ceil: Math.ceil,
    pair_round: round,
    pair_sign: Math.sign,
    pair_smaller: (a, b) => Math.min(a, b),
    pair_larger: larger,
    pair_hypot: (a, b) => Math.hypot(a, b),
    pair_logaddexp: (a, b) => larger(a, b) + Math.log1p(Math.exp(-Math.abs(a - b))),
    pair_pow: (a, b) => Math.abs(a) ** b,
  };
  const numbers = [3, 2.5, -2.5, 3.5, 1, -1, 0.6875, 5.625].flatMap((high) =>
    [0, 2 ** -27, -(2 ** -27), 3 * 2 ** -29].map((low) => ({ high, low })),
  );
  it.each(Object.entries(functions))("%s", (name, real) => {
    const run = emulateValues(pairLibrary(), name);
    const isUnary = pairLibrary().fn(name).parameters.length === 1;
    for (const a of numbers) {
      for (const b of isUnary ? [{ high: 0, low: 0 }] : numbers) {
        const first = name === "pair_pow" && a.high < 0 ? { high: -a.high, low: -a.low } : a;
        const result = run(first, ...(isUnary ? [] : [b]));
        if (typeof result !== "object") throw new Error(`${name} gives no pair`);
        const expected = real(a.high + a.low, b.high + b.low);
        const error = Math.abs(Number(result["high"]) + Number(result["low"]) - expected);
        expect(error, `of ${JSON.stringify([a, b])}`).toBeLessThanOrEqual(2 ** -27.5 * Math.abs(expected));
      }
    }
  });
});

describe("of small pairs no more fades away than the analysis takes to, on a device that flushes subnormal numbers", () => {
  const { least, underflow } = pairs;
  const precision = 100;
  const random = words(2463534242);
  const between = (low: number, high: number): number => low + ((high - low) * random()) / 2 ** 32;
  const operations = { pair_add: add, pair_multiply: multiply, pair_divide: divide };
  /** Of about 2^size, which is one of those that count as accurate. */
  const pairOf = (size: number): { readonly high: number; readonly low: number } => {
    const high = Math.fround(between(1, 2) * 2 ** Math.max(size, least));
    return { high, low: Math.fround(high * between(-(2 ** -25), 2 ** -25)) };
  };
  const ball = (first: unknown, second: unknown): Ball =>
    add(fromNumber(Number(first)), fromNumber(Number(second)), precision);
  const sizeOf = (exact: Ball): number => toBinary64(midpoint(absolute(exact))) ?? NaN;

  it.each(Object.entries(operations))("%s", (name, operation) => {
    const run = emulateValues(pairLibrary(), name, { flushSubnormals: true, flushOperands: true });
    for (let i = 0; i < 3000; i++) {
      const [size, other] = [Math.floor(between(-124, -30)), Math.floor(between(least, 0))];
      const [a, b] = [pairOf({ pair_multiply: size - other, pair_divide: size + other }[name] ?? size), pairOf(other)];
      const exact = operation(ball(a.high, a.low), ball(b.high, b.low), precision);
      const result = run(a, b);
      if (typeof result !== "object") throw new Error(`${name} gives no pair`);
      const error = sizeOf(subtract(ball(result["high"], result["low"]), exact, precision));
      // From the least size on there are more digits than one number has; below, some are lost besides.
      const lost = sizeOf(exact) < 2 ** least ? underflow : 0;
      expect(error, `of ${JSON.stringify([a, b])}`).toBeLessThanOrEqual(2 ** -24.5 * sizeOf(exact) + lost);
    }
  });
});

describe("a result in pairs is right where its guard holds", () => {
  for (const checked of definitions) {
    it(checked.definition.name.text, () => {
      inFreshGraph(() => {
        const { activation } = activationOf(checked);
        if (!activation) throw new Error("the definition has errors");
        const plan = planKernels(activation);
        if (plan.reduces) return;
        const parameters = [...activation.hyperparameters, ...activation.learned];
        const [value] = formsFor(plan, [plan.value], new Set(activation.inputs));
        const gradients = formsFor(
          plan,
          plan.gradients.map((gradient) => gradient.value),
          new Set(),
        );
        const results = [
          { of: null, form: value! },
          ...plan.gradients.map(({ of }, i) => ({ of, form: gradients[i]! })),
        ];
        for (const { of, form } of results) {
          if (form.kind !== "pairs") continue;
          const variables = [
            ...new Set([form.fast, form.guard].flatMap((expr) => [...(expr ? variablesOf(expr) : [])])),
          ];
          const first = activation.inputs[0]!;
          const operands = [...new Set([...variables, ...(form.factor ? [form.factor] : []), first])];
          const elsewhere = "fn elsewhere(x: f32) -> f32 {\n  return nan();\n}";
          const exact = form.guard && { name: "elsewhere", own: ["elsewhere"], variables: [first], text: elsewhere };
          const fn = scalarFunctionText({
            number: "f32",
            name: "result_in_pairs",
            parameters: operands.map((variable, i) => ({ variable, name: `x${i}` })),
            results: [{ name: "", form: { ...form, exact: form.guard && form.fast, far: null } }],
            exact,
            passes: [],
            struct: null,
            temporaryName: () => "t",
          });
          const run = emulate(readLibrary([elsewhere, fn], pairLibrary().declarations), "result_in_pairs");
          for (const x of inputs) {
            const at = new Map<Variable, number>(activation.inputs.map((input, k) => [input, k === 0 ? x : 0.75]));
            at.set(plan.cotangent, 1);
            for (const { variable, default: number } of parameters) at.set(variable, Math.fround(number));
            const actual = run(...operands.map((variable) => at.get(variable) ?? 0));
            if (Number.isNaN(actual)) continue;
            const { ball, decided } = of
              ? referenceDerivative(activation, of, at, "binary32")
              : referenceValue(activation.body, at, "binary32");
            if (decided)
              expect(ulpError(actual, ball, "binary32"), `d${of?.name ?? ""} at ${x}`).toBeLessThan(of ? 6 : 4);
          }
        }
      });
    });
  }
});

/** Emulation compares as IEEE 754 has it; compilers of shaders need not. */
describe("a NaN gets through, whatever is selected", () => {
  for (const checked of definitions) {
    it(checked.definition.name.text, () => {
      inFreshGraph(() => {
        const { activation } = activationOf(checked);
        if (!activation) throw new Error("the definition has errors");
        if (activation.axis) return;
        const shader = fileText(generated.files, `${fileStem(activation.name)}.wgsl`);
        const name = wgslName(activation.name);
        const textOf = (of: string): string => new RegExp(`^fn ${of}\\([^]*?^}`, "m").exec(shader)?.[0] ?? "";
        // What is not a number is not ordinary.
        const forward = textOf(`${name}_carefully`) || textOf(name);
        expect(forward).toContain("return ");
        if (!/select\(|_pair_|if \(/.test(forward)) return;
        const result = forward.slice(forward.lastIndexOf("return "));
        for (const [i, input] of activation.inputs.entries()) {
          if (!variablesMet(planKernels(activation).definition).has(input)) continue;
          if (new RegExp(`is_nan\\(${input.name}_?\\)`).test(result)) continue;
          // By itself: also if comparisons with numbers go either way.
          for (const outcome of ["true", "false"]) {
            const either = shader.replace(forward, forward.replace(/\b\w+ [<>]=? -?\d+\.\d+/g, outcome));
            expect(either).not.toBe(shader);
            const operands = [...activation.inputs, ...activation.learned, ...activation.hyperparameters].map((_, k) =>
              Float32Array.of(k === i ? NaN : 0.5),
            );
            expect(emulatedFunction(either, name, 0)(operands)[0], outcome).toBe(NaN);
          }
        }
      });
    });
  }
});
