/** Parameters at which formulas degenerate. */
import type { Activation } from "../ir/activation.js";
import type { Bounds } from "../ir/expr.js";
import { numberOfRank, randomWords, rankOf } from "./float32.js";

/** In the order of preference: as many of them as a range allows, ten at most. */
const adversarialParameters: readonly number[] = [
  ...[0, 2 ** -24, -(2 ** -24), 1, 1 + 2 ** -23, 1 - 2 ** -24, 1e-30, -1e-30, 1e4, -1e4],
  ...[-1, 2, 0.5, 1e-3, 3, 100, 1e10, 0.1, 0.9, 0.99, 0.25, 0.75, 1.5, 2.5, 4, 7, 10, 50],
];
const perParameter = 10;
/** And besides, at special inputs alone. */
const furtherParameters: readonly number[] = [
  ...[2 ** -12, 2 ** -20, -1, 1, 2, -(2 ** -12), 1 + 2 ** -10, 100, -(2 ** -20)],
  ...[0.5, 1 - 2 ** -10, -0.5, -2, 1e6, -100, 1e20, 0.05, 0.7],
];
/** For all parameters at once. */
const commonParameters: readonly number[] = [2 ** -24, 2 ** -12, 0.5, 1, 2, 100];
/** So many settings have a value drawn for each parameter, of what is tried for one alone, or its default. */
const mixtures = 24;

/**
 * Settings of all parameters, each with one of them at one of ten adversarial values within its range: 0, tiny numbers
 * of either sign, 1 and its neighbours, the ends of the range, large ones. Numbers of float32 all. Of what is random behind
 * the hyperparameters a 0 or a 1: whether it is in training; rows are measured in evaluation alone.
 */
export function parameterSettings(activation: Activation): readonly (readonly number[])[] {
  const settings = settingsOf(activation);
  // What is random is one function in evaluation and another one in training.
  if (activation.random === null) return settings;
  const defaults = [...activation.hyperparameters, ...activation.learned].map(({ default: value }) =>
    Math.fround(value),
  );
  const place = activation.hyperparameters.length;
  const all = [
    ...settings.map((setting) => [0, setting] as const),
    ...(activation.axis === null ? [defaults, ...settings].map((setting) => [1, setting] as const) : []),
  ];
  return all.map(([training, setting]) => setting.toSpliced(place, 0, training));
}

function settingsOf(activation: Activation): readonly (readonly number[])[] {
  const parameters = [...activation.hyperparameters, ...activation.learned];
  const defaults = parameters.map((parameter) => Math.fround(parameter.default));
  // What is learned along the axis is given with the rows.
  const varied = [...activation.hyperparameters, ...activation.learned.filter(({ shape }) => shape !== "axis")];
  return varied.flatMap((parameter) =>
    adversarialValues(parameter.range).map((value) =>
      defaults.map((other, j) => (parameters[j] === parameter ? value : other)),
    ),
  );
}

function adversarialValues(range: Bounds | null): number[] {
  const ends = range ? endsOf(range) : [];
  const values = new Set(
    [...ends, ...adversarialParameters.filter((x) => !range || within(x, range))].map(Math.fround),
  );
  const kept = [...values].filter((x) => !range || within(x, range));
  return kept.slice(0, perParameter);
}

/**
 * More settings than {@link parameterSettings} has, at some of which formulas degenerate, the likeliest first; null for what is random
 * or has an axis.
 */
export function furtherSettings(activation: Activation): readonly (readonly number[])[] | null {
  if (activation.random !== null || activation.axis !== null) return null;
  const parameters = [...activation.hyperparameters, ...activation.learned];
  const defaults = parameters.map((parameter) => Math.fround(parameter.default));
  const common =
    parameters.length < 2
      ? []
      : commonParameters
          .filter((x) => parameters.every(({ range }) => !range || within(x, range)))
          .map((x) => defaults.map(() => x));
  const single = (values: readonly number[]): number[][] =>
    values.flatMap((x) =>
      parameters.flatMap(({ range }, i) => (!range || within(x, range) ? [defaults.with(i, Math.fround(x))] : [])),
    );
  const [first, others] = [furtherParameters.slice(0, 4), furtherParameters.slice(4)];
  const drawn = mixed(parameters);
  // A NaN shows what of a branch that is not taken comes into a result.
  const all = [
    ...single(first),
    ...common,
    ...drawn.slice(0, mixtures / 3),
    ...defaults.map((_, i) => defaults.with(i, NaN)),
    ...drawn.slice(mixtures / 3),
    ...single([...others, ...adversarialParameters]),
  ];
  const known = new Set([defaults, ...settingsOf(activation)].map(String));
  return all.filter((setting) => !known.has(String(setting)) && known.add(String(setting)));
}

/** Values of all parameters at once: the same ones each time. */
function mixed(
  parameters: readonly { readonly range: Bounds | null; readonly default: number }[],
): readonly (readonly number[])[] {
  if (parameters.length < 2) return [];
  const word = randomWords(7);
  const values = parameters.map(({ range, default: usual }) => [
    ...adversarialValues(range),
    ...furtherParameters.filter((x) => !range || within(x, range)),
    ...[usual, usual / 8, usual * 2].filter((x) => !range || within(x, range)),
  ]);
  return Array.from({ length: mixtures }, () => values.map((some) => Math.fround(some[word() % some.length] ?? NaN)));
}

/** The ends of a range and what lies next to them; next to 0, the smallest number that is not subnormal. */
function endsOf(range: Bounds): number[] {
  const next = (end: number, inwards: number): number =>
    end === 0 ? inwards * 2 ** -126 : numberOfRank(rankOf(end) + inwards);
  const ends = [
    { end: range.low, inwards: 1 },
    { end: range.high, inwards: -1 },
  ].filter(({ end }) => Number.isFinite(end));
  return ends.flatMap(({ end, inwards }) => [Math.fround(end), next(end, inwards)]).filter((x) => within(x, range));
}

const within = (x: number, { low, high, lowClosed, highClosed }: Bounds): boolean =>
  (x > low || (lowClosed && x === low)) && (x < high || (highClosed && x === high));
