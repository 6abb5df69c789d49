/**
 * In how few walks over a row the numbers of its reductions can be had. What stands at the place of the largest element is read
 * there, once it is known which that is. And a sum of exp(z - max[d](z)) needs no walk of its own: it is carried along while the
 * largest z is searched for, relative to the largest so far, and multiplied by exp(old - new) where a larger one turns up
 * (Milakov and Gimelshein 2018).
 */
import { isConstant, multiplyPower, productOf, rawProduct } from "../algebra/forms.js";
import { apply, type Expr, isApplication, position, substitute, type Variable, variablesOf } from "../ir/expr.js";
import { isPlace, type RowPlan, type RowValue } from "./rows.js";

/** The sum of exp(z - max[d](z)) times something: one number for each row, had in the walk that looks for the largest z. */
export interface CarriedSum {
  readonly name: Variable;
  /** The row value max[d](z), of the same level. */
  readonly maximum: Variable;
  /** What the exponentials are multiplied by. */
  readonly rest: Expr;
  /** The row value for the place of the largest z where the sum is without it; `rest` is 1 then. */
  readonly beside: Variable | null;
}

/** What an expression is at the place of an extreme. */
export interface PickedValue {
  readonly name: Variable;
  /** The row value for the place, of this level or one before. */
  readonly place: Variable;
  /** May need what this level found, and what was picked before. */
  readonly operand: Expr;
}

/** One walk, and what is read when it is over. */
export interface Walk {
  readonly values: readonly RowValue[];
  readonly carried: readonly CarriedSum[];
  readonly picked: readonly PickedValue[];
}

export interface WalkPlan {
  /** Each needs those before it alone. */
  readonly levels: readonly Walk[];
  /** What is computed in the end, in the names of row values. */
  readonly roots: readonly Expr[];
}

/** @param mayCarry whether sums may be carried along; they are where that saves a walk */
export function fewestWalks(rows: RowPlan, mayCarry: boolean): WalkPlan {
  const plain = arranged(rows, false);
  if (!mayCarry) return plain;
  const carrying = arranged(rows, true);
  return carrying.levels.length < plain.levels.length ? carrying : plain;
}

function arranged(rows: RowPlan, carries: boolean): WalkPlan {
  const levels: { values: RowValue[]; carried: CarriedSum[]; picked: PickedValue[] }[] = [];
  const levelOf = new Map<Variable, number>();
  const deepest = (expr: Expr): number =>
    Math.max(-1, ...[...variablesOf(expr)].map((each) => levelOf.get(each) ?? -1));
  /** Sums that are wanted relative to more than the largest z: what they are, in their own names. */
  const settled = new Map<Expr, Expr>();
  const known = new Map<Variable, RowValue>();
  const at = (name: Variable, level: number): (typeof levels)[number] => {
    levelOf.set(name, level);
    return (levels[level] ??= { values: [], carried: [], picked: [] });
  };
  for (const value of rows.levels.flat()) {
    const { name, kind } = value;
    const operand = substitute(value.operand, settled);
    const pick = kind === "sum" ? pickedFrom(operand, known) : undefined;
    if (pick) {
      const level = Math.max(levelOf.get(pick.place)!, deepest(pick.operand));
      at(name, level).picked.push({ name, ...pick });
      continue;
    }
    const found = carries && kind === "sum" ? carriedIn(operand, known) : undefined;
    const level = found ? levelOf.get(found.maximum)! : 0;
    if (found && deepest(found.rest) < level) {
      const { maximum, by, rest, beside } = found;
      at(name, level).carried.push({ name, maximum, rest, beside });
      if (by === maximum) continue;
      const less = apply("exp", [apply("excess", [maximum, by])]);
      settled.set(name, apply("multiply", [name, less]));
      continue;
    }
    const own = { ...value, operand };
    known.set(name, own);
    at(name, deepest(operand) + 1).values.push(own);
  }
  return { levels, roots: rows.roots.map((root) => substitute(root, settled)) };
}

type Known = ReadonlyMap<Variable, RowValue>;

/** where(position == place, a, 0): a at that place. */
function pickedFrom(operand: Expr, known: Known): Pick<PickedValue, "place" | "operand"> | undefined {
  const chosen = atPlace(operand, known);
  return chosen && isConstant(chosen.otherwise, 0) ? { place: chosen.place, operand: chosen.value } : undefined;
}

/** where(position == place, value, otherwise) */
function atPlace(
  node: Expr,
  known: Known,
): { readonly place: Variable; readonly value: Expr; readonly otherwise: Expr } | undefined {
  const [condition, value, otherwise] = isApplication(node, "where") ? node.operands : [];
  if (!condition || !value || !otherwise || !isApplication(condition, "equal")) return undefined;
  const place = condition.operands.find((each) => each.kind === "variable" && isPlaceName(each, known));
  const isHere = place?.kind === "variable" && condition.operands.includes(position());
  return isHere ? { place, value, otherwise } : undefined;
}

const isPlaceName = (name: Variable, known: Known): boolean => {
  const value = known.get(name);
  return value !== undefined && isPlace(value.kind);
};

/** exp(z - by) * rest, where `by` is the largest z of the row or a number beyond; without the largest element, perhaps. */
function carriedIn(operand: Expr, known: Known): (Omit<CarriedSum, "name"> & { readonly by: Expr }) | undefined {
  const chosen = atPlace(operand, known);
  const beside = chosen && isConstant(chosen.value, 0) ? chosen : undefined;
  const product = productOf(beside ? beside.otherwise : operand);
  for (const [factor, power] of product.powers) {
    const excess = power === 1 && isApplication(factor, "exp") ? factor.operands[0]! : undefined;
    if (!excess || !isApplication(excess, "excess")) continue;
    const [z, by] = excess.operands as readonly [Expr, Expr];
    const bounds = isApplication(by, "larger") ? by.operands : [by];
    const isLargest = (each: Expr, kind: RowValue["kind"]): each is Variable =>
      each.kind === "variable" && known.get(each)?.kind === kind && known.get(each)?.operand === z;
    const maximum = bounds.find((each) => isLargest(each, "maximum"));
    if (maximum?.kind !== "variable" || !bounds.every((each) => each === maximum || each.kind === "constant")) continue;
    multiplyPower(product, factor, -1);
    const rest = rawProduct(product);
    if (!beside) return { maximum, by, rest, beside: null };
    if (by === maximum && isConstant(rest, 1) && isLargest(beside.place, "first_maximum")) {
      return { maximum, by, rest, beside: beside.place };
    }
    return undefined;
  }
  return undefined;
}

/** The same with every expression rebuilt. */
export const mapWalks = ({ levels, roots }: WalkPlan, change: (expr: Expr) => Expr): WalkPlan => ({
  levels: levels.map(({ values, carried, picked }) => ({
    values: values.map((value) => ({ ...value, operand: change(value.operand) })),
    carried: carried.map((sum) => ({ ...sum, rest: change(sum.rest) })),
    picked: picked.map((value) => ({ ...value, operand: change(value.operand) })),
  })),
  roots: roots.map(change),
});

/** What is computed for each element in a walk. */
export const walkedIn = ({ values, carried }: Walk): Expr[] => [
  ...values.map(({ operand }) => operand),
  ...carried.map(({ rest }) => rest),
];
