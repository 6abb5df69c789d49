/**
 * Where a definition leaves the domain of its functions: found by trying inputs over the real line, of moderate size,
 * with the parameters at their defaults and at the ends of their ranges. Branches that are not taken do not count, and
 * only zeros that are exact count as zeros: an underflow is no fault of the definition.
 */
import type { Activation } from "../ir/activation.js";
import { type Bounds, constant, type Expr, type Variable } from "../ir/expr.js";
import { fromNumber, isInteger, rational } from "../ir/rational.js";
import type { PrimitiveName } from "../primitives/table.js";
import { limit } from "../calculus/limit.js";
import { add, dyadic, fromNumber as ballOf } from "../numerics/ball.js";
import { evaluation, type Evaluation } from "../numerics/intermediate.js";
import { referenceValue } from "../numerics/reference.js";
import { sampler } from "../numerics/sample.js";
import { numberText } from "../printing/definition-text.js";

export interface DomainFault {
  /** The application whose operands are outside of its domain. */
  readonly node: Expr;
  /** The input, and those parameters that are not at their defaults, at which it happens. */
  readonly at: readonly { readonly name: string; readonly value: string }[];
  readonly kind:
    | { readonly name: "domain" }
    | { readonly name: "pole" }
    /** 0/0, with the value that would close the gap, if there is one. */
    | { readonly name: "removable"; readonly input: Variable; readonly limit: Expr }
    /** 0/0 without such a value. */
    | { readonly name: "undetermined" };
}

const risky: ReadonlySet<PrimitiveName> = new Set<PrimitiveName>([
  "divide",
  "pow",
  "log",
  "log1p",
  "sqrt",
  "rsqrt",
  "asin",
  "acos",
  "acosh",
  "atanh",
]);

const positive = [
  2 ** -10,
  1 / 8,
  1 / 4,
  1 / 2,
  3 / 4,
  1,
  1.25,
  1.5,
  2,
  2.5,
  3,
  3.5,
  4,
  5,
  6,
  7,
  8,
  9,
  10,
  12,
  16,
  20,
  32,
  48,
];
const line: readonly number[] = [...positive.map((x) => -x).reverse(), 0, ...positive];

/** The other inputs while one runs along the line: short binary fractions, so that sums and products stay exact. */
const companions: readonly number[] = [0.75, -1.25, 0];

/** @param root the value as written, calls expanded */
export function domainFaults(activation: Activation, root: Expr): DomainFault[] {
  const parameters = [...activation.hyperparameters, ...activation.learned];
  const variables = [...activation.inputs, ...parameters.map(({ variable }) => variable)];
  const trial = evaluation(root, variables);
  if (!trial.nodes.some((node) => node.kind === "application" && risky.has(node.primitive))) return [];
  const defaults = parameters.map((parameter) => parameter.default);
  const settings: (readonly number[])[] = [defaults];
  parameters.forEach(({ range, default: value }, i) => {
    for (const end of range ? valuesIn(range, value) : [])
      settings.push(defaults.map((other, j) => (j === i ? end : other)));
  });
  const search = new Search(trial, variables, activation.inputs.length, defaults);
  for (const setting of settings) {
    activation.inputs.forEach((_, index) => {
      for (const companion of activation.inputs.length > 1 ? companions : [0]) {
        search.alongLine(
          index,
          activation.inputs.map(() => companion),
          setting,
        );
      }
    });
    if (activation.inputs.length === 0) search.alongLine(-1, [], setting);
  }
  return search.found();
}

/**
 * The ends of a range, and an odd number in it; an open end is approached, an infinite one stands for a large value.
 */
function valuesIn({ low, high, lowClosed, highClosed }: Bounds, value: number): number[] {
  const margin = Math.min(2 ** -10, (high - low) / 1024);
  const ends: number[] = [];
  if (Number.isFinite(low)) ends.push(lowClosed ? low : low + margin);
  else ends.push(Math.min(value, 0) - 8);
  if (Number.isFinite(high)) ends.push(highClosed ? high : high - margin);
  else ends.push(Math.max(value, 0) + 8);
  const inside = [value + 0.375, value - 0.375].find((other) => other > low && other < high);
  return [...ends, ...(inside === undefined ? [] : [inside])].filter((end) => end !== value);
}

