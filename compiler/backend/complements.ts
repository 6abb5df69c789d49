/**
 * Differences of functions that are next to a limit, as differences of what they lack: of normcdf(44.1) - normcdf(43.9) two
 * numbers next to 1 leave nothing, however many digits they have, and of normcdf(-43.9) - normcdf(-44.1) all is left.
 */
import {
  addTerm,
  isSum,
  multiplyPower,
  one,
  productOf,
  rawProduct,
  rawSum,
  type Terms,
  termsOf,
} from "../algebra/forms.js";
import { normalise } from "../algebra/normalise.js";
import { apply, constant, type Expr, rebuild } from "../ir/expr.js";
import * as R from "../ir/rational.js";
import type { PrimitiveName } from "../primitives/table.js";

interface Saturating {
  /** What it lacks of the limit it has where its operand is large. */
  readonly above: (a: Expr) => Expr;
  /** How far above the limit it is that it has where its operand is small; null: that limit is 0, which digits suffice for. */
  readonly below: ((a: Expr) => Expr) | null;
}

const negated = (a: Expr): Expr => normalise(apply("negate", [a]));
const doubled = (a: Expr): Expr => normalise(apply("multiply", [constant(2), a]));
const twice = (a: Expr): Expr => apply("multiply", [constant(2), a]);

const saturating: Readonly<Partial<Record<PrimitiveName, Saturating>>> = {
  sigmoid: { above: (a) => apply("sigmoid", [negated(a)]), below: null },
  normcdf: { above: (a) => apply("normcdf", [negated(a)]), below: null },
  erf: { above: (a) => apply("erfc", [a]), below: (a) => apply("erfc", [negated(a)]) },
  tanh: {
    above: (a) => twice(apply("sigmoid", [negated(doubled(a))])),
    below: (a) => twice(apply("sigmoid", [doubled(a)])),
  },
  // Its limit is 0 above, and 2 below.
  erfc: { above: (a) => apply("erfc", [negated(a)]), below: null },
};

/** A term of a sum that is a multiple of such a function. */
interface Multiple {
  readonly base: Expr;
  readonly function: PrimitiveName;
  readonly operand: Expr;
  readonly rest: Expr;
  readonly coefficient: R.Rational;
}

/** @param root what is computed in wide arithmetic */
export const withComplements = (root: Expr): Expr =>
  rebuild(root, (node, operands) => {
    const built = apply(node.primitive, operands, node.rule);
    return isSum(built) ? (lackingOf(built) ?? built) : built;
  });

function lackingOf(sum: Expr): Expr | undefined {
  const terms = termsOf(sum);
  const multiples = [...terms].flatMap(([base, coefficient]) => multipleOf(base, coefficient) ?? []);
  for (const [i, first] of multiples.entries()) {
    const second = multiples
      .slice(i + 1)
      .find(
        (other) =>
          other.function === first.function &&
          other.rest === first.rest &&
          R.equal(other.coefficient, R.negate(first.coefficient)),
      );
    if (!second) continue;
    const others: Terms = new Map(terms);
    others.delete(first.base);
    others.delete(second.base);
    addTerm(others, productWith(first.rest, differenceOf(first, second)), first.coefficient);
    return rawSum(others);
  }
  return undefined;
}

function multipleOf(base: Expr, coefficient: R.Rational): Multiple | undefined {
  const product = productOf(base);
  for (const [factor, power] of product.powers) {
    if (power !== 1 || factor.kind !== "application" || !saturating[factor.primitive]) continue;
    product.powers.delete(factor);
    const operand = factor.operands[0]!;
    return { base, function: factor.primitive, operand, rest: rawProduct(product), coefficient };
  }
  return undefined;
}

function productWith(rest: Expr, factor: Expr): Expr {
  if (rest === one()) return factor;
  const product = productOf(rest);
  multiplyPower(product, factor, 1);
  return rawProduct(product);
}

/** f(a) - f(b) */
function differenceOf({ function: primitive, operand: a }: Multiple, { operand: b }: Multiple): Expr {
  const { above, below } = saturating[primitive]!;
  const difference = (left: Expr, right: Expr): Expr => apply("subtract", [left, right]);
  const plain = difference(apply(primitive, [a]), apply(primitive, [b]));
  const middle = normalise(apply("add", [a, b]));
  const is = (comparison: "greater" | "less", limit: number): Expr =>
    normalise(apply(comparison, [middle, constant(limit)]));
  if (primitive === "erfc") return apply("where", [is("less", 0), difference(above(b), above(a)), plain]);
  if (!below) return apply("where", [is("greater", 0), difference(above(b), above(a)), plain]);
  // Next to 0 these functions are as their operands are.
  const lower = apply("where", [is("less", -2), difference(below(a), below(b)), plain]);
  return apply("where", [is("greater", 2), difference(above(b), above(a)), lower]);
}
