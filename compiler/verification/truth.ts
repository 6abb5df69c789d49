/** What kernels are measured against: the value or a derivative of an activation as it is written, quickly. */
import type { Activation } from "../ir/activation.js";
import { type Expr, reachable, type Variable } from "../ir/expr.js";
import { type Ball, fromNumber, midpoint, subtract } from "../numerics/ball.js";
import { isHuge, isNotANumber, isSpecial, scaleBy, signOf, valueOf } from "../numerics/double-double.js";
import { Program } from "../numerics/double-double-program.js";
import {
  type Bindings,
  persistently,
  type Reference,
  referenceDerivative,
  referenceLimit,
  referenceValue,
} from "../numerics/reference.js";
import { type Format, type PrecisionRange, toBinary64 } from "../numerics/rounding.js";

/** One column of a certificate: the value (`of` is null), or the derivative in `of`, for a cotangent of 1. */
export interface Column {
  readonly activation: Activation;
  readonly of: Variable | null;
}

/**
 * The truth at one place after the other: |true − value| <= bound. Where there is surely no real value, the value is
 * NaN and the bound 0; where even the reference does not decide, the bound is NaN. At an infinite input it is the limit.
 */
export interface Truth {
  /** The variables' numbers, in the order of {@link columnVariables}. Sets what follows. */
  evaluate(values: ArrayLike<number>): void;
  /** The true value, rounded to binary64. */
  readonly value: number;
  readonly bound: number;
  /** More of it: |true − (value + low)| <= radius. */
  readonly low: number;
  readonly radius: number;
}

/** Inputs, then hyperparameters, then learned parameters. */
export function columnVariables({ activation }: Column): readonly Variable[] {
  const parameters = [...activation.hyperparameters, ...activation.learned];
  return [...activation.inputs, ...parameters.map(({ variable }) => variable)];
}

/** The parameters' defaults, in the order of {@link columnVariables}. */
export function defaultParameters(activation: Activation): readonly number[] {
  return [...activation.hyperparameters, ...activation.learned].map((parameter) => parameter.default);
}

/** The last instance: ball arithmetic, at the precision that the rounding needs. */
export function referenceTruth(column: Column, values: ArrayLike<number>, format: Format = "binary32"): Reference {
  const bindings = new Map(columnVariables(column).map((variable, i) => [variable, values[i] ?? NaN]));
  return referenceFor(column, bindings, format, persistently);
}

function referenceFor(
  { activation, of }: Column,
  bindings: Bindings,
  format: Format,
  within?: PrecisionRange,
): Reference {
  if (of === null) return referenceValue(activation.body, bindings, format, within);
  // Where there is no value there is no derivative either: a condition that is none would leave 0.
  const value = activation.gradients.has(of) ? undefined : referenceValue(activation.body, bindings, format, within);
  return value?.ball.kind === "nan" ? value : referenceDerivative(activation, of, bindings, format, within);
}

/** An exponent so small that powers with it cannot be told from logarithms or constants. */
const isTiny = (x: number): boolean => x !== 0 && Math.abs(x) < 2 ** -16;

/** A power whose exponent is not constant, be it an exponential of a logarithm's multiple. */
const isPower = (node: Expr): boolean =>
  node.kind === "application" &&
  ((node.primitive === "pow" && node.operands[1]?.kind !== "constant") ||
    (exponentials.has(node.primitive) && reachable(node.operands).some(isLogarithm)));

/** With a tiny frequency it seems to grow or to stand still. */
const isPeriodic = (node: Expr): boolean =>
  node.kind === "application" && (node.primitive === "sin" || node.primitive === "cos" || node.primitive === "tan");

const isLogarithm = (node: Expr): boolean => node.kind === "application" && logarithms.has(node.primitive);

const exponentials: ReadonlySet<string> = new Set(["exp", "expm1", "sinh", "cosh"]);
const logarithms: ReadonlySet<string> = new Set(["log", "log1p", "asinh", "acosh", "softplus", "logaddexp"]);

