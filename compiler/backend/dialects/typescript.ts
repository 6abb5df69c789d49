import { type Expr, isApplication } from "../../ir/expr.js";
import type { PrimitiveName } from "../../primitives/table.js";
import { call, type Dialect, form, infix, libraryCall, Precedence, type Spelling } from "../../printing/dialect.js";

const negate: Spelling = ([a], print) => {
  const operand = print(a!, Precedence.unary);
  return { text: operand.startsWith("-") ? `-(${operand})` : `-${operand}`, precedence: Precedence.unary };
};

const where: Spelling = ([condition, a, b], print) => ({
  // Prettier sets a selection within the first branch apart.
  text: `${print(condition!, Precedence.or)} ? ${print(a!, Precedence.selection + 1)} : ${print(b!, Precedence.selection)}`,
  precedence: Precedence.selection,
});

const comparison = (symbol: string): Spelling => infix(symbol, Precedence.comparison, true);

/** Prettier sets `(a * b) / c` apart; a chain of one operator needs no parentheses. */
const product =
  (symbol: string, own: PrimitiveName): Spelling =>
  ([a, b], print) => {
    const chained = a?.kind === "application" && a.primitive === own && own === "multiply";
    const left = print(a!, chained ? Precedence.product : Precedence.product + 1);
    return { text: `${left} ${symbol} ${print(b!, Precedence.product + 1)}`, precedence: Precedence.product };
  };

const mishExp = "bounded_exp(at_least(at_most(a, 100), -746))";
const mishNumerator = `(${mishExp} * (${mishExp} + 2))`;

/** Prettier takes the parentheses off a chain, whichever way it leans. */
const chain =
  (symbol: string, primitive: "and" | "or"): Spelling =>
  ([a, b], print) => {
    const operand = (node: Expr): string =>
      print(node, isApplication(node, primitive) ? Precedence[primitive] : Precedence.comparison);
    return { text: `${operand(a!)} ${symbol} ${operand(b!)}`, precedence: Precedence[primitive] };
  };

export const typescript: Dialect = {
  // As prettier writes it: 1e30, not 1e+30.
  literal: (value) => String(value).replace("e+", "e"),
  spellings: {
    negate,
    add: infix("+", Precedence.sum, true),
    subtract: infix("-", Precedence.sum, true),
    multiply: product("*", "multiply"),
    divide: product("/", "divide"),
    pow: call("Math.pow"),
    pi: () => ({ text: "Math.PI", precedence: Precedence.primary }),
    infinity: () => ({ text: "Infinity", precedence: Precedence.primary }),
    less: comparison("<"),
    lessOrEqual: comparison("<="),
    greater: comparison(">"),
    greaterOrEqual: comparison(">="),
    equal: comparison("==="),
    notEqual: comparison("!=="),
    and: chain("&&", "and"),
    or: chain("||", "or"),
    not: ([a], print) => ({ text: `!${print(a!, Precedence.primary)}`, precedence: Precedence.unary }),
    is_finite: ([a], print) => ({
      text: `Math.abs(${print(a!, Precedence.selection)}) <= Number.MAX_VALUE`,
      precedence: Precedence.comparison,
    }),
    where,
    guard: ([value, name], print) => ({
      text: `Number.isNaN(${print(name!, Precedence.selection)}) ? ${print(name!, Precedence.selection)} : ${print(value!, Precedence.selection)}`,
      precedence: Precedence.selection,
    }),
    excess: form("where(a == b, 0, a - b)"),
    at_least: call("Math.max"),
    at_most: call("Math.min"),
    smaller: call("Math.min"),
    larger: call("Math.max"),
    abs: call("Math.abs"),
    sign: call("Math.sign"),
    exp: form("bounded_exp(at_least(at_most(a, 709.79), -746))"),
    expm1: libraryCall("expm1"),
    log: libraryCall("log"),
    log1p: libraryCall("log1p"),
    sqrt: call("Math.sqrt"),
    cbrt: call("Math.cbrt"),
    // The difference of two infinities is no number.
    logaddexp: form("where(a == b, a + log(2), choose(a < b, b, a) + softplus_tail(abs(a - b)))"),
    hypot: call("Math.hypot"),
    sigmoid: form("held_exp(a) / (held_exp(a) + 1)"),
    logistic: form("bounded_exp(at_least(-abs(a), -746)) / (bounded_exp(at_least(-abs(a), -746)) + 1)^2"),
    // Beyond 746 the logistic density is 0.
    logistic_moment: form("at_least(at_most(a, 746), -746) * logistic(at_least(at_most(a, 746), -746))"),
    gate_slope: form("held_exp(a) / (held_exp(a) + 1) * ((held_exp(a) + 1 + b) / (held_exp(a) + 1))"),
    // What is multiplied by 0 must not be infinite.
    softplus: form("at_least(a, -746) * indicator(a > 0) + softplus_tail(abs(a))"),
    tanh: form(
      "bounded_expm1(at_least(at_most(2 * a, 709), -746)) / (bounded_expm1(at_least(at_most(2 * a, 709), -746)) + 2)",
    ),
    // With w = e^a it is n / (n + 2), n = w (w + 2); beyond 100 nothing changes any more.
    mish_gate: form(`${mishNumerator} / (${mishNumerator} + 2)`),
    mish_gate_slope: form(
      `(${mishNumerator} * (${mishNumerator} + 2) + 4 * b * (${mishExp} * (${mishExp} + 1))) / (${mishNumerator} + 2)^2`,
    ),
    erf: libraryCall("erf"),
    erfc: libraryCall("erfc"),
    normcdf: libraryCall("normcdf"),
    // Beyond 38.6 the density is 0.
    normpdf: form("1 / sqrt(2 * pi) * bounded_exp(at_most(abs(a), 38.6) * at_most(abs(a), 38.6) * -0.5)"),
    gelu_slope: libraryCall("geluSlope"),
    choose: libraryCall("choose"),
    // Where its sides have no place of their own.
    pick: libraryCall("choose"),
    indicator: call("Number"),
    bounded_exp: libraryCall("boundedExp"),
    bounded_expm1: libraryCall("boundedExpm1"),
    softplus_tail: libraryCall("softplusTail"),
    sin: call("Math.sin"),
    cos: call("Math.cos"),
    tan: call("Math.tan"),
    atan: call("Math.atan"),
    asin: call("Math.asin"),
    acos: call("Math.acos"),
    sinh: call("Math.sinh"),
    cosh: call("Math.cosh"),
    asinh: call("Math.asinh"),
    acosh: call("Math.acosh"),
    atanh: call("Math.atanh"),
    floor: call("Math.floor"),
    ceil: call("Math.ceil"),
    round: libraryCall("roundEven"),
  },
};
