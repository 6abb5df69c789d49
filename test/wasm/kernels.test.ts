/** Kernels in WebAssembly, compared with those in TypeScript, which are within 0.51 units: over random bits and where kernels break. */
import { beforeAll, describe, expect, test } from "vitest";
import { finitePoints, fromBits, randomPoints, words } from "../activations/points.js";
import { DefinitionGenerator } from "../properties/definitions.js";
import { type CompiledWasm, compiledToWasm, type Direction, type Given, unitOf } from "./compiled.js";

const text = `
relu(x) = where(x > 0, x, 0)
leaky_relu(x; negative_slope = 0.01) = where(x > 0, x, negative_slope * x)
hard_swish(x) = x * clamp(x + 3, 0, 6) / 6
ramp(x) = clamp(0.2 * x + 0.5, 0, 1)
sigmoid(x) = 1 / (1 + exp(-x))
tanh(x) = tanh(x)
silu(x) = x / (1 + exp(-x))
quick(x) = x / (1 + exp(-1.702 * x))
gelu(x) = x / 2 * (1 + erf(x / sqrt(2)))
gelu_tanh(x) = x / 2 * (1 + tanh(sqrt(2 / pi) * (x + 0.044715 * x^3)))
cubic(x) = x / (1 + exp(-x * (0.9 + 0.01 * x + 0.05 * x^2)))
mirrored(x) = x / (1 + exp(x * (0.9 + 0.01 * x + 0.05 * x^2)))
quartic(x) = x / (1 + exp(-0.3 * x^2 - 0.02 * x^4))
bell(x) = exp(-x^2)
softplus(x; beta = 1 in (0, inf)) = log(1 + exp(beta * x)) / beta
mish(x) = x * tanh(log(1 + exp(x)))
elu(x; alpha = 1) = where(x > 0, x, alpha * (exp(x) - 1))
selu(x) = 1.05 * where(x > 0, x, 1.67 * (exp(x) - 1))
alrelu(x; alpha = 0.01) = where(x > 0, x, abs(alpha * x))
sine(x) = sin(x)
wiggle(x; k = 1/3) = x * cos(k * x) - log(1 + x^2) * k
shrink(x; lambda = 0.1) = where(x > lambda, x - lambda, where(x < -lambda, x + lambda, 0))
softsign(x) = x / (1 + abs(x))
glu(gate, up) = up / (1 + exp(-gate))
power(x; k = 1.5) = where(x > 0, x^k, 0)
prelu(x; learn weight[channel] = 0.25) = where(x > 0, x, weight * x)
apl(x; learn a = 0.2, learn b = 0.5) = max(x, 0) + a * max(b - x, 0)
mixed(x; learn alpha = 1, k = 1/3) = tanh(k * x) * alpha + x / (1 + abs(alpha * x))
softmax(x; axis d = -1) = exp(x) / sum[d](exp(x))
step(x) = where(x > 0, 1, 0)
nothing_left(x) = (x + 1)^3 - x^3 - 3 * x^2 - 3 * x
`;

let subject: CompiledWasm;
beforeAll(async () => {
  subject = await compiledToWasm(text);
}, 60_000);

const special = [...finitePoints, Infinity, -Infinity, NaN];
const random = words(5);
/** Inputs that kernels break at, random bits, and numbers of ordinary size. */
const inputs = Float32Array.from([
  ...special,
  ...randomPoints(1500, 3),
  ...Array.from({ length: 1500 }, () => fromBits(random())),
  ...Array.from({ length: 3000 }, () => (random() / 2 ** 32 - 0.5) * 24),
]);
const others = Float32Array.from(inputs, (_, i) => inputs[(i * 7919) % inputs.length]!);

/** Each result that is further off than granted, and each that is no number where it should be, or the other way round. */
function faults(of: CompiledWasm, name: string, direction: Direction, numbers: Given["numbers"] = {}): string[] {
  const names = of.activations
    .find((each) => each.name === name)!
    .kernels.ts!.forward.arguments.flatMap((each) => (each.role === "input" ? [each.name] : []));
  const arrays = Object.fromEntries(names.map((each, i) => [each, i === 0 ? inputs : others]));
  const granted = direction === "forward" ? 4 : 6;
  const results = of.call(name, "wasm", direction, { arrays, numbers });
  const exact = of.call(name, "ts", direction, { arrays, numbers });
  return Object.entries(results).flatMap(([result, values]) =>
    [...values].flatMap((value, i) => {
      const meant = exact[result]![i]!;
      const isInput = names.some((each) => Number.isNaN(arrays[each]![i]));
      // What a derivative is at NaN is free.
      if (direction === "backward" && isInput) return [];
      if (Object.is(value, meant) || value === meant) return [];
      // Where the input's rounding alone makes as much of a difference.
      const near = (step: number): number => {
        const beside = Object.fromEntries(
          names.map((each) => [each, Float32Array.of(arrays[each]![i]! + step * unitOf(arrays[each]![i]!))]),
        );
        return of.call(name, "ts", direction, { arrays: beside, numbers })[result]![0]!;
      };
      const error = Math.abs(value - meant);
      if (error <= granted * unitOf(meant)) return [];
      if (direction === "backward" && error <= granted * unitOf(meant) + Math.abs(near(1) - near(-1))) return [];
      return [`${result} of ${names.map((each) => arrays[each]![i]).join()}: ${value}, not ${meant}`];
    }),
  );
}