/** The limit at an infinite input, rounded to binary32; undefined where there is none, or none is found. */
export function limitTruth(column: Column, values: ArrayLike<number>): number | undefined {
  const variables = columnVariables(column);
  const infinite = variables.filter((_, i) => Math.abs(values[i] ?? NaN) === Infinity);
  const [moved] = infinite;
  if (!moved || infinite.length > 1) return undefined;
  const hasTiny = variables.some((_, i) => isTiny(values[i] ?? NaN));
  if (hasTiny && reachable([column.activation.body]).some((node) => isPower(node) || isPeriodic(node)))
    return undefined;
  const bindings = new Map<Variable, number | Ball>(variables.map((variable, i) => [variable, values[i] ?? NaN]));
  const at = (x: Ball): Reference => referenceFor(column, bindings.set(moved, x), "binary64");
  return referenceLimit(at, (values[variables.indexOf(moved)] ?? NaN) > 0 ? 1 : -1);
}

/** What is asked of double-double arithmetic before the reference is: relative to the value, or beneath all binary32. */
const [enough, negligible] = [2 ** -48, 2 ** -200];
/** What the reference does not know so well it has not decided. */
const leastKnown = 2 ** -40;

/** How often the reference may be asked, and for how long: then it is as if it had not decided. */
export interface Patience {
  readonly questions: number;
  readonly milliseconds: number;
}
export const patient: Patience = { questions: Infinity, milliseconds: Infinity };

/** Double-double arithmetic with a running error bound, and the reference where that bound is too large: 1 to 3 µs. */
export function fastTruth(column: Column, patience?: Patience): FastTruth {
  return new FastTruth(column, patience);
}

type Answer = Pick<Truth, "value" | "low" | "radius">;
const mostAnswers = 10_000;

export class FastTruth implements Truth {
  value = NaN;
  low = 0;
  radius = NaN;
  /** How often the reference was asked. */
  asked = 0;
  private readonly program: Program;
  private readonly place: number | null;
  /** Whether there is a result only where the definition has a value. */
  private readonly needsValue: boolean;
  /** Where it was evaluated last, if nothing else was done since, and how often the reference was asked for that. */
  private last: { readonly place: readonly number[]; readonly asked: number } | undefined;
  /** What the reference said, by place: kernels of several targets are judged at the same ones, and neighbours meet again. */
  private readonly answers = new Map<string, Answer>();
  private consulted = 0;
  private spent = 0;

  constructor(
    private readonly column: Column,
    readonly patience = patient,
  ) {
    const { activation, of } = column;
    const declared = of && activation.gradients.get(of);
    this.program = new Program(declared ?? activation.body, columnVariables(column), declared ? null : of);
    this.place = of && !declared ? this.program.tangent : this.program.value;
    this.needsValue = of !== null && !declared;
  }

  get bound(): number {
    return Math.abs(this.low) + this.radius;
  }

  evaluate(values: ArrayLike<number>): void {
    const { last } = this;
    if (last?.place.every((x, i) => Object.is(x, values[i]))) {
      this.asked += last.asked;
      return;
    }
    const before = this.asked;
    this.program.run(values);
    if (!this.read()) this.ask(values);
    this.last = { place: Array.from(values), asked: this.asked - before };
  }

  /**
   * As `evaluate`, with the other branch taken where compared numbers, not both of which are given, differ by less than
   * `tolerance` of their size, or by less than `least`; false where no such truth is to be had.
   */
  evaluateTurned(values: ArrayLike<number>, tolerance: number, least = 0): boolean {
    this.last = undefined;
    this.program.runTurned(values, tolerance, least);
    return this.read();
  }

  /** The sign alone, without asking the reference: NaN where there is none or it is not decided. */
  sign(values: ArrayLike<number>): number {
    this.last = undefined;
    this.program.run(values);
    return this.place === null ? 0 : signOf(this.program.memory, this.place);
  }

  /** Whether the last run has found the activation's value on the way to its derivative. */
  get knowsValue(): boolean {
    return this.needsValue;
  }

  /** The sign of the activation's value in the last run. */
  signOfValue(): number {
    return signOf(this.program.memory, this.program.value);
  }

  /** Numbers at whose zeros, or multiples of 1/2 where `steps` says so, the formula has its kinks and jumps. */
  borders(): readonly number[] {
    return this.program.borders();
  }

  get steps(): readonly boolean[] {
    return this.program.steps;
  }

