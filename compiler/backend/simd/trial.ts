/** Whether a form in float32 is accurate, where the error analysis alone cannot say: it is tried out. */
import { constant, type Expr, isInside, substitute, type Variable, variablesOf } from "../../ir/expr.js";
import type { Parameter } from "../../ir/random.js";
import { fromNumber } from "../../ir/rational.js";
import { expandCalls } from "../../calculus/differentiate.js";
import { referenceValue } from "../../numerics/reference.js";
import { fingerprint } from "../../ir/question.js";
import { isPlace } from "../../decisions.js";
import { sampler } from "../../numerics/sample.js";
import type { KernelPlan } from "../kernels.js";
import { fixed } from "../library/simd/fixed.js";
import { single } from "../library/simd/single.js";
import { quick } from "../library/wgsl/quick.js";
import { searched } from "../searches.js";
import type { Precision } from "./expression.js";

/** What answers of trials depend on besides forms: the functions that forms call. */
export const functionsTried = fingerprint([single, fixed, quick].join("\n"));

export interface Trial {
  /** What is meant, in normal form. */
  readonly root: Expr;
  /** How it may be computed, what is preferred first. */
  readonly ways: readonly TriedWay[];
  /** What computes forms: all have to be right, the fastest first. */
  readonly runsOf: readonly ((form: Expr, precise: Precision, input: Variable) => Runs)[];
  readonly granted: Granted;
  /** Whether subnormal numbers are taken for 0. */
  readonly flushes: boolean;
  /** Whether the form is a derivative: at its zeros the error that the rounding of the input causes is no fault of the form. */
  readonly isDerivative: boolean;
}

/** The largest errors that are granted, in units in the last place. */
export interface Granted {
  readonly usual: number;
  /** Where the value is small, and so steep that its logarithm changes by more than 8 while the input doubles. */
  readonly vanishing: number;
}

export interface TriedWay {
  /** What is computed, lowered. */
  readonly form: Expr;
  /** Where. */
  readonly guard: Expr | null;
  /** With how many digits. */
  readonly precise: Precision;
}

/** The first way that is right; only forms of one input and nothing else are tried out. */
export function rightWay(plan: KernelPlan, trial: Trial): TriedWay | undefined {
  const { root, ways, runsOf, granted, flushes, isDerivative } = trial;
  const [input, ...others] = new Set(ways.flatMap(({ form }) => [...variablesOf(form)]));
  if (input?.role !== "input" || others.length > 0) return undefined;
  const place = plan.activation.inputs.indexOf(input);
  const exprs = [...new Set(ways.flatMap(({ form, guard }) => (guard ? [form, guard] : [form])))];
  const numbered = ways.map(({ form, guard, precise }) => ({
    form: exprs.indexOf(form),
    guard: guard ? exprs.indexOf(guard) : null,
    precise,
  }));
  const found = searched(plan, [root, plan.value, ...exprs], {
    name: "which single form is accurate",
    isAnswer: isPlace,
    details: [granted, isDerivative, flushes, numbered, stages, overshoot, functionsTried],
    find: ([meant = root, value = root, ...copies], { activation }) => {
      const variable = activation.inputs[place] ?? input;
      const lineOf = (isWhole: boolean): Line =>
        new Line({ root: meant, sampled: meant, value, input: variable, granted, isDerivative, flushes, isWhole });
      const usual = lineOf(false);
      if (!usual.isTrusted) return -1;
      let whole: Line | undefined;
      return numbered.findIndex(({ form, guard, precise }) => {
        // Forms in fixed point may be for all numbers on a side.
        const points = precise === "fixed" ? (whole ??= lineOf(true)) : usual;
        const holds = guard === null ? undefined : inBinary64(copies[guard]!, variable);
        return runsOf.every((each) => {
          const runs = each(copies[form]!, precise, variable);
          return points.isRight(runs, holds) && (precise !== "fixed" || points.isRightAtInfinity(runs, holds));
        });
      });
    },
  });
  return ways[found];
}

