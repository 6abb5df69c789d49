/** Operations in float64, written for clarity: what the runtime is compared with. */

export interface Array64 {
  readonly shape: readonly number[];
  readonly values: readonly number[];
}

export const volume = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1);

/** All indices of a shape, the last running fastest. */
export function indices(shape: readonly number[]): number[][] {
  return shape.reduce<number[][]>(
    (all, length) => all.flatMap((start) => range(length).map((i) => [...start, i])),
    [[]],
  );
}

export const range = (length: number): number[] => Array.from({ length }, (_, i) => i);

/** An element, or where an axis has length 1 or is missing, the one that broadcasts there. */
export function at({ shape, values }: Array64, index: readonly number[]): number {
  const own = shape.map((length, axis) => (length === 1 ? 0 : index[index.length - shape.length + axis]!));
  return values[own.reduce((position, i, axis) => position * shape[axis]! + i, 0)]!;
}

export const fill = (shape: readonly number[], value: (index: readonly number[]) => number): Array64 => ({
  shape,
  values: indices(shape).map(value),
});

export function zip(f: (a: number, b: number) => number, a: Array64, b: Array64): Array64 {
  const rank = Math.max(a.shape.length, b.shape.length);
  const lengthOf = (x: Array64, axis: number): number => x.shape[axis - rank + x.shape.length] ?? 1;
  const shape = range(rank).map((axis) => (lengthOf(a, axis) === 1 ? lengthOf(b, axis) : lengthOf(a, axis)));
  return fill(shape, (index) => f(at(a, index), at(b, index)));
}

export function sumOver(x: Array64, axes: readonly number[]): Array64 {
  const lengths = axes.map((axis) => x.shape[axis]!);
  const kept = range(x.shape.length).filter((axis) => !axes.includes(axis));
  return fill(
    kept.map((axis) => x.shape[axis]!),
    (index) =>
      indices(lengths)
        .map((inner) =>
          at(
            x,
            x.shape.map((_, axis) => (axes.includes(axis) ? inner[axes.indexOf(axis)]! : index[kept.indexOf(axis)]!)),
          ),
        )
        .reduce((a, b) => a + b, 0),
  );
}

/** The product of the last two axes; the axes before broadcast. */
export function product(a: Array64, b: Array64): Array64 {
  const [m, k] = a.shape.slice(-2);
  const n = b.shape.at(-1)!;
  const outer = zip(
    (p) => p,
    { ...fill(a.shape.slice(0, -2), () => 0) },
    { ...fill(b.shape.slice(0, -2), () => 0) },
  ).shape;
  return fill([...outer, m!, n], (index) => {
    const batch = index.slice(0, -2);
    const [i, j] = index.slice(-2);
    return range(k!).reduce((sum, p) => sum + at(a, [...batch, i!, p]) * at(b, [...batch, p, j!]), 0);
  });
}

/** d Σ weights·f / d operand at some positions, by central differences. */
export function numericalGradient(
  f: (operands: readonly Array64[]) => Array64,
  operands: readonly Array64[],
  which: number,
  weights: readonly number[],
): Map<number, number> {
  const h = 1e-5;
  const loss = (position: number, step: number): number => {
    const moved = operands.map((operand, i) =>
      i === which
        ? { ...operand, values: operand.values.map((value, p) => (p === position ? value + step : value)) }
        : operand,
    );
    return f(moved).values.reduce((sum, value, i) => sum + value * weights[i]!, 0);
  };
  const size = volume(operands[which]!.shape);
  // All positions of a small operand, some of a large one, whose distance is no multiple of any length here.
  const probes = range(Math.min(size, 24)).map((i) => (size > 24 ? (i * 29) % size : i));
  return new Map(probes.map((p) => [p, (loss(p, h) - loss(p, -h)) / (2 * h)]));
}
