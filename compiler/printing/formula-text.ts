import type { Expr } from "../ir/expr.js";
import { language } from "./language.js";
import { printExpression } from "./print.js";

/** An expression in the definition language. */
export function printFormula(root: Expr): string {
  return printExpression(root, {
    dialect: language,
    nameOf: (node) => (node.kind === "variable" ? node.name : undefined),
    library: (name) => name,
  });
}
