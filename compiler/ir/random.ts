/** Activations that draw random numbers in training. */
import type { Activation, Hyperparameter } from "./activation.js";
import {
  apply,
  type Application,
  type Bounds,
  constant,
  type CustomGradient,
  type Expr,
  fold,
  Space,
  substitute,
  variable,
  type Variable,
  variablesOf,
} from "./expr.js";

/** What is drawn afresh for each element. */
export interface Randomness {
  /** Uniform numbers; the place in the list is the number of the stream. */
  readonly draws: readonly Variable[];
  /** 1 in training, 0 in evaluation. */
  readonly training: Variable;
  /** What kernels call the seed. */
  readonly seed: string;
  /** The names of what `random` clauses stand for. */
  readonly values: ReadonlyMap<Expr, string>;
  /** Names for what is normally distributed with mean 0 and variance 1. */
  readonly normals: ReadonlyMap<Expr, string>;
}

/** Odd multiples of 2^-24: all of 23 random bits, symmetric about 1/2, exact in float32. */
export const drawn: Bounds = { low: 2 ** -24, high: 1 - 2 ** -24, lowClosed: true, highClosed: true };

/** Of `training`, which is one or the other. */
export const trainingBounds: Bounds = { low: 0, high: 1, lowClosed: true, highClosed: true };

/** What a random value is: drawn in training, else what stands for it in evaluation. */
export const inTraining = (training: Variable, value: Expr, evaluation: Expr): Expr =>
  apply("where", [apply("greater", [training, constant(0)]), value, evaluation]);

const isOfRandomness = ({ role }: Variable): boolean => role === "random" || role === "training";

/** The activation as it is in evaluation, where nothing is drawn. */
export function inEvaluation(activation: Activation): Activation {
  const { random } = activation;
  return random ? settled(activation, random, (value) => value.operands[2], null) : activation;
}

/** The activation as it is in training, with a number for each that is drawn. */
export function inTrainingWith(activation: Activation, number: Expr): Activation {
  const { random } = activation;
  if (!random) return activation;
  const draws = new Map(random.draws.map((draw) => [draw, number] as const));
  return settled(activation, random, (value) => substitute(value.operands[1]!, draws), null);
}

/**
 * The activation as it reads best: what is drawn for an element, whatever the inputs and the learned parameters are, is a
 * number with the name that its clause gives it, and so is any standard normal number.
 */
export function withNamedValues(activation: Activation): Activation {
  const { random } = activation;
  if (!random) return activation;
  const depends = (value: Expr): boolean =>
    [...variablesOf(value)].some(({ role }) => role === "input" || role === "learned" || role === "formal");
  const named = (_: Application, value: Application): Expr | undefined => {
    const name = random.values.get(value);
    return name === undefined || depends(value) ? undefined : variable(name, "random", Space.element);
  };
  const normals = new Map([...random.normals].map(([node, name]) => [node, variable(name, "random", Space.element)]));
  const short = (root: Expr): Expr => substitute(root, normals);
  const { body, gradients, ...rest } = settled(activation, random, named, random);
  return {
    ...rest,
    body: short(body),
    gradients: new Map([...gradients].map(([of, gradient]) => [of, short(gradient)])),
  };
}

/**
 * With something in place of what `random` clauses stand for, where there is something.
 * @param valueOf is given the selection with that in place, and as it is
 */
function settled(
  activation: Activation,
  { training }: Randomness,
  valueOf: (value: Application, original: Application) => Expr | undefined,
  random: Randomness | null,
): Activation {
  const condition = apply("greater", [training, constant(0)]);
  const rules = new Map<CustomGradient, CustomGradient>();
  const within = (root: Expr): Expr =>
    fold<Expr>(root, (node, operands) => {
      if (node.kind !== "application") return node;
      const { primitive, rule } = node;
      if (primitive === "where" && node.operands[0] === condition) {
        const value = valueOf(apply(primitive, operands), node);
        if (value) return value;
      }
      if (rule === null) return apply(primitive, operands);
      const isKept = (i: number): boolean => random !== null || !isOfRandomness(rule.formals[i]!);
      return apply(
        primitive,
        operands.filter((_, i) => isKept(i)),
        ruleWithin(rule, isKept),
      );
    });
  const allWithin = <K>(all: ReadonlyMap<K, Expr>): Map<K, Expr> =>
    new Map([...all].map(([of, root]) => [of, within(root)] as const));
  const ruleWithin = (rule: CustomGradient, isKept: (formal: number) => boolean): CustomGradient => {
    const known = rules.get(rule) ?? {
      ...rule,
      formals: rule.formals.filter((_, i) => isKept(i)),
      body: within(rule.body),
      gradients: allWithin(rule.gradients),
    };
    rules.set(rule, known);
    return known;
  };
  return {
    ...activation,
    body: within(activation.body),
    gradients: allWithin(activation.gradients),
    hints: new Map([...activation.hints].map(([node, name]) => [within(node), name])),
    random,
  };
}

/**
 * The activation as a function of numbers that are given: what is drawn are inputs, behind the others, and `training` is a
 * hyperparameter, behind the others. In evaluation nothing is drawn.
 */
export function asFunction(activation: Activation, training: boolean): Activation {
  const { random, inputs, hyperparameters } = activation;
  if (random === null) return activation;
  const all = [...hyperparameters, { variable: random.training, default: Number(training), range: trainingBounds }];
  if (!training) return { ...inEvaluation(activation), hyperparameters: all };
  return { ...activation, inputs: [...inputs, ...random.draws], hyperparameters: all, random: null };
}

/** A number that is tried out, with others in its range. */
export type Parameter = Pick<Hyperparameter, "variable" | "default" | "range">;

/** What is tried out of an activation's parameters, and of what it draws: numbers somewhere in their ranges. */
export function triedParameters({
  hyperparameters,
  learned,
  random,
}: Pick<Activation, "hyperparameters" | "learned" | "random">): readonly Parameter[] {
  if (random === null) return [...hyperparameters, ...learned];
  const draws = random.draws.map((variable) => ({ variable, default: 0.7, range: drawn }));
  // Without its range, so that evaluation is among what is tried.
  return [...hyperparameters, ...learned, ...draws, { variable: random.training, default: 1, range: null }];
}