/** What forms for all numbers of one input have to be. */
export interface WholeTrial {
  /** What is meant, in normal form. */
  readonly root: Expr;
  /** The same as it is computed in binary64: with its gates recognised, which are right far out as well, where formulas overflow. */
  readonly sampled: Expr;
  /** What a derivative is one of. */
  readonly value: Expr;
  readonly granted: Granted;
  readonly isDerivative: boolean;
}

/** What computes a form, once as devices do that take subnormal numbers for 0 and once as others do. */
export type Runs = readonly ((points: Float32Array) => Float32Array)[];

/**
 * Which of the forms is the first that is right at all inputs that are tried, infinite ones too, for all that is tried of the parameters; -1: none.
 */
export function firstRightEverywhere(
  trial: WholeTrial,
  input: Variable,
  parameters: readonly Parameter[],
  forms: readonly (() => (setting: readonly number[]) => Runs)[],
): number {
  const settings = settingsOf(parameters);
  const lines: Line[] = [];
  const lineAt = (i: number): Line =>
    (lines[i] ??= new Line({
      ...settled(trial, parameters, settings[i]!),
      input,
      flushes: true,
      isWhole: true,
      isThin: i > 0,
    }));
  return forms.findIndex((form) => {
    const runsAt = form();
    return settings.every((setting, i) => {
      const line = lineAt(i);
      const runs = runsAt(setting);
      return line.isTrusted && line.isRightAtInfinity(runs) && line.isRight(runs);
    });
  });
}

/** Where parameters are not at their defaults, one input of so many is tried. */
export const thinning = 4;

/** What is tried of a parameter beside its default, within its range. */
export const triedNumbers: readonly number[] = [
  ...[0, 1.3e-38, 1e-30, 2 ** -24, 0.37, 1, 1.7, 5.3, 64, 1e4, 1e10, 1e30, 3e38],
  ...[-1.3e-38, -(2 ** -24), -0.37, -1, -1.7, -64, -1e4, -1e10, -3e38],
].map(Math.fround);

/** The defaults, and each parameter once at each of the numbers within its range and at the ends that belong to it. */
function settingsOf(parameters: readonly Parameter[]): readonly (readonly number[])[] {
  const defaults = parameters.map((parameter) => Math.fround(parameter.default));
  return [
    defaults,
    ...parameters.flatMap(({ range }, i) => {
      const ends = [range?.lowClosed && range.low, range?.highClosed && range.high].filter(
        (end) => typeof end === "number",
      );
      return [...ends, ...triedNumbers.filter((number) => isInside(range, number))].map((number) =>
        defaults.with(i, Math.fround(number)),
      );
    }),
  ];
}

/** With numbers for parameters. */
function settled(trial: WholeTrial, parameters: readonly Parameter[], setting: readonly number[]): WholeTrial {
  const numbers = new Map<Expr, Expr>(
    parameters.map(({ variable }, i) => [variable, constant(fromNumber(setting[i]!))] as const),
  );
  const { root, sampled, value } = trial;
  return {
    ...trial,
    root: substitute(root, numbers),
    sampled: substitute(sampled, numbers),
    value: substitute(value, numbers),
  };
}

const ends: readonly number[] = [-Infinity, Infinity];

/** What a function tends to, as far as values at large numbers tell; else NaN. */
function limitOf(meant: (size: number) => number): number {
  for (const [near, far, farther] of distances) {
    const [a, b, c] = [near, far, farther].map((size) => Math.fround(meant(size))) as [number, number, number];
    if (a === b && b === c) return c;
    if (Math.abs(a) < Math.abs(b) && Math.abs(b) < Math.abs(c) && Math.abs(c) > 2 ** 100)
      return Math.sign(c) * Infinity;
  }
  return NaN;
}

/** The last ones for parameters that are next to 0. */
const distances = [
  [2 ** 100, 2 ** 113, 2 ** 127],
  [2 ** 260, 2 ** 273, 2 ** 287],
] as const;

