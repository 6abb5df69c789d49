/** Definitions that would meet once exported: as files, as functions and classes, as WGSL functions. */
import { quote, type Diagnostic } from "../diagnostics.js";
import { className, exportedName, fileStem, wgslName } from "../names.js";
import { positionOf } from "../source.js";
import type { Definition } from "../../grammar/syntax.js";
import type { Entry } from "./check-entry.js";

/** What a definition is called in what is generated. */
export interface ExportedNames {
  readonly fileStem: string;
  readonly className: string;
  /** Of the function, in camel case. */
  readonly exported: string;
  readonly wgsl: string;
}

export function namesOf({ name, clauses }: Definition): ExportedNames {
  const clause = clauses.find(({ kind }) => kind === "class");
  return {
    fileStem: fileStem(name.text),
    className: className({ name: name.text, className: clause?.kind === "class" ? clause.name.text : null }),
    exported: exportedName(name.text),
    wgsl: wgslName(name.text),
  };
}

/** `line 3`, or `gates.def:3` from another file. */
export function whereIs(entry: Entry, from: Entry): string {
  const { line } = positionOf(entry.source.text, entry.definition.name.span.start);
  return entry.source === from.source ? `line ${line}` : `${entry.source.file}:${line}`;
}

/** All definitions of one compilation share their output folder, whichever file they come from. */
export function findCollisions(entries: readonly Entry[]): Diagnostic[] {
  const taken = new Map<string, Entry>();
  const found: Diagnostic[] = [];
  const clash = (entry: Entry, other: Entry, what: string): void => {
    entry.broken = true;
    const clause = entry.definition.clauses.find(({ kind }) => kind === "class");
    const inClause = clause?.kind === "class" && (entry === other || what.startsWith("class"));
    found.push({
      code: "name-collision",
      severity: "error",
      file: entry.source.file,
      span: inClause ? clause.name.span : entry.definition.name.span,
      message:
        entry === other
          ? `the function and the class of ${quote(entry.definition.name.text)} would both be called ${what}`
          : `${quote(entry.definition.name.text)} and ${quote(other.definition.name.text)} (${whereIs(other, entry)}) would share the ${what}`,
      hint: entry === other || what.startsWith("class") ? "give it another 'class'" : "rename one of them",
    });
  };
  for (const entry of entries) {
    const names = namesOf(entry.definition);
    const wanted: readonly (readonly [key: string, what: string])[] = [
      [`file ${names.fileStem.toLowerCase()}`, `file name '${names.fileStem}'`],
      [`wgsl ${names.wgsl}`, `WGSL name '${names.wgsl}'`],
      [`export ${names.exported}`, `exported name '${names.exported}'`],
      [
        `export ${names.className}`,
        names.className === names.exported ? `'${names.className}'` : `class '${names.className}'`,
      ],
      [`export ${names.exported}Activation`, `exported name '${names.exported}Activation'`],
      [`export ${names.className}Options`, `exported name '${names.className}Options'`],
    ];
    const clashing = wanted.find(([key]) => taken.has(key));
    const other = taken.get(clashing?.[0] ?? "");
    if (clashing && other) clash(entry, other, clashing[1]);
    else if (names.className === names.exported) clash(entry, entry, `'${names.className}'`);
    for (const [key] of wanted) if (!taken.has(key)) taken.set(key, entry);
  }
  return found;
}
