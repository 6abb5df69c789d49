/** Limits that no rule finds, by numbers: of expressions of one variable, at a rational point. */
import { type Expr, type Variable, variablesOf } from "../ir/expr.js";
import * as R from "../ir/rational.js";
import {
  add,
  type Ball,
  dyadic,
  type FiniteBall,
  fromRational,
  isZero,
  scaled,
  subtract,
  top,
} from "../numerics/ball.js";
import { evaluate } from "../numerics/evaluate.js";

/** Bits to compute with: powers up to the ninth of the distance may cancel. */
const precision = 2048;

/** Binary exponents of the distances from the point. */
const [near, nearer] = [-150n, -200n];

/** What there is at all distances on both sides must agree in so many bits: a square root of the distance leaves 75. */
const bits = 64n;

/** So many bits are right at the smaller distance. */
const digits = 90n;

/**
 * The limit of an expression as `variable` goes to `point`, read off on both sides at distances of 2^-150 and 2^-200: the
 * simplest fraction that is as near as these can tell. Undefined where they differ, where there is no value, and where there is
 * another variable.
 */
export function limitInNumbers(root: Expr, variable: Variable, point: R.Rational): R.Rational | undefined {
  if ([...variablesOf(root)].some((other) => other !== variable)) return undefined;
  const centre = fromRational(point.numerator, point.denominator, precision);
  const besides = [nearer, near].flatMap((distance) =>
    [-1n, 1n].map((side) => {
      const value = add(centre, dyadic(side, distance), precision);
      return evaluate(root, { bindings: new Map([[variable, { value, tangent: null }]]), precision }).value;
    }),
  );
  if (!besides.every(isNumber)) return undefined;
  const [left, right] = besides;
  if (besides.every((value) => top(value) < -bits)) return R.zero;
  const middle = scaled(add(left!, right!, precision), -1n);
  if (!isNumber(middle)) return undefined;
  const agrees = (value: Ball): boolean => {
    const apart = subtract(value, middle, precision);
    return apart.kind === "finite" && (isZero(apart) || top(apart) < top(middle) - bits);
  };
  return besides.every(agrees) ? simplest(rationalOf(middle), top(middle) - digits) : undefined;
}

const isNumber = (ball: Ball | undefined): ball is FiniteBall =>
  ball?.kind === "finite" &&
  (ball.radius === 0n || top({ ...ball, mid: ball.radius, radius: 0n }) < top(ball) - 2n * bits);

const rationalOf = ({ mid, exponent }: FiniteBall): R.Rational =>
  exponent >= 0n ? R.rational(mid << exponent) : R.rational(mid, 1n << -exponent);

/** The first convergent of a continued fraction that is nearer than 2^exponent. */
function simplest(value: R.Rational, exponent: bigint): R.Rational {
  let [p, q, before, beneath] = [1n, 0n, 0n, 1n];
  let { numerator, denominator } = value;
  while (denominator > 0n) {
    const whole = floored(numerator, denominator);
    [p, q, before, beneath] = [whole * p + before, whole * q + beneath, p, q];
    const error = R.subtract(value, R.rational(p, q));
    if (isBelow(error, exponent)) break;
    [numerator, denominator] = [denominator, numerator - whole * denominator];
  }
  return R.rational(p, q);
}

const floored = (a: bigint, b: bigint): bigint => (a >= 0n ? a / b : -((b - 1n - a) / b));

const isBelow = ({ numerator, denominator }: R.Rational, exponent: bigint): boolean => {
  const size = numerator < 0n ? -numerator : numerator;
  return exponent >= 0n ? size < denominator << exponent : size << -exponent < denominator;
};