interface LineOptions extends WholeTrial {
  readonly input: Variable;
  /** Whether subnormal numbers may be taken for 0. */
  readonly flushes: boolean;
  /** Whether inputs are met at which exponentials vanish, and all beyond. */
  readonly isWhole: boolean;
  /** Whether fewer are. */
  readonly isThin?: boolean;
}

/** Inputs with what is meant there; of several forms for the same it is found out once. */
class Line {
  readonly meant: (x: number) => number;
  private readonly options: LineOptions;
  private readonly value: (x: number) => number;
  private readonly zeros: readonly number[];
  private readonly batches: readonly Batch[];

  constructor(options: LineOptions) {
    this.options = options;
    this.meant = inBinary64(options.sampled, options.input);
    this.value = inBinary64(options.value, options.input);
    const few = (points: readonly number[]): readonly number[] =>
      options.isThin ? points.filter((_, i) => i % thinning === 0) : points;
    this.zeros = zerosOf(this.meant, few(line));
    const all = Float32Array.from(
      few([...line, ...(options.isWhole ? far : []), ...this.zeros.flatMap(beside)]),
    ).sort();
    // Most forms that are wrong are so at many inputs: a few are tried first.
    const isOfFew = (i: number): boolean => i % 16 === 0;
    this.batches = [all.filter((_, i) => isOfFew(i)), all.filter((_, i) => !isOfFew(i))].map((points) =>
      this.batchOf(points),
    );
  }

  /** Whether binary64 says what is meant: of a sum that cancels altogether nothing may be left but its roundings. */
  get isTrusted(): boolean {
    const { root, input } = this.options;
    const real = expandCalls(root);
    return witnesses.every((x) => {
      const known = this.meant(x);
      if (!Number.isFinite(known)) return true;
      const reference = referenceValue(real, new Map([[input, x]]), "binary64");
      return (
        !reference.decided || Math.abs(reference.value - known) <= 2 ** -32 * Math.abs(reference.value) + 2 ** -160
      );
    });
  }

  /**
   * Whether a form is right: where it is off by the most of all points, more are tried beside, at which it may be off by a little more.
   * @param holds where it is computed
   */
  isRight(runs: Runs, holds: (x: number) => number = () => 1): boolean {
    const met = new Met();
    const isWithin = (batch: Batch, times: number): boolean => {
      const { points, judged } = batch;
      const isHeld = points.map(holds);
      const errors = new Float64Array(points.length).fill(NaN);
      const isRight = runs.every((run, r) => {
        const results = run(points);
        for (let i = 0; i < points.length; i++) {
          if (isHeld[i] === 0) continue;
          const [x, actual, exact] = [points[i]!, results[i]!, judged.exact[i]!];
          if (!this.isClose(x, actual, judged, i, times)) return false;
          // Where a subnormal number was taken for 0, or all overflows, there is nothing to look for.
          const least = Math.min(Math.abs(x), Math.abs(exact), Math.abs(actual));
          if (r === 0 && least >= 2 ** -126 && Math.abs(actual) < Infinity)
            errors[i] = (Math.abs(actual - exact) - judged.drift[i]!) / judged.unit[i]!;
        }
        return true;
      });
      if (isRight) met.add(points, errors);
      return isRight;
    };
    if (!this.batches.every((batch) => isWithin(batch, 1))) return false;
    return stages
      .slice(0, this.options.isThin ? 1 : undefined)
      .every(({ cells, each }) => isWithin(this.batchOf(met.besideWorst(cells, each)), overshoot));
  }

  /** @param holds where it is computed */
  isRightAtInfinity(runs: Runs, holds: (x: number) => number = () => 1): boolean {
    const asked = ends.filter((end) => holds(end) !== 0);
    const limits = asked.map((end) => this.limitAt(end));
    return runs.every((run) => {
      const results = run(Float32Array.from(asked));
      return limits.every((limit, i) => results[i] === limit);
    });
  }

