/** Outside of its domain a function has no value: shaders give NaN there, although they look for numbers where digits are lost. */
import { expect, test } from "vitest";
import { compile } from "../../compiler/compile.js";
import { emulatedFunction } from "../../compiler/verification/emulation.js";

const { fround } = Math;

test.each([
  // Where the input is moved nearer to 1, the logarithm has a value.
  ["f(x; a = 0.5) = log(1 + a * x) / a", [-10000, 2 ** -12], [-1000, 0.5]],
  ["f(x; a = 0.5) = sqrt(1 + a * x) - sqrt(1 + x)", [-10000, 2 ** -12], [-1000, 0.5]],
  ["f(x; a = -2) = log(1 + a * x) * sigmoid(x)", [36864, -(2 ** -12)]],
  ["f(x; a = 0.5) = acosh(1 + a * x) - x", [-10000, 2 ** -12]],
  // The exponent, 10000 and a little, is a whole number of float32.
  ["f(x; a = -0.0001) = 1 - (1 + a * log(1 + exp(x)))^(-1 / a)", [1040000, -0.0001]],
] as const)("%s", async (text, ...rows) => {
  const { files } = await compile([{ file: "outside.def", text: `${text}\n` }], {
    targets: ["wgsl"],
    kernels: ["forward"],
  });
  const shader = files.find(({ path }) => path === "f.wgsl")?.text ?? "";
  const run = emulatedFunction(shader, "f", 0);
  for (const row of rows) {
    expect(run(row.map((number) => Float32Array.of(number)))[0], String(row)).toBeNaN();
    // Inside there is a value.
    expect(run([0.25, fround(row[1])].map((number) => Float32Array.of(number)))[0], String(row)).not.toBeNaN();
  }
});
