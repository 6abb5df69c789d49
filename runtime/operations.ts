/** Differentiable operations: each with its vector-Jacobian product. */
import type { Device, Elementwise, MatrixProduct, Storage } from "./device.js";
import {
  broadcastShapes,
  broadcastStrides,
  formatShape,
  normaliseAxis,
  requireShape,
  sameShape,
  type Shape,
  sizeOf,
  stridesOf,
} from "./shape.js";
import { isRecording, TapeNode, type Vjp } from "./tape.js";
import { Tensor } from "./tensor.js";

/** The result of an operation, recorded if an input requires a gradient. */
export function recorded(
  operation: string,
  inputs: readonly Tensor[],
  { shape, device, storage }: { shape: Shape; device: Device; storage: Storage },
  vjp: Vjp,
): Tensor {
  const requiresGrad = isRecording() && inputs.some((input) => input.requiresGrad);
  const node = requiresGrad ? new TapeNode(operation, inputs, vjp) : null;
  return new Tensor({ shape, device, storage, requiresGrad, node });
}

/** The device that all the tensors are on. */
export function commonDevice(operation: string, tensors: readonly Tensor[]): Device {
  const device = tensors[0]!.device;
  const other = tensors.find((tensor) => tensor.device !== device)?.device;
  if (other) {
    const what =
      other.type === device.type ? `two ${device.type} devices` : `the devices '${device.type}' and '${other.type}'`;
    throw new Error(`${operation}: the tensors are on ${what}: move them to one with 'await tensor.to(device)'`);
  }
  return device;
}

const contiguous = (storage: Storage, shape: Shape) => ({ storage, strides: stridesOf(shape), offset: 0 });

/** A new tensor of one number throughout. */
export function filled(shape: Shape, value: number, device: Device, requiresGrad = false): Tensor {
  const storage = device.allocate(sizeOf(requireShape(shape)));
  device.elementwise({ kind: "fill", value }, shape, contiguous(storage, shape), []);
  return new Tensor({ shape: [...shape], device, storage, requiresGrad });
}

function binary(
  operation: Elementwise & { kind: "add" | "sub" | "mul" | "div" },
  a: Tensor,
  other: Tensor | number,
  vjp: (a: Tensor, b: Tensor, y: Tensor) => Vjp,
): Tensor {
  const b = typeof other === "number" ? filled([], other, a.device) : other;
  const name = operation.kind;
  const device = commonDevice(name, [a, b]);
  const shape = broadcastShapes(name, a.shape, b.shape);
  const storage = device.allocate(sizeOf(shape));
  const views = [a, b].map((operand) => ({
    storage: operand.storage,
    strides: broadcastStrides(operand.shape, shape),
    offset: 0,
  }));
  device.elementwise(operation, shape, contiguous(storage, shape), views);
  const y: Tensor = recorded(name, [a, b], { shape, device, storage }, (gradient, needed) =>
    vjp(a, b, y)(gradient, needed),
  );
  return y;
}

export function add(a: Tensor, other: Tensor | number): Tensor {
  return binary({ kind: "add" }, a, other, (x, y) => (gradient, [forX, forY]) => [
    forX ? sumTo(gradient, x.shape) : null,
    forY ? sumTo(gradient, y.shape) : null,
  ]);
}

export function sub(a: Tensor, other: Tensor | number): Tensor {
  return binary({ kind: "sub" }, a, other, (x, y) => (gradient, [forX, forY]) => [
    forX ? sumTo(gradient, x.shape) : null,
    forY ? sumTo(gradient, y.shape).neg() : null,
  ]);
}

export function mul(a: Tensor, other: Tensor | number): Tensor {
  return binary({ kind: "mul" }, a, other, (x, y) => (gradient, [forX, forY]) => [
    forX ? sumTo(gradient.mul(y), x.shape) : null,
    forY ? sumTo(gradient.mul(x), y.shape) : null,
  ]);
}

/** d(x/y) = dx/y − (x/y)·dy/y */
export function div(a: Tensor, other: Tensor | number): Tensor {
  return binary({ kind: "div" }, a, other, (x, y, quotient) => (gradient, [forX, forY]) => {
    const ratio = gradient.div(y);
    return [forX ? sumTo(ratio, x.shape) : null, forY ? sumTo(ratio.mul(quotient), y.shape).neg() : null];
  });
}

export function scale(x: Tensor, factor: number): Tensor {
  const { shape, device } = x;
  const storage = device.allocate(x.size);
  device.elementwise({ kind: "scale", factor }, shape, contiguous(storage, shape), [contiguous(x.storage, shape)]);
  return recorded("scale", [x], { shape, device, storage }, (gradient) => [scale(gradient, factor)]);
}

/** Copies what a loop nest of the given shape visits. */
function gathered(
  operation: string,
  x: Tensor,
  shape: Shape,
  strides: readonly number[],
  offset: number,
  vjp: Vjp,
): Tensor {
  const { device } = x;
  const storage = device.allocate(sizeOf(shape));
  device.elementwise({ kind: "copy" }, shape, contiguous(storage, shape), [{ storage: x.storage, strides, offset }]);
  return recorded(operation, [x], { shape, device, storage }, vjp);
}

