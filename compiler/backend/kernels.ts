/** What the kernels of an activation compute, before any target is chosen. */
import { normalise } from "../algebra/normalise.js";
import { stabiliseSoftmax } from "../algebra/softmax.js";
import { type Gradient, gradientsOf } from "../calculus/gradients.js";
import { type SecondDerivatives, secondDerivativesOf } from "../calculus/second.js";
import { isReduction } from "../calculus/differentiate.js";
import type { Decisions } from "../decisions.js";
import type { Activation } from "../ir/activation.js";
import { type Expr, isApplication, reachable, Space, variable, type Variable } from "../ir/expr.js";

export interface KernelPlan {
  /** What is known of the searches for forms. */
  readonly decisions: Decisions;
  readonly activation: Activation;
  /** The value as it was written, for what it says about NaN. */
  readonly definition: Expr;
  readonly value: Expr;
  readonly cotangent: Variable;
  readonly gradients: readonly Gradient[];
  /** Whether kernels reduce over the axis. */
  readonly reduces: boolean;
  /** Whether a learned parameter holds one number per channel. */
  readonly perChannel: boolean;
}

export function planKernels(activation: Activation, decisions: Decisions = new Map()): KernelPlan {
  const cotangent = variable("dy", "cotangent", Space.element);
  const normal = normalise(activation.body);
  const reduces = reachable([normal]).some(isReduction);
  const value = reduces ? stabiliseSoftmax(normal) : normal;
  const variables = [...activation.inputs, ...activation.learned.map(({ variable: learned }) => learned)];
  return {
    decisions,
    activation,
    definition: activation.body,
    value,
    cotangent,
    gradients: gradientsOf(value, variables, activation.gradients, cotangent),
    reduces,
    perChannel: activation.learned.some(({ shape }) => shape === "channel"),
  };
}

/** What kernels of second derivatives compute. */
export interface SecondOrder extends SecondDerivatives {
  /** Of each gradient, in their order. */
  readonly cotangents: readonly Variable[];
}

/** Null for activations that reduce: their kernels are of first order alone. */
export function planSecondOrder({ activation, value, cotangent, gradients, reduces }: KernelPlan): SecondOrder | null {
  if (reduces) return null;
  const variables = gradients.map(({ of }) => of);
  return {
    cotangents: variables.map((of) => variable(`dd${of.name}`, "cotangent", of.space)),
    ...secondDerivativesOf(value, variables, activation.gradients, cotangent),
  };
}

/** What a gradient is called that backward writes. */
export const gradientName = (of: Variable): string => `d${of.name}`;

/** What the gradient in the result's cotangent is called: no variable's gradient has that name. */
export const cotangentGradientName = ({ gradients }: KernelPlan): string =>
  gradients.some(({ of }) => of.name === "dy") ? "ddy2" : "ddy";

/** A reduction that this version does not compile: anything but the two of softmax. */
export function unsupportedReduction(value: Expr): Expr | undefined {
  return reachable([value]).find((node) => {
    if (node.kind !== "application" || !isReduction(node)) return false;
    const [operand] = node.operands;
    if (isApplication(node, "maximum")) return !isStopped(node, value);
    return !(
      isApplication(node, "sum") &&
      operand &&
      isApplication(operand, "exp") &&
      reachable([operand]).some(isReduction)
    );
  });
}

const isStopped = (node: Expr, root: Expr): boolean =>
  reachable([root]).every(
    (parent) =>
      parent.kind !== "application" || !parent.operands.includes(node) || parent.primitive === "stop_gradient",
  );