interface Candidate {
  readonly fault: DomainFault;
  readonly score: number;
}

class Search {
  private readonly needed: Uint8Array;
  private readonly exact: Uint8Array;
  /** The denominators' values one step before, to see them change sign. */
  private readonly previous: Float64Array;
  private readonly best = new Map<Expr, Candidate>();

  constructor(
    private readonly trial: Evaluation,
    private readonly variables: readonly Variable[],
    private readonly inputs: number,
    private readonly defaults: readonly number[],
  ) {
    this.needed = new Uint8Array(trial.nodes.length);
    this.exact = new Uint8Array(trial.nodes.length);
    this.previous = new Float64Array(trial.nodes.length);
  }

  /** One fault for each subexpression. */
  found(): DomainFault[] {
    return [...this.best.values()].map(({ fault }) => fault);
  }

  alongLine(index: number, others: readonly number[], parameters: readonly number[]): void {
    const values = [...others, ...parameters];
    this.previous.fill(NaN);
    for (const x of index < 0 ? [0] : line) {
      const at = (place: number): void => {
        if (index >= 0) values[index] = place;
        this.trial.run(values);
        this.markNeeded();
        this.exactIsKnown = false;
      };
      at(x);
      const crossed: number[] = [];
      this.trial.nodes.forEach((node, i) => {
        if (this.needed[i] !== 1 || node.kind !== "application") return;
        if (node.primitive === "divide") {
          const denominator = this.value(i, 1);
          if ((this.previous[i] ?? NaN) * denominator < 0) crossed.push(i);
          this.previous[i] = denominator;
        }
        this.judge(node, i, values, index);
      });
      for (let i = 0; i < this.needed.length; i++) if (this.needed[i] !== 1) this.previous[i] = NaN;
      for (const i of crossed) this.cross(i, line[line.indexOf(x) - 1] ?? x, x, at, values, index);
    }
  }

  private value(node: number, operand: number): number {
    return this.trial.values[this.trial.operands[node]?.[operand] ?? -1] ?? NaN;
  }

  private exactIsKnown = false;

  private isExact(node: number, operand: number): boolean {
    if (!this.exactIsKnown) this.markExact();
    return this.exact[this.trial.operands[node]?.[operand] ?? -1] === 1;
  }

  /** What the value at hand depends on: of a selection, its condition and the branch taken. */
  private markNeeded(): void {
    const { nodes, operands, values } = this.trial;
    this.needed.fill(0);
    this.needed[nodes.length - 1] = 1;
    for (let i = nodes.length - 1; i >= 0; i--) {
      const node = nodes[i];
      if (this.needed[i] !== 1 || node?.kind !== "application") continue;
      const [a = 0, b = 0, c = 0] = operands[i] ?? [];
      const first = values[a] ?? NaN;
      this.needed[a] = 1;
      switch (node.primitive) {
        case "where":
          this.needed[first !== 0 ? b : c] = 1;
          break;
        case "and":
          if (first !== 0) this.needed[b] = 1;
          break;
        case "or":
          if (first === 0) this.needed[b] = 1;
          break;
        default:
          for (const operand of operands[i] ?? []) this.needed[operand] = 1;
      }
    }
  }

  /** Which values are free of rounding: short binary fractions under rational operations, and known points. */
  private markExact(): void {
    this.exactIsKnown = true;
    const { nodes, operands, values } = this.trial;
    nodes.forEach((node, i) => {
      this.exact[i] = isExactValue(
        node,
        values[i] ?? NaN,
        (operands[i] ?? []).map((o) => [values[o] ?? NaN, this.exact[o] === 1]),
      )
        ? 1
        : 0;
    });
  }

