/** One network for all candidates: two layers with an activation between, softmax and cross-entropy, Adam. */
export interface Sizes {
  readonly inputs: number;
  readonly hidden: number;
  readonly classes: number;
  readonly batch: number;
}

export const learningRate = 4e-3;

/** The first values of weights, [inputs, hidden] and [hidden, classes], row by row; biases begin with zeros. */
export interface Weights {
  readonly first: Float32Array;
  readonly second: Float32Array;
}

export interface Batch {
  /** [batch, inputs], row by row. */
  readonly images: Float32Array;
  readonly labels: Uint32Array;
}

export type ActivationName = "relu" | "silu";

export interface Trainer {
  readonly name: string;
  readonly description: string;
  /** Forward, backward and the optimiser's step; the loss stays where it is. */
  step(batch: Batch): void | Promise<void>;
  /** The loss of the last step. */
  loss(): Promise<number>;
  /** Before it is timed, where another candidate may have changed a setting. */
  begin?(): Promise<void>;
}

export type OpenTrainer = (sizes: Sizes, activation: ActivationName, weights: Weights) => Promise<Trainer>;
