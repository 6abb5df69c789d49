/**
 * The wide library: floating point numbers of N bits with an exponent of their own, and the functions of such numbers, in
 * the machine language. N is 320 in TypeScript and 128 in WGSL; nothing but `nat_bits` depends on it.
 */
import { conversion } from "./conversion.js";
import { exponential } from "./exponential.js";
import { gaussian } from "./gaussian.js";
import { number } from "./number.js";
import { roots } from "./roots.js";
import { sigmoidal } from "./sigmoidal.js";
import { trigonometric } from "./trigonometric.js";

export { wideLiteral } from "./literal.js";

/** Texts for `readLibrary`, in an order in which structs and constants stand before their use. */
export const wideTexts: readonly string[] = [
  number,
  conversion,
  exponential,
  roots,
  trigonometric,
  gaussian,
  sigmoidal,
];

/** The primitives of definitions as expressions in the machine language, `$a`, `$b` and `$c` standing for the operands. */
export const wideCalls = {
  negate: "wide_negate($a)",
  add: "wide_add($a, $b)",
  subtract: "wide_subtract($a, $b)",
  multiply: "wide_multiply($a, $b)",
  divide: "wide_divide($a, $b)",
  pow: "wide_pow($a, $b)",
  pi: "WIDE_PI",
  infinity: "WIDE_INFINITY",
  less: "wide_less($a, $b)",
  lessOrEqual: "wide_less_or_equal($a, $b)",
  greater: "wide_less($b, $a)",
  greaterOrEqual: "wide_less_or_equal($b, $a)",
  equal: "wide_equal($a, $b)",
  notEqual: "!wide_equal($a, $b)",
  and: "($a & $b)",
  or: "($a | $b)",
  not: "!$a",
  where: "wide_select($c, $b, $a)",
  abs: "wide_abs($a)",
  sign: "wide_sign($a)",
  exp: "wide_exp($a)",
  expm1: "wide_expm1($a)",
  log: "wide_log($a)",
  log1p: "wide_log1p($a)",
  log1p_square: "wide_log1p_square($a)",
  sqrt: "wide_sqrt($a)",
  rsqrt: "wide_rsqrt($a)",
  cbrt: "wide_cbrt($a)",
  logaddexp: "wide_logaddexp($a, $b)",
  hypot: "wide_hypot($a, $b)",
  logcosh: "wide_logcosh($a)",
  sigmoid: "wide_sigmoid($a)",
  logistic: "wide_logistic($a)",
  logistic_moment: "wide_logistic_moment($a)",
  log_sigmoid: "wide_log_sigmoid($a)",
  softplus: "wide_softplus($a)",
  tanh: "wide_tanh($a)",
  erf: "wide_erf($a)",
  erfc: "wide_erfc($a)",
  normcdf: "wide_normcdf($a)",
  normpdf: "wide_normpdf($a)",
  sin: "wide_sin($a)",
  cos: "wide_cos($a)",
  tan: "wide_tan($a)",
  atan: "wide_atan($a)",
  asin: "wide_asin($a)",
  acos: "wide_acos($a)",
  sinh: "wide_sinh($a)",
  cosh: "wide_cosh($a)",
  asinh: "wide_asinh($a)",
  acosh: "wide_acosh($a)",
  atanh: "wide_atanh($a)",
  floor: "wide_floor($a)",
  ceil: "wide_ceil($a)",
  round: "wide_round($a)",
  guard: "wide_select($a, $b, wide_is_nan($b))",
  at_least: "wide_select($a, $b, wide_less($a, $b))",
  at_most: "wide_select($a, $b, wide_less($b, $a))",
  smaller: "wide_min($a, $b)",
  larger: "wide_max($a, $b)",
  stop_gradient: "$a",
} as const;

export type WidePrimitive = keyof typeof wideCalls;
