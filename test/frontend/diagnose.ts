import { collate, type Diagnostic } from "../../compiler/diagnostics.js";
import { checkDefinitions, type CheckedDefinition } from "../../compiler/frontend/check.js";
import { parseSource } from "../../compiler/frontend/parse.js";
import { renderDiagnostic } from "../../compiler/render-diagnostics.js";
import type { Source } from "../../compiler/source.js";

export interface Diagnosed {
  readonly definitions: readonly CheckedDefinition[];
  readonly diagnostics: readonly Diagnostic[];
  /** All diagnostics as they are shown. */
  readonly text: string;
}

/** Parses and checks the texts of one compilation, by file name. */
export function diagnoseFiles(files: Readonly<Record<string, string>>): Diagnosed {
  const sources: Source[] = Object.entries(files).map(([file, text]) => ({ file, text }));
  const parsed = sources.map((source) => ({ source, ...parseSource(source) }));
  const checked = checkDefinitions(
    parsed.flatMap(({ source, definitions }) => definitions.map((definition) => ({ source, definition }))),
  );
  const diagnostics = collate([...parsed.flatMap((each) => each.diagnostics), ...checked.diagnostics]);
  const rendered = diagnostics.map((diagnostic) => {
    const source = sources.find(({ file }) => file === diagnostic.file) ?? { file: "", text: "" };
    return renderDiagnostic(diagnostic, source, { color: false });
  });
  return { definitions: checked.definitions, diagnostics, text: rendered.join("") };
}

export const diagnose = (text: string): Diagnosed => diagnoseFiles({ "acts.def": text });

/** The sections of a table of messages: a title behind `###`, definitions, `---`, and what is said about them. */
export function sections(table: string): { title: string; source: string; message: string }[] {
  return table
    .split(/^### /m)
    .slice(1)
    .map((section) => {
      const [head = "", message = ""] = section.split(/^---\n/m);
      const [title = "", ...source] = head.split("\n");
      return { title, source: source.join("\n"), message: message.replace(/\n+$/, "\n") };
    });
}
