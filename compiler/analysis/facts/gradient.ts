/** Where learning goes on: how steep a curve is, and where its gradient is gone. */
import type { Kink } from "../../calculus/kinks.js";
import { type Curve, numberOf } from "./curve.js";
import { type FloatFormat, float32, powerOfTwo } from "../intervals/floats.js";
import { exactly, isPoint, magnitudeOf, order, signOf, signOfEnd, type Enclosure } from "../intervals/interval.js";
import { best, type Extreme } from "./extremes.js";
import { limitTowards, type Limits } from "./limits.js";
import type { Places, Span } from "./places.js";
import { existence, type Region, valueBeside } from "./regions.js";
import { stretches, type Stretch } from "./stretches.js";

/**
 * What a format makes of value and gradient. `dead`: the gradient is exactly 0. `vanishes`: it only rounds to 0.
 * `breaks`: the value, or the gradient, overflows or does not exist.
 */
export type GradientClass = "alive" | "dead" | "vanishes" | "breaks" | "unknown";

export function gradientClass(value: Enclosure, gradient: Enclosure, format: FloatFormat): GradientClass {
  if (!value || !gradient) return "breaks";
  const [size, steepness] = [magnitudeOf(value), magnitudeOf(gradient)];
  if (order(size.low, format.overflow) >= 0 || order(steepness.low, format.overflow) >= 0) return "breaks";
  if (!value.total || !gradient.total) return "unknown";
  if (order(size.high, format.overflow) >= 0 || order(steepness.high, format.overflow) >= 0) return "unknown";
  if (signOfEnd(steepness.high) === 0) return "dead";
  if (order(steepness.high, format.underflow) <= 0) return "vanishes";
  return order(steepness.low, format.underflow) > 0 ? "alive" : "unknown";
}

/** The line of the format, cut where that changes; a zero of the gradient at a single number is none. */
export function gradientStretches(
  curve: Curve,
  samples: readonly number[],
  format: FloatFormat,
): Stretch<GradientClass>[] {
  const found = stretches(samples, (x) => gradientClass(curve.value.at(x), curve.gradient.at(x), format), format);
  const result: { is: GradientClass; from: number; to: number }[] = [];
  for (const { is, from, to } of found) {
    const last = result.at(-1);
    const isZero = from === to && (is === "dead" || is === "vanishes");
    if (last && (isZero || last.is === is)) last.to = to;
    else result.push({ is, from, to });
  }
  return result;
}

/** So many of the steepest places among the samples are looked at closely. */
const mostPeaks = 8;

/** The largest |gradient| where there are values; `null` where it was not found. */
export function steepestOf(
  curve: Curve,
  kinks: readonly Kink[],
  places: Places,
  samples: readonly number[],
  regions: readonly Region[],
  limits: Limits,
): Extreme | null {
  const { gradient } = curve;
  const steepness = (x: number): number => Math.abs(numberOf(gradient.at(x)) ?? 0);
  const inside = samples.filter((x) => regions.some(({ first, last }) => first <= x && x <= last));
  const values = inside.map(steepness);
  const top = Math.max(0, ...values);
  if (top === 0) return { value: 0, at: everywhere, attained: true };
  const candidates: Extreme[] = limits.flatMap((limit, i) =>
    limit === null ? [] : [{ value: Math.abs(limit), at: i === 0 ? -Infinity : Infinity, attained: false }],
  );
  const unbounded = inside.findLast((x, i) => Math.abs(x) >= farOut && (values[i] ?? 0) > large);
  if (unbounded !== undefined) {
    candidates.push({ value: Infinity, at: Math.sign(unbounded) * Infinity, attained: false });
  }
  const peaks = inside
    .map((x, i) => ({ x, i, value: values[i] ?? 0 }))
    .filter(({ i, value }) => value >= top / 2 && value >= (values[i - 1] ?? 0) && value >= (values[i + 1] ?? 0))
    .sort((a, b) => b.value - a.value || Math.abs(a.x) - Math.abs(b.x))
    .slice(0, mostPeaks);
  for (const { x, i } of peaks) {
    const plateau = plateauAt(curve, places, inside, x);
    const peak = plateau ? x : peakBetween(curve, places, inside[i - 1] ?? x, x, inside[i + 1] ?? x);
    const value = peak === undefined ? NaN : steepness(peak);
    if (Number.isFinite(value)) candidates.push({ value, at: plateau ?? peak ?? x, attained: true });
  }
  for (const { point } of kinks) {
    const here = steepness(point);
    for (const side of [-1, 1] as const) {
      const value = Math.abs(valueBeside(gradient, point, side) ?? 0);
      candidates.push({ value, at: point, attained: Math.abs(value - here) <= 1e-9 * value });
    }
  }
  for (const [end, side] of openEnds(curve, inside, regions, places)) {
    const value = valueBeside(gradient, end, side);
    const isPole = value !== undefined && !Number.isFinite(value);
    const limit = isPole ? value : (limitTowards(gradient, exactly(end), side) ?? value);
    if (limit !== undefined) candidates.push({ value: Math.abs(limit), at: end, attained: false });
  }
  const found = best(candidates, 1);
  return found && found.value >= top * (1 - 1e-9) ? found : null;
}

