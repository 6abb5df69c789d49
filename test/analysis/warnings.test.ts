import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { review } from "../../compiler/review.js";
import { elaborate } from "../../compiler/frontend/elaborate.js";
import { inFreshGraph } from "../../compiler/ir/expr.js";
import { checked, withActivation } from "./activation.js";

/** `code [text pointed at] message`, with the hint behind `->` where it is computed. */
const findings = (text: string): string[] =>
  withActivation(text, (activation, definition) =>
    review(activation, definition).map(({ code, span, message, hint }) => {
      const computed = code === "removable-singularity" ? ` -> ${hint}` : "";
      return `${code} [${text.slice(span.start, span.end)}] ${message}${computed}`;
    }),
  );

const jump = (place: string, from: string, to: string): string =>
  `the value jumps at ${place}: from ${from} on the left to ${to} on the right`;
const outside = (part: string, place: string): string =>
  `outside-domain [${part}] '${part}' is outside of its domain at ${place}`;
const flat = "zero-derivative [x] the derivative in 'x' is 0 everywhere: nothing is learned through it";

describe("warnings", () => {
  test.each<[string, readonly string[]]>([
    // Kinks that another spelling would decide otherwise.
    [
      "f(x) = where(x > 0, x, 0)",
      ["kink-spelling [x > 0] the derivative at x = 0 is 0; spelled with 'x >= 0' it would be 1"],
    ],
    [
      "f(x) = where(x >= 0, x, 0)",
      ["kink-spelling [x >= 0] the derivative at x = 0 is 1; spelled with 'x > 0' it would be 0"],
    ],
    [
      "f(x) = max(x, 0)",
      ["kink-spelling [max(x, 0)] the derivative at x = 0 is 0; spelled with 'max(0, x)' it would be 1"],
    ],
    [
      "f(x) = max(0, x)",
      ["kink-spelling [max(0, x)] the derivative at x = 0 is 1; spelled with 'max(x, 0)' it would be 0"],
    ],
    [
      "f(x) = sign(x) * log1p(abs(x))",
      [
        "kink-spelling [sign(x)] the derivative at x = 0 is 0 (1 on both sides); spelled with 'where(x >= 0, 1, -1)' it would be 1",
      ],
    ],
    [
      "f(x) = max(x, 0) + min(x, 0)",
      [
        "kink-spelling [max(x, 0)] the derivative at x = 0 is 0 (1 on both sides); spelled with 'max(0, x)' it would be 1",
      ],
    ],
    [
      "f(x) = sqrt(x^2)",
      [
        "kink-spelling [f] the derivative at x = 0 is 1 (-1 on the left, 1 on the right), though no comparison in the text decides it",
      ],
    ],
    ["f(x) = x * abs(x)", []],
    ["f(x) = x / (1 + abs(x))", []],
    ["f(x) = where(x >= 0, log(1 + x), -log(1 - x))", []],
    [
      "f(x; learn t = 0) = x + sign(t)",
      ["zero-derivative [t] the derivative in 't' is 0 everywhere: it is never learned"],
    ],
    ["f(x; learn t = 0) = x + sign(t)\n  grad t = 1", []],
    // Jumps.
    ["f(x) = where(x > 0, 1, 0)\n  grad x = exp(-x^2)", [`value-jumps [x > 0] ${jump("x = 0", "0", "1")}`]],
    ["f(x) = where(x > 0, 1, 0)", [`value-jumps [x > 0] ${jump("x = 0", "0", "1")}`, flat]],
    // No value at all where the other input is negative too: no jump beside it.
    [
      "f(x, y) = max(x, 0) / (max(x, 0) + max(y, 0))",
      [
        "outside-domain [max(x, 0) / (max(x, 0) + max(y, 0))] 'max(x, 0) / (max(x, 0) + max(y, 0))' is 0/0 at x = -1, y = -1.25, and has no limit there",
      ],
    ],
    [
      "f(x) = where(x == 1, 5, x)",
      ["value-jumps [x == 1] the value jumps at x = 1: it is 5 there, but comes to 1 from both sides"],
    ],
    [
      "f(x) = x - floor(x)",
      ["value-jumps [floor(x)] the value jumps where 'floor(x)' does, for instance at x = 1: from 1 to 0"],
    ],
    [
      "f(x) = round(x)",
      ["value-jumps [round(x)] the value jumps where 'round(x)' does, for instance at x = 0.5: from 0 to 1", flat],
    ],
    // Domains.
    ["f(x) = log(x)", [outside("log(x)", "x = -1")]],
    ["f(x) = log(abs(x))", [outside("log(abs(x))", "x = 0")]],
    // Without a value at a single number, and without a jump.
    ["f(x) = x * log(abs(x))", [outside("log(abs(x))", "x = 0")]],
    ["f(x) = x * sqrt(x)", [outside("sqrt(x)", "x = -1")]],
    ["f(x) = acos(x)", [outside("acos(x)", "x = -2")]],
    ["f(x) = acosh(x)", [outside("acosh(x)", "x = -1")]],
    ["f(x) = atanh(x)", [outside("atanh(x)", "x = -1")]],
    ["f(x) = log1p(x)", [outside("log1p(x)", "x = -1")]],
    ["f(x) = x^1.5", [outside("x^1.5", "x = -1")]],
    ["f(x) = 1 / x", ["outside-domain [1 / x] '1 / x' divides by zero at x = 0"]],
    ["f(x) = 1 / (x - 0.3)", ["outside-domain [1 / (x - 0.3)] '1 / (x - 0.3)' divides by zero at x = 0.3"]],
    ["f(x; a = 1 in [-1, 1]) = sqrt(x^2 + a)", [outside("sqrt(x^2 + a)", "x = 0, a = -1")]],
    ["f(x; p = 2 in [0, inf)) = x^p", [outside("x^p", "x = -1, p = 2.375")]],
    ["f(x; a = 1 in (0, inf)) = x / a", []],
    ["f(x) = where(x > 0, log(x + 1)^2, 0)", []],
    ["f(x) = where(x > 0 and log(x) < 1e9, x, x)", []],
    ["f(x) = exp(exp(x))", []],
    ["f(x) = log(exp(x) + 1)", []],
    ["f(x) = log(1 - exp(-exp(x)))", []],
    ["f(x) = atanh(tanh(x))", []],
    ["f(x) = asin(sin(x))", []],
    ["f(x) = sqrt(x^2 - 2 * x + 1) * 0 + x", []],
    ["f(x; learn b = 0.5) = log(1 + exp(b * x))", []],
    ["f(x) = x^3", []],
    ["f(x; axis d = -1) = e / sum[d](e)\n  let e = exp(x - max[d](x))", []],
    // 0/0.
    [
      "f(x) = sin(x) / x",
      ["removable-singularity [sin(x) / x] 'sin(x) / x' is 0/0 at x = 0 -> where(x == 0, 1, sin(x) / x)"],
    ],
    [
      "f(x) = 2 * (1 - cos(x)) / x^2",
      [
        "removable-singularity [2 * (1 - cos(x)) / x^2] '2 * (1 - cos(x)) / x^2' is 0/0 at x = 0 -> where(x == 0, 1, 2 * (1 - cos(x)) / x^2)",
      ],
    ],
    [
      "f(x) = (x^2 - 0.09) / (x - 0.3)",
      [
        "removable-singularity [(x^2 - 0.09) / (x - 0.3)] '(x^2 - 0.09) / (x - 0.3)' is 0/0 at x = 0.3 -> where(x == 0.3, 0.6, (x^2 - 0.09) / (x - 0.3))",
      ],
    ],
    // A limit that a few digits do not show, and limits of other sizes.
    [
      "f(x) = (exp(x) - 1 - x - x^2 / 2 - x^3 / 6) / x^4",
      [
        "removable-singularity [(exp(x) - 1 - x - x^2 / 2 - x^3 / 6) / x^4] '(exp(x) - 1 - x - x^2 / 2 - x^3 / 6) / x^4' is 0/0 at x = 0 -> where(x == 0, 1/24, (exp(x) - 1 - x - x^2 / 2 - x^3 / 6) / x^4)",
      ],
    ],
    [
      "f(x) = x^3 / (exp(4.8e-34 * x) - 1)",
      [
        "removable-singularity [x^3 / (exp(4.8e-34 * x) - 1)] 'x^3 / (exp(4.8e-34 * x) - 1)' is 0/0 at x = 0 -> where(x == 0, 0, x^3 / (exp(4.8e-34 * x) - 1))",
      ],
    ],
    [
      "f(x) = 1e-11 * sin(x) / x",
      [
        "removable-singularity [1e-11 * sin(x) / x] '1e-11 * sin(x) / x' is 0/0 at x = 0 -> where(x == 0, 0.00000000001, 1e-11 * sin(x) / x)",
      ],
    ],
    // A limit from one side, beside no value on the other; and two that differ.
    [
      "f(x) = x / sqrt(x)",
      [
        outside("sqrt(x)", "x = -1"),
        "removable-singularity [x / sqrt(x)] 'x / sqrt(x)' is 0/0 at x = 0 -> where(x == 0, 0, x / sqrt(x))",
      ],
    ],
    [
      "f(x) = (x^2 + x) / abs(x)",
      [
        `value-jumps [abs(x)] ${jump("x = 0", "-1", "1")}`,
        "outside-domain [(x^2 + x) / abs(x)] '(x^2 + x) / abs(x)' is 0/0 at x = 0, and has no limit there",
      ],
    ],
    ["f(x) = where(x == 0, 1, sin(x) / x)", []],
    ["f(x) = where(x != 0, (exp(x) - 1) / x, 1)", []],
  ])("%s", (text, expected) => expect(findings(text)).toEqual(expected));
});

