/** The checked syntax tree of the machine language: every expression has its type, every name its meaning. */

/**
 * `nat` is a natural number below 2^N, `int` an integer for exponents, both as large as the target has them: an `int` is an
 * i32 in WGSL and has no bounds in TypeScript.
 */
export type Scalar = "bool" | "i32" | "u32" | "int" | "f16" | "f32" | "f64" | "nat";

export type Float = "f16" | "f32" | "f64";

/** Structs are compared by identity: a library declares each of them once. */
export type Type = Scalar | Struct;

export interface Field {
  readonly name: string;
  readonly type: Type;
  readonly comments: readonly string[];
}

export interface Struct {
  readonly kind: "struct";
  readonly name: string;
  readonly comments: readonly string[];
  readonly fields: readonly Field[];
}

/** A constant, or a table of them. */
export interface Constant {
  readonly kind: "constant";
  readonly name: string;
  readonly comments: readonly string[];
  /** Of the constant, or of the elements of the table. */
  readonly type: Type;
  /** Literals, negated literals and structs of them. */
  readonly value: Expr | readonly Expr[];
}

export interface Parameter {
  readonly name: string;
  readonly type: Type;
}

export interface Function {
  readonly kind: "function";
  readonly name: string;
  readonly comments: readonly string[];
  /** The text of `@error("...")`: the largest error that was measured, and where. */
  readonly error: string | undefined;
  readonly parameters: readonly Parameter[];
  readonly result: Type;
  readonly body: readonly Statement[];
}

export type Declaration = Struct | Constant | Function;

/** What stands before a statement. */
export interface Leading {
  readonly comments: readonly string[];
  /** Whether a blank line sets it apart. */
  readonly blank: boolean;
}

export interface Assignment {
  readonly kind: "assign";
  readonly leading: Leading;
  readonly name: string;
  readonly value: Expr;
}

export interface Binding {
  readonly kind: "let" | "var";
  readonly leading: Leading;
  readonly name: string;
  readonly type: Type;
  readonly value: Expr;
}

export type Statement =
  | Binding
  | Assignment
  /** An array whose elements can be assigned to; `type` is that of the elements. */
  | {
      readonly kind: "array";
      readonly leading: Leading;
      readonly name: string;
      readonly type: Type;
      readonly elements: readonly Expr[];
    }
  | {
      readonly kind: "store";
      readonly leading: Leading;
      readonly name: string;
      readonly index: Expr;
      readonly value: Expr;
    }
  | {
      readonly kind: "if";
      readonly leading: Leading;
      readonly condition: Expr;
      readonly yes: readonly Statement[];
      /** One `if` alone is an `else if`. */
      readonly no: readonly Statement[];
    }
  | { readonly kind: "while"; readonly leading: Leading; readonly condition: Expr; readonly body: readonly Statement[] }
  | {
      readonly kind: "for";
      readonly leading: Leading;
      readonly start: Binding;
      readonly condition: Expr;
      readonly step: Assignment;
      readonly body: readonly Statement[];
    }
  | { readonly kind: "break"; readonly leading: Leading }
  | { readonly kind: "return"; readonly leading: Leading; readonly value: Expr };

export type UnaryOperator = "-" | "!" | "~";

export type BinaryOperator =
  "+" | "-" | "*" | "/" | "%" | "&" | "|" | "^" | "<<" | ">>" | "==" | "!=" | "<" | "<=" | ">" | ">=" | "&&" | "||";

export type Intrinsic =
  | "select"
  | "abs"
  | "min"
  | "max"
  | "clamp"
  | "floor"
  | "ceil"
  | "round"
  | "trunc"
  | "sqrt"
  | "i32"
  | "u32"
  | "f16"
  | "f32"
  | "f64"
  | "nat"
  | "int"
  | "bitcast"
  | "power_of_two"
  | "infinity"
  | "nan"
  | "is_nan"
  | "high_word"
  | "low_word"
  | "from_words"
  | "leading_zeros"
  | "multiply_high"
  | "multiply_low"
  | "divide_high"
  | "divide_short"
  | "bit_length"
  | "low_u32"
  | "is_zero"
  | "nat_bits"
  | "int_bits";

