/** Curves in a terminal, in braille dots: two by four to a character. */
import { numberText } from "../printing/definition-text.js";

export interface PlotOptions {
  readonly title: string;
  readonly from: number;
  readonly to: number;
  /** Columns in all, labels included. */
  readonly width: number;
  /** Rows of characters of the curve. */
  readonly height: number;
}

const labelWidth = 8;
const samplesPerDot = 12;
/** The bit of each dot in a braille character, by column and row. */
const bits: readonly (readonly number[])[] = [
  [0x01, 0x02, 0x04, 0x40],
  [0x08, 0x10, 0x20, 0x80],
];

/** The panel's lines, without trailing spaces. */
export function plotPanel(f: (x: number) => number, { title, from, to, width, height }: PlotOptions): string[] {
  const columns = Math.max(12, width - labelWidth - 2);
  const dots = columns * 2;
  const samples: { readonly dot: number; readonly y: number }[] = [];
  for (let i = 0; i < dots * samplesPerDot; i++) {
    const y = f(from + ((to - from) * (i + 0.5)) / (dots * samplesPerDot));
    if (Number.isFinite(y)) samples.push({ dot: Math.floor(i / samplesPerDot), y });
  }
  const [low, high] = yRange(samples.map(({ y }) => y));
  const cells = Array.from({ length: height }, () => new Uint8Array(columns));
  const rowOf = (y: number): number => Math.round(((high - y) / (high - low)) * (height * 4 - 1));
  for (const { dot, y } of samples) {
    const row = rowOf(y);
    const line = cells[row >> 2];
    if (row < 0 || !line) continue;
    line[dot >> 1] = (line[dot >> 1] ?? 0) | (bits[dot & 1]?.[row & 3] ?? 0);
  }
  const zeroRow = low <= 0 && high >= 0 ? rowOf(0) >> 2 : -1;
  const zeroColumn = from < 0 && to > 0 ? Math.round((-from / (to - from)) * (dots - 1)) >> 1 : -1;
  const label = (row: number): string =>
    row === 0 ? short(high) : row === height - 1 ? short(low) : row === zeroRow ? "0" : "";
  const lines = cells.map((line, row) => {
    const text = Array.from(line, (cell, column) => {
      if (cell !== 0) return String.fromCodePoint(0x2800 + cell);
      if (row === zeroRow) return column === zeroColumn ? "┼" : "─";
      return column === zeroColumn ? "│" : " ";
    }).join("");
    return `${label(row).padStart(labelWidth)} ${label(row) === "" ? "│" : "┤"}${text}`.trimEnd();
  });
  const ends = [short(from), short(to)] as const;
  const middle = zeroColumn < 0 ? "" : "0";
  const gap = Math.max(1, (zeroColumn < 0 ? Math.floor(columns / 2) : zeroColumn) - ends[0].length);
  const rest = Math.max(1, columns - ends[0].length - gap - middle.length - ends[1].length);
  const axis = `${" ".repeat(labelWidth + 2)}${ends[0]}${" ".repeat(gap)}${middle}${" ".repeat(rest)}${ends[1]}`;
  return [`${" ".repeat(labelWidth + 2)}${title}`, ...lines, axis];
}

const short = (value: number): string => numberText(value, 3);

/** The values' range with some air; poles are cut off. */
function yRange(values: readonly number[]): readonly [number, number] {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (share: number): number => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0;
  let [low, high] = [at(0), at(1)];
  const [inner, outer] = [at(0.03), at(0.97)];
  if (high - low > 8 * (outer - inner) && high - low > 20) [low, high] = [inner, outer];
  if (!(high - low > 1e-9)) [low, high] = [low - 1, high + 1];
  const margin = (high - low) * 0.02;
  return [low - (low === 0 ? 0 : margin), high + (high === 0 ? 0 : margin)];
}
