/** Searches for forms: each answers a question about expressions of a kernel, which is asked once. */
import { decided } from "../decisions.js";
import { type Expr, inFreshGraph, type Variable } from "../ir/expr.js";
import { type Asker, questionOf } from "../ir/question.js";
import { triedParameters } from "../ir/random.js";
import { transplant } from "../ir/transplant.js";
import type { KernelPlan } from "./kernels.js";

/** Whose forms are tried out. */
export interface Subject {
  readonly activation: Asker;
  readonly cotangent: Variable;
}

export interface Search<T> {
  /** In lower case. */
  readonly name: string;
  readonly isAnswer: (answer: unknown) => answer is T;
  /** What else than the expressions the answer depends on. */
  readonly details?: readonly unknown[];
  readonly find: (forms: readonly Expr[], subject: Subject) => T;
}

/** The answer about the forms. It is found in a graph apart: what a search builds leaves no trace in what is compiled. */
export function searched<T>(
  { activation, cotangent, decisions }: KernelPlan,
  forms: readonly Expr[],
  { name, isAnswer, details, find }: Search<T>,
): T {
  const question = questionOf(name, forms, activation, details);
  return decided(decisions, question, isAnswer, () =>
    inFreshGraph(() => {
      const { inputs, hyperparameters, learned, random } = activation;
      const variables = [...inputs, ...triedParameters(activation).map(({ variable }) => variable), cotangent];
      const { of, ofVariable } = transplant([...forms, ...variables]);
      const moved = <P extends { readonly variable: Variable }>(parameter: P): P => ({
        ...parameter,
        variable: ofVariable(parameter.variable),
      });
      const copy: Asker = {
        inputs: inputs.map(ofVariable),
        hyperparameters: hyperparameters.map(moved),
        learned: learned.map(moved),
        random: random && { ...random, draws: random.draws.map(ofVariable), training: ofVariable(random.training) },
      };
      return find(forms.map(of), { activation: copy, cotangent: ofVariable(cotangent) });
    }),
  );
}
