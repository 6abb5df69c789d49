/** How far kernels are off the truth at points, and where most. */
import { Judge } from "./judge.js";
import {
  type BatchKernel,
  type Measurement,
  type MeasureOptions,
  nothingMeasured,
  type Sample,
} from "./measurement.js";
import type { Points } from "./points.js";
import { scatteringStep } from "./spread.js";
import { type Column, fastTruth, patient } from "./truth.js";
import { screened } from "./units.js";

export function measurePoints(
  column: Column,
  kernel: BatchKernel,
  points: Points,
  parameters: readonly number[],
  options: MeasureOptions = {},
): Measurement {
  const [measurement = nothingMeasured] = measureTogether(column, [{ kernel, options }], points, parameters);
  return measurement;
}

/** A kernel, and what it is allowed. */
export interface Candidate {
  readonly kernel: BatchKernel;
  readonly options: MeasureOptions;
}

/**
 * As {@link measurePoints}, of several kernels for the same column: one truth serves them all.
 * @param patience with the reference: what needs it afterwards is undecided
 */
export function measureTogether(
  column: Column,
  candidates: readonly Candidate[],
  points: Points,
  parameters: readonly number[],
  patience = patient,
): Measurement[] {
  const truth = fastTruth(column, patience);
  const runs = candidates.map(({ kernel, options }) => {
    const places = options.sample ? placesIn(points, options.sample) : null;
    const tried = places ? points.inputs.map((values) => Float32Array.from(places, (i) => values[i]!)) : points.inputs;
    const results = kernel(tried, parameters);
    return {
      judge: new Judge(column, parameters, options, truth),
      results: places ? new Map(places.map((place, i) => [place, results[i]!])) : results,
      stride: options.byReference ? Math.max(1, Math.floor(points.count / options.byReference)) : Infinity,
      unary: options.unary,
    };
  });
  const inputs = points.inputs.map(() => NaN);
  const step = patience === patient ? 1 : scatteringStep(points.count);
  for (let k = 0; k < points.count; k++) {
    const i = (k * step) % points.count;
    points.inputs.forEach((values, k) => (inputs[k] = values[i]!));
    for (const { judge, results, stride, unary } of runs) {
      const actual = results instanceof Map ? results.get(i) : results[i];
      if (actual === undefined) continue;
      const byReference = i % stride === 0;
      const isNearZero = (): boolean => points.isNearZero(i);
      if (unary && !byReference && !isNearZero()) {
        const expected = unary.at(inputs[0]!);
        const size = Math.abs(expected);
        if (size < 2 ** 127 && screened(actual, expected) <= judge.threshold) {
          judge.pass(1);
          continue;
        }
      }
      judge.judge(inputs, actual, isNearZero, byReference);
    }
  }
  return runs.map(({ judge }) => judge.result());
}

function placesIn({ count, adversarial, extremes }: Points, sample: Sample): number[] {
  const isTried = (i: number): boolean =>
    i % sample.every === 0 || (sample.extremes && i >= adversarial - extremes && i < adversarial);
  return Array.from({ length: count }, (_, i) => i).filter(isTried);
}
