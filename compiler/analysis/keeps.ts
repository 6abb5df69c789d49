/** What backward keeps of each element until it runs. */
import { isDecidable, savePlan } from "../calculus/save.js";
import { rowGradientFromOutput } from "../calculus/save-rows.js";
import { normalise } from "../algebra/normalise.js";
import type { Activation } from "../ir/activation.js";
import { Space, variable } from "../ir/expr.js";
import { formulaText } from "../printing/definition-text.js";

export interface KeepsFact {
  /** A bit per element or nothing, where that is exact; else the inputs. */
  readonly what: "nothing" | "bit" | "inputs";
  /** Per element. */
  readonly bytes: number;
  /** With `--save output`: the gradient in terms of the output `y`; what has to be positive for that. */
  readonly output: { readonly gradient: string; readonly requires: readonly string[] } | null;
}

const bitBytes = 1 / 8;
const numberBytes = 4;

export function keepsFact(activation: Activation): KeepsFact {
  const { exact, output } = savePlan(activation, normalise(activation.body));
  const bytes = { nothing: 0, bit: bitBytes, inputs: numberBytes * activation.inputs.length }[exact.kind];
  const fact = { what: exact.kind, bytes };
  if (activation.axis) {
    const rows = rowGradientFromOutput(activation, variable("dy", "cotangent", Space.element));
    const axis = activation.axis.name ?? "d";
    return { ...fact, output: rows && { gradient: formulaText(rows.gradient, axis), requires: [] } };
  }
  if (!output?.requires.every(isDecidable)) return { ...fact, output: null };
  const requires = output.requires.map((each) => formulaText(each));
  return { ...fact, output: { gradient: formulaText(output.derivative), requires } };
}

export function keepsText({ what, bytes, output }: KeepsFact): string {
  const inputs = bytes === numberBytes ? "the input" : "the inputs";
  const own = {
    nothing: "nothing",
    bit: "1/8 byte per element: a bit",
    inputs: `${bytes} bytes per element: ${inputs}`,
  };
  if (!output) return own[what];
  const condition = output.requires.map((each) => `${each} > 0`).join(" and ");
  return `${own[what]}; the output with --save output${condition === "" ? "" : `, where ${condition}`}`;
}
