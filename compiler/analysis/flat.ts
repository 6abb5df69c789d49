/** Values that change in steps: variables in which the derivative is 0 everywhere, and the jumps of `floor` and its like. */
import { isConstant } from "../algebra/forms.js";
import type { Activation } from "../ir/activation.js";
import { type Expr, fold, occurs, reachable, type Variable } from "../ir/expr.js";
import { sampler } from "../numerics/sample.js";
import type { PrimitiveName } from "../primitives/table.js";
import { numberText } from "../printing/definition-text.js";

const steps: ReadonlySet<PrimitiveName> = new Set<PrimitiveName>(["floor", "ceil", "round"]);

/** Inputs and learned parameters that the value depends on, but of which no gradient says so. */
export function flatVariables({ inputs, learned, gradients, body }: Activation): Variable[] {
  return [...inputs, ...learned.map(({ variable }) => variable)].filter(
    (variable) => !gradients.has(variable) && occurs(variable, body) && passesNothing(body, variable),
  );
}

/** Whether the derivative is 0 by the rules of single operations, without any arithmetic. */
function passesNothing(root: Expr, input: Variable): boolean {
  return fold<boolean>(root, (node, operands) => {
    if (node.kind !== "application") return node !== input;
    if (node.type === "condition" || steps.has(node.primitive)) return true;
    switch (node.primitive) {
      case "sign":
      case "stop_gradient":
        return true;
      case "where":
        return operands[1] === true && operands[2] === true;
      case "custom":
        return operands.every((flat, i) => {
          const formal = node.rule?.formals[i];
          const declared = formal && node.rule?.gradients.get(formal);
          if (flat || !formal || !node.rule) return true;
          return declared ? isConstant(declared, 0) : passesNothing(node.rule.body, formal);
        });
      default:
        return operands.every((flat) => flat);
    }
  });
}

export interface SteppingJump {
  readonly node: Expr;
  readonly input: string;
  readonly at: string;
  readonly before: string;
  readonly after: string;
}

/** For each `floor`, `ceil` and `round`, one place at which the value jumps with it. */
export function steppingJumps(activation: Activation, root: Expr): SteppingJump[] {
  const nodes = reachable([root]).filter((node) => node.kind === "application" && steps.has(node.primitive));
  if (nodes.length === 0) return [];
  const parameters = [...activation.hyperparameters, ...activation.learned];
  const variables = [...activation.inputs, ...parameters.map(({ variable }) => variable)];
  const value = sampler(root, variables, "binary64");
  return nodes.flatMap((node) => {
    for (const input of activation.inputs) {
      if (!occurs(input, node)) continue;
      const jump = jumpAlong(
        node,
        input,
        activation,
        value,
        variables,
        parameters.map((parameter) => parameter.default),
      );
      if (jump) return [jump];
    }
    return [];
  });
}

function jumpAlong(
  node: Expr,
  input: Variable,
  activation: Activation,
  value: (values: readonly number[]) => number,
  variables: readonly Variable[],
  defaults: readonly number[],
): SteppingJump | undefined {
  const step = sampler(node, variables, "binary64");
  const values = [...activation.inputs.map(() => 0.7), ...defaults];
  const index = variables.indexOf(input);
  const at = (f: (values: readonly number[]) => number, x: number): number => {
    values[index] = x;
    return f(values);
  };
  const width = 1 / 16;
  // From 0 to the right first: those are the places that read well.
  for (const start of [0.01, -4.01]) {
    for (let left = start; left < start + 4; left += width) {
      let [low, high] = [left, left + width];
      const before = at(step, low);
      if (before === at(step, high)) continue;
      for (let i = 0; i < 50; i++) {
        const middle = (low + high) / 2;
        if (at(step, middle) === before) low = middle;
        else high = middle;
      }
      const [a, b] = [at(value, low - 1e-9), at(value, high + 1e-9)];
      if (!(Math.abs(a - b) > 1e-6 * Math.max(1, Math.abs(a), Math.abs(b)))) continue;
      return { node, input: input.name, at: numberText(high, 6), before: rounded(a), after: rounded(b) };
    }
  }
  return undefined;
}

const rounded = (value: number): string => numberText(Math.round(value * 1e6) / 1e6, 6);
