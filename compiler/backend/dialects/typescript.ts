import type { PrimitiveName } from "../../primitives/table.js";
import { call, type Dialect, infix, libraryCall, Precedence, type Spelling } from "../../printing/dialect.js";

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
    and: ([a, b], print) => ({
      text: `${print(a!, Precedence.comparison)} && ${print(b!, Precedence.comparison)}`,
      precedence: Precedence.and,
    }),
    or: ([a, b], print) => ({
      text: `${print(a!, Precedence.comparison)} || ${print(b!, Precedence.comparison)}`,
      precedence: Precedence.or,
    }),
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
    at_least: call("Math.max"),
    at_most: call("Math.min"),
    smaller: call("Math.min"),
    larger: call("Math.max"),
    abs: call("Math.abs"),
    sign: call("Math.sign"),
    exp: call("Math.exp"),
    expm1: call("Math.expm1"),
    log: call("Math.log"),
    log1p: call("Math.log1p"),
    sqrt: call("Math.sqrt"),
    cbrt: call("Math.cbrt"),
    logaddexp: libraryCall("logaddexp"),
    hypot: call("Math.hypot"),
    sigmoid: libraryCall("sigmoid"),
    logistic: libraryCall("logistic"),
    softplus: libraryCall("softplus"),
    tanh: call("Math.tanh"),
    erf: libraryCall("erf"),
    erfc: libraryCall("erfc"),
    normcdf: libraryCall("normcdf"),
    normpdf: libraryCall("normpdf"),
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
