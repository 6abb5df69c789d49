/** What vectors compute, and the formulas by which they compute what they have no function for. */
import { apply, constant, type Expr, isApplication, rebuild, Space, type Variable } from "../../ir/expr.js";
import { divide, rational } from "../../ir/rational.js";
import type { Lanes } from "../../machine/vector/index.js";
import type { PrimitiveName } from "../../primitives/table.js";
import type { Precision } from "./expression.js";

export interface VectorForm {
  readonly lanes: Lanes;
  /** Lowered to what vectors spell. */
  readonly value: Expr;
  /** Where it is good enough; null: everywhere. */
  readonly guard: Expr | null;
  readonly precise: Precision;
  /** An input that is held between two numbers before anything is done with it; none unless given. */
  readonly hold?: Hold | null;
  /** What the value is still to be multiplied by. */
  readonly factor: Variable | null;
  /** Whose NaN is the value whatever comes of it; none unless given. */
  readonly passes?: readonly Variable[];
}

export interface Hold {
  readonly input: Variable;
  readonly low: number;
  readonly high: number;
}

/** How vectors compute what they have no function for, for operands of ordinary size. */
export const formulas: Readonly<Partial<Record<PrimitiveName, string>>> = {
  bounded_exp: "exp(a)",
  bounded_expm1: "expm1(a)",
  held_exp: "exp(a)",
  sigmoid: "1 / (1 + exp(-a))",
  logistic: "exp(-abs(a)) / (1 + exp(-abs(a)))^2",
  logistic_moment: "a * (exp(-abs(a)) / (1 + exp(-abs(a)))^2)",
  gate_slope:
    "choose(a > 0, 1 + exp(-abs(a)) * (1 + b), exp(-abs(a)) * (exp(-abs(a)) + (1 + b))) / ((1 + exp(-abs(a))) * (1 + exp(-abs(a))))",
  mish_gate: "exp(a) * (exp(a) + 2) / (exp(a) * (exp(a) + 2) + 2)",
  mish_gate_slope:
    "(exp(a) * (exp(a) + 2) * (exp(a) * (exp(a) + 2) + 2) + 4 * b * (exp(a) * (exp(a) + 1))) / (exp(a) * (exp(a) + 2) + 2)^2",
  logaddexp: "where(a > b, a, b) + softplus_tail(abs(a - b))",
  excess: "a - b",
  hypot: "sqrt(a * a + b * b)",
};

/** Where exponentials have room for their squares. */
export const formulasInDouble: typeof formulas = {
  gate_slope: "exp(a) * (exp(a) + 1 + b) / ((exp(a) + 1) * (exp(a) + 1))",
};

/** a (b / c) as a b / c: a rounding less where b is 1. By a constant there is no division, which takes the time of many products. */
export function quotients(root: Expr): Expr {
  return rebuild(root, (node, operands) => {
    const [a, b] = operands;
    if (node.primitive === "divide" && a?.kind !== "constant" && b?.kind === "constant" && b.value.numerator !== 0n)
      return apply("multiply", [a!, constant(divide(one, b.value))]);
    if (node.primitive !== "multiply") return apply(node.primitive, operands, node.rule);
    const [quotient, other] = [a, b].some((each) => each && isReciprocal(each))
      ? isReciprocal(a!)
        ? [a!, b!]
        : [b!, a!]
      : [];
    if (quotient?.kind !== "application" || !other) return apply(node.primitive, operands, node.rule);
    return apply("divide", [other, quotient.operands[1]!]);
  });
}

const one = rational(1);

const isReciprocal = (node: Expr): boolean =>
  isApplication(node, "divide") && node.operands[0] === constant(1) && (node.space & Space.element) !== 0;
