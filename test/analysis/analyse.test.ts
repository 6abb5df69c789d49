import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { analyse } from "../../compiler/analyse.js";

const run = (text: string) => analyse([{ file: "test.def", text }]);

test("a block for each activation, then what was found", () => {
  const { text, json, diagnostics } = run(
    "elu(x; alpha = 1 in [0, inf)) = where(x > 0, x, alpha * (exp(x) - 1))\n\nsilu(x) = x * sigmoid(x)\n",
  );
  expect(text).toBe(`elu(x; alpha = 1 in [0, inf)) = where(x > 0, x, alpha * (exp(x) - 1))
  at          test.def:1
  parameter   alpha = 1 in [0, inf)
  d/dx        where(x > 0, 1, alpha * exp(x))
  kink        x = 0: value 0, derivative alpha left, 1 right, chosen alpha
  finite      value and d/dx for every float32 input and alpha in its range
              (proved)
  range       (-1, inf)
  limits      -1 at -inf, inf at inf; d/dx 0 at -inf, 1 at inf
  monotone    rises throughout
  slope       at most 1, for x >= 0
  vanishes    d/dx rounds to 0 for x <= -103.972 (float16: x <= -17.3438)
  float16     value and gradient for x >= -17.3281
  gain        1.2452 forward, 1.22343 backward; mean 0.160521
  keeps       4 bytes per element: the input; the output with --save output,
              where alpha > 0
  weak spot   no gradient in float16 for x <= -17.3438

silu(x) = x * sigmoid(x)
  at          test.def:3
  d/dx        sigmoid(x) + x * sigmoid(x) * (1 - sigmoid(x))
  finite      value and d/dx for every float32 input (proved)
  range       [-0.278465, inf), least at x = -1.27846
  limits      0 at -inf, inf at inf; d/dx 0 at -inf, 1 at inf
  monotone    falls to -1.27846, then rises
  slope       at most 1.09984, at x = 2.39936
  vanishes    d/dx rounds to 0 for x <= -108.651 (float16: x <= -20.2969)
  float16     value and gradient for x >= -20.2813
  gain        1.67653 forward, 1.62332 backward; mean 0.206621
  keeps       4 bytes per element: the input
  weak spot   no gradient in float16 for x <= -20.2969

2 activations: no errors, 1 warning
`);
  expect(diagnostics.map(({ code }) => code)).toEqual(["kink-spelling"]);
  expect(JSON.parse(JSON.stringify(json))).toMatchObject([
    {
      name: "elu",
      derivatives: { x: "where(x > 0, 1, alpha * exp(x))" },
      kinks: [{ condition: "x > 0", at: "0", value: 0, continuous: true, left: "alpha", right: "1", chosen: "alpha" }],
      facts: {
        finite: { value: { verdict: "proved" } },
        range: { least: { value: -1, at: "-inf", attained: false }, greatest: { value: "inf" } },
      },
      parameters: [{ name: "alpha", kind: "hyperparameter", default: 1, range: "[0, inf)" }],
    },
    { name: "silu", kinks: [] },
  ]);
});

describe("screens", () => {
  const screen = (definition: string): string => run(definition).text.replace(/\n\n\d+ activation.*\n$/, "");
  test.each<[string, string, readonly string[]]>([
    [
      "a gate",
      "swiglu(gate, up) = gate * sigmoid(gate) * up",
      [
        "finite      value overflows, for instance at gate = 1.84467e19, up =",
        "limits      in gate: 0 at -inf, inf at inf; d/dgate 0 at -inf, 1 at inf",
        "            (the others held at 1)",
        "weak spot   value overflows for large inputs",
      ],
    ],
    [
      "a reduction",
      "softmax(x; axis d = -1) = e / sum[d](e)\n  let e = exp(x - max[d](x))",
      ["gradient x  dy * exp(x - max[d](x)) / sum[d](exp(x - max[d](x))) - exp(x -"],
    ],
    [
      "a declared gradient",
      "spike(x; slope = 25) = where(x > 0, 1, 0)\n  grad x = 1 / (1 + slope * abs(x))^2",
      [
        "jump        x = 0: value 0, derivative 1 on both sides, chosen 1",
        "monotone    constant up to 0, jumps, then constant",
        "slope       at most 1, at x = 0",
        "weak spot   the value jumps at x = 0",
      ],
    ],
    [
      "a value that steps",
      "f(x) = x - floor(x)",
      ["limits      none found; d/dx 1 at both ends", "monotone    more pieces than are listed"],
    ],
    [
      "holes and poles",
      "f(x) = 1 / (x^2 - 2)",
      ["domain      every x but -1.41421 and 1.41421", "slope       without bound, towards x = 1.41421"],
    ],
    [
      "a gradient that is missing",
      "f(x) = cbrt(x)",
      [
        "finite      d/dx does not exist for x = 0; finite elsewhere (proved)",
        "weak spot   d/dx does not exist for x = 0",
      ],
    ],
    ["a swing", "f(x) = x * cos(x)", ["range       (-inf, inf)", "monotone    turns 12 times for |x| <= 16"]],
    ["nothing to learn", "f(x) = stop_gradient(x)", ["weak spot   no gradient anywhere: nothing is learned"]],
  ])("%s", (_, definition, lines) => {
    const text = screen(definition);
    for (const line of lines) expect(text).toContain(`\n  ${line}`);
    expect(Math.max(...text.split("\n").map(({ length }) => length))).toBeLessThanOrEqual(80);
  });

  test("the one in the documentation is real", () => {
    const page = readFileSync(new URL("../../docs/check.md", import.meta.url), "utf8");
    const shown = /```\n(silu[^]*?)\n```/.exec(page)?.[1]?.replace(/at {10}acts.def:\d+/, "at          test.def:1");
    expect(screen("silu(x) = x * sigmoid(x)")).toBe(shown);
  });

  test("facts found before are taken as they are, and measurements have their lines", () => {
    const { text } = analyse([{ file: "test.def", text: "f(x) = x\n" }], {
      facts: () => null,
      trust: () => ({ lines: [["forward", "0.5 ULP (measured)"]], weakSpot: "forward at x = 3" }),
    });
    expect(text).toBe(`f(x) = x
  at          test.def:1
  d/dx        1
  keeps       nothing
  forward     0.5 ULP (measured)
  weak spot   forward at x = 3

1 activation: no errors, no warnings
`);
  });
});

test("errors leave the good definitions their analysis", () => {
  const { text, diagnostics } = run("good(x) = tanh(x)\nbad(x) = tahn(x)\n");
  expect(text).toMatch(/^good\(x\) = tanh\(x\)\n[^]*\n1 activation: 1 error, no warnings\n$/);
  expect(diagnostics.map(({ severity }) => severity)).toEqual(["error"]);
});

test("an empty file is analysed", () => {
  expect(run("")).toEqual({ text: "no activations: no errors, no warnings\n", json: [], diagnostics: [] });
});
