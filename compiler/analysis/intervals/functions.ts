/** The primitives of one and two numbers on intervals. */
import {
  absolute,
  add as addBalls,
  divide as divideBalls,
  dyadic,
  half,
  multiply as multiplyBalls,
  negate as negateBall,
  one,
  positiveInfinity,
  scaled,
  subtract as subtractBalls,
  two,
  zero,
  type Ball,
  type Function1,
} from "../../numerics/ball.js";
import { signOf as signOfBall } from "../../numerics/evaluate.js";
import { exp, log1p } from "../../numerics/elementary.js";
import { realFunctions } from "../../numerics/functions.js";
import { sinh } from "../../numerics/hyperbolic.js";
import { pow as powBalls, powInteger, sqrt } from "../../numerics/powers.js";
import { logaddexp as logaddexpBalls } from "../../numerics/special.js";
import { pi } from "../../numerics/trigonometric.js";
import type { PrimitiveName } from "../../primitives/table.js";
import {
  above,
  below,
  between,
  corners,
  divide,
  enclosing,
  enclosingInfinite,
  floorOf,
  hull,
  intersection,
  magnitudeOf,
  multiply,
  negate,
  noUpperBound,
  order,
  point,
  signOfEnd,
  topOf,
  whole,
  type Enclosure,
  type End,
  type Interval,
} from "./interval.js";

type IntervalFunction = (x: Interval, precision: number) => Enclosure;

/** Where a function has values; at an open end they are infinite. */
interface RealDomain {
  readonly least?: bigint;
  readonly greatest?: bigint;
  readonly open?: true;
}

/** The part of the interval in the domain. */
function clipped(x: Interval, { least, greatest: most, open }: RealDomain): Enclosure {
  let { low, high, total } = x;
  // An infinite value is one where it is known to be taken; in an interval it is a place without a number.
  const hole = open === true && low !== high;
  if (least !== undefined) {
    const end = dyadic(least);
    const [from, to] = [order(low, end), order(high, end)];
    if (to < 0) return null;
    if (from < 0 || (from === 0 && hole)) total = false;
    if (from < 0) low = end;
  }
  if (most !== undefined) {
    const end = dyadic(most);
    const [from, to] = [order(low, end), order(high, end)];
    if (from > 0) return null;
    if (to > 0 || (to === 0 && hole)) total = false;
    if (to > 0) high = end;
  }
  return low === x.low && high === x.high && total === x.total ? x : { low, high, total };
}

function rising(f: Function1, domain?: RealDomain): IntervalFunction {
  return (given, precision) => {
    const x = domain ? clipped(given, domain) : given;
    if (!x) return null;
    if (x.low === x.high) {
      const ball = f(x.low, precision);
      if (ball.kind === "nan") return null;
      const pole = domain?.open === true || x.low.kind === "infinite";
      const total = x.total && ball.kind !== "unknown";
      return pole ? enclosingInfinite(ball, total) : enclosing(ball, total);
    }
    return between(below(f(x.low, precision)), above(f(x.high, precision)), x.total);
  };
}

/** The same for values that lie between two numbers: what is known to the last bit alone may reach beyond them. */
function within(least: bigint, most: bigint | null, f: IntervalFunction): IntervalFunction {
  const low = dyadic(least);
  const high = most === null ? noUpperBound : dyadic(most);
  return (x, precision) => {
    const y = f(x, precision);
    return y && (order(y.low, low) < 0 || order(y.high, high) > 0) ? intersection(y, between(low, high)) : y;
  };
}

const falling = (f: Function1, domain?: RealDomain): IntervalFunction => {
  const mirrored = rising((x, precision) => negateBall(f(x, precision)), domain);
  return (x, precision) => {
    const y = mirrored(x, precision);
    return y && negate(y);
  };
};

/** A function of |x|. */
const even =
  (ofMagnitude: IntervalFunction): IntervalFunction =>
  (x, precision) =>
    ofMagnitude(magnitudeOf(x), precision);

/** sigmoid(x) (1 − sigmoid(x)) */
const logisticAt: Function1 = (x, precision) => {
  const e = exp(negateBall(absolute(x)), precision + 8);
  const sum = addBalls(one, e, precision + 8);
  return divideBalls(e, multiplyBalls(sum, sum, precision + 8), precision);
};

/** exp(−x² / 2) / √(2π) */
export const densityAt: Function1 = (x, precision) => {
  const e = exp(negateBall(scaled(multiplyBalls(x, x, 2 * precision + 128), -1n)), precision + 8);
  return divideBalls(e, sqrt(multiplyBalls(two, pi(precision + 8), precision + 8), precision + 8), precision);
};

