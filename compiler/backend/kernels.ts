/** What the kernels of an activation compute, before any target is chosen. */
import { make, normalise } from "../algebra/normalise.js";
import { withoutCancellation } from "../algebra/row-accuracy.js";
import { stabiliseSoftmax } from "../algebra/softmax.js";
import { type Gradient, gradientsOf } from "../calculus/gradients.js";
import { type SecondDerivatives, secondDerivativesOf } from "../calculus/second.js";
import { isReduction } from "../calculus/differentiate.js";
import type { Decisions } from "../decisions.js";
import type { Activation } from "../ir/activation.js";
import { withNamedValues } from "../ir/random.js";
import { constant, type Expr, reachable, Space, variable, type Variable, variesAlongAxis } from "../ir/expr.js";

export interface KernelPlan {
  /** What is known of the searches for forms. */
  readonly decisions: Decisions;
  readonly activation: Activation;
  /** The value as it was written, for what it says about NaN. */
  readonly definition: Expr;
  readonly value: Expr;
  readonly cotangent: Variable;
  readonly gradients: readonly Gradient[];
  /** The gradients before what loses digits along the axis is written otherwise. */
  readonly derived: readonly Gradient[];
  /** The gradients as they are written for readers. */
  readonly formulas: readonly Gradient[];
  /** Whether kernels go row by row: they reduce over the axis, or learn along it. */
  readonly reduces: boolean;
  /** Whether there is one result for each row, and not one for each element. */
  readonly yieldsRows: boolean;
  /** Whether a learned parameter holds one number per channel. */
  readonly perChannel: boolean;
}

export function planKernels(activation: Activation, decisions: Decisions = new Map()): KernelPlan {
  const normal = normalise(activation.body);
  const reduces = reachable([normal]).some(isReduction) || activation.learned.some(({ shape }) => shape === "axis");
  const value = reduces ? stabiliseSoftmax(normal) : normal;
  const yieldsRows = reduces && !variesAlongAxis(value);
  const cotangent = variable("dy", "cotangent", yieldsRows ? Space.row : Space.element);
  const variables = [...activation.inputs, ...activation.learned.map(({ variable: learned }) => learned)];
  const gradients = gradientsOf(value, variables, activation.gradients, cotangent);
  const shown = withNamedValues(activation);
  return {
    decisions,
    activation,
    definition: activation.body,
    value: reduces ? withoutCancellation(value) : value,
    cotangent,
    gradients: reduces
      ? gradients.map((gradient) => ({ ...gradient, value: withoutCancellation(gradient.value) }))
      : gradients,
    derived: gradients,
    formulas: activation.random ? gradientsOf(normalise(shown.body), variables, shown.gradients, cotangent) : gradients,
    reduces,
    yieldsRows,
    perChannel: activation.learned.some(({ shape }) => shape === "channel"),
  };
}

/** What kernels of second derivatives compute. */
export interface SecondOrder extends SecondDerivatives {
  /** Of each gradient, in their order. */
  readonly cotangents: readonly Variable[];
}

export function planSecondOrder({ activation, value, cotangent, gradients }: KernelPlan): SecondOrder {
  const variables = gradients.map(({ of }) => of);
  return {
    cotangents: variables.map((of) => variable(`dd${of.name}`, "cotangent", of.space)),
    ...secondDerivativesOf(value, variables, activation.gradients, cotangent),
  };
}

/** The same over rows, where a second derivative is no number of an element. */
export interface RowSecondOrder {
  /** Of each gradient, in their order. */
  readonly cotangents: readonly Variable[];
  /** In the result's cotangent, then in each variable. */
  readonly gradients: readonly Gradient[];
}

/** With a cotangent c_v of each gradient g_v, the gradients of the sum of all c_v g_v over the elements. */
export function planRowSecondOrder({ cotangent, derived, yieldsRows }: KernelPlan): RowSecondOrder {
  const cotangents = derived.map(({ of }) => variable(`dd${of.name}`, "cotangent", of.space));
  const terms = derived.map(({ value }, i) => make("multiply", [cotangents[i]!, value]));
  const sum = normalise(terms.reduce((a, b) => make("add", [a, b])));
  const variables = [cotangent, ...derived.map(({ of }) => of)];
  const gradients = gradientsOf(sum, variables, new Map(), constant(1), false);
  return {
    cotangents,
    gradients: gradients.map(({ of, value }) => {
      const all = yieldsRows && of === cotangent ? normalise(make("sum", [value])) : value;
      return { of, value: withoutCancellation(all) };
    }),
  };
}

/** What a gradient is called that backward writes. */
export const gradientName = (of: Variable): string => `d${of.name}`;

/** What the gradient in the result's cotangent is called: no variable's gradient has that name. */
export const cotangentGradientName = ({ gradients }: KernelPlan): string =>
  gradients.some(({ of }) => of.name === "dy") ? "ddy2" : "ddy";
