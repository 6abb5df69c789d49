/**
 * The syntax tree of one definition, as the grammar builds it: what was written, nothing resolved.
 * Every node carries the span of its text in the source.
 */
import type { Span } from "../compiler/source.js";

/** The words that begin a clause. */
export const clauseKeywords = ["let", "grad", "random", "class", "split"] as const;

/** Words that no definition, input, parameter, `let` or `random` may take for a name. */
export const reservedWords = ["and", "or", "not", "pi", "inf", ...clauseKeywords] as const;

export interface Name {
  readonly text: string;
  readonly span: Span;
}

export type BinaryOperator = "+" | "-" | "*" | "/" | "^";
export type ComparisonOperator = "<" | "<=" | ">" | ">=" | "==" | "!=";

export type Expression =
  /** A literal such as `1.5e-3`; `text` is as written and exact. */
  | { readonly kind: "number"; readonly text: string; readonly span: Span }
  /** A value: input, parameter, let, random, or one of the constants `pi`, `inf`. */
  | { readonly kind: "name"; readonly name: string; readonly span: Span }
  | { readonly kind: "negate"; readonly operand: Expression; readonly span: Span }
  | {
      readonly kind: "binary";
      readonly operator: BinaryOperator;
      readonly left: Expression;
      readonly right: Expression;
      readonly span: Span;
    }
  | {
      /** `operators.length === operands.length - 1`; more than one operator is a chain `a < x < b`. */
      readonly kind: "comparison";
      readonly operators: readonly ComparisonOperator[];
      readonly operands: readonly Expression[];
      readonly span: Span;
    }
  | { readonly kind: "and" | "or"; readonly left: Expression; readonly right: Expression; readonly span: Span }
  | { readonly kind: "not"; readonly operand: Expression; readonly span: Span }
  | {
      readonly kind: "call";
      readonly callee: Name;
      /** `sum[d](e)`: the axis in brackets. */
      readonly axis: AxisReference | null;
      readonly positional: readonly Expression[];
      readonly named: readonly { readonly name: Name; readonly value: Expression }[];
      readonly span: Span;
    };

/** The axis in brackets: a name, or an integer such as `-1`. */
export type AxisReference =
  | { readonly kind: "name"; readonly name: string; readonly span: Span }
  | { readonly kind: "integer"; readonly value: number; readonly span: Span };

export interface Bound {
  readonly value: Expression;
  readonly closed: boolean;
}

export interface Range {
  readonly low: Bound;
  readonly high: Bound;
  readonly span: Span;
}

export type Parameter =
  | {
      readonly kind: "hyperparameter";
      readonly name: Name;
      readonly default: Expression;
      readonly range: Range | null;
      readonly span: Span;
    }
  | {
      readonly kind: "learned";
      readonly name: Name;
      /** `null`: one number; `channel`: the word; any other name: an axis parameter. */
      readonly along: Name | null;
      readonly default: Expression;
      readonly range: Range | null;
      readonly span: Span;
    }
  | { readonly kind: "axis"; readonly name: Name; readonly default: number; readonly span: Span };

export type Clause =
  | { readonly kind: "let"; readonly name: Name; readonly value: Expression; readonly span: Span }
  | { readonly kind: "grad"; readonly name: Name; readonly value: Expression; readonly span: Span }
  | {
      readonly kind: "random";
      readonly name: Name;
      readonly distribution: Name;
      readonly arguments: readonly Expression[];
      readonly evaluation: Expression;
      readonly span: Span;
    }
  | { readonly kind: "class"; readonly name: Name; readonly span: Span }
  | { readonly kind: "split"; readonly axis: number; readonly span: Span };

export interface Definition {
  readonly name: Name;
  readonly inputs: readonly Name[];
  readonly parameters: readonly Parameter[];
  readonly body: Expression;
  readonly clauses: readonly Clause[];
  /** The text of the `##` lines right above, one line each, without the signs and one leading space. */
  readonly documentation: readonly string[];
  readonly span: Span;
}
