/**
 * Sums in wide arithmetic in another spelling: the same function, and right where the sum as it stands loses all digits,
 * or is beyond the exponents that shaders' wide numbers have.
 */
import { expect, test } from "vitest";
import { withComplements } from "../../compiler/backend/complements.js";
import { usualProgramOf } from "../../compiler/backend/digits.js";
import { withoutWhatCancels } from "../../compiler/backend/expansion.js";
import { withScaledSums } from "../../compiler/backend/scaled-sums.js";
import { expandCalls } from "../../compiler/calculus/differentiate.js";
import { normalise } from "../../compiler/algebra/normalise.js";
import { type Expr, inFreshGraph, variablesOf } from "../../compiler/ir/expr.js";
import { transplant } from "../../compiler/ir/transplant.js";
import { referenceValue } from "../../compiler/numerics/reference.js";
import { ulpError } from "../../compiler/numerics/rounding.js";
import { words } from "../activations/points.js";
import { activationOfText } from "../verification/activations.js";

const { fround } = Math;
type Spelling = (root: Expr) => Expr;
type Place = Readonly<Record<string, number>>;
interface Row {
  readonly body: string;
  /** Where it is right in the other spelling. */
  readonly at: readonly Place[];
  /** Whether it is not as it stands, there. */
  readonly isLost: boolean;
}

const lost = (body: string, ...at: Place[]): Row => ({ body, at, isLost: true });
const found = (body: string, ...at: Place[]): Row => ({ body, at, isLost: false });

function formOf(text: string): Expr {
  const { body } = activationOfText(text);
  return expandCalls(normalise(transplant([body]).of(body)));
}

/** How far off the usual program of an expression is, in units in the last place. */
function errorAt(form: Expr, at: Place): number {
  const bindings = new Map([...variablesOf(form)].map((each) => [each, fround(at[each.name] ?? NaN)] as const));
  const { ball, decided } = referenceValue(form, bindings, "binary32");
  expect(decided).toBe(true);
  return ulpError(
    usualProgramOf(form)((each) => bindings.get(each) ?? NaN),
    ball,
    "binary32",
  );
}

const random = words(17);

function isSpelledRight(spelling: Spelling, { body, at: places, isLost }: Row): void {
  inFreshGraph(() => {
    const names = ["x", "y"].filter((name) => new RegExp(`\\b${name}\\b`).test(body));
    const parameters = ["a", "b"].filter((name) => new RegExp(`\\b${name}\\b`).test(body));
    const head = `f(${names.join(", ")}${parameters.length > 0 ? `; ${parameters.map((each) => `${each} = 1`).join(", ")}` : ""})`;
    const plain = formOf(`${head} = ${body}`);
    const spelled = spelling(plain);
    expect(spelled, body).not.toBe(plain);
    for (const at of places) {
      if (isLost) expect(errorAt(plain, at), `${body} as it stands at ${JSON.stringify(at)}`).toBeGreaterThan(1);
      expect(errorAt(spelled, at), `${body} in the other spelling at ${JSON.stringify(at)}`).toBeLessThanOrEqual(0.5);
      const there = new Map([...variablesOf(plain)].map((each) => [each, fround(at[each.name] ?? NaN)] as const));
      const [meant, actual] = [plain, spelled].map((form) => referenceValue(form, there, "binary32"));
      if (meant?.decided) expect(actual?.value, `${body} at ${JSON.stringify(at)}`).toBe(meant.value);
    }
    for (let i = 0; i < 40; i++) {
      const bindings = new Map(
        [...variablesOf(plain)].map((each) => [each, fround((random() / 2 ** 32 - 0.5) * 2 ** (i % 8))] as const),
      );
      const [meant, actual] = [plain, spelled].map((form) => referenceValue(form, bindings, "binary64"));
      if (meant?.decided && actual?.decided)
        expect(actual.value, `${body} at ${[...bindings.values()].join()}`).toBe(meant.value);
    }
  });
}

