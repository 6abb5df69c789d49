/**
 * Makes a form right where inputs are huge or infinite. A product such as x * sigmoid(x) is 0 * inf at -inf though its
 * limit is 0, and a polynomial may overflow although the value it belongs to does not. Beyond some size such a value
 * has reached its limit to the last bit, so the input is held at that size; whether that is right is tried out on
 * inputs over the whole range, against binary64, in which float32 inputs do not overflow as soon.
 */
import { apply, constant, type Expr, occurs, reachable, rebuild, substitute, type Variable } from "../ir/expr.js";
import { triedParameters } from "../ir/random.js";
import { fromNumber } from "../ir/rational.js";
import type { Activation } from "../ir/activation.js";
import { expandCalls } from "../calculus/differentiate.js";
import { normalise } from "../algebra/normalise.js";
import { atLargeInput } from "./asymptotics.js";
import { referenceValue } from "../numerics/reference.js";
import { type Arithmetic, sampler } from "../numerics/sample.js";
import type { PrimitiveName } from "../primitives/table.js";
import type { KernelPlan } from "./kernels.js";
import { searched } from "./searches.js";
import { trialsOf } from "./trials.js";

/** The largest finite float32. */
const largest = 3.4028234663852886e38;

/** What is rounded to infinity in float16. */
const infiniteHalf = 65520;

/** Sizes at which an input may be held, the weakest first. */
const holds: readonly number[] = [
  largest,
  2 ** 96,
  2 ** 63,
  2 ** 40,
  2 ** 31,
  2 ** 24,
  2 ** 20,
  2 ** 16,
  2 ** 13,
  2 ** 10,
  512,
  256,
  128,
  80,
  64,
  48,
];

const magnitudes: readonly number[] = [
  ...[16, 80, 88, 89, 100, 105, 150, 200, 500, 800, 1e3, 1e4, 1e6, 1e8, 1e10, 1e13],
  ...[1e19, 2e19, 1e21, 1e27, 1e30, 1e36, 1e38, largest, Infinity],
];

/** Inputs beyond the float32 range at which limits are read off, in binary64. */
const beyond: readonly number[] = [2 ** 130, 2 ** 145, 2 ** 160, 2 ** 190];

/** Values of the other inputs while one of them grows. */
const companions: readonly number[] = [0.7, -1.3];

/** Borders from which on the form for large inputs may take over. */
const borders: readonly number[] = [2 ** 40, 2 ** 31, 2 ** 24, 2 ** 20, 2 ** 16, 2 ** 13, 2 ** 10, 128];

export interface SettleOptions {
  readonly activation: Activation;
  readonly cotangent: Variable;
  readonly arithmetic: Arithmetic;
  /** Turns an expression into what the target can spell. */
  readonly lower: (expr: Expr) => Expr;
  /** Whether inputs are float16, and results will be. */
  readonly betweenHalves?: boolean;
}

/** A form, and in how many of the cases that were tried it fails. */
export interface Settled {
  readonly form: Expr;
  readonly faults: number;
}

/**
 * The lowered forms of one kernel's results, right over the whole range of inputs: with inputs held, all results at the
 * same size where one serves them all (so that they go on sharing subexpressions), or with a form of its own for large
 * inputs.
 */
export const settleExtremes = (exprs: readonly Expr[], options: SettleOptions): Expr[] =>
  settled(exprs, options).map(({ form }) => form);

