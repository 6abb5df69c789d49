/** Where a curve rises and falls, and so how far its values reach. */
import { expandedAsWritten } from "../../calculus/as-written.js";
import type { Kink } from "../../calculus/kinks.js";
import { isApplication, occurs, reachable } from "../../ir/expr.js";
import { type Curve, numberOf, type Quantity } from "./curve.js";
import { float32, powerOfTwo } from "../intervals/floats.js";
import { exactly, magnitudeOf, order, signOf, type Enclosure } from "../intervals/interval.js";
import { limitTowards, type Limits } from "./limits.js";
import type { Places, Span } from "./places.js";
import { stretches } from "./stretches.js";

export type Direction = "rises" | "falls" | "constant" | "unknown";

/** A part of the domain on which the value goes one way. */
export interface Piece {
  readonly direction: Direction;
  readonly from: number;
  readonly to: number;
}

/** A least or greatest number, and where it is: at a place, or all over a span. */
export interface Extreme {
  readonly value: number;
  readonly at: number | Span;
  /** Else it is only approached there. */
  readonly attained: boolean;
}

export interface Turning {
  /** `null` where they are too many. */
  readonly pieces: readonly Piece[] | null;
  /** How often the value turns, for inputs of up to `within`. */
  readonly turns: number;
  readonly within: number;
  readonly least: Extreme | null;
  readonly greatest: Extreme | null;
}

/** More pieces than this are not listed. */
const mostPieces = 9;
/** More changes of direction than this are not looked at. */
const mostTurns = 24;

/** How far to the side of a border a one-sided value is taken, relatively. */
const offset = powerOfTwo(-45);
export const beside = (x: number, side: 1 | -1): number => x + side * offset * Math.max(1, Math.abs(x));

/** What is larger than this far out grows without bound. */
export const large = powerOfTwo(39);
export const farOut = powerOfTwo(40);

/**
 * @param samples numbers of float32, ascending
 * @param domain where there are values
 */
export function turningOf(
  curve: Curve,
  kinks: readonly Kink[],
  places: Places,
  samples: readonly number[],
  domain: readonly Span[],
  limits: Limits,
): Turning {
  const directions = samples.map((x) => directionOf(curve.slope.at(x)));
  const within = windowOf(samples, directions);
  const seen = samples.filter((x) => Math.abs(x) <= within);
  const pieces = piecesOf(curve, kinks, places, seen, domain);
  const turns = pieces.slice(1).filter(({ direction }, i) => turnsBetween(pieces[i]?.direction, direction)).length;
  const steps = stepsWith(curve);
  const [least, greatest] = steps
    ? [null, null]
    : ([-1, 1] as const).map((side) => extremeOf(curve, kinks, pieces, domain, limits, samples, within, side));
  return {
    pieces: steps || pieces.length > mostPieces ? null : pieces,
    turns,
    within,
    least: least ?? null,
    greatest: greatest ?? null,
  };
}

const turnsBetween = (before: Direction | undefined, after: Direction): boolean =>
  (before === "rises" && after === "falls") || (before === "falls" && after === "rises");

type Sign = Direction | "none";

