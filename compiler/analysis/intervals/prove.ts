/** Whether an expression stays below what a format can hold: proved cell by cell, on ever smaller intervals. */
import type { Variable } from "../../ir/expr.js";
import type { Encloser } from "./enclosure.js";
import { float32 } from "./floats.js";
import { between, exactly, magnitudeOf, order, point, type Enclosure, type Interval } from "./interval.js";

/** A variable and the float32 numbers that it ranges over. */
export interface Side {
  readonly variable: Variable;
  readonly from: number;
  readonly to: number;
}

export type Proof =
  { readonly verdict: "proved" } | { readonly verdict: "undecided"; readonly near: ReadonlyMap<Variable, number> };

const precision = 64;
const lastPrecision = 256;

/** Whether all it holds are numbers that float32 does not round to infinity. */
export function isFinite(value: Enclosure): boolean {
  return value !== null && value.total && order(magnitudeOf(value).high, float32.overflow) < 0;
}

/** Whether it is surely none of them. */
export function isNotFinite(value: Enclosure): boolean {
  return value === null || (value.total && order(magnitudeOf(value).low, float32.overflow) >= 0);
}

interface Cell {
  readonly from: readonly number[];
  readonly to: readonly number[];
}

/**
 * Each cell is an interval of real numbers between two of float32, for each variable; one on which the enclosure does
 * not tell is halved, and neighbours are looked at one by one.
 * @param budget how many cells are looked at before it is given up
 */
export function proveFinite(encloser: Encloser, sides: readonly Side[], budget: number): Proof {
  const first: Cell = {
    from: sides.map(({ from }) => float32.index(from)),
    to: sides.map(({ to }) => float32.index(to)),
  };
  const stack = [first];
  let left = budget;
  for (let cell = stack.pop(); cell; cell = stack.pop()) {
    const { from, to } = cell;
    const widths = from.map((low, i) => (to[i] ?? low) - low);
    const widest = widths.reduce((best, width, i) => (width > (widths[best] ?? 0) ? i : best), 0);
    const isPoint = (widths[widest] ?? 0) === 0;
    const given = new Map(sides.map(({ variable }, i) => [variable, cellSide(from[i] ?? 0, to[i] ?? 0)]));
    if (isFinite(encloser.at(given, precision)[0] ?? null)) continue;
    left--;
    if (isPoint && isFinite(encloser.at(given, lastPrecision)[0] ?? null)) continue;
    if (isPoint || left <= 0) {
      return {
        verdict: "undecided",
        near: new Map(sides.map(({ variable }, i) => [variable, float32.at(from[i] ?? 0)])),
      };
    }
    const [low, high] = [from[widest] ?? 0, to[widest] ?? 0];
    const middle = Math.floor((low + high) / 2);
    // Between neighbours there is no number of the format.
    const [left1, right1] = high - low === 1 ? [low, high] : [middle, middle];
    const replaced = (list: readonly number[], value: number): number[] =>
      list.map((other, i) => (i === widest ? value : other));
    stack.push({ from: replaced(from, right1), to }, { from, to: replaced(to, left1) });
  }
  return { verdict: "proved" };
}

function cellSide(from: number, to: number): Interval {
  const low = exactly(float32.at(from));
  return from === to ? point(low) : between(low, exactly(float32.at(to)));
}
