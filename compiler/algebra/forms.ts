/**
 * Sums and products in flat form. A sum is a list of terms, base → coefficient; a product is a coefficient and
 * integer powers of factors.
 */
import { apply, constant, type Expr, isApplication } from "../ir/expr.js";
import { Memo } from "../ir/memo.js";
import * as R from "../ir/rational.js";
import type { Rational } from "../ir/rational.js";

export type Terms = Map<Expr, Rational>;

export interface Product {
  coefficient: Rational;
  readonly powers: Map<Expr, number>;
}

export const zero = (): Expr => constant(0);
export const one = (): Expr => constant(1);
export const isConstant = (node: Expr, value: number): boolean =>
  node.kind === "constant" && node.value.denominator === 1n && node.value.numerator === BigInt(value);

/** The sign of an infinity; undefined for what is none. */
export function infinitySign(node: Expr): 1 | -1 | undefined {
  if (isApplication(node, "infinity")) return 1;
  return isApplication(node, "negate") && isApplication(node.operands[0]!, "infinity") ? -1 : undefined;
}

/** The exponent of `base^n` where n is an integer that is worth multiplying out. */
export function integerExponent(node: Expr): number | undefined {
  if (!isApplication(node, "pow")) return undefined;
  const exponent = node.operands[1]!;
  if (exponent.kind !== "constant" || !R.isInteger(exponent.value)) return undefined;
  const n = Number(exponent.value.numerator);
  return Math.abs(n) <= 64 ? n : undefined;
}

export function addTerm(terms: Terms, base: Expr, coefficient: Rational): void {
  const sum = R.add(terms.get(base) ?? R.zero, coefficient);
  if (R.isZero(sum)) terms.delete(base);
  else terms.set(base, sum);
}

export function multiplyPower(product: Product, factor: Expr, exponent: number): void {
  const sum = (product.powers.get(factor) ?? 0) + exponent;
  if (sum === 0) product.powers.delete(factor);
  else product.powers.set(factor, sum);
}

const products = new Memo<Product>();

/** The node as coefficient and factors. Descends through products, quotients, negations and integer powers. */
export function productOf(root: Expr): Product {
  if (root.kind !== "application") return flatProduct(root);
  let known = products.get(root);
  if (!known) {
    known = flatProduct(root);
    products.set(root, known);
  }
  return { coefficient: known.coefficient, powers: new Map(known.powers) };
}

function flatProduct(root: Expr): Product {
  const product: Product = { coefficient: R.one, powers: new Map() };
  const stack: [Expr, number][] = [[root, 1]];
  for (let next = stack.pop(); next; next = stack.pop()) {
    const [node, exponent] = next;
    if (node.kind === "constant" && !(exponent < 0 && R.isZero(node.value))) {
      product.coefficient = R.multiply(product.coefficient, R.power(node.value, exponent));
      continue;
    }
    const inner = integerExponent(node);
    if (node.kind !== "application") multiplyPower(product, node, exponent);
    else if (node.primitive === "negate") {
      if (exponent % 2 !== 0) product.coefficient = R.negate(product.coefficient);
      stack.push([node.operands[0]!, exponent]);
    } else if (node.primitive === "multiply") {
      stack.push([node.operands[1]!, exponent], [node.operands[0]!, exponent]);
    } else if (node.primitive === "divide" && !isConstant(node.operands[1]!, 0)) {
      stack.push([node.operands[1]!, -exponent], [node.operands[0]!, exponent]);
    } else if (inner !== undefined && inner > 0) stack.push([node.operands[0]!, exponent * inner]);
    else if (inner !== undefined && inner < 0 && !isConstant(node.operands[0]!, 0)) {
      stack.push([node.operands[0]!, exponent * inner]);
    } else multiplyPower(product, node, exponent);
  }
  return product;
}

const sums = new Memo<Terms>();

/** The node as terms. Descends through sums, differences and negations; a constant has the base 1. */
export function termsOf(root: Expr): Terms {
  let known = sums.get(root);
  if (!known) {
    known = flatTerms(root);
    sums.set(root, known);
  }
  return new Map(known);
}

