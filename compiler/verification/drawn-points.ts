/** Inputs for a kernel in training, together with the numbers that it draws for them. */
import { drawnFor } from "./draws.js";
import type { Batching } from "./emitted.js";
import { bitsOfRank, numberOfBits, rankOf } from "./float32.js";
import { type Density, besideZeros, type Points, pointsFor, Search } from "./points.js";
import type { Column } from "./truth.js";

/** For so many elements, inputs are looked for at which things happen with the numbers that these elements draw. */
const searchedElements: Readonly<Record<Density, number>> = { dense: 32, sparse: 8, sparsest: 1, specials: 0 };

/**
 * The points of the evaluation, at which kernels break in training too, and some that depend on what is drawn. The
 * `inputs` are those of the column in training, the draws behind the others.
 * @param column in training
 * @param evaluated the same column in evaluation
 */
export function drawnPointsFor(
  column: Column,
  evaluated: Column,
  batching: Batching,
  parameters: readonly number[],
  stratified: number,
  density: Density = "dense",
): Points {
  const base = pointsFor(evaluated, parameters, stratified, density);
  const count = base.count + searchedElements[density];
  const streams = column.activation.inputs.length - base.inputs.length;
  const draws = Array.from({ length: streams }, (_, stream) => drawnFor(batching, stream, count));
  const inputs = base.inputs.map((values) => {
    const longer = new Float32Array(count);
    longer.set(values);
    return longer;
  });
  const search = new Search(column, parameters);
  for (let element = base.count; element < count; element++) {
    const turn = element - base.count;
    const others = [...inputs.map((_, i) => Math.fround(0.7 * (1 + i / 8))), ...draws.map((u) => u[element] ?? 0.5)];
    const moved = turn % inputs.length;
    const { zeros, places } = search.along(moved, others);
    // Zeros and other places in turn, and both of the numbers beside each.
    const ranks = zeros.length > 0 && turn % 2 === 0 ? zeros.flatMap((rank) => [rank, rank + 1]) : places;
    const rank = ranks[Math.floor(turn / 2) % Math.max(1, ranks.length)] ?? rankOf(1);
    inputs.forEach((values, i) => (values[element] = i === moved ? numberOfBits(bitsOfRank(rank)) : others[i]!));
  }
  const all = [...inputs, ...draws];
  return {
    count,
    adversarial: base.adversarial,
    extremes: base.extremes,
    inputs: all,
    isNearZero: besideZeros(column, all, inputs.length, parameters),
  };
}
