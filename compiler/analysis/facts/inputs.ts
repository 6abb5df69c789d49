/** What can be said of each input of several while the others are held: limits, and how steep it gets at most. */
import { normalise } from "../../algebra/normalise.js";
import { expandedAsWritten } from "../../calculus/as-written.js";
import type { Activation } from "../../ir/activation.js";
import type { Expr, Variable } from "../../ir/expr.js";
import { Encloser } from "../intervals/enclosure.js";
import { powerOfTwo } from "../intervals/floats.js";
import {
  between,
  exactly,
  magnitudeOf,
  noLowerBound,
  noUpperBound,
  point,
  type Interval,
} from "../intervals/interval.js";
import { toBinary64 } from "../../numerics/rounding.js";
import { defaultsOf, gradientOf, Quantity } from "./curve.js";
import { type Figure, figure } from "./figure.js";
import { limitsOf } from "./limits.js";

/** Towards -inf and inf; `null` where there is no limit, or none was found. */
export type LimitPair = readonly [Figure | null, Figure | null];

export interface LimitFacts {
  readonly value: LimitPair;
  readonly gradient: LimitPair;
}

/** What the other inputs are held at. */
export const heldAt = 1;

const pair = (limits: readonly (number | null)[]): LimitPair => {
  const [low = null, high = null] = limits.map((limit) => (limit === null ? null : figure(limit)));
  return [low, high];
};

/** By input. */
export function limitFacts(activation: Activation): Readonly<Record<string, LimitFacts>> {
  const body = normalise(expandedAsWritten(activation.body));
  const entries = activation.inputs.map((input) => {
    const fixed = defaultsOf(activation);
    for (const other of activation.inputs) if (other !== input) fixed.set(other, point(exactly(heldAt)));
    const limits = (column: Expr): LimitPair => pair(limitsOf(new Quantity(column, input, fixed)));
    return [input.name, { value: limits(body), gradient: limits(gradientOf(activation, input)) }] as const;
  });
  return Object.fromEntries(entries);
}

/** Cells that the line is cut into: enough for what is monotone on either side of 0. */
const cuts: readonly number[] = [-4, -1, 0, 1, 4];
const trials: readonly number[] = [0, 1, -1, 2.5, -2.5, powerOfTwo(40), -powerOfTwo(40)];

/** By input: a bound of |gradient| for all values of all inputs, where it is attained or approached; else `null`. */
export function steepestFacts(activation: Activation): Readonly<Record<string, Figure | null>> {
  const fixed = defaultsOf(activation);
  return Object.fromEntries(
    activation.inputs.map((input) => [input.name, steepest(activation, input, fixed)] as const),
  );
}

function steepest(activation: Activation, input: Variable, fixed: ReadonlyMap<Variable, Interval>): Figure | null {
  const encloser = new Encloser([gradientOf(activation, input)], fixed);
  const { inputs } = activation;
  const cells = cuts.map((high, i) => between(i === 0 ? noLowerBound : exactly(cuts[i - 1] ?? 0), exactly(high)));
  const line = [...cells, between(exactly(cuts.at(-1) ?? 0), noUpperBound)];
  const bound = largest(encloser, inputs, line);
  if (bound === null) return null;
  const found =
    largest(
      encloser,
      inputs,
      trials.map((x) => point(exactly(x))),
    ) ?? 0;
  if (bound === Infinity) return found > powerOfTwo(30) ? "inf" : null;
  return bound - found <= 1e-9 * bound ? figure(bound) : null;
}

/** The largest magnitude over all combinations; infinite where there is no bound, `null` where there may be no value. */
function largest(encloser: Encloser, inputs: readonly Variable[], choices: readonly Interval[]): number | null {
  let all: (readonly Interval[])[] = [[]];
  for (const _ of inputs) all = all.flatMap((chosen) => choices.map((choice) => [...chosen, choice]));
  let result = 0;
  for (const chosen of all) {
    const [value] = encloser.at(new Map(inputs.map((input, i) => [input, chosen[i] ?? point(exactly(0))])), 64);
    if (!value?.total) return null;
    result = Math.max(result, toBinary64(magnitudeOf(value).high) ?? Infinity);
  }
  return result;
}
