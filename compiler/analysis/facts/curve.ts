/** An activation of one input as a curve: its value and derivatives at single numbers, as exactly as is asked. */
import { expandedAsWritten } from "../../calculus/as-written.js";
import { differentiate, expandCalls } from "../../calculus/differentiate.js";
import { normalise } from "../../algebra/normalise.js";
import type { Activation } from "../../ir/activation.js";
import type { Expr, Variable } from "../../ir/expr.js";
import { dyadic, subtract } from "../../numerics/ball.js";
import { toBinary64 } from "../../numerics/rounding.js";
import { Encloser } from "../intervals/enclosure.js";
import { QuickEncloser } from "../intervals/quick.js";
import {
  below,
  exactly,
  isPoint,
  magnitudeOf,
  order,
  point,
  shiftedEnd,
  signOf,
  type Enclosure,
  type End,
  type Interval,
} from "../intervals/interval.js";

/** Bits: the first serves nearly always, the last a sum that cancels many of them. */
const precisions: readonly number[] = [64, 128, 256, 512];

/** What is asked of a number before it is enough: so many bits of it. */
const bitsWanted = 40n;

/** Below 2^-200 nothing is told apart, in no format. */
const negligible = dyadic(1n, -200n);

/** One function of the input, evaluated at single numbers and remembered. */
export class Quantity {
  private readonly encloser: Encloser;
  private quick: QuickEncloser | undefined;
  private readonly known = new Map<number, Enclosure>();

  constructor(
    readonly expression: Expr,
    private readonly input: Variable,
    private readonly fixed: ReadonlyMap<Variable, Interval>,
  ) {
    this.encloser = new Encloser([expression], fixed);
  }

  at(x: number): Enclosure {
    const before = this.known.get(x);
    if (before !== undefined) return before;
    this.quick ??= new QuickEncloser(this.expression, this.input, this.fixed);
    const found = this.quick.at(x) ?? this.atExactly(exactly(x));
    this.known.set(x, found);
    return found;
  }

  /** For numbers that no format holds. */
  atExactly(x: End): Enclosure {
    const given = new Map([[this.input, point(x)]]);
    let result: Enclosure = null;
    for (const precision of precisions) {
      [result = null] = this.encloser.at(given, precision);
      if (result === null || isEnough(result)) return result;
    }
    return result;
  }

  /** On an interval of inputs. */
  over(x: Interval, precision: number): Enclosure {
    return this.encloser.at(new Map([[this.input, x]]), precision)[0] ?? null;
  }
}

function isEnough(value: Interval): boolean {
  if (!value.total) return false;
  if (isPoint(value)) return true;
  const { low, high } = magnitudeOf(value);
  if (signOf(value) === undefined || low.kind !== "finite" || high.kind !== "finite") return false;
  return order(below(subtract(high, low, 64)), shiftedEnd(low, -bitsWanted)) <= 0;
}

/** The number that an enclosure tells to at least nine digits; `undefined` where it does not. */
export function numberOf(value: Enclosure): number | undefined {
  if (!value?.total) return undefined;
  const a = toBinary64(value.low) ?? NaN;
  const b = value.low === value.high ? a : (toBinary64(value.high) ?? NaN);
  if (a === b) return a;
  const size = magnitudeOf(value);
  if (order(size.high, negligible) <= 0) return 0;
  const middle = a + (b - a) / 2;
  if (!Number.isFinite(middle)) return undefined;
  return b - a <= 1e-9 * Math.min(Math.abs(a), Math.abs(b)) ? middle : undefined;
}

export interface Curve {
  readonly activation: Activation;
  readonly input: Variable;
  readonly value: Quantity;
  /** What backward multiplies the cotangent by: the declared gradient, else the derivative. */
  readonly gradient: Quantity;
  /** The derivative of the value, whatever is declared. */
  readonly slope: Quantity;
  /** The derivative of the gradient. */
  readonly bend: Quantity;
}

/** The parameters at their defaults. */
export function defaultsOf({ hyperparameters, learned }: Activation): Map<Variable, Interval> {
  return new Map(
    [...hyperparameters, ...learned].map((parameter) => [parameter.variable, point(exactly(parameter.default))]),
  );
}

/** What backward computes for an input or learned parameter, in normal form. */
export function gradientOf(activation: Activation, of: Variable): Expr {
  const declared = activation.gradients.get(of);
  return expandCalls(declared ? normalise(declared) : differentiate(normalise(activation.body), of));
}

/** Of the first input, the others being given by `defaults`. In the graph of nodes of the activation. */
export function curveOf(
  activation: Activation,
  input: Variable,
  defaults: ReadonlyMap<Variable, Interval> = defaultsOf(activation),
): Curve {
  const quantity = (expression: Expr): Quantity => new Quantity(expression, input, defaults);
  const body = normalise(expandedAsWritten(activation.body));
  const gradient = gradientOf(activation, input);
  const slope = differentiate(body, input);
  const gradientQuantity = quantity(gradient);
  return {
    activation,
    input,
    value: quantity(body),
    gradient: gradientQuantity,
    slope: slope === gradient ? gradientQuantity : quantity(slope),
    bend: quantity(expandCalls(differentiate(gradient, input))),
  };
}
