/**
 * What an activation is, to the last bit: its body as written, over the reals, rounded once. The oracle that kernels are
 * judged against; it shares neither formulas nor arithmetic with them.
 */
import type { Activation } from "../ir/activation.js";
import { type Application, type Expr, type Variable, variablesOf } from "../ir/expr.js";
import {
  add,
  type Ball,
  containsZero,
  dyadic,
  type FiniteBall,
  fromNumber,
  isZero,
  midpoint,
  one,
  subtract,
  top,
  unknown,
  within,
  zero,
} from "./ball.js";
import { bitLength, larger, magnitude } from "./integers.js";
import { evaluate } from "./evaluate.js";
import { decide, type Format, type PrecisionRange, toBinary32, toFormat } from "./rounding.js";
import type { Dual } from "./tangents.js";

/** Numbers for variables; an exact ball stands for a number that no format holds. */
export type Bindings = ReadonlyMap<Variable, number | Ball>;

export interface Reference {
  /** Rounded once to the format asked for. NaN where there is no real value. */
  readonly value: number;
  /** Whether the rounding is certain: not where an undecidable comparison or an exact zero by cancellation is in the way. */
  readonly decided: boolean;
  /** What encloses the value, to measure errors by. */
  readonly ball: Ball;
}

/** In bits: what nearly all values are decided with, and the most that is tried. */
const [usual, highest] = [1536, 12288];
const usually: PrecisionRange = { from: 96, to: usual };
/** Not for limits: far out, sums with what vanishes cancel beyond any precision. */
export const persistently: PrecisionRange = { from: 96, to: highest, goesOn };

/** Bits behind the binary point that tell any number of either format from the next. */
const [tells, tellsSurely] = [160, 1200];

/**
 * Beyond the usual precision: where sums cancel so deeply that it leaves nothing, digits have told something before, and the highest
 * will do. A ball that is narrow already lies on the middle between two numbers, or is a zero by cancellation.
 */
function goesOn(ball: Ball, precision: number, before: Ball): boolean {
  if (precision < usual) return true;
  // A divisor of which nothing is known, or a comparison: the latter may be one of equals.
  if (ball.kind === "unknown") return precision < 2 * usual;
  if (ball.kind !== "finite" || before.kind !== "finite" || ball.radius === 0n) return false;
  const logarithm = (x: bigint, { exponent }: FiniteBall): number => Number(exponent) + bitLength(x);
  const error = logarithm(ball.radius, ball);
  const isNarrow = error < Math.max(0, logarithm(ball.mid, ball)) - tellsSurely;
  const shrinks = logarithm(before.radius, before) - error > precision / 4;
  return !isNarrow && shrinks && error + tells < highest - precision;
}

/** The value of an expression without reductions. */
export const referenceValue = (body: Expr, bindings: Bindings, format: Format, within = usually): Reference =>
  rounded((precision) => evaluate(body, { bindings: duals(bindings, null), precision }).value, format, within);

/**
 * The derivative of an activation in an input or a learned parameter: what a `grad` clause says, else the derivative
 * of the body, a removable singularity that an equality removes being filled by the limit.
 */
export function referenceDerivative(
  activation: Activation,
  of: Variable,
  bindings: Bindings,
  format: Format,
  within = usually,
): Reference {
  const declared = activation.gradients.get(of);
  if (declared) return referenceValue(declared, bindings, format, within);
  return rounded((precision) => derivative(activation.body, of, bindings, precision), format, within);
}

function rounded(compute: (precision: number) => Ball, format: Format, within: PrecisionRange): Reference {
  let ball: Ball = one;
  const { value, decided } = decide(
    (precision) => (ball = compute(precision)),
    (x) => toFormat(x, format),
    within,
  );
  return { value, decided, ball };
}

function duals(bindings: Bindings, seed: Variable | null): Map<Variable, Dual> {
  const result = new Map<Variable, Dual>();
  for (const [variable, value] of bindings) {
    result.set(variable, {
      value: typeof value === "number" ? fromNumber(value) : value,
      tangent: variable === seed ? one : null,
    });
  }
  return result;
}

