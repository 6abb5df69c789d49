/** Definitions, elaborated, for what works on activations alone; what is random is as it is in evaluation. */
import { readFileSync } from "node:fs";
import { activationOf, readDefinitions } from "../../compiler/compile.js";
import type { Activation } from "../../compiler/ir/activation.js";
import { inFreshGraph, type Variable } from "../../compiler/ir/expr.js";
import { inEvaluation } from "../../compiler/ir/random.js";
import type { Column } from "../../compiler/verification/truth.js";

export function activationsOf(text: string): Map<string, Activation> {
  const { definitions, diagnostics } = readDefinitions([{ file: "a.def", text }]);
  const [error] = diagnostics.filter(({ severity }) => severity === "error");
  if (error) throw new Error(error.message);
  const activations = definitions.flatMap((definition) => {
    return inFreshGraph(() => {
      const { activation } = activationOf(definition);
      return activation ? [inEvaluation(activation)] : [];
    });
  });
  return new Map(activations.map((activation) => [activation.name, activation]));
}

export function activationOfText(text: string): Activation {
  const [activation] = activationsOf(text).values();
  if (!activation) throw new Error(`no activation in ${text}`);
  return activation;
}

/** Those of acts.def that work element by element. */
export const standard: ReadonlyMap<string, Activation> = new Map(
  [...activationsOf(readFileSync(new URL("../../acts.def", import.meta.url), "utf8"))].filter(([, { axis }]) => !axis),
);

export function standardNamed(name: string): Activation {
  const activation = standard.get(name);
  if (!activation) throw new Error(`no activation ${name}`);
  return activation;
}

/** What of an activation is computed: its value, and its derivatives in inputs and learned parameters. */
export function columnsOf(activation: Activation): Column[] {
  const variables: (Variable | null)[] = [null, ...activation.inputs];
  return [...variables, ...activation.learned.map(({ variable }) => variable)].map((of) => ({ activation, of }));
}

/** The value, or the derivative in the first input. */
export const valueOf = (activation: Activation): Column => ({ activation, of: null });
export function slopeOf(activation: Activation): Column {
  return { activation, of: activation.inputs[0] ?? null };
}

export const titleOf = ({ activation, of }: Column): string =>
  of ? `d/d${of.name} ${activation.name}` : activation.name;
