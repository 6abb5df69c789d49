/**
 * How a NaN gets through forms in single numbers, whatever compilers assume of comparisons: through sums and products by itself, through selections if
 * both sides let it through, or if bits decide between them.
 */
import { type Expr, isApplication, reachable, type Variable } from "../ir/expr.js";
import { toNumber } from "../ir/rational.js";
import type { PrimitiveName } from "../primitives/table.js";

const arithmetic: ReadonlySet<PrimitiveName> = new Set(["add", "subtract", "multiply", "divide", "negate", "abs"]);

/** Whether a form is NaN where a variable is, whichever way comparisons go. */
export function carriesNaN(form: Expr, variable: Variable): boolean {
  const carrying = new Set<Expr>([variable]);
  const carries = (operand: Expr): boolean => carrying.has(operand);
  for (const node of reachable([form])) {
    if (node.kind !== "application") continue;
    const isCarried = isApplication(node, "where")
      ? node.operands.slice(1).every(carries)
      : arithmetic.has(node.primitive) && node.operands.some(carries);
    if (isCarried) carrying.add(node);
  }
  return carrying.has(form);
}

/** What a form is from some number on, to an infinity, and what else, which carries a NaN. */
export interface Ended {
  readonly end: Expr;
  readonly rest: Expr;
  /** The bits of the numbers from there on. */
  readonly first: number;
  readonly last: number;
}

/** The form as a selection that bits of a variable decide, if it is one that a comparison with a number decides. */
export function endedForm(form: Expr, variable: Variable): Ended | undefined {
  if (!isApplication(form, "where")) return undefined;
  const [condition, yes, no] = form.operands;
  if (condition?.kind !== "application" || condition.operands[0] !== variable) return undefined;
  const [, limit] = condition.operands;
  if (limit?.kind !== "constant") return undefined;
  const isBelow = condition.primitive === "less" || condition.primitive === "lessOrEqual";
  if (!isBelow && condition.primitive !== "greater" && condition.primitive !== "greaterOrEqual") return undefined;
  const number = Math.fround(toNumber(limit.value));
  // Of numbers of one sign alone the bits are in order.
  if (number === 0 || isNaN(number)) return undefined;
  const isFar = isBelow === number < 0;
  const [end, rest] = isFar ? [yes!, no!] : [no!, yes!];
  if (!carriesNaN(rest, variable)) return undefined;
  const isStrict = condition.primitive === "less" || condition.primitive === "greater";
  const first = bitsOf(number) + (isStrict === isFar ? 1 : 0);
  return { end, rest, first, last: bitsOf(number < 0 ? -Infinity : Infinity) };
}

const bitsOf = (number: number): number => new Uint32Array(Float32Array.of(number).buffer)[0]!;
