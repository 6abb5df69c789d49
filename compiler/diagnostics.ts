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
