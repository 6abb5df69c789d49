import type { Bounds, Expr, Variable } from "./expr.js";
import type { Randomness } from "./random.js";

/** A definition, checked and elaborated: what calculus and the backends work on. */
export interface Activation {
  readonly name: string;
  /** Name of the source's file. */
  readonly file: string;
  /** The `##` lines. */
  readonly documentation: readonly string[];
  /** The definition as it is printed in comments: signature and body, then the clauses that give meaning. */
  readonly formula: readonly string[];
  readonly className: string | null;
  readonly inputs: readonly Variable[];
  readonly hyperparameters: readonly Hyperparameter[];
  readonly learned: readonly LearnedParameter[];
  /** The axis that is reduced; without a name it is fixed. */
  readonly axis: { readonly name: string | null; readonly default: number } | null;
  readonly split: number | null;
  /** Null where nothing is random. */
  readonly random: Randomness | null;
  readonly body: Expr;
  /** What `grad` clauses declare, by input or learned parameter. */
  readonly gradients: ReadonlyMap<Variable, Expr>;
  /** Names that definitions gave to subexpressions. */
  readonly hints: ReadonlyMap<Expr, string>;
}

export interface Hyperparameter {
  readonly variable: Variable;
  readonly default: number;
  readonly range: Bounds | null;
}

export interface LearnedParameter {
  readonly variable: Variable;
  readonly shape: "scalar" | "channel" | "axis";
  readonly default: number;
  readonly range: Bounds | null;
}
