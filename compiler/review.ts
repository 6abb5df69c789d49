/** What the analysis has to say about a definition: warnings. */
import { warningsOf } from "./analysis/warnings.js";
import { isReduction } from "./calculus/differentiate.js";
import type { Diagnostic } from "./diagnostics.js";
import type { CheckedDefinition } from "./frontend/check.js";
import type { Activation } from "./ir/activation.js";
import { reachable } from "./ir/expr.js";

/** In the graph of nodes of the activation. */
export function review(activation: Activation, checked: CheckedDefinition): Diagnostic[] {
  const { definition, source } = checked;
  const reduces = reachable([activation.body]).some(isReduction);
  if (reduces && activation.random) {
    const message = `'${activation.name}' reduces over an axis and is random: this version compiles one or the other`;
    return [{ code: "unsupported", severity: "error", file: source.file, span: definition.name.span, message }];
  }
  return warningsOf(activation, checked).map(
    (finding): Diagnostic => ({ ...finding, severity: "warning", file: source.file }),
  );
}
