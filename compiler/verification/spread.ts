/** Orders in which the first of many things, however few, are from all parts of them. */

/** Steps of this length come to all of so many places, and early on to all parts of them. */
export function scatteringStep(count: number): number {
  const divisor = (a: number, b: number): number => (b === 0 ? a : divisor(b, a % b));
  let step = Math.max(1, Math.round(0.618 * count));
  while (divisor(step, count) > 1) step += 1;
  return step;
}

export function scattered<T>(list: readonly T[]): readonly T[] {
  const step = scatteringStep(list.length);
  return list.map((_, k) => list[(k * step) % list.length]!);
}

/** At most so many of them, from all parts of the list. */
export const spread = <T>(list: readonly T[], most: number): readonly T[] =>
  list.length <= most
    ? list
    : Array.from({ length: most }, (_, i) => list[Math.floor(((i + 0.5) * list.length) / most)]!);
