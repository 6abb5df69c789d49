import { describe, expect, it } from "vitest";
import { functionRules, productRules, type Rule, sumRules } from "../../compiler/algebra/rules.js";
import { normalise } from "../../compiler/algebra/normalise.js";
import {
  apply,
  type Bounds,
  type Expr,
  inFreshGraph,
  reachable,
  Space,
  variable,
  type Variable,
} from "../../compiler/ir/expr.js";
import { sampler } from "../../compiler/numerics/sample.js";
import { instantiate } from "../../compiler/primitives/formula.js";

const rules: readonly Rule[] = [...sumRules, ...productRules, ...functionRules];
const points = [-2.7, -1.3, -0.6, -0.21, 0.13, 0.4, 0.9, 1.7, 2.2];

/** Values for the letters that meet the requirements, and at which the left side is a number. */
function* bindings({ requires = {} }: Rule): Generator<readonly number[]> {
  const allowed = (letter: string): readonly number[] => (requires[letter] ? points.filter((x) => x > 0) : points);
  for (const a of allowed("a")) for (const b of allowed("b")) for (const c of allowed("c").slice(0, 4)) yield [a, b, c];
}

const letters = (): Variable[] => ["a", "b", "c"].map((name) => variable(name, "hyperparameter", Space.uniform));

describe("both sides of a rule are the same number", () => {
  it.each(rules)("$from = $to", (rule) => {
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

const positive: Bounds = { low: 0, high: Infinity, lowClosed: false, highClosed: false };
const ranges = { positive, nonnegative: { ...positive, lowClosed: true }, "of either sign": null } as const;
type Range = keyof typeof ranges;

const weaker: Readonly<Record<Range, Range>> = {
  positive: "nonnegative",
  nonnegative: "of either sign",
  "of either sign": "of either sign",
};

/** What must be known of letters, or of a - b: that it is positive, or the same for all elements. */
interface Needs {
  readonly a?: Range;
  readonly b?: Range;
  readonly c?: Range;
  readonly difference?: "positive" | "of either sign";
}

/** Said here once more, so that a rule that asks for too little or too much does not go by itself. */
const needs: readonly (Needs & { readonly from: string })[] = [
  { from: "softplus(a) - softplus(b)", difference: "positive" },
  { from: "softplus(a) - softplus(b)", difference: "of either sign" },
  { from: "sin(a) - sin(b)", difference: "of either sign" },
  { from: "sigmoid(a) - sigmoid(b)", difference: "of either sign" },
  { from: "tanh(a) - tanh(b)", difference: "of either sign" },
  { from: "1 - pow(a, b)", a: "positive" },
  { from: "sqrt(a) - sqrt(b)", a: "positive", b: "positive" },
  { from: "exp(log(a))", a: "positive" },
  { from: "log(exp(a) + b)", b: "nonnegative" },
  { from: "log(expm1(a))", a: "positive" },
  { from: "log(pow(a, b))", a: "positive" },
  { from: "log(sinh(a))", a: "positive" },
  { from: "log(a * sigmoid(b))", a: "positive" },
  { from: "log(a * exp(b))", a: "positive" },
  { from: "log(a / b)", a: "positive", b: "positive" },
  { from: "exp(a + log(b))", b: "positive" },
  { from: "exp(log(b) - a)", b: "positive" },
  { from: "sqrt(b + c * a^2)", b: "nonnegative", c: "nonnegative" },
  { from: "sqrt(b + a^2)", b: "nonnegative" },
  { from: "log(a * logistic(b))", a: "positive" },
];

/** Inputs with these ranges; where their difference counts, they differ by a parameter. */
function operandsWith({ a, b, c, difference }: Needs): ReadonlyMap<string, Expr> {
  const input = (name: string, range: Range = "of either sign"): Expr =>
    variable(name, "input", Space.element, ranges[range]);
  const other = input("b", b);
  const first = difference
    ? apply("add", [other, variable("p", "hyperparameter", Space.uniform, ranges[difference])])
    : input("a", a);
  return new Map([
    ["a", first],
    ["b", other],
    ["c", input("c", c)],
  ]);
}

/** The functions in an expression: what a rule makes of it has others. */
const kinds = (root: Expr): string[] =>
  reachable([root])
    .flatMap((node) => (node.kind === "application" ? [node.primitive] : []))
    .sort();

describe("a rule does its work where enough is known, and not where less is", () => {
  const asking = rules.filter(({ requires = {} }) => Object.values(requires).some((each) => each !== "recognised"));

  it("of all rules that ask for something", () => {
    expect(needs.map(({ from }) => from)).toEqual(asking.map(({ from }) => from));
  });

  it.each(rules)("$from = $to", (rule) => {
    const { from, to, requires = {} } = rule;
    const known: Needs = needs[asking.indexOf(rule)] ?? {};
    if (Object.values(requires).includes("recognised")) return;
    inFreshGraph(() => {
      const operands = operandsWith(known);
      const [left, right] = [from, to].map((text) => normalise(instantiate(text, operands, apply)));
      expect(left === right).toBe(true);
    });
    const { a, b, c, difference } = known;
    const less = [
      ...(a ? [{ ...known, a: weaker[a] }] : []),
      ...(b ? [{ ...known, b: weaker[b] }] : []),
      ...(c ? [{ ...known, c: weaker[c] }] : []),
      ...(difference ? [{}] : []),
    ];
    for (const each of less) {
      inFreshGraph(() => {
        const tree = instantiate(from, operandsWith(each), apply);
        expect(kinds(normalise(tree)), JSON.stringify(each)).toEqual(kinds(tree));
      });
    }
  });
});

describe("a rule that asks for what is recognised leaves alone what is not", () => {
  it.each(["atanh(a)", "(1 - a) * (1 + a)", "1 / ((1 - sin(a)) * (1 + sin(a)))"])("%s", (written) => {
    inFreshGraph(() => {
      const operands = new Map<string, Expr>(letters().map((name) => [name.name, name]));
      const tree = instantiate(written, operands, apply);
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
