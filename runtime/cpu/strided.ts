/** Loops over strided operands. */
import type { Elementwise } from "../device.js";
import { coalesce, type Shape, sizeOf, stridesOf } from "../shape.js";

interface Operand {
  readonly values: Float32Array;
  readonly strides: readonly number[];
  readonly offset: number;
}

/** Calls `row` for each run along the innermost axis, with where each operand starts. */
function eachRow(
  shape: readonly number[],
  strides: readonly (readonly number[])[],
  starts: number[],
  row: (starts: readonly number[]) => void,
): void {
  const outer = shape.length - 1;
  if (shape.includes(0)) return;
  const index = new Array<number>(outer).fill(0);
  for (;;) {
    row(starts);
    let axis = outer - 1;
    for (; axis >= 0; axis--) {
      index[axis]!++;
      for (let i = 0; i < starts.length; i++) starts[i]! += strides[i]![axis]!;
      if (index[axis]! < shape[axis]!) break;
      for (let i = 0; i < starts.length; i++) starts[i]! -= strides[i]![axis]! * shape[axis]!;
      index[axis] = 0;
    }
    if (axis < 0) return;
  }
}

export function elementwise(operation: Elementwise, shape: Shape, output: Operand, inputs: readonly Operand[]): void {
  const operands = [output, ...inputs];
  const walk = coalesce({ shape, strides: operands.map(({ strides }) => strides) });
  const n = walk.shape.at(-1)!;
  const [sy, sa = 0, sb = 0] = walk.strides.map((strides) => strides.at(-1)!);
  const y = output.values;
  const a = inputs[0]?.values ?? y;
  const b = inputs[1]?.values ?? y;
  const row = rowLoop(operation, n, y, sy!, a, sa, b, sb);
  eachRow(
    walk.shape,
    walk.strides,
    operands.map(({ offset }) => offset),
    ([i, p = 0, q = 0]) => row(i!, p, q),
  );
}

function rowLoop(
  operation: Elementwise,
  n: number,
  y: Float32Array,
  sy: number,
  a: Float32Array,
  sa: number,
  b: Float32Array,
  sb: number,
): (i: number, p: number, q: number) => void {
  switch (operation.kind) {
    case "fill":
      return (i) => {
        for (let c = 0; c < n; c++, i += sy) y[i] = operation.value;
      };
    case "copy":
      return (i, p) => {
        for (let c = 0; c < n; c++, i += sy, p += sa) y[i] = a[p]!;
      };
    case "scale":
      return (i, p) => {
        const { factor } = operation;
        for (let c = 0; c < n; c++, i += sy, p += sa) y[i] = factor * a[p]!;
      };
    case "add":
      return (i, p, q) => {
        for (let c = 0; c < n; c++, i += sy, p += sa, q += sb) y[i] = a[p]! + b[q]!;
      };
    case "sub":
      return (i, p, q) => {
        for (let c = 0; c < n; c++, i += sy, p += sa, q += sb) y[i] = a[p]! - b[q]!;
      };
    case "mul":
      return (i, p, q) => {
        for (let c = 0; c < n; c++, i += sy, p += sa, q += sb) y[i] = a[p]! * b[q]!;
      };
    case "div":
      return (i, p, q) => {
        for (let c = 0; c < n; c++, i += sy, p += sa, q += sb) y[i] = a[p]! / b[q]!;
      };
  }
}

/** Sums in float64, rounded once at the end. */
export function sum(
  input: Float32Array,
  shape: Shape,
  reduced: readonly boolean[],
  factor: number,
  output: Float32Array,
): void {
  const kept = shape.map((length, axis) => (reduced[axis] ? 1 : length));
  const outputStrides = stridesOf(kept).map((stride, axis) => (reduced[axis] ? 0 : stride));
  const walk = coalesce({ shape, strides: [stridesOf(shape), outputStrides] });
  const sums = new Float64Array(sizeOf(kept));
  const n = walk.shape.at(-1)!;
  const [step, sumStep] = walk.strides.map((strides) => strides.at(-1)!);
  eachRow(walk.shape, walk.strides, [0, 0], ([start, at]) => {
    let i = start!;
    if (sumStep === 0) {
      let total = 0;
      for (let c = 0; c < n; c++, i += step!) total += input[i]!;
      sums[at!]! += total;
    } else {
      let o = at!;
      for (let c = 0; c < n; c++, i += step!, o += sumStep!) sums[o]! += input[i]!;
    }
  });
  for (let o = 0; o < sums.length; o++) output[o] = sums[o]! * factor;
}
