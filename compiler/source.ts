/** A text that definitions are read from, with the name it is called by in messages. */
export interface Source {
  /** As given on the command line, with forward slashes; `<stdin>` for standard input. */
  readonly file: string;
  readonly text: string;
}

/** A half-open range of UTF-16 offsets in a source's text. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/** A position for people: lines and columns count from 1, columns in UTF-16 units. */
export interface Position {
  readonly line: number;
  readonly column: number;
}
