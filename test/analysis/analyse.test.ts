import { expect, test } from "vitest";
import { analyse } from "../../compiler/analyse.js";

const run = (text: string) => analyse([{ file: "test.def", text }]);

test("a block for each activation, then what was found", () => {
  const { text, json, diagnostics } = run(
    "elu(x; alpha = 1 in [0, inf)) = where(x > 0, x, alpha * (exp(x) - 1))\n\nsilu(x) = x * sigmoid(x)\n",
  );
  expect(text).toBe(`elu(x; alpha = 1 in [0, inf)) = where(x > 0, x, alpha * (exp(x) - 1))
  at          test.def:1
  d/dx        where(x > 0, 1, alpha * exp(x))
  kink        x = 0: value 0, derivative alpha left, 1 right, chosen alpha
  values      -1 to inf; -1 at -inf, inf at inf (sampled)
  parameter   alpha = 1 in [0, inf)

silu(x) = x * sigmoid(x)
  at          test.def:3
  d/dx        sigmoid(x) + x * sigmoid(x) * (1 - sigmoid(x))
  values      -0.278465 to inf; 0 at -inf, inf at inf (sampled)

2 activations: no errors, 1 warning
`);
  expect(diagnostics.map(({ code }) => code)).toEqual(["kink-spelling"]);
  expect(JSON.parse(JSON.stringify(json))).toMatchObject([
    {
      name: "elu",
      derivatives: { x: "where(x > 0, 1, alpha * exp(x))" },
      kinks: [{ condition: "x > 0", at: "0", value: 0, continuous: true, left: "alpha", right: "1", chosen: "alpha" }],
      sampled: { low: "-1", high: "inf", limits: ["-1", "inf"] },
      parameters: [{ name: "alpha", kind: "hyperparameter", default: 1, range: "[0, inf)" }],
    },
    { name: "silu", kinks: [] },
  ]);
});

test("errors leave the good definitions their analysis", () => {
  const { text, diagnostics } = run("good(x) = tanh(x)\nbad(x) = tahn(x)\n");
  expect(text).toMatch(/^good\(x\) = tanh\(x\)\n[^]*\n1 activation: 1 error, no warnings\n$/);
  expect(diagnostics.map(({ severity }) => severity)).toEqual(["error"]);
});

test("an empty file is analysed", () => {
  expect(run("")).toEqual({ text: "no activations: no errors, no warnings\n", json: [], diagnostics: [] });
});