  private judge(
    node: Extract<Expr, { kind: "application" }>,
    i: number,
    values: readonly number[],
    index: number,
  ): void {
    if (!risky.has(node.primitive)) return;
    const [a, b] = [this.value(i, 0), this.value(i, 1)];
    // A fault of an operand is the operand's.
    if (Number.isNaN(a) || (node.operands.length > 1 && Number.isNaN(b))) return;
    if (node.primitive === "divide") {
      if (b !== 0 || !this.isExact(i, 1)) return;
      this.record(node, values, index, a === 0 && this.isExact(i, 0) ? "gap" : a === 0 ? "none" : "pole");
    } else if (node.primitive === "pow" && a === 0 && b < 0 && this.isExact(i, 0))
      this.record(node, values, index, "pole");
    else if (isOutside(node, a, b, () => this.isExact(i, 0))) this.record(node, values, index, "domain");
  }

  private record(node: Expr, values: readonly number[], index: number, kind: "gap" | "pole" | "domain" | "none"): void {
    if (kind === "none") return;
    const x = values[index] ?? 0;
    const changed = this.defaults.filter((value, j) => values[this.inputs + j] !== value).length;
    // -1 or 1 reads best, then small numbers; rather at the defaults.
    const score =
      1000 * changed +
      (Math.abs(x) === 1 ? 0 : Number.isInteger(x) ? 1 + Math.abs(x) : 100) +
      (kind === "gap" ? 1 / 2 : 0);
    if ((this.best.get(node)?.score ?? Infinity) <= score) return;
    const input = this.variables[index];
    let described: DomainFault["kind"] = { name: kind === "domain" ? "domain" : "pole" };
    if (kind === "gap" && input) {
      const value = this.valueOfGap(node, input, x, values, index);
      described = value ? { name: "removable", input, limit: value } : { name: "undetermined" };
    }
    const at = this.variables.flatMap(({ name }, j) => {
      const shown = j < this.inputs || values[j] !== this.defaults[j - this.inputs];
      return shown ? [{ name, value: numberText(values[j] ?? NaN, 6) }] : [];
    });
    this.best.set(node, { fault: { node, at, kind: described }, score });
  }

  /** The limit, if the values on both sides bear it out; on one, if the other is outside of the domain. */
  private valueOfGap(
    node: Expr,
    input: Variable,
    x: number,
    values: readonly number[],
    index: number,
  ): Expr | undefined {
    const beside = [-1n, 1n].map((side) => this.valueBeside(node, side, values, index)).filter((y) => !Number.isNaN(y));
    const [first = NaN, second = first] = beside;
    const middle = (first + second) / 2;
    const least = x === 0 ? 2 ** -100 : 1e-6;
    const tolerance = (value: number): number => Math.max(least, 1e-2 * Math.abs(value));
    if (!(Math.abs(first - second) <= tolerance(middle))) return undefined;
    const agrees = (value: number): boolean => Math.abs(value - middle) <= tolerance(value);
    const exact = isDecimal(x) ? limit(node, input, constant(shortRational(x))) : undefined;
    if (exact && agrees(sampler(exact, this.variables, "binary64")(values))) return exact;
    return constant(shortRational(agrees(0) ? 0 : Number(middle.toPrecision(x === 0 ? 12 : 6))));
  }

  /** The value beside an input: at 0, whatever the formula's scale; elsewhere so far off that the input may be a rounded one. */
  private valueBeside(node: Expr, side: bigint, values: readonly number[], index: number): number {
    const x = values[index] ?? 0;
    const offset = dyadic(side, x === 0 ? -200n : BigInt(Math.floor(Math.log2(Math.abs(x))) - 30));
    const bindings = this.variables.map((variable, i) => {
      const value = values[i] ?? NaN;
      return [variable, i === index ? add(ballOf(value), offset, 320) : value] as const;
    });
    const { value, decided } = referenceValue(node, new Map(bindings), "binary64");
    return decided ? value : NaN;
  }

