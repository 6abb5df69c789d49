import type { Span } from "./source.js";

export type Severity = "error" | "warning";

/**
 * Something to tell the author of a definition. A value, never thrown: stages collect diagnostics
 * and go on, one renderer prints them all.
 */
export interface Diagnostic {
  /** Stable identifier in kebab case, e.g. `unknown-name`. */
  readonly code: string;
  readonly severity: Severity;
  /** The `file` of the source that `span` points into. */
  readonly file: string;
  readonly span: Span;
  /** One sentence without a final full stop. */
  readonly message: string;
  /** What would have been right at this place, if that can be said. */
  readonly expected?: string;
  /** A way out, e.g. `did you mean 'tanh'?` */
  readonly hint?: string;
}

/** A diagnostic as a stage finds it, before it is known which file it stands in. */
export type Finding = Omit<Diagnostic, "file" | "severity">;

/** No part of a diagnostic is longer, whatever the definitions hold. */
const longestText = 500;

const bounded = (text: string): string => (text.length <= longestText ? text : `${text.slice(0, longestText - 1)}…`);

/**
 * As diagnostics are shown: files in the order in which they first occur, positions ascending, nothing twice, no text
 * without end.
 */
export function collate(diagnostics: readonly Diagnostic[]): Diagnostic[] {
  const files = new Map<string, number>();
  for (const { file } of diagnostics) if (!files.has(file)) files.set(file, files.size);
  const seen = new Set<string>();
  return diagnostics
    .map((diagnostic) => ({
      ...diagnostic,
      message: bounded(diagnostic.message),
      ...(diagnostic.expected === undefined ? {} : { expected: bounded(diagnostic.expected) }),
      ...(diagnostic.hint === undefined ? {} : { hint: bounded(diagnostic.hint) }),
    }))
    .filter(({ code, file, span, message }) => {
      const key = JSON.stringify([code, file, span.start, span.end, message]);
      return !seen.has(key) && seen.add(key);
    })
    .sort(
      (a, b) =>
        (files.get(a.file) ?? 0) - (files.get(b.file) ?? 0) || a.span.start - b.span.start || a.span.end - b.span.end,
    );
}

/** Text from a definition inside a message: in quotes, on one line, not too long. */
export function quote(text: string): string {
  const line = text.slice(0, 200).replace(/\s+/g, " ");
  return `'${line.length <= 48 && text.length <= 200 ? line : `${line.slice(0, 47)}…`}'`;
}

/** `a`, `a or b`, `a, b or c`. */
export function alternatives(words: readonly string[]): string {
  return words.length < 2 ? (words[0] ?? "") : `${words.slice(0, -1).join(", ")} or ${words.at(-1)}`;
}
