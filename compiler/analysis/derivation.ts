/** A derivative as a student would write it down: one line for each rule that does something. */
import { differentiate, isReduction, type Step } from "../calculus/differentiate.js";
import { gradientsOf } from "../calculus/gradients.js";
import { stabiliseSoftmax } from "../algebra/softmax.js";
import { normalise } from "../algebra/normalise.js";
import { apply, type Expr, occurs, reachable, Space, variable, type Variable } from "../ir/expr.js";
import type { Activation } from "../ir/activation.js";
import { instantiateRow } from "../primitives/formula.js";
import { primitive as primitiveRow } from "../primitives/table.js";
import { expandedAsWritten } from "../calculus/as-written.js";
import { clamped, extremum, formulaText } from "../printing/definition-text.js";

export interface DerivationStep {
  /** The rule's name. */
  readonly rule: string;
  /** The rule in general, where it says more than its name. */
  readonly general: string | null;
  readonly of: Expr;
  readonly derivative: Expr;
}

export interface Derivation {
  readonly variable: Variable;
  /** What the derivative is one of: the value itself, or a weighted sum over an axis. */
  readonly kind: "derived" | "declared" | "gradient";
  readonly steps: readonly DerivationStep[];
  readonly result: Expr;
}

/** What is differentiated. */
export const normalFormOf = ({ body }: Activation): Expr => stabiliseSoftmax(normalise(body));

/** Inputs first, then learned parameters. */
export function derivationsOf(activation: Activation): Derivation[] {
  const value = normalFormOf(activation);
  const variables = [...activation.inputs, ...activation.learned.map((parameter) => parameter.variable)];
  if (reachable([value]).some(isReduction)) {
    const cotangent = variable("dy", "cotangent", Space.element);
    return gradientsOf(value, variables, activation.gradients, cotangent).map((gradient) => ({
      variable: gradient.of,
      kind: "gradient",
      steps: [],
      result: expandedAsWritten(gradient.value),
    }));
  }
  return variables.map((of) => {
    const declared = activation.gradients.get(of);
    if (declared) return { variable: of, kind: "declared", steps: [], result: normalise(declared) };
    const steps: Step[] = [];
    const result = differentiate(value, of, steps);
    return { variable: of, kind: "derived", steps: stepsWorthTelling(steps, of), result };
  });
}

function stepsWorthTelling(steps: readonly Step[], of: Variable): DerivationStep[] {
  const told = steps.map((step) => ({ ...ruleOf(step.of, of), of: step.of, derivative: step.derivative }));
  const worth = told.filter(({ rule, derivative }) => !(isLinear(rule) && derivative.space <= Space.channel));
  return worth.length > 0 ? worth : told.slice(-1);
}

const isLinear = (rule: string): boolean => rule === "sum rule" || rule === "constant factor";

function ruleOf(node: Expr, of: Variable): { readonly rule: string; readonly general: string | null } {
  if (node.kind !== "application") return { rule: "variable", general: null };
  const [a, b] = node.operands;
  const fixed = (operand: Expr | undefined): boolean => operand !== undefined && !occurs(of, operand);
  switch (node.primitive) {
    case "add":
    case "subtract":
    case "negate":
      return { rule: "sum rule", general: null };
    case "multiply":
      if (fixed(a) || fixed(b)) return { rule: "constant factor", general: null };
      return { rule: "product rule", general: "(u * v)' = u' * v + u * v'" };
    case "divide":
      if (fixed(b)) return { rule: "constant factor", general: null };
      if (fixed(a)) return { rule: "reciprocal rule", general: "(c / v)' = -c * v' / v^2" };
      return { rule: "quotient rule", general: "(u / v)' = u' / v - u * v' / v^2" };
    case "pow":
      if (fixed(b)) return { rule: "power rule", general: "(u^c)' = c * u^(c - 1) * u'" };
      if (fixed(a)) return { rule: "exponential rule", general: "(c^v)' = c^v * log(c) * v'" };
      return { rule: "power rule, both parts varying", general: "(u^v)' = v * u^(v - 1) * u' + u^v * log(u) * v'" };
    case "where": {
      if (clamped(node)) return { rule: "clamp", general: "the derivative of the operand inside, 0 outside" };
      const known = extremum(node);
      return known
        ? { rule: known.name === "max" ? "maximum" : "minimum", general: "the derivative of the operand taken" }
        : { rule: "selection", general: "where(c, u, v)' = where(c, u', v')" };
    }
    case "custom":
      return {
        rule: "declared gradient",
        general: `the grad clauses of ${node.rule?.name ?? "the definition called"}`,
      };
    default:
      return functionRule(node, of);
  }
}

/** From the primitives' table, with `u` (and `v`) for the operands. */
function functionRule(
  node: Extract<Expr, { kind: "application" }>,
  of: Variable,
): { rule: string; general: string | null } {
  const name = node.primitive;
  const formals = ["u", "v", "w"]
    .slice(0, node.operands.length)
    .map((formal) => variable(formal, "formal", Space.element));
  const parts = (primitiveRow(name).derivatives ?? []).flatMap((text, i) => {
    const operand = node.operands[i];
    if (!operand || !occurs(of, operand)) return [];
    const partial = instantiateRow(text, formals, (primitive, operands) => apply(primitive, operands));
    const inner = `${formals[i]?.name ?? "u"}'`;
    const printed = formulaText(partial);
    const sum = partial.kind === "application" && (partial.primitive === "add" || partial.primitive === "subtract");
    return [`${sum ? `(${printed})` : printed} * ${inner}`];
  });
  const chained = node.operands.some((operand) => operand !== of && occurs(of, operand));
  return {
    rule: chained ? `${name}, chain rule` : name,
    general: `${formulaText(apply(name, formals))}' = ${parts.length > 0 ? parts.join(" + ") : "0"}`,
  };
}