test.each([
  found("normcdf(x + 1/20) - normcdf(x - 1/20)", { x: 18 }),
  lost("erf(x + y) - erf(x)", { x: 9.5, y: 0.5 }, { x: -10, y: 0.25 }),
  lost("tanh(x) - tanh(y)", { x: 45, y: 46 }, { x: -46, y: -45 }),
  lost("sigmoid(x) - sigmoid(y)", { x: 100, y: 101 }),
  lost("1 - a * sigmoid(x) - (1 - a) * sigmoid(y)", { x: 100, y: 101, a: 0.25 }),
  lost("1 - (sigmoid(x) + sigmoid(y)) / 2", { x: 100, y: 101 }),
  lost("log(1 - (a * sigmoid(x) + (1 - a) * tanh(y)))", { x: 100, y: 101, a: 0.25 }),
  lost("x * erfc(y) - x * erfc(y - 1)", { x: 3, y: -10 }),
  lost("exp(x) - exp(y)", { x: 1.5e-38, y: -1.5e-38 }),
  lost("2 - sigmoid(x) - sigmoid(y)", { x: 85, y: 86 }),
  lost("erf(x) + erf(y) + 2", { x: -12, y: -9.1 }),
  lost("1 - (1 - sigmoid(x)^a)^b", { x: -44, a: 2, b: 3 }),
  lost("a * x * sigmoid(x) + x", { x: 85, a: -1 }),
  lost("sigmoid(x)^a - sigmoid(y)^a", { x: 100, y: 101, a: 2.2 }, { x: 101, y: 100, a: 0.3 }),
  found("acosh(1 + a * x^2)", { x: 1e-30, a: 0.5 }, { x: 1e-12, a: 3 }),
  found("acosh(1 + a * x^2) / a", { x: 1e18, a: 2 }),
  lost("a + tanh(x)", { x: 44, a: -1 }, { x: -44, a: 1 }),
  lost("exp(abs(x)) - exp(abs(x)) * tanh(x) * tanh(y)", { x: 60, y: 61 }, { x: -60, y: -80 }),
  lost("exp(-x) + exp(-x) * tanh(x) * erf(y)", { x: -60, y: 14 }, { x: -80, y: 30 }),
  lost("a * x - a * x * sigmoid(x)^3 * normcdf(y)", { x: 100, y: 20, a: 2 }),
  found("1 - tanh(x)^2 * tanh(y)^2", { x: 60, y: -61 }, { x: -70, y: -71 }),
  lost("2 * atanh(tanh(x / 2) * tanh(y / 2))", { x: 4000, y: 300 }, { x: -300, y: 299 }),
  found("2 * atanh(tanh(x / 2) * tanh(y / 2))", { x: 1e-18, y: 3 }),
  lost("(1 + exp(x)) * log(1 + exp(x)) - x * exp(x)", { x: 250 }),
  found("x * y * log(1 + x) - x * y * log(x)", { x: 1e38, y: 1e-37 }),
  lost("(1 + exp(x)) * log(1 + exp(x)) - x * exp(x) - x", { x: 300 }),
  lost("(a + x) * log(1 + x) - x * log(x)", { x: 3e38, a: 1 }),
  found("sqrt(1 + x^2) + x", { x: -1e19 }),
  found("x * sqrt(y^2 + 1) - x * y", { x: 7, y: 1e19 }),
  lost("(sqrt(1 + a^2 * x^2) + a * x)^b", { x: -1.8e19, a: 0.9997, b: 1.0002 }),
  found("log(1 + a - sigmoid(x))", { x: 100, a: 0 }),
  lost("log(1 - where(x > 0, tanh(x), y))", { x: 60, y: 3 }),
  lost("1 - max(sigmoid(x) - a, 0)", { x: 85, a: 0 }),
  lost("1 - y * where(x > 0, where(y > 1, erf(x), 0), tanh(x)) / y", { x: 9.2, y: 3 }),
  lost("1 + a * expm1(x)", { x: -85, a: 1 }),
  lost("log(1 + a * expm1(x)) / a", { x: -300, a: 1 }),
  lost("log(1 + exp(x)) - max(x, 0)", { x: 90 }),
  lost("x - log(exp(x) - 1)", { x: 90 }),
  lost("1 - exp(x) / expm1(x)", { x: 89 }),
  lost("y - y * exp(x) / expm1(x)", { x: 89, y: 3 }),
  lost("1 - abs(tanh(x))", { x: 43 }, { x: -43 }),
  lost("1 - abs(x) * abs(erf(x)) / abs(x)", { x: -9.2 }),
  found("1 - where(x > 0, (1 - sigmoid(x)^a)^b, 0)", { x: 44, a: 2, b: 1 }, { x: 44, a: 3, b: 1 }),
  lost("atanh(sigmoid(x) + tanh(y) - 1)", { x: 91, y: 120 }),
  lost("(exp(a * x) + 1)^(1 / a) - exp(x)", { x: 300, a: 0.9 }),
  lost("x * exp(a * x) * (exp(a * x) + 2)^(b - 1) - x * exp(a * b * x)", { x: 290, a: 1, b: 1.25 }),
  found("y * (x^a + 1)^(1 / a) - y * x", { x: 1e20, y: 1, a: 2 }, { x: -2, y: 1, a: 2 }),
])("what functions lack of their limits: $body", (row) => {
  isSpelledRight(withComplements, row);
});

