/** Formulas whose digits are lost at some inputs alone: kernels keep their bounds there as well. */
import { expect, test } from "vitest";
import { compile } from "../../compiler/compile.js";
import { natBitsOf, wgslDeepNatBits, wgslNatBits } from "../../compiler/machine/index.js";
import { breachesIn, promisedBound } from "../../compiler/verification/bounds.js";
import { Measurer } from "../../compiler/verification/measurer.js";
import { emulatedFunction } from "../../compiler/verification/emulation.js";
import { accuracies, activationsOf, glance, subjectsIn } from "../../compiler/verify.js";

test.each([
  // A logarithm is slow to reach infinity.
  ["wgsl", "f(x) = log(x) - 1 / (2 * x) - 1 / (12 * x^2) + 1 / (120 * x^4) - 1 / (252 * x^6)"],
  // Near 0 a power of the input overflows, an exponential vanishes, and the error of another power is not bounded well.
  [
    "wgsl",
    "f(x; b = 3.3 in [1, inf)) = where(x == 0, 0, x^-5 * exp(-5 / 4 * (10 * x)^-4) * b^peak)\n" +
      "  let peak = exp(-7812 * (x - 0.1)^2)",
  ],
  // A power vanishes that is multiplied by an exponential.
  ["ts", "f(x) = (1 + exp(7.7 * x))^(-0.13)"],
  // The same of a logarithm that is never next to 0.
  ["ts", "f(x) = log(tanh(log(1 + exp(x))) / 2)"],
  // Equal but for log(2), which is rounded.
  ["ts", "f(x) = -log(2 - exp(log(2) - log(1 + exp(-x))))"],
  // A Chebyshev polynomial, whose derivative is 0 / 0 at 1 and -1.
  ["ts", "f(x) = where(abs(x) <= 1, cos(5 * acos(x)), cosh(5 * acosh(abs(x))))"],
] as const)("no bound is broken where digits are lost: %s, %s", async (target, text) => {
  const sources = [{ file: "deep.def", text: `${text}\n` }];
  const { files } = await compile(sources, { targets: [target], kernels: ["forward", "backward"] });
  const measurer = new Measurer(activationsOf(sources), () => {
    throw new Error("shaders are emulated");
  });
  const subjects = await subjectsIn(sources, files, { targets: [target] });
  const found = await accuracies(subjects, new Map(), (task) => measurer.measure(task), glance);
  const breaches = [...found.values()].flatMap(({ columns }) =>
    columns.flatMap(({ key, certificate }) =>
      breachesIn(certificate, promisedBound(key.target, key.column)).map((breach) => ({ ...key, breach })),
    ),
  );
  expect(breaches).toEqual([]);
});

test("an exponential that overflows beside a factor that makes the product small enough", async () => {
  const { files } = await compile([{ file: "overflow.def", text: "f(x) = (1 - cos(x)) * exp(-x)\n" }], {
    targets: ["wgsl"],
    kernels: ["forward"],
  });
  const run = emulatedFunction(files.find(({ path }) => path === "f.wgsl")?.text ?? "", "f", 0);
  const x = Math.fround(-89);
  expect(run([Float32Array.of(x)])[0]! / ((1 - Math.cos(x)) * Math.exp(-x))).toBeCloseTo(1, 6);
});

test.each([
  // At small inputs, whatever the parameter: what Taylor polynomials leave.
  ["f(x; rate = 1 in (0, inf)) = 1 - exp(-rate * x) * (1 + rate * x + (rate * x)^2 / 2 + (rate * x)^3 / 6)", true],
  ["f(x) = where(x == 0, 0, (atan(x) - x + x^3 / 3) / x^3)", true],
  // Where two inputs are alike.
  ["f(a, b) = 1 - sqrt(sigmoid(a) * sigmoid(b)) - sqrt((1 - sigmoid(a)) * (1 - sigmoid(b)))", true],
  // At large inputs, where the parameter is far from its default.
  ["f(r; mass = 6e24 in (0, inf)) = 1 / sqrt(1 - 1.5e-27 * mass / r) - 1", true],
  // Where a power of 10 is at the end of float32.
  ["f(x; n = 1.2 in (0, inf)) = 10 * (10^x)^n / (10 * (10^x)^n + (10^x + 1e-6)^n)", true],
  // A wave far out, in more settings than are tried at one size.
  ["f(x; a = 0.1, b = 0.15, c = 0.05, d = 0, w = 30) = exp(a) * sin(exp(b) * w * x + c) + d", true],
  // A function adds itself.
  ["f(x) = log(1 - x / sqrt(1 + x^2))", true],
  // Where fewer digits do.
  ["f(x) = x - sin(x)", false],
  ["f(x) = sqrt(1 + x^2) - x", false],
])("digits in shaders of %s", async (text, isDeep) => {
  const { files } = await compile([{ file: "deep.def", text: `${text}\n` }], {
    targets: ["wgsl"],
    kernels: ["forward", "backward"],
  });
  const shader = files.find(({ path }) => path === "f.wgsl")?.text ?? "";
  expect(shader).toContain("_exactly");
  expect(natBitsOf(shader)).toBe(isDeep ? wgslDeepNatBits : wgslNatBits);
});
