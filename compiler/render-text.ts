/** Text from outside, made fit for a terminal: nothing steers it, nothing hides, and it is known how wide it is. */

/** A character as it is shown. */
export interface Cell {
  /** Of the character in the raw text. */
  readonly offset: number;
  readonly text: string;
  /** In columns. */
  readonly width: number;
}

const tabWidth = 4;

/** The characters of one line; tabs become spaces, what cannot be seen becomes visible. */
export function cellsOf(line: string): Cell[] {
  const cells: Cell[] = [];
  let column = 0;
  let offset = 0;
  for (const character of line) {
    const shown = character === "\t" ? " ".repeat(tabWidth - (column % tabWidth)) : visible(character);
    const width = shown === character ? widthOf(character) : shown.length;
    cells.push({ offset, text: shown, width });
    column += width;
    offset += character.length;
  }
  return cells;
}

/** On one line and without control characters. */
export const sanitise = (text: string): string => Array.from(text, visible).join("");

function visible(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  if (code < 0x20) return String.fromCodePoint(0x2400 + code);
  if (code === 0x7f) return "␡";
  // Controls, direction marks and other invisible characters, lone surrogates
  return /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u.test(character) ? "\uFFFD" : character;
}

/** Two columns for East Asian wide characters and emoji, none for marks on letters. */
function widthOf(character: string): number {
  if (character < "\u0300") return 1;
  if (/\p{M}/u.test(character)) return 0;
  return /[\u1100-\u115F\u2E80-\uA4CF\uAC00-\uD7A3\uF900-\uFAFF\uFE30-\uFE6F\uFF00-\uFF60\uFFE0-\uFFE6]|\p{Emoji_Presentation}/u.test(
    character,
  )
    ? 2
    : 1;
}
