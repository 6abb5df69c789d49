/** Splits a text into definitions by its layout alone, so that an error in one hides nothing of the next. */
import type { Span } from "../source.js";

/** The text of one definition: from its first line up to the next definition. */
export interface Block {
  readonly span: Span;
  /** The `##` lines right above, without the signs and one leading space. */
  readonly documentation: readonly string[];
  /** Whether a definition begins here; else these are lines that would continue one, but follow none. */
  readonly isDefinition: boolean;
}

export function splitDefinitions(text: string): Block[] {
  const blocks: Block[] = [];
  let open: { start: number; documentation: readonly string[]; isDefinition: boolean } | null = null;
  let documentation: string[] = [];
  const close = (end: number): void => {
    if (open)
      blocks.push({
        span: { start: open.start, end },
        documentation: open.documentation,
        isDefinition: open.isDefinition,
      });
  };
  for (const line of lines(text)) {
    const kind = lineKind(text, line);
    switch (kind) {
      case "documentation":
        documentation.push(documentationText(text.slice(line.start, line.end)));
        continue;
      case "blank":
        break;
      case "continuation":
        open ??= { start: line.start, documentation: [], isDefinition: false };
        break;
      case "definition":
        close(line.start);
        open = { start: line.start, documentation, isDefinition: true };
        break;
    }
    documentation = [];
  }
  close(text.length);
  return blocks;
}

/** The spans of the lines, without line ends and without the byte order mark. */
function* lines(text: string): Generator<Span> {
  const lineEnd = /\r\n|\r|\n/g;
  let start = text.startsWith("\uFEFF") ? 1 : 0;
  for (let match = lineEnd.exec(text); match; match = lineEnd.exec(text)) {
    yield { start, end: match.index };
    start = lineEnd.lastIndex;
  }
  yield { start, end: text.length };
}

/** The beginning of a definition whose name is not one: it is better understood as such than as a continuation. */
const signature = /[^\s()]+[ \t]*\([^()]*\)[ \t]*=(?!=)/y;
const clauseInColumn1 = /(?:let|grad|random|class|split)\b(?![ \t]*\()/y;
const letter = /[\p{L}_]/uy;

function matches(pattern: RegExp, text: string): boolean {
  pattern.lastIndex = 0;
  return pattern.test(text);
}

function lineKind(text: string, { start, end }: Span): "blank" | "documentation" | "continuation" | "definition" {
  const first = text[start];
  if (first === "#") return text[start + 1] === "#" && text[start + 2] !== "#" ? "documentation" : "blank";
  if (start === end) return "blank";
  // A beginning is enough to tell, however long the line.
  const beginning = text.slice(start, Math.min(end, start + 300));
  if (first === " " || first === "\t") return isBlank(text, start, end) ? "blank" : "continuation";
  // An unindented clause cannot be a definition either: the parser says what is wrong with it.
  if (matches(clauseInColumn1, beginning)) return "continuation";
  return matches(letter, beginning) || matches(signature, beginning) ? "definition" : "continuation";
}

function isBlank(text: string, start: number, end: number): boolean {
  let i = start;
  while (i < end && (text[i] === " " || text[i] === "\t")) i++;
  return i === end || text[i] === "#";
}

const documentationText = (line: string): string => line.slice(line[2] === " " ? 3 : 2).trimEnd();

/** The names that lines in column 1 call definitions, whether or not the definitions can be read. */
export const definedNames = (text: string): ReadonlySet<string> =>
  new Set(Array.from(text.matchAll(/(?<![^\r\n\uFEFF])([A-Za-z_][A-Za-z0-9_]*)[ \t]*\(/g), ([, name = ""]) => name));
