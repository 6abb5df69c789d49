/** What an emulated gradient has given is not computed again, and is the same. */
import { describe, expect, it } from "vitest";
import { compile } from "../../compiler/compile.js";
import { emulatedKernel, KnownGradients } from "../../compiler/verification/emulation.js";
import { emulatedFunction } from "../../compiler/verification/emulation.js";
import { subjectsIn } from "../../compiler/verify.js";

const sources = [{ file: "f.def", text: "bent(x, y; learn a = 0.5) = sin(a * x) + a * y^2 * exp(x)" }];
const { files } = await compile(sources, { targets: ["ts", "wgsl"], kernels: ["forward", "backward"] });
const [subject] = await subjectsIn(sources, files, {});
const columns = subject!.columns.filter(({ target, of }) => target === "wgsl" && of !== null);

const inputs = [Float32Array.of(1, -0, 0, NaN, 1e-40, 3, 1), Float32Array.of(2, 5, 5, 1, Infinity, -1, 2)];

describe("the derivatives of a shader with what is known of them", () => {
  const gradients = new KnownGradients();
  it.each(columns.map((column) => [column.name, column] as const))("%s", (_, column) => {
    if (column.target !== "wgsl") throw new Error("a column of the other target");
    const [plain, remembering] = [emulatedKernel(column), emulatedKernel(column, gradients)];
    for (const parameters of [[0.5], [-0.25]]) {
      const expected = plain(inputs, parameters);
      expect(remembering(inputs, parameters)).toEqual(expected);
      // In another order, some of them new, and again.
      const turned = inputs.map((each) => Float32Array.of(...each.toReversed(), 7));
      expect(remembering(turned, parameters)).toEqual(plain(turned, parameters));
      expect(remembering(inputs, parameters)).toEqual(expected);
    }
  });

  it("are computed once for all columns", () => {
    const [first, second] = columns;
    if (first?.target !== "wgsl" || second?.target !== "wgsl") throw new Error("columns are missing");
    const run = gradients.of(first.code, first.scalar!.name);
    expect(gradients.of(second.code, second.scalar!.name)).toBe(run);
    const fresh = emulatedFunction(first.code, first.scalar!.name, 0);
    const operands = [[1], [2], [3], [0.5]].map((each) => Float32Array.from(each));
    expect(run(operands)[0]).toEqual(fresh(operands));
  });
});
