/** What is compared: activations that most frameworks have, by their names in acts.def, with their default parameters. */
export const activationNames = [
  "relu",
  "leaky_relu",
  "sigmoid",
  "tanh",
  "silu",
  "gelu",
  "gelu_tanh",
  "softplus",
  "mish",
  "elu",
  "selu",
  "hard_swish",
  "celu",
  "hard_sigmoid",
  "hard_tanh",
  "log_sigmoid",
  "relu6",
  "soft_shrink",
  "softsign",
  "tanh_shrink",
  "quick_gelu",
  "relu_squared",
  "lisht",
  "serf",
  "logcosh",
  "gaussian",
  "arctan",
  "arcsinh",
  "sine",
  "snake",
] as const;

export type ActivationName = (typeof activationNames)[number];

/** Parameters other than 1, as the float32 numbers that every candidate is given. */
export const slope = Math.fround(0.01);
export const steepness = Math.fround(1.702);
export const threshold = Math.fround(0.5);
