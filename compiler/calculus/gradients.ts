/**
 * The backward expressions: for each input and learned parameter, the cotangent times the derivative. Reductions are
 * transposed: what a row's sum passes back is the sum, over the row, of what is asked of it.
 */
import { constant, apply, type Expr, fold, reachable, Space, substitute, variable, type Variable } from "../ir/expr.js";
import { make, normalise } from "../algebra/normalise.js";
import { carryingGradient, differentiate, isReduction } from "./differentiate.js";

export interface Gradient {
  readonly of: Variable;
  /** Per element; a learned parameter's is summed over the elements that share the parameter. */
  readonly value: Expr;
}

/**
 * @param value what is differentiated, in normal form
 * @param declared gradients that stand in for the derived ones, not yet multiplied by the cotangent
 */
export function gradientsOf(
  value: Expr,
  variables: readonly Variable[],
  declared: ReadonlyMap<Variable, Expr>,
  cotangent: Variable,
): Gradient[] {
  const rows = rowValues(value);
  return variables.map((of) => {
    const given = declared.get(of);
    if (given) return { of, value: normalise(make("multiply", [cotangent, normalise(given)])) };
    if (rows.length === 0) return { of, value: normalise(make("multiply", [cotangent, differentiate(value, of)])) };
    return { of, value: transposed(value, rows, of, cotangent) };
  });
}

/** The reductions that carry a gradient, innermost first. */
function rowValues(value: Expr): Expr[] {
  const carrying = carryingGradient(value);
  return reachable([value]).filter((node) => carrying.has(node) && isReduction(node));
}

function transposed(value: Expr, rows: readonly Expr[], of: Variable, cotangent: Variable): Expr {
  const names = new Map<Expr, Variable>(rows.map((row, i) => [row, variable(`row${i}`, "formal", Space.row)]));
  const inNames = (root: Expr): Expr =>
    fold<Expr>(root, (node, operands) => {
      const name = node === root ? undefined : names.get(node);
      if (name) return name;
      return node.kind === "application" ? apply(node.primitive, operands, node.rule) : node;
    });
  const outer = names.get(value) ?? inNames(value);
  const inner = rows.map((row) => inNames(row.kind === "application" ? row.operands[0]! : row));
  // Cotangents of the row values, outermost first.
  const cotangents = new Map<Variable, Expr>();
  const asked = (target: Variable): Expr => {
    let sum = make("multiply", [cotangent, differentiate(outer, target)]);
    rows.forEach((row, j) => {
      const passed = cotangents.get(names.get(row)!);
      if (passed) sum = make("add", [sum, make("multiply", [passed, differentiate(inner[j]!, target)])]);
    });
    return sum;
  };
  for (const row of [...rows].reverse()) {
    const name = names.get(row)!;
    const all = normalise(asked(name));
    if (all !== constant(0)) cotangents.set(name, make("sum", [all]));
  }
  const back = new Map<Expr, Expr>(rows.map((row) => [names.get(row)!, row]));
  return restore(normalise(asked(of)), back);
}

/** Puts the reductions back in place of their names. */
function restore(root: Expr, back: ReadonlyMap<Expr, Expr>): Expr {
  let result = root;
  while (reachable([result]).some((node) => back.has(node))) result = normalise(substitute(result, back));
  return result;
}
