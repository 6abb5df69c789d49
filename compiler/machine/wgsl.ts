/** Declarations of the machine language as WGSL. */
import { atom, binary, call, type Code, type CodeStatement, printerOf, unary } from "./code.js";
import { isIncrement, wgslIntBits, withLeading } from "./javascript.js";
import { usedBy } from "./library.js";
import { localNames, type Rename, wgslField } from "./naming.js";
import { partsClosure, partText } from "./parts.js";
import {
  type Constant,
  type Declaration,
  type Expr,
  type Function,
  naturalValue,
  type Statement,
  type Struct,
  type Type,
} from "./syntax.js";
import { vectorParts } from "./wgsl-parts.js";
import { type NaturalSpelling, spellingOfNaturals, wgslNatBits } from "./wgsl-naturals.js";

const printer = printerOf({ width: 120, trailingComma: "", strict: true });

/** A declaration or a function behind an intrinsic, as text with names spelled. */
export interface WgslPiece {
  readonly name: string;
  readonly text: string;
}

/**
 * The declarations in the given order, and before each the functions behind its intrinsics.
 * @param natBits of naturals: 128, or 384
 */
export function wgslPieces(
  declarations: readonly Declaration[],
  rename: Rename = (name) => name,
  natBits: number = wgslNatBits,
): WgslPiece[] {
  const naturals = spellingOfNaturals(natBits);
  const kinds = new Map(declarations.map(({ name, kind }) => [name, kind]));
  const declared = (name: string): string => rename(name, kinds.get(name) ?? "function");
  const done = new Set<string>();
  return declarations.flatMap((each): WgslPiece[] => {
    const parts = new Set<string>();
    const part = (name: string): string => {
      parts.add(name);
      return declared(name);
    };
    const text = declarationText(each, { declared, part, naturals });
    const before = partsClosure(parts, naturals.parts).filter((name) => !done.has(name));
    before.forEach((name) => done.add(name));
    const pieces = before.map((name) => ({ name, text: partText(name, naturals.parts, declared) }));
    return [...pieces, { name: each.name, text }];
  });
}

/** The functions behind an intrinsic (is_nan, infinity ...), for code that is not printed from the language. */
export const intrinsicPieces = (name: string, rename: Rename): WgslPiece[] =>
  partsClosure([name], vectorParts).map((part) => ({
    name: part,
    text: partText(part, vectorParts, (each) => rename(each, "function")),
  }));

export const printWgsl = (declarations: readonly Declaration[], rename?: Rename, natBits?: number): string =>
  wgslPieces(declarations, rename, natBits)
    .map(({ text }) => text)
    .join("\n\n");

/** How a declaration is spelled. */
interface Spelling {
  readonly declared: (name: string) => string;
  /** The name of a function behind an intrinsic, which is from then on used. */
  readonly part: (name: string) => string;
  readonly naturals: NaturalSpelling;
}

function declarationText(each: Declaration, spelling: Spelling): string {
  switch (each.kind) {
    case "struct":
      return structText(each, spelling);
    case "constant":
      return constantText(each, spelling);
    case "function":
      return functionText(each, spelling);
  }
}

function wgslType(type: Type, { declared, part, naturals }: Spelling): string {
  if (type === "nat") return naturals.type(part);
  if (type === "int") return "i32";
  if (type === "f64") throw new Error("WGSL has no f64");
  return typeof type === "string" ? type : declared(type.name);
}

const commentText = (comments: readonly string[], margin = ""): string =>
  comments.map((line) => `${margin}// ${line}`.trimEnd() + "\n").join("");

function structText({ name, comments, fields }: Struct, spelling: Spelling): string {
  const lines = fields.map(
    (field) => `${commentText(field.comments, "  ")}  ${wgslField(field.name)}: ${wgslType(field.type, spelling)},`,
  );
  return `${commentText(comments)}struct ${spelling.declared(name)} {\n${lines.join("\n")}\n}`;
}

