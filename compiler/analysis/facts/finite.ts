/** Whether value and gradients are finite for every input that float32 holds: proved, or an input that breaks it. */
import { expandedAsWritten } from "../../calculus/as-written.js";
import { normalise } from "../../algebra/normalise.js";
import type { Activation } from "../../ir/activation.js";
import type { Bounds, Expr, Variable } from "../../ir/expr.js";
import { Encloser } from "../intervals/enclosure.js";
import { float32, powerOfTwo } from "../intervals/floats.js";
import { exactly, point, type Enclosure } from "../intervals/interval.js";
import { isFinite, isNotFinite, proveFinite, type Side } from "../intervals/prove.js";
import { type Curve, defaultsOf, gradientOf, type Quantity } from "./curve.js";
import { type Figure, figure, type SpanFact, spanFact } from "./figure.js";
import type { Places } from "./places.js";
import { stretches } from "./stretches.js";

/** `overflow`: beyond what float32 holds. `undefined`: there is no real value. */
export type Break = "overflow" | "undefined";

export interface FiniteFact {
  /** By interval arithmetic over the definition; or an input breaks it; or neither was found out. */
  readonly verdict: "proved" | "breaks" | "undecided";
  /** What breaks it, by name. */
  readonly at?: Readonly<Record<string, Figure>>;
  readonly how?: Break;
  /** With one input: all of them, and whether the rest is proved to be finite. */
  readonly breaks?: readonly (SpanFact & { readonly how: Break })[];
  readonly restProved?: boolean;
}

export interface FiniteFacts {
  readonly value: FiniteFact;
  /** By input and learned parameter. */
  readonly gradients: Readonly<Record<string, FiniteFact>>;
}

/** So many cells are looked at before a proof is given up. */
const budget = 500;
/** What is only tried, beside what is asked. */
const smallBudget = 120;

const everything = (variable: Variable): Side => ({ variable, from: -float32.greatest, to: float32.greatest });

/** Magnitudes at which overflows and poles show. */
const trials: readonly number[] = [0, 1, powerOfTwo(64), float32.greatest].flatMap((size) =>
  size === 0 ? [0] : [size, -size],
);

/** The columns of an activation: its value, then each gradient. */
export function columnsOf(activation: Activation): readonly (readonly [of: Variable | null, expression: Expr])[] {
  const variables = [...activation.inputs, ...activation.learned.map(({ variable }) => variable)];
  return [
    [null, normalise(expandedAsWritten(activation.body))] as const,
    ...variables.map((variable) => [variable, gradientOf(activation, variable)] as const),
  ];
}

/** At the parameters' defaults. In the graph of nodes of the activation. */
export function finiteFacts(activation: Activation): FiniteFacts {
  const fixed = defaultsOf(activation);
  const fact = (expression: Expr): FiniteFact => {
    const encloser = new Encloser([expression], fixed);
    const proof = proveFinite(encloser, activation.inputs.map(everything), budget);
    if (proof.verdict === "proved") return { verdict: "proved" };
    return breakAmong(encloser, [...breakingTrials(activation.inputs), proof.near]) ?? { verdict: "undecided" };
  };
  const [value, ...gradients] = columnsOf(activation);
  return {
    value: value ? fact(value[1]) : { verdict: "undecided" },
    gradients: Object.fromEntries(gradients.map(([of, expression]) => [of?.name ?? "", fact(expression)])),
  };
}

/** Few enough for any number of inputs; small ones first. */
function breakingTrials(inputs: readonly Variable[]): ReadonlyMap<Variable, number>[] {
  let all: (readonly number[])[] = [[]];
  for (const _ of inputs) {
    if (all.length > 100) all = all.slice(0, 1);
    all = all.flatMap((values) => trials.map((value) => [...values, value]));
  }
  const size = (values: readonly number[]): number => Math.max(...values.map(Math.abs));
  const ordered = all.sort((a, b) => size(a) - size(b));
  return ordered.map((values) => new Map(inputs.map((input, i) => [input, values[i] ?? 0])));
}

function breakAmong(encloser: Encloser, places: readonly ReadonlyMap<Variable, number>[]): FiniteFact | undefined {
  for (const place of places) {
    const value = at(encloser, place);
    if (!isNotFinite(value)) continue;
    const named = Object.fromEntries([...place].map(([{ name }, x]) => [name, figure(x)]));
    return { verdict: "breaks", at: named, how: howItBreaks(value) };
  }
  return undefined;
}

