/** The definition language itself, for comments, manifests and explanations. */
import type { PrimitiveName } from "../primitives/table.js";
import { call, type Dialect, infix, Precedence, type Spelling, type Spellings } from "./dialect.js";

const comparison = (symbol: string): Spelling => infix(symbol, Precedence.comparison, true);

const functions = Object.fromEntries(
  (
    [
      "where", "abs", "sign", "exp", "expm1", "log", "log1p", "sqrt", "cbrt", "logaddexp", "sigmoid", "softplus", "tanh",
      "erf", "erfc", "normcdf", "sin", "cos", "tan", "atan", "asin", "acos", "sinh", "cosh", "asinh", "acosh", "atanh",
      "floor", "ceil", "round", "rsqrt", "log_sigmoid", "stop_gradient", "hypot", "logistic", "normpdf", "logcosh",
    ] as const
  ).map((name) => [name, call(name)]),
) as Record<FunctionName, Spelling>;

type FunctionName = Exclude<keyof Spellings, "negate" | "add" | "subtract" | "multiply" | "divide" | "pow" | "pi" | "infinity" | "less" | "lessOrEqual" | "greater" | "greaterOrEqual" | "equal" | "notEqual" | "and" | "or" | "not" | "guard" | "at_least" | "at_most" | "smaller" | "larger">;

const reduction = (name: string): Spelling => ([a], print) => ({
  text: `${name}[d](${print(a!, Precedence.selection)})`,
  precedence: Precedence.primary,
});

/** Binds tighter than the sign, and to the right. */
const power = 8;
const primary = 9;

export const language: Dialect = {
  literal: (value) => String(value),
  spellings: {
    ...functions,
    negate: ([a], print) => ({ text: `-${print(a!, Precedence.unary)}`, precedence: Precedence.unary }),
    add: infix("+", Precedence.sum),
    subtract: infix("-", Precedence.sum, true),
    multiply: infix("*", Precedence.product),
    divide: infix("/", Precedence.product, true),
    pow: ([a, b], print) => ({ text: `${print(a!, primary)}^${print(b!, Precedence.unary)}`, precedence: power }),
    pi: () => ({ text: "pi", precedence: primary }),
    infinity: () => ({ text: "inf", precedence: primary }),
    less: comparison("<"),
    lessOrEqual: comparison("<="),
    greater: comparison(">"),
    greaterOrEqual: comparison(">="),
    equal: comparison("=="),
    notEqual: comparison("!="),
    and: infix("and", Precedence.and),
    or: infix("or", Precedence.or),
    not: ([a], print) => ({ text: `not ${print(a!, Precedence.comparison)}`, precedence: Precedence.comparison }),
    guard: ([a], print) => ({ text: print(a!, Precedence.primary), precedence: Precedence.primary }),
    at_least: call("max"),
    at_most: call("min"),
    smaller: call("min"),
    larger: call("max"),
    sum: reduction("sum"),
    mean: reduction("mean"),
    maximum: reduction("max"),
    minimum: reduction("min"),
    custom: (_operands) => ({ text: "custom", precedence: primary }),
  } satisfies Partial<Record<PrimitiveName, Spelling>> & Spellings,
};
