import { typescriptFunctionOf } from "./compile.js";

const sigmoid = (x: number): number => (x >= 0 ? 1 / (1 + Math.exp(-x)) : Math.exp(x) / (1 + Math.exp(x)));
const softplus = (x: number): number => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
/** e^(-x^2/2) with the square in two parts. */
const density = (x: number): number => {
  const h = Math.fround(Math.min(Math.abs(x), 40));
  const rest = Math.min(Math.abs(x), 40) - h;
  return (Math.exp(-0.5 * h * h) * Math.exp(-0.5 * rest * (h + h + rest))) / Math.sqrt(2 * Math.PI);
};

/** The function in float64, and the bound in ULP of float32: what was measured on 70 to 300 million inputs, and 2% more. */
export const unaryBounds: Readonly<Record<string, readonly [oracle: (x: number) => number, bound: number]>> = {
  exp: [Math.exp, 0.73],
  expm1: [Math.expm1, 1.57],
  log: [Math.log, 0.86],
  log1p: [Math.log1p, 1.43],
  sigmoid: [sigmoid, 1.72],
  logistic: [(x) => sigmoid(x) * sigmoid(-x), 2.47],
  softplus: [softplus, 1.78],
  log_sigmoid: [(x) => -softplus(-x), 1.78],
  tanh: [Math.tanh, 1.38],
  erf: [typescriptFunctionOf("erf"), 1.42],
  erfc: [typescriptFunctionOf("erfc"), 3.51],
  normcdf: [typescriptFunctionOf("normcdf"), 3.65],
  normpdf: [density, 1.87],
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
