import { elaborate } from "../../compiler/frontend/elaborate.js";
import type { CheckedDefinition } from "../../compiler/frontend/check.js";
import { readDefinitions } from "../../compiler/compile.js";
import type { Activation } from "../../compiler/ir/activation.js";
import { inFreshGraph } from "../../compiler/ir/expr.js";

export function checked(text: string): CheckedDefinition[] {
  const { definitions, diagnostics } = readDefinitions([{ file: "test.def", text }]);
  const errors = diagnostics.filter(({ severity }) => severity === "error");
  if (errors.length > 0) throw new Error(errors.map(({ message }) => message).join("; "));
  return definitions;
}

/** Runs `look` on the last definition of the text. */
export function withActivation<T>(text: string, look: (activation: Activation, definition: CheckedDefinition) => T): T {
  const definition = checked(text).at(-1);
  if (!definition) throw new Error("no definition");
  return inFreshGraph(() => {
    const { activation, diagnostics } = elaborate(definition);
    if (!activation) throw new Error(diagnostics.map(({ message }) => message).join("; "));
    return look(activation, definition);
  });
}