/** log(cosh(x)) = log(1 + 2 sinh(x/2)²) */
const logcoshAt: Function1 = (x, precision) => {
  const s = sinh(scaled(x, -1n), precision + 8);
  return log1p(scaled(multiplyBalls(s, s, precision + 8), 1n), precision);
};

const log1pSquareAt: Function1 = (x, precision) => log1p(multiplyBalls(x, x, 2 * precision + 64), precision);

const logistic = even(falling(logisticAt));

/** The largest x sigmoid(x) (1 − sigmoid(x)) is 0.22398…, at 1.5434…; beyond, it falls. */
const momentBound = dyadic(3670n, -14n);
const pastMoment = dyadic(99n, -6n);

const logisticMoment: IntervalFunction = (x, precision) => {
  const density = logistic(x, precision);
  const moment = density && multiply(x, density, precision);
  if (!moment || x.low === x.high) return moment;
  if (order(x.low, pastMoment) >= 0) {
    const ends = [x.high, x.low].map((end) =>
      multiply(point(end), logistic(point(end), precision) ?? point(zero), precision),
    );
    return ends[0] && ends[1] ? { ...hull(ends[0], ends[1]), total: x.total } : moment;
  }
  if (order(x.high, dyadic(-99n, -6n)) <= 0) {
    const mirrored = logisticMoment(negate(x), precision);
    return mirrored && negate(mirrored);
  }
  return intersection(moment, between(dyadic(-3670n, -14n), momentBound, moment.total));
};

/** Whole numbers k with k + offset in x/π, as the first and the last that may be. */
function multiplesOfPi(x: Interval, offset: Ball, precision: number): readonly [bigint, bigint] | undefined {
  const size = topOf(x);
  if (size === undefined || size > 1024n) return undefined;
  const working = precision + Number(size < 0n ? 0n : size) + 8;
  const quotient = (end: End): Ball => subtractBalls(divideBalls(end, pi(working), working), offset, working);
  const [from, to] = [below(quotient(x.low)), above(quotient(x.high))];
  if (from.kind !== "finite" || to.kind !== "finite") return undefined;
  return [-floorOf(dyadic(-from.mid, from.exponent)), floorOf(to)];
}

const unit = (total: boolean): Interval => between(dyadic(-1n), one, total);

/** sin, whose extremes are at (k + 1/2) π, and cos, whose are at k π: (−1)^k. */
function wave(f: Function1, offset: Ball): IntervalFunction {
  return (x, precision) => {
    if (x.low === x.high) return x.low.kind === "infinite" ? null : enclosing(f(x.low, precision), x.total);
    const extremes = multiplesOfPi(x, offset, precision);
    if (!extremes || extremes[1] > extremes[0]) return unit(x.total);
    const [a, b] = [f(x.low, precision), f(x.high, precision)];
    const ends = intersection(hull(enclosing(a, x.total), enclosing(b, x.total)), unit(x.total));
    if (extremes[1] < extremes[0]) return ends;
    return (extremes[0] & 1n) === 0n ? { ...ends, high: one } : { ...ends, low: dyadic(-1n) };
  };
}

const tangent: IntervalFunction = (x, precision) => {
  const { sin, cos, tan } = realFunctions;
  if (x.low === x.high) {
    const ball = tan(x.low, precision);
    return ball.kind === "nan" ? null : enclosing(ball, x.total);
  }
  const poles = multiplesOfPi(x, half, precision);
  if (!poles || poles[1] >= poles[0]) return whole(false);
  const at = (end: End): Ball => divideBalls(sin(end, precision + 4), cos(end, precision + 4), precision);
  return between(below(at(x.low)), above(at(x.high)), x.total);
};

const positive: RealDomain = { least: 0n, open: true };

const { negate: _, abs: __, sin, cos, tan: ___, cosh, ...monotone } = realFunctions;

