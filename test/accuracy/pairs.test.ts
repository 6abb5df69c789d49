/** Results in pairs of float32, emulated: as good as promised wherever their guard holds. */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { planKernels } from "../../compiler/backend/kernels.js";
import { scalarFunctionText } from "../../compiler/backend/pair-form.js";
import { wgslKernels } from "../../compiler/backend/targets/wgsl.js";
import { formsFor } from "../../compiler/backend/wgsl-forms.js";
import { variablesMet } from "../../compiler/backend/lower.js";
import { activationOf, readDefinitions } from "../../compiler/compile.js";
import { inFreshGraph, type Variable, variablesOf } from "../../compiler/ir/expr.js";
import { emulate, readLibrary } from "../../compiler/machine/index.js";
import { wgslName } from "../../compiler/names.js";
import { pairLibrary } from "../../compiler/machine/library/pair/index.js";
import { referenceDerivative, referenceValue } from "../../compiler/numerics/reference.js";
import { ulpError } from "../../compiler/numerics/rounding.js";

const text = readFileSync(new URL("../../acts.def", import.meta.url), "utf8");
const { definitions } = readDefinitions([{ file: "acts.def", text }]);
const inputs = Float32Array.from({ length: 24 }, (_, i) => 8 * Math.sin(1.7 * i + 0.3) * (i % 5 === 0 ? 3 : 1));

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
describe("a NaN gets through by its bits wherever something is selected", () => {
  for (const checked of definitions) {
    it(checked.definition.name.text, () => {
      inFreshGraph(() => {
        const { activation } = activationOf(checked);
        if (!activation) throw new Error("the definition has errors");
        const plan = planKernels(activation);
        if (plan.reduces) return;
        const { functions } = wgslKernels(plan);
        const forward = new RegExp(`^fn ${wgslName(activation.name)}\\([^]*?^}`, "m").exec(functions)?.[0] ?? "";
        expect(forward).toContain("return ");
        if (!/select\(|_pair_|if \(/.test(forward)) return;
        const result = forward.slice(forward.lastIndexOf("return "));
        for (const input of activation.inputs) {
          if (variablesMet(plan.definition).has(input))
            expect(result).toMatch(new RegExp(`is_nan\\(${input.name}_?\\)`));
        }
      });
    });
  }
});