export function broadcastTo(x: Tensor, shape: Shape): Tensor {
  if (sameShape(x.shape, shape)) return x;
  if (!sameShape(broadcastShapes("broadcastTo", x.shape, requireShape(shape)), shape)) {
    throw new RangeError(`broadcastTo: ${formatShape(x.shape)} does not stretch to ${formatShape(shape)}`);
  }
  return gathered("broadcastTo", x, [...shape], broadcastStrides(x.shape, shape), 0, (gradient) => [
    sumTo(gradient, x.shape),
  ]);
}

export function transpose(x: Tensor, axis0: number, axis1: number): Tensor {
  const exchanged = <T>(list: readonly T[]): T[] =>
    list.map((item, axis) => (axis === axis0 ? list[axis1]! : axis === axis1 ? list[axis0]! : item));
  const strides = exchanged(stridesOf(x.shape));
  return gathered("transpose", x, exchanged(x.shape), strides, 0, (gradient) => [transpose(gradient, axis0, axis1)]);
}

export function narrow(x: Tensor, axis: number, start: number, length: number): Tensor {
  const along = normaliseAxis("narrow", axis, x.rank);
  const available = x.shape[along]!;
  if (!Number.isInteger(start) || !Number.isInteger(length) || start < 0 || length < 0 || start + length > available) {
    throw new RangeError(`narrow: positions ${start} to ${start + length} of axis ${axis}, which has ${available}`);
  }
  const shape = x.shape.map((own, i) => (i === along ? length : own));
  const strides = stridesOf(x.shape);
  const offset = start * strides[along]!;
  return gathered("narrow", x, shape, strides, offset, (gradient) => [widen(gradient, x.shape, along, start)]);
}

/** Zeros, but for the positions from `start` on of an axis, which are those of `x`. */
function widen(x: Tensor, shape: Shape, axis: number, start: number): Tensor {
  const { device } = x;
  const { storage } = filled(shape, 0, device);
  const strides = stridesOf(shape);
  const target = { storage, strides, offset: start * strides[axis]! };
  device.elementwise({ kind: "copy" }, x.shape, target, [contiguous(x.storage, x.shape)]);
  return recorded("widen", [x], { shape, device, storage: storage.retain() }, (gradient) => [
    narrow(gradient, axis, start, x.shape[axis]!),
  ]);
}

export function reshape(x: Tensor, wanted: Shape): Tensor {
  const known = sizeOf(wanted.filter((length) => length !== -1));
  const inferred = wanted.filter((length) => length === -1).length;
  const fits = inferred === 0 ? known === x.size : inferred === 1 && known > 0 && x.size % known === 0;
  if (!fits) {
    throw new RangeError(
      `reshape: ${formatShape(x.shape)} holds ${x.size} numbers, which do not fill ${formatShape(wanted)}`,
    );
  }
  const shape = requireShape(wanted.map((length) => (length === -1 ? x.size / known : length)));
  const { device } = x;
  return recorded("reshape", [x], { shape, device, storage: x.storage.retain() }, (gradient) => [
    reshape(gradient, x.shape),
  ]);
}

/** The sum over chosen axes, times a factor, in the given shape of as many numbers. */
function reduce(operation: string, x: Tensor, reduced: readonly boolean[], factor: number, shape: Shape): Tensor {
  const { device } = x;
  const storage = device.allocate(sizeOf(shape));
  device.sum(x.storage, x.shape, reduced, factor, storage);
  return recorded(operation, [x], { shape, device, storage }, (gradient) => {
    const kept = x.shape.map((length, axis) => (reduced[axis] ? 1 : length));
    const aligned = reshape(gradient, kept);
    return [broadcastTo(factor === 1 ? aligned : scale(aligned, factor), x.shape)];
  });
}

function reduceAxes(
  operation: string,
  x: Tensor,
  axis: number | readonly number[] | undefined,
  keepDims: boolean,
  mean: boolean,
): Tensor {
  const axes = axis === undefined ? x.shape.map((_, i) => i) : [axis].flat();
  const chosen = new Set(axes.map((one) => normaliseAxis(operation, one, x.rank)));
  const reduced = x.shape.map((_, i) => chosen.has(i));
  const shape = keepDims
    ? x.shape.map((length, i) => (reduced[i] ? 1 : length))
    : x.shape.filter((_, i) => !reduced[i]);
  const count = sizeOf(x.shape.filter((_, i) => reduced[i]));
  return reduce(operation, x, reduced, mean ? 1 / count : 1, shape);
}

export function sum(x: Tensor, axis: number | readonly number[] | undefined, keepDims: boolean): Tensor {
  return reduceAxes("sum", x, axis, keepDims, false);
}

export function mean(x: Tensor, axis: number | readonly number[] | undefined, keepDims: boolean): Tensor {
  return reduceAxes("mean", x, axis, keepDims, true);
}

