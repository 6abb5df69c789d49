/** What the kernels of an activation compute, before any target is chosen. */
import { normalise } from "../algebra/normalise.js";
import { stabiliseSoftmax } from "../algebra/softmax.js";
import { type Gradient, gradientsOf } from "../calculus/gradients.js";
import { isReduction } from "../calculus/differentiate.js";
import type { Decisions } from "../decisions.js";
import type { Activation } from "../ir/activation.js";
import { withNamedValues } from "../ir/random.js";
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
  /** The gradients as they are written for readers. */
  readonly formulas: readonly Gradient[];
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
  const gradients = gradientsOf(value, variables, activation.gradients, cotangent);
  const shown = withNamedValues(activation);
  return {
    decisions,
    activation,
    definition: activation.body,
    value,
    cotangent,
    gradients,
    formulas: activation.random ? gradientsOf(normalise(shown.body), variables, shown.gradients, cotangent) : gradients,
    reduces,
    perChannel: activation.learned.some(({ shape }) => shape === "channel"),
  };
}

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
