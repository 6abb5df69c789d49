/** Products of sums, multiplied out. */
import { constant } from "../ir/expr.js";
import * as R from "../ir/rational.js";
import { isSum, multiplyPower, type Product, productOf, rawProduct, type Terms, termsOf } from "./forms.js";

/** More terms are not worth it. */
const mostTerms = 48;

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
