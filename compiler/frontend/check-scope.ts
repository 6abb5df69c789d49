/** The values that a definition's expressions can name. */
import type { Definition, Name } from "../../grammar/syntax.js";
import type { Finding } from "../diagnostics.js";
import type { Type } from "./check-expressions.js";

export interface Value {
  readonly kind: "input" | "hyperparameter" | "learned" | "axis" | "let" | "random";
  readonly name: Name;
  /** For a `let`: how many come before it. */
  readonly position: number;
  /** Of a `let`, known once its expression is checked. */
  type: Type;
  used: boolean;
}

export const describe: Readonly<Record<Value["kind"], string>> = {
  input: "an input",
  hyperparameter: "a hyperparameter",
  learned: "a learned parameter",
  axis: "an axis",
  let: "a 'let'",
  random: "a 'random'",
};

export interface Scope {
  readonly values: ReadonlyMap<string, Value>;
  /** The axis parameter, if there is exactly one. */
  readonly axis: Value | null;
}

/** Declares everything in the order of the text; what takes a name that is taken is reported, and the first keeps it. */
export function declare(definition: Definition, report: (finding: Finding) => void): Scope {
  const values = new Map<string, Value>();
  let lets = 0;
  const add = (kind: Value["kind"], name: Name): void => {
    const earlier = values.get(name.text);
    if (earlier) {
      report({
        code: "duplicate-name",
        span: name.span,
        message: `'${name.text}' is ${describe[earlier.kind]} already`,
        expected: "another name",
      });
      return;
    }
    values.set(name.text, { kind, name, position: kind === "let" ? lets++ : 0, type: "number", used: false });
  };
  for (const input of definition.inputs) add("input", input);
  for (const parameter of definition.parameters) add(parameter.kind, parameter.name);
  for (const clause of definition.clauses) {
    if (clause.kind === "let" || clause.kind === "random") add(clause.kind, clause.name);
  }
  const axes = definition.parameters.filter(({ kind }) => kind === "axis");
  for (const extra of axes.slice(1)) {
    report({
      code: "second-axis",
      span: extra.span,
      message: `'${extra.name.text}' is a second axis: a definition reduces over one`,
      hint: "split it into two definitions",
    });
  }
  return { values, axis: values.get(axes[0]?.name.text ?? "") ?? null };
}
