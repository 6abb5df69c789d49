import { toFloat16 } from "../../numerics/float16.js";
import type { PrimitiveName } from "../../primitives/table.js";
import { call, type Dialect, infix, libraryCall, Precedence, type Spelling } from "../../printing/dialect.js";

const comparison = (symbol: string): Spelling => infix(symbol, Precedence.comparison, true);

const logic =
  (symbol: string, precedence: number): Spelling =>
  ([a, b], print) => ({
    text: `(${print(a!, Precedence.selection)}) ${symbol} (${print(b!, Precedence.selection)})`,
    precedence,
  });

/** `select` takes the value for false first. */
const select = (whenFalse: string, whenTrue: string, condition: string): { text: string; precedence: number } => ({
  text: `select(${whenFalse}, ${whenTrue}, ${condition})`,
  precedence: Precedence.primary,
});

/** `min` and `max` may drop a NaN. */
const extreme =
  (symbol: string): Spelling =>
  ([a, b], print, library) => {
    const [left, right] = [print(a!, Precedence.comparison + 1), print(b!, Precedence.comparison + 1)];
    return select(`select(${right}, ${left}, ${left} ${symbol} ${right})`, left, `${library("is_nan")}(${left})`);
  };

/** Primitives that are spelled by naming an operand more than once. */
export const repeating: ReadonlySet<PrimitiveName> = new Set<PrimitiveName>([
  "at_least",
  "at_most",
  "smaller",
  "larger",
  "sign",
  "guard",
]);

/** The largest finite float32: larger constants have no literal. */
const largest = 3.4028234663852886e38;
export const largestLiteral = "0x1.fffffep+127f";

export const wgsl: Dialect = {
  literal(value) {
    return withPoint(shortest(Math.fround(Math.min(largest, Math.max(-largest, value)))));
  },
  spellings: {
    negate: ([a], print) => {
      const operand = print(a!, Precedence.unary);
      return { text: operand.startsWith("-") ? `-(${operand})` : `-${operand}`, precedence: Precedence.unary };
    },
    add: infix("+", Precedence.sum, true),
    subtract: infix("-", Precedence.sum, true),
    multiply: infix("*", Precedence.product, true),
    divide: infix("/", Precedence.product, true),
    pow: libraryCall("pow"),
    pi: () => ({ text: "3.1415927", precedence: Precedence.primary }),
    // No constant expression may be infinite; larger than every finite number is what a comparison asks for.
    infinity: () => ({ text: largestLiteral, precedence: Precedence.primary }),
    less: comparison("<"),
    lessOrEqual: comparison("<="),
    greater: comparison(">"),
    greaterOrEqual: comparison(">="),
    equal: comparison("=="),
    notEqual: comparison("!="),
    and: logic("&&", Precedence.and),
    or: logic("||", Precedence.or),
    not: ([a], print) => ({ text: `!(${print(a!, Precedence.selection)})`, precedence: Precedence.unary }),
    is_finite: libraryCall("is_finite"),
    where: ([condition, a, b], print) =>
      select(print(b!, Precedence.selection), print(a!, Precedence.selection), print(condition!, Precedence.selection)),
    guard: ([value, name], print, library) => {
      const nan = print(name!, Precedence.selection);
      return select(print(value!, Precedence.selection), nan, `${library("is_nan")}(${nan})`);
    },
    at_least: ([a, b], print) => {
      const [value, bound] = [print(a!, Precedence.comparison + 1), print(b!, Precedence.comparison + 1)];
      return select(value, bound, `${value} < ${bound}`);
    },
    at_most: ([a, b], print) => {
      const [value, bound] = [print(a!, Precedence.comparison + 1), print(b!, Precedence.comparison + 1)];
      return select(value, bound, `${value} > ${bound}`);
    },
    smaller: extreme("<"),
    larger: extreme(">"),
    abs: call("abs"),
    sign: ([a], print, library) => {
      const value = print(a!, Precedence.selection);
      return select(`sign(${value})`, value, `${library("is_nan")}(${value})`);
    },
    exp: libraryCall("exp"),
    expm1: libraryCall("expm1"),
    log: libraryCall("log"),
    log1p: libraryCall("log1p"),
    sqrt: call("sqrt"),
    cbrt: libraryCall("cbrt"),
    logaddexp: libraryCall("logaddexp"),
    hypot: libraryCall("hypot"),
    sigmoid: libraryCall("sigmoid"),
    logistic: libraryCall("logistic"),
    softplus: libraryCall("softplus"),
    tanh: libraryCall("tanh"),
    erf: libraryCall("erf"),
    erfc: libraryCall("erfc"),
    normcdf: libraryCall("normcdf"),
    normpdf: libraryCall("normpdf"),
    sin: libraryCall("sin"),
    cos: libraryCall("cos"),
    tan: libraryCall("tan"),
    atan: libraryCall("atan"),
    asin: libraryCall("asin"),
    acos: libraryCall("acos"),
    sinh: libraryCall("sinh"),
    cosh: libraryCall("cosh"),
    asinh: libraryCall("asinh"),
    acosh: libraryCall("acosh"),
    atanh: libraryCall("atanh"),
    floor: call("floor"),
    ceil: call("ceil"),
    round: call("round"),
  },
};

const withPoint = (text: string): string => (/[.e]/.test(text) ? text : `${text}.0`);

/** The shortest decimal that reads as the float16 next to a number. */
export function shortestFloat16(value: number): string {
  const nearest = toFloat16(value);
  const texts = [1, 2, 3, 4, 5].map((digits) => String(Number(nearest.toPrecision(digits))));
  return withPoint(texts.find((text) => toFloat16(Number(text)) === nearest) ?? String(nearest));
}

/** The shortest decimal that reads back as this float32; it may exceed the largest one, which has to be exact. */
function shortest(value: number): string {
  if (Math.abs(value) === largest) return `${value < 0 ? "-" : ""}${largestLiteral}`;
  for (let digits = 1; digits < 9; digits++) {
    const text = value.toPrecision(digits);
    if (Math.fround(Number(text)) === value) return String(Number(text));
  }
  return String(Number(value.toPrecision(9)));
}