export function settled(exprs: readonly Expr[], options: SettleOptions): Settled[] {
  const { activation, cotangent, arithmetic, lower, betweenHalves = false } = options;
  const forms = exprs.map(lower);
  if (activation.axis) return forms.map((form) => ({ form, faults: 0 }));
  const parameters = triedParameters(activation);
  const variables = [...activation.inputs, cotangent, ...parameters.map(({ variable }) => variable)];
  const defaults = parameters.map((parameter) => parameter.default);
  // What is random is another function in evaluation.
  const evaluated = parameters.map(({ variable, default: value }) => (variable.role === "training" ? 0 : value));
  const settings = activation.random ? [defaults, evaluated] : [defaults];
  const truths = forms.map((form, i) => truthOf(form, exprs[i]!, variables));
  const sizes = betweenHalves ? magnitudes.filter((size) => size < infiniteHalf || size === Infinity) : magnitudes;
  const bounds = betweenHalves ? holds.filter((size) => size <= 2 ** 40) : holds;
  const infinite = betweenHalves ? infiniteHalf : null;
  const { settings: varied, withZero, atEnds } = trialsOf(options);
  /** Its limit at an infinite input, where it has the same whatever the parameters and the other inputs are. */
  const withLimit = (form: Expr, i: number, index: number, sign: -1 | 1): Expr | undefined => {
    if (occurs(cotangent, form) || betweenHalves) return undefined;
    const limit = commonLimit(truths[i]!, sign, index, activation.inputs.length, varied, [...withZero, ...atEnds]);
    if (limit === undefined || (limit !== 0 && Number.isFinite(limit))) return undefined;
    const input = activation.inputs[index]!;
    const isInfinite = apply(sign > 0 ? "greater" : "less", [input, constant(fromNumber(sign * largest))]);
    const infinity = Math.sign(limit) === sign ? input : apply("negate", [input]);
    return apply("where", [isInfinite, limit === 0 ? constant(0) : infinity, form]);
  };
  let settled = [...forms];
  const left = forms.map(() => 0);
  for (const [index, input] of activation.inputs.entries()) {
    for (const sign of [-1, 1] as const) {
      const cases = truths.map((truth) =>
        settings.flatMap((setting) =>
          expectations(sign, index, activation.inputs.length, sizes, setting, truth, arithmetic),
        ),
      );
      /** How many cases a form fails, counted up to so many. */
      const faults = (form: Expr, i: number, most = Infinity): number => {
        const run = sampler(form, variables, arithmetic);
        let count = 0;
        for (const each of cases[i] ?? []) {
          const actual = run(each.values);
          // What is left of a wave far out is no limit, however small it is; but it is better than no number.
          if (!agrees(actual, each, infinite)) count += 1;
          else if (each.expected === 0 && each.values.some(isInfinite) && Math.fround(actual) !== 0) count += 0.5;
          if (count >= most) break;
        }
        return count;
      };
      const best = settled.map((form, i) => ({ form, faults: faults(form, i) }));
      for (const [i, candidate] of best.entries()) {
        if (candidate.faults === 0 || activation.inputs.length < 2) continue;
        const form = withZeros(settled[i]!, input);
        if (faults(form, i, 1) === 0) best[i] = { form, faults: 0 };
      }
      // A sine has no value at infinity, but it stays small: what it stands beside may have a limit.
      for (const [i, candidate] of best.entries()) {
        if (candidate.faults === 0) continue;
        const form = withWavesHeld(settled[i]!, input, sign);
        if (form !== settled[i] && faults(form, i, 1) === 0) best[i] = { form, faults: 0 };
      }
      for (const size of bounds) {
        if (best.every((candidate) => candidate.faults === 0)) break;
        const held = settled.map((form) => hold(form, input, sign, size));
        const counts = held.map((form, i) =>
          form === settled[i] ? best[i]!.faults : faults(form, i, Math.max(1, best[i]!.faults)),
        );
        if (counts.every((count) => count === 0)) {
          held.forEach((form, i) => (best[i] = { form, faults: 0 }));
          break;
        }
        held.forEach((form, i) => {
          if (counts[i]! < best[i]!.faults) best[i] = { form, faults: counts[i]! };
        });
      }
      settled = best.map(({ form, faults: most }, i) => {
        if (most === 0) return form;
        const candidates = largeForms(exprs[i]!, settled[i]!, input, sign, lower);
        let least = { form, faults: most };
        for (const candidate of candidates) {
          const count = faults(candidate, i, least.faults);
          if (count < least.faults) least = { form: candidate, faults: count };
        }
        if (least.faults > 0) {
          const limited = withLimit(least.form, i, index, sign);
          const count = limited ? faults(limited, i, least.faults) : least.faults;
          if (limited && count < least.faults) least = { form: limited, faults: count };
        }
        left[i]! += least.faults;
        return least.form;
      });
    }
  }
  return settled.map((form, i) => ({ form, faults: left[i]! }));
}

