import type { Diagnostic } from "./diagnostics.js";
import type { Source } from "./source.js";

const notYet = "the analysis is not part of this version of actc yet";

/** The analysis of each activation, for `actc check`. */
export function analyse(sources: readonly Source[]): { text: string; json: unknown; diagnostics: readonly Diagnostic[] } {
  const span = { start: 0, end: 0 };
  const file = sources[0]?.file ?? "";
  return { text: "", json: null, diagnostics: [{ code: "not-yet", severity: "error", file, span, message: notYet }] };
}
