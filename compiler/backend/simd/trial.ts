/** Whether a form in vectors of float32 is accurate, where the error analysis alone cannot say: it is tried out. */
import { type Expr, type Variable, variablesOf } from "../../ir/expr.js";
import { emulateVectors, VectorGraph } from "../../machine/vector/index.js";
import { sampler } from "../../numerics/sample.js";
import { isBoolean } from "../../decisions.js";
import type { KernelPlan } from "../kernels.js";
import { searched } from "../searches.js";
import { type Precision, vectorOf } from "./expression.js";

export interface Trial {
  /** What is meant, in normal form. */
  readonly root: Expr;
  /** As it is computed, lowered. */
  readonly form: Expr;
  /** Where it is computed. */
  readonly guard: Expr | null;
  readonly precise: Precision;
  /** The largest error that is granted, in units in the last place. */
  readonly granted: number;
  /** Whether subnormal numbers are taken for 0. */
  readonly flushes: boolean;
  /** Whether the form is a derivative: at its zeros the error that the rounding of the input causes is no fault of the form. */
  readonly isDerivative: boolean;
}

/** Only forms of one input and nothing else are tried out. */
export function isRightInTrial(
  plan: KernelPlan,
  { root, form, guard, precise, granted, flushes, isDerivative }: Trial,
): boolean {
  const [input, ...others] = variablesOf(form);
  if (input?.role !== "input" || others.length > 0) return false;
  const place = plan.activation.inputs.indexOf(input);
  return searched(plan, [root, form, ...(guard ? [guard] : [])], {
    name: "vectors are accurate",
    isAnswer: isBoolean,
    details: [
      granted,
      isDerivative,
      ...(precise ? [precise === "polynomials" ? "precise" : precise] : []),
      ...(flushes ? ["flushes"] : []),
    ],
    find: ([meant = root, tried = form, condition], { activation }) =>
      isWithin(
        { root: meant, form: tried, guard: condition ?? null, precise, granted, flushes, isDerivative },
        activation.inputs[place] ?? input,
      ),
  });
}

/** What a form for one input and all of its numbers has to be. */
export interface WholeTrial {
  /** What is meant, in normal form. */
  readonly root: Expr;
  readonly granted: number;
  readonly isDerivative: boolean;
  /** What is computed, whether subnormal numbers are taken for 0 or not. */
  readonly run: (points: Float32Array, flushes: boolean) => Float32Array;
}

/** Whether results are right at all inputs that are tried, infinite ones too. */
export function isRightEverywhere({ root, granted, isDerivative, run }: WholeTrial, input: Variable): boolean {
  const meant = single(root, input);
  const zeros = zerosOf(meant);
  const points = Float32Array.from([...line, ...far, ...zeros.flatMap(beside)]);
  const limits = [-1, 1].map((sign) => limitOf((size) => meant(sign * size)));
  if (limits.some(Number.isNaN)) return false;
  return [true, false].every((flushes) => {
    const ends = run(Float32Array.of(-Infinity, Infinity), flushes);
    if (limits.some((limit, i) => ends[i] !== limit)) return false;
    const results = run(points, flushes);
    // A result that has no normal number may be 0 on any device.
    return points.every((x, i) => isClose(meant, x, results[i]!, { granted, isDerivative, flushes: true, zeros }));
  });
}

/** What a function tends to, as far as values at large numbers tell; else NaN. */
function limitOf(meant: (size: number) => number): number {
  const [a, b, c] = [2 ** 100, 2 ** 113, 2 ** 127].map((size) => Math.fround(meant(size))) as [number, number, number];
  if (a === b && b === c) return c;
  return Math.abs(a) < Math.abs(b) && Math.abs(b) < Math.abs(c) && Math.abs(c) > 2 ** 100
    ? Math.sign(c) * Infinity
    : NaN;
}

