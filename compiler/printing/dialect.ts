import type { Expr } from "../ir/expr.js";
import type { primitives, PrimitiveName } from "../primitives/table.js";

/** Precedence of operators, alike in TypeScript and WGSL; higher binds tighter. */
export const Precedence = {
  selection: 1,
  or: 2,
  and: 3,
  comparison: 4,
  sum: 5,
  product: 6,
  unary: 7,
  primary: 8,
} as const;

export interface Printed {
  readonly text: string;
  readonly precedence: number;
}

/** Prints an operand, in parentheses where it binds less tightly than asked for. */
export type PrintOperand = (operand: Expr, atLeast: number) => string;

export type Spelling = (operands: readonly Expr[], print: PrintOperand, library: (name: string) => string) => Printed;

/** A primitive that a dialect computes by other ones: a formula over the operands a, b, c, as in the table's rows. */
export interface Form {
  readonly form: string;
}

export const form = (text: string): Form => ({ form: text });

/** Primitives without an expansion: every dialect has to spell them, or calculus removes them before. */
type Removed =
  | "custom"
  | "stop_gradient"
  | "sum"
  | "mean"
  | "maximum"
  | "minimum"
  | "first_maximum"
  | "first_minimum"
  /** Where rows are computed alone. */
  | "excess";
type Core = {
  [Name in PrimitiveName]: (typeof primitives)[Name] extends { readonly expansion: string } ? never : Name;
}[PrimitiveName];
export type Spellings = Readonly<
  Record<Exclude<Core, Removed>, Spelling | Form> & Partial<Record<PrimitiveName, Spelling | Form>>
>;

/** The scalar syntax of a language. */
export interface Dialect {
  readonly spellings: Spellings;
  /** A binary64 as the language writes it, in the precision that kernels compute with. */
  readonly literal: (value: number) => string;
}

export const infix =
  (symbol: string, precedence: number, rightTighter = false): Spelling =>
  ([a, b], print) => ({
    text: `${print(a!, precedence)} ${symbol} ${print(b!, rightTighter ? precedence + 1 : precedence)}`,
    precedence,
  });

export const call =
  (name: string): Spelling =>
  (operands, print) => ({
    text: `${name}(${operands.map((operand) => print(operand, Precedence.selection)).join(", ")})`,
    precedence: Precedence.primary,
  });

/** A call of a function of the dialect's mathematics library, which the file then carries. */
export const libraryCall =
  (name: string): Spelling =>
  (operands, print, library) =>
    call(library(name))(operands, print, library);
