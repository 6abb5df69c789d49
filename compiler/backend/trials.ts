/** Numbers for inputs and parameters on which forms of a kernel are tried out when compiling. */
import { isInside, type Variable } from "../ir/expr.js";
import { type Parameter, triedParameters } from "../ir/random.js";
import type { Subject } from "./searches.js";

/** Rows of variables on which forms are tried out: one input is given. */
export function trialsOf({ activation, cotangent }: Subject): {
  readonly variables: readonly Variable[];
  readonly settings: readonly (readonly number[])[];
  readonly rowsOf: (index: number, x: number, settings: readonly (readonly number[])[]) => number[][];
  /** Rows at the defaults with every input of one size: all alike, and the first one of the other sign. */
  readonly alike: (x: number) => number[][];
  /** Rows with other inputs at which exponentials underflow, at the defaults and with one parameter that is 0. */
  readonly vanishing: (index: number, x: number) => number[][];
  /** The defaults with one parameter at which an exponential underflows, and with one that is 0. */
  readonly underflowing: readonly (readonly number[])[];
  readonly withZero: readonly (readonly number[])[];
  /** The defaults with one parameter at an end of its range that belongs to it. */
  readonly atEnds: readonly (readonly number[])[];
  /** Rows at the defaults with other inputs of extreme sizes. */
  readonly extreme: (index: number, x: number) => number[][];
} {
  const parameters = triedParameters(activation);
  const defaults = parameters.map((parameter) => parameter.default);
  const withZero = varied(parameters, () => [0]);
  const rowOf = (index: number, x: number, companion: number, setting: readonly number[]): number[] => {
    const inputs = activation.inputs.map((_, i) => (i === index ? x : companion));
    return [...inputs, 1, ...setting];
  };
  return {
    variables: [...activation.inputs, cotangent, ...parameters.map(({ variable }) => variable)],
    settings: [defaults, ...variations(parameters)],
    underflowing: varied(parameters, () => [-1e4, 1e4]),
    withZero,
    atEnds: parameters.flatMap(({ range }, i) =>
      [range?.lowClosed && range.low, range?.highClosed && range.high]
        .filter((end) => typeof end === "number")
        .map((end) => parameters.map((other, k) => (k === i ? end : other.default))),
    ),
    rowsOf: (index, x, settings) =>
      settings.flatMap((setting) =>
        companions
          .slice(0, activation.inputs.length > 1 ? undefined : 1)
          .map((companion) => rowOf(index, x, companion, setting)),
      ),
    alike: (x) => (activation.inputs.length > 1 ? [x, -x].map((first) => rowOf(0, first, x, defaults)) : []),
    vanishing: (index, x) =>
      activation.inputs.length > 1
        ? [defaults, ...withZero].flatMap((setting) =>
            [-3e4, 3e4].map((companion) => rowOf(index, x, companion, setting)),
          )
        : [],
    extreme: (index, x) =>
      activation.inputs.length > 1 ? extremes.map((companion) => rowOf(index, x, companion, defaults)) : [],
  };
}

/** Values of the other inputs at which products with them leave the range, one way or the other. */
const extremes: readonly number[] = [
  88.8,
  -88.8,
  1.1 * 2 ** -126,
  -1.1 * 2 ** -70,
  1.1 * 2 ** 70,
  -1.1 * 2 ** 126,
  3e4,
  -3e4,
];

/** Values of the other inputs while one is infinite. */
const companions: readonly number[] = [0.7, -1.3];

/** Each parameter once larger, smaller, of the other sign and 1, as far as its range allows. */
const variations = (parameters: readonly Parameter[]): number[][] =>
  varied(parameters, (value) => [value + 1.5, value / 3, -value - 0.4, 1]);

/** Each parameter once at other values, as far as its range allows. */
function varied(parameters: readonly Parameter[], valuesBeside: (value: number) => readonly number[]): number[][] {
  return parameters.flatMap(({ range, default: value }, i) =>
    valuesBeside(value)
      .filter((candidate) => isInside(range, candidate))
      .map((candidate) => parameters.map((other, k) => (k === i ? candidate : other.default))),
  );
}