test.each([
  found("(x^5 + 1) / (x^4 + 1) - x", { x: 1e20 }),
  found("(x^2 + 1)^2 - x^4 - 2 * x^2", { x: 1e20 }),
  found("1 / (x + a) - 1 / x", { x: 3e38, a: 1e-5 }),
  found("(x + y)^3 - x^3 - 3 * x^2 * y", { x: 1e30, y: 1e-12 }),
])("what cancels exactly: $body", (row) => {
  isSpelledRight(withoutWhatCancels, row);
});

test.each([
  lost(
    "(a * exp(x) + b * exp(y)) / (exp(x) + exp(y))",
    { x: 7e12, y: 6.9e12, a: 3, b: 1 },
    { x: 6.9e12, y: 7e12, a: 3, b: 1 },
  ),
  lost("log((exp(a * x) + exp(a * y)) / 2) / a", { x: -4e9, y: -4e9, a: -99.95 }),
  found("sqrt(1 / (exp(x) + exp(y))) * exp(x / 2)", { x: 5e9, y: 5e9 }),
  lost("log(exp(x) - exp(y))", { x: 7e12, y: 1e7 }),
  lost("exp(a * x) * erfc(x)", { x: 1e9, a: 1e9 }, { x: 3e5, a: 3e5 }),
  found("exp(a * x) * erfc(x)", { x: -2, a: 1 }),
  found("normcdf(x) / (normcdf(x) + exp(-y))", { x: -60000, y: 1.7999e9 }),
  found("cosh(a * x) / cosh(b * x)", { x: 1.85e19, a: 0.5, b: 0.5 }),
  found("sinh(x) / cosh(x - 1)", { x: -1e12 }),
  found("exp(x) * sigmoid(-x)^a", { x: 1e9, a: 1 }),
  lost("sqrt(exp(x) + exp(y)) / exp(x / 2)", { x: 5e9, y: 5e9 }),
  lost("asinh(a * sinh(x))", { x: -1e9, a: 0.01 }),
  found("acosh(a * cosh(x))", { x: 1e9, a: 3 }),
  found("log(1 + a * (exp(x) - 1)) / a", { x: 1e9, a: 0.25 }),
  found("log(sin(exp(-x)))", { x: 1e9 }),
  found("log(softplus(x)) + a", { x: -1e13, a: 1 }),
  lost("softplus(x)^a / (softplus(x)^a + softplus(-x)^a)", { x: -1.8e19, a: 1e-18 }),
  lost("log(1 + abs(x)^(a - y))", { x: 1.8e19, y: -1e9, a: 2 }),
  found("log(1 + abs(x)^(a - y))", { x: 0, y: -1e9, a: 2 }, { x: 0.5, y: 4e9, a: 1 }),
  found("1 / sqrt(1 + a * exp(-x))", { x: -1e30, a: 0 }),
  found("exp(-x / 2) / sqrt(1 + a * exp(-x))", { x: -5e9, a: 4 }, { x: -50, a: 0 }),
  found("softplus(x) * exp(-x)", { x: -3, y: 0 }, { x: 2 }, { x: -1e9 }),
  found("(exp(x) - 1) / (exp(x) + 1) * exp(y) / (exp(y) + 2)", { x: 1e9, y: 1e9 }),
])("exponents kept apart: $body", (row) => {
  isSpelledRight(withScaledSums, row);
});

