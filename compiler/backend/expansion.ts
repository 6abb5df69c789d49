/**
 * Sums of which parts take each other away exactly, multiplied out: of (x^5 + 1) / (x^4 + 1) - x, whatever the number of
 * digits, nothing is left for large x, and (1 - x) / (x^4 + 1) is the same.
 */
import { Collected } from "../algebra/collected.js";
import { isSum, multiplyPower, type Product, productOf, rawProduct, rawSum, termsOf } from "../algebra/forms.js";
import { normalise } from "../algebra/normalise.js";
import { apply, type Expr, rebuild } from "../ir/expr.js";
import type { PrimitiveName } from "../primitives/table.js";

/** Of what parts are multiplied out: of variables, and of functions that stay small. */
const isPart = (node: Expr): boolean => node.kind !== "application" || bounded.has(node.primitive) || isSum(node);

const bounded: ReadonlySet<PrimitiveName> = new Set<PrimitiveName>([
  ...(["sigmoid", "tanh", "erf", "normcdf", "sin", "cos", "atan"] as const),
]);

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
