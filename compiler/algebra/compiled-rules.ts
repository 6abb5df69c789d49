import { type Expr } from "../ir/expr.js";
import { formula, instantiate } from "../primitives/formula.js";
import { type PrimitiveName } from "../primitives/table.js";
import { type Bindings, type Pattern, patternOf } from "./pattern.js";
import { functionRules, productRules, type Requirement, type Rule, sumRules } from "./rules.js";

export type RuleHead = "sum" | "product" | PrimitiveName;

export interface CompiledRule {
  readonly rule: Rule;
  readonly pattern: Pattern;
  /** Functions that must stand among the terms or factors for the rule to have a chance; `null` is a sum. */
  readonly heads: readonly (PrimitiveName | null)[];
  readonly requires: Readonly<Record<string, Requirement>>;
  readonly replace: (bindings: Bindings, make: (primitive: PrimitiveName, operands: readonly Expr[]) => Expr) => Expr;
}

let table: Map<RuleHead, CompiledRule[]> | undefined;

/** The rules by what they apply to; their texts are parsed at the first call. */
export function compiledRules(): ReadonlyMap<RuleHead, readonly CompiledRule[]> {
  if (!table) {
    table = new Map();
    for (const rule of sumRules) add("sum", rule);
    for (const rule of productRules) add("product", rule);
    for (const rule of functionRules) {
      const pattern = patternOf(formula(rule.from));
      if (pattern.kind !== "apply") throw new Error(`not a function: ${rule.from}`);
      add(pattern.primitive, rule);
    }
  }
  return table;
}

function add(head: RuleHead, rule: Rule): void {
  const list = table?.get(head) ?? [];
  const pattern = patternOf(formula(rule.from));
  list.push({
    rule,
    pattern,
    heads: headsOf(pattern),
    requires: rule.requires ?? {},
    replace: (bindings, make) => instantiate(rule.to, bindings, make),
  });
  table?.set(head, list);
}

function headsOf(pattern: Pattern): (PrimitiveName | null)[] {
  const parts =
    pattern.kind === "sum"
      ? pattern.terms.flatMap(({ base }) =>
          base === null ? [] : base.kind === "product" ? base.factors.map((factor) => factor.base) : [base],
        )
      : pattern.kind === "product"
        ? pattern.factors.map(({ base }) => base)
        : [];
  return parts.flatMap((part) => (part.kind === "apply" ? [part.primitive] : part.kind === "sum" ? [null] : []));
}