  /** What is meant at an infinity. */
  limitAt(end: number): number {
    return limitOf((size) => this.meant(Math.sign(end) * size));
  }

  private isClose(x: number, actual: number, judged: Judged, i: number, times: number): boolean {
    const { flushes, granted } = this.options;
    const [exact, unit] = [judged.exact[i]!, judged.unit[i]!];
    const usual = granted.usual * times * unit;
    // A result that has no normal number may be 0, and so may one of an input that has none.
    if (flushes && actual === 0 && Math.min(Math.abs(exact), Math.abs(x)) < 2 ** -126) return true;
    if (Math.abs(Math.fround(exact)) === Infinity) return actual === Math.sign(exact) * Infinity;
    if (flushes && Math.abs(x) < 2 ** -126 && Math.abs(actual - this.meant(0)) <= usual) return true;
    const error = Math.abs(actual - exact) - judged.drift[i]!;
    return error <= usual || (error <= granted.vanishing * times * unit && this.vanishes(x));
  }

  private vanishes(x: number): boolean {
    const value = Math.abs(this.value(x));
    const step = 2 ** -16;
    const slope = (this.value(x * (1 + step)) - this.value(x * (1 - step))) / (2 * step);
    return value < 2 ** -8 && Math.abs(slope) > 8 * value;
  }

  private batchOf(points: Float32Array): Batch {
    let known: Judged | undefined;
    const judgedAt = (): Judged => this.judgedAt(points);
    return {
      points,
      get judged() {
        return (known ??= judgedAt());
      },
    };
  }

  private judgedAt(points: Float32Array): Judged {
    const exact = Float64Array.from(points, this.meant);
    const drift = new Float64Array(points.length);
    if (this.options.isDerivative && this.zeros.length > 0)
      points.forEach((x, i) => {
        const isBeside = this.zeros.some((zero) => Math.abs(x - zero) <= Math.abs(zero) / 4);
        if (isBeside) drift[i] = Math.abs(this.meant(x + unitOf(x)) - exact[i]!) / 2;
      });
    return { exact, unit: exact.map(unitOf), drift };
  }
}

interface Batch {
  readonly points: Float32Array;
  readonly judged: Judged;
}

/** By point. */
interface Judged {
  readonly exact: Float64Array;
  readonly unit: Float64Array;
  /** What the rounding of the input may do, where it is excused. */
  readonly drift: Float64Array;
}

/** Points that were tried, in order, and how far off a result was at each, in units in the last place. */
class Met {
  private xs = new Float64Array(0);
  private errors = new Float64Array(0);

  /** @param errors NaN at points that do not count */
  add(points: Float32Array, errors: Float64Array): void {
    const order = Uint32Array.from(points.keys()).filter((i) => !Number.isNaN(errors[i]));
    const isInOrder = order.every((k, i) => i === 0 || points[order[i - 1]!]! <= points[k]!);
    if (!isInOrder) order.sort((a, b) => points[a]! - points[b]!);
    const count = this.xs.length + order.length;
    const [xs, merged] = [new Float64Array(count), new Float64Array(count)];
    for (let [i, j, k] = [0, 0, 0]; k < count; k++) {
      const next = order[j]!;
      const isOld = j >= order.length || this.xs[i]! <= points[next]!;
      xs[k] = isOld ? this.xs[i]! : points[next]!;
      merged[k] = isOld ? this.errors[i]! : errors[next]!;
      if (isOld) i++;
      else j++;
    }
    this.xs = xs;
    this.errors = merged;
  }

