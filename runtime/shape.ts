/** Shapes, strides and NumPy's broadcasting. */

/** Lengths of the axes, outermost first. `[]` is a single number. */
export type Shape = readonly number[];

export const sizeOf = (shape: Shape): number => shape.reduce((product, length) => product * length, 1);

export const formatShape = (shape: Shape): string => `[${shape.join(", ")}]`;

export const sameShape = (a: Shape, b: Shape): boolean =>
  a.length === b.length && a.every((length, axis) => length === b[axis]);

/** Throws unless every length is a whole number from 0. */
export function requireShape(shape: Shape): Shape {
  if (!shape.every((length) => Number.isSafeInteger(length) && length >= 0)) {
    throw new RangeError(`${formatShape(shape)} is not a shape: lengths are whole numbers from 0`);
  }
  return shape;
}

/** How far apart neighbours along each axis lie in a contiguous, row-major tensor. */
export function stridesOf(shape: Shape): number[] {
  const strides: number[] = new Array<number>(shape.length);
  let stride = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    strides[axis] = stride;
    stride *= shape[axis]!;
  }
  return strides;
}

/** The shape that both broadcast to: aligned at the last axis, a length of 1 stretches. */
export function broadcastShapes(operation: string, a: Shape, b: Shape): number[] {
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, axis) => {
    const p = a[axis - (rank - a.length)] ?? 1;
    const q = b[axis - (rank - b.length)] ?? 1;
    if (p !== q && p !== 1 && q !== 1) {
      throw new RangeError(
        `${operation}: shapes ${formatShape(a)} and ${formatShape(b)} do not broadcast: ${p} and ${q} differ`,
      );
    }
    return p === 1 ? q : p;
  });
}

/** Strides that walk a contiguous tensor of shape `from` as if it had the shape `to`: 0 where it stretches. */
export function broadcastStrides(from: Shape, to: Shape): number[] {
  const strides = stridesOf(from);
  const missing = to.length - from.length;
  return to.map((_, axis) => (axis < missing || from[axis - missing] === 1 ? 0 : strides[axis - missing]!));
}

/** An axis counted from 0, given one that may count from the end. */
export function normaliseAxis(operation: string, axis: number, rank: number): number {
  if (!Number.isInteger(axis) || axis < -rank || axis >= rank) {
    const allowed = rank === 0 ? "a single number has none" : `it must be from ${-rank} to ${rank - 1}`;
    throw new RangeError(`${operation}: there is no axis ${axis}: ${allowed}`);
  }
  return axis < 0 ? axis + rank : axis;
}

export interface Walk {
  readonly shape: readonly number[];
  readonly strides: readonly (readonly number[])[];
}

/**
 * The same loop nest with as few loops as possible: axes of length 1 go, and neighbouring axes merge where every
 * operand steps through them as through one. Never empty.
 */
export function coalesce({ shape, strides }: Walk): Walk {
  const lengths: number[] = [];
  const steps: number[][] = strides.map(() => []);
  shape.forEach((length, axis) => {
    if (length === 1) return;
    const last = lengths.length - 1;
    const merges = last >= 0 && strides.every((own, i) => steps[i]![last] === own[axis]! * length);
    if (!merges) lengths.push(length);
    else lengths[last]! *= length;
    strides.forEach((own, i) => (steps[i]![merges ? last : last + 1] = own[axis]!));
  });
  return lengths.length > 0 ? { shape: lengths, strides: steps } : { shape: [1], strides: strides.map(() => [0]) };
}