/** A table is a variable: not every compiler lets the elements of a constant be picked at run time. */
function constantText({ name, comments, type, value }: Constant, spelling: Spelling): string {
  const { value: translated } = translator(spelling, (each) => each);
  const { declared } = spelling;
  const spelled = wgslType(type, spelling);
  if ("kind" in value) {
    const text = printer.statements([
      { kind: "declare", keyword: "const", name: `${declared(name)}: ${spelled}`, value: translated(value) },
    ]);
    return commentText(comments) + text;
  }
  const table: Code = {
    kind: "array",
    constructed: `array<${spelled}, ${value.length}>`,
    elements: value.map(translated),
  };
  const text = printer.statements([{ kind: "declare", keyword: "var<private>", name: declared(name), value: table }]);
  return commentText(comments) + text;
}

function functionText(fn: Function, spelling: Spelling): string {
  const { declared } = spelling;
  const names = localNames(fn, "wgsl", new Set(usedBy(fn).map(declared)));
  const local = (name: string): string => names.get(name) ?? name;
  const parameters = fn.parameters.map(({ name, type }) => `${local(name)}: ${wgslType(type, spelling)}`);
  const { statements } = translator(spelling, local);
  const text = printer.fn(
    `fn ${declared(fn.name)}`,
    parameters,
    ` -> ${wgslType(fn.result, spelling)}`,
    statements(fn.body),
  );
  return commentText(fn.comments) + text;
}

