import type { Diagnostic } from "./diagnostics.js";
import type { Source } from "./source.js";

const notYet = "explanations are not part of this version of actc yet";

/** How the derivative of one activation came about, for `actc explain`. */
export function explain(
  source: Source,
  _name: string,
  _options: { readonly format: "text" | "latex" | "plot"; readonly width: number },
): { text: string; diagnostics: readonly Diagnostic[] } {
  const span = { start: 0, end: 0 };
  return { text: "", diagnostics: [{ code: "not-yet", severity: "error", file: source.file, span, message: notYet }] };
}
