/** From text to tokens: spaces, line ends and comments drop out, and what each token's place in its line means is noted. */
import moo from "moo";
import type { Span } from "../compiler/source.js";
import { clauseKeywords } from "./syntax.js";

export interface Token {
  /** A token type of {@link lexer}, or one of those that {@link tokenize} adds: `unindented`, `reserved`, `unknown`. */
  readonly type: string;
  readonly value: string;
  readonly start: number;
  readonly end: number;
  /** Whether it is the first one on its line. */
  readonly opensLine: boolean;
  /** Whether it stands in column 1. */
  readonly inColumn1: boolean;
}

export const spanOf = ({ start, end }: Token): Span => ({ start, end });

/**
 * Operators of other languages are tokens of their own, so that a message can name them whole; the grammar has no use
 * for them.
 */
export const lexer = moo.compile({
  space: /[ \t]+/,
  newline: { match: /\r\n|\r|\n/, lineBreaks: true },
  comment: /#[^\r\n]*/,
  // Millions of digits would be more than the engine's regular expressions can keep in mind; so many are too many anyway.
  number: /(?:[0-9]{1,9999}(?:\.[0-9]{0,9999})?|\.[0-9]{1,9999})(?:[eE][+-]?[0-9]{1,9999})?/,
  name: {
    match: /[A-Za-z_][A-Za-z0-9_]*/,
    type: moo.keywords({
      word: ["and", "or", "not"],
      constant: ["pi", "inf"],
      ...Object.fromEntries(clauseKeywords.map((keyword) => [`clause_${keyword}`, keyword])),
    }),
  },
  foreign: ["**", "//", "&&", "||", "===", "!==", "<>", "=>", "=<", "->", ":=", "+=", "-=", "*=", "/="],
  relation: ["<=", ">=", "==", "!=", "<", ">"],
  operator: ["+", "-", "*", "/", "^"],
  punctuation: ["(", ")", "[", "]", ",", ";", "="],
  unknown: moo.error,
});

const clauseTypes = new Set(clauseKeywords.map((keyword) => `clause_${keyword}`));

/**
 * The tokens of `text`, whose first character stands at `base` in its source, at the beginning of a line. Ends after
 * the first character that belongs to no token, and after `limit` tokens.
 */
export function tokenize(text: string, base = 0, limit = Infinity): Token[] {
  const tokens: Token[] = [];
  lexer.reset(text);
  let lineStart = 0;
  let opensLine = true;
  for (let lexed = lexer.next(); lexed && tokens.length < limit; lexed = lexer.next()) {
    if (lexed.type === "space" || lexed.type === "comment") continue;
    if (lexed.type === "newline") {
      opensLine = true;
      lineStart = lexed.offset + lexed.text.length;
      continue;
    }
    const inColumn1 = lexed.offset === lineStart;
    const type = typeInPlace(lexed.type ?? "unknown", lexed.text, tokens.length === 0, opensLine, inColumn1);
    // An error token holds all the rest: its first character is the one to blame.
    const value = type === "unknown" ? String.fromCodePoint(lexed.text.codePointAt(0) ?? 0) : lexed.text;
    const start = base + lexed.offset;
    tokens.push({ type, value, start, end: start + value.length, opensLine, inColumn1 });
    if (type === "unknown") break;
    opensLine = false;
  }
  return tokens;
}

/** Clauses begin indented lines, and only closing brackets continue a definition from column 1. */
function typeInPlace(type: string, text: string, first: boolean, opensLine: boolean, inColumn1: boolean): string {
  if (type === "unknown") return type;
  if (clauseTypes.has(type)) return opensLine && !inColumn1 ? type : "reserved";
  if (first || !inColumn1 || text === ")" || text === "]") return type;
  return "unindented";
}
