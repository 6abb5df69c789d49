/** Prints expressions in a dialect's scalar syntax, by precedence. */
import type { Expr } from "../ir/expr.js";
import { toNumber } from "../ir/rational.js";
import type { PrimitiveName } from "../primitives/table.js";
import { type Dialect, type Form, Precedence, type Printed, type Spelling } from "./dialect.js";

export interface PrintContext {
  readonly dialect: Dialect;
  /** What a node is called: variables always, other nodes if they are bound. */
  readonly nameOf: (node: Expr) => string | undefined;
  /** The name under which the file carries a function of the mathematics library. */
  readonly library: (name: string) => string;
}

function entryOf(dialect: Dialect, primitive: PrimitiveName): Spelling | Form | undefined {
  const spellings: Partial<Record<PrimitiveName, Spelling | Form>> = dialect.spellings;
  return spellings[primitive];
}

export function spellingOf(dialect: Dialect, primitive: PrimitiveName): Spelling | undefined {
  const entry = entryOf(dialect, primitive);
  return typeof entry === "function" ? entry : undefined;
}

/** The formula by which the dialect computes a primitive that it does not spell. */
export function formOf(dialect: Dialect, primitive: PrimitiveName): string | undefined {
  const entry = entryOf(dialect, primitive);
  return typeof entry === "object" ? entry.form : undefined;
}

/** The text of an expression. `asBound`: print the node itself even where it has a name. */
export function printExpression(root: Expr, context: PrintContext, asBound = false): string {
  const operand = (node: Expr, atLeast: number): string => {
    const { text, precedence } = printed(node, false);
    return precedence < atLeast ? `(${text})` : text;
  };
  const printed = (node: Expr, itself: boolean): Printed => {
    const name = itself ? undefined : context.nameOf(node);
    if (name !== undefined) return { text: name, precedence: Precedence.primary };
    if (node.kind === "constant") {
      const value = toNumber(node.value);
      return {
        text: context.dialect.literal(value),
        precedence: value < 0 ? Precedence.unary : Precedence.primary,
      };
    }
    if (node.kind === "variable") throw new Error(`the variable ${node.name} has no name here`);
    const spelling = spellingOf(context.dialect, node.primitive);
    if (!spelling) throw new Error(`the dialect cannot spell ${node.primitive}`);
    return spelling(node.operands, operand, context.library);
  };
  return printed(root, asBound).text;
}
