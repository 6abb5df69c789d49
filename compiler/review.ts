/** What the analysis has to say about a definition: errors of support, and warnings. */
import { normalise } from "./algebra/normalise.js";
import { unsupportedReduction } from "./backend/kernels.js";
import { stabiliseSoftmax } from "./algebra/softmax.js";
import { warningsOf } from "./analysis/warnings.js";
import { isReduction } from "./calculus/differentiate.js";
import type { Diagnostic } from "./diagnostics.js";
import type { CheckedDefinition } from "./frontend/check.js";
import type { Activation } from "./ir/activation.js";
import { reachable } from "./ir/expr.js";
import { formulaText } from "./printing/definition-text.js";

/** In the graph of nodes of the activation. */
export function review(activation: Activation, checked: CheckedDefinition): Diagnostic[] {
  const { definition, source } = checked;
  const found: Diagnostic[] = [];
  const reduces = reachable([activation.body]).some(isReduction);
  const unsupported = reduces ? unsupportedReduction(stabiliseSoftmax(normalise(activation.body))) : undefined;
  if (unsupported) {
    found.push({
      code: "unsupported",
      severity: "error",
      file: source.file,
      span: definition.name.span,
      message: `'${activation.name}' reduces by ${formulaText(unsupported)}: this version compiles the reductions of softmax and log-softmax alone`,
    });
  }
  const [learned] = activation.learned;
  if (reduces && !unsupported && learned) {
    found.push({
      code: "unsupported",
      severity: "error",
      file: source.file,
      span: definition.name.span,
      message: `'${activation.name}' reduces over an axis and learns '${learned.variable.name}': this version compiles one or the other`,
    });
  }
  if (reduces && !unsupported && activation.random) {
    found.push({
      code: "unsupported",
      severity: "error",
      file: source.file,
      span: definition.name.span,
      message: `'${activation.name}' reduces over an axis and is random: this version compiles one or the other`,
    });
  }
  const warnings = found.length > 0 ? [] : warningsOf(activation, checked);
  return [...found, ...warnings.map((finding): Diagnostic => ({ ...finding, severity: "warning", file: source.file }))];
}
