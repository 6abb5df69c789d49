import { tokenize } from "./lexer.js";
import { parseExpressionTokens } from "./parser.js";
import type { Expression } from "./syntax.js";

/** Parses an expression that the project itself wrote: an error in it is a fault of the table that holds it. */
export function parseExpression(text: string): Expression {
  const tokens = tokenize(text);
  const outcome = parseExpressionTokens(tokens);
  if (outcome.ok) return outcome.tree;
  const found = tokens[outcome.failure.index]?.value ?? "the end";
  throw new SyntaxError(`no expression: '${text}' (at '${found}')`);
}
