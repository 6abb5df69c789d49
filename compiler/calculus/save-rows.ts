/** What backward needs of softmax and of its logarithm: the output alone, whatever number was added to the row. */
import { productOf, termsOf } from "../algebra/forms.js";
import { make, normalise } from "../algebra/normalise.js";
import type { Activation } from "../ir/activation.js";
import {
  type Bounds,
  type Expr,
  isApplication,
  reachable,
  Space,
  substitute,
  variable,
  type Variable,
  variesAlongAxis,
} from "../ir/expr.js";
import { instantiate } from "../primitives/formula.js";
import { differentiate, expandCalls, isReduction } from "./differentiate.js";

export interface RowGradientFromOutput {
  /** Stands for the output, in the place of the input. */
  readonly output: Variable;
  /** The gradient in terms of it and of the cotangent. */
  readonly gradient: Expr;
}

/** y = exp(a) / sum[d](exp(a)) or its logarithm, where a is k x plus what is the same for all elements of a row. */
export function rowGradientFromOutput(activation: Activation, cotangent: Variable): RowGradientFromOutput | null {
  const { inputs, learned, gradients, random } = activation;
  const [input, ...others] = inputs;
  if (!input || others.length > 0 || learned.length > 0 || gradients.size > 0 || random) return null;
  const value = expandCalls(normalise(activation.body));
  const [exponent, text, bounds] = [
    [exponentOfQuotient(value), "y * (g - sum(y * g))", probability] as const,
    [exponentOfLogarithm(value), "g - exp(y) * sum(g)", atMostZero] as const,
  ].find(([found]) => found) ?? [undefined, "", null];
  const slope = exponent && slopeWithinRow(exponent, input);
  if (!slope) return null;
  const taken = activation.hyperparameters.map(({ variable: each }) => each.name);
  const name = ["y", "out", "result"].find((each) => each !== input.name && !taken.includes(each)) ?? "saved_output";
  const output = variable(name, "input", Space.element, bounds);
  const scaled = make("multiply", [
    slope,
    instantiate(
      text,
      new Map([
        ["y", output],
        ["g", cotangent],
      ]),
      make,
    ),
  ]);
  return { output, gradient: normalise(scaled) };
}

const probability: Bounds = { low: 0, high: 1, lowClosed: true, highClosed: true };
const atMostZero: Bounds = { low: -Infinity, high: 0, lowClosed: false, highClosed: true };

/** a, of exp(a) / sum[d](exp(a)) */
function exponentOfQuotient(value: Expr): Expr | undefined {
  const { coefficient, powers } = productOf(value);
  const isOne = coefficient.numerator === 1n && coefficient.denominator === 1n;
  const [first, second, ...more] = [...powers].sort(([, a], [, b]) => b - a);
  if (!isOne || !first || !second || more.length > 0 || first[1] !== 1 || second[1] !== -1) return undefined;
  return exponentOfSum(second[0], first[0]);
}

/** a, of a - log(sum[d](exp(a))) */
function exponentOfLogarithm(value: Expr): Expr | undefined {
  for (const [base] of termsOf(value)) {
    if (!isApplication(base, "log")) continue;
    const a = normalise(make("add", [value, base]));
    return exponentOfSum(base.operands[0]!, make("exp", [a]));
  }
  return undefined;
}

function exponentOfSum(sum: Expr, exponential: Expr): Expr | undefined {
  if (!isApplication(sum, "sum") || sum.operands[0] !== exponential || !isApplication(exponential, "exp"))
    return undefined;
  return exponential.operands[0];
}

/** k, if it is the same for all elements of all rows: what is reduced in the exponent is added to all of a row, and cancels. */
function slopeWithinRow(exponent: Expr, input: Variable): Expr | undefined {
  const names = new Map<Expr, Expr>();
  for (const node of reachable([exponent])) {
    if (node.kind === "application" && isReduction(node))
      names.set(node, variable(`row ${names.size}`, "formal", Space.row));
  }
  const slope = normalise(differentiate(substitute(exponent, names, make), input));
  return variesAlongAxis(slope) || (slope.space & Space.row) !== 0 ? undefined : slope;
}
