/** What was found out in a graph before is what would be found out now. */
import { describe, expect, it } from "vitest";
import { normalise } from "../../compiler/algebra/normalise.js";
import { signOf } from "../../compiler/algebra/sign.js";
import { apply, constant, type Expr, inFreshGraph, Space, variable, variablesOf } from "../../compiler/ir/expr.js";

const x = (): Expr => variable("x", "input", Space.element);
const y = (): Expr => variable("y", "input", Space.element);
const times = (...factors: readonly Expr[]): Expr => factors.reduce((a, b) => apply("multiply", [a, b]));
const plus = (...terms: readonly Expr[]): Expr => terms.reduce((a, b) => apply("add", [a, b]));

/** Alike but for a coefficient, an exponent, an order or an operation. */
const expressions: readonly (() => Expr)[] = [
  () => times(x(), y()),
  () => times(x(), x(), y()),
  () => times(x(), y(), y()),
  () => apply("divide", [x(), y()]),
  () => apply("divide", [y(), x()]),
  () => times(constant(2), x(), y()),
  () => times(constant(-2), x(), y()),
  () => apply("negate", [times(x(), y())]),
  () => plus(x(), y()),
  () => plus(x(), times(constant(2), y())),
  () => plus(times(constant(2), x()), y()),
  () => plus(x(), y(), constant(1)),
  () => plus(x(), y(), constant(2)),
  () => apply("subtract", [x(), y()]),
  () => apply("subtract", [y(), x()]),
  () => apply("less", [x(), y()]),
  () => apply("lessOrEqual", [x(), y()]),
];

const shown = (node: Expr): string => {
  if (node.kind === "constant") return `${node.value.numerator}/${node.value.denominator}`;
  return node.kind === "variable" ? node.name : `${node.primitive}(${node.operands.map(shown).join(", ")})`;
};

const inGraph = <T>(build: () => T): T =>
  inFreshGraph(() => {
    // The order of ids is that of the order in which nodes are made.
    void [x(), y()];
    return build();
  });

describe("in a graph with many expressions", () => {
  it("each has the normal form that it has alone", () => {
    const alone = expressions.map((build) => inGraph(() => shown(normalise(build()))));
    const together = inGraph(() => expressions.map((build) => shown(normalise(build()))));
    expect(together).toEqual(alone);
    expect(new Set(alone).size).toBe(expressions.length);
  });

  it("making one again adds no node", () => {
    inGraph(() => {
      for (const build of expressions) normalise(build());
      const before = constant(12345).id;
      for (const build of expressions) normalise(build());
      expect(constant(12346).id).toBe(before + 1);
    });
  });

  it("what is known of a node is not taken for what is known of another", () => {
    inGraph(() => {
      const square = times(x(), x());
      expect(signOf(square).nonnegative).toBe(true);
      expect(signOf(apply("negate", [square])).nonnegative).toBe(false);
      expect(signOf(times(x(), y())).nonnegative).toBe(false);
    });
  });

  it("variables come in the order of their ids, whatever stands first", () => {
    inGraph(() => {
      const names = (node: Expr): string => [...variablesOf(node)].map(({ name }) => name).join();
      expect(names(plus(y(), x()))).toBe("x,y");
      expect(names(apply("where", [apply("less", [y(), constant(0)]), x(), y()]))).toBe("x,y");
      expect(names(plus(y(), constant(1)))).toBe("y");
      expect(names(constant(1))).toBe("");
    });
  });
});
