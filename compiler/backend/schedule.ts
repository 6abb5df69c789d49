/**
 * Which subexpressions get a name, and in what order: a value used more than once is computed once, and no statement
 * grows deeper than people (and parsers) can read.
 */
import { type Application, type Expr, reachable } from "../ir/expr.js";
import { primitive as primitiveRow, type PrimitiveName } from "../primitives/table.js";

export interface Schedule {
  /** The applications that are bound to a name, each after those it needs. */
  readonly bound: readonly Application[];
}

const maximumDepth = 8;
const maximumSize = 24;

export interface ScheduleOptions {
  /** Applications that get a name in any case: values that do not change in the innermost loop. */
  readonly hoisted?: (node: Application) => boolean;
  /** Primitives that the dialect spells by naming their operands twice. */
  readonly repeating?: ReadonlySet<PrimitiveName>;
}

/** @param outputs what is computed in the end */
export function schedule(
  outputs: readonly Expr[],
  { hoisted = () => false, repeating }: ScheduleOptions = {},
): Schedule {
  const nodes = reachable(outputs);
  const uses = new Map<Expr, number>();
  const count = (node: Expr, times = 1): void => void uses.set(node, (uses.get(node) ?? 0) + times);
  for (const node of nodes) {
    if (node.kind === "application") for (const operand of node.operands) count(operand);
    if (node.kind === "application" && repeating?.has(node.primitive)) {
      for (const operand of node.operands) count(operand);
    }
  }
  for (const output of outputs) count(output);

  const bound = new Set<Application>();
  const depth = new Map<Expr, number>();
  const size = new Map<Expr, number>();
  for (const node of nodes) {
    if (node.kind !== "application") continue;
    const measure = (): void => {
      depth.set(node, 1 + Math.max(0, ...node.operands.map((operand) => depth.get(operand) ?? 0)));
      size.set(node, 1 + node.operands.reduce((sum, operand) => sum + (size.get(operand) ?? 0), 0));
    };
    measure();
    while ((depth.get(node) ?? 0) > maximumDepth || (size.get(node) ?? 0) > maximumSize) {
      const largest = node.operands
        .filter((operand): operand is Application => operand.kind === "application" && !bound.has(operand))
        .sort((a, b) => (size.get(b) ?? 0) - (size.get(a) ?? 0))[0];
      if (!largest || (size.get(largest) ?? 0) < 2) break;
      bound.add(largest);
      depth.set(largest, 0);
      size.set(largest, 0);
      measure();
    }
    const trivial = node.primitive === "negate" && node.operands[0]?.kind !== "application";
    const shared = (uses.get(node) ?? 0) > 1 && !trivial && node.type === "number";
    if (shared || hoisted(node) || primitiveRow(node.primitive).reduces) {
      bound.add(node);
      depth.set(node, 0);
      size.set(node, 0);
    }
  }
  return { bound: inOrder(outputs, bound) };
}

/** Depth first from the outputs, so that a name stands close to its first use. */
function inOrder(outputs: readonly Expr[], bound: ReadonlySet<Expr>): Application[] {
  const done = new Set<Expr>();
  const order: Application[] = [];
  const stack: { node: Expr; next: number }[] = [];
  for (const output of outputs) {
    stack.push({ node: output, next: 0 });
    for (let top = stack.at(-1); top; top = stack.at(-1)) {
      const operands = top.node.kind === "application" ? top.node.operands : [];
      const operand = done.has(top.node) ? undefined : operands[top.next++];
      if (operand) {
        if (!done.has(operand)) stack.push({ node: operand, next: 0 });
        continue;
      }
      stack.pop();
      if (done.has(top.node)) continue;
      done.add(top.node);
      if (top.node.kind === "application" && bound.has(top.node)) order.push(top.node);
    }
  }
  return order;
}
