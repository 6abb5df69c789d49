/** Functions of the machine language in exact arithmetic: what is left of their error is that of their formulas and constants. */
import type { Expr, Library, Statement } from "../../compiler/machine/index.js";
import {
  absolute,
  add,
  type Ball,
  compare,
  divide,
  fromNumber,
  midpoint,
  multiply,
  negate,
  subtract,
} from "../../compiler/numerics/ball.js";
import { sqrt } from "../../compiler/numerics/powers.js";
import { toBinary64 } from "../../compiler/numerics/rounding.js";
import { floor } from "../../compiler/numerics/steps.js";

/** A ball for numbers of every type. */
export type Exact = Ball | boolean | { readonly [field: string]: Exact };

export const precision = 128;

/** Splitting a number is for rounding's sake: all of it is in the first part. */
const splitting: ReadonlySet<string> = new Set(["leading_bits", "upper_half", "rounded"]);

export function exactly(library: Library, name: string): (...operands: Exact[]) => Exact {
  return (...operands) => {
    if (splitting.has(name) && operands[0] !== undefined) return operands[0];
    const { parameters, body } = library.fn(name);
    const locals = new Map(parameters.map((parameter, i) => [parameter.name, operands[i] ?? false]));
    const result = run(library, body, locals);
    if (result === undefined) throw new Error(`${name} has no result`);
    return result;
  };
}

function run(library: Library, body: readonly Statement[], locals: Map<string, Exact>): Exact | undefined {
  for (const statement of body) {
    switch (statement.kind) {
      case "let":
      case "var":
      case "assign":
        locals.set(statement.name, valueOf(library, statement.value, locals));
        break;
      case "if": {
        const taken = valueOf(library, statement.condition, locals) === true ? statement.yes : statement.no;
        const result = run(library, taken, locals);
        if (result !== undefined) return result;
        break;
      }
      case "return":
        return valueOf(library, statement.value, locals);
      default:
        throw new Error(`no ${statement.kind} in exact arithmetic`);
    }
  }
  return undefined;
}

function valueOf(library: Library, expr: Expr, locals: ReadonlyMap<string, Exact>): Exact {
  const of = (each: Expr): Exact => valueOf(library, each, locals);
  switch (expr.kind) {
    case "number":
      return fromNumber(expr.type === "f32" ? Math.fround(expr.value) : expr.value);
    case "boolean":
      return expr.value;
    case "local":
      return locals.get(expr.name) ?? false;
    case "unary":
      return expr.operator === "!" ? of(expr.operand) !== true : negate(numberOf(of(expr.operand)));
    case "binary":
      return binary(expr.operator, of(expr.left), () => of(expr.right));
    case "call":
      return exactly(library, expr.name)(...expr.operands.map(of));
    case "construct":
      return Object.fromEntries(expr.type.fields.map((field, i) => [field.name, of(expr.operands[i]!)]));
    case "field":
      return fieldOf(of(expr.operand), expr.name);
    case "intrinsic":
      return intrinsic(expr.name, expr.operands.map(of));
    default:
      throw new Error(`no ${expr.kind} in exact arithmetic`);
  }
}

/** Balls are told from structs by their kind, which no struct here has as a field. */
const isBall = (value: Exact): value is Ball => typeof value === "object" && typeof value["kind"] === "string";

export function numberOf(value: Exact): Ball {
  if (isBall(value)) return value;
  throw new Error("not a number");
}

export function fieldOf(value: Exact, name: string): Exact {
  const field = typeof value === "object" && !isBall(value) ? value[name] : undefined;
  if (field === undefined) throw new Error(`nothing has a field ${name}`);
  return field;
}

const asNumber = (value: Exact): number => toBinary64(midpoint(numberOf(value))) ?? NaN;

function binary(operator: (Expr & { kind: "binary" })["operator"], left: Exact, rightOf: () => Exact): Exact {
  if (operator === "&&") return left === true && rightOf() === true;
  if (operator === "||") return left === true || rightOf() === true;
  const [a, b] = [numberOf(left), numberOf(rightOf())];
  const order = (): number => compare(midpoint(a), midpoint(b), precision) ?? 0;
  switch (operator) {
    case "+":
      return add(a, b, precision);
    case "-":
      return subtract(a, b, precision);
    case "*":
      return multiply(a, b, precision);
    case "/":
      return divide(a, b, precision);
    case "<":
      return order() < 0;
    case "<=":
      return order() <= 0;
    case ">":
      return order() > 0;
    case ">=":
      return order() >= 0;
    case "==":
      return order() === 0;
    case "!=":
      return order() !== 0;
    case "&":
      return fromNumber(asNumber(a) & asNumber(b));
    case ">>":
      return fromNumber(asNumber(a) >> asNumber(b));
    default:
      throw new Error(`no ${operator} in exact arithmetic`);
  }
}

function intrinsic(name: string, [first = false, second = false, third = false]: readonly Exact[]): Exact {
  const smaller = (a: Ball, b: Ball): Ball => (compare(midpoint(a), midpoint(b), precision) === 1 ? b : a);
  const larger = (a: Ball, b: Ball): Ball => (smaller(a, b) === a ? b : a);
  switch (name) {
    case "is_nan":
      return false;
    case "nan":
      return fromNumber(0);
    case "bitcast":
      // Asked for where infinity and NaN are told apart: it is neither.
      return fromNumber(0);
    case "select":
      return third === true ? second : first;
    case "abs":
      return absolute(numberOf(first));
    case "min":
      return smaller(numberOf(first), numberOf(second));
    case "max":
      return larger(numberOf(first), numberOf(second));
    case "clamp":
      return smaller(larger(numberOf(first), numberOf(second)), numberOf(third));
    case "floor":
      return floor(midpoint(numberOf(first)), precision);
    case "sqrt":
      return sqrt(numberOf(first), precision);
    case "i32":
    case "f32":
      return first;
    case "power_of_two":
      return fromNumber(2 ** asNumber(first));
    default:
      throw new Error(`no ${name} in exact arithmetic`);
  }
}
