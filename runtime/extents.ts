/** The extents of an activation's tensors, and products of them. */
import type { Extents } from "./device.js";
import { type Shape, sizeOf } from "./shape.js";

/** Axis 1 counts the channels; a tensor of rank 0 or 1 has one. */
export const channelsOf = (shape: Shape): number => (shape.length < 2 ? 1 : shape[1]!);

/**
 * @param shared whether all channels share one learned number: the tensor then counts as one channel
 * @param axis the axis that the kernels reduce over, from 0; null where they do not
 */
export function extentsOf(shape: Shape, shared: boolean, axis: number | null): Extents {
  const size = sizeOf(shape);
  const apart = !shared && shape.length >= 2;
  return {
    size,
    channelOuter: apart ? shape[0]! : 1,
    channels: apart ? shape[1]! : 1,
    channelInner: apart ? sizeOf(shape.slice(2)) : size,
    axisOuter: axis === null ? 1 : sizeOf(shape.slice(0, axis)),
    axisLength: axis === null ? size : (shape[axis] ?? 1),
    axisInner: axis === null ? 1 : sizeOf(shape.slice(axis + 1)),
  };
}

const names = ["size", "channelOuter", "channels", "channelInner", "axisOuter", "axisLength", "axisInner"] as const;

/** The value of a product such as `channels * 64` or `axisOuter * ceil(size / 1024)`. */
export function extentValue(product: string, extents: Extents): number {
  return splitProduct(product)
    .map((factor) => {
      const quotient = /^ceil\((.+)\/(.+)\)$/.exec(factor);
      if (quotient) return Math.ceil(extentValue(quotient[1]!, extents) / extentValue(quotient[2]!, extents));
      const name = names.find((known) => known === factor);
      if (name) return extents[name];
      if (/^\d+$/.test(factor)) return Number(factor);
      throw new Error(`'${product}' is not a product of extents and whole numbers`);
    })
    .reduce((value, factor) => value * factor, 1);
}

/** The factors; a `*` inside parentheses separates none. */
function splitProduct(product: string): string[] {
  return product.split(/\*(?![^(]*\))/).map((factor) => factor.trim());
}
