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

/** The beginnings of the lines of the text that was asked about last: questions come in runs over one text. */
let indexed: { readonly text: string; readonly starts: readonly number[] } = { text: "", starts: [0] };

/** Where each line begins. A byte order mark is part of the text but of no line. */
export function lineStarts(text: string): readonly number[] {
  if (indexed.text !== text) {
    const starts = [text.startsWith("\uFEFF") ? 1 : 0];
    for (const match of text.matchAll(/\r\n|\r|\n/g)) starts.push(match.index + match[0].length);
    indexed = { text, starts };
  }
  return indexed.starts;
}

/** The line and column of an offset, both from 1; offsets beyond the text count as its end. */
export function positionOf(text: string, offset: number): Position {
  const starts = lineStarts(text);
  const within = Math.min(Math.max(offset, 0), text.length);
  let [low, high] = [0, starts.length - 1];
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((starts[middle] ?? 0) <= within) low = middle;
    else high = middle - 1;
  }
  return { line: low + 1, column: Math.max(within - (starts[low] ?? 0), 0) + 1 };
}
