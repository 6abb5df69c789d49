/** Layers that are no activations. */
import { tensor } from "./creation.js";
import { Module, Parameter } from "./module.js";
import { linear } from "./operations.js";
import { defaultGenerator, Generator } from "./random.js";
import { requireShape, type Shape, sizeOf } from "./shape.js";
import type { Tensor } from "./tensor.js";

export interface LinearOptions {
  /** Whether it adds a bias; true unless given. */
  readonly bias?: boolean;
  /** Of the initial values; the default generator unless this or a generator is given. */
  readonly seed?: number;
  readonly generator?: Generator;
}

/** `x·Wᵀ + b` over the last axis. Initial values are uniform between ±1/√inFeatures, as PyTorch's. */
export class Linear extends Module {
  /** [outFeatures, inFeatures] */
  readonly weight: Parameter;
  readonly bias: Parameter | null;

  constructor(
    readonly inFeatures: number,
    readonly outFeatures: number,
    {
      bias = true,
      seed,
      generator = seed === undefined ? defaultGenerator() : new Generator(seed),
    }: LinearOptions = {},
  ) {
    super();
    const bound = 1 / Math.sqrt(inFeatures);
    const draw = (): number => bound * (2 * generator.uniform() - 1);
    const drawn = (shape: Shape): Parameter =>
      new Parameter(tensor(Float32Array.from({ length: sizeOf(requireShape(shape)) }, draw), { shape }));
    this.weight = drawn([outFeatures, inFeatures]);
    this.bias = bias ? drawn([outFeatures]) : null;
  }

  override forward(x: Tensor): Tensor {
    return linear(x, this.weight, this.bias);
  }
}

/** Modules one after the other; their names are their numbers, from 0. */
export class Sequential extends Module {
  readonly layers: readonly Module[];

  constructor(...layers: readonly Module[]) {
    super();
    this.layers = layers;
  }

  override *members(): Iterable<[name: string, member: Module]> {
    for (const [i, layer] of this.layers.entries()) yield [String(i), layer];
  }

  override forward(...inputs: Tensor[]): Tensor {
    const [first, ...rest] = this.layers;
    if (!first) {
      if (inputs.length !== 1) throw new Error("a Sequential without layers takes one input");
      return inputs[0]!;
    }
    return rest.reduce((x, layer) => layer.call(x), first.call(...inputs));
  }
}