function derivative(body: Expr, of: Variable, bindings: Bindings, precision: number): Ball {
  let equality: Application | undefined;
  const onEquality = (condition: Application): void => void (equality ??= condition);
  const here = evaluate(body, { bindings: duals(bindings, of), precision, onEquality });
  const tangent = here.tangent ?? zero;
  if (equality) {
    const moved = [...variablesOf(equality)].find((variable) => bindings.has(variable));
    return (moved && limitAcross(body, of, bindings, moved, here.value, precision)) ?? tangent;
  }
  // A value there is, but the formula of its derivative is 0 / 0 or 0 times infinity.
  if (tangent.kind !== "nan" || here.value.kind !== "finite") return tangent;
  const [moved, ...others] = [...bindings.keys()].filter(({ role }) => role === "input");
  if (!moved || others.length > 0) return tangent;
  return limitAcross(body, of, bindings, moved, here.value, precision) ?? tangent;
}

/**
 * The derivative next to a point where an equality holds, if value and derivative have one limit from both sides;
 * undefined if they surely have none, unknown if the precision does not tell. Both are taken at 2^-p, which is off by about
 * as much: an oracle's limit, not a proof.
 */
function limitAcross(
  body: Expr,
  of: Variable,
  bindings: Bindings,
  moved: Variable,
  value: Ball,
  precision: number,
): Ball | undefined {
  const centre = duals(bindings, null).get(moved)?.value ?? one;
  const working = 8 * precision;
  const bits = BigInt(precision);
  const besides = (offset: bigint): readonly Dual[] =>
    ([1n, -1n] as const).map((direction) => {
      const shifted = add(centre, dyadic(direction, offset), working);
      return evaluate(body, { bindings: duals(new Map([...bindings, [moved, shifted]]), of), precision: working });
    });
  // A distance from 0 may be as small as other numbers are large, which it is a factor of.
  const reach = centre.kind === "finite" && isZero(centre) ? largestOf(bindings) : 0n;
  const [near, nearer] = [besides(-reach - bits), besides(-reach - 2n * bits)];
  const slope = (dual: Dual | undefined): Ball => dual?.tangent ?? zero;
  const gaps = ([right, left]: readonly Dual[]): readonly Ball[] => [
    subtract(right?.value ?? unknown, value, working),
    subtract(left?.value ?? unknown, value, working),
    subtract(slope(right), slope(left), working),
  ];
  const [right] = near;
  const scales = [value, value, slope(right)].map((ball) => (ball.kind === "finite" ? sizeOf(ball) : 0n));
  const closer = gaps(nearer);
  const states = gaps(near).map((gap, i) => meeting(gap, closer[i] ?? unknown, scales[i]! - bits / 2n));
  if (states.includes("no")) return undefined;
  if (states.includes("unknown")) return unknown;
  return add(midpoint(slope(right)), within(scales[2]! - bits / 2n), precision);
}

/** The binary exponent of the largest of these numbers, and not less than 0. */
const largestOf = (bindings: Bindings): bigint =>
  [...bindings.values()].reduce((most: bigint, given) => {
    const ball = typeof given === "number" ? fromNumber(given) : given;
    return ball.kind === "finite" ? larger(most, sizeOf(ball)) : most;
  }, 0n);

const sizeOf = (ball: FiniteBall): bigint => (isZero(ball) ? 0n : larger(top(ball), 0n));

/** Whether what lies between two sides goes to 0, by how much there is at a distance and at its square. */
function meeting(gap: Ball, closer: Ball, small: bigint): "yes" | "no" | "unknown" {
  if (gap.kind === "unknown" || closer.kind === "unknown") return "unknown";
  // Where a fixed distance leaves the domain, a smaller one need not.
  if (gap.kind !== "finite") return closer.kind === "finite" ? "unknown" : "no";
  if (closer.kind !== "finite") return "no";
  if (isZero(gap) || top(gap) < small) return "yes";
  // What shrinks may be small at a higher precision.
  return isZero(closer) || containsZero(closer) || top(closer) < top(gap) ? "unknown" : "no";
}

/** Whether something is known of a value: its midpoint alone says nothing. */
const isBounded = ({ decided, ball }: Reference): boolean =>
  decided || (ball.kind === "finite" && ball.radius <= magnitude(ball.mid));

const signOf = (ball: Ball): number => (ball.kind === "finite" && !containsZero(ball) ? (ball.mid < 0n ? -1 : 1) : NaN);

/** The binary exponent of a number that is surely not 0. */
const exponentOf = (ball: Ball): bigint | undefined =>
  ball.kind === "finite" && !containsZero(ball) ? top(ball) : undefined;

