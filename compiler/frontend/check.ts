/** From syntax trees to definitions that can be elaborated: everything that can be wrong without calculating is checked here. */
import type { Definition } from "../../grammar/syntax.js";
import { collate, quote, type Diagnostic, type Finding, type Severity } from "../diagnostics.js";
import type { Source } from "../source.js";
import { findCollisions, namesOf, whereIs, type ExportedNames } from "./check-collisions.js";
import { checkDefinition, type Binding } from "./check-definition.js";
import type { Entry, FileScope } from "./check-entry.js";
import { orderByCalls } from "./check-graph.js";
import { definedNames } from "./layout.js";

/** A definition without errors that calls only such. */
export interface CheckedDefinition {
  readonly source: Source;
  readonly definition: Definition;
  readonly names: ExportedNames;
  /** What its calls reach, by name; its own name is never among them. */
  readonly callees: ReadonlyMap<string, CheckedDefinition>;
  /** Its `let`s and `random`s in an order in which each one names only what comes before it. */
  readonly bindings: readonly Binding[];
}

export interface Checked {
  /** Callees before callers, otherwise as given. */
  readonly definitions: readonly CheckedDefinition[];
  readonly diagnostics: readonly Diagnostic[];
}

/** How many errors of one compilation come with a search for what was meant. */
const suggestionLimit = 100;

/** Checks the definitions of all files of one compilation: calls stay within a file, exported names are shared. */
export function checkDefinitions(
  parsed: readonly { readonly source: Source; readonly definition: Definition }[],
): Checked {
  const diagnostics: Diagnostic[] = [];
  const add = (severity: Severity, { source }: Entry, finding: Finding): void =>
    void diagnostics.push({ ...finding, severity, file: source.file });

  const entries = makeEntries(parsed);
  const first = new Map<string, Entry>();
  const bindings = new Map<Entry, readonly Binding[]>();
  for (const entry of entries) {
    const { name } = entry.definition;
    const earlier = first.get(name.text);
    if (earlier) {
      entry.broken = true;
      const message = `${quote(name.text)} is defined already, in ${whereIs(earlier, entry)}`;
      add("error", entry, { code: "duplicate-definition", span: name.span, message, expected: "another name" });
    } else {
      first.set(name.text, entry);
    }
    const local = checkDefinition(entry);
    if (local.errors.length > 0) entry.broken = true;
    for (const finding of local.errors) add("error", entry, finding);
    for (const finding of local.warnings) add("warning", entry, finding);
    bindings.set(entry, local.bindings);
  }
  diagnostics.push(...findCollisions([...first.values()]));
  const { order, errors } = orderByCalls(entries);
  for (const { entry, finding } of errors) add("error", entry, finding);

  const checked = new Map<Entry, CheckedDefinition>();
  for (const entry of order) {
    if (entry.broken) continue;
    const callees = new Map<string, CheckedDefinition>();
    for (const { callee } of entry.calls) {
      const definition = checked.get(callee);
      if (definition) callees.set(callee.definition.name.text, definition);
    }
    const { source, definition } = entry;
    checked.set(entry, {
      source,
      definition,
      names: namesOf(definition),
      callees,
      bindings: bindings.get(entry) ?? [],
    });
  }
  return { definitions: [...checked.values()], diagnostics: collate(diagnostics) };
}

function makeEntries(parsed: readonly { readonly source: Source; readonly definition: Definition }[]): Entry[] {
  const files = new Map<Source, FileScope>();
  const definedIn = new Map<string, string>();
  let suggestions = suggestionLimit;
  return parsed.map(({ source, definition }) => {
    let file = files.get(source);
    if (!file) {
      file = {
        entries: new Map(),
        names: definedNames(source.text),
        elsewhere: (name) => definedIn.get(name),
        mayStillSuggest: () => suggestions-- > 0,
      };
      files.set(source, file);
    }
    const entry: Entry = { source, definition, file, broken: false, calls: [], size: 0, nesting: 0 };
    const name = definition.name.text;
    if (!file.entries.has(name)) file.entries.set(name, entry);
    if (!definedIn.has(name)) definedIn.set(name, source.file);
    return entry;
  });
}
