/**
 * Normalised exponentials along the axis. Both quotient and logarithm do not change when a number is added to all
 * elements of a row, so the row's maximum is subtracted, as a number that carries no gradient.
 */
import { apply, type Expr, isApplication, rebuild } from "../ir/expr.js";
import * as R from "../ir/rational.js";
import { multiplyPower, productOf, rawProduct, termsOf } from "./forms.js";
import { make, sumOf } from "./normalise.js";

export function stabiliseSoftmax(root: Expr): Expr {
  return rebuild(root, (node, operands) => {
    if (node.primitive === "log" && operands[0]) {
      const exponent = exponentOfSum(operands[0]);
      if (exponent) return logSumExp(exponent);
    }
    const built = make(node.primitive, operands, node.rule);
    return node.primitive === "divide" || node.primitive === "multiply" ? quotient(built) : built;
  });
}

/** a, where the node is sum[d](exp(a)). */
function exponentOfSum(node: Expr): Expr | undefined {
  if (!isApplication(node, "sum")) return undefined;
  const [inner] = node.operands;
  return inner && isApplication(inner, "exp") ? inner.operands[0] : undefined;
}

/** b, where a is b - max[d](b) already, else a itself. */
function unshifted(a: Expr): Expr {
  for (const [base, coefficient] of termsOf(a)) {
    if (!isApplication(base, "maximum") || !R.equal(coefficient, R.rational(-1))) continue;
    const rest = termsOf(a);
    rest.delete(base);
    const b = sumOf(rest);
    if (b === base.operands[0]) return b;
  }
  return a;
}

const rowMaximum = (b: Expr): Expr => apply("stop_gradient", [apply("maximum", [b])]);
const shifted = (b: Expr): Expr => make("exp", [make("subtract", [b, rowMaximum(b)])]);

/** log(sum[d](exp(a))) = m + log(sum[d](exp(a - m))) */
function logSumExp(a: Expr): Expr {
  const b = unshifted(a);
  const value = make("add", [rowMaximum(b), apply("log", [apply("sum", [shifted(b)])])]);
  return a === b ? value : make("subtract", [value, apply("maximum", [b])]);
}

/** exp(a) / sum[d](exp(a)) */
function quotient(node: Expr): Expr {
  const product = productOf(node);
  for (const [factor, exponent] of product.powers) {
    const a = exponent < 0 ? exponentOfSum(factor) : undefined;
    if (!a || !product.powers.has(make("exp", [a]))) continue;
    const e = shifted(unshifted(a));
    const rest = { coefficient: product.coefficient, powers: new Map(product.powers) };
    multiplyPower(rest, factor, 1);
    multiplyPower(rest, make("exp", [a]), -1);
    multiplyPower(rest, e, 1);
    multiplyPower(rest, apply("sum", [e]), -1);
    return rawProduct(rest);
  }
  return node;
}
