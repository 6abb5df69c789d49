import { init } from "gmp-wasm";
import type { GMPFunctions } from "gmp-wasm";
import { dyadic, nan } from "../../compiler/numerics/ball.js";
import type { Ball } from "../../compiler/numerics/ball.js";
import type { RealFunction } from "../../compiler/numerics/functions.js";

/** MPFR, as an oracle that shares nothing with what it judges. */
const { binding: mpfr } = await init();

type Unary = (result: number, x: number, rounding: number) => unknown;

const unary: Partial<Record<RealFunction, Unary>> = {
  exp: mpfr.mpfr_exp,
  expm1: mpfr.mpfr_expm1,
  log: mpfr.mpfr_log,
  log1p: mpfr.mpfr_log1p,
  sqrt: mpfr.mpfr_sqrt,
  rsqrt: mpfr.mpfr_rec_sqrt,
  cbrt: mpfr.mpfr_cbrt,
  sin: mpfr.mpfr_sin,
  cos: mpfr.mpfr_cos,
  tan: mpfr.mpfr_tan,
  atan: mpfr.mpfr_atan,
  asin: mpfr.mpfr_asin,
  acos: mpfr.mpfr_acos,
  sinh: mpfr.mpfr_sinh,
  cosh: mpfr.mpfr_cosh,
  tanh: mpfr.mpfr_tanh,
  asinh: mpfr.mpfr_asinh,
  acosh: mpfr.mpfr_acosh,
  atanh: mpfr.mpfr_atanh,
  erf: mpfr.mpfr_erf,
  erfc: mpfr.mpfr_erfc,
  floor: mpfr.mpfr_floor,
  ceil: mpfr.mpfr_ceil,
  round: mpfr.mpfr_roundeven,
};

export const oracleNames = Object.keys(unary) as readonly RealFunction[];

export interface Approximation {
  /** Rounded to nearest at the precision asked for; undefined where it left MPFR's own exponent range. */
  readonly value: Ball | undefined;
  readonly binary64: number;
}

const float = (bits: number): number => {
  const x = mpfr.mpfr_t();
  mpfr.mpfr_init2(x, bits);
  return x;
};
const [first, second, integer] = [float(53), float(53), mpfr.mpz_t()];
mpfr.mpz_init(integer);
const results = new Map<number, number>();

function read(bits: number, compute: (result: number, mpfr: GMPFunctions) => unknown): Approximation {
  let result = results.get(bits);
  if (result === undefined) results.set(bits, (result = float(bits)));
  compute(result, mpfr);
  const binary64 = mpfr.mpfr_get_d(result, 0);
  if (mpfr.mpfr_nan_p(result)) return { value: nan, binary64 };
  if (!mpfr.mpfr_regular_p(result)) return { value: undefined, binary64 };
  const exponent = mpfr.mpfr_get_z_2exp(integer, result);
  const digits = mpfr.mpz_to_string(integer, 16);
  const mid = digits.startsWith("-") ? -BigInt(`0x${digits.slice(1)}`) : BigInt(`0x${digits}`);
  return { value: dyadic(mid, BigInt(exponent)), binary64 };
}

export function oracle(name: RealFunction, x: number, bits: number): Approximation {
  const f = unary[name];
  if (f === undefined) throw new Error(`no ${name} in MPFR`);
  mpfr.mpfr_set_d(first, x, 0);
  return read(bits, (result) => f(result, first, 0));
}

export function oraclePow(x: number, y: number, bits: number): Approximation {
  mpfr.mpfr_set_d(first, x, 0);
  mpfr.mpfr_set_d(second, y, 0);
  return read(bits, (result) => mpfr.mpfr_pow(result, first, second, 0));
}

export const oraclePi = (bits: number): Approximation => read(bits, (result) => mpfr.mpfr_const_pi(result, 0));
