/**
 * Whether sums that cancel do harm. The error analysis cannot tell how near to 0 a float32 comes where a derivative vanishes;
 * for a function of one variable it can be tried out: at zeros, which are found, and at many inputs besides.
 */
import { constant, type Expr, type Variable } from "../../ir/expr.js";
import { sampler } from "../../numerics/sample.js";
import type { ArithmeticModel } from "./arithmetic.js";
import { asBranches } from "./branches.js";
import { analyseErrors } from "./error.js";

export interface CancellationOptions {
  readonly model: ArithmeticModel;
  /** The error that a result may have, as a part of its value. */
  readonly relative: number;
  /** Whether the form is a derivative: at its zeros the error that the rounding of the input causes is no fault of the form. */
  readonly isDerivative: boolean;
  /** Where the form serves: elsewhere nothing is asked of it. Everywhere unless given. */
  readonly within?: Expr | null;
}

/** @param form of one variable, an input */
export function cancelsHarmlessly(form: Expr, input: Variable, options: CancellationOptions): boolean {
  const { model, relative, isDerivative, within } = options;
  const { root, isLong } = asBranches(form);
  const facts = analyseErrors(model, new Map(), !isLong).factsOf(root);
  const valueAt = single(root, input);
  const scaleAt = single(facts.scale ?? constant(0), input);
  const unit = 2 ** -model.digits;
  const serves = within ? single(within, input) : () => 1;
  const isFine = (x: number): boolean => {
    if (serves(x) === 0) return true;
    const value = Math.abs(valueAt(x));
    if (value < faded) return true;
    const error = (facts.relative * value + facts.weight * scaleAt(x)) * unit;
    if (error <= relative * value) return true;
    if (!isDerivative) return false;
    const h = 2 ** -17 * Math.max(Math.abs(x), 2 ** -10);
    const slope = (valueAt(x + h) - valueAt(x - h)) / (2 * h);
    return error <= relative * value + halfUnit * Math.abs(x * slope);
  };
  return inputsAround(valueAt).every(isFine);
}

/** What is smaller has not cancelled, but faded away. */
const faded = 2 ** -100;

/** Half a unit in the last place of float32 is at least this part of a number. */
const halfUnit = 2 ** -25;

function single(expr: Expr, input: Variable): (x: number) => number {
  const run = sampler(expr, [input], "binary64");
  return (x) => run([x]);
}

const sizes = Array.from({ length: 800 }, (_, i) => 2 ** (-100 + i / 4));
const ordinary = Array.from({ length: 2001 }, (_, i) => i / 50);

/** Inputs of all sizes, ascending. */
const line: readonly number[] = [...new Set([...sizes, ...ordinary].flatMap((size) => [-size, size]))].sort(
  (a, b) => a - b,
);

/** Inputs of all sizes, and those around zeros. */
function inputsAround(valueAt: (x: number) => number): number[] {
  const values = line.map(valueAt);
  const zeros = line.slice(1).flatMap((right, i) => {
    return values[i]! * values[i + 1]! < 0 ? [zeroBetween(valueAt, line[i]!, right)] : [];
  });
  const near = zeros.flatMap((zero) =>
    Array.from({ length: 24 }, (_, k) => [zero * (1 + 2 ** (k - 26)), zero * (1 - 2 ** (k - 26))]).flat(),
  );
  return [...line, ...near];
}

function zeroBetween(valueAt: (x: number) => number, left: number, right: number): number {
  let [a, b] = [left, right];
  for (let i = 0; i < 60; i++) {
    const middle = (a + b) / 2;
    if (valueAt(a) * valueAt(middle) <= 0) b = middle;
    else a = middle;
  }
  return (a + b) / 2;
}
