/** Where a curve rises and falls. */
import type { Kink } from "../../calculus/kinks.js";
import { float32 } from "../intervals/floats.js";
import { magnitudeOf, order, signOf, type Enclosure } from "../intervals/interval.js";
import { type Curve, numberOf, type Quantity } from "./curve.js";
import type { Places } from "./places.js";
import { beside, type Region, valueBeside } from "./regions.js";
import { stretches } from "./stretches.js";

export type Direction = "rises" | "falls" | "constant" | "unknown";

/** A part of a region on which the value goes one way. */
export interface Piece {
  readonly direction: Direction;
  readonly from: number;
  readonly to: number;
}

export interface Turning {
  readonly pieces: readonly Piece[];
  /** How often the value turns, for inputs of up to `within`. */
  readonly turns: number;
  readonly within: number;
}

/** More changes of direction than this are not followed. */
const mostTurns = 24;

/** @param samples numbers of float32, ascending */
export function turningOf(
  curve: Curve,
  kinks: readonly Kink[],
  places: Places,
  samples: readonly number[],
  regions: readonly Region[],
): Turning {
  const within = windowOf(curve.slope, samples);
  const parts = regions.flatMap((region) => {
    const own = samples.filter((x) => x > region.first && x < region.last && Math.abs(x) <= within);
    const ends = [region.first, region.last].filter((x) => Math.abs(x) <= within);
    const all = [...new Set([...own, ...ends])].sort((a, b) => a - b);
    return splitAtJumps(curve, kinks, piecesOf(curve.slope, places, all, region));
  });
  const pieces = acrossHoles(curve.value, parts, regions);
  const turns = pieces.slice(1).filter(({ direction }, i) => turnsBetween(pieces[i]?.direction, direction)).length;
  return { pieces, turns, within };
}

/** A single number without a value, on both sides of which the values are alike, interrupts nothing. */
function acrossHoles(value: Quantity, pieces: readonly Piece[], regions: readonly Region[]): Piece[] {
  const merged: Piece[] = [];
  for (const piece of pieces) {
    const before = merged.at(-1);
    const isHole = regions.some(({ span }) => span.from === piece.from && !span.fromIncluded);
    if (before && isHole && before.to === piece.from && before.direction === piece.direction) {
      const [left, right] = ([-1, 1] as const).map((side) => valueBeside(value, piece.from, side));
      const known = left !== undefined && right !== undefined && Number.isFinite(left);
      if (known && Math.abs(left - right) <= 1e-9 * Math.max(1, Math.abs(left))) {
        merged[merged.length - 1] = { ...before, to: piece.to };
        continue;
      }
    }
    merged.push(piece);
  }
  return merged;
}

const turnsBetween = (before: Direction | undefined, after: Direction): boolean =>
  (before === "rises" && after === "falls") || (before === "falls" && after === "rises");

/** By the slope; where there is none, nothing is known. */
function directionOf(slope: Enclosure): Direction {
  switch (slope?.total ? signOf(slope) : undefined) {
    case 1:
      return "rises";
    case -1:
      return "falls";
    case 0:
      return "constant";
    case undefined:
      return "unknown";
  }
}

/** The whole line, or the part around 0 in which the samples turn no more often than can be followed. */
function windowOf(slope: Quantity, samples: readonly number[]): number {
  const directions = samples.map((x) => directionOf(slope.at(x)));
  for (const within of [Infinity, 16, 8, 4, 2]) {
    let turns = 0;
    let last: Direction = "constant";
    samples.forEach((x, i) => {
      const direction = directions[i] ?? "unknown";
      if (Math.abs(x) > within || (direction !== "rises" && direction !== "falls")) return;
      if (last !== "constant" && direction !== last) turns++;
      last = direction;
    });
    if (turns <= mostTurns / (within === Infinity ? 2 : 1)) return within;
  }
  return 1;
}

/** Of one region, without jumps. */
function piecesOf(slope: Quantity, places: Places, samples: readonly number[], { span, first, last }: Region): Piece[] {
  const found = stretches(samples, (x) => directionOf(slope.at(x)), float32);
  // A single number is a border between its neighbours, or nothing.
  const long = found.length === 1 ? found : found.filter(({ from, to }) => from < to);
  const known = long.map((stretch, i) => ({ ...stretch, is: settled(stretch.is, long, i, slope) }));
  const pieces: { direction: Direction; from: number; to: number }[] = [];
  for (const { is, from, to } of known) {
    const before = pieces.at(-1);
    if (before?.direction === is) before.to = to;
    else if (before) {
      before.to = places.between(before.to, from) ?? borderBetween(slope, before.to, from);
      pieces.push({ direction: is, from: before.to, to });
    } else pieces.push({ direction: is, from, to });
  }
  const [start, end] = [
    samples[0] === first ? span.from : samples[0],
    samples.at(-1) === last ? span.to : samples.at(-1),
  ];
  return pieces.map(({ direction, from, to }, i) => ({
    direction,
    from: i === 0 ? (start ?? from) : from,
    to: i === pieces.length - 1 ? (end ?? to) : to,
  }));
}

/** Slopes that no format tells from 0 leave the direction what it is beside them. */
function settled(
  is: Direction,
  all: readonly { readonly is: Direction; readonly from: number; readonly to: number }[],
  i: number,
  slope: Quantity,
): Direction {
  const here = all[i];
  if (is !== "unknown" || !here) return is;
  const negligible = [here.from, here.to].every((x) => {
    const value = slope.at(x);
    return value !== null && order(magnitudeOf(value).high, float32.underflow) <= 0;
  });
  return negligible ? (all[i - 1]?.is ?? all[i + 1]?.is ?? is) : is;
}

/** The zero of the slope between two numbers at which its signs differ. */
function borderBetween(slope: Quantity, low: number, high: number): number {
  const before = directionOf(slope.at(low));
  let [left, right] = [low, high];
  for (let i = 0; i < 40; i++) {
    const middle = left + (right - left) / 2;
    if (middle === left || middle === right) break;
    const direction = directionOf(slope.at(middle));
    if (direction === "constant") return middle;
    if (direction === before) left = middle;
    else right = middle;
  }
  return left + (right - left) / 2;
}

/** A value that jumps against its direction begins anew. */
function splitAtJumps(curve: Curve, kinks: readonly Kink[], pieces: readonly Piece[]): Piece[] {
  const jumps = kinks.filter(({ continuous }) => !continuous).map(({ point }) => point);
  return pieces.flatMap((piece) => {
    const inside = jumps
      .filter((point) => point > piece.from && point < piece.to && !goesOn(curve, point, piece.direction))
      .sort((a, b) => a - b);
    return [piece.from, ...inside].map((from, i) => ({ ...piece, from, to: inside[i] ?? piece.to }));
  });
}

function goesOn({ value }: Curve, point: number, direction: Direction): boolean {
  const [before, here, after] = [beside(point, -1), point, beside(point, 1)].map((x) => numberOf(value.at(x)));
  if (before === undefined || after === undefined) return false;
  const middle = here ?? before;
  if (direction === "rises") return before <= middle && middle <= after;
  if (direction === "falls") return before >= middle && middle >= after;
  return Math.abs(after - before) <= 1e-9 * Math.abs(before);
}
