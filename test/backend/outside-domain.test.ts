/** Outside of its domain a function has no value: shaders give NaN there, although they look for numbers where digits are lost. */
import { expect, test } from "vitest";
import { compile } from "../../compiler/compile.js";
import { emulatedFunction } from "../../compiler/verification/emulation.js";

const places = [
  // Where the input is moved nearer to 1, the logarithm has a value.
  { text: "f(x; a = 0.5) = log(1 + a * x) / a", x: -10000, a: 2 ** -12 },
  { text: "f(x; a = 0.5) = log(1 + a * x) / a", x: -1000, a: 0.5 },
  { text: "f(x; a = 0.5) = sqrt(1 + a * x) - sqrt(abs(x))", x: -10000, a: 2 ** -12 },
  { text: "f(x; a = -2) = log(1 + a * x) * sigmoid(x)", x: 36864, a: -(2 ** -12) },
  { text: "f(x; a = 0.5) = acosh(1 + a * x) - x", x: -10000, a: 2 ** -12 },
  // The exponent, 10000 and a little, is a whole number of float32.
  { text: "f(x; a = -0.0001) = 1 - (1 + a * log(1 + exp(x)))^(-1 / a)", x: 1040000, a: -0.0001 },
];

test.each(places)("$text, a = $a", async ({ text, x, a }) => {
  const { files } = await compile([{ file: "outside.def", text: `${text}\n` }], {
    targets: ["wgsl"],
    kernels: ["forward"],
  });
  const shader = files.find(({ path }) => path === "f.wgsl")?.text ?? "";
  const run = emulatedFunction(shader, "f", 0);
  const at = (input: number): number | undefined => run([Float32Array.of(input), Float32Array.of(a)])[0];
  expect(at(x)).toBeNaN();
  // Inside there is a value.
  expect(at(0.25 * Math.sign(a))).not.toBeNaN();
});
