/** Rows of a reduction: what belongs to one walk over the axis, and which walks come first. */
import { isReduction } from "../calculus/differentiate.js";
import { type Application, type Expr, reachable } from "../ir/expr.js";

/** What is reached without looking into reductions: their values are known by then. */
export function reachableWithinRow(roots: readonly Expr[]): Expr[] {
  const seen = new Set<Expr>();
  const stack = [...roots];
  for (let node = stack.pop(); node; node = stack.pop()) {
    if (seen.has(node)) continue;
    seen.add(node);
    if (node.kind === "application" && !isReduction(node)) stack.push(...node.operands);
  }
  return [...seen];
}

/** Reductions grouped such that each needs only those of earlier groups. */
export function reductionLevels(reductions: readonly Application[]): Application[][] {
  const level = new Map<Expr, number>();
  const levels: Application[][] = [];
  for (const node of [...reductions].sort((a, b) => a.id - b.id)) {
    const inner = reachable(node.operands).filter(isReduction);
    const own = 1 + Math.max(-1, ...inner.map((reduction) => level.get(reduction) ?? 0));
    level.set(node, own);
    (levels[own] ??= []).push(node);
  }
  return levels;
}
