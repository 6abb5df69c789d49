/** How far a curve's values reach. */
import type { Kink } from "../../calculus/kinks.js";
import { powerOfTwo } from "../intervals/floats.js";
import { exactly } from "../intervals/interval.js";
import { type Curve, numberOf } from "./curve.js";
import { best, type Extreme } from "./extremes.js";
import { limitTowards, type Limits } from "./limits.js";
import type { Span } from "./places.js";
import { type Region, valueBeside } from "./regions.js";
import type { Piece, Turning } from "./turning.js";

/** What is larger than this far out grows without bound. */
const large = powerOfTwo(39);
const farOut = powerOfTwo(40);

/** From the ends of the pieces; `null` where one of those is not known, or a sample lies beyond them. */
export function extremeOf(
  curve: Curve,
  kinks: readonly Kink[],
  { pieces, within }: Turning,
  regions: readonly Region[],
  limits: Limits,
  samples: readonly number[],
  side: 1 | -1,
): Extreme | null {
  const values = samples.map((x) => numberOf(curve.value.at(x)));
  const swings = within < Infinity;
  if (swings && samples.some((x, i) => Math.abs(x) >= farOut && (values[i] ?? 0) * side > large)) {
    return { value: side * Infinity, at: side * Infinity, attained: false };
  }
  const jumps = kinks.filter(({ continuous, point }) => !continuous && Math.abs(point) <= within);
  const candidates: (Extreme | null)[] = pieces.flatMap((piece) => [
    endOf(curve, piece, piece.from, 1, jumps, regions, limits, within),
    endOf(curve, piece, piece.to, -1, jumps, regions, limits, within),
    ...(piece.direction === "constant" ? [levelOf(curve, piece)] : []),
  ]);
  for (const { point } of jumps) {
    const value = numberOf(curve.value.at(point));
    if (value !== undefined) candidates.push({ value, at: point, attained: true });
  }
  if (swings) {
    limits.forEach((limit, i) => {
      if (limit !== null) candidates.push({ value: limit, at: i === 0 ? -Infinity : Infinity, attained: false });
    });
  }
  const known = candidates.filter((candidate) => candidate !== null);
  const unbounded = known.filter(({ value }) => value === side * Infinity);
  if (unbounded.length > 0) return best(unbounded, side);
  if (known.length < candidates.length) return null;
  const found = best(
    known.filter(({ value }) => !Number.isNaN(value)),
    side,
  );
  const beyond = (value: number | undefined): boolean =>
    value !== undefined && found !== null && (value - found.value) * side > 1e-9 * Math.abs(value);
  return values.some(beyond) ? null : found;
}

/** The value that a piece comes to at an end. */
function endOf(
  { value }: Curve,
  { direction }: Piece,
  end: number,
  inwards: 1 | -1,
  jumps: readonly Kink[],
  regions: readonly Region[],
  limits: Limits,
  within: number,
): Extreme | null {
  const isConstant = direction === "constant";
  if (end === -Infinity || end === Infinity) {
    const limit = limits[end < 0 ? 0 : 1];
    return limit === null ? null : { value: limit, at: end, attained: isConstant };
  }
  // There, the part that is looked at ends, and nothing of the curve.
  if (Math.abs(end) >= within) return { value: NaN, at: end, attained: false };
  const isOpen = regions.some(
    ({ span }) => (span.from === end && !span.fromIncluded) || (span.to === end && !span.toIncluded),
  );
  const isJump = jumps.some(({ point }) => point === end);
  const beside = valueBeside(value, end, inwards);
  if (beside !== undefined && !Number.isFinite(beside)) return { value: beside, at: end, attained: false };
  if (isOpen) {
    const number = limitTowards(value, exactly(end), inwards) ?? beside;
    return number === undefined ? null : { value: number, at: end, attained: isConstant };
  }
  const here = numberOf(value.at(end));
  const number = isJump ? beside : here;
  if (number === undefined) return null;
  const meets = here !== undefined && Math.abs(number - here) <= 1e-9 * Math.max(1, Math.abs(here));
  return { value: meets ? here : number, at: end, attained: isConstant || meets };
}

/** The value all over a piece, which a border belongs to if it has it too. */
function levelOf({ value }: Curve, { from, to }: Piece): Extreme | null {
  const number = numberOf(value.at(insideOf(from, to)));
  if (number === undefined) return null;
  const includes = (end: number): boolean => Number.isFinite(end) && numberOf(value.at(end)) === number;
  const at: Span = { from, to, fromIncluded: includes(from), toIncluded: includes(to) };
  return { value: number, at, attained: true };
}

function insideOf(from: number, to: number): number {
  if (from === -Infinity) return to === Infinity ? 0 : Math.min(2 * to, to - 1);
  return to === Infinity ? Math.max(2 * from, from + 1) : from + (to - from) / 2;
}
