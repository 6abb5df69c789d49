/**
 * How far gradients from the output are off. A kernel computes its formula of the output as accurately as any kernel computes; but
 * that output was rounded, and where the function is nearly level many inputs share it. So two things are measured.
 */
import { normalise } from "../algebra/normalise.js";
import { type SaveFromOutput, savePlan } from "../calculus/save.js";
import type { Activation } from "../ir/activation.js";
import type { Variable } from "../ir/expr.js";
import type { MeasuredTarget } from "./emitted.js";
import { measurePoints } from "./measure.js";
import type { BatchKernel, Measurement, Worst } from "./measurement.js";
import { columnOf, measureOptions } from "./measurer.js";
import { type Density, type Points, pointsFor } from "./points.js";
import { type Column, fastTruth } from "./truth.js";

/** An error at an input. */
export interface ErrorAt {
  readonly error: number;
  readonly at: number;
}

export interface OutputErrors {
  /** Of the kernel against its formula, for outputs as they are given: in units in the last place. */
  readonly formula: ErrorAt;
  /** Of forward and then this kernel against the derivative at the input: in units in the last place. */
  readonly whole: ErrorAt;
  /** The same as a multiple of 2^-24, for a cotangent of 1. */
  readonly absolute: ErrorAt;
}

export interface OutputKernels {
  readonly target: MeasuredTarget;
  readonly forward: BatchKernel;
  /** Takes the output. */
  readonly backward: BatchKernel;
}

export interface OutputPlan {
  /** Stratified inputs besides the adversarial ones. */
  readonly stratified: number;
  readonly density: Density;
}

/** @param of the input or learned parameter that the gradient is in */
export function errorsFromOutput(
  activation: Activation,
  of: string,
  { target, forward, backward }: OutputKernels,
  parameters: readonly number[],
  { stratified, density }: OutputPlan,
): OutputErrors {
  const { output } = savePlan(activation, normalise(activation.body));
  if (!output) throw new Error(`the output of ${activation.name} does not determine its derivatives`);
  const options = measureOptions(target, of);
  const column = columnOf(activation, of);
  const points = pointsFor(column, parameters, stratified, density);
  const both: BatchKernel = (inputs, numbers) => backward([forward(inputs, numbers).slice()], numbers);
  const own = formulaColumn(column, output);
  const outputs = withinBounds(pointsFor(own, parameters, stratified, density), output.output);
  return {
    formula: largest(measurePoints(own, backward, outputs, parameters, options)),
    whole: largest(measurePoints(column, both, points, parameters, options)),
    absolute: largestAbsolute(column, both(points.inputs, parameters), points, parameters, target === "wgsl"),
  };
}

/** The derivative as a function of the output, declared as if that were the input. */
function formulaColumn({ activation, of }: Column, { output, derivative, learned }: SaveFromOutput): Column {
  const isInput = of === activation.inputs[0];
  const gradients = new Map<Variable, typeof derivative>([[output, derivative], ...learned]);
  return {
    activation: { ...activation, inputs: [output], body: output, gradients },
    of: isInput ? output : of,
  };
}

function withinBounds({ inputs, isNearZero }: Points, { bounds }: Variable): Points {
  const [values = new Float32Array()] = inputs;
  const { low, high } = bounds ?? { low: -Infinity, high: Infinity };
  const kept = [...values.keys()].filter((i) => !(values[i]! < low || values[i]! > high));
  return {
    count: kept.length,
    adversarial: kept.length,
    extremes: 0,
    inputs: [Float32Array.from(kept, (i) => values[i]!)],
    isNearZero: (i) => isNearZero(kept[i]!),
  };
}

/** The worst of all kinds. A NaN says nothing of a derivative. */
function largest({ worst, nearZero, vanishing, notFinite, wrongLimit }: Measurement): ErrorAt {
  const found = [worst, nearZero, vanishing, notFinite, wrongLimit].filter((each): each is Worst => each !== null);
  return found.reduce<ErrorAt>((most, { ulp, at }) => (ulp > most.error ? { error: ulp, at: at[0]! } : most), {
    error: 0,
    at: 0,
  });
}

const smallestNormal = 2 ** -126;

function largestAbsolute(
  column: Column,
  results: Float32Array,
  { inputs: [values = new Float32Array()] }: Points,
  parameters: readonly number[],
  flushes: boolean,
): ErrorAt {
  const truth = fastTruth(column);
  let most: ErrorAt = { error: 0, at: 0 };
  values.forEach((x, i) => {
    // Such an input may count as 0, which is on the other side of a kink.
    if (!Number.isFinite(x) || (flushes && x !== 0 && Math.abs(x) < smallestNormal)) return;
    truth.evaluate([x, ...parameters]);
    if (Math.abs(truth.value) >= 2 ** 127) return;
    const error = Math.abs(results[i]! - truth.value) * 2 ** 24;
    if (error > most.error) most = { error, at: x };
  });
  return most;
}