function translator(spelling: Spelling, local: (name: string) => string) {
  const { declared, naturals } = spelling;
  const part = (name: string, ...operands: readonly Code[]): Code => call(spelling.part(name), ...operands);

  function value(expr: Expr): Code {
    if (expr.type === "f64") throw new Error("WGSL has no f64");
    switch (expr.kind) {
      case "number":
        return atom(expr.text + (expr.type === "u32" ? "u" : expr.type === "f16" ? "h" : ""));
      case "boolean":
        return atom(String(expr.value));
      case "natural":
        return naturals.literal(naturalValue(expr, naturals.bits), spelling.part);
      case "local":
        return atom(local(expr.name));
      case "constant":
        return atom(declared(expr.constant.name));
      case "element":
        return { kind: "index", table: declared(expr.table.name), index: value(expr.index), asserted: false };
      case "item":
        return { kind: "index", table: local(expr.name), index: value(expr.index), asserted: false };
      case "unary":
        return unary(expr.operator, value(expr.operand));
      case "binary":
        return operation(expr);
      case "call":
        return call(declared(expr.name), ...expr.operands.map(value));
      case "construct":
        return call(declared(expr.type.name), ...expr.operands.map(value));
      case "field":
        return { kind: "member", operand: value(expr.operand), name: wgslField(expr.name) };
      case "intrinsic":
        return intrinsic(expr);
    }
  }

  function operation({ operator, left, right, grouped }: Expr & { kind: "binary" }): Code {
    if (left.type === "nat") return natural(operator, value(left), value(right));
    // Both are computed: a branch for every condition would cost more, and compilers are slow with many.
    if (operator === "&&") return binary("&", value(left), value(right), grouped);
    if (operator === "||") return binary("|", value(left), value(right), grouped);
    if (operator !== "<<" && operator !== ">>") return binary(operator, value(left), value(right), grouped);
    return binary(operator, value(left), amount(right), grouped);
  }

  /** Shifts are by u32. */
  function amount(expr: Expr): Code {
    if (expr.type === "u32") return value(expr);
    const amountCode = value(expr);
    const isKnown = expr.kind === "number" || (expr.kind === "intrinsic" && expr.name === "int_bits");
    return isKnown && amountCode.kind === "atom" ? atom(`${amountCode.text}u`) : call("u32", amountCode);
  }

  function natural(operator: string, a: Code, b: Code): Code {
    switch (operator) {
      case "+":
        return part("nat_add", a, b);
      case "-":
        return part("nat_subtract", a, b);
      case "*":
        return part("nat_multiply", a, b);
      case "<<":
        return part("nat_shift_left", a, b);
      case ">>":
        return part("nat_shift_right", a, b);
      case "<":
        return part("nat_less", a, b);
      case ">":
        return part("nat_less", b, a);
      case "<=":
        return unary("!", part("nat_less", b, a));
      case ">=":
        return unary("!", part("nat_less", a, b));
      case "==":
        return naturals.equal(a, b, spelling.part);
      case "!=":
        return naturals.notEqual(a, b, spelling.part);
      default:
        throw new Error(`${operator} of naturals`);
    }
  }

  function intrinsic({ name, operands, type }: Expr & { kind: "intrinsic" }): Code {
    const codes = operands.map(value);
    const [first = atom("0")] = codes;
    switch (name) {
      case "select": {
        if (type !== "nat") return call(name, ...codes);
        const [, yes = first, condition = first] = codes;
        return naturals.select(first, yes, condition, spelling.part);
      }
      case "abs":
      case "min":
      case "max":
      case "clamp":
      case "floor":
      case "ceil":
      case "trunc":
      case "sqrt":
      case "i32":
      case "u32":
      case "f16":
      case "f32":
        return call(name, ...codes);
      case "int":
        if (operands[0]?.type === "nat") return call("i32", part("nat_low_word", first));
        return operands[0]?.type === "i32" ? first : call("i32", first);
      case "round":
        return part("round_even", ...codes);
      case "nat":
        return naturals.ofWord(operands[0]?.type === "int" ? call("u32", first) : first, spelling.part);
      case "bitcast":
        return call(`bitcast<${wgslType(type, spelling)}>`, first);
      case "is_nan":
        return part(name, operands[0]?.type === "f16" ? call("f32", first) : first);
      case "power_of_two":
      case "infinity":
      case "nan":
        return part(name, ...codes);
      case "leading_zeros":
        return call("countLeadingZeros", first);
      case "multiply_high":
        return part(type === "nat" ? "nat_multiply_high" : "multiply_high", ...codes);
      case "multiply_low":
        return part("nat_multiply", ...codes);
      case "divide_high":
      case "divide_short":
        return part(`nat_${name}`, ...codes);
      case "bit_length":
        if (operands[0]?.type === "int") {
          return binary("-", atom("32"), call("i32", call("countLeadingZeros", call("u32", first))));
        }
        return part("nat_bit_length", first);
      case "low_u32":
        return part("nat_low_word", first);
      case "is_zero":
        return naturals.isZero(first, spelling.part);
      case "nat_bits":
        return atom(String(naturals.bits));
      case "int_bits":
        return atom(String(wgslIntBits));
      case "f64":
      case "high_word":
      case "low_word":
      case "from_words":
        throw new Error("WGSL has no f64");
    }
  }

  function statement(each: Statement): CodeStatement {
    switch (each.kind) {
      case "let":
      case "var":
        return { kind: "declare", keyword: each.kind, name: local(each.name), value: value(each.value) };
      case "assign":
        return { kind: "assign", target: local(each.name), value: value(each.value) };
      case "array":
        return {
          kind: "declare",
          keyword: "var",
          name: local(each.name),
          value: {
            kind: "array",
            constructed: `array<${wgslType(each.type, spelling)}, ${each.elements.length}>`,
            elements: each.elements.map(value),
          },
        };
      case "store":
        return { kind: "store", array: local(each.name), index: value(each.index), value: value(each.value) };
      case "if":
        return { kind: "if", condition: value(each.condition), yes: statements(each.yes), no: statements(each.no) };
      case "while":
        return { kind: "while", condition: value(each.condition), body: statements(each.body) };
      case "for":
        return {
          kind: "for",
          start: statement(each.start),
          condition: value(each.condition),
          step: isIncrement(each.step) ? { kind: "increment", name: local(each.step.name) } : statement(each.step),
          body: statements(each.body),
        };
      case "break":
        return { kind: "break" };
      case "return":
        return { kind: "return", value: value(each.value) };
    }
  }

  const statements = (body: readonly Statement[]): CodeStatement[] => withLeading(body, statement);

  return { value, statements };
}