test("a comparison inside a called definition is pointed at by the call", () => {
  const text = "relu(x) = where(x > 0, x, 0)\n\nf(x) = 2 * relu(x)";
  expect(findings(text)).toEqual([
    "kink-spelling [relu(x)] the derivative at x = 0 is 0; spelled with 'x >= 0' it would be 2",
  ]);
});

test("what the standard activations are warned about is of the kinds that are meant", () => {
  const definitions = checked(readFileSync(new URL("../../acts.def", import.meta.url), "utf8"));
  const counts = new Map<string, string[]>();
  const times: number[] = [];
  const declared = new Set<string>();
  for (const definition of [...definitions, ...definitions]) {
    inFreshGraph(() => {
      const { activation } = elaborate(definition);
      if (!activation) return;
      if (activation.gradients.size > 0) declared.add(activation.name);
      const start = performance.now();
      const found = review(activation, definition);
      times.push(performance.now() - start);
      for (const { code } of found) {
        const names = counts.get(code) ?? [];
        if (!names.includes(activation.name)) counts.set(code, [...names, activation.name]);
      }
    });
  }
  expect([...counts.keys()].sort()).toEqual(["kink-spelling", "outside-domain", "value-jumps", "zero-derivative"]);
  expect(counts.get("outside-domain")).toEqual(["eis", "spline_log"]);
  expect(counts.get("zero-derivative")).toEqual(["step"]);
  // What declares a gradient does so because it jumps; in evaluation these two do not.
  const jumping = counts.get("value-jumps") ?? [];
  expect([...declared].filter((name) => !jumping.includes(name))).toEqual(["stochastic_binary", "poisson_pass"]);
  expect(jumping.filter((name) => !declared.has(name))).toEqual([
    "hard_shrink",
    "threshold",
    "fatrelu_and_mul",
    "relu_general",
    "step",
    "sine_relu",
    "shrink",
    "softplus_beta",
  ]);
  // Warm, the median is far below a millisecond; the bound leaves room for a busy machine.
  const warm = times.slice(definitions.length).sort((a, b) => a - b);
  expect(warm[Math.floor(warm.length / 2)]).toBeLessThan(3);
});
