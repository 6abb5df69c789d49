/** Diagnostics as people read them: where, what, the lines themselves with the place marked, and what would help. */
import type { Diagnostic } from "./diagnostics.js";
import { cellsOf, sanitise, type Cell } from "./render-text.js";
import { lineStarts, positionOf, type Source, type Span } from "./source.js";

export { positionOf } from "./source.js";

/** Frames are no wider, the line numbers not counted. */
const frameWidth = 120;

/** Of a span over many lines, the first few are shown. */
const frameLines = 3;

const colors = { error: "\u001b[31m", warning: "\u001b[33m", bold: "\u001b[1m", dim: "\u001b[2m", reset: "\u001b[0m" };

export function renderDiagnostic(
  diagnostic: Diagnostic,
  source: Source,
  { color }: { readonly color: boolean },
): string {
  const paint = (style: keyof typeof colors, text: string): string =>
    color ? `${colors[style]}${text}${colors.reset}` : text;
  const { code, severity, file, span, message, expected, hint } = diagnostic;
  const { line, column } = positionOf(source.text, span.start);
  const place = paint("bold", `${sanitise(file)}:${line}:${column}`);
  const lines = [
    `${place}: ${paint(severity, severity)}: ${paint("bold", sanitise(message))} ${paint("dim", `[${code}]`)}`,
  ];
  for (const { gutter, text, marks } of frame(source.text, span)) {
    lines.push(paint("dim", `${gutter} |`) + (text === "" ? "" : ` ${text}`));
    if (marks !== "") lines.push(`${paint("dim", `${" ".repeat(gutter.length)} |`)} ${paint(severity, marks)}`);
  }
  if (expected !== undefined) lines.push(`  expected: ${sanitise(expected)}`);
  if (hint !== undefined) lines.push(`  hint: ${sanitise(hint)}`);
  return `${lines.join("\n")}\n`;
}

interface FrameLine {
  readonly gutter: string;
  readonly text: string;
  /** Spaces and carets below the text. */
  readonly marks: string;
}

function frame(text: string, span: Span): FrameLine[] {
  const starts = lineStarts(text);
  const first = positionOf(text, span.start).line;
  const last = Math.max(first, positionOf(text, Math.max(span.start, span.end - 1)).line);
  const shown = Math.min(last, first + frameLines - 1);
  const digits = String(shown).length + 2;
  const lines: FrameLine[] = [];
  for (let line = first; line <= shown; line++) {
    const start = starts[line - 1] ?? 0;
    const end = endOfLine(text, starts[line]);
    const marked = { start: Math.max(span.start, start), end: Math.min(Math.max(span.end, span.start + 1), end) };
    lines.push({ gutter: String(line).padStart(digits), ...window(text, start, end, marked) });
  }
  if (shown < last) lines.push({ gutter: "…".padStart(digits), text: "", marks: "" });
  return lines;
}

function endOfLine(text: string, next: number | undefined): number {
  if (next === undefined) return text.length;
  return text.slice(next - 2, next) === "\r\n" ? next - 2 : next - 1;
}

/** The part of a line around what is marked in it, as wide as a frame. */
function window(text: string, start: number, lineEnd: number, marked: Span): Pick<FrameLine, "text" | "marks"> {
  // Every character takes a column at least, but for marks on letters: a stretch of the text, not the line, is looked at.
  const from = Math.max(start, marked.start - frameWidth);
  const raw = text.slice(from, Math.min(lineEnd, from + 3 * frameWidth));
  const cells = cellsOf(raw);
  const isMarked = ({ offset }: Cell): boolean => from + offset >= marked.start && from + offset < marked.end;
  const width = (list: readonly Cell[]): number => list.reduce((sum, cell) => sum + cell.width, 0);
  const firstMarked = cells.findIndex(isMarked);
  const anchor = firstMarked < 0 ? cells.length : firstMarked;
  // Some of what stands before it, more of what follows.
  let begin = from > start || width(cells) > frameWidth ? anchor : 0;
  for (let room = frameWidth / 2; begin > 0 && room > 0; begin--) room -= cells[begin - 1]?.width ?? 0;
  let end = begin;
  for (let room = frameWidth; end < cells.length; end++) {
    room -= cells[end]?.width ?? 0;
    if (room < 0) break;
  }
  const visible = cells.slice(begin, end);
  const before = from > start || begin > 0 ? "…" : "";
  const after = end < cells.length || from + raw.length < lineEnd ? "…" : "";
  const marks = visible.map((cell) => (isMarked(cell) ? "^" : " ").repeat(cell.width)).join("");
  // At the end of a line, the place is behind it.
  const carets = marks.includes("^") ? marks.trimEnd() : `${" ".repeat(width(visible))}^`;
  return {
    text: `${before}${visible.map((cell) => cell.text).join("")}${after}`.trimEnd(),
    marks: " ".repeat(before.length) + carets,
  };
}
