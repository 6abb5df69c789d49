/** What the analysis has to say about a definition: warnings. */
import { warningsOf } from "./analysis/warnings.js";
import type { Diagnostic } from "./diagnostics.js";
import type { CheckedDefinition } from "./frontend/check.js";
import type { Activation } from "./ir/activation.js";

/** In the graph of nodes of the activation. */
export function review(activation: Activation, checked: CheckedDefinition): Diagnostic[] {
  const { source } = checked;
  return warningsOf(activation, checked).map((finding): Diagnostic => ({
    ...finding,
    severity: "warning",
    file: source.file,
  }));
}
