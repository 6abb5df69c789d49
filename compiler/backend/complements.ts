/**
 * Sums in wide arithmetic that would cancel whatever the number of digits, spelled so that nothing is lost:
 * normcdf(44.1) - normcdf(43.9) leaves nothing of two numbers next to 1, and all is left of normcdf(-43.9) - normcdf(-44.1).
 */
import { isSum, one, productOf, rawSum, termsOf } from "../algebra/forms.js";
import { apply, constant, type Expr, reachable, rebuild } from "../ir/expr.js";
import * as R from "../ir/rational.js";
import { Sum } from "./cancelling-sums.js";
import { logarithmOfLacking, limitedFactors, lackingOfProduct } from "./saturation.js";

/** @param root what is computed in wide arithmetic */
export const withComplements = (root: Expr): Expr =>
  rebuild(withWholeSums(root), (node, operands) => {
    const built = apply(node.primitive, operands, node.rule);
    if (node.primitive === "log") return logarithmOfLacking(operands[0]!) ?? built;
    if (node.primitive === "acosh") return acoshBesideOne(operands[0]!) ?? built;
    if (node.primitive === "atanh") return atanhOfLimited(operands[0]!) ?? built;
    if (!isSum(built)) return built;
    const sum = new Sum(termsOf(built));
    return (
      sum.withDifference() ??
      sum.withLimits() ??
      sum.withPowerLessOne() ??
      sum.withProductLessOne() ??
      sum.withLimit() ??
      sum.withConjugate() ??
      built
    );
  });

/** Whole sums, before their parts are looked at: of (1 + b) log(1 + a) - log(a) - b log(a) no term is to be missing. */
function withWholeSums(root: Expr): Expr {
  const whole = new Set([root]);
  for (const node of reachable([root]))
    if (node.kind === "application" && !isSum(node)) for (const operand of node.operands) whole.add(operand);
  return rebuild(root, (node, operands) => {
    const built = apply(node.primitive, operands, node.rule);
    if (node.primitive === "log1p") return logarithmBesideZero(operands[0]!) ?? built;
    if (!whole.has(node) || !isSum(built)) return built;
    const sum = new Sum(termsOf(built));
    return sum.withLogarithmBeyond() ?? sum.withMixture() ?? built;
  });
}

/** log(1 + u), where all of 1 + u may cancel: u is then next to -1. */
function logarithmBesideZero(node: Expr): Expr | undefined {
  const sum = new Sum(termsOf(apply("add", [one(), node])));
  const whole =
    sum.withMixture() ?? sum.withLimits() ?? sum.withPowerLessOne() ?? sum.withProductLessOne() ?? sum.withLimit();
  const isBeside = apply("less", [node, constant(R.rational(-1, 2))]);
  return whole && apply("where", [isBeside, apply("log", [whole]), apply("log1p", [node])]);
}

/** acosh(1 + u) as log(1 + u + sqrt(u (2 + u))). */
function acoshBesideOne(node: Expr): Expr | undefined {
  const terms = new Map(termsOf(node));
  const level = terms.get(one());
  if (terms.size < 2 || !level || !R.isOne(level)) return undefined;
  terms.delete(one());
  const beyond = rawSum(terms);
  const root = apply("sqrt", [apply("multiply", [beyond, apply("add", [beyond, constant(2)])])]);
  return apply("log1p", [apply("add", [beyond, root])]);
}

/** atanh(p) as half of log((1 + p) / (1 - p)), p a product of functions that go to 1. */
function atanhOfLimited(node: Expr): Expr | undefined {
  const { coefficient, powers } = productOf(node);
  const { limited, rest } = limitedFactors(powers);
  if (limited.length === 0 || rest !== one() || !R.isOne(coefficient)) return undefined;
  const [above, below] = [1, -1].map((sign) => lackingOfProduct(limited, sign === -1));
  const logarithm = apply("log", [apply("divide", [above!, below!])]);
  const isLarge = apply("greater", [apply("abs", [node]), constant(R.rational(1, 2))]);
  return apply("where", [isLarge, apply("multiply", [constant(R.rational(1, 2)), logarithm]), apply("atanh", [node])]);
}
