import { describe, expect, it } from "vitest";
import { constantValue } from "../../compiler/numerics/constant.js";
import { apply, constant, type Expr, inFreshGraph, Space, variable } from "../../compiler/ir/expr.js";
import { instantiateRow } from "../../compiler/primitives/formula.js";

const instantiateFormula = (text: string): Expr => instantiateRow(text, [], apply);

/** Binary64 values from 40 correct digits: the decimal literals round to them. */
const values: readonly (readonly [formula: string, value: number])[] = [
  ["sqrt(2 / pi)", 0.7978845608028653558798921198687637369517],
  ["sqrt(2)", 1.4142135623730950488016887242096980785697],
  ["pi", 3.1415926535897932384626433832795028841972],
  ["exp(1)", 2.7182818284590452353602874713526624977572],
  ["log(2)", 0.6931471805599453094172321214581765680755],
  ["-log(3) / 7", -0.1569446126668728130564636052746465292353],
  ["1/3", 0.3333333333333333333333333333333333333333],
  ["0.1 + 0.2", 0.3],
  ["sqrt(2)^2 - 2", 0],
  ["sin(pi)", 0],
  ["2^0.5 * 2^0.5", 2],
  ["10^-320", 1e-320],
  ["tanh(1e-9)", 1e-9],
  ["where(sqrt(2) > 1.4, 4, log(-1))", 4],
  ["where(log(2) > log(2), 1, 2)", 2],
  ["where(sqrt(2)^2 > 2, sqrt(2)^2, 2)", 2],
  ["exp(1000)", Infinity],
  ["-exp(exp(10))", -Infinity],
  ["exp(-exp(10))", 0],
  ["log(0)", -Infinity],
  ["log(-1)", NaN],
  ["sqrt(-2)", NaN],
  ["1 / 0", NaN],
];

describe("a constant expression", () => {
  it.each(values)("%s is rounded once", (formula, value) => {
    expect(constantValue(inFreshGraph(() => instantiateFormula(formula)))).toBe(value === 0 ? 0 : value);
  });

  it("has no value where it is a condition, varies, or may be a pole", () => {
    inFreshGraph(() => {
      expect(constantValue(apply("less", [constant(1), constant(2)]))).toBeUndefined();
      expect(constantValue(apply("exp", [variable("x", "input", Space.element)]))).toBeUndefined();
      expect(constantValue(instantiateFormula("1 / (sqrt(2)^2 - 2)"))).toBeUndefined();
    });
  });

  it("is computed in no time", () => {
    const start = performance.now();
    for (let i = 0; i < 200; i += 1) inFreshGraph(() => constantValue(instantiateFormula("sqrt(2 / pi)")));
    expect((performance.now() - start) / 200).toBeLessThan(2);
  });
});
