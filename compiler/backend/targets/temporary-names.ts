import type { Application } from "../../ir/expr.js";
import { parameterName } from "../../names.js";
import type { KernelPlan } from "../kernels.js";

/** A name that says what a temporary is: the author's, where there is one, else after the function it holds. */
export function temporaryName(node: Application, plan: KernelPlan): string {
  const hint = plan.activation.hints.get(node);
  if (hint !== undefined) return parameterName(hint);
  switch (node.primitive) {
    case "exp":
    case "bounded_exp":
      return "e";
    case "expm1":
    case "bounded_expm1":
      return "em1";
    case "sigmoid":
      return "s";
    case "logistic":
      return "ds";
    case "tanh":
      return "t";
    case "sqrt":
    case "hypot":
      return "r";
    case "log":
    case "log1p":
      return "l";
    case "softplus":
      return "sp";
    case "normcdf":
    case "gelu_slope":
      return "phi";
    case "sin":
      return "s";
    case "cos":
      return "c";
    case "multiply":
      return node.operands[0] === node.operands[1] ? "squared" : "p";
    case "divide":
      return "q";
    case "add":
    case "subtract":
      return "u";
    case "at_least":
    case "at_most":
      return "bounded";
    default:
      return "v";
  }
}

/** What the reader should be told about a temporary. */
export function commentOn(node: Application): string[] {
  const held = node.primitive === "at_least" || node.primitive === "at_most";
  return held ? ["// Beyond this size, and at infinity, the result is its limit."] : [];
}
