/** Constants, written or come about, that float32 or binary64 has no number for, and exponents of their size. */
import { expect, test } from "vitest";
import { withoutSmallFactors } from "../../compiler/backend/small-factors.js";
import { compile } from "../../compiler/compile.js";
import { apply, inFreshGraph, reachable, Space, variable } from "../../compiler/ir/expr.js";
import { toNumber } from "../../compiler/ir/rational.js";
import { sampler } from "../../compiler/numerics/sample.js";
import { instantiateRow } from "../../compiler/primitives/formula.js";
import { promisedBound, breachesIn } from "../../compiler/verification/bounds.js";
import { Measurer } from "../../compiler/verification/measurer.js";
import { accuracies, activationsOf, glance, subjectsIn } from "../../compiler/verify.js";

const sources = [
  {
    file: "sizes.def",
    text: `
power_of_quotient(x) = 1 / (0.1 + (40000 / x)^16)
power_of_multiple(x) = 1 / (0.1 + (300 * x)^16)
small_multiple(x) = tanh(1e-50 * x)
small_exponential(x) = log(1 + 1e-60 * exp(x))
small_branch(x) = where(x < 1e45, x, 1e45) * 1e-45
large_exponent(x) = 1 / (0.1 + (40000 / x)^100)
large_parameter(x; k = 1 in (0, inf)) = (k * x * 1e30)^4 / (1 + (k * x * 1e30)^4)
`,
  },
];

test("constants beyond the range of float32 keep the bounds", async () => {
  const { files } = await compile(sources, { targets: ["wgsl"] });
  const measurer = new Measurer(activationsOf(sources), () => {
    throw new Error("shaders are emulated");
  });
  const subjects = await subjectsIn(sources, files, { targets: ["wgsl"] });
  expect(subjects).toHaveLength(7);
  const found = await accuracies(subjects, new Map(), (task) => measurer.measure(task), glance);
  const breaches = [...found.values()].flatMap(({ columns }) =>
    columns.flatMap(({ key, certificate }) =>
      breachesIn(certificate, promisedBound(key.target, key.column)).map((breach) => ({ ...key, breach })),
    ),
  );
  expect(breaches).toEqual([]);
});

test("a constant beyond the range of binary64 is no fault of the compiler", async () => {
  const { files, diagnostics } = await compile([{ file: "sizes.def", text: "f(x) = sqrt(1 + (1e200 * x)^2)\n" }], {
    targets: ["ts"],
  });
  expect(diagnostics.filter(({ severity }) => severity === "error")).toEqual([]);
  expect(files.map(({ path }) => path)).toContain("f.ts");
});

test.each(["1e-50 * a", "a / 1e50", "1e-60 / a", "1e-45 * a * b", "a * b / 1e90 + a"])(
  "%s in steps that float32 has numbers for",
  (formula) => {
    inFreshGraph(() => {
      const operands = ["a", "b"].map((name) => variable(name, "input", Space.element));
      const plain = instantiateRow(formula, operands, apply);
      const inSteps = withoutSmallFactors(plain);
      const sizes = reachable([inSteps]).flatMap((node) =>
        node.kind === "constant" ? [Math.abs(Math.log2(Math.abs(toNumber(node.value))))] : [],
      );
      expect(Math.max(...sizes)).toBeLessThanOrEqual(120);
      for (const row of [
        [1.7, -2.5],
        [-3e20, 1e-7],
      ]) {
        const [expected, actual] = [plain, inSteps].map((root) => sampler(root, operands, "binary64")(row));
        expect(Math.abs(actual! / expected! - 1)).toBeLessThan(2 ** -50);
      }
    });
  },
);
