// Temporary stand-in by the lead: to be overwritten.
import type { Definition } from "../../grammar/syntax.js";
import type { Diagnostic } from "../diagnostics.js";
import type { Source } from "../source.js";
export interface CheckedDefinition { readonly source: Source; readonly definition: Definition; readonly callees: ReadonlyMap<string, CheckedDefinition> }
export function checkDefinitions(parsed: readonly { source: Source; definition: Definition }[]): { definitions: readonly CheckedDefinition[]; diagnostics: readonly Diagnostic[] } {
  const all = parsed.map((p) => ({ ...p, callees: new Map<string, CheckedDefinition>() }));
  for (const a of all) for (const b of all) if (a !== b) a.callees.set(b.definition.name.text, b);
  return { definitions: all, diagnostics: [] };
}
