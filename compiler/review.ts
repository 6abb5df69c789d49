/** What the analysis has to say about a definition: errors of support, and warnings. */
import { normalise } from "./algebra/normalise.js";
import { unsupportedReduction } from "./backend/kernels.js";
import { stabiliseSoftmax } from "./algebra/softmax.js";
import type { Diagnostic } from "./diagnostics.js";
import type { CheckedDefinition } from "./frontend/check.js";
import type { Activation } from "./ir/activation.js";
import { printFormula } from "./printing/formula-text.js";

export function review(activation: Activation, { definition, source }: CheckedDefinition): Diagnostic[] {
  const found: Diagnostic[] = [];
  const unsupported = unsupportedReduction(stabiliseSoftmax(normalise(activation.body)));
  if (unsupported) {
    found.push({
      code: "unsupported",
      severity: "error",
      file: source.file,
      span: definition.name.span,
      message: `'${activation.name}' reduces by ${printFormula(unsupported)}: this version compiles the reductions of softmax and log-softmax alone`,
    });
  }
  return found;
}