const atoms = [
  "x",
  "y",
  "1",
  "2",
  "sqrt(2)",
  "sqrt(3)",
  "pi",
  "sqrt(x^2 + 2)",
  "exp(x)",
  "exp(-y)",
  "sigmoid(x)",
  "tanh(y)",
  "tanh(x)",
  "normcdf(x)",
  "softplus(y)",
  "log(1 + x^2)",
  "(1 - sigmoid(x))",
  "(1 - sqrt(2))",
  "(x + y)",
  "a^2",
  "b",
];

test("random sums of products are the same functions in the other spellings", () => {
  const chosen = <T>(of: readonly T[]): T => of[random() % of.length]!;
  let spelledOtherwise = 0;
  for (let round = 0; round < 200; round++) {
    const product = (): string =>
      Array.from({ length: 1 + (random() % 3) }, () => chosen(atoms)).join(chosen([" * ", " * ", " / "]));
    const sum = (): string => Array.from({ length: 2 + (random() % 2) }, product).join(chosen([" - ", " + "]));
    const factor = product();
    const f = chosen(["tanh", "sigmoid", "normcdf", "erf", "softplus", "exp"]);
    const body = chosen([
      sum,
      () => `(${sum()}) * (${sum()}) - ${product()}`,
      () => `log(abs(${sum()}))`,
      () => `${factor} * ${f}(${sum()}) - ${factor} * ${f}(${sum()})`,
      () => `${factor} - ${factor} * ${f}(${sum()}) * ${chosen(atoms)}`,
      () => `${chosen(atoms)} - sqrt((${product()})^2 + ${chosen(["2", "x^2", "b^2"])})`,
      () => `${factor} - ${factor} * where(${chosen(["x > 0", "x <= y"])}, ${f}(${sum()}), ${chosen(atoms)})`,
      () => `log(1 - abs(${chosen(["tanh", "erf"])}(${sum()})))`,
      () => `atanh(${f}(${sum()}) - ${chosen(["x", "sigmoid(y)", "tanh(x)", "(1 + erf(y))"])})`,
    ])();
    inFreshGraph(() => {
      const plain = formOf(`f(x, y; a = 1, b = 1) = ${body} + 0 * (x + y + a + b)`);
      const spelled = withComplements(withoutWhatCancels(plain));
      if (spelled !== plain) spelledOtherwise++;
      for (let i = 0; i < 6; i++) {
        const bindings = new Map(
          [...variablesOf(plain)].map((each) => [each, fround((random() / 2 ** 32 - 0.5) * 2 ** i)] as const),
        );
        const [meant, actual] = [plain, spelled].map((form) => referenceValue(form, bindings, "binary64"));
        if (meant?.decided && actual?.decided)
          expect(actual.value, `${body} at ${[...bindings.values()].join()}`).toBe(meant.value);
      }
    });
  }
  expect(spelledOtherwise).toBeGreaterThan(30);
});

test("nothing is spelled otherwise without need", () => {
  inFreshGraph(() => {
    for (const body of [
      "x * normcdf(x) + x",
      "exp(x) + x",
      "tanh(x) + x",
      "sqrt(x^2 + 1) + 1",
      "x^3 - x / (1 + x^2)",
    ]) {
      const root = formOf(`f(x) = ${body}`);
      for (const spelling of [withComplements, withoutWhatCancels, withScaledSums])
        expect(spelling(root), body).toBe(root);
    }
    // Two exponents meet in it, but no sum cancels.
    const root = formOf("f(x) = 1 + sigmoid(x) * normcdf(x)");
    expect(withComplements(root)).toBe(root);
  });
});
