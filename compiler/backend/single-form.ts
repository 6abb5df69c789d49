/** Results in single numbers as statements and texts, what is used more than once by a name. */
import type { Application, Expr } from "../ir/expr.js";
import type { Dialect } from "../printing/dialect.js";
import { printExpression } from "../printing/print.js";
import { repeating } from "./dialects/wgsl.js";
import { schedule } from "./schedule.js";

export interface SingleOptions {
  readonly dialect: Dialect;
  readonly variables: ReadonlyMap<Expr, string>;
  readonly claim: (node: Application) => string;
}

export function singleForm(
  roots: readonly Expr[],
  { dialect, variables, claim }: SingleOptions,
): { readonly statements: readonly string[]; readonly textOf: (node: Expr) => string } {
  const names = new Map(variables);
  const print = (node: Expr, itself = false): string =>
    printExpression(node, { dialect, nameOf: (inner) => names.get(inner), library: (each) => each }, itself);
  const { bound } = schedule(roots, { repeating });
  const statements = bound.map((node) => {
    const text = print(node, true);
    const name = claim(node);
    names.set(node, name);
    return `let ${name} = ${text};`;
  });
  return { statements, textOf: print };
}
