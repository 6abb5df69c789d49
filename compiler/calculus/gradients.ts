/**
 * The backward expressions: for each input and learned parameter, the cotangent times the derivative. Reductions are
 * transposed: what a row's sum passes back is the sum, over the row, of what is asked of it.
 */
import {
  apply,
  constant,
  type Expr,
  fold,
  isApplication,
  position,
  reachable,
  Space,
  substitute,
  variable,
  type Variable,
  variesAlongAxis,
} from "../ir/expr.js";
import { isConstant } from "../algebra/forms.js";
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
 * @param isRow whether there is one value for each row, and not one for each element
 */
export function gradientsOf(
  value: Expr,
  variables: readonly Variable[],
  declared: ReadonlyMap<Variable, Expr>,
  cotangent: Expr,
  isRow = !variesAlongAxis(value),
): Gradient[] {
  const rows = rowValues(value);
  return variables.map((of) => {
    const given = declared.get(of);
    if (given) return { of, value: normalise(make("multiply", [cotangent, normalise(given)])) };
    if (rows.length === 0) return { of, value: normalise(make("multiply", [cotangent, differentiate(value, of)])) };
    return { of, value: transposed(value, rows, of, cotangent, isRow) };
  });
}

/** The reductions that carry a gradient, innermost first. */
function rowValues(value: Expr): Expr[] {
  const carrying = carryingGradient(value);
  return reachable([value]).filter((node) => carrying.has(node) && isReduction(node));
}

function transposed(value: Expr, rows: readonly Expr[], of: Variable, cotangent: Expr, isRow: boolean): Expr {
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
  // One result per row is given at the first element.
  const direct = (target: Variable): Expr => make("multiply", [cotangent, differentiate(outer, target)]);
  const passedOn = (target: Variable): Expr => {
    let sum: Expr = constant(0);
    rows.forEach((row, j) => {
      const passed = cotangents.get(names.get(row)!);
      if (passed)
        sum = make("add", [sum, make("multiply", [shareOf(row, inner[j]!, passed), differentiate(inner[j]!, target)])]);
    });
    return sum;
  };
  for (const row of [...rows].reverse()) {
    const name = names.get(row)!;
    const parts = [direct(name), passedOn(name)] as const;
    const all = isRow ? make("add", [parts[0], summed(normalise(parts[1]))]) : summed(normalise(make("add", parts)));
    if (!isConstant(all, 0)) cotangents.set(name, all);
  }
  const back = new Map<Expr, Expr>(rows.map((row) => [names.get(row)!, row]));
  const own = direct(of);
  const isFirst = apply("equal", [position(), constant(0)]);
  const atElement = isRow && !isConstant(own, 0) ? make("where", [isFirst, own, constant(0)]) : own;
  return restore(normalise(make("add", [atElement, passedOn(of)])), back);
}

const summed = (all: Expr): Expr => (isConstant(all, 0) ? all : make("sum", [all]));

/** What of a row value's cotangent each element gets: all of it from a sum, from an extreme the first that attains it. */
function shareOf(row: Expr, operand: Expr, cotangent: Expr): Expr {
  const first = isApplication(row, "maximum")
    ? apply("first_maximum", [operand])
    : isApplication(row, "minimum")
      ? apply("first_minimum", [operand])
      : null;
  return first ? apply("where", [apply("equal", [position(), first]), cotangent, constant(0)]) : cotangent;
}

/** Puts the reductions back in place of their names. */
function restore(root: Expr, back: ReadonlyMap<Expr, Expr>): Expr {
  let result = root;
  while (reachable([result]).some((node) => back.has(node))) result = normalise(substitute(result, back));
  return result;
}