/** `where(x > border, form for large x, form)`, for each border, the input held where it is infinite or not. */
function largeForms(expr: Expr, form: Expr, input: Variable, sign: -1 | 1, lower: (expr: Expr) => Expr): Expr[] {
  const large = lower(atLargeInput(normalise(expr), input, sign));
  const held = hold(large, input, sign, largest);
  return borders.flatMap((border) => {
    const beyondIt = apply(sign > 0 ? "greater" : "less", [input, constant(fromNumber(sign * border))]);
    return [apply("where", [beyondIt, large, form]), apply("where", [beyondIt, held, form])];
  });
}

type Truth = (values: readonly number[]) => number;

/** Binary64 where it gives a number; real arithmetic where it gives none, as when a factor overflows even there. */
export function truthOf(form: Expr, expr: Expr, variables: readonly Variable[]): Truth {
  const quick = sampler(form, variables, "binary64");
  const real = expandCalls(expr);
  return (values) => {
    const value = quick(values);
    if (!Number.isNaN(value)) return value;
    const bindings = new Map(variables.map((variable, i) => [variable, values[i] ?? 0]));
    const reference = referenceValue(real, bindings, "binary64");
    return reference.decided ? reference.value : NaN;
  };
}

/** Real arithmetic where it decides: in binary64 nothing may be left of a sum that cancels far out. Elsewhere binary64 alone says what vanishes or overflows. */
function realTruthOf(form: Expr, variables: readonly Variable[]): Truth {
  const [quick, real] = [truthOf(form, form, variables), expandCalls(form)];
  return (values) => {
    const bindings = new Map(variables.map((variable, i) => [variable, values[i] ?? 0]));
    const reference = referenceValue(real, bindings, "binary64");
    if (reference.decided) return reference.value;
    const value = quick(values);
    return value === 0 || isInfinite(value) ? value : NaN;
  };
}

/** Where a factor without the input is 0, so is the product, even if the other factor is infinite. */
function withZeros(form: Expr, input: Variable): Expr {
  return rebuild(form, (node, operands) => {
    const product = apply(node.primitive, operands, node.rule);
    if (node.primitive !== "multiply") return product;
    const others = operands.filter((operand) => !occurs(input, operand) && operand.kind !== "constant");
    if (others.length !== 1) return product;
    const isInfinite = apply("greater", [apply("abs", [input]), constant(fromNumber(largest))]);
    const isZero = apply("equal", [others[0]!, constant(0)]);
    return apply("where", [apply("and", [isZero, isInfinite]), constant(0), product]);
  });
}

function hold(form: Expr, input: Variable, sign: -1 | 1, size: number): Expr {
  const bound = constant(fromNumber(sign * size));
  return substitute(form, new Map([[input, apply(sign < 0 ? "at_least" : "at_most", [input, bound])]]));
}

/** The input held in what a periodic function is given. */
const withWavesHeld = (form: Expr, input: Variable, sign: -1 | 1): Expr =>
  rebuild(form, (node, operands) => {
    const held = periodic.has(node.primitive) ? operands.map((each) => hold(each, input, sign, largest)) : operands;
    return apply(node.primitive, held, node.rule);
  });

export const periodic: ReadonlySet<string> = new Set(["sin", "cos", "tan"]);

const isInfinite = (value: number): boolean => Math.abs(value) === Infinity;

interface Case {
  readonly values: readonly number[];
  readonly expected: number;
}

function expectations(
  sign: -1 | 1,
  index: number,
  inputs: number,
  sizes: readonly number[],
  defaults: readonly number[],
  truth: (values: readonly number[]) => number,
  arithmetic: Arithmetic,
): Case[] {
  const cases: Case[] = [];
  for (const companion of inputs > 1 ? companions : [0]) {
    const at = (x: number): number[] => {
      const values = new Array<number>(inputs).fill(companion);
      values[index] = sign * x;
      return [...values, 1, ...defaults];
    };
    for (const x of sizes) {
      const values = at(x);
      const expected = x === Infinity ? limitFrom(beyond.map((size) => truth(at(size)))) : truth(values);
      if (expected === undefined || Number.isNaN(expected)) continue;
      // Beyond binary64's own range the truth is not known here.
      if (!Number.isFinite(expected) && x !== Infinity && arithmetic === "binary64") continue;
      cases.push({ values, expected });
    }
  }
  return cases;
}