function flatTerms(root: Expr): Terms {
  const terms: Terms = new Map();
  const stack: [Expr, Rational][] = [[root, R.one]];
  for (let next = stack.pop(); next; next = stack.pop()) {
    const [node, scale] = next;
    if (isApplication(node, "add")) stack.push([node.operands[1]!, scale], [node.operands[0]!, scale]);
    else if (isApplication(node, "subtract")) {
      stack.push([node.operands[1]!, R.negate(scale)], [node.operands[0]!, scale]);
    } else {
      const product = productOf(node);
      if (R.isZero(product.coefficient)) continue;
      const coefficient = R.multiply(scale, product.coefficient);
      const only = [...product.powers];
      const [single] = only;
      if (only.length === 1 && single && single[1] === 1 && isSum(single[0]) && isUnit(product.coefficient)) {
        stack.push([single[0], coefficient]);
      } else addTerm(terms, rawProduct({ coefficient: R.one, powers: product.powers }), coefficient);
    }
  }
  return terms;
}

const isUnit = (value: Rational): boolean =>
  value.denominator === 1n && (value.numerator === 1n || value.numerator === -1n);

export const isSum = (node: Expr): boolean => isApplication(node, "add") || isApplication(node, "subtract");

const powerOf = (base: Expr, exponent: number): Expr =>
  exponent === 1 ? base : apply("pow", [base, constant(exponent)]);

/** Whether it is as exact, and reads as well, to multiply by the fraction as to divide by its inverse. */
function multipliesWell({ numerator, denominator }: Rational): boolean {
  if ((denominator & (denominator - 1n)) === 0n) return true;
  return !(numerator === 1n || numerator === -1n);
}

/** A product as nodes, in the one shape that flattening gives back. */
export function rawProduct({ coefficient, powers }: Product): Expr {
  if (R.isZero(coefficient)) return zero();
  const negative = coefficient.numerator < 0n;
  let size = negative ? R.negate(coefficient) : coefficient;
  let above: Expr | undefined;
  let below: Expr | undefined;
  const times = (product: Expr | undefined, factor: Expr): Expr =>
    product ? apply("multiply", [product, factor]) : factor;
  const ordered = [...powers].sort(factorOrder);
  const numerators = ordered.filter(([, exponent]) => exponent > 0);
  if (!R.isOne(size) && (numerators.length === 0 || multipliesWell(size))) {
    above = constant(negative ? R.negate(size) : size);
    size = R.one;
    if (negative) return finish(false);
  }
  return finish(negative);

  function finish(negateAfter: boolean): Expr {
    for (const [factor, exponent] of numerators) above = times(above, powerOf(factor, exponent));
    if (!R.isOne(size)) below = constant(R.divide(R.one, size));
    for (const [factor, exponent] of ordered) if (exponent < 0) below = times(below, powerOf(factor, -exponent));
    if (!above)
      return below ? apply("divide", [constant(negateAfter ? -1 : 1), below]) : constant(negateAfter ? -1 : 1);
    const signed = negateAfter
      ? above.kind === "constant"
        ? constant(R.negate(above.value))
        : apply("negate", [above])
      : above;
    return below ? apply("divide", [signed, below]) : signed;
  }
}

/** Constants last, the others in the order in which they were built: equal sums are equal nodes. */
const termOrder = ([a]: readonly [Expr, unknown], [b]: readonly [Expr, unknown]): number =>
  Number(a.kind === "constant") - Number(b.kind === "constant") || a.id - b.id;

/** Constants first, then the cotangent, then the others in the order in which they were built. */
const factorOrder = ([a]: readonly [Expr, unknown], [b]: readonly [Expr, unknown]): number =>
  rank(a) - rank(b) || a.id - b.id;

const rank = (node: Expr): number =>
  node.space === 0 ? 0 : node.kind === "variable" && node.role === "cotangent" ? 1 : 2;

/** A sum as nodes: a positive term first. */
export function rawSum(terms: Terms): Expr {
  const list = [...terms].sort(termOrder);
  const first = Math.max(
    0,
    list.findIndex(([, coefficient]) => coefficient.numerator > 0n),
  );
  const ordered = [...list.slice(first, first + 1), ...list.slice(0, first), ...list.slice(first + 1)];
  let sum: Expr | undefined;
  for (const [base, coefficient] of ordered) {
    const negative = coefficient.numerator < 0n;
    if (!sum) sum = scaled(base, coefficient);
    else
      sum = apply(negative ? "subtract" : "add", [sum, scaled(base, negative ? R.negate(coefficient) : coefficient)]);
  }
  return sum ?? zero();
}

/** base * coefficient, where the base is a product without one. */
export function scaled(base: Expr, coefficient: Rational): Expr {
  if (R.isOne(coefficient)) return base;
  const product = productOf(base);
  return rawProduct({ coefficient: R.multiply(product.coefficient, coefficient), powers: product.powers });
}
