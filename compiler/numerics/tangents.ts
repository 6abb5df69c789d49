/**
 * Derivatives of the primitives in ball arithmetic, as the textbooks have them. They are a second opinion: nothing here
 * is shared with the formulas that the compiler differentiates by.
 */
import type { PrimitiveName } from "../primitives/table.js";
import {
  absolute,
  add,
  divide,
  dyadic,
  isZero,
  multiply,
  nan,
  negate,
  one,
  scaled,
  sign,
  subtract,
  two,
  unknown,
  zero,
} from "./ball.js";
import type { Ball } from "./ball.js";
import { exp, log } from "./elementary.js";
import { cosh, sinh } from "./hyperbolic.js";
import { cbrt, pow, sqrt } from "./powers.js";
import { mills } from "./special.js";
import { cos, pi, sin } from "./trigonometric.js";

/** A number and its derivative in some direction; no tangent means that it is 0, even beside an infinity. */
export interface Dual {
  readonly value: Ball;
  readonly tangent: Ball | null;
}

const square = (a: Ball, p: number): Ball => multiply(a, a, p);
const plusOne = (a: Ball, p: number): Ball => add(one, a, p);
const reciprocal = (a: Ball, p: number): Ball => divide(one, a, p);
/** 1 / (1 + exp(a)) */
const falling = (a: Ball, p: number): Ball => reciprocal(plusOne(exp(a, p), p), p);
const rootOf = (a: Ball, p: number): Ball => sqrt(a, p);

type Derivative = (a: Ball, value: Ball, precision: number) => Ball;

/** f′ of the functions of one operand. */
const derivatives: Partial<Record<PrimitiveName, Derivative>> = {
  negate: () => negate(one),
  abs: (a) => {
    if (a.kind === "nan") return nan;
    const known = sign(a);
    return known === undefined ? unknown : dyadic(BigInt(known));
  },
  exp: (_, value) => value,
  expm1: (a, _, p) => exp(a, p),
  log: (a, _, p) => reciprocal(a, p),
  log1p: (a, _, p) => reciprocal(plusOne(a, p), p),
  sqrt: (_, value, p) => reciprocal(scaled(value, 1n), p),
  rsqrt: (a, value, p) => negate(scaled(divide(value, a, p), -1n)),
  cbrt: (a, _, p) => reciprocal(multiply(dyadic(3n), square(cbrt(a, p), p), p), p),
  sigmoid: (a, _, p) => {
    const e = exp(negate(absolute(a)), p);
    return divide(e, square(plusOne(e, p), p), p);
  },
  softplus: (a, _, p) => falling(negate(a), p),
  log_sigmoid: (a, _, p) => falling(a, p),
  tanh: (a, _, p) => reciprocal(square(cosh(a, p), p), p),
  erf: (a, _, p) => divide(scaled(gaussian(a, 0n, p), 1n), rootOf(pi(p), p), p),
  erfc: (a, _, p) => negate(divide(scaled(gaussian(a, 0n, p), 1n), rootOf(pi(p), p), p)),
  normcdf: (a, _, p) => divide(gaussian(a, -1n, p), rootOf(multiply(two, pi(p), p), p), p),
  mills: (a, value, p) => subtract(multiply(a, value, p), one, p),
  log_normcdf: (a, _, p) => reciprocal(mills(negate(a), p), p),
  sin: (a, _, p) => cos(a, p),
  cos: (a, _, p) => negate(sin(a, p)),
  tan: (a, _, p) => reciprocal(square(cos(a, p), p), p),
  atan: (a, _, p) => reciprocal(plusOne(square(a, p), p), p),
  asin: (a, _, p) => reciprocal(rootOf(subtract(one, square(a, p), p), p), p),
  acos: (a, _, p) => negate(reciprocal(rootOf(subtract(one, square(a, p), p), p), p)),
  sinh: (a, _, p) => cosh(a, p),
  cosh: (a, _, p) => sinh(a, p),
  asinh: (a, _, p) => reciprocal(rootOf(plusOne(square(a, p), p), p), p),
  acosh: (a, _, p) => reciprocal(rootOf(subtract(square(a, p), one, p), p), p),
  atanh: (a, _, p) => reciprocal(subtract(one, square(a, p), p), p),
};

/** exp(−a² · 2^shift) */
const gaussian = (a: Ball, shift: bigint, p: number): Ball => exp(negate(scaled(square(a, 2 * p), shift)), p);

/** Those whose derivative is 0 wherever it exists, and those that stop it. */
const flat: ReadonlySet<PrimitiveName> = new Set<PrimitiveName>(["sign", "floor", "ceil", "round", "stop_gradient"]);

/** The tangent of a primitive's result; `null` is an exact 0. */
export function tangentOf(
  primitive: PrimitiveName,
  operands: readonly Dual[],
  value: Ball,
  precision: number,
): Ball | null {
  if (operands.every(({ tangent }) => tangent === null) || flat.has(primitive)) return null;
  const p = precision + 8;
  const [a, b] = operands;
  if (!a) return null;
  if (!b) {
    const derivative = derivatives[primitive];
    if (!derivative) throw new TypeError(`${primitive} has no tangent in ball arithmetic`);
    return times(derivative(a.value, value, p), a.tangent, p);
  }
  switch (primitive) {
    case "add":
      return plus(a.tangent, b.tangent, p);
    case "subtract":
      return plus(a.tangent, b.tangent && negate(b.tangent), p);
    case "multiply":
      return plus(times(b.value, a.tangent, p), times(a.value, b.tangent, p), p);
    case "divide": {
      const above = plus(times(b.value, a.tangent, p), negated(times(a.value, b.tangent, p)), p);
      return above && divide(above, square(b.value, p), p);
    }
    case "pow":
      return plus(
        times(powerInBase(a.value, b.value, p), a.tangent, p),
        times(powerInExponent(a.value, b.value, value, p), b.tangent, p),
        p,
      );
    case "logaddexp":
      return plus(
        times(falling(subtract(b.value, a.value, p), p), a.tangent, p),
        times(falling(subtract(a.value, b.value, p), p), b.tangent, p),
        p,
      );
    default:
      throw new TypeError(`${primitive} has no tangent in ball arithmetic`);
  }
}

const powerInBase = (a: Ball, b: Ball, p: number): Ball =>
  isZero(b) ? zero : multiply(b, pow(a, subtract(b, one, p), p), p);

/** a^b log a for a > 0, its limit at 0. */
function powerInExponent(a: Ball, b: Ball, value: Ball, p: number): Ball {
  if (isZero(a)) return sign(b) === 1 ? zero : nan;
  return multiply(value, log(a, p), p);
}

const times = (factor: Ball, tangent: Ball | null, p: number): Ball | null => tangent && multiply(factor, tangent, p);
const negated = (tangent: Ball | null): Ball | null => tangent && negate(tangent);

function plus(a: Ball | null, b: Ball | null, p: number): Ball | null {
  return a && b ? add(a, b, p) : (a ?? b);
}
