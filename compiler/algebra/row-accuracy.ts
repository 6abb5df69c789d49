/**
 * What loses digits along the axis, once derivatives are taken: equal over the reals, but without the cancellation. In both
 * cases one element dominates its row, and what is left of it is asked for.
 */
import { apply, constant, type Expr, isApplication, position, rebuild } from "../ir/expr.js";
import * as R from "../ir/rational.js";
import { isSum, multiplyPower, type Product, productOf, rawProduct, type Terms, termsOf } from "./forms.js";
import { make, normalise, sumOf } from "./normalise.js";

export function withoutCancellation(root: Expr): Expr {
  return rebuild(root, (node, operands) => {
    if (node.primitive === "log" && operands[0]) return logarithm(operands[0]) ?? make("log", operands);
    const built = make(node.primitive, operands, node.rule);
    return isSum(built) ? centred(aboveLargest(termsOf(built))) : built;
  });
}

/** b, where the node is the exponential of how far b is above the largest of its row. */
function exponentAboveLargest(node: Expr | undefined): Expr | undefined {
  const excess = node && isApplication(node, "exp") ? node.operands[0] : undefined;
  if (!excess || !isApplication(excess, "excess")) return undefined;
  const [b, largest] = excess.operands;
  return b && largest && isMaximumOf(largest, b) ? b : undefined;
}

const isMaximumOf = (node: Expr, b: Expr): boolean => {
  const bare = isApplication(node, "stop_gradient") ? node.operands[0] : node;
  return bare !== undefined && isApplication(bare, "maximum") && bare.operands[0] === b;
};

/** Where the element is the first of its row that attains the largest b. */
const isLargest = (b: Expr): Expr => apply("equal", [position(), apply("first_maximum", [b])]);

/** log(sum[d](exp(b - m))) = log1p(the same sum without the largest element, whose exponential is 1) */
function logarithm(a: Expr): Expr | undefined {
  const [inner] = isApplication(a, "sum") ? a.operands : [];
  const b = exponentAboveLargest(inner);
  if (!b || !inner) return undefined;
  return make("log1p", [make("sum", [apply("where", [isLargest(b), constant(0), inner])])]);
}

/** b - m + rest, where m is the largest b of the row, with the difference taken first: it is exact for the largest. */
function aboveLargest(terms: Terms): Terms {
  for (const [base, coefficient] of terms) {
    const bare = isApplication(base, "stop_gradient") ? base.operands[0] : base;
    if (!bare || !isApplication(bare, "maximum") || !R.equal(coefficient, R.rational(-1))) continue;
    const b = bare.operands[0]!;
    const own = [...termsOf(b)];
    if (!own.every(([term, factor]) => R.equal(terms.get(term) ?? R.zero, factor))) continue;
    const rest: Terms = new Map([...terms].filter(([term]) => term !== base && !own.some(([each]) => each === term)));
    return new Map([[apply("excess", [b, base]), R.one], ...rest]);
  }
  return terms;
}

/**
 * g / s - sum[d](e g) / s^2 with s = sum[d](e): adding a number to all g of a row changes nothing. With that of the largest
 * element taken away, nothing cancels there.
 */
function centred(terms: Terms): Expr {
  const products = [...terms].map(([base, coefficient]) => {
    const product = productOf(base);
    return { base, product: { ...product, coefficient: R.multiply(product.coefficient, coefficient) } };
  });
  for (const first of products) {
    for (const second of products) {
      if (first === second || !R.equal(first.product.coefficient, R.negate(second.product.coefficient))) continue;
      const found = centredPair(first.product, second.product);
      if (!found) continue;
      const rest: Terms = new Map([...terms].filter(([base]) => base !== first.base && base !== second.base));
      return rest.size === 0 ? found : make("add", [found, centred(rest)]);
    }
  }
  return sumOf(terms);
}

function centredPair(first: Product, second: Product): Expr | undefined {
  for (const [total, power] of first.powers) {
    const e = power === -1 && isApplication(total, "sum") ? total.operands[0] : undefined;
    const b = exponentAboveLargest(e);
    if (!e || !b || second.powers.get(total) !== -2) continue;
    for (const [weighted, n] of second.powers) {
      if (n !== 1 || !isApplication(weighted, "sum")) continue;
      // What stands beside both: second without its sums; g is what first has more.
      const beside: Product = { coefficient: first.coefficient, powers: new Map(second.powers) };
      multiplyPower(beside, weighted, -1);
      multiplyPower(beside, total, 2);
      const own: Product = { coefficient: R.one, powers: new Map(first.powers) };
      multiplyPower(own, total, 1);
      for (const [factor, exponent] of beside.powers) multiplyPower(own, factor, -exponent);
      const g = rawProduct(own);
      if (normalise(make("multiply", [e, g])) !== normalise(weighted.operands[0]!)) continue;
      const centre = make("sum", [apply("where", [isLargest(b), g, constant(0)])]);
      const above = make("subtract", [g, centre]);
      const mean = make("divide", [apply("sum", [make("multiply", [e, above])]), total]);
      return apply("multiply", [make("divide", [rawProduct(beside), total]), apply("subtract", [above, mean])]);
    }
  }
  return undefined;
}
