/** Powers of what is next to 1, whose exponents grow: shaders need more digits of the base than pairs have. */
import { expect, test } from "vitest";
import { compile } from "../../compiler/compile.js";
import { emulatedFunction } from "../../compiler/verification/emulation.js";

const softplus = (x: number): number => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
const logistic = (x: number): number => 1 / (1 + Math.exp(-x));

test.each([
  ["softplus", softplus],
  ["sigmoid", logistic],
] as const)("sigmoid(x)^%s(x)", async (exponent, of) => {
  const text = `raised(x) = sigmoid(x)^${exponent}(x)\n`;
  const { files } = await compile([{ file: "powers.def", text }], { targets: ["wgsl"] });
  const shader = files.find(({ path }) => path.endsWith(".wgsl"))?.text ?? "";
  const inputs = Float32Array.from({ length: 400 }, (_, i) => i / 10 - 20);
  const results = emulatedFunction(shader, "raised", 0)([inputs]);
  for (const [i, x] of inputs.entries()) {
    const expected = Math.exp(-of(x) * softplus(-x));
    expect(Math.abs(results[i]! / expected - 1), String(x)).toBeLessThan(2 ** -22);
  }
});
