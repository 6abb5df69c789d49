/** Texts in the machine language, parsed: names and types have no meaning yet. */
import { MachineError, scan, type Token } from "./scan.js";
import type { BinaryOperator, Leading, UnaryOperator } from "./syntax.js";

export type Node =
  | { readonly kind: "number"; readonly line: number; readonly text: string }
  | { readonly kind: "name"; readonly line: number; readonly name: string }
  | { readonly kind: "unary"; readonly line: number; readonly operator: UnaryOperator; readonly operand: Node }
  | {
      readonly kind: "binary";
      readonly line: number;
      readonly operator: BinaryOperator;
      readonly left: Node;
      readonly right: Node;
      /** Whether it stands in parentheses. */
      readonly grouped: boolean;
    }
  | {
      readonly kind: "call";
      readonly line: number;
      readonly name: string;
      /** What stands in angle brackets behind `bitcast`. */
      readonly to: string | null;
      readonly operands: readonly Node[];
    }
  | { readonly kind: "field"; readonly line: number; readonly operand: Node; readonly name: string }
  | { readonly kind: "index"; readonly line: number; readonly table: string; readonly index: Node };

interface Place {
  readonly leading: Leading;
  readonly line: number;
}

export interface ParsedBinding extends Place {
  readonly kind: "let" | "var";
  readonly name: string;
  readonly type: string | null;
  readonly value: Node;
}

export interface ParsedAssignment extends Place {
  readonly kind: "assign";
  readonly name: string;
  readonly value: Node;
}

export type ParsedStatement =
  | ParsedBinding
  | ParsedAssignment
  | (Place & {
      readonly kind: "array";
      readonly name: string;
      readonly type: string;
      readonly size: number;
      readonly elements: readonly Node[];
    })
  | (Place & { readonly kind: "store"; readonly name: string; readonly index: Node; readonly value: Node })
  | (Place & {
      readonly kind: "if";
      readonly condition: Node;
      readonly yes: readonly ParsedStatement[];
      readonly no: readonly ParsedStatement[];
    })
  | (Place & { readonly kind: "while"; readonly condition: Node; readonly body: readonly ParsedStatement[] })
  | (Place & {
      readonly kind: "for";
      readonly start: ParsedBinding;
      readonly condition: Node;
      readonly step: ParsedAssignment;
      readonly body: readonly ParsedStatement[];
    })
  | (Place & { readonly kind: "break" })
  | (Place & { readonly kind: "return"; readonly value: Node });

export interface ParsedField {
  readonly name: string;
  readonly type: string;
  readonly line: number;
  readonly comments: readonly string[];
}

interface Head {
  readonly name: string;
  readonly line: number;
  readonly comments: readonly string[];
  /** The text that it stands in, for messages. */
  readonly text: string;
}

export type ParsedDeclaration =
  | (Head & { readonly kind: "struct"; readonly fields: readonly ParsedField[] })
  | (Head & { readonly kind: "constant"; readonly type: string; readonly value: Node })
  | (Head & { readonly kind: "table"; readonly type: string; readonly size: number; readonly values: readonly Node[] })
  | (Head & { readonly kind: "tabulated"; readonly type: string; readonly size: number; readonly fn: string })
  | (Head & {
      readonly kind: "function";
      readonly error: string | undefined;
      readonly parameters: readonly ParsedField[];
      readonly result: string;
      readonly body: readonly ParsedStatement[];
    });

/** Binary operators, those that bind loosest first. Comparisons do not associate. */
const levels: readonly (readonly BinaryOperator[])[] = [
  ["||"],
  ["&&"],
  ["==", "!=", "<", "<=", ">", ">="],
  ["|"],
  ["^"],
  ["&"],
  ["<<", ">>"],
  ["+", "-"],
  ["*", "/", "%"],
];
const comparisons = levels.findIndex((level) => level.includes("<"));
const binaryOperators: ReadonlyMap<string, { readonly operator: BinaryOperator; readonly level: number }> = new Map(
  levels.flatMap((operators, level) => operators.map((operator) => [operator, { operator, level }] as const)),
);

const assignments: Readonly<Record<string, BinaryOperator>> = {
  "+=": "+",
  "-=": "-",
  "*=": "*",
  "/=": "/",
  "%=": "%",
  "&=": "&",
  "|=": "|",
  "^=": "^",
  "<<=": "<<",
  ">>=": ">>",
};

