import { Collected } from "../algebra/collected.js";
import { make, normalise } from "../algebra/normalise.js";
import { decided } from "../algebra/selection.js";
import { isConstant, isSum, productOf, rawProduct, termsOf, type Product } from "../algebra/forms.js";
import { type Application, apply, constant, type Expr, fold, rebuild, substitute, type Variable } from "../ir/expr.js";
import * as R from "../ir/rational.js";
import type { PrimitiveName } from "../primitives/table.js";
import { differentiate, isReduction } from "./differentiate.js";

const maximumOrder = 6;

/**
 * The limit of an expression as `variable` goes to `point`: by insertion where that is defined, else of the single
 * fraction that the expression is, by L'Hôpital's rule, else of what it is made of. `undefined` where that does not decide it.
 */
export function limit(root: Expr, variable: Variable, point: Expr): Expr | undefined {
  const branch = branchAt(root, variable, point);
  return (
    insert(branch, variable, point) ??
    ofFraction(branch, variable, point) ??
    ofFactors(branch, variable, point) ??
    ofOperands(branch, variable, point)
  );
}

function ofFraction(branch: Expr, variable: Variable, point: Expr): Expr | undefined {
  let [numerator, denominator] = fraction(branch);
  for (let order = 0; order <= maximumOrder; order++) {
    const above = insert(numerator, variable, point);
    const below = insert(denominator, variable, point);
    if (!above || !below) return undefined;
    if (!isZero(below)) return normalise(apply("divide", [above, below]));
    if (!isZero(above)) return undefined;
    numerator = differentiate(numerator, variable);
    denominator = differentiate(denominator, variable);
  }
  return undefined;
}

/** Whether an expression is 0 as one fraction, multiplied out: 1 / (k + 1) + 1 / (-k - 1). */
export function isZero(root: Expr): boolean {
  const [numerator] = fraction(root);
  const collected = new Collected();
  const isShort = [...termsOf(numerator)].every(([base, coefficient]) =>
    collected.addProduct({ ...productOf(base), coefficient }),
  );
  return isShort && collected.terms.size === 0;
}

/** Of factors that go to a number other than 0, and of what is left. */
function ofFactors(branch: Expr, variable: Variable, point: Expr): Expr | undefined {
  const { coefficient, powers } = productOf(branch);
  const settled: Product = { coefficient, powers: new Map() };
  const others: Product = { coefficient: R.one, powers: new Map() };
  const factors = new Map<Expr, Expr>();
  for (const [factor, power] of powers) {
    const found = factor === branch ? undefined : limit(factor, variable, point);
    if (found && !isConstant(found, 0)) factors.set(factor, found);
    (factors.has(factor) ? settled : others).powers.set(factor, power);
  }
  if (settled.powers.size === 0 || others.powers.size === 0) return undefined;
  const left = limit(rawProduct(others), variable, point);
  return left && make("multiply", [substitute(rawProduct(settled), factors), left]);
}

/** Of a continuous function's operands: log(sin(x) / x) goes to log(1). */
function ofOperands(branch: Expr, variable: Variable, point: Expr): Expr | undefined {
  if (branch.kind !== "application" || !isContinuous(branch)) return undefined;
  const limits = branch.operands.map((operand) => limit(operand, variable, point));
  const known = limits.filter((each) => each !== undefined);
  if (known.length < limits.length || isSingular(branch.primitive, known)) return undefined;
  return make(branch.primitive, known, branch.rule);
}

/** A row's sum is not what it is of one of its elements alone. */
const isContinuous = (node: Application): boolean =>
  node.type === "number" && !stepping.has(node.primitive) && !isReduction(node);

const stepping: ReadonlySet<PrimitiveName> = new Set(["where", "sign", "floor", "ceil", "round"]);

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
  let defined = true;
  const value = fold<Expr>(root, (node, operands) => {
    if (node === variable) return point;
    if (node.kind !== "application") return node;
    // Looked at before the fraction is simplified: 0/0 would become 0.
    if (isSingular(node.primitive, operands)) defined = false;
    // At a single point there is no NaN to be kept.
    if (node.primitive === "pow" && isConstant(operands[0]!, 1)) return constant(1);
    return make(node.primitive, operands, node.rule);
  });
  return defined ? value : undefined;
}

function isSingular(primitive: PrimitiveName, [a, b]: readonly Expr[]): boolean {
  if (primitive === "divide") return isConstant(b!, 0);
  if (primitive === "log") return isConstant(a!, 0);
  if (primitive === "pow") return isConstant(a!, 0) && !(b?.kind === "constant" && R.compare(b.value, R.zero) > 0);
  return false;
}

/** The expression as one numerator over one denominator. */
function fraction(root: Expr): [Expr, Expr] {
  if (isSum(root)) {
    let above: Expr = constant(0);
    let below: Expr = constant(1);
    for (const [base, coefficient] of termsOf(root)) {
      const [n, d] = fraction(base);
      above = normalise(
        apply("add", [
          apply("multiply", [above, d]),
          apply("multiply", [apply("multiply", [constant(coefficient), n]), below]),
        ]),
      );
      below = normalise(apply("multiply", [below, d]));
    }
    return [above, below];
  }
  const product = productOf(root);
  const above: Product = { coefficient: product.coefficient, powers: new Map() };
  const below: Product = { coefficient: R.one, powers: new Map() };
  // Factors that are sums with denominators of their own.
  let [n, d]: [Expr, Expr] = [constant(1), constant(1)];
  for (const [factor, exponent] of product.powers) {
    if (isSum(factor)) {
      const [p, q] = fraction(factor).map((part) => make("pow", [part, constant(Math.abs(exponent))]));
      if (q !== constant(1)) {
        n = make("multiply", [n, exponent > 0 ? p! : q!]);
        d = make("multiply", [d, exponent > 0 ? q! : p!]);
        continue;
      }
    }
    if (exponent > 0) above.powers.set(factor, exponent);
    else below.powers.set(factor, -exponent);
  }
  return [make("multiply", [rawProduct(above), n]), make("multiply", [rawProduct(below), d])];
}