  /** Which branches the last run took: equal numbers for equal ones. */
  branches(): number {
    return this.program.branches();
  }

  private set(value: number, low: number, radius: number): boolean {
    this.value = value;
    this.low = low;
    this.radius = radius;
    return true;
  }

  /** Takes over what the program found, if that is good enough. */
  private read(): boolean {
    const { program, place } = this;
    const { memory } = program;
    if (this.needsValue && isNotANumber(memory, program.value)) return this.set(NaN, 0, 0);
    // A derivative in what does not occur
    if (place === null) return this.set(0, 0, 0);
    if (isSpecial(memory, place)) {
      // Of a derivative where there is a value, the reference may know the limit.
      if (isNotANumber(memory, place)) return !this.needsValue && this.set(NaN, 0, 0);
      return isHuge(memory, place) && this.set(memory[place]!, 0, 0);
    }
    const [h, exponent, radius] = [memory[place]!, memory[place + 2]!, memory[place + 3]!];
    if (h === 0 && radius === 0) return this.set(0, 0, 0);
    const close = radius <= Math.abs(h) * enough;
    if (exponent === 0) return (close || radius < negligible) && this.set(h, memory[place + 1]!, radius);
    if (!close && !(exponent < 0 && scaleBy(radius, exponent) < negligible)) return false;
    const value = valueOf(memory, place);
    if (Math.abs(value) === Infinity) return this.set(value, 0, 0);
    // 2^-1070: what became subnormal
    return this.set(value, scaleBy(memory[place + 1]!, exponent), scaleBy(radius, exponent) + 2 ** -1070);
  }

  private ask(values: ArrayLike<number>): void {
    this.asked += 1;
    // Real numbers have one zero.
    const key = Array.from(values).join();
    const known = this.answers.get(key);
    if (known !== undefined) {
      this.set(known.value, known.low, known.radius);
      return;
    }
    const { questions, milliseconds } = this.patience;
    if (this.consulted >= questions || this.spent >= milliseconds) {
      this.set(NaN, 0, NaN);
      return;
    }
    this.consulted += 1;
    const start = milliseconds < Infinity ? performance.now() : 0;
    this.askReference(values);
    if (milliseconds < Infinity) this.spent += performance.now() - start;
    if (this.answers.size >= mostAnswers) this.answers.clear();
    const { value, low, radius } = this;
    this.answers.set(key, { value, low, radius });
  }

  private askReference(values: ArrayLike<number>): void {
    const infinite = Array.from(values).some((x) => Math.abs(x) === Infinity);
    if (infinite) {
      const limit = limitTruth(this.column, values);
      this.set(limit ?? NaN, 0, limit === undefined ? NaN : 0);
      return;
    }
    this.take(referenceTruth(this.column, values).ball);
    if (!this.isKnown(enough)) this.take(referenceTruth(this.column, values, "binary64").ball);
    if (!this.isKnown(leastKnown)) this.set(NaN, 0, NaN);
  }

  private isKnown(relative: number): boolean {
    return this.radius <= Math.abs(this.value) * relative || this.radius < negligible || Number.isNaN(this.value);
  }

  private take(ball: Ball): void {
    switch (ball.kind) {
      case "nan":
        this.set(NaN, 0, 0);
        return;
      case "unknown":
        this.set(NaN, 0, NaN);
        return;
      case "infinite":
        this.set(ball.sign * Infinity, 0, 0);
        return;
      case "finite": {
        const value = toBinary64(midpoint(ball)) ?? NaN;
        if (!Number.isFinite(value)) {
          // Where not all of the ball is beyond the range, its middle says nothing.
          this.set(value, 0, toBinary64(ball) === value ? 0 : NaN);
          return;
        }
        const rest = subtract(midpoint(ball), fromNumber(value), 200);
        const low = (rest.kind === "finite" && toBinary64(midpoint(rest))) || 0;
        const radius = toBinary64({ ...ball, mid: ball.radius, radius: 0n }) ?? NaN;
        this.set(
          value,
          low,
          radius === 0 && low === 0 && ball.radius === 0n
            ? 0
            : (radius + Math.abs(low) * 2 ** -52 + Math.abs(value) * 2 ** -500) * 1.001 + 2 ** -1070,
        );
      }
    }
  }
}
