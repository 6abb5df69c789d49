/**
 * Where a guard holds, the lowered form is as accurate in binary64 as it was asked to be: over random inputs, inputs around
 * the places where sums cancel, and random parameters within their ranges.
 */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { float64, pairs } from "../../compiler/backend/accuracy/arithmetic.js";
import { analyseErrors } from "../../compiler/backend/accuracy/error.js";
import { guardFor } from "../../compiler/backend/accuracy/guard.js";
import { typescript } from "../../compiler/backend/dialects/typescript.js";
import { planKernels } from "../../compiler/backend/kernels.js";
import { lower } from "../../compiler/backend/lower.js";
import { activationOf, readDefinitions } from "../../compiler/compile.js";
import {
  apply,
  type Bounds,
  constant,
  type Expr,
  inFreshGraph,
  Space,
  variable,
  type Variable,
} from "../../compiler/ir/expr.js";
import { rational } from "../../compiler/ir/rational.js";
import type { Activation } from "../../compiler/ir/activation.js";
import { referenceDerivative, referenceValue } from "../../compiler/numerics/reference.js";
import { sampler } from "../../compiler/numerics/sample.js";
import { spellingOf } from "../../compiler/printing/print.js";

const allowance = 2 ** 21;
const negligible = 2 ** -157;

const text = readFileSync(new URL("../../acts.def", import.meta.url), "utf8");
const { definitions } = readDefinitions([{ file: "acts.def", text }]);

/** A small generator of its own: the same numbers on every run. */
function generator(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + 0x9e3779b9) >>> 0;
    let z = state;
    z = Math.imul(z ^ (z >>> 16), 0x85ebca6b);
    z = Math.imul(z ^ (z >>> 13), 0xc2b2ae35);
    return ((z ^ (z >>> 16)) >>> 0) / 2 ** 32;
  };
}

const bits = new DataView(new ArrayBuffer(4));
function randomFloat(random: () => number): number {
  const kind = random();
  if (kind < 0.4) return Math.fround((random() - 0.5) * 16);
  if (kind < 0.5) return Math.fround((random() - 0.5) * 400);
  for (;;) {
    bits.setUint32(0, Math.floor(random() * 2 ** 32));
    const value = bits.getFloat32(0);
    if (Number.isFinite(value)) return value;
  }
}

function randomParameter(range: Bounds | null, fallback: number, random: () => number): number {
  const kind = random();
  if (kind < 0.3) return fallback;
  const sign = random() < 0.5 ? -1 : 1;
  const candidate = Math.fround(kind < 0.7 ? (random() - 0.5) * 8 : sign * 2 ** ((random() - 0.5) * 40));
  if (!range) return candidate;
  const { low, high, lowClosed, highClosed } = range;
  const inside = (value: number): boolean =>
    (value > low || (lowClosed && value === low)) && (value < high || (highClosed && value === high));
  if (inside(candidate)) return candidate;
  const mirrored = -candidate;
  if (inside(mirrored)) return mirrored;
  return Number.isFinite(low) && Number.isFinite(high)
    ? Math.fround(low + (high - low) * (0.01 + 0.98 * random()))
    : fallback;
}

it("a guard fails where more cancels than is allowed, and hardly sooner", () => {
  inFreshGraph(() => {
    const [x, y] = [variable("x", "input", Space.element), variable("y", "input", Space.element)];
    const form = apply("subtract", [apply("exp", [x]), apply("exp", [y])]);
    const { condition } = guardFor(form, { model: float64, allowance, negligible });
    if (!condition) throw new Error("no guard");
    const holds = sampler(condition, [x, y], "binary64");
    // Two exponentials, each with an error of 8 units: 16 / d of them against 2^21.
    expect([-18, -17.1, -15, -14].map((d) => holds([1, 1 + 2 ** d]))).toEqual([0, 0, 1, 1]);
  });
});

it("a guard fails where nothing is left of what is squared", () => {
  inFreshGraph(() => {
    const [x, y] = [variable("x", "input", Space.element), variable("y", "input", Space.element)];
    const u = apply("subtract", [constant(1), apply("exp", [x])]);
    const form = apply("subtract", [apply("multiply", [u, u]), apply("multiply", [y, y])]);
    const { condition } = guardFor(form, { model: float64, allowance, negligible: 0 });
    if (!condition) throw new Error("no guard");
    const holds = sampler(condition, [x, y], "binary64");
    // 1 - e^x is 0 there, and its square 1e-34, as large as what is taken from it.
    expect([holds([1e-17, 1.1e-17]), holds([1e-17, 1e-5]), holds([0.5, 0.25])]).toEqual([0, 1, 1]);
  });
});

it("of many selections a guard is found as well", () => {
  inFreshGraph(() => {
    const x = variable("x", "input", Space.element);
    const ramps = Array.from({ length: 40 }, (_, k) => {
      const rise = apply("subtract", [x, constant(k)]);
      return apply("where", [apply("greater", [rise, constant(0)]), rise, constant(0)]);
    });
    const form = ramps.reduce<Expr>(
      (sum, ramp, k) => apply(k % 2 === 0 ? "add" : "subtract", [sum, ramp]),
      constant(0),
    );
    const { condition } = guardFor(form, { model: float64, allowance, negligible });
    if (!condition) throw new Error("no guard");
    const holds = sampler(condition, [x], "binary64");
    expect([-3, 0.5, 1.5, 7.25, 300].map((at) => holds([at]))).toEqual([1, 1, 1, 1, 1]);
  });
});

