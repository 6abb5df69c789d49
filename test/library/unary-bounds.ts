import { typescriptFunctionOf } from "./compile.js";
import { primitiveFunctionOf } from "./compile-form.js";

/** Kernels hold their inputs where infinity would meet a 0. */
const held =
  (f: (x: number) => number) =>
  (x: number): number =>
    f(Math.max(-3.5e38, Math.min(3.5e38, x)));

/** The function in float64, and the bound in ULP of float32: what was measured on 70 to 300 million inputs, and 2% more. */
export const unaryBounds: Readonly<Record<string, readonly [oracle: (x: number) => number, bound: number]>> = {
  exp: [Math.exp, 0.73],
  expm1: [Math.expm1, 1.57],
  log: [Math.log, 0.86],
  log1p: [Math.log1p, 1.43],
  sigmoid: [primitiveFunctionOf("sigmoid"), 1.72],
  logistic: [primitiveFunctionOf("logistic"), 2.47],
  softplus: [held(primitiveFunctionOf("softplus")), 1.78],
  log_sigmoid: [held(primitiveFunctionOf("log_sigmoid")), 1.78],
  tanh: [Math.tanh, 1.38],
  erf: [typescriptFunctionOf("erf"), 1.42],
  erfc: [typescriptFunctionOf("erfc"), 3.51],
  normcdf: [typescriptFunctionOf("normcdf"), 3.65],
  normpdf: [primitiveFunctionOf("normpdf"), 1.87],
  sin: [Math.sin, 1.34],
  cos: [Math.cos, 1.34],
  tan: [Math.tan, 1.83],
  atan: [Math.atan, 1.9],
  asin: [Math.asin, 1.62],
  acos: [Math.acos, 1.26],
  sinh: [Math.sinh, 1.63],
  cosh: [Math.cosh, 1.21],
  asinh: [Math.asinh, 1.84],
  acosh: [Math.acosh, 2.46],
  atanh: [Math.atanh, 2.05],
  cbrt: [Math.cbrt, 0.53],
  rsqrt: [(x) => 1 / Math.sqrt(x), 1.52],
  hypot1: [(x) => Math.hypot(1, x), 1.05],
  sign: [Math.sign, 0],
};
