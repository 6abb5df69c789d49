/**
 * The kernels' files without their types. They are the compiler's own, in few of TypeScript's shapes, so that a list of
 * tokens is enough to tell types from values; a test compares with what TypeScript makes of them. (Loading TypeScript
 * takes as long as measuring an activation.)
 */

/** A declaration at the top of a file. */
export interface Declaration {
  readonly names: readonly string[];
  readonly tokens: readonly string[];
}

const token = new RegExp(
  [
    /[A-Za-z_$][\w$]*/,
    /0x[\da-fA-F]+n?|\d+(?:\.\d+)?(?:e[+-]?\d+)?n?/,
    /"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'/,
    /=>|\.\.\.|>>>=|\*\*=|<<=|>>=|>>>|===|!==|&&=|\|\|=|\?\?=|\*\*|<<|>>|[=!<>+\-*/%&|^]=|&&|\|\||\?\?|\?\.|\+\+|--/,
    /[-+*/%&|^~!<>=(){}[\];,:.?]/,
  ]
    .map(({ source }) => source)
    .join("|"),
  "y",
);
const space = /(?:\s+|\/\/[^\n]*|\/\*[^]*?\*\/)*/y;
/** What of a template is text, up to its end or to the next value. */
const templateText = /[`}](?:[^`\\$]|\\.|\$(?!\{))*(?:`|\$\{)/y;

function tokensOf(file: string): string[] {
  const tokens: string[] = [];
  let at = 0;
  const match = (pattern: RegExp): string => {
    pattern.lastIndex = at;
    const [found] = pattern.exec(file) ?? [];
    if (found === undefined) throw new Error(`not understood: ${file.slice(at, at + 40)}`);
    at += found.length;
    return found;
  };
  /** How deep in braces each template's value begins. */
  const templates: number[] = [];
  let depth = 0;
  for (match(space); at < file.length; match(space)) {
    const inTemplate = file[at] === "}" && templates.at(-1) === depth;
    if (file[at] === "`" || inTemplate) {
      if (inTemplate) templates.pop();
      const text = match(templateText);
      if (text.endsWith("${")) templates.push(depth);
      tokens.push(text);
      continue;
    }
    const found = match(token);
    if (found === "{") depth += 1;
    if (found === "}") depth -= 1;
    tokens.push(found);
  }
  return tokens;
}

const opening = new Set(["(", "[", "{", "<"]);
const closing = new Set([")", "]", "}", ">"]);
const keywords = new Set(["return", "typeof", "in", "of", "case", "throw", "new", "else", "do", "void"]);
const isName = (text: string | undefined): boolean =>
  text !== undefined && /^[A-Za-z_$]/.test(text) && !keywords.has(text);
const isEnd = (text: string | undefined): boolean => isName(text) || text === ")" || text === "]";

/** Code again: a statement to a line, without spaces where names, brackets and points meet. */
export function javascriptText(tokens: readonly string[]): string {
  return tokens.reduce((text, token, i) => {
    const before = tokens[i - 1];
    const opens = token === "(" || token === "[";
    const isTight =
      before === undefined ||
      ["(", "[", "."].includes(before) ||
      [")", "]", ".", ",", ";"].includes(token) ||
      (opens && isEnd(before));
    if (isTight) return text + token;
    return `${text}${before === ";" || before === "{" || before === "}" ? "\n" : " "}${token}`;
  }, "");
}

/** The declarations of a kernel's file, in order. */
export function javascriptDeclarations(file: string): readonly Declaration[] {
  const tokens = tokensOf(file);
  const declarations: Declaration[] = [];
  for (let at = 0; at < tokens.length;) {
    const end = endOfDeclaration(tokens, at);
    const own = tokens.slice(at, end);
    const [kind, name = ""] = own[0] === "export" ? own.slice(1) : own;
    if (!withoutValue.has(kind ?? "")) declarations.push({ names: [name], tokens: withoutTypes(own) });
    at = end;
  }
  return declarations;
}

/** What only the compiler of types reads, and imports, which whoever runs the kernels sees to. */
const withoutValue: ReadonlySet<string> = new Set(["interface", "type", "declare", "import"]);

/** Behind the `}` of a function or an interface, or behind the `;` of anything else. */
function endOfDeclaration(tokens: readonly string[], start: number): number {
  const kind = tokens[start] === "export" ? tokens[start + 1] : tokens[start];
  const last = kind === "function" || kind === "interface" ? "}" : ";";
  if (last === ";" && kind !== "const" && kind !== "let" && !withoutValue.has(kind ?? ""))
    throw new Error(`not understood: ${kind ?? ""}`);
  let depth = 0;
  for (let i = start; i < tokens.length; i++) {
    const text = tokens[i]!;
    if (text === "(" || text === "[" || text === "{") depth += 1;
    if (text === ")" || text === "]" || text === "}") depth -= 1;
    if (depth === 0 && text === last) return i + 1;
  }
  throw new Error("a declaration has no end");
}

/** The tokens without types, assertions that something is there, and commas behind a last parameter or operand. */
function withoutTypes(tokens: readonly string[]): string[] {
  const kept: string[] = [];
  /** Where the parentheses of the parameters met last are closed. */
  let end = -1;
  for (let i = 0; i < tokens.length; i++) {
    const text = tokens[i]!;
    if (text === "!" && isEnd(tokens[i - 1])) continue;
    if (text === "," && tokens[i + 1] === ")") continue;
    if (text === "(" && beginsParameters(tokens, i)) end = matching(tokens, i);
    const terminators = text === ":" ? terminatorsOf(tokens[i - 2], i, end) : null;
    if (terminators === null) kept.push(text);
    else i = endOfType(tokens, i + 1, terminators) - 1;
  }
  return kept;
}

/** What follows the type behind a colon: of a variable, a parameter or a result; null where no type is. */
function terminatorsOf(beforeName: string | undefined, at: number, endOfParameters: number): readonly string[] | null {
  if (beforeName === "const" || beforeName === "let") return ["=", ";"];
  if (at === endOfParameters + 1) return ["{", "=>"];
  return at < endOfParameters && (beforeName === "(" || beforeName === ",") ? [",", ")"] : null;
}

/** Whether a parenthesis opens the parameters of a function. */
function beginsParameters(tokens: readonly string[], open: number): boolean {
  if (tokens[open - 2] === "function") return true;
  if (isEnd(tokens[open - 1])) return false;
  const close = matching(tokens, open);
  if (tokens[close + 1] === "=>") return true;
  if (tokens[close + 1] !== ":" || !isName(tokens[close + 2])) return false;
  return tokens[close + (tokens[close + 3] === "is" ? 5 : 3)] === "=>";
}

function matching(tokens: readonly string[], open: number): number {
  let depth = 0;
  for (let i = open; i < tokens.length; i++) {
    if (tokens[i] === "(") depth += 1;
    if (tokens[i] === ")" && --depth === 0) return i;
  }
  throw new Error("a parenthesis is not closed");
}

/** Where one of these follows a type. */
function endOfType(tokens: readonly string[], start: number, ends: readonly string[]): number {
  let depth = 0;
  for (let i = start; i < tokens.length; i++) {
    const text = tokens[i]!;
    if (depth === 0 && ends.includes(text)) return i;
    if (opening.has(text)) depth += 1;
    if (closing.has(text)) depth -= 1;
  }
  throw new Error("a type has no end");
}