/** Where exponentials vanish, and from there on. */
const far: readonly number[] = [
  ...Array.from({ length: 800 }, (_, i) => 70 + (i + 0.37) / 16),
  ...Array.from({ length: 240 }, (_, i) => 1.37 * 2 ** (7 + i / 2)),
  3.4028234663852886e38,
].flatMap((x) => [-Math.fround(x), Math.fround(x)]);

function isWithin({ root, form, guard, precise, granted, flushes, isDerivative }: Trial, input: Variable): boolean {
  const meant = single(root, input);
  const holds = guard ? single(guard, input) : () => 1;
  const zeros = zerosOf(meant);
  // Forms that hold their input may be for all numbers on a side.
  const beyond = precise === "fixed" ? [...far, -Infinity, Infinity] : [];
  const points = Float32Array.from([...line, ...zeros.flatMap(beside), ...beyond].filter((x) => holds(x) !== 0));
  const graph = new VectorGraph("f32x4");
  const [code] = vectorOf(graph, [form], new Map([[input, graph.local("x")]]), precise);
  const results = emulateVectors(code!, new Map([["x", points]]), flushes);
  return points.every((x, i) => isClose(meant, x, results[i]!, { granted, isDerivative, flushes, zeros }));
}

interface Judgement extends Pick<Trial, "granted" | "isDerivative" | "flushes"> {
  readonly zeros: readonly number[];
}

function isClose(
  meant: (x: number) => number,
  x: number,
  actual: number,
  { granted, isDerivative, flushes, zeros }: Judgement,
): boolean {
  if (Math.abs(x) === Infinity) return actual === limitOf((size) => meant(Math.sign(x) * size));
  const exact = meant(x);
  const unit = unitOf(exact);
  const isBeside = isDerivative && zeros.some((zero) => Math.abs(x - zero) <= Math.abs(zero) / 4);
  const drift = isBeside ? Math.abs(meant(x + unitOf(x)) - exact) / 2 : 0;
  // A result that has no normal number may be 0, and so may one of an input that has none.
  if (flushes && actual === 0 && Math.min(Math.abs(exact), Math.abs(x)) < 2 ** -126) return true;
  if (Math.abs(Math.fround(exact)) === Infinity) return actual === Math.sign(exact) * Infinity;
  if (flushes && Math.abs(x) < 2 ** -126 && Math.abs(actual - meant(0)) <= granted * unit) return true;
  return Math.abs(actual - exact) <= granted * unit + drift;
}

function single(expr: Expr, input: Variable): (x: number) => number {
  const run = sampler(expr, [input], "binary64");
  return (x) => run([x]);
}

/** A unit in the last place of float32. */
const unitOf = (x: number): number => 2 ** (Math.max(-126, Math.floor(Math.log2(Math.abs(x)))) - 23);

const sizes = Array.from({ length: 600 }, (_, i) => 1.37 * 2 ** (-149 + i / 4));
const ordinary = Array.from({ length: 3000 }, (_, i) => (i + 0.37) / 180);
const large = Array.from({ length: 200 }, (_, i) => (i + 0.37) / 2);

const line: readonly number[] = [...new Set([0, ...sizes, ...ordinary, ...large].flatMap((x) => [-x, x]))]
  .map(Math.fround)
  .sort((a, b) => a - b);

/** Where the sign changes, in between the points of the line. */
const zerosOf = (meant: (x: number) => number): number[] =>
  line.flatMap((x, i) => {
    const next = line[i + 1] ?? x;
    if (meant(x) * meant(next) >= 0) return [];
    let [low, high] = [x, next];
    for (let step = 0; step < 60; step++) {
      const middle = (low + high) / 2;
      if (meant(low) * meant(middle) <= 0) high = middle;
      else low = middle;
    }
    return [low];
  });

const beside = (zero: number): number[] =>
  Array.from({ length: 81 }, (_, i) => i - 40).flatMap((k) =>
    [zero + k * unitOf(zero), zero * (1 + k * 2 ** -12)].map(Math.fround),
  );
