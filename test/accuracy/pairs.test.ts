/** Results in pairs of float32, emulated: within a unit in the last place wherever their guard holds. */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { pairs } from "../../compiler/backend/accuracy/arithmetic.js";
import { formFor } from "../../compiler/backend/forms.js";
import { planKernels } from "../../compiler/backend/kernels.js";
import { lower } from "../../compiler/backend/lower.js";
import { pairFunction, pairSpells } from "../../compiler/backend/pair-form.js";
import { activationOf, readDefinitions } from "../../compiler/compile.js";
import { inFreshGraph, reachable, type Variable } from "../../compiler/ir/expr.js";
import { emulate, readLibrary } from "../../compiler/machine/index.js";
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
        for (const { of, value } of [{ of: null, value: plan.value }, ...plan.gradients]) {
          const { fast, guard } = formFor(value, {
            plan,
            model: pairs,
            allowance: of ? 70 : 50,
            negligible: 2 ** -150,
            intolerable: 64,
            lower: (expr) =>
              lower(expr, { spells: pairSpells, nanFrom: new Set(), definition: plan.definition, narrow: false }),
          });
          if (!fast) throw new Error("the error is too large everywhere");
          const spelled = reachable([fast]).every(
            (node) => node.kind !== "application" || node.type === "condition" || pairSpells(node.primitive),
          );
          if (!spelled) continue;
          const first = activation.inputs[0]!;
          const other = { name: "elsewhere", own: ["elsewhere"], variables: [first], text: "" };
          const fn = pairFunction("result_in_pairs", fast, guard, guard ? other : null);
          const elsewhere = "fn elsewhere(x: f32) -> f32 {\n  return nan();\n}";
          const run = emulate(readLibrary([elsewhere, fn.text], pairLibrary().declarations), "result_in_pairs");
          for (const x of inputs) {
            const at = new Map<Variable, number>(activation.inputs.map((input, k) => [input, k === 0 ? x : 0.75]));
            at.set(plan.cotangent, 1);
            for (const { variable, default: number } of parameters) at.set(variable, Math.fround(number));
            const actual = run(...fn.variables.map((variable) => at.get(variable) ?? 0));
            if (Number.isNaN(actual)) continue;
            const { ball, decided } = of
              ? referenceDerivative(activation, of, at, "binary32")
              : referenceValue(activation.body, at, "binary32");
            if (decided) expect(ulpError(actual, ball, "binary32"), `d${of?.name ?? ""} at ${x}`).toBeLessThan(1);
          }
        }
      });
    });
  }
});