export type Expr =
  /** `text` is the literal as it was written, without the suffix of its type. */
  | {
      readonly kind: "number";
      readonly type: "i32" | "u32" | "int" | Float;
      readonly value: number;
      readonly text: string;
    }
  | { readonly kind: "boolean"; readonly type: "bool"; readonly value: boolean }
  /** `12n`, `0xffn`; or with a point the leading bits of a fraction: `0x0.8n` is 2^(N - 1). */
  | { readonly kind: "natural"; readonly type: "nat"; readonly digits: bigint; readonly fractionBits: number | null }
  | { readonly kind: "local"; readonly type: Type; readonly name: string }
  | { readonly kind: "constant"; readonly type: Type; readonly constant: Constant }
  | { readonly kind: "element"; readonly type: Type; readonly table: Constant; readonly index: Expr }
  /** Of an array. */
  | { readonly kind: "item"; readonly type: Type; readonly name: string; readonly index: Expr }
  | { readonly kind: "unary"; readonly type: Type; readonly operator: UnaryOperator; readonly operand: Expr }
  | {
      readonly kind: "binary";
      readonly type: Type;
      readonly operator: BinaryOperator;
      readonly left: Expr;
      readonly right: Expr;
      /** Whether it stands in parentheses, which WGSL keeps for its readers. */
      readonly grouped: boolean;
    }
  | { readonly kind: "call"; readonly type: Type; readonly name: string; readonly operands: readonly Expr[] }
  | { readonly kind: "construct"; readonly type: Struct; readonly operands: readonly Expr[] }
  | { readonly kind: "field"; readonly type: Type; readonly operand: Expr; readonly name: string }
  /** A table of the values of a function at 0, 1, 2 ... */
  | { readonly kind: "tabulated"; readonly type: "f64"; readonly name: string; readonly length: number }
  | { readonly kind: "intrinsic"; readonly type: Type; readonly name: Intrinsic; readonly operands: readonly Expr[] };

/** The value of a natural literal where naturals have so many bits. */
export function naturalValue({ digits, fractionBits }: Expr & { kind: "natural" }, bits: number): bigint {
  if (fractionBits === null) return digits;
  return fractionBits > bits ? digits >> BigInt(fractionBits - bits) : digits << BigInt(bits - fractionBits);
}

export const typeName = (type: Type): string => (typeof type === "string" ? type : type.name);

/** The operands of an expression. */
export function operandsOf(expr: Expr): readonly Expr[] {
  switch (expr.kind) {
    case "number":
    case "boolean":
    case "natural":
    case "local":
    case "constant":
    case "tabulated":
      return [];
    case "element":
    case "item":
      return [expr.index];
    case "unary":
    case "field":
      return [expr.operand];
    case "binary":
      return [expr.left, expr.right];
    case "call":
    case "construct":
    case "intrinsic":
      return expr.operands;
  }
}

/** Every statement, those inside of others included, in the order of the text. */
export function statementsIn(body: readonly Statement[], found: Statement[] = []): readonly Statement[] {
  for (const statement of body) {
    found.push(statement);
    switch (statement.kind) {
      case "if":
        statementsIn(statement.yes, found);
        statementsIn(statement.no, found);
        break;
      case "for":
        found.push(statement.start);
        statementsIn(statement.body, found);
        found.push(statement.step);
        break;
      case "while":
        statementsIn(statement.body, found);
        break;
      case "let":
      case "var":
      case "assign":
      case "array":
      case "store":
      case "break":
      case "return":
        break;
    }
  }
  return found;
}

function valuesOf(statement: Statement): readonly Expr[] {
  switch (statement.kind) {
    case "let":
    case "var":
    case "assign":
    case "return":
      return [statement.value];
    case "array":
      return statement.elements;
    case "store":
      return [statement.index, statement.value];
    case "if":
    case "while":
    case "for":
      return [statement.condition];
    case "break":
      return [];
  }
}

/** Every expression of a declaration, in the order of the text. */
export function expressionsIn(declaration: Declaration): readonly Expr[] {
  const found: Expr[] = [];
  const add = (expr: Expr): void => {
    found.push(expr);
    operandsOf(expr).forEach(add);
  };
  if (declaration.kind === "constant") [declaration.value].flat().forEach(add);
  if (declaration.kind === "function") {
    for (const statement of statementsIn(declaration.body)) valuesOf(statement).forEach(add);
  }
  return found;
}