test("what vectors compute, and what they do not", () => {
  const without = subject.activations.filter(({ kernels }) => !kernels.wasm).map(({ name }) => name);
  expect(without).toEqual(["prelu", "softmax"]);
  expect(subject.files.get("apl.wasm.ts")).toMatch(/call\("forward"[^]*aplBackward\(dy, x, a, b, dx, da, db\);/);
  expect(subject.files.get("step.wasm.ts")).toContain("stepBackward(dy, x, dx);");
});

test("how many elements vectors take at once: half as many where float64 is needed", () => {
  const groups = (name: string): Record<string, number> => {
    const calls = subject.files.get(`${name}.wasm.ts`)?.matchAll(/call\("(\w+)", (\d+)/g) ?? [];
    return Object.fromEntries([...calls].map(([, direction, elements]) => [direction, Number(elements)]));
  };
  for (const [name, ...expected] of [
    ...["relu", "leaky_relu"].map((each) => [each, 32, 32] as const),
    ["hard_swish", 32, 16] as const,
    ...["sigmoid", "tanh", "silu", "gelu", "gelu_tanh", "elu", "selu"].map((each) => [each, 16, 16] as const),
    ...["cubic", "quartic", "bell"].map((each) => [each, 16, 16] as const),
    ...["mirrored", "mish"].map((each) => [each, 16, 8] as const),
  ]) {
    expect(Object.values(groups(name)), name).toEqual(expected);
  }
  // At a beta of 1, and at any.
  expect(groups("softplus")).toEqual({ forwardAsUsual: 16, forward: 8, backwardAsUsual: 16, backward: 8 });
});

describe.each(["forward", "backward"] as const)("%s", (direction) => {
  const named = [...text.matchAll(/^(\w+)\(/gm)].map(([, name]) => name!);
  test.each(named.filter((name) => !["prelu", "softmax"].includes(name)))("%s", (name) => {
    expect(faults(subject, name, direction)).toEqual([]);
  });

  test.each([
    ["leaky_relu", { negative_slope: -3e20 }],
    ["leaky_relu", { negative_slope: -0.5 }],
    ["leaky_relu", { negative_slope: 0 }],
    ["leaky_relu", { negative_slope: 1 }],
    ["leaky_relu", { negative_slope: 1.0000001192092896 }],
    ["leaky_relu", { negative_slope: 3e20 }],
    ["softplus", { beta: 1.7 }],
    ["softplus", { beta: 1e-30 }],
    ["elu", { alpha: -1e30 }],
    ["elu", { alpha: 1e300 }],
    ["leaky_relu", { negative_slope: 1e-42 }],
    ["wiggle", { k: 1e6 }],
    ["mixed", { alpha: 3.25, k: 0.5 }],
    ["apl", { a: 1e-42, b: -3e38 }],
    ["shrink", { lambda: 0.30000001192092896 }],
  ])("%s with %o", (name, numbers) => {
    expect(faults(subject, name, direction, numbers)).toEqual([]);
  });
});

test("random definitions", async () => {
  const random = await compiledToWasm(new DefinitionGenerator(41).file(6));
  const measured = random.activations.filter(({ kernels }) => kernels.wasm).map(({ name }) => name);
  expect(measured.length).toBeGreaterThan(1);
  for (const name of measured) {
    for (const direction of ["forward", "backward"] as const) {
      expect(faults(random, name, direction).slice(0, 3), name).toEqual([]);
    }
  }
});

test("forms that hold at neither infinity are tried out as others are", async () => {
  const { call } = await compiledToWasm("bump(x) = where(x <= -2, 0, x * exp(-x^2))");
  const x = Float32Array.from({ length: 400 }, (_, i) => (i - 200) / 20);
  const [vectors, exact] = (["wasm", "ts"] as const).map(
    (target) => call("bump", target, "forward", { arrays: { x } })["y"]!,
  );
  vectors!.forEach((value, i) => expect(Math.abs(value - exact![i]!)).toBeLessThanOrEqual(6e-7 * Math.abs(exact![i]!)));
}, 60_000);
