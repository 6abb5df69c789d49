import { describe, expect, it } from "vitest";
import { functionRules, productRules, type Rule, sumRules } from "../../compiler/algebra/rules.js";
import { normalise } from "../../compiler/algebra/normalise.js";
import { apply, type Expr, inFreshGraph, reachable, Space, variable, type Variable } from "../../compiler/ir/expr.js";
import { sampler } from "../../compiler/numerics/sample.js";
import { instantiate } from "../../compiler/primitives/formula.js";

const points = [-2.7, -1.3, -0.6, -0.21, 0.13, 0.4, 0.9, 1.7, 2.2];

/** Values for the letters that meet the requirements, and at which the left side is a number. */
function* bindings({ requires = {} }: Rule): Generator<readonly number[]> {
  const allowed = (letter: string): readonly number[] => (requires[letter] ? points.filter((x) => x > 0) : points);
  for (const a of allowed("a")) for (const b of allowed("b")) for (const c of allowed("c").slice(0, 4)) yield [a, b, c];
}

const letters = (): Variable[] => ["a", "b", "c"].map((name) => variable(name, "hyperparameter", Space.uniform));

describe("both sides of a rule are the same number", () => {
  it.each([...sumRules, ...productRules, ...functionRules])("$from = $to", (rule) => {
    inFreshGraph(() => {
      const names = letters();
      const operands = new Map<string, Expr>(names.map((name) => [name.name, name]));
      const side = (text: string) => sampler(instantiate(text, operands, apply), names, "binary64");
      const [left, right] = [side(rule.from), side(rule.to)];
      let compared = 0;
      for (const values of bindings(rule)) {
        const expected = left(values);
        if (!Number.isFinite(expected)) continue;
        compared += 1;
        expect(right(values), `at ${values.join()}`).toBeCloseTo(expected, 9);
      }
      expect(compared).toBeGreaterThan(3);
    });
  });
});

describe("a rule that asks for what is recognised leaves alone what is not", () => {
  it.each([
    "atanh(a)",
    "(1 - a) * (1 + a)",
    "1 / ((1 - sin(a)) * (1 + sin(a)))",
    // Numbers of either sign
    "exp(log(a))",
    "sqrt(a) - sqrt(b)",
    "1 - pow(a, b)",
    "log(a / b)",
    "log(a * exp(b))",
    "log(a * sigmoid(b))",
    "log(a * logistic(b))",
    "log(exp(a) + b)",
    "sqrt(b + a^2)",
  ])("%s", (written) => {
    inFreshGraph(() => {
      const operands = new Map<string, Expr>(letters().map((name) => [name.name, name]));
      const tree = instantiate(written, operands, apply);
      const kinds = (root: Expr): string[] =>
        reachable([root])
          .flatMap((node) => (node.kind === "application" ? [node.primitive] : []))
          .sort();
      expect(kinds(normalise(tree))).toEqual(kinds(tree));
    });
  });
});

describe("the rules fire on what people write", () => {
  it.each([
    ["1 / (1 + exp(-a))", "sigmoid(a)"],
    ["exp(a) / (1 + exp(a))", "sigmoid(a)"],
    ["exp(a) / (exp(a) + 1)", "sigmoid(a)"],
    ["1 - 1 / (1 + exp(a))", "sigmoid(a)"],
    ["log(1 + exp(a))", "softplus(a)"],
    ["log(exp(a) + 1)", "softplus(a)"],
    ["-log(1 / (1 + exp(a)))", "softplus(a)"],
    ["exp(a) - 1", "expm1(a)"],
    ["a * (exp(b) - 1)", "a * expm1(b)"],
    ["a / 2 * (1 + erf(a / sqrt(2)))", "a * normcdf(a)"],
    ["0.5 * a + 0.5 * a * erf(a / sqrt(2))", "a * normcdf(a)"],
    ["log(exp(a) + exp(b))", "logaddexp(a, b)"],
    ["(exp(a) - exp(-a)) / (exp(a) + exp(-a))", "tanh(a)"],
    ["(1 - exp(-2 * a)) / (1 + exp(-2 * a))", "tanh(a)"],
    ["2 / (1 + exp(-2 * a)) - 1", "tanh(a)"],
    ["log(cosh(a))", "logcosh(a)"],
    ["-log(1 - a)", "-log1p(-a)"],
    ["atanh(erf(a))", "(log(erfc(-a)) - log(erfc(a))) / 2"],
    ["1 / sqrt((1 - sqrt(sigmoid(a))) * (1 + sqrt(sigmoid(a))))", "1 / sqrt(sigmoid(-a))"],
    ["1 / ((1 - sqrt(sigmoid(a))) * (1 + sqrt(sigmoid(a))))", "1 / sigmoid(-a)"],
  ])("%s becomes %s", (written, meant) => {
    inFreshGraph(() => {
      const operands = new Map<string, Expr>(letters().map((name) => [name.name, name]));
      const normal = (text: string): Expr => normalise(instantiate(text, operands, apply));
      expect(normal(written)).toBe(normal(meant));
    });
  });
});