/** The transpose of broadcasting: sums over what was stretched. */
export function sumTo(x: Tensor, shape: Shape): Tensor {
  if (sameShape(x.shape, shape)) return x;
  const missing = x.rank - shape.length;
  const reduced = x.shape.map((length, axis) => axis < missing || (shape[axis - missing] === 1 && length !== 1));
  return reduce("sumTo", x, reduced, 1, shape);
}

/** `batch` products of matrices stored one after the other. */
function product(a: Tensor, b: Tensor, spec: MatrixProduct, shape: Shape): Tensor {
  const { device } = a;
  const storage = device.allocate(sizeOf(shape));
  device.matmul(spec, a.storage, b.storage, null, storage);
  return recorded("matmul", [a, b], { shape, device, storage }, (gradient, needed) =>
    productGradients(a, b, spec, gradient, needed),
  );
}

/** Of c = a·b: da = dc·bᵀ, db = aᵀ·dc; of factors that are stored transposed, the transposes of these. */
function productGradients(
  a: Tensor,
  b: Tensor,
  { batch, m, k, n, transposeA, transposeB }: MatrixProduct,
  dc: Tensor,
  [forA, forB]: readonly boolean[],
): (Tensor | null)[] {
  const da = (): Tensor =>
    transposeA
      ? product(b, dc, { batch, m: k, k: n, n: m, transposeA: transposeB, transposeB: true }, a.shape)
      : product(dc, b, { batch, m, k: n, n: k, transposeA: false, transposeB: !transposeB }, a.shape);
  const db = (): Tensor =>
    transposeB
      ? product(dc, a, { batch, m: n, k: m, n: k, transposeA: true, transposeB: transposeA }, b.shape)
      : product(a, dc, { batch, m: k, k: m, n, transposeA: !transposeA, transposeB: false }, b.shape);
  return [forA ? da() : null, forB ? db() : null];
}

const matrixOf = (shape: Shape): [rows: number, columns: number] => [shape.at(-2) ?? 1, shape.at(-1) ?? 1];

export function matmul(a: Tensor, b: Tensor): Tensor {
  commonDevice("matmul", [a, b]);
  if (a.rank === 0 || b.rank === 0) throw new RangeError("matmul: a single number is no matrix: use mul()");
  if (a.rank === 1) {
    const row = matmul(reshape(a, [1, a.size]), b);
    return reshape(
      row,
      row.shape.filter((_, axis) => axis !== row.rank - (b.rank === 1 ? 1 : 2)),
    );
  }
  if (b.rank === 1) {
    const column = matmul(a, reshape(b, [b.size, 1]));
    return reshape(column, column.shape.slice(0, -1));
  }
  const [m, k] = matrixOf(a.shape);
  const [rows, n] = matrixOf(b.shape);
  if (k !== rows) {
    throw new RangeError(`matmul: ${formatShape(a.shape)} has ${k} columns, ${formatShape(b.shape)} has ${rows} rows`);
  }
  const outer = broadcastShapes("matmul", a.shape.slice(0, -2), b.shape.slice(0, -2));
  // One matrix for a whole batch on the left is one product with a taller matrix.
  const flat = b.rank === 2;
  const left = flat ? a : broadcastTo(a, [...outer, m, k]);
  const right = flat ? b : broadcastTo(b, [...outer, k, n]);
  const batch = flat ? 1 : sizeOf(outer);
  const spec = { batch, m: flat ? sizeOf(outer) * m : m, k, n, transposeA: false, transposeB: false };
  return product(left, right, spec, [...outer, m, n]);
}

/** `x·Wᵀ + b` over the last axis of x, with `weight` stored as [out, in]. */
export function linear(x: Tensor, weight: Tensor, bias: Tensor | null = null): Tensor {
  const inputs = bias ? [x, weight, bias] : [x, weight];
  const device = commonDevice("linear", inputs);
  const [n, k] = matrixOf(weight.shape);
  if (x.rank === 0 || weight.rank !== 2 || x.shape.at(-1) !== k) {
    throw new RangeError(
      `linear: the last axis of ${formatShape(x.shape)} must have the length of the last of the weight ${formatShape(weight.shape)}`,
    );
  }
  if (bias && !sameShape(bias.shape, [n])) {
    throw new RangeError(
      `linear: the bias has shape ${formatShape(bias.shape)}, the weight ${formatShape(weight.shape)} needs [${n}]`,
    );
  }
  const outer = x.shape.slice(0, -1);
  const m = sizeOf(outer);
  const spec = { batch: 1, m, k, n, transposeA: false, transposeB: true };
  const shape = [...outer, n];
  const storage = device.allocate(sizeOf(shape));
  device.matmul(spec, x.storage, weight.storage, bias?.storage ?? null, storage);
  return recorded("linear", inputs, { shape, device, storage }, (gradient, needed) => [
    ...productGradients(x, weight, spec, gradient, needed),
    needed[2] && bias ? sumTo(gradient, bias.shape) : null,
  ]);
}
