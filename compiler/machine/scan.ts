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

const space = /[ \t\r]+/y;
const comment = /\/\/ ?([^\n]*)/y;
const patterns = [
  ["name", /[A-Za-z_]\w*/y],
  ["number", /0x[0-9a-fA-F]+(?:\.[0-9a-fA-F]+)?[un]?|(?:\d+(?:\.\d+)?(?:e[+-]?\d+)?)[un]?/y],
  ["string", /"[^"\n]*"/y],
  ["symbol", /<<=|>>=|->|\+\+|--|<<|>>|<=|>=|==|!=|&&|\|\||[-+*/%&|^]=|[-+*/%&|^~!<>=(){}[\],;:.@]/y],
] as const;

export function scan(text: string): Token[] {
  const tokens: Token[] = [];
  let at = 0;
  let line = 1;
  let comments: string[] = [];
  let newlines = 0;
  let blank = false;
  const match = (pattern: RegExp): RegExpExecArray | null => {
    pattern.lastIndex = at;
    const found = pattern.exec(text);
    if (found) at = pattern.lastIndex;
    return found;
  };
  const push = (kind: Token["kind"], found: string): void => {
    tokens.push({ kind, text: found, line, comments, blank });
    comments = [];
    newlines = 0;
    blank = false;
  };
  while (at < text.length) {
    if (match(space)) continue;
    if (text[at] === "\n") {
      at++;
      line++;
      if (++newlines > 1) {
        blank = true;
        // A comment set apart from what follows belongs to nobody.
        if (comments.length > 0) throw new MachineError(line, "a comment stands directly above what it is about", text);
      }
      continue;
    }
    const remark = match(comment);
    if (remark) {
      if (newlines === 0 && tokens.length > 0)
        throw new MachineError(line, "a comment stands on lines of its own", text);
      comments = [...comments, (remark[1] ?? "").trimEnd()];
      newlines = 0;
      continue;
    }
    const found = patterns.some(([kind, pattern]) => {
      const token = match(pattern);
      if (token) push(kind, token[0]);
      return token !== null;
    });
    if (!found) throw new MachineError(line, `unknown character ${JSON.stringify(text[at])}`, text);
  }
  push("end", "");
  return tokens;
}