const unaryOperators: readonly UnaryOperator[] = ["-", "!", "~"];

export function parse(text: string): ParsedDeclaration[] {
  const tokens = scan(text);
  let at = 0;

  const peek = (): Token => {
    const token = tokens[at];
    if (token === undefined) throw new Error("read behind the end");
    return token;
  };
  const fail = (message: string, line = peek().line): never => {
    throw new MachineError(line, message, text);
  };
  /** Comments are taken where a declaration, a field or a statement begins; elsewhere nobody would print them. */
  const next = (mayHaveComments = false): Token => {
    const token = peek();
    if (!mayHaveComments && token.comments.length > 0) fail("no comment can stand here");
    at++;
    return token;
  };
  const isAt = (symbol: string): boolean => {
    const { text: here, kind } = peek();
    return here === symbol && kind !== "string";
  };
  const accept = (symbol: string): boolean => {
    if (!isAt(symbol)) return false;
    next();
    return true;
  };
  const expect = (symbol: string): void => {
    if (!accept(symbol)) fail(`expected ${symbol} instead of ${peek().text || "the end"}`);
  };
  const name = (mayHaveComments = false): string =>
    peek().kind === "name"
      ? next(mayHaveComments).text
      : fail(`expected a name instead of ${peek().text || "the end"}`);
  function list<T>(close: string, item: () => T): T[] {
    const items: T[] = [];
    while (!isAt(close)) {
      items.push(item());
      if (!accept(",")) break;
    }
    expect(close);
    return items;
  }

  const declarations: ParsedDeclaration[] = [];
  while (peek().kind !== "end") declarations.push(declaration());
  if (peek().comments.length > 0) fail("a comment stands directly above what it is about");
  return declarations;

  function declaration(): ParsedDeclaration {
    const { comments, line } = peek();
    let error: string | undefined;
    if (isAt("@")) {
      next(true);
      if (name() !== "error") fail("the only attribute is @error");
      expect("(");
      if (peek().kind !== "string") fail("expected a string");
      error = next().text.slice(1, -1);
      expect(")");
    }
    const keyword = name(error === undefined);
    if (error !== undefined && keyword !== "fn") fail("@error belongs to a function");
    const head: Head = { name: name(), line, comments, text };
    if (keyword === "struct") {
      expect("{");
      return { ...head, kind: "struct", fields: list("}", field) };
    }
    if (keyword === "const") {
      expect(":");
      if (!isAt("array")) {
        const type = name();
        expect("=");
        const value = expression();
        expect(";");
        return { ...head, kind: "constant", type, value };
      }
      const { type, size } = arrayType();
      expect("=");
      if (!isAt("[")) {
        const fn = name();
        expect(";");
        return { ...head, kind: "tabulated", type, size, fn };
      }
      next();
      const values = list("]", () => expression());
      expect(";");
      return { ...head, kind: "table", type, size, values };
    }
    if (keyword === "fn") {
      expect("(");
      const parameters = list(")", field);
      expect("->");
      return { ...head, kind: "function", error, parameters, result: name(), body: block() };
    }
    return fail(`expected struct, const or fn instead of ${keyword}`, line);
  }

  function field(): ParsedField {
    const { line, comments } = peek();
    const own = name(true);
    expect(":");
    return { name: own, type: name(), line, comments };
  }

  function block(): ParsedStatement[] {
    expect("{");
    const statements: ParsedStatement[] = [];
    while (!isAt("}")) statements.push(statement(statements.length === 0));
    expect("}");
    return statements;
  }

  function statement(first: boolean): ParsedStatement {
    const { comments, blank, line } = peek();
    const place: Place = { leading: { comments, blank: blank && !first }, line };
    if (isAt("let") || isAt("var")) return terminated(isArray() ? array(place) : binding(place));
    if (isAt("if")) return conditional(place);
    if (isAt("while")) {
      next(true);
      const condition = inParentheses();
      return { ...place, kind: "while", condition, body: block() };
    }
    if (isAt("for")) {
      next(true);
      expect("(");
      const inside: Place = { leading: { comments: [], blank: false }, line };
      const start = terminated(binding(inside));
      const condition = expression();
      expect(";");
      const step = assignment(inside);
      expect(")");
      return { ...place, kind: "for", start, condition, step, body: block() };
    }
    if (isAt("break")) {
      next(true);
      return terminated({ ...place, kind: "break" });
    }
    if (isAt("return")) {
      next(true);
      return terminated({ ...place, kind: "return", value: expression() });
    }
    if (tokens[at + 1]?.text === "[") return terminated(store(place));
    return terminated(assignment(place));
  }

  function terminated<T>(parsed: T): T {
    expect(";");
    return parsed;
  }

  function binding(place: Place): ParsedBinding {
    const kind = next(true).text === "let" ? "let" : "var";
    const own = name();
    const type = accept(":") ? name() : null;
    expect("=");
    return { ...place, kind, name: own, type, value: expression() };
  }

  function arrayType(): { type: string; size: number } {
    expect("array");
    expect("<");
    const type = name();
    expect(",");
    const size = Number(next().text);
    expect(">");
    return { type, size };
  }

  /** Whether a declaration of a variable begins that is an array. */
  function isArray(): boolean {
    return isAt("var") && tokens[at + 2]?.text === ":" && tokens[at + 3]?.text === "array";
  }

  function array(place: Place): ParsedStatement {
    next(true);
    const own = name();
    expect(":");
    const { type, size } = arrayType();
    expect("=");
    expect("[");
    return { ...place, kind: "array", name: own, type, size, elements: list("]", () => expression()) };
  }

  function store(place: Place): ParsedStatement {
    const own = name(true);
    expect("[");
    const index = expression();
    expect("]");
    expect("=");
    return { ...place, kind: "store", name: own, index, value: expression() };
  }

  function assignment(place: Place): ParsedAssignment {
    const own = name(true);
    const { line } = place;
    const target: Node = { kind: "name", line, name: own };
    const one: Node = { kind: "number", line, text: "1" };
    if (accept("=")) return { ...place, kind: "assign", name: own, value: expression() };
    const changed = (operator: BinaryOperator, right: Node): ParsedAssignment => ({
      ...place,
      kind: "assign",
      name: own,
      value: { kind: "binary", line, operator, left: target, right, grouped: false },
    });
    if (accept("++")) return changed("+", one);
    if (accept("--")) return changed("-", one);
    const operator = assignments[peek().text];
    if (operator === undefined) return fail(`expected an assignment instead of ${peek().text || "the end"}`);
    next();
    return changed(operator, expression());
  }

  function conditional(place: Place): ParsedStatement {
    next(true);
    const condition = inParentheses();
    const yes = block();
    if (!accept("else")) return { ...place, kind: "if", condition, yes, no: [] };
    if (!isAt("if")) return { ...place, kind: "if", condition, yes, no: block() };
    const inner = conditional({ leading: { comments: [], blank: false }, line: peek().line });
    return { ...place, kind: "if", condition, yes, no: [inner] };
  }

  function inParentheses(): Node {
    expect("(");
    const inner = expression();
    expect(")");
    return inner;
  }

  /** What follows, up to an operator that binds more loosely than this level. */
  function expression(loosest = 0): Node {
    let left = unary();
    for (;;) {
      const found = peek().kind === "symbol" ? binaryOperators.get(peek().text) : undefined;
      if (found === undefined || found.level < loosest) return left;
      const { operator, level } = found;
      const { line } = next();
      left = { kind: "binary", line, operator, left, right: expression(level + 1), grouped: false };
      if (level === comparisons && binaryOperators.get(peek().text)?.level === comparisons)
        fail("comparisons do not associate");
    }
  }

  function unary(): Node {
    const operator = unaryOperators.find(isAt);
    if (operator === undefined) return postfix();
    const { line } = next();
    return { kind: "unary", line, operator, operand: unary() };
  }

  function postfix(): Node {
    let node = primary();
    while (accept(".")) node = { kind: "field", line: peek().line, operand: node, name: name() };
    return node;
  }

  function primary(): Node {
    if (isAt("(")) {
      const inner = inParentheses();
      return inner.kind === "binary" ? { ...inner, grouped: true } : inner;
    }
    const { line } = peek();
    if (peek().kind === "number") return { kind: "number", line, text: next().text };
    const own = name();
    if (accept("[")) {
      const index = expression();
      expect("]");
      return { kind: "index", line, table: own, index };
    }
    let to: string | null = null;
    if (own === "bitcast") {
      expect("<");
      to = name();
      expect(">");
    }
    if (!accept("(")) return { kind: "name", line, name: own };
    return { kind: "call", line, name: own, to, operands: list(")", () => expression()) };
  }
}
