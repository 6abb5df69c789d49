/**
 * Formulas of the project's own tables, written in the definition language: single letters are operands, functions
 * are primitives, internal ones included. Parsed once, instantiated as often as needed.
 */
import { parseExpression } from "../../grammar/parse-expression.js";
import type { ComparisonOperator, Expression } from "../../grammar/syntax.js";
import { constant, type Expr } from "../ir/expr.js";
import { parseLiteral } from "../ir/rational.js";
import { primitiveNamed, type PrimitiveName } from "./table.js";

export type Build = (primitive: PrimitiveName, operands: readonly Expr[]) => Expr;

const parsed = new Map<string, Expression>();

/** The syntax tree of a formula. Errors are faults of the table that holds the formula. */
export function formula(text: string): Expression {
  let syntax = parsed.get(text);
  if (!syntax) {
    syntax = parseExpression(text);
    parsed.set(text, syntax);
  }
  return syntax;
}

export const comparisonPrimitives: Readonly<Record<ComparisonOperator, PrimitiveName>> = {
  "<": "less",
  "<=": "lessOrEqual",
  ">": "greater",
  ">=": "greaterOrEqual",
  "==": "equal",
  "!=": "notEqual",
};

export const binaryPrimitives = { "+": "add", "-": "subtract", "*": "multiply", "/": "divide", "^": "pow" } as const;

/** The formula as an expression, its letters replaced by `operands`. */
export function instantiate(text: string, operands: ReadonlyMap<string, Expr>, build: Build): Expr {
  const visit = (syntax: Expression): Expr => {
    switch (syntax.kind) {
      case "number":
        return constant(parseLiteral(syntax.text));
      case "name": {
        const operand = operands.get(syntax.name);
        if (operand) return operand;
        if (syntax.name === "pi") return build("pi", []);
        throw new Error(`the formula '${text}' names the unknown operand ${syntax.name}`);
      }
      case "negate":
        return build("negate", [visit(syntax.operand)]);
      case "binary":
        return build(binaryPrimitives[syntax.operator], [visit(syntax.left), visit(syntax.right)]);
      case "comparison":
        return build(comparisonPrimitives[syntax.operators[0] ?? "<"], syntax.operands.map(visit));
      case "and":
      case "or":
        return build(syntax.kind, [visit(syntax.left), visit(syntax.right)]);
      case "not":
        return build("not", [visit(syntax.operand)]);
      case "call": {
        const primitive = primitiveNamed(syntax.callee.text);
        if (!primitive) throw new Error(`the formula '${text}' names the unknown primitive ${syntax.callee.text}`);
        return build(primitive, syntax.positional.map(visit));
      }
    }
  };
  return visit(formula(text));
}

const letters = ["a", "b", "c"];

/** A row's formula, its operands in order. */
export function instantiateRow(text: string, operands: readonly Expr[], build: Build): Expr {
  return instantiate(text, new Map(operands.map((operand, i) => [letters[i] ?? "", operand])), build);
}
