/** Functions for vectors of float32, emulated, against float64: no further off than they say. */
import { expect, test } from "vitest";
import { fractionBits } from "../../compiler/backend/library/simd/fixed.js";
import { simdError, simdLibrary } from "../../compiler/backend/library/simd.js";
import { emulateVectors, expandCall, VectorGraph } from "../../compiler/machine/vector/index.js";
import { primitive } from "../../compiler/primitives/table.js";

const density = (x: number): number => Math.exp((-x * x) / 2) / Math.sqrt(2 * Math.PI);
const normcdf = (x: number): number => primitive("normcdf").sample(x, NaN, NaN);
const softplusTail = (x: number): number => Math.log1p(Math.exp(-x));

const functions: Readonly<Record<string, readonly [f: (x: number) => number, low: number, high: number]>> = {
  exp: [Math.exp, -80, 80],
  expm1: [Math.expm1, -80, 80],
  falling_expm1: [Math.expm1, -1e30, 0],
  log: [Math.log, 1e-30, 1e30],
  log1p: [Math.log1p, -0.99, 1e30],
  sigmoid: [(x) => 1 / (1 + Math.exp(-x)), -80, 80],
  logistic: [(x) => 1 / (2 + Math.exp(x) + Math.exp(-x)), -80, 80],
  softplus: [(x) => Math.max(x, 0) + softplusTail(Math.abs(x)), -80, 80],
  softplus_tail: [softplusTail, 0, 80],
  tanh: [Math.tanh, -1e30, 1e30],
  mish_gate: [(x) => Math.tanh(Math.log1p(Math.exp(x))), -80, 80],
  normcdf: [normcdf, -12.5, 12.5],
  normpdf: [density, -12.5, 12.5],
  gelu_slope: [(x) => normcdf(x) + x * density(x), -12.5, 12.5],
};

/** What functions of an exponent in fixed point are of x, if that is the sign times x. */
const ofFixed: Readonly<Record<string, readonly [sign: 1 | -1, f: (x: number) => number]>> = {
  exp_of_fixed: [1, Math.exp],
  lean_exp_of_fixed: [1, Math.exp],
  sigmoid_of_fixed: [-1, (x) => 1 / (1 + Math.exp(-x))],
};

test.each([
  ...Object.entries(functions).map(([name, [f, low, high]]) => ({ name, f, low, high, fixed: 0 })),
  ...Object.entries(ofFixed).map(([name, [fixed, f]]) => ({ name, f, low: -80, high: 80, fixed })),
])("$name", ({ name, f, low, high, fixed }) => {
  const graph = new VectorGraph("f32x4");
  const x = graph.local("x");
  const exponent = graph.float("mul", graph.promoted(x), graph.double(fixed * Math.LOG2E));
  const operand = fixed === 0 ? x : graph.fixed(exponent, fractionBits, 0.5);
  const code = expandCall(graph, simdLibrary("f32x4"), name, [operand]);
  const [near, far] = [Math.min(high, 16), Math.max(low, -16)];
  const count = 8000;
  const inputs = Float32Array.from({ length: 3 * count }, (_, i) => {
    const share = ((i % count) + 0.37) / count;
    // Evenly, evenly among numbers of ordinary size, and of all sizes.
    if (i < count) return low + (high - low) * share;
    if (i < 2 * count) return far + (near - far) * share;
    const size = 2 ** (-60 + 120 * share);
    const isPositive = low >= 0 || (i % 2 === 0 && high > 0);
    return isPositive ? Math.max(Math.min(size, high), low) : Math.max(-size, low);
  });
  const results = emulateVectors(code, new Map([["x", inputs]]));
  let worst = 0;
  inputs.forEach((x, i) => {
    const meant = f(x);
    // Float64 has no more digits next to the zero of the slope.
    if (name === "gelu_slope" && Math.abs(x + 0.75179) < 1e-3) return;
    worst = Math.max(worst, Math.abs(results[i]! / meant - 1) * 2 ** 24);
  });
  expect(worst).toBeLessThanOrEqual(simdError("f32x4", name));
  // What is stated is not made up.
  expect(worst).toBeGreaterThan(0.6 * simdError("f32x4", name));
});
