/** Products of factors that vanish: none may fade away before it meets the others. */
import { expect, test } from "vitest";
import { compile } from "../../compiler/compile.js";
import { emulatedFunction } from "../../compiler/verification/emulation.js";

const shaderOf = async (definition: string): Promise<string> => {
  const { files } = await compile([{ file: "factors.def", text: `${definition}\n` }], { targets: ["wgsl"] });
  return files.find(({ path }) => path.endsWith(".wgsl"))?.text ?? "";
};

/** 4 sigmoid(b) times e^-2|a| / (1 + e^-2|a|)^2, of which the second is less than 2^-126 and the product is not. */
test.each([211.5, 3.5e33])("the slope of a tanh, with a gate at %d", async (b) => {
  const slope = emulatedFunction(await shaderOf("gated(a, b) = tanh(a) * sigmoid(b)"), "gated_backward", 0);
  for (const a of [-43.9, -44, 44.05]) {
    const [x = 0] = Float32Array.of(a);
    const [result = 0] = slope([Float32Array.of(1), Float32Array.of(a), Float32Array.of(b)]);
    const expected = 4 * Math.exp(-2 * Math.abs(x));
    expect(Math.abs(result / expected - 1), String(a)).toBeLessThan(2 ** -22);
  }
});
