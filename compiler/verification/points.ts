/** Inputs at which kernels break, and parameters at which formulas degenerate. */
import type { Activation } from "../ir/activation.js";
import type { Column } from "./truth.js";

export interface Points {
  readonly count: number;
  /** So many of them, at the start, are adversarial; the others are stratified. */
  readonly adversarial: number;
  /** One column of float32 numbers for each input. */
  readonly inputs: readonly Float32Array[];
  /** 1 at the float32 neighbours of a zero of the column. */
  readonly nearZero: Uint8Array;
}

/**
 * Adversarial inputs: limits of exponents, kinks, borders, zeros of the value and the derivative, extremes, and the
 * neighbours of all of these; then `stratified` ones, every exponent alike, their significands random.
 */
export function pointsFor(column: Column, parameters: readonly number[], stratified: number): Points {
  throw new Error(`not built yet: ${column.activation.name}(${parameters.length}, ${stratified})`);
}

/**
 * Settings of all parameters, each with one of them at one of ten adversarial values within its range: zeros of either
 * sign, tiny numbers, 1 and its neighbours, the ends of the range, large ones. Numbers of float32 all.
 */
export function parameterSettings(activation: Activation): readonly (readonly number[])[] {
  throw new Error(`not built yet: ${activation.name}`);
}
