/** The other usual way to write a comparison, an `abs` or a `sign`, which decides a tie otherwise. */
import { type Application, apply, constant, type Expr, isApplication, reachable } from "../ir/expr.js";

const strictness = {
  less: "lessOrEqual",
  lessOrEqual: "less",
  greater: "greaterOrEqual",
  greaterOrEqual: "greater",
} as const;

/** The comparison with the tie on its other side; `abs` and `sign` as selections that give 0 to the right. */
export function otherSpelling(node: Application, body: Expr): { node: Expr; all: Map<Expr, Expr> } | null {
  const [a, b] = node.operands;
  switch (node.primitive) {
    case "less":
    case "lessOrEqual":
    case "greater":
    case "greaterOrEqual": {
      const other = apply(strictness[node.primitive], [a!, b!]);
      return { node: other, all: new Map([[node, other]]) };
    }
    case "abs":
    case "sign": {
      const right = apply("greaterOrEqual", [a!, constant(0)]);
      const all = new Map<Expr, Expr>();
      for (const same of reachable([body])) {
        if (isApplication(same, "abs") && same.operands[0] === a) {
          all.set(same, apply("where", [right, a!, apply("negate", [a!])]));
        }
        if (isApplication(same, "sign") && same.operands[0] === a) {
          all.set(same, apply("where", [right, constant(1), constant(-1)]));
        }
      }
      const replaced = all.get(node);
      return replaced ? { node: replaced, all } : null;
    }
    default:
      return null;
  }
}
