/**
 * A form without branches, as the error analysis is to look at it: `u * indicator(c)` is u or 0, and a sum of such products
 * with the same condition is one of two sums. So nothing seems to cancel that never meets.
 */
import { isConstant } from "../../algebra/forms.js";
import { negateCondition } from "../../algebra/selection.js";
import { type Application, apply, constant, type Expr, isApplication, reachable, rebuild } from "../../ir/expr.js";
import { Memo } from "../../ir/memo.js";

export interface Branches {
  readonly root: Expr;
  /** What stands in the form in the place of an expression made here. */
  readonly originals: ReadonlyMap<Expr, Expr>;
  /** Whether there are so many selections that they are not to be looked at one within the other. */
  readonly isLong: boolean;
}

const views = new Memo<Branches>();

/** More selections are taken as they are: they may hold in as many ways as all of them have branches together. */
const mostSelections = 12;

const hasManySelections = (form: Expr): boolean =>
  new Set(
    reachable([form]).flatMap((node) =>
      node.kind === "application" && selecting.has(node.primitive) ? [node.operands[0]!] : [],
    ),
  ).size > mostSelections;

const selecting: ReadonlySet<string> = new Set(["where", "choose", "pick", "indicator"]);

export function asBranches(form: Expr): Branches {
  const known = views.get(form) ?? viewedAsBranches(form);
  views.set(form, known);
  return known;
}

function viewedAsBranches(form: Expr): Branches {
  const originals = new Map<Expr, Expr>();
  const isLong = hasManySelections(form);
  const viewOf = (node: Application, operands: readonly Expr[]): Expr => {
    const [a, b] = operands;
    switch (node.primitive) {
      case "indicator":
        return apply("where", [a!, constant(1), constant(0)]);
      case "pick":
      case "choose":
        return apply("where", operands);
      case "multiply":
      case "add":
      case "subtract":
        return (!isLong && ofBranches(node.primitive, a!, b!)) || apply(node.primitive, operands, node.rule);
      default:
        return apply(node.primitive, operands, node.rule);
    }
  };
  const root = rebuild(form, (node, operands) => {
    const view = viewOf(node, operands);
    if (view !== node) originals.set(view, node);
    return view;
  });
  return { root, originals, isLong };
}

type Operation = "multiply" | "add" | "subtract";

/** An operation done on each side of a selection. */
function ofBranches(operation: Operation, a: Expr, b: Expr): Expr | undefined {
  const selection = [a, b].find(hasZero);
  if (!selection) return undefined;
  const condition = selection.operands[0]!;
  const sides = (node: Expr): readonly [Expr, Expr] => {
    if (!isApplication(node, "where")) return [node, node];
    const [own, yes, no] = node.operands;
    if (own === condition) return [yes!, no!];
    return own === negateCondition(condition) ? [no!, yes!] : [node, node];
  };
  const [[aYes, aNo], [bYes, bNo]] = [sides(a), sides(b)];
  return apply("where", [condition, combined(operation, aYes, bYes), combined(operation, aNo, bNo)]);
}

const hasZero = (node: Expr): node is Application =>
  isApplication(node, "where") && node.operands.slice(1).some((side) => isConstant(side, 0));

function combined(operation: Operation, a: Expr, b: Expr): Expr {
  if (operation === "multiply") {
    if (isConstant(a, 0) || isConstant(b, 0)) return constant(0);
    return isConstant(a, 1) ? b : isConstant(b, 1) ? a : apply(operation, [a, b]);
  }
  if (isConstant(b, 0)) return a;
  return isConstant(a, 0) ? (operation === "add" ? b : apply("negate", [b])) : apply(operation, [a, b]);
}
