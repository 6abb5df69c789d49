/** The tokens of a text in the machine language. */

export interface Token {
  readonly kind: "name" | "number" | "string" | "symbol" | "end";
  readonly text: string;
  readonly line: number;
  /** The comments on the lines directly above. */
  readonly comments: readonly string[];
  /** Whether a blank line stands above, and above the comments. */
  readonly blank: boolean;
}

/** What is wrong with a text: a fault of our own library. */
export class MachineError extends Error {
  constructor(line: number, message: string, text: string) {
    const source = text.split("\n")[line - 1]?.trim() ?? "";
    super(`line ${line}: ${message}\n  ${source}`);
    this.name = "MachineError";
  }
}

/** A line's end, a comment, a name, a number, a string or a symbol: the group that took part says which. */
const piece = new RegExp(
  `[ \\t\\r]*(?:${[
    /([A-Za-z_]\w*)/,
    /(0x[0-9a-fA-F]+(?:\.[0-9a-fA-F]+)?[un]?|\d+(?:\.\d+)?(?:e[+-]?\d+)?[un]?)/,
    /(\n)/,
    /\/\/ ?([^\n]*)/,
    /(<<=|>>=|->|\+\+|--|<<|>>|<=|>=|==|!=|&&|\|\||[-+*/%&|^]=|[-+*/%&|^~!<>=(){}[\],;:.@])/,
    /("[^"\n]*")/,
    /$/,
  ]
    .map(({ source }) => source)
    .join("|")})`,
  "y",
);

export function scan(text: string): Token[] {
  const tokens: Token[] = [];
  let line = 1;
  let comments: string[] = [];
  let newlines = 0;
  let blank = false;
  const push = (kind: Token["kind"], found: string): void => {
    tokens.push({ kind, text: found, line, comments, blank });
    if (comments.length > 0) comments = [];
    newlines = 0;
    blank = false;
  };
  piece.lastIndex = 0;
  while (piece.lastIndex < text.length) {
    const at = piece.lastIndex;
    const found = piece.exec(text);
    if (!found)
      throw new MachineError(line, `unknown character ${JSON.stringify(text.slice(at).trimStart()[0])}`, text);
    const [, name, number, newline, comment, symbol, string] = found;
    if (name !== undefined) push("name", name);
    else if (symbol !== undefined) push("symbol", symbol);
    else if (number !== undefined) push("number", number);
    else if (string !== undefined) push("string", string);
    else if (newline !== undefined) {
      line++;
      if (++newlines > 1) {
        blank = true;
        // A comment set apart from what follows belongs to nobody.
        if (comments.length > 0) throw new MachineError(line, "a comment stands directly above what it is about", text);
      }
    } else if (comment !== undefined) {
      if (newlines === 0 && tokens.length > 0)
        throw new MachineError(line, "a comment stands on lines of its own", text);
      comments = [...comments, comment.trimEnd()];
      newlines = 0;
    }
  }
  push("end", "");
  return tokens;
}
