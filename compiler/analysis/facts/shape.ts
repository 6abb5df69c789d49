/**
 * What a curve looks like: where it is defined, rises and falls, how far its values and slopes reach, and where its
 * gradient is gone. Borders lie between samples and are found by bisection with exact signs, so that each number that
 * is told is right; what begins and ends between two samples is missed.
 */
import { findKinks, type Kink } from "../../calculus/kinks.js";
import type { Curve } from "./curve.js";
import { float16, float32, type FloatFormat, powerOfTwo } from "../intervals/floats.js";
import type { Extreme } from "./extremes.js";
import { type GradientClass, gradientStretches, steepestOf } from "./gradient.js";
import { extremeOf } from "./range.js";
import { type Region, regionsOf, stepsIn, valueBeside } from "./regions.js";
import { limitsOf, type Limits } from "./limits.js";
import { Places, type Span } from "./places.js";
import { type Piece, type Turning, turningOf } from "./turning.js";

export interface Shape {
  /** Where there is a real value. */
  readonly domain: readonly Span[];
  /** `null` where they are too many, or the value steps. */
  readonly pieces: readonly Piece[] | null;
  /** How often the value turns, for inputs of up to `within`. */
  readonly turns: number;
  readonly within: number;
  readonly least: Extreme | null;
  readonly greatest: Extreme | null;
  readonly limits: { readonly value: Limits; readonly gradient: Limits };
  /** The largest |gradient|. */
  readonly steepest: Extreme | null;
  /** Where the gradient is exactly 0. */
  readonly dead: readonly Span[];
  /** Where the gradient is not 0, but rounds to it. */
  readonly vanishes: { readonly float32: readonly Span[]; readonly float16: readonly Span[] };
  /** Where float16 holds the value, and a gradient that is not 0. */
  readonly float16: readonly Span[];
}

/** More pieces than this are not listed. */
const mostPieces = 9;

/** Positive numbers of float32 and, up to its end, of float16: fine where activations do what they do. */
const grid: readonly number[] = [
  ...[24, 22, 20, 18, 16, 14, 12, 10, 8, 6, 5, 4].map((k) => powerOfTwo(-k)),
  ...Array.from({ length: 32 }, (_, i) => (i + 1) / 8),
  ...Array.from({ length: 48 }, (_, i) => 4 + (i + 1) / 4),
  ...[4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14].flatMap((k) => [5, 6, 7, 8].map((i) => (i / 4) * powerOfTwo(k))),
  ...[5, 6, 7].map((i) => (i / 4) * powerOfTwo(15)),
  float16.greatest,
];

/** In float32 there is more, on either side. */
const fine: readonly number[] = [149, 126, 104, 88, 76, 64, 52, 40, 32].map((k) => powerOfTwo(-k));
const coarse: readonly number[] = [
  ...[16, 17, 18, 20, 22, 24, 28, 32, 40, 48, 56, 64, 72, 80, 88, 96, 104, 112, 120, 127].map(powerOfTwo),
  float32.greatest,
];

const mirrored = (positive: readonly number[]): number[] => [...positive.map((x) => -x).reverse(), 0, ...positive];

const samplesOf: Readonly<Record<FloatFormat["name"], readonly number[]>> = {
  float16: mirrored(grid),
  float32: mirrored([...fine, ...grid, ...coarse]),
};

/** The grid, the borders of the definition, and the middles between them. */
export function samplesFor(kinks: readonly Kink[], format: FloatFormat): number[] {
  const points = kinks.map(({ point }) => point).sort((a, b) => a - b);
  const middles = points.slice(1).map((x, i) => (x + (points[i] ?? x)) / 2);
  const own = [...points, ...middles]
    .filter((x) => Math.abs(x) < format.greatest)
    .map((x) => format.at(Math.round(format.index(x))));
  return [...new Set([...samplesOf[format.name], ...own])].sort((a, b) => a - b);
}

/** A pole at which the sign stays what it is looks like a turn, until its values are looked at. */
function coursesOf(
  curve: Curve,
  kinks: readonly Kink[],
  places: Places,
  samples: readonly number[],
): { readonly regions: readonly Region[]; readonly turning: Turning } {
  const regions = regionsOf(curve, samples, places);
  const turning = turningOf(curve, kinks, places, samples, regions);
  const isPole = (x: number): boolean =>
    ([-1, 1] as const).every((side) => Math.abs(valueBeside(curve.value, x, side) ?? 0) === Infinity);
  const inner = turning.pieces.slice(1).map(({ from }) => from);
  const poles = inner.filter((x) => isPole(x) && !regions.some(({ span }) => span.from === x));
  if (poles.length === 0) return { regions, turning };
  const split = regionsOf(curve, samples, places, poles);
  return { regions: split, turning: turningOf(curve, kinks, places, samples, split) };
}

export function shapeOf(curve: Curve): Shape {
  const kinks = findKinks(curve.activation);
  const places = new Places(kinks);
  const samples = samplesFor(kinks, float32);
  const { regions, turning } = coursesOf(curve, kinks, places, samples);
  const limits = { value: limitsOf(curve.value), gradient: limitsOf(curve.gradient) };
  const steps = stepsIn(curve);
  const [least, greatest] = ([-1, 1] as const).map((side) =>
    steps ? null : extremeOf(curve, kinks, turning, regions, limits.value, samples, side),
  );
  const inFloat32 = gradientStretches(curve, samples, float32);
  const inFloat16 = gradientStretches(curve, samplesFor(kinks, float16), float16);
  const spans = (found: typeof inFloat32, is: GradientClass, format: FloatFormat): Span[] =>
    found.filter((stretch) => stretch.is === is).map((stretch) => places.span(stretch, format));
  return {
    domain: regions.map(({ span }) => span),
    limits,
    turns: turning.turns,
    within: turning.within,
    pieces: steps || turning.pieces.length > mostPieces ? null : turning.pieces,
    least: least ?? null,
    greatest: greatest ?? null,
    steepest: steepestOf(curve, kinks, places, samples, regions, limits.gradient),
    dead: spans(inFloat32, "dead", float32),
    vanishes: { float32: spans(inFloat32, "vanishes", float32), float16: spans(inFloat16, "vanishes", float16) },
    float16: spans(inFloat16, "alive", float16),
  };
}