  /** Points between the neighbours of those that are off by the most. */
  besideWorst(cells: number, each: number): Float32Array {
    const least = largest(this.errors, cells);
    const places = Uint32Array.from(this.xs.keys());
    const worst = [
      ...places.filter((i) => this.errors[i]! > least),
      // Many may be off by as much, such as half a unit.
      ...places.filter((i) => this.errors[i] === least),
    ].slice(0, cells);
    const points = worst.flatMap((i) => {
      const x = this.xs[i]!;
      const [low, high] = [this.xs[i - 1] ?? x, this.xs[i + 1] ?? x];
      return Array.from({ length: each }, (_, k) => low + (high - low) * (((k + 1) * 0.618033988749895) % 1));
    });
    return Float32Array.from(points);
  }
}

/** The so-manieth largest number, -Infinity if there are fewer. */
function largest(numbers: Float64Array, place: number): number {
  const found = new Float64Array(place).fill(-Infinity);
  for (const number of numbers) {
    if (number <= found[0]!) continue;
    let i = 1;
    for (; i < place && found[i]! < number; i++) found[i - 1] = found[i]!;
    found[i - 1] = number;
  }
  return found[0]!;
}

/** How many neighbourhoods of the worst points are looked into, and at how many points each. */
export const stages: readonly { readonly cells: number; readonly each: number }[] = [
  { cells: 96, each: 24 },
  { cells: 24, each: 64 },
  { cells: 12, each: 384 },
];

/** What is granted where points lie closer than elsewhere, in terms of what is granted else. */
export const overshoot = 1.07;

/** Where exponentials vanish, and from there on. */
const far: readonly number[] = [
  ...Array.from({ length: 800 }, (_, i) => 70 + (i + 0.37) / 16),
  ...Array.from({ length: 240 }, (_, i) => 1.37 * 2 ** (7 + i / 2)),
  3.4028234663852886e38,
].flatMap((x) => [-Math.fround(x), Math.fround(x)]);

function inBinary64(expr: Expr, input: Variable): (x: number) => number {
  const run = sampler(expr, [input], "binary64");
  return (x) => run([x]);
}

/** A unit in the last place of float32. */
function unitOf(x: number): number {
  float64[0] = x;
  const exponent = (words[1]! >>> 20) & 0x7ff;
  words[0] = 0;
  words[1] = (Math.max(-126 + 1023, exponent) - 23) << 20;
  return float64[0];
}
const float64 = new Float64Array(1);
const words = new Uint32Array(float64.buffer);

// At every size other leading digits: where a function is nearly a multiple of its input, these decide how many units an error is.
/** At which binary64 is compared with the reals. */
const witnesses: readonly number[] = [0.37, 1.9, 7.3, 40.7, 3.1e3, 2.7e7, 5.3e14].flatMap((x) => [-x, x]);

const sizes = Array.from({ length: 900 }, (_, i) => 2 ** (-149 + (i + ((i * 0.618033988749895) % 1)) / 6));
const small = Array.from({ length: 768 }, (_, i) => 2 ** ((i + 0.37) / 64 - 12));
const ordinary = Array.from({ length: 3000 }, (_, i) => (i + 0.37) / 180);
const large = Array.from({ length: 200 }, (_, i) => (i + 0.37) / 2);

const line: readonly number[] = [...new Set([0, ...sizes, ...small, ...ordinary, ...large].flatMap((x) => [-x, x]))]
  .map(Math.fround)
  .sort((a, b) => a - b);

/** Where the sign changes, in between points. */
function zerosOf(meant: (x: number) => number, points: readonly number[]): number[] {
  const values = points.map(meant);
  return points.flatMap((x, i) => {
    if (!(values[i]! * values[i + 1]! < 0)) return [];
    let [low, high] = [x, points[i + 1]!];
    for (let step = 0; step < 60; step++) {
      const middle = (low + high) / 2;
      if (values[i]! * meant(middle) <= 0) high = middle;
      else low = middle;
    }
    return [low];
  });
}

const beside = (zero: number): number[] =>
  Array.from({ length: 81 }, (_, i) => i - 40).flatMap((k) =>
    [zero + k * unitOf(zero), zero * (1 + k * 2 ** -12)].map(Math.fround),
  );
