/**
 * Exponentials along the axis that may overflow though the value does not: quotients of sums of them, and logarithms.
 * Nothing changes when a number is added to all exponents of a row, so the row's maximum is subtracted, as a number
 * that carries no gradient. Where the maximum is infinite itself, elements equal to it count as 0 above it.
 */
import { apply, type Expr, isApplication, rebuild } from "../ir/expr.js";
import * as R from "../ir/rational.js";
import { multiplyPower, type Product, productOf, rawProduct, termsOf } from "./forms.js";
import { make, sumOf } from "./normalise.js";

export function stabiliseSoftmax(root: Expr): Expr {
  return rebuild(root, (node, operands) => {
    if (node.primitive === "log" && operands[0]) {
      const logarithm = logSumExp(productOf(operands[0]));
      if (logarithm) return logarithm;
    }
    const built = make(node.primitive, operands, node.rule);
    return node.primitive === "divide" || node.primitive === "multiply" ? (quotient(productOf(built)) ?? built) : built;
  });
}

/** sum[d](exp(a) * rest) */
interface SumOfExponentials {
  readonly exponent: Expr;
  /** What stands beside the exponential. */
  readonly rest: Product;
}

function sumOfExponentials(node: Expr): SumOfExponentials | undefined {
  const [inner] = isApplication(node, "sum") ? node.operands : [];
  if (!inner) return undefined;
  const rest = productOf(inner);
  const found = [...rest.powers].filter(([factor, power]) => power === 1 && isApplication(factor, "exp"));
  const [[exponential] = []] = found;
  if (found.length !== 1 || exponential?.kind !== "application") return undefined;
  multiplyPower(rest, exponential, -1);
  return { exponent: exponential.operands[0]!, rest };
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
const shifted = (b: Expr): Expr => make("exp", [apply("excess", [b, rowMaximum(b)])]);

const shiftedSum = (b: Expr, rest: Product): Expr => {
  const inside = { coefficient: rest.coefficient, powers: new Map(rest.powers) };
  multiplyPower(inside, shifted(b), 1);
  return make("sum", [rawProduct(inside)]);
};

/** log(r sum[d](exp(a))) = m + log(r sum[d](exp(a - m))) */
function logSumExp(product: Product): Expr | undefined {
  for (const [factor, power] of product.powers) {
    const sum = power === 1 ? sumOfExponentials(factor) : undefined;
    if (!sum) continue;
    const b = unshifted(sum.exponent);
    const inside = { coefficient: product.coefficient, powers: new Map(product.powers) };
    multiplyPower(inside, factor, -1);
    const whole = make("log", [make("multiply", [rawProduct(inside), shiftedSum(b, sum.rest)])]);
    const value = make("add", [rowMaximum(b), whole]);
    return b === sum.exponent ? value : make("subtract", [value, apply("maximum", [b])]);
  }
  return undefined;
}

/** Products in which exponentials and sums of them cancel: exp(a) / sum[d](exp(a)), sum[d](x exp(a)) / sum[d](exp(a)). */
function quotient(product: Product): Expr | undefined {
  for (const [divisor, power] of product.powers) {
    const sum = power < 0 ? sumOfExponentials(divisor) : undefined;
    if (!sum) continue;
    const { exponent } = sum;
    const b = unshifted(exponent);
    const result = { coefficient: product.coefficient, powers: new Map<Expr, number>() };
    let balance = 0;
    for (const [factor, n] of product.powers) {
      const other = sumOfExponentials(factor);
      if (factor.kind === "application" && factor.primitive === "exp" && factor.operands[0] === exponent) {
        multiplyPower(result, shifted(b), n);
      } else if (other?.exponent === exponent) multiplyPower(result, shiftedSum(b, other.rest), n);
      else {
        multiplyPower(result, factor, n);
        continue;
      }
      balance += n;
    }
    if (balance === 0) return rawProduct(result);
  }
  return undefined;
}
