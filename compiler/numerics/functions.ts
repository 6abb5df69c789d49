import { absolute, negate } from "./ball.js";
import type { Function1 } from "./ball.js";
import { exp, expm1, log, log1p } from "./elementary.js";
import { acosh, asinh, atanh, cosh, sinh, tanh } from "./hyperbolic.js";
import { cbrt, rsqrt, sqrt } from "./powers.js";
import { erf, erfc, logNormcdf, logSigmoid, mills, normcdf, sigmoid, softplus } from "./special.js";
import { ceil, floor, round } from "./steps.js";
import { acos, asin, atan, cos, sin, tan } from "./trigonometric.js";

/** The functions of one real number, by the names they have in definitions. */
export const realFunctions = {
  negate,
  abs: absolute,
  exp,
  expm1,
  log,
  log1p,
  sqrt,
  rsqrt,
  cbrt,
  sin,
  cos,
  tan,
  atan,
  asin,
  acos,
  sinh,
  cosh,
  tanh,
  asinh,
  acosh,
  atanh,
  erf,
  erfc,
  normcdf,
  mills,
  log_normcdf: logNormcdf,
  sigmoid,
  log_sigmoid: logSigmoid,
  softplus,
  floor,
  ceil,
  round,
} as const satisfies Readonly<Record<string, Function1>>;

export type RealFunction = keyof typeof realFunctions;
