/**
 * Expressions as nested calls of a library's functions, in the machine language: arithmetic on numbers that are structs, as
 * wide numbers and pairs are, has no operators.
 */
import { type Application, type Expr, reachable } from "../ir/expr.js";
import type { Rational } from "../ir/rational.js";
import { call, type Dialect, Precedence, type Spelling } from "../printing/dialect.js";
import { printExpression } from "../printing/print.js";
import type { PrimitiveName } from "../primitives/table.js";
import { schedule } from "./schedule.js";

export interface CallArithmetic {
  /** Begins the names of the library's functions. */
  readonly prefix: string;
  readonly constant: (value: Rational) => string;
  /** How comparisons and other primitives are written that are no calls of their own name. */
  readonly spellings: Readonly<Partial<Record<PrimitiveName, Spelling>>>;
}

const logic =
  (symbol: string, precedence: number): Spelling =>
  ([a, b], print) => ({
    text: `(${print(a!, Precedence.selection)}) ${symbol} (${print(b!, Precedence.selection)})`,
    precedence,
  });

/** Conditions, whatever the numbers are. */
export const logicSpellings: CallArithmetic["spellings"] = {
  and: logic("&&", Precedence.and),
  or: logic("||", Precedence.or),
  not: ([a], print) => ({ text: `!(${print(a!, Precedence.selection)})`, precedence: Precedence.unary }),
};

export interface CallForm {
  readonly statements: readonly string[];
  /** The text of each root. */
  readonly results: readonly string[];
  /** The text of a node that has a name. */
  readonly nameOf: (node: Expr) => string | undefined;
}

function numbered(): () => string {
  let count = 0;
  return () => `t${count++}`;
}

/**
 * @param named nodes that get a name in any case
 * @param claim hands out the names
 */
export function callForm(
  roots: readonly Expr[],
  variables: ReadonlyMap<Expr, string>,
  { prefix, constant, spellings }: CallArithmetic,
  named: ReadonlySet<Expr> = new Set(),
  claim: (node: Application) => string = numbered(),
): CallForm {
  const dialect: Dialect = {
    literal: () => {
      throw new Error("constants of such expressions have texts of their own");
    },
    spellings: new Proxy({} as Dialect["spellings"], {
      get: (_, name: PrimitiveName) => spellings[name] ?? logicSpellings[name] ?? call(`${prefix}${name}`),
    }),
  };
  const names = new Map(variables);
  for (const node of reachable(roots)) if (node.kind === "constant") names.set(node, constant(node.value));
  const print = (node: Expr, itself = false): string =>
    printExpression(node, { dialect, nameOf: (inner) => names.get(inner), library: (each) => each }, itself);
  const statements: string[] = [];
  const { bound } = schedule(roots, { hoisted: (node) => node.primitive === "where" || named.has(node) });
  const results = roots.filter((root) => root.kind === "application" && root.primitive === "where");
  for (const node of new Set([...bound, ...results])) {
    if (node.kind !== "application" || names.has(node)) continue;
    const name = claim(node);
    if (node.primitive === "where") {
      // A struct cannot be selected by an expression.
      const [condition, a, b] = node.operands;
      statements.push(`var ${name} = ${print(b!)};`, `if (${print(condition!)}) {`, `${name} = ${print(a!)};`, "}");
    } else statements.push(`let ${name} = ${print(node, true)};`);
    names.set(node, name);
  }
  return { statements, results: roots.map((root) => print(root)), nameOf: (node) => names.get(node) };
}