/** The functions of one number. */
const functions: Partial<Record<PrimitiveName, IntervalFunction>> = {
  negate: (x) => negate(x),
  abs: (x) => magnitudeOf(x),
  sign: rising((x) => signOfBall(x)),
  exp: rising(monotone.exp),
  expm1: within(-1n, null, rising(monotone.expm1)),
  log: rising(monotone.log, positive),
  log1p: rising(monotone.log1p, { least: -1n, open: true }),
  log1p_square: even(rising(log1pSquareAt)),
  sqrt: rising(monotone.sqrt, { least: 0n }),
  rsqrt: falling(monotone.rsqrt, positive),
  cbrt: rising(monotone.cbrt),
  logcosh: even(rising(logcoshAt)),
  sigmoid: within(0n, 1n, rising(monotone.sigmoid)),
  logistic,
  logistic_moment: logisticMoment,
  log_sigmoid: rising(monotone.log_sigmoid),
  softplus: rising(monotone.softplus),
  tanh: within(-1n, 1n, rising(monotone.tanh)),
  erf: within(-1n, 1n, rising(monotone.erf)),
  erfc: within(0n, 2n, falling(monotone.erfc)),
  normcdf: within(0n, 1n, rising(monotone.normcdf)),
  normpdf: even(falling(densityAt)),
  sin: wave(sin, half),
  cos: wave(cos, zero),
  tan: tangent,
  atan: rising(monotone.atan),
  asin: rising(monotone.asin, { least: -1n, greatest: 1n }),
  acos: falling(monotone.acos, { least: -1n, greatest: 1n }),
  sinh: rising(monotone.sinh),
  cosh: even(rising(cosh)),
  asinh: rising(monotone.asinh),
  acosh: rising(monotone.acosh, { least: 1n }),
  atanh: rising(monotone.atanh, { least: -1n, greatest: 1n, open: true }),
  floor: rising(monotone.floor),
  ceil: rising(monotone.ceil),
  round: rising(monotone.round),
  stop_gradient: (x) => x,
};

/** What a primitive makes of its operands; `undefined` of one that is no function of one or two numbers. */
export function applied(
  primitive: PrimitiveName,
  a: Interval,
  b: Interval | undefined,
  precision: number,
): Enclosure | undefined {
  if (b === undefined) return functions[primitive]?.(a, precision);
  switch (primitive) {
    case "divide":
      return divide(a, b, precision);
    case "pow":
      return power(a, b, precision);
    case "hypot":
      return corners(magnitudeOf(a), magnitudeOf(b), a.total && b.total, (x, y) => {
        const squares = [x, y].map((end) => multiplyBalls(end, end, 2 * precision + 64));
        return sqrt(addBalls(squares[0] ?? zero, squares[1] ?? zero, precision + 8), precision);
      });
    case "logaddexp":
      return corners(a, b, a.total && b.total, (x, y) => logaddexpBalls(x, y, precision));
    default:
      return undefined;
  }
}

/** The integer that an end is, if it is one of reasonable size. */
function integerOf(end: End): bigint | undefined {
  if (end.kind !== "finite" || end.exponent > 64n) return undefined;
  const value = floorOf(end);
  return order(end, dyadic(value)) === 0 ? value : undefined;
}

function power(x: Interval, y: Interval, precision: number): Enclosure {
  const total = x.total && y.total;
  const exponent = y.low === y.high ? integerOf(y.low) : undefined;
  if (exponent !== undefined) return integerPower({ ...x, total }, exponent, precision);
  if (x.low === x.high && y.low === y.high) {
    const ball = powBalls(x.low, y.low, precision);
    if (ball.kind === "nan") return null;
    const pole = signOfEnd(x.low) === 0 || x.low.kind === "infinite" || y.low.kind === "infinite";
    const known = total && ball.kind !== "unknown";
    return pole ? enclosingInfinite(ball, known) : enclosing(ball, known);
  }
  // Real powers of positive numbers; 0 goes with positive exponents alone.
  const base = clipped({ ...x, total }, signOfEnd(y.low) > 0 ? { least: 0n } : positive);
  // Only where the exponent happens to be an integer does a negative number have a power.
  if (!base) return y.low === y.high ? null : whole(false);
  if (signOfEnd(x.low) < 0 && y.low !== y.high) return whole(false);
  return corners(base, y, base.total && y.total, (u, v) => {
    if (signOfEnd(u) === 0 && signOfEnd(v) <= 0) return signOfEnd(v) === 0 ? one : positiveInfinity;
    return powBalls(u, v, precision);
  });
}

function integerPower(x: Interval, n: bigint, precision: number): Enclosure {
  if (n === 0n) return point(one, x.total);
  if (n < 0n) {
    if (x.low === x.high)
      return rising((end, p) => powInteger(end, n, p), signOfEnd(x.low) === 0 ? { open: true } : undefined)(
        x,
        precision,
      );
    const inverse = integerPower(x, -n, precision + 4);
    return inverse && divide(point(one), inverse, precision);
  }
  const f: Function1 = (end, p) => powInteger(end, n, p);
  return (n & 1n) === 1n ? rising(f)(x, precision) : even(rising(f))(x, precision);
}
