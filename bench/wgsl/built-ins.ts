/** What most people write in WGSL: the formulas with built-in functions, `dy` times the derivative for the way back. */
import type { ActivationName } from "../accuracy/activations.js";

export interface BuiltIns {
  /** In `x`. */
  readonly forward: string;
  /** In `x` and `dy`. */
  readonly backward: string;
}

const sigmoid = "(1.0 / (1.0 + exp(-x)))";
/** Abramowitz and Stegun 7.1.26, since WGSL has no error function. */
const erf = "erf_of(x * 0.70710678)";
const inner = "tanh(0.79788456 * (x + 0.044715 * x * x * x))";

export const builtIns: Readonly<Partial<Record<ActivationName, BuiltIns>>> = {
  relu: { forward: "max(x, 0.0)", backward: "select(0.0, dy, x > 0.0)" },
  leaky_relu: { forward: "select(0.01 * x, x, x > 0.0)", backward: "dy * select(0.01, 1.0, x > 0.0)" },
  sigmoid: { forward: sigmoid, backward: `dy * ${sigmoid} * (1.0 - ${sigmoid})` },
  tanh: { forward: "tanh(x)", backward: "dy * (1.0 - tanh(x) * tanh(x))" },
  silu: { forward: `x * ${sigmoid}`, backward: `dy * ${sigmoid} * (1.0 + x * (1.0 - ${sigmoid}))` },
  gelu: {
    forward: `0.5 * x * (1.0 + ${erf})`,
    backward: `dy * (0.5 * (1.0 + ${erf}) + x * 0.39894228 * exp(-0.5 * x * x))`,
  },
  gelu_tanh: {
    forward: `0.5 * x * (1.0 + ${inner})`,
    backward: `dy * (0.5 * (1.0 + ${inner}) + 0.5 * x * (1.0 - ${inner} * ${inner}) * 0.79788456 * (1.0 + 0.134145 * x * x))`,
  },
  softplus: { forward: "max(x, 0.0) + log(1.0 + exp(-abs(x)))", backward: `dy * ${sigmoid}` },
  mish: {
    forward: "x * tanh(log(1.0 + exp(x)))",
    backward: `dy * (tanh(log(1.0 + exp(x))) + x * ${sigmoid} * (1.0 - tanh(log(1.0 + exp(x))) * tanh(log(1.0 + exp(x)))))`,
  },
  elu: { forward: "select(exp(x) - 1.0, x, x > 0.0)", backward: "dy * select(exp(x), 1.0, x > 0.0)" },
  selu: {
    forward: "1.05070099 * select(1.67326324 * (exp(x) - 1.0), x, x > 0.0)",
    backward: "dy * 1.05070099 * select(1.67326324 * exp(x), 1.0, x > 0.0)",
  },
  hard_swish: {
    forward: "x * clamp(x + 3.0, 0.0, 6.0) / 6.0",
    backward: "dy * select(select(0.0, 1.0, x >= 3.0), (2.0 * x + 3.0) / 6.0, abs(x) < 3.0)",
  },
};

const helper = `fn erf_of(x: f32) -> f32 {
  let t = 1.0 / (1.0 + 0.3275911 * abs(x));
  let y = 1.0 - (((((1.061405429 * t - 1.453152027) * t) + 1.421413741) * t - 0.284496736) * t + 0.254829592) * t * exp(-x * x);
  return sign(x) * y;
}
`;

/** A kernel over vectors of four, as plain as can be; its bindings are dy, x and the result, or x and the result. */
export function plainShader(formula: string, inputs: readonly ("dy" | "x")[]): string {
  const parts = ["x", "y", "z", "w"];
  const call = (part: string): string => `f(${inputs.map((input) => `${input}[i].${part}`).join(", ")})`;
  return `${helper}
${inputs.map((input, k) => `@group(0) @binding(${k}) var<storage, read> ${input}: array<vec4<f32>>;`).join("\n")}
@group(0) @binding(${inputs.length}) var<storage, read_write> result: array<vec4<f32>>;
fn f(${inputs.map((input) => `${input}: f32`).join(", ")}) -> f32 {
  return ${formula};
}
@compute @workgroup_size(256)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  let i = id.x;
  if (i >= arrayLength(&result)) {
    return;
  }
  result[i] = vec4<f32>(${parts.map(call).join(", ")});
}
`;
}
