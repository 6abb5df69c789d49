/** Which text of a definition a node of its value was written as. */
import type { Expression } from "../../grammar/syntax.js";
import type { CheckedDefinition } from "../frontend/check.js";
import { elaborate } from "../frontend/elaborate.js";
import type { Expr } from "../ir/expr.js";
import { inEvaluation } from "../ir/random.js";
import { expandedAsWritten } from "../calculus/as-written.js";

export interface WrittenPart {
  readonly syntax: Expression;
  readonly text: string;
}

/** More subexpressions than this are not looked at. */
const mostParts = 400;

/**
 * The subexpressions of the body and of the `let`s by the nodes they stand for. Each is elaborated as if it were the
 * body; nodes are interned, so that the same expression is the same node. What is random is as it is in evaluation. In the
 * graph of nodes of the activation.
 */
export function writtenParts(checked: CheckedDefinition): (node: Expr) => WrittenPart | undefined {
  const { definition, source } = checked;
  const parts = new Map<Expr, WrittenPart>();
  const clauses = definition.clauses.filter(({ kind }) => kind === "let");
  const roots = [definition.body, ...clauses.flatMap((clause) => (clause.kind === "let" ? [clause.value] : []))];
  let count = 0;
  const stack = [...roots].reverse();
  for (let syntax = stack.pop(); syntax && count < mostParts; syntax = stack.pop()) {
    stack.push(...childrenOf(syntax).reverse());
    if (syntax.kind === "name" || syntax.kind === "number") continue;
    count++;
    const { activation: whole } = elaborate({ ...checked, definition: { ...definition, clauses, body: syntax } });
    if (!whole) continue;
    const activation = inEvaluation(whole);
    const part = { syntax, text: source.text.slice(syntax.span.start, syntax.span.end).replace(/\s+/g, " ") };
    for (const node of [activation.body, expandedAsWritten(activation.body)])
      if (!parts.has(node)) parts.set(node, part);
  }
  return (node) => parts.get(node);
}

function childrenOf(syntax: Expression): Expression[] {
  switch (syntax.kind) {
    case "number":
    case "name":
      return [];
    case "negate":
    case "not":
      return [syntax.operand];
    case "binary":
    case "and":
    case "or":
      return [syntax.left, syntax.right];
    case "comparison":
      return [...syntax.operands];
    case "call":
      return [...syntax.positional, ...syntax.named.map(({ value }) => value)];
  }
}