it("a guard fails where more has faded away than is allowed, and hardly sooner", () => {
  inFreshGraph(() => {
    const [x, y] = [variable("x", "input", Space.element), variable("y", "input", Space.element)];
    const holds = (primitive: "add" | "multiply"): ((logX: number, logY: number) => number) => {
      const form = apply(primitive, [apply("exp", [x]), apply("exp", [y])]);
      const { condition } = guardFor(form, { model: pairs, allowance: 64, negligible: 2 ** -150 });
      if (!condition) throw new Error("no guard");
      const run = sampler(condition, [x, y], "binary64");
      return (logX, logY) => run([logX * Math.LN2, logY * Math.LN2]);
    };
    // Each exponential may have lost 2^-124: together 2^-22, 64 units of 2^-28, of a sum of 2^-101; of a product, either.
    const [sum, product] = [holds("add"), holds("multiply")];
    expect([-102.1, -101.9].map((log) => sum(log, log))).toEqual([0, 1]);
    expect([-101.1, -100.9].map((log) => product(log, 50))).toEqual([0, 1]);
  });
});

it.each([
  ["sin", 4095, 4097],
  ["cos", -4095, -4097],
  ["tan", 4095, 4097],
  ["asin", -0.999, -0.9995],
  ["acos", 0.999, 0.9995],
  ["atanh", 0.999, 0.9995],
  ["acosh", 1.001, 0.999],
  ["log1p", -0.999, -0.9995],
  ["log", 2 ** -99, 2 ** -101],
  ["sqrt", 0.001, -0.001],
  ["exp", 81, 82],
] as const)("pairs compute %s of %d, but not of %d", (name, inside, outside) => {
  inFreshGraph(() => {
    const x = variable("x", "input", Space.element);
    const { condition } = guardFor(apply(name, [x]), { model: pairs, allowance: 64, negligible: 2 ** -150 });
    if (!condition) throw new Error("no guard");
    const holds = sampler(condition, [x], "binary64");
    expect([holds([inside]), holds([outside])]).toEqual([1, 0]);
  });
});

describe("the error of a difference is known beforehand if one term is always well below the other", () => {
  it.each([1.05, 1.1, 1.3, 1.6, 2, 5, 100])("by the factor %d", (factor) => {
    inFreshGraph(() => {
      const bounds = { low: 0.5, high: 1, lowClosed: true, highClosed: true };
      const p = variable("p", "hyperparameter", Space.uniform, bounds);
      // At most 1/3 with an error of two units, and `factor` times as much with one.
      const small = apply("multiply", [p, constant(rational(1, 3))]);
      const large = constant(rational(Math.round(factor * 100), 300));
      const { relative, scale } = analyseErrors(float64).factsOf(apply("subtract", [large, small]));
      expect(scale === null).toBe(factor > Math.SQRT2);
      if (scale !== null) return;
      expect(relative).toBeGreaterThanOrEqual((2 + factor) / (factor - 1) + 1);
      expect(relative).toBeLessThanOrEqual((2 * factor + 2) / (factor - 1) + 1);
    });
  });
});

describe("a form is as accurate as promised wherever its guard holds", () => {
  for (const checked of definitions) {
    it(checked.definition.name.text, () => {
      inFreshGraph(() => {
        const { activation } = activationOf(checked);
        if (!activation) throw new Error("the definition has errors");
        const plan = planKernels(activation);
        if (plan.reduces) return;
        const parameters = [...activation.hyperparameters, ...activation.learned];
        const variables: Variable[] = [
          ...activation.inputs,
          plan.cotangent,
          ...parameters.map(({ variable }) => variable),
        ];
        const random = generator(checked.definition.span.start + 1);
        const targets = [{ of: null, value: plan.value }, ...plan.gradients];
        for (const { of, value } of targets) {
          check(activation, of, value, variables, () => [
            ...activation.inputs.map(() => randomFloat(random)),
            1,
            ...parameters.map(({ range, default: value }) => randomParameter(range, value, random)),
          ]);
        }
      });
    });
  }
});

function check(
  activation: Activation,
  of: Variable | null,
  target: Expr,
  variables: readonly Variable[],
  draw: () => number[],
): void {
  const form = lower(target, {
    spells: (primitive) => spellingOf(typescript, primitive) !== undefined,
    nanFrom: new Set(),
    definition: activation.body,
    narrow: false,
  });
  const { condition, relative } = guardFor(form, { model: float64, allowance, negligible });
  expect(relative).toBeLessThan(2 ** 21);
  const value = sampler(form, variables, "binary64");
  const holds = condition ? sampler(condition, variables, "binary64") : () => 1;
  const calls = Number(process.env["GUARD_POINTS"] ?? 60);
  for (let i = 0; i < calls; i++) {
    const at = draw();
    if (holds(at) === 0) continue;
    const actual = value(at);
    const bindings = new Map(variables.map((variable, k) => [variable, at[k]!]));
    if (Math.abs(actual) > 3.5e38) continue;
    const { value: expected, decided } = of
      ? referenceDerivative(activation, of, bindings, "binary64")
      : referenceValue(activation.body, bindings, "binary64");
    if (!decided || Number.isNaN(expected) || Math.abs(expected) > 3.5e38) continue;
    const error = Math.abs(actual - expected);
    const message = `d${of?.name ?? ""} ${variables.map(({ name }, k) => `${name} = ${at[k]}`).join(", ")}: ${actual} for ${expected}`;
    expect(error, message).toBeLessThanOrEqual(Math.max(2 * negligible, Math.abs(expected) * 2 ** -30.9));
  }
}
