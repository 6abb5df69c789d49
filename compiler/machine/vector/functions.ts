/** Functions of the machine language as straight-line code over vectors: those that consist of lets and a return. */
import type { Library } from "../library.js";
import type { BinaryOperator, Expr, Type } from "../syntax.js";
import { formats, isDouble, type VectorGraph, type VectorNode } from "./graph.js";

/**
 * Functions for whose bodies there is something better, if so: these may be about bits, which numbers of other formats lay out otherwise,
 * and about float64 beside float32.
 */
const spelledInInstructions: Readonly<
  Record<string, ((graph: VectorGraph, operands: readonly VectorNode[]) => VectorNode | undefined) | undefined>
> = {
  binary_exponent: (graph, [x]) => graph.binaryExponent(x!),
  rounded_with_bits: (graph, [x]) => graph.roundedWithBits(x!),
  whole_of_bits: (graph, [x]) => graph.wholeOfBits(x!),
  scaled_by_bits: (graph, [y, x]) => graph.scaledByBits(y!, x!),
  scaled_down_by_bits: (graph, [y, x]) => graph.scaledByBits(y!, x!, "sub"),
  rest_of: (graph, [x, k]) =>
    isDouble(x!) ? graph.demoted(graph.float("sub", x, graph.float("mul", k!, graph.double(Math.LN2)))) : undefined,
};

/** The code of a call of a library's function, the functions that it calls expanded. */
export function expandCall(
  graph: VectorGraph,
  library: Library,
  name: string,
  operands: readonly VectorNode[],
): VectorNode {
  const instructions = spelledInInstructions[name]?.(graph, operands);
  if (instructions) return instructions;
  const { parameters, body } = library.fn(name);
  const locals = new Map(parameters.map((parameter, i) => [parameter.name, operands[i]!]));
  const valueOf = (expr: Expr): VectorNode => {
    switch (expr.kind) {
      case "number":
        return expr.type === "u32" || expr.type === "i32"
          ? graph.bits(BigInt.asUintN(32, BigInt(expr.value)))
          : graph.number(expr.value);
      case "local":
        return locals.get(expr.name)!;
      case "constant": {
        const [value] = [expr.constant.value].flat();
        return valueOf(value!);
      }
      case "unary":
        if (expr.operator === "!") return graph.bitwise("not", valueOf(expr.operand));
        if (expr.operator === "-") {
          return expr.operand.kind === "number"
            ? graph.number(-expr.operand.value)
            : graph.float("neg", valueOf(expr.operand));
        }
        break;
      case "binary":
        return binary(graph, expr.operator, valueOf(expr.left), valueOf(expr.right), isWhole(expr.type));
      case "call":
        return expandCall(graph, library, expr.name, expr.operands.map(valueOf));
      case "intrinsic": {
        const [first] = expr.operands;
        if (expr.name === "power_of_two" && first?.kind === "intrinsic" && first.name === "i32") {
          return graph.powerOfTwo(valueOf(first.operands[0]!));
        }
        const code = intrinsic(graph, expr.name, expr.operands.map(valueOf));
        if (code) return code;
        break;
      }
      default:
    }
    throw new Error(`no vector code for an expression of kind ${expr.kind} in ${name}`);
  };
  for (const statement of body) {
    if (statement.kind === "let") locals.set(statement.name, valueOf(statement.value));
    else if (statement.kind === "return") return valueOf(statement.value);
    else throw new Error(`no vector code for a statement of kind ${statement.kind} in ${name}`);
  }
  throw new Error(`${name} returns nothing`);
}

const operations: Readonly<Partial<Record<BinaryOperator, string>>> = {
  "+": "add",
  "-": "sub",
  "*": "mul",
  "/": "div",
  "==": "eq",
  "!=": "ne",
  "<": "lt",
  "<=": "le",
  ">": "gt",
  ">=": "ge",
};

const isWhole = (type: Type): boolean => type === "u32" || type === "i32";

function binary(
  graph: VectorGraph,
  operator: BinaryOperator,
  a: VectorNode,
  b: VectorNode,
  isInteger: boolean,
): VectorNode {
  switch (operator) {
    case "&":
    case "&&":
      return graph.bitwise("and", a, b);
    case "|":
    case "||":
      return graph.bitwise("or", a, b);
    case "^":
      return graph.bitwise("xor", a, b);
    default: {
      const operation = operations[operator];
      if (!operation || (isInteger && operator !== "+" && operator !== "-"))
        throw new Error(`no vector code for ${operator}`);
      return isInteger ? graph.integer(operation, a, b) : graph.float(operation, a, b);
    }
  }
}

function intrinsic(graph: VectorGraph, name: string, operands: readonly VectorNode[]): VectorNode | undefined {
  const [a, b, c] = operands;
  switch (name) {
    case "select":
      return graph.select(a!, b!, c!);
    case "abs":
    case "sqrt":
    case "floor":
    case "ceil":
    case "trunc":
      return graph.float(name, a!);
    case "round":
      return graph.float("nearest", a!);
    // A NaN in the first operand gets through.
    case "min":
    case "max":
      return graph.float(`p${name}`, a!, b!);
    case "clamp":
      return graph.float("pmin", graph.float("pmax", a!, b!), c!);
    case "bitcast":
      return a;
    case "is_nan":
      return graph.float("ne", a!, a!);
    case "infinity":
      return graph.bits(formats[graph.lanes].bitsOf(Infinity));
    default:
      return undefined;
  }
}