  /** A denominator changed its sign between two inputs: by passing through 0, or by a jump. */
  private cross(
    i: number,
    from: number,
    to: number,
    at: (x: number) => void,
    values: readonly number[],
    index: number,
  ): void {
    const node = this.trial.nodes[i];
    if (!node) return;
    let [low, high] = [from, to];
    at(low);
    const sign = Math.sign(this.value(i, 1));
    for (let k = 0; k < 60; k++) {
      const middle = (low + high) / 2;
      at(middle);
      if (this.value(i, 1) === 0) [low, high] = [middle, middle];
      else if (Math.sign(this.value(i, 1)) === sign) low = middle;
      else high = middle;
    }
    const short = Math.round(low * 1000) / 1000;
    at(Math.abs(short - low) < 1e-12 ? short : low);
    const [numerator, denominator] = [Math.abs(this.value(i, 0)), Math.abs(this.value(i, 1))];
    if (this.needed[i] === 1 && denominator < 1e-9) this.record(node, values, index, numerator < 1e-9 ? "gap" : "pole");
    at(to);
  }
}

const isDecimal = (x: number): boolean => Math.round(x * 1000) / 1000 === x;

/** The decimal that was meant, for a number with few digits. */
const shortRational = (x: number): ReturnType<typeof rational> =>
  isDecimal(x) ? rational(BigInt(Math.round(x * 1000)), 1000n) : fromNumber(x);

/** Less than rounding could make it. */
const below = (a: number, bound: number, exact: () => boolean): boolean => a < bound - 1e-9 || (a < bound && exact());

function isOutside(
  { primitive, operands }: Extract<Expr, { kind: "application" }>,
  a: number,
  b: number,
  exact: () => boolean,
): boolean {
  switch (primitive) {
    case "log":
    case "rsqrt":
      return below(a, 0, exact) || (a === 0 && exact());
    case "log1p":
      return below(a, -1, exact) || (a === -1 && exact());
    case "sqrt":
      return below(a, 0, exact);
    case "asin":
    case "acos":
      return below(1, Math.abs(a), exact);
    case "atanh":
      return below(1, Math.abs(a), exact) || (Math.abs(a) === 1 && exact());
    case "acosh":
      return below(a, 1, exact);
    case "pow": {
      const exponent = operands[1];
      if (exponent?.kind === "constant" && isInteger(exponent.value)) return false;
      return below(a, 0, exact) && !Number.isInteger(b) && Number.isFinite(b);
    }
    default:
      return false;
  }
}

/** Few enough bits that sums and products of such numbers are exact. */
const isShort = (value: number): boolean => Number.isInteger(value * 2 ** 20) && Math.abs(value) < 2 ** 32;

function isExactValue(node: Expr, value: number, operands: readonly (readonly [number, boolean])[]): boolean {
  if (node.kind === "constant") return isPowerOfTwo(node.value.denominator);
  if (node.kind === "variable") return true;
  const [[a, first] = [NaN, false], [b, second] = [NaN, false], [c, third] = [NaN, false]] = operands;
  switch (node.primitive) {
    case "negate":
    case "abs":
    case "sign":
    case "floor":
    case "ceil":
    case "round":
      return first;
    case "add":
    case "subtract":
      return first && second && isShort(value);
    case "multiply":
      return (first && a === 0) || (second && b === 0) || (first && second && isShort(value));
    case "divide":
      return first && (a === 0 || (second && isShort(value)));
    case "where":
      return a !== 0 ? second && !Number.isNaN(b) : third && !Number.isNaN(c);
    case "pow":
      return first && second && (a === 0 || isShort(value));
    case "sqrt":
      return first && (a === 0 || a === 1 || a === 4);
    case "exp":
    case "cos":
    case "cosh":
    case "sin":
    case "tan":
    case "sinh":
    case "tanh":
    case "asin":
    case "atan":
    case "asinh":
    case "atanh":
    case "erf":
    case "expm1":
    case "log1p":
    case "cbrt":
      return first && a === 0;
    case "log":
      return first && a === 1;
    case "sigmoid":
    case "normcdf":
      return first && a === 0;
    default:
      return false;
  }
}

const isPowerOfTwo = (value: bigint): boolean => (value & (value - 1n)) === 0n;
