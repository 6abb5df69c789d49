/** The truth about a column: the reference of the compiler (ball arithmetic on the definition as written), nothing else. */
import { activationOf, readDefinitions } from "../../compiler/compile.js";
import type { Activation } from "../../compiler/ir/activation.js";
import { inFreshGraph } from "../../compiler/ir/expr.js";
import { add, type Ball, dyadic, fromNumber } from "../../compiler/numerics/ball.js";
import {
  type Reference,
  referenceDerivative,
  referenceLimit,
  referenceValue,
} from "../../compiler/numerics/reference.js";
import type { Format } from "../../compiler/numerics/rounding.js";
import { type Truth, ulpAt } from "../../test/harness/errors.js";
import { atOrder, orderOf, withNeighbours, withSpecial } from "./inputs.js";

export type Kind = "value" | "derivative";

/** Inputs and what is true there. */
export interface Column extends Truth {
  readonly inputs: Float32Array;
}

type Compute = (x: number | Ball, format: Format) => Reference;

/** Element-wise activations of one input by name, as their source text defines them. */
export function elaborated(text: string): ReadonlyMap<string, Activation> {
  const { definitions } = readDefinitions([{ file: "acts.def", text }]);
  const activations = definitions.map((definition) => inFreshGraph(() => activationOf(definition).activation));
  return new Map(activations.flatMap((activation) => (activation ? [[activation.name, activation]] : [])));
}

/** The inputs with the zeros of the column and their neighbours between them. */
export function columnOf(activation: Activation, kind: Kind, common: Float32Array): Column {
  const compute = reference(activation, kind);
  const at = (x: number): number => compute(x, "binary64").value;
  const finite = [...common].filter(Number.isFinite);
  const known = new Map(finite.map((x) => [x, at(x)]));
  const crossings = zeros(finite, known, at);
  const added = crossings.flatMap((x) => withNeighbours(x, 8));
  for (const x of added) if (!known.has(x)) known.set(x, at(x));
  const inputs = withSpecial(known.keys());
  const bends = kind === "derivative" ? bendsOf(compute) : [];
  const kinks = new Map<number, readonly [number, number]>();
  const nan: number[] = [];
  const values = Float64Array.from(inputs, (x, i) => {
    if (Number.isNaN(x)) {
      // The derivative at a NaN is not specified.
      if (kind === "value") nan.push(i);
      return NaN;
    }
    if (!Number.isFinite(x)) return referenceLimit((ball) => compute(ball, "binary32"), x > 0 ? 1 : -1) ?? NaN;
    const value = known.get(x) ?? NaN;
    const near = bends.find(({ at, within }) => Math.abs(x - at) <= within);
    if (near) kinks.set(i, [Math.min(near.low, value), Math.max(near.high, value)]);
    return value;
  });
  return {
    inputs,
    values,
    nan,
    kinks,
    zeros: kind === "value" ? [] : crossings.map((x) => ({ at: x, slope: slopeAt(x, at) })),
  };
}

function reference(activation: Activation, kind: Kind): Compute {
  const [x] = activation.inputs;
  if (!x || activation.inputs.length > 1) throw new Error(`${activation.name} is not a function of one input`);
  const parameters = [...activation.hyperparameters, ...activation.learned].map(
    ({ variable, default: value }) => [variable, Math.fround(value)] as const,
  );
  return (point, format) => {
    const bindings = new Map([...parameters, [x, point] as const]);
    return kind === "value"
      ? referenceValue(activation.body, bindings, format)
      : referenceDerivative(activation, x, bindings, format);
  };
}

/** Of all changes of sign, those nearest to 0: a sine has one between any two large numbers. */
const zerosKept = 24;

function zeros(sorted: readonly number[], known: ReadonlyMap<number, number>, at: (x: number) => number): number[] {
  const found: number[] = [];
  const changes = sorted
    .flatMap((x, i) => (i > 0 && (known.get(sorted[i - 1] ?? 0) ?? 0) * (known.get(x) ?? 0) < 0 ? [i] : []))
    .sort((i, j) => Math.abs(sorted[i] ?? 0) - Math.abs(sorted[j] ?? 0));
  for (const i of changes.slice(0, zerosKept)) {
    let [low, high] = [orderOf(sorted[i - 1] ?? 0), orderOf(sorted[i] ?? 0)];
    const sign = Math.sign(at(atOrder(low)));
    while (high - low > 1) {
      const middle = Math.floor((low + high) / 2);
      if (Math.sign(at(atOrder(middle))) === sign) low = middle;
      else high = middle;
    }
    found.push(atOrder(low));
  }
  return found;
}

/** By a difference over 2^-10 of the input on either side. */
function slopeAt(x: number, at: (x: number) => number): number {
  const [left, right] = [Math.fround(x * (1 - 2 ** -10)), Math.fround(x * (1 + 2 ** -10))];
  return (at(right) - at(left)) / (right - left);
}

/** A kink, and the derivatives on its two sides. */
interface Bend {
  readonly at: number;
  /** How far from it an input is told from it only if sums of the two are exact; where they are, 0. */
  readonly within: number;
  readonly low: number;
  readonly high: number;
}

/** Kinks of the activations that are compared lie at multiples of a half. */
function bendsOf(compute: Compute): Bend[] {
  return Array.from({ length: 33 }, (_, i) => i / 2 - 8).flatMap((at) => {
    const beside = (direction: bigint): number =>
      compute(add(fromNumber(at), dyadic(direction, -300n), 1024), "binary64").value;
    const [left, right] = [beside(-1n), beside(1n)];
    if (!(Math.abs(left - right) > 1e-6)) return [];
    const within = at === 0 ? 0 : 2 * ulpAt(at);
    return [{ at, within, low: Math.min(left, right), high: Math.max(left, right) }];
  });
}
