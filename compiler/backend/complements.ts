/**
 * Sums in wide arithmetic that would cancel whatever the number of digits, spelled so that nothing is lost:
 * normcdf(44.1) - normcdf(43.9) leaves nothing of two numbers next to 1, and all is left of normcdf(-43.9) - normcdf(-44.1).
 */
import { isSum, one, productOf, rawSum, termsOf } from "../algebra/forms.js";
import { apply, constant, type Expr, isApplication, reachable, rebuild } from "../ir/expr.js";
import * as R from "../ir/rational.js";
import { Sum } from "./cancelling-sums.js";
import { logarithmOfLacking, limitedFactors, lackingOfProduct } from "./saturation.js";

/** @param root what is computed in wide arithmetic */
export const withComplements = (root: Expr): Expr =>
  rebuild(withWholeSums(withSizesInside(root)), (node, operands) => {
    const built = apply(node.primitive, operands, node.rule);
    if (node.primitive === "log") return logarithmOfLacking(operands[0]!) ?? built;
    if (node.primitive === "acosh") return acoshBesideOne(operands[0]!) ?? built;
    if (node.primitive === "atanh") return atanhOfLimited(operands[0]!) ?? built;
    return isSum(built) ? (complemented(new Sum(termsOf(built))) ?? built) : built;
  });

/** Sizes of odd functions as these functions of sizes, whose limits are on one side. */
const withSizesInside = (root: Expr): Expr =>
  rebuild(root, (node, operands) => {
    const inner = operands[0]!;
    if (node.primitive === "abs" && (isApplication(inner, "tanh") || isApplication(inner, "erf")))
      return apply(inner.primitive, [apply("abs", [inner.operands[0]!])]);
    return apply(node.primitive, operands, node.rule);
  });

/** A sum in which something would be lost, otherwise; in a branch of a selection that is a term, too. */
const complemented = (sum: Sum): Expr | undefined => withoutLimits(sum) ?? sum.withConjugate() ?? selected(sum);

const withoutLimits = (sum: Sum): Expr | undefined =>
  sum.withDifference() ??
  sum.withLimits() ??
  sum.withQuotientOfExponentials() ??
  sum.withPowerLessOne() ??
  sum.withPowerLessPart() ??
  sum.withProductLessOne() ??
  sum.withLimit();

/** A sum that is no term of another one. */
const complementedWhole = (sum: Sum): Expr | undefined => sum.withMixture() ?? complemented(sum);

/** Selections inside of one another, or beside: there are as many ways as branches of all. */
const mostSelections = 2;

function selected(sum: Sum, room = mostSelections): Expr | undefined {
  if (room === 0) return undefined;
  for (const { condition, branches } of sum.selections()) {
    const [first, second] = branches.map(
      (branch) => withoutLimits(branch) ?? branch.withLogarithmBeyond() ?? selected(branch, room - 1),
    );
    if (first ?? second)
      return apply("where", [condition, first ?? branches[0].expression, second ?? branches[1].expression]);
  }
  return undefined;
}

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
  const whole = complementedWhole(new Sum(termsOf(apply("add", [one(), node]))));
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

/** atanh(p) as half of log((1 + p) / (1 - p)), where one of these would lose something. */
function atanhOfLimited(node: Expr): Expr | undefined {
  const both = lackingOfBoth(node);
  if (!both) return undefined;
  const logarithm = apply("log", [apply("divide", [...both])]);
  const isLarge = apply("greater", [apply("abs", [node]), constant(R.rational(1, 2))]);
  return apply("where", [isLarge, apply("multiply", [constant(R.rational(1, 2)), logarithm]), apply("atanh", [node])]);
}

/** What a product or a sum is above -1, and what it lacks of 1. */
function lackingOfBoth(node: Expr): readonly [above: Expr, below: Expr] | undefined {
  const { coefficient, powers } = productOf(node);
  const { limited, rest } = limitedFactors(powers);
  if (limited.length > 0 && rest === one() && R.isOne(coefficient))
    return [lackingOfProduct(limited, false), lackingOfProduct(limited, true)];
  const sums = [node, apply("negate", [node])].map((each) => termsOf(apply("add", [one(), each])));
  const [above, below] = sums.map((terms) => complementedWhole(new Sum(terms)));
  return (above ?? below) && [above ?? rawSum(sums[0]!), below ?? rawSum(sums[1]!)];
}
