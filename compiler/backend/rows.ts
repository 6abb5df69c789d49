/** Rows of a reduction: what is reduced over the axis, and in which order. */
import { expandCalls, isReduction } from "../calculus/differentiate.js";
import { type Expr, reachable, Space, substitute, variable, type Variable, variablesOf } from "../ir/expr.js";

export const reductionKinds = ["sum", "maximum", "minimum", "first_maximum", "first_minimum"] as const;
export type ReductionKind = (typeof reductionKinds)[number];

/** Whether it gives a place along the axis. */
export const isPlace = (kind: ReductionKind): boolean => kind === "first_maximum" || kind === "first_minimum";

const isKind = (primitive: string): primitive is ReductionKind => reductionKinds.some((kind) => kind === primitive);

/** A reduction: one number for each row. */
export interface RowValue {
  /** Stands for the number in what is computed from it. */
  readonly name: Variable;
  readonly kind: ReductionKind;
  /** What is reduced, in the names of row values of earlier levels. */
  readonly operand: Expr;
}

export interface RowPlan {
  /** Each level needs those before it alone: one walk over the axis for each. */
  readonly levels: readonly (readonly RowValue[])[];
  /** What is computed in the end, in the names of row values. */
  readonly roots: readonly Expr[];
}

/** Gives reductions names. */
export function planRows(roots: readonly Expr[]): RowPlan {
  const expanded = roots.map(expandCalls);
  const names = new Map<Expr, Variable>();
  const levelOf = new Map<Expr, number>();
  const levels: RowValue[][] = [];
  for (const node of reachable(expanded)) {
    if (node.kind !== "application" || !isReduction(node) || !isKind(node.primitive)) continue;
    const operand = substitute(node.operands[0]!, names);
    const level = 1 + Math.max(-1, ...[...variablesOf(operand)].map((each) => levelOf.get(each) ?? -1));
    const name = variable(`${node.primitive}${names.size}`, "formal", Space.row);
    names.set(node, name);
    levelOf.set(name, level);
    (levels[level] ??= []).push({ name, kind: node.primitive, operand });
  }
  return { levels, roots: expanded.map((root) => substitute(root, names)) };
}

export const operandsOf = ({ levels }: RowPlan): Expr[] =>
  levels.flatMap((level) => level.map(({ operand }) => operand));

/** What a kernel that goes row by row gives. */
export interface RowOutput {
  /** Null: the activation's value. */
  readonly of: Variable | null;
  readonly value: Expr;
}

/** Whether there is one result for each element, and not one for each row. */
export const isAlong = ({ of }: Pick<RowOutput, "of">, yieldsRows: boolean): boolean =>
  !yieldsRows || (of !== null && of.role !== "cotangent");
