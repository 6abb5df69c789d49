/** Ways to make a tensor. */
import { cpu } from "./cpu/device.js";
import type { Device } from "./device.js";
import { filled } from "./operations.js";
import { defaultGenerator, Generator } from "./random.js";
import { formatShape, requireShape, type Shape, sizeOf } from "./shape.js";
import { type NestedNumbers, Tensor } from "./tensor.js";

export interface TensorOptions {
  /** The CPU unless given. */
  readonly device?: Device;
  readonly requiresGrad?: boolean;
}

export interface RandomOptions extends TensorOptions {
  /** The same seed gives the same numbers, on every platform and device. */
  readonly seed?: number;
  /** Drawn from, in row-major order; the default generator unless this or a seed is given. */
  readonly generator?: Generator;
}

/** A tensor of the given numbers: nested arrays, or a flat array and its shape. The numbers are copied. */
export function tensor(
  data: NestedNumbers | Float32Array,
  options: TensorOptions & { readonly shape?: Shape } = {},
): Tensor {
  const values = data instanceof Float32Array ? data : Float32Array.from(flat(data));
  const natural = data instanceof Float32Array ? [data.length] : shapeOf(data);
  const shape = requireShape(options.shape ?? natural);
  if (sizeOf(shape) !== values.length) {
    throw new RangeError(`tensor(): ${values.length} numbers do not fill the shape ${formatShape(shape)}`);
  }
  return uploaded(values, shape, options);
}

function uploaded(values: Float32Array, shape: Shape, { device = cpu, requiresGrad = false }: TensorOptions): Tensor {
  return new Tensor({ shape: [...shape], device, storage: device.upload(values), requiresGrad });
}

function flat(data: NestedNumbers): readonly number[] {
  return typeof data === "number" ? [data] : data.flatMap(flat);
}

function shapeOf(data: NestedNumbers): number[] {
  if (typeof data === "number") return [];
  const shapes = data.map(shapeOf);
  const [first = []] = shapes;
  const other = shapes.find((shape) => shape.join() !== first.join());
  if (other)
    throw new RangeError(
      `tensor(): the arrays are ragged: parts have the shapes ${formatShape(first)} and ${formatShape(other)}`,
    );
  return [data.length, ...first];
}

/** A tensor of one number throughout. */
export function full(shape: Shape, value: number, { device = cpu, requiresGrad = false }: TensorOptions = {}): Tensor {
  return filled(shape, value, device, requiresGrad);
}

export const zeros = (shape: Shape, options?: TensorOptions): Tensor => full(shape, 0, options);

export const ones = (shape: Shape, options?: TensorOptions): Tensor => full(shape, 1, options);

/** Normally distributed numbers, mean 0 and variance 1. */
export const randn = (shape: Shape, options: RandomOptions = {}): Tensor =>
  random(shape, options, (generator) => generator.normal());

/** Uniformly distributed numbers, from 0 up to, without, 1. */
export const rand = (shape: Shape, options: RandomOptions = {}): Tensor =>
  random(shape, options, (generator) => generator.uniform());

/** Drawn on the CPU whatever the device, so that all devices see the same numbers. */
function random(shape: Shape, options: RandomOptions, draw: (generator: Generator) => number): Tensor {
  const { seed, generator = seed === undefined ? defaultGenerator() : new Generator(seed) } = options;
  const values = Float32Array.from({ length: sizeOf(requireShape(shape)) }, () => draw(generator));
  return uploaded(values, shape, options);
}
