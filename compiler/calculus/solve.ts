/** Where an expression is 0. */
import { productOf, termsOf } from "../algebra/forms.js";
import { make } from "../algebra/normalise.js";
import { constant, type Expr, occurs, Space, type Variable } from "../ir/expr.js";
import { negate } from "../ir/rational.js";

/** The value of the input at which a linear expression is 0. */
export function solve(difference: Expr, input: Variable): Expr | undefined {
  const terms = termsOf(difference);
  const withInput = [...terms].filter(([base]) => occurs(input, base));
  const [only] = withInput;
  if (withInput.length !== 1 || !only) return undefined;
  const [base, coefficient] = only;
  const product = productOf(base);
  if (product.powers.get(input) !== 1) return undefined;
  for (const factor of product.powers.keys())
    if (factor !== input && (factor.space & Space.element) !== 0) return undefined;
  let rest: Expr = constant(0);
  for (const [other, value] of terms) {
    if (other !== base) rest = make("add", [rest, make("multiply", [constant(negate(value)), other])]);
  }
  let divisor: Expr = constant(coefficient);
  for (const [factor, exponent] of product.powers) {
    if (factor !== input) divisor = make("multiply", [divisor, make("pow", [factor, constant(exponent)])]);
  }
  return make("divide", [rest, divisor]);
}
