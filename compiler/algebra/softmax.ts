/**
 * Exponentials along the axis that may overflow though the value does not: quotients of sums of them, and logarithms.
 * Nothing changes when a number is added to all exponents of a row, so the row's maximum is subtracted, as a number
 * that carries no gradient. Where the maximum is infinite itself, elements equal to it count as 0 above it.
 */
import { apply, constant, type Expr, isApplication, rebuild, variesAlongAxis } from "../ir/expr.js";
import * as R from "../ir/rational.js";
import { multiplyPower, type Product, productOf, rawProduct, termsOf } from "./forms.js";
import { make, sumOf } from "./normalise.js";

export function stabiliseSoftmax(root: Expr): Expr {
  return rebuild(root, (node, operands) => {
    if (node.primitive === "log" && operands[0]) {
      const logarithm = logSumExp(productOf(operands[0]));
      if (logarithm) return logarithm;
    }
    if (node.primitive === "log1p" && operands[0]) {
      const logarithm = logOnePlus(productOf(operands[0]));
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
const shifted = (b: Expr, by: Expr = rowMaximum(b)): Expr => make("exp", [apply("excess", [b, by])]);

const shiftedSum = (b: Expr, rest: Product, by: Expr = rowMaximum(b)): Expr => {
  const inside = { coefficient: rest.coefficient, powers: new Map(rest.powers) };
  multiplyPower(inside, shifted(b, by), 1);
  return make("sum", [rawProduct(inside)]);
};

/** max(0, max[d](b)), as a number that carries no gradient */
const atLeastZero = (b: Expr): Expr => apply("stop_gradient", [apply("larger", [apply("maximum", [b]), constant(0)])]);

/** r sum[d](exp(b) * rest) + others, where the others have no exponential of an element. */
interface MixedSum {
  readonly b: Expr;
  /** The same times exp(-by), where `by` is the row's maximum, or 0 where that is larger. */
  readonly shifted: Expr;
  readonly by: Expr;
}

function mixedSum(node: Expr): MixedSum | undefined {
  const terms = [...termsOf(node)];
  if (terms.length < 2 || variesAlongAxis(node)) return undefined;
  const parts = terms.map(([base, coefficient]) => {
    const product = productOf(base);
    const [found] = [...product.powers].flatMap(([factor, power]) => {
      const sum = power === 1 ? sumOfExponentials(factor) : undefined;
      return sum ? [{ factor, sum }] : [];
    });
    return { product: { ...product, coefficient: R.multiply(product.coefficient, coefficient) }, found };
  });
  const exponents = new Set(parts.flatMap(({ found }) => (found ? [unshifted(found.sum.exponent)] : [])));
  const [b] = exponents;
  if (!b || exponents.size > 1 || parts.every(({ found }) => found)) return undefined;
  if (parts.some(({ found }) => found && unshifted(found.sum.exponent) !== found.sum.exponent)) return undefined;
  const by = atLeastZero(b);
  const less = make("exp", [make("negate", [by])]);
  const scaled = parts.map(({ product, found }) => {
    const inside = { coefficient: product.coefficient, powers: new Map(product.powers) };
    if (found) multiplyPower(inside, found.factor, -1);
    multiplyPower(inside, found ? shiftedSum(b, found.sum.rest, by) : less, 1);
    return rawProduct(inside);
  });
  return { b, by, shifted: scaled.reduce((left, right) => make("add", [left, right])) };
}

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

/** log1p(r sum[d](exp(a))) = m + log1p(r sum[d](exp(a - m)) + expm1(-m)) with m = max(0, max[d](a)) */
function logOnePlus(product: Product): Expr | undefined {
  for (const [factor, power] of product.powers) {
    const sum = power === 1 ? sumOfExponentials(factor) : undefined;
    if (!sum || unshifted(sum.exponent) !== sum.exponent || [...product.powers].length > 1) continue;
    const by = atLeastZero(sum.exponent);
    const shiftedPart = make("multiply", [constant(product.coefficient), shiftedSum(sum.exponent, sum.rest, by)]);
    return make("add", [by, make("log1p", [make("add", [shiftedPart, make("expm1", [make("negate", [by])])])])]);
  }
  return undefined;
}

/**
 * Products in which exponentials and sums of them cancel: exp(a) / sum[d](exp(a)), sum[d](x exp(a)) / sum[d](exp(a)),
 * exp(a) / (1 + sum[d](exp(a))).
 */
function quotient(product: Product): Expr | undefined {
  for (const [divisor, power] of product.powers) {
    const sum = power < 0 ? sumOfExponentials(divisor) : undefined;
    const mixed = power < 0 && !sum ? mixedSum(divisor) : undefined;
    if (!sum && !mixed) continue;
    const exponent = sum?.exponent ?? mixed!.b;
    const b = unshifted(exponent);
    const by = mixed?.by ?? rowMaximum(b);
    const result = { coefficient: product.coefficient, powers: new Map<Expr, number>() };
    let balance = 0;
    for (const [factor, n] of product.powers) {
      const other = sumOfExponentials(factor);
      if (factor.kind === "application" && factor.primitive === "exp" && factor.operands[0] === exponent) {
        multiplyPower(result, shifted(b, by), n);
      } else if (mixed && factor === divisor) multiplyPower(result, mixed.shifted, n);
      else if (other?.exponent === exponent) multiplyPower(result, shiftedSum(b, other.rest, by), n);
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