function directionOf(slope: Enclosure): Sign {
  if (!slope) return "none";
  switch (slope.total ? signOf(slope) : undefined) {
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

/** Whether the value jumps with a `floor` or its like. */
function stepsWith({ activation, input }: Curve): boolean {
  return reachable([expandedAsWritten(activation.body)]).some(
    (node) =>
      (isApplication(node, "floor") || isApplication(node, "ceil") || isApplication(node, "round")) &&
      occurs(input, node),
  );
}

/** The whole line, or the part around 0 in which the samples turn no more often than can be followed. */
function windowOf(samples: readonly number[], directions: readonly Sign[]): number {
  for (const within of [Infinity, 16, 8, 4, 2]) {
    let turns = 0;
    let last: Sign = "constant";
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

function piecesOf(
  curve: Curve,
  kinks: readonly Kink[],
  places: Places,
  samples: readonly number[],
  domain: readonly Span[],
): Piece[] {
  const found = stretches(samples, (x) => directionOf(curve.slope.at(x)), float32);
  // A single number is a border between its neighbours, or nothing.
  const long = found.filter(({ from, to }) => from < to);
  const pieces: { direction: Direction; from: number; to: number }[] = [];
  long.forEach(({ is, from, to }, i) => {
    const before = long[i - 1];
    const last = pieces.at(-1);
    if (is === "none") return;
    const direction = is === "unknown" && isNegligible(curve.slope, from, to) ? (last?.direction ?? is) : is;
    let start = from;
    if (before && before.is !== "none" && last) {
      start = places.between(before.to, from) ?? borderBetween(curve.slope, before.to, from);
      last.to = start;
    }
    if (last && before?.is !== "none" && last.direction === direction) last.to = to;
    else pieces.push({ direction, from: start, to });
  });
  const whole = pieces.map((piece) => ({
    ...piece,
    from: domainEnd(piece.from, -1, domain),
    to: domainEnd(piece.to, 1, domain),
  }));
  return splitAtJumps(curve, kinks, mergedLeadingUnknown(whole));
}

/** Slopes that no format tells from 0 leave the direction what it was. */
const isNegligible = (slope: Quantity, from: number, to: number): boolean =>
  [from, to].every((x) => {
    const value = slope.at(x);
    return value !== null && order(magnitudeOf(value).high, float32.underflow) <= 0;
  });

/** At the left end, the direction that it was is the one that it will be. */
function mergedLeadingUnknown(pieces: readonly Piece[]): readonly Piece[] {
  const [first, second, ...rest] = pieces;
  if (first?.direction !== "unknown" || !second || second.from !== first.to) return pieces;
  return [{ ...second, from: first.from }, ...rest];
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

/** Where the domain, and with it the piece, ends. */
function domainEnd(x: number, side: 1 | -1, domain: readonly Span[]): number {
  const near = domain.map(({ from, to }) => (side < 0 ? from : to));
  const end = near.find(
    (place) => place === x || (Math.abs(place - x) <= 1e-6 * Math.abs(x) && place * side >= x * side),
  );
  if (end !== undefined) return end;
  if (Math.abs(x) < float32.greatest || Math.sign(x) !== side) return x;
  return side * Infinity;
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

function extremeOf(
  curve: Curve,
  kinks: readonly Kink[],
  pieces: readonly Piece[],
  domain: readonly Span[],
  limits: Limits,
  samples: readonly number[],
  within: number,
  side: 1 | -1,
): Extreme | null {
  const { value } = curve;
  const candidates: Extreme[] = [];
  let isUnknown = false;
  const add = (at: number | Span, number: number | null | undefined, attained: boolean): void => {
    if (number === null || number === undefined) isUnknown = true;
    else candidates.push({ value: number, at, attained });
  };
  for (const { direction, from, to } of pieces) {
    for (const [end, inwards] of [
      [from, 1],
      [to, -1],
    ] as const) {
      if (end === -Infinity || end === Infinity) {
        add(end, limits[end < 0 ? 0 : 1], direction === "constant");
        continue;
      }
      if (Math.abs(end) >= within) continue;
      const hole = domain.find(
        (span) => (span.from === end && !span.fromIncluded) || (span.to === end && !span.toIncluded),
      );
      if (hole) {
        add(end, limitTowards(value, exactly(end), inwards), false);
        continue;
      }
      const isJump = kinks.some(({ point, continuous }) => !continuous && point === end);
      const number = numberOf(value.at(isJump ? beside(end, inwards) : end));
      const here = isJump ? numberOf(value.at(end)) : number;
      const attained =
        direction === "constant" ||
        (number !== undefined && here !== undefined && Math.abs(number - here) <= 1e-9 * Math.max(1, Math.abs(here)));
      add(end, attained && direction !== "constant" ? here : number, attained);
    }
    if (direction !== "constant") continue;
    // All over the piece, which a border belongs to if it has its value.
    const middle = insideOf(from, to);
    const number = numberOf(value.at(middle));
    const includes = (end: number): boolean =>
      Number.isFinite(end) && number !== undefined && numberOf(value.at(end)) === number;
    add({ from, to, fromIncluded: includes(from), toIncluded: includes(to) }, number, true);
  }
  for (const { point, continuous } of kinks)
    if (!continuous && Math.abs(point) <= within) add(point, numberOf(value.at(point)), true);
  if (within < Infinity) {
    isUnknown = false;
    for (const x of samples) {
      const number = numberOf(value.at(x)) ?? 0;
      if (Math.abs(x) >= farOut && number * side > large)
        return { value: side * Infinity, at: side * Infinity, attained: false };
    }
  }
  return isUnknown ? null : best(candidates, side);
}

function insideOf(from: number, to: number): number {
  if (from === -Infinity) return to === Infinity ? 0 : Math.min(2 * to, to - 1);
  return to === Infinity ? Math.max(2 * from, from + 1) : from + (to - from) / 2;
}

/** The largest, or the smallest: rather where it is attained, over a span, near to 0, and to its right. */
export function best(candidates: readonly Extreme[], side: 1 | -1): Extreme | null {
  const rank = ({ at, attained }: Extreme): readonly number[] => {
    const [distance, left] = typeof at === "number" ? [1 + Math.abs(at), at < 0 ? 1 : 0] : [0, 0];
    return [attained ? 0 : 1, distance, left];
  };
  const isBetter = (a: Extreme, b: Extreme): boolean => {
    const [p, q] = [rank(a), rank(b)];
    const i = p.findIndex((part, j) => part !== q[j]);
    return i >= 0 && (p[i] ?? 0) < (q[i] ?? 0);
  };
  const top = Math.max(...candidates.map(({ value }) => value * side));
  const ties = (value: number): boolean =>
    value === top || (Number.isFinite(value) && top - value <= 1e-12 * Math.abs(value));
  const tied = candidates.filter(({ value }) => ties(value * side));
  return tied.reduce<Extreme | null>((found, next) => (found && !isBetter(next, found) ? found : next), null);
}
