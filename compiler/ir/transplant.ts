/** Copies of expressions in another graph. */
import { apply, constant, type CustomGradient, type Expr, reachable, variable, type Variable } from "./expr.js";

export interface Transplant {
  readonly of: (node: Expr) => Expr;
  readonly ofVariable: (original: Variable) => Variable;
}

/** Copies all that the nodes are made of into the current graph, in the same order. */
export function transplant(nodes: readonly Expr[]): Transplant {
  const copies = new Map<Expr, Expr>();
  const rules = new Map<CustomGradient, CustomGradient>();
  const of = (node: Expr): Expr => {
    const copy = copies.get(node);
    if (!copy) throw new Error("a node has no copy");
    return copy;
  };
  const ofVariable = ({ name, role, space, bounds }: Variable): Variable => variable(name, role, space, bounds);
  const ofRule = (rule: CustomGradient): CustomGradient => {
    const known = rules.get(rule);
    if (known) return known;
    const copy: CustomGradient = {
      name: rule.name,
      formals: rule.formals.map(ofVariable),
      body: of(rule.body),
      gradients: new Map([...rule.gradients].map(([formal, gradient]) => [ofVariable(formal), of(gradient)])),
    };
    rules.set(rule, copy);
    return copy;
  };
  for (const node of withRules(nodes)) {
    copies.set(
      node,
      node.kind === "constant"
        ? constant(node.value)
        : node.kind === "variable"
          ? ofVariable(node)
          : apply(node.primitive, node.operands.map(of), node.rule && ofRule(node.rule)),
    );
  }
  return { of, ofVariable };
}

/** What the nodes are made of, and what calls with declared gradients carry, operands before results. */
function withRules(nodes: readonly Expr[]): readonly Expr[] {
  let all = reachable(nodes);
  for (let size = -1; size !== all.length;) {
    size = all.length;
    const carried = all.flatMap((node) =>
      node.kind === "application" && node.rule
        ? [...node.rule.formals, node.rule.body, ...node.rule.gradients.values()]
        : [],
    );
    if (carried.length > 0) all = reachable([...all, ...carried]);
  }
  return all;
}