const at = (encloser: Encloser, place: ReadonlyMap<Variable, number>): Enclosure =>
  encloser.at(new Map([...place].map(([variable, x]) => [variable, point(exactly(x))])), 256)[0] ?? null;

/** An infinite value, such as that of log(0), is none. */
const howItBreaks = (value: Enclosure): Break =>
  value && (value.low !== value.high || value.low.kind === "finite") ? "overflow" : "undefined";

/** All of where a curve breaks, with the rest proved if it can be. */
export function finiteAlong(
  { activation, input }: Curve,
  quantity: Quantity,
  known: FiniteFact,
  places: Places,
  samples: readonly number[],
): FiniteFact {
  if (known.verdict === "proved") return known;
  const classOf = (x: number): Break | "finite" | "unknown" => {
    const value = quantity.at(x);
    if (isFinite(value)) return "finite";
    return isNotFinite(value) ? howItBreaks(value) : "unknown";
  };
  const found = stretches(samples, classOf, float32);
  const breaks = found.flatMap(({ is, from, to }) =>
    is === "overflow" || is === "undefined"
      ? [{ ...spanFact(places.span({ is, from, to }, float32, true)), how: is }]
      : [],
  );
  const encloser = new Encloser([quantity.expression], defaultsOf(activation));
  const restProved = found.every(
    ({ is, from, to }) =>
      is === "overflow" ||
      is === "undefined" ||
      (is === "finite" && proveFinite(encloser, [{ variable: input, from, to }], budget).verdict === "proved"),
  );
  if (breaks.length === 0) return known.verdict === "breaks" ? known : { verdict: "undecided" };
  return { ...known, verdict: "breaks", breaks, restProved };
}

/** The same wherever in their ranges the parameters are; `null` where none has a range, or it is not so at the defaults. */
export function finiteOverRanges(activation: Activation, facts: FiniteFacts): FiniteFacts | null {
  const parameters = [...activation.hyperparameters, ...activation.learned];
  const ranged = parameters.filter(({ range }) => range !== null);
  if (ranged.length === 0) return null;
  const fixed = defaultsOf(activation);
  const sides = ranged
    .flatMap(({ variable, range }) => (range ? [sideOf(variable, range)] : []))
    .filter(({ from, to }) => from <= to);
  for (const { variable } of sides) fixed.delete(variable);
  const fact = (expression: Expr, atDefaults: FiniteFact | undefined): FiniteFact => {
    if (atDefaults?.verdict !== "proved") return { verdict: atDefaults?.verdict ?? "undecided" };
    const encloser = new Encloser([expression], fixed);
    const proof = proveFinite(encloser, [...activation.inputs.map(everything), ...sides], smallBudget);
    if (proof.verdict === "proved") return { verdict: "proved" };
    return breakAmong(encloser, [...rangeTrials(activation, sides), proof.near]) ?? { verdict: "undecided" };
  };
  const [value, ...gradients] = columnsOf(activation);
  return {
    value: value ? fact(value[1], facts.value) : { verdict: "undecided" },
    gradients: Object.fromEntries(
      gradients.map(([of, expression]) => [of?.name ?? "", fact(expression, facts.gradients[of?.name ?? ""])]),
    ),
  };
}

/** The numbers of float32 in a range. */
function sideOf(variable: Variable, { low, high, lowClosed, highClosed }: Bounds): Side {
  const inside = (end: number, closed: boolean, side: 1 | -1): number => {
    if (!(Math.abs(end) <= float32.greatest)) return Math.sign(end) * float32.greatest;
    const place = float32.index(end);
    // The first number that is not outside.
    const first = side > 0 ? Math.ceil(place) : Math.floor(place);
    return float32.at(first === place && !closed ? first + side : first);
  };
  return { variable, from: inside(low, lowClosed, 1), to: inside(high, highClosed, -1) };
}

/** Each parameter at the ends of its range while the others are in the middle of things. */
function rangeTrials(activation: Activation, sides: readonly Side[]): ReadonlyMap<Variable, number>[] {
  const defaults = new Map(
    [...activation.hyperparameters, ...activation.learned].map((parameter) => [parameter.variable, parameter.default]),
  );
  const inputs = [0, 1, -1].map((x) => activation.inputs.map((input) => [input, x] as const));
  return sides.flatMap(({ variable, from, to }) =>
    [from, to].flatMap((end) =>
      inputs.map(
        (given) =>
          new Map([
            ...given,
            ...sides.map(
              (side) =>
                [side.variable, side.variable === variable ? end : (defaults.get(side.variable) ?? end)] as const,
            ),
          ]),
      ),
    ),
  );
}
