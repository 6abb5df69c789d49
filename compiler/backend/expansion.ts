/**
 * Sums of which parts take each other away exactly, multiplied out: of (x^5 + 1) / (x^4 + 1) - x, whatever the number of
 * digits, nothing is left for large x, and (1 - x) / (x^4 + 1) is the same.
 */
import {
  isSum,
  multiplyPower,
  type Product,
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

/** Of what parts are multiplied out: of variables, and of functions that stay small. */
const isPart = (node: Expr): boolean => node.kind !== "application" || bounded.has(node.primitive) || isSum(node);

const bounded: ReadonlySet<PrimitiveName> = new Set<PrimitiveName>([
  ...(["sigmoid", "tanh", "erf", "normcdf", "sin", "cos", "atan"] as const),
]);

/** More terms are not worth it. */
const mostTerms = 48;

/** @param root what is computed in wide arithmetic */
export const withoutWhatCancels = (root: Expr): Expr =>
  rebuild(root, (node, operands) => {
    const built = apply(node.primitive, operands, node.rule);
    return isSum(built) ? (expanded(built) ?? built) : built;
  });

/** The sum as one quotient, if at least one of its terms is gone then. */
function expanded(sum: Expr): Expr | undefined {
  const products = [...termsOf(sum)].map(([base, coefficient]) => {
    const { powers } = productOf(base);
    return { coefficient, powers };
  });
  const shared = new Map<Expr, number>();
  for (const { powers } of products)
    for (const [factor, power] of powers) if (power < 0) shared.set(factor, Math.max(shared.get(factor) ?? 0, -power));
  const isPlain = shared.size === 0 && products.every(({ powers }) => ![...powers.keys()].some(isSum));
  if (isPlain) return undefined;
  const collected = new Collected();
  for (const { coefficient, powers } of products) {
    const raised: Product = { coefficient, powers: new Map(powers) };
    for (const [factor, power] of shared) multiplyPower(raised, factor, power);
    if (!collected.addProduct(raised)) return undefined;
  }
  const factors = [...collected.terms.keys()].flatMap((base) => [...productOf(base).powers.keys()]);
  if (!collected.hasLost || ![...shared.keys(), ...factors].every(isPart)) return undefined;
  const numerator = normalise(rawSum(collected.terms));
  const quotient = productOf(numerator);
  for (const [factor, power] of shared) multiplyPower(quotient, factor, -power);
  return rawProduct(quotient);
}

/** Products multiplied out, like ones together. */
export class Collected {
  readonly terms: Terms = new Map();
  /** Whether a term has been taken away altogether. */
  hasLost = false;

  /** Whether there are not too many terms. */
  addProduct({ coefficient, powers }: Product): boolean {
    let parts: Terms = new Map([[constant(1), coefficient]]);
    for (const [factor, power] of powers) {
      const isPolynomial = isSum(factor) && power > 0;
      const times = isPolynomial ? power : 1;
      const by: Terms = isPolynomial
        ? termsOf(factor)
        : new Map([[rawProduct({ coefficient: R.one, powers: new Map([[factor, power]]) }), R.one]]);
      for (let i = 0; i < times; i++) {
        const next = multiplied(parts, by);
        if (!next) return false;
        parts = next;
      }
    }
    for (const [base, part] of parts) {
      const known = this.terms.get(base);
      const all = known ? R.add(known, part) : part;
      if (R.isZero(all)) {
        this.terms.delete(base);
        this.hasLost = true;
      } else this.terms.set(base, all);
    }
    return this.terms.size <= mostTerms;
  }
}

function multiplied(a: Terms, b: Terms): Terms | undefined {
  if (a.size * b.size > mostTerms) return undefined;
  const terms: Terms = new Map();
  for (const [left, p] of a)
    for (const [right, q] of b) {
      const product = productOf(left);
      const factors = productOf(right);
      for (const [factor, power] of factors.powers) multiplyPower(product, factor, power);
      const base = rawProduct({ ...product, coefficient: R.one });
      const part = [p, q, product.coefficient, factors.coefficient].reduce(R.multiply);
      const known = terms.get(base);
      const all = known ? R.add(known, part) : part;
      if (R.isZero(all)) terms.delete(base);
      else terms.set(base, all);
    }
  return terms;
}