/** The limit at an infinite input that a function has at all settings of its parameters, and at degenerate ones if it has one. */
function commonLimit(
  truth: Truth,
  sign: -1 | 1,
  index: number,
  inputs: number,
  settings: readonly (readonly number[])[],
  degenerate: readonly (readonly number[])[],
): number | undefined {
  const cases = [...settings, ...degenerate].flatMap((setting) =>
    expectations(sign, index, inputs, [Infinity], setting, truth, "binary32"),
  );
  const limit = cases[0]?.expected;
  return cases.length >= settings.length && cases.every(({ expected }) => expected === limit) ? limit : undefined;
}

/**
 * At -inf and inf, what a function of one input tends to at its parameters' defaults: 0, another
 * float32 where a search at run time would not find it, or an infinity by its name; null where that is unknown.
 */
export type EndLimits = readonly [EndLimit, EndLimit];
type EndLimit = number | (typeof infinities)[number] | null;
const infinities = ["-inf", "inf"] as const;
export const isEndLimits = (answer: unknown): answer is EndLimits =>
  Array.isArray(answer) &&
  answer.length === 2 &&
  answer.every(
    (each) =>
      each === null ||
      infinities.some((name) => name === each) ||
      (typeof each === "number" && Math.abs(each) <= largest),
  );

export function limitsAtEnds(root: Expr, plan: KernelPlan): EndLimits {
  if (plan.activation.inputs.length !== 1 || plan.activation.random) return [null, null];
  return searched(plan, [root], {
    name: "real limits at the defaults",
    isAnswer: isEndLimits,
    find: ([form = root], subject) => {
      const { variables, settings } = trialsOf(subject);
      const truth = realTruthOf(form, variables);
      const at = (sign: -1 | 1): EndLimit => {
        const limit = commonLimit(truth, sign, 0, 1, settings.slice(0, 1), []);
        if (limit === undefined) return null;
        const single = Math.fround(limit);
        if (!Number.isFinite(single)) return single > 0 ? "inf" : "-inf";
        // Without a sign, as lock files keep it.
        if (single === 0) return 0;
        return isAlgebraic(form) ? single : null;
      };
      return [at(-1), at(1)];
    },
  });
}

/** Where powers cancel, mantissas are too short for what is left of them far out: that no search finds. */
const isAlgebraic = (form: Expr): boolean =>
  reachable([form]).every((node) => node.kind !== "application" || algebraic.has(node.primitive));

const algebraic: ReadonlySet<PrimitiveName> = new Set([
  "negate",
  "add",
  "subtract",
  "multiply",
  "divide",
  "abs",
  "pow",
]);

/** What a sequence of values at growing inputs tends to, if that can be told. */
function limitFrom(values: readonly number[]): number | undefined {
  const [a, b, c, d] = values;
  if (a === undefined || b === undefined || c === undefined || d === undefined) return undefined;
  if (values.some((value) => Number.isNaN(value))) return undefined;
  if (c === d) return d;
  if (Math.abs(d) < 1e-30 && Math.abs(c) < 1e-30) return 0;
  if (Math.abs(d - c) <= 1e-9 * Math.abs(d)) return d;
  const grows =
    Math.abs(d) > 1.05 * Math.abs(c) && Math.abs(c) > 1.05 * Math.abs(b) && Math.abs(b) > 1.05 * Math.abs(a);
  return grows && Math.sign(a) === Math.sign(d) && Math.sign(b) === Math.sign(d) ? Math.sign(d) * Infinity : undefined;
}

/** Whether a result is the expected one as far as this stage can ask: no fault of range, and some digits right. */
function agrees(actual: number, { values, expected }: Case, infinite: number | null): boolean {
  if (Number.isNaN(actual)) return false;
  if (infinite !== null && Math.abs(expected) >= infinite) return actual * Math.sign(expected) >= infinite;
  const single = Math.fround(expected);
  const isLimit = values.some(isInfinite);
  if (!Number.isFinite(single)) {
    return Math.fround(actual) === single || (!isLimit && Math.abs(actual) > 1e38);
  }
  return Math.abs(actual - single) <= 1e-3 * Math.abs(single) + 1e-37;
}
