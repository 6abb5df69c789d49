/** What the grammar's rules build: nodes of the syntax tree, from tokens and finished nodes. */
import type { Span } from "../compiler/source.js";
import { spanOf, type Token } from "./lexer.js";
import type {
  AxisReference,
  BinaryOperator,
  Bound,
  Clause,
  ComparisonOperator,
  Definition,
  Expression,
  Name,
  Parameter,
  Range,
} from "./syntax.js";

/** A list in the making. Parsers share beginnings of lists, so these never change; flattened once, by {@link items}. */
export interface List<T> {
  readonly before: List<T> | null;
  readonly last: T;
}

export const append = <T>(before: List<T> | null, last: T): List<T> => ({ before, last });

export function items<T>(list: List<T> | null): T[] {
  const reversed: T[] = [];
  for (let rest = list; rest; rest = rest.before) reversed.push(rest.last);
  return reversed.reverse();
}

interface Spanned {
  readonly span: Span;
}

const from = (first: Token, last: Spanned): Span => ({ start: first.start, end: last.span.end });

export const name = (token: Token): Name => ({ text: token.value, span: spanOf(token) });

export const number = (token: Token): Expression => ({ kind: "number", text: token.value, span: spanOf(token) });

export const reference = (token: Token): Expression => ({ kind: "name", name: token.value, span: spanOf(token) });

/** Parentheses leave no node behind, but what they enclose now spans them. */
export const parenthesised = (open: Token, inner: Expression, close: Token): Expression => ({
  ...inner,
  span: { start: open.start, end: close.end },
});

const between = (left: Expression, right: Expression): Span => ({ start: left.span.start, end: right.span.end });

export const binary = (operator: BinaryOperator, left: Expression, right: Expression): Expression => ({
  kind: "binary",
  operator,
  left,
  right,
  span: between(left, right),
});

export const logical = (kind: "and" | "or", left: Expression, right: Expression): Expression => ({
  kind,
  left,
  right,
  span: between(left, right),
});

export const prefix = (kind: "negate" | "not", sign: Token, operand: Expression): Expression => ({
  kind,
  operand,
  span: from(sign, operand),
});

export interface Comparison {
  readonly operators: List<ComparisonOperator>;
  readonly operands: List<Expression>;
}

export const compare = (left: Expression, operator: ComparisonOperator, right: Expression): Comparison => ({
  operators: append(null, operator),
  operands: append(append(null, left), right),
});

export const compareFurther = (chain: Comparison, operator: ComparisonOperator, right: Expression): Comparison => ({
  operators: append(chain.operators, operator),
  operands: append(chain.operands, right),
});

export function comparison(chain: Comparison): Expression {
  const operands = items(chain.operands);
  const start = operands[0]?.span.start ?? 0;
  const span = { start, end: chain.operands.last.span.end };
  return { kind: "comparison", operators: items(chain.operators), operands, span };
}

export type Argument =
  | { readonly kind: "positional"; readonly value: Expression }
  | { readonly kind: "named"; readonly name: Name; readonly value: Expression };

export function call(callee: Token, axis: AxisReference | null, list: List<Argument> | null, close: Token): Expression {
  const positional: Expression[] = [];
  const named: { readonly name: Name; readonly value: Expression }[] = [];
  for (const argument of items(list)) {
    if (argument.kind === "positional") positional.push(argument.value);
    else named.push({ name: argument.name, value: argument.value });
  }
  return {
    kind: "call",
    callee: name(callee),
    axis,
    positional,
    named,
    span: { start: callee.start, end: close.end },
  };
}

export interface Integer extends Spanned {
  readonly value: number;
}

/** `Number.isInteger` of the value is for the checker to ask. */
export const integer = (sign: Token | null, digits: Token): Integer => ({
  value: sign ? -Number(digits.value) : Number(digits.value),
  span: { start: (sign ?? digits).start, end: digits.end },
});

export const axisName = (token: Token): AxisReference => ({ kind: "name", name: token.value, span: spanOf(token) });

export const axisNumber = ({ value, span }: Integer): AxisReference => ({ kind: "integer", value, span });

export function range(word: Token, open: Token, low: Expression, high: Expression, close: Token): Range {
  const bound = (value: Expression, closed: boolean): Bound => ({ value, closed });
  return {
    low: bound(low, open.value === "["),
    high: bound(high, close.value === "]"),
    span: { start: word.start, end: close.end },
  };
}

export const hyperparameter = (own: Token, value: Expression, within: Range | null): Parameter => ({
  kind: "hyperparameter",
  name: name(own),
  default: value,
  range: within,
  span: from(own, within ?? value),
});

export const learned = (
  word: Token,
  own: Token,
  along: Name | null,
  value: Expression,
  within: Range | null,
): Parameter => ({
  kind: "learned",
  name: name(own),
  along,
  default: value,
  range: within,
  span: from(word, within ?? value),
});

export const axis = (word: Token, own: Token, value: Integer): Parameter => ({
  kind: "axis",
  name: name(own),
  default: value.value,
  span: from(word, value),
});

export const letOrGrad = (kind: "let" | "grad", keyword: Token, own: Token, value: Expression): Clause => ({
  kind,
  name: name(own),
  value,
  span: from(keyword, value),
});

export const random = (
  keyword: Token,
  own: Token,
  distribution: Token,
  list: List<Expression> | null,
  evaluation: Expression,
): Clause => ({
  kind: "random",
  name: name(own),
  distribution: name(distribution),
  arguments: items(list),
  evaluation,
  span: from(keyword, evaluation),
});

export const className = (keyword: Token, own: Token): Clause => ({
  kind: "class",
  name: name(own),
  span: { start: keyword.start, end: own.end },
});

export const split = (keyword: Token, value: Integer): Clause => ({
  kind: "split",
  axis: value.value,
  span: from(keyword, value),
});

/** A definition whose lists are not flattened yet: the parser makes one at every place where the text could end. */
export interface Draft {
  readonly name: Token;
  readonly inputs: List<Name> | null;
  readonly parameters: List<Parameter> | null;
  readonly body: Expression;
  readonly clauses: List<Clause> | null;
}

export const draft = (
  own: Token,
  inputs: List<Name> | null,
  parameters: List<Parameter> | null,
  body: Expression,
  clauses: List<Clause> | null,
): Draft => ({ name: own, inputs, parameters, body, clauses });

export const definition = (finished: Draft): Definition => ({
  name: name(finished.name),
  inputs: items(finished.inputs),
  parameters: items(finished.parameters),
  body: finished.body,
  clauses: items(finished.clauses),
  documentation: [],
  span: from(finished.name, finished.clauses?.last ?? finished.body),
});
