/**
 * The form of an expression for a large input: the highest power of the input is taken out of every sum, so that a
 * quotient of polynomials, say, is computed from reciprocals and nothing overflows that does not have to.
 */
import {
  addTerm,
  isConstant,
  isSum,
  multiplyPower,
  type Product,
  productOf,
  rawProduct,
  type Terms,
  termsOf,
} from "../algebra/forms.js";
import { make, productFrom, sumOf } from "../algebra/normalise.js";
import { constant, type Expr, occurs, rebuild, type Variable } from "../ir/expr.js";
import * as R from "../ir/rational.js";

/** @param sign that of the large input */
export function atLargeInput(root: Expr, input: Variable, sign: -1 | 1): Expr {
  const outside = (node: Expr): Expr => (isSum(node) && occurs(input, node) ? withPowerOutside(node, input) : node);
  const result = rebuild(root, (node, operands) => {
    // A sum within a sum is a part of it: powers are taken out of the whole.
    if (isSum(node)) return make(node.primitive, operands);
    const [a, b] = operands.map(outside);
    if (node.primitive === "abs") return absolute(a!, input, sign);
    if (node.primitive === "sign" && a === input) return constant(sign);
    if (node.primitive === "hypot" && (degreeOf(a!, input) === 1 || degreeOf(b!, input) === 1)) {
      const [p, q] = [a!, b!].map((operand) => make("divide", [operand, input]));
      return make("multiply", [magnitude(input, sign), make("hypot", [p!, q!])]);
    }
    return make(node.primitive, operands.map(outside), node.rule);
  });
  return outside(result);
}

const magnitude = (input: Variable, sign: -1 | 1): Expr => (sign < 0 ? make("negate", [input]) : input);

const degreeOf = (node: Expr, input: Variable): number => productOf(node).powers.get(input) ?? 0;

/** a + b*x + c*x^2 = x^2 * (a/x^2 + b/x + c) */
function withPowerOutside(sum: Expr, input: Variable): Expr {
  const terms = termsOf(sum);
  const degree = Math.max(...[...terms.keys()].map((base) => degreeOf(base, input)));
  if (degree <= 0) return sum;
  const inside: Terms = new Map();
  for (const [base, coefficient] of terms) {
    const product = productOf(base);
    multiplyPower(product, input, -degree);
    for (const [rest, value] of termsOf(rawProduct(product))) addTerm(inside, rest, R.multiply(value, coefficient));
  }
  const product: Product = { coefficient: R.one, powers: new Map([[input, degree]]) };
  const inner = sumOf(inside);
  if (isConstant(inner, 0)) return inner;
  const factors = productOf(inner);
  for (const [factor, exponent] of factors.powers) multiplyPower(product, factor, exponent);
  return productFrom({ coefficient: factors.coefficient, powers: product.powers });
}

/** |x^n * a| = |x|^n * |a| */
function absolute(operand: Expr, input: Variable, sign: -1 | 1): Expr {
  const product = productOf(operand);
  const degree = product.powers.get(input) ?? 0;
  if (degree <= 0) return make("abs", [operand]);
  product.powers.delete(input);
  const outside = make("pow", [magnitude(input, sign), constant(degree)]);
  return make("multiply", [outside, make("abs", [rawProduct(product)])]);
}