/**
 * The limit as one input grows to `sign`·∞, the others held: read off at powers of two from 2^300 to 2^400000, and
 * rounded to binary32. Undefined where these do not tell one.
 */
export function referenceLimit(compute: (x: Ball) => Reference, sign: 1 | -1): number | undefined {
  const at = (exponent: bigint): Reference => compute({ kind: "finite", mid: BigInt(sign), radius: 0n, exponent });
  const [a, b, c] = [at(300n), at(1000n), at(4000n)];
  const [u, v, w] = [Math.fround(a.value), Math.fround(b.value), Math.fround(c.value)];
  if (Number.isNaN(w) || ![a, b, c].every(isBounded)) return settledLimit(at);
  // Whatever it is multiplied by, a power of the input leaves every range at last.
  const [far, further] = [at(100_000n).ball, at(400_000n).ball];
  const [before, after] = [exponentOf(far), exponentOf(further)];
  // A sine far out of which nothing is known does not settle on what it seems to be nearer.
  if (isAdrift(far) || isAdrift(further)) return undefined;
  // What oscillates ever higher has another sign somewhere.
  const keepsSign = (sign: number, exponents: readonly bigint[]): boolean =>
    exponents.every((exponent) => !(signOf(at(exponent).ball) === -sign));
  if (before !== undefined && after !== undefined && after - before > 1000n) {
    const sign = signOf(further);
    return signOf(far) === sign && keepsSign(sign, [130_001n, 170_003n, 230_003n, 290_011n, 350_003n])
      ? sign * Infinity
      : undefined;
  }
  // What a large factor hides at first.
  const [last, lasting] = [toBinary32(far), toBinary32(further)];
  if (last === lasting && last !== undefined && Number.isFinite(last) && !Number.isFinite(w)) return last;
  if (v === w && (u === w || Number.isFinite(w))) return drifts([a.ball, b.ball, c.ball, far, further]) ? undefined : w;
  if (!Number.isFinite(w)) {
    const isSame = v === w && Math.sign(u) === Math.sign(w);
    return isSame && keepsSign(Math.sign(w), [401n, 503n, 701n, 809n, 1103n, 1301n]) ? w : undefined;
  }
  // A logarithm grows too slowly to overflow.
  const grows = Math.abs(w) > 2 * Math.abs(v) && Math.abs(v) > 2 * Math.abs(u) && Math.sign(u) === Math.sign(w);
  // What a power with a tiny exponent takes away comes to an end.
  const goesOn = before !== undefined && after !== undefined && after > before + 1n;
  return grows && goesOn ? Math.sign(w) * Infinity : undefined;
}

/** Whether a number may have either sign, and not only next to 0. */
const isAdrift = (ball: Ball): boolean =>
  ball.kind === "finite" && ball.radius > magnitude(ball.mid) && top(ball) > -126n;

/** Whether values that seem to stand still go one way all the same, as a power with a tiny exponent does. */
function drifts(balls: readonly Ball[]): boolean {
  const steps = balls.slice(1).map((ball, i) => subtract(ball, balls[i] ?? unknown, 256));
  const sizes = steps.map(exponentOf);
  return sizes.every((size, i) => size !== undefined && (i === 0 || size >= (sizes[i - 1] ?? size)));
}

/**
 * The limit where a product with what vanishes like an exponential leaves nothing known of a value far away: read off nearer,
 * from 2^160 to 2^300. What is not known of it even there must be what the input itself has made vanish, and not a factor that was never
 * known: so the value must be seen to run towards the limit, faster than any power.
 */
function settledLimit(at: (exponent: bigint) => Reference): number | undefined {
  const far = ([160n, 230n, 300n] as const).map((exponent) => at(exponent).ball);
  const [u, v, w] = far.map(toBinary32);
  const [first = unknown, second = unknown, limit = unknown] = far;
  if (limit.kind !== "finite" || u !== v || v !== w || !Number.isFinite(w ?? NaN)) return undefined;
  const isKnown = (step: Ball): boolean => exponentOf(step) !== undefined;
  if (isKnown(subtract(second, first, 256)) && isKnown(subtract(limit, second, 256))) return w;
  let before: bigint | undefined;
  for (let exponent = 0n; exponent < 40n; exponent += 1n) {
    const size = exponentOf(subtract(at(exponent).ball, midpoint(limit), 256));
    if (before !== undefined && before < -8n && size !== undefined && 2n * size < 3n * before) return w;
    before = size;
  }
  return undefined;
}
