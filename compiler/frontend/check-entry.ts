import type { Definition, Expression } from "../../grammar/syntax.js";
import type { Source } from "../source.js";

/** A definition while it is being checked. */
export interface Entry {
  readonly source: Source;
  readonly definition: Definition;
  readonly file: FileScope;
  /** Whether it has errors, or calls what has; then it goes no further. */
  broken: boolean;
  readonly calls: CallSite[];
  /** Nodes of its own expressions. */
  size: number;
  /** How deep its own expressions nest. */
  nesting: number;
}

/** A call of another definition. */
export interface CallSite {
  readonly callee: Entry;
  readonly call: Extract<Expression, { kind: "call" }>;
  /** How deep it is nested in its expression. */
  readonly depth: number;
}

/** What the definitions of one file see of each other. */
export interface FileScope {
  /** The definitions that calls reach; of several with one name, the first. */
  readonly entries: Map<string, Entry>;
  /** What lines in column 1 begin with, definitions that could not be read included. */
  readonly names: ReadonlySet<string>;
  /** The name of another file that defines it. */
  elsewhere(name: string): string | undefined;
  /** Searching for what was meant takes time: with very many errors, the later ones do without. */
  mayStillSuggest(): boolean;
}