const everywhere: Span = { from: -Infinity, to: Infinity, fromIncluded: false, toIncluded: false };

/** What is larger than this far out grows without bound. */
const large = powerOfTwo(39);
const farOut = powerOfTwo(40);

/** Where regions end, and where within them there is no gradient; each with the side to come from. */
function openEnds(
  { gradient }: Curve,
  samples: readonly number[],
  regions: readonly Region[],
  places: Places,
): (readonly [end: number, side: 1 | -1])[] {
  const holes = stretches(samples, (x) => existence(gradient.at(x)) === "no", float32)
    .filter(({ is }) => is)
    .map((stretch) => places.span(stretch, float32, true));
  const ends = [
    ...regions.flatMap(({ span }) => [[span.from, 1] as const, [span.to, -1] as const]),
    ...holes.flatMap(({ from, to }) => [[from, -1] as const, [to, 1] as const]),
  ];
  return ends.filter(([end]) => Number.isFinite(end));
}

/** The span on which the gradient is what it is at x, if that does not change there. */
function plateauAt({ gradient, bend }: Curve, places: Places, samples: readonly number[], x: number): Span | undefined {
  const isFlat = (place: number): boolean => {
    const value = bend.at(place);
    return value !== null && value.total && isPoint(value) && signOfEnd(value.low) === 0;
  };
  const here = gradient.at(x);
  if (!here || !isFlat(x)) return undefined;
  const level = magnitudeOf(here);
  const isSame = (other: number): boolean => {
    const value = gradient.at(other);
    const size = value && magnitudeOf(value);
    const isEqual = size !== null && order(size.low, level.low) === 0 && order(size.high, level.high) === 0;
    // What is equal as far as it is known need not be the same.
    return isEqual && (isPoint(size) || isFlat(other));
  };
  const all = stretches(samples, isSame, float32).filter(({ is, from, to }) => is && from < to);
  const around = all.find(({ from, to }) => from <= x && x <= to);
  return around && places.span(around, float32);
}

/** The zero of the gradient's derivative near a sample that its neighbours do not exceed, if there is one. */
function peakBetween(
  { gradient, bend }: Curve,
  places: Places,
  before: number,
  x: number,
  after: number,
): number | undefined {
  const value = gradient.at(x);
  const up = (value && signOf(value)) ?? 0;
  const turn = (place: number): number => {
    const slope = bend.at(place);
    const sign = slope?.total ? signOf(slope) : undefined;
    return (sign ?? (numberOf(slope) === 0 ? 0 : NaN)) * up;
  };
  const here = turn(x);
  if (here === 0) return x;
  let [left, right] = here > 0 ? [x, after] : [before, x];
  if (!(turn(left) > 0 && turn(right) < 0)) return undefined;
  for (let i = 0; i < 48; i++) {
    const middle = left + (right - left) / 2;
    const sign = turn(middle);
    if (sign === 0) return middle;
    if (sign > 0) left = middle;
    else right = middle;
  }
  return places.between(left, right) ?? left + (right - left) / 2;
}
