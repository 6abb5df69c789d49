/**
 * Statements of kernels that are too long for their line, broken as prettier would break them: their text is read into code, of
 * the few shapes that kernels have, and laid out by the printer of the machine language. What has another shape is left to prettier.
 */
import { atom, binary, type Code, printerOf, unary } from "../machine/code.js";

/** The text of a statement, or undefined where it is of no shape that is known here. */
export function layOutStatement(statement: string, width: number): string | undefined {
  const printer = printerFor(width);
  const leaving = /^if \((.*)\) (break;|continue;|return;)$/.exec(statement);
  if (leaving) {
    const condition = readExpression(leaving[1] ?? "");
    return condition && printer.conditional(condition, leaving[2] ?? "");
  }
  if (!statement.endsWith(";")) return undefined;
  const arrow = arrowFunction.exec(statement)?.[0];
  if (arrow !== undefined) {
    const value = readExpression(statement.slice(arrow.length, -1));
    return value && value.kind !== "conditional" && arrow.length <= width
      ? printer.arrow(arrow.trimEnd(), value)
      : undefined;
  }
  const head = assignment.exec(statement)?.[0] ?? "";
  const value = readExpression(statement.slice(head.length, -1));
  // Without a head it is a call.
  return value && (head !== "" || value.kind === "call") ? printer.simple(head.trimEnd(), value) : undefined;
}

const printers = new Map<number, ReturnType<typeof printerOf>>();

function printerFor(width: number): ReturnType<typeof printerOf> {
  const known = printers.get(width) ?? printerOf({ width, trailingComma: ",", strict: false });
  printers.set(width, known);
  return known;
}

/** What stands before a value. */
const assignment = /^(?:(?:const|let) \w+|\w+(?:\[\w+\]!?)?) [-+*]?= /;

const arrowFunction = /^const \w+ = \((?:\w+: number(?:, )?)*\): number => /;

/** A number, a name (with members), or a symbol. */
const token =
  / *(\d[\w.]*(?:(?<=e)[-+]\d+)?|[A-Za-z_$][\w$]*(?:\.[A-Za-z_]\w*)*|===|!==|&&|\|\||<=|>=|[-+*/%<>?:!(),[\]])/y;

/** Binary operators by how tightly they bind. */
const levels: readonly (readonly string[])[] = [
  ["||"],
  ["&&"],
  ["===", "!=="],
  ["<", "<=", ">", ">="],
  ["+", "-"],
  ["*", "/", "%"],
];

/** Thrown where a text is not of the shape that is read here. */
class Unknown {}

function readExpression(text: string): Code | undefined {
  const tokens = tokensOf(text);
  if (!tokens) return undefined;
  let place = 0;
  try {
    const code = conditional();
    return place === tokens.length ? code : undefined;
  } catch (error) {
    if (error instanceof Unknown) return undefined;
    throw error;
  }

  function accept(symbol: string): boolean {
    if (tokens?.[place] !== symbol) return false;
    place += 1;
    return true;
  }

  function expect(symbol: string): void {
    if (!accept(symbol)) throw new Unknown();
  }

  function conditional(): Code {
    const condition = chain(0);
    if (!accept("?")) return condition;
    const yes = conditional();
    expect(":");
    return { kind: "conditional", condition, yes, no: conditional() };
  }

  function chain(level: number): Code {
    const operators = levels[level];
    if (!operators) return operand();
    let left = chain(level + 1);
    for (let symbol = tokens?.[place]; symbol !== undefined && operators.includes(symbol); symbol = tokens?.[place]) {
      place += 1;
      left = binary(symbol, left, chain(level + 1));
    }
    return left;
  }

  function operand(): Code {
    if (accept("-")) return unary("-", operand());
    if (accept("!")) return unary("!", operand());
    if (accept("(")) {
      const inner = conditional();
      expect(")");
      return inner;
    }
    const name = tokens?.[place++];
    if (name === undefined || !/^[\w$]/.test(name)) throw new Unknown();
    if (accept("(")) return { kind: "call", callee: name, operands: list() };
    if (!accept("[")) return atom(name);
    const index = conditional();
    expect("]");
    return { kind: "index", table: name, index, asserted: accept("!") };
  }

  /** Operands up to the closing parenthesis. */
  function list(): Code[] {
    if (accept(")")) return [];
    const found = [conditional()];
    while (accept(",")) found.push(conditional());
    expect(")");
    return found;
  }
}

function tokensOf(text: string): string[] | undefined {
  const tokens: string[] = [];
  token.lastIndex = 0;
  while (token.lastIndex < text.length) {
    const found = token.exec(text)?.[1];
    if (found === undefined) return undefined;
    tokens.push(found);
  }
  return tokens;
}
