import { make, normalise } from "../algebra/normalise.js";
import { decided } from "../algebra/selection.js";
import { isConstant, isSum, productOf, rawProduct, termsOf, type Product } from "../algebra/forms.js";
import { apply, constant, type Expr, reachable, rebuild, substitute, type Variable } from "../ir/expr.js";
import * as R from "../ir/rational.js";
import { differentiate } from "./differentiate.js";

const maximumOrder = 6;

/**
 * The limit of an expression as `variable` goes to `point`: by insertion where that is defined, else of the single
 * fraction that the expression is, by L'Hôpital's rule. `undefined` where that does not decide it.
 */
export function limit(root: Expr, variable: Variable, point: Expr): Expr | undefined {
  const branch = branchAt(root, variable, point);
  const inserted = insert(branch, variable, point);
  if (inserted) return inserted;
  let [numerator, denominator] = fraction(branch);
  for (let order = 0; order <= maximumOrder; order++) {
    const above = insert(numerator, variable, point);
    const below = insert(denominator, variable, point);
    if (!above || !below) return undefined;
    if (!isConstant(below, 0)) return normalise(apply("divide", [above, below]));
    if (!isConstant(above, 0)) return undefined;
    numerator = differentiate(numerator, variable);
    denominator = differentiate(denominator, variable);
  }
  return undefined;
}

/** The expression with each selection that is decided at the point replaced by its branch. */
function branchAt(root: Expr, variable: Variable, point: Expr): Expr {
  return rebuild(root, (node, operands) => {
    const [condition, a, b] = operands;
    if (node.primitive === "where") {
      const known = decided(normalise(substitute(condition!, new Map([[variable, point]]))));
      if (known !== undefined) return known ? a! : b!;
    }
    return make(node.primitive, operands, node.rule);
  });
}

/** The value at the point, if nothing in it is divided by zero or taken outside of its domain there. */
function insert(root: Expr, variable: Variable, point: Expr): Expr | undefined {
  const value = normalise(substitute(root, new Map([[variable, point]])));
  const defined = reachable([value]).every((node) => {
    if (node.kind !== "application") return true;
    const [a, b] = node.operands;
    if (node.primitive === "divide") return !isConstant(b!, 0);
    if (node.primitive === "log") return !isConstant(a!, 0);
    if (node.primitive === "pow") return !(isConstant(a!, 0) && !(b?.kind === "constant" && R.compare(b.value, R.zero) > 0));
    return true;
  });
  return defined ? value : undefined;
}

/** The expression as one numerator over one denominator. */
function fraction(root: Expr): [Expr, Expr] {
  if (isSum(root)) {
    let above: Expr = constant(0);
    let below: Expr = constant(1);
    for (const [base, coefficient] of termsOf(root)) {
      const [n, d] = fraction(base);
      above = normalise(
        apply("add", [apply("multiply", [above, d]), apply("multiply", [apply("multiply", [constant(coefficient), n]), below])]),
      );
      below = normalise(apply("multiply", [below, d]));
    }
    return [above, below];
  }
  const product = productOf(root);
  const above: Product = { coefficient: product.coefficient, powers: new Map() };
  const below: Product = { coefficient: R.one, powers: new Map() };
  for (const [factor, exponent] of product.powers) {
    if (exponent > 0) above.powers.set(factor, exponent);
    else below.powers.set(factor, -exponent);
  }
  return [rawProduct(above), rawProduct(below)];
}
