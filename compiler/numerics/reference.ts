/**
 * What an activation is, to the last bit: its body as written, over the reals, rounded once. The oracle that kernels are
 * judged against; it shares neither formulas nor arithmetic with them.
 */
import type { Activation } from "../ir/activation.js";
import { type Application, type Expr, type Variable, variablesOf } from "../ir/expr.js";
import { add, containsZero, fromNumber, midpoint, one, subtract, top, within, type Ball } from "./ball.js";
import { evaluate } from "./evaluate.js";
import { decide, toFormat, type Format, type PrecisionRange } from "./rounding.js";
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

const range: PrecisionRange = { from: 96, to: 1536 };

/** The value of an expression without reductions. */
export const referenceValue = (body: Expr, bindings: Bindings, format: Format): Reference =>
  rounded((precision) => evaluate(body, { bindings: duals(bindings, null), precision }).value, format);

/**
 * The derivative of an activation in an input or a learned parameter: what a `grad` clause says, else the derivative
 * of the body, a removable singularity that an equality removes being filled by the limit.
 */
export function referenceDerivative(
  activation: Activation,
  of: Variable,
  bindings: Bindings,
  format: Format,
): Reference {
  const declared = activation.gradients.get(of);
  if (declared) return referenceValue(declared, bindings, format);
  return rounded((precision) => derivative(activation.body, of, bindings, precision), format);
}

function rounded(compute: (precision: number) => Ball, format: Format): Reference {
  let ball: Ball = one;
  const { value, decided } = decide(
    (precision) => (ball = compute(precision)),
    (x) => toFormat(x, format),
    range,
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
  const tangent = here.tangent ?? subtract(one, one, precision);
  const moved = equality && [...variablesOf(equality)].find((variable) => bindings.has(variable));
  return (moved && limitAcross(body, of, bindings, moved, here.value, precision)) ?? tangent;
}

/**
 * The derivative next to a point where an equality holds, if value and derivative have one limit from both sides. Both
 * are taken at 2^-p, which is off by about as much: an oracle's limit, not a proof.
 */
function limitAcross(
  body: Expr,
  of: Variable,
  bindings: Bindings,
  moved: Variable,
  value: Ball,
  precision: number,
): Ball | undefined {
  const offset = -BigInt(precision);
  const centre = duals(bindings, null).get(moved)?.value ?? one;
  const working = 8 * precision;
  const sides = ([1n, -1n] as const).map((direction) => {
    const shifted = add(centre, { kind: "finite", mid: direction, radius: 0n, exponent: offset }, working);
    return evaluate(body, { bindings: duals(new Map([...bindings, [moved, shifted]]), of), precision: working });
  });
  const [right, left] = sides;
  if (!right?.tangent || !left?.tangent) return undefined;
  const nearly = (a: Ball, b: Ball): boolean => {
    const difference = subtract(a, b, working);
    return difference.kind === "finite" && top(difference) < offset / 2n;
  };
  if (!nearly(right.value, value) || !nearly(left.value, value) || !nearly(right.tangent, left.tangent))
    return undefined;
  return add(midpoint(right.tangent), within(offset / 2n), precision);
}

/** The binary exponent of a number that is surely not 0. */
const exponentOf = (ball: Ball): bigint | undefined =>
  ball.kind === "finite" && !containsZero(ball) ? top(ball) : undefined;

/**
 * The limit as one input grows to `sign`·∞, the others held: read off at powers of two from 2^300 to 2^400000. Undefined
 * where these do not tell one.
 */
export function referenceLimit(compute: (x: Ball) => Reference, sign: 1 | -1): number | undefined {
  const at = (exponent: bigint): Reference => compute({ kind: "finite", mid: BigInt(sign), radius: 0n, exponent });
  const [a, b, c] = [at(300n), at(1000n), at(4000n)];
  const [u, v, w] = [a.value, b.value, c.value];
  if (Number.isNaN(w)) return undefined;
  // Whatever it is multiplied by, a power of the input leaves every range at last.
  const [far, further] = [at(100_000n).ball, at(400_000n).ball];
  const [before, after] = [exponentOf(far), exponentOf(further)];
  if (before !== undefined && after !== undefined && after - before > 1000n && further.kind === "finite")
    return further.mid < 0n ? -Infinity : Infinity;
  if (v === w && (a.value === w || Number.isFinite(w))) return w;
  if (!Number.isFinite(w)) return v === w ? w : undefined;
  // A logarithm grows too slowly to overflow.
  const grows = Math.abs(w) > 2 * Math.abs(v) && Math.abs(v) > 2 * Math.abs(u) && Math.sign(u) === Math.sign(w);
  return grows ? Math.sign(w) * Infinity : undefined;
}
