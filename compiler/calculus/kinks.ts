/**
 * Where a definition is not smooth: the points at which one of its comparisons (or the argument of an `abs` or `sign`)
 * changes, with both one-sided derivatives and the one that the comparison, as written, chooses.
 */
import { make, normalise } from "../algebra/normalise.js";
import { productOf, termsOf } from "../algebra/forms.js";
import { isComparison } from "../algebra/selection.js";
import { printFormula } from "../printing/formula-text.js";
import type { Activation } from "../ir/activation.js";
import { type Application, apply, constant, type Expr, occurs, reachable, rebuild, Space, substitute, type Variable } from "../ir/expr.js";
import { fromNumber, negate as negateRational, toNumber } from "../ir/rational.js";
import { sampler } from "../numerics/sample.js";
import { differentiate, expandCalls, isReduction } from "./differentiate.js";

export interface Kink {
  /** The comparison that changes there. */
  readonly condition: string;
  /** The input's value, in terms of parameters; with the input's name where there are several. */
  readonly at: string;
  /** The activation's value there: a number, or a formula in parameters and other inputs. */
  readonly value: number | string;
  readonly continuous: boolean;
  readonly left: string;
  readonly right: string;
  readonly chosen: string;
  /** Whether the chosen derivative is that of one side at least, at the defaults. */
  readonly chosenIsOneSided: boolean;
}

/** What the other inputs are while one is looked at. */
const companion = 0.7;

export function findKinks(activation: Activation): Kink[] {
  const value = expandCalls(normalise(activation.body));
  if (reachable([value]).some(isReduction)) return [];
  const kinks = new Map<string, Kink>();
  for (const input of activation.inputs) {
    const borders = bordersOf(value, input);
    if (borders.length === 0) continue;
    const finder = new KinkFinder(activation, value, input);
    for (const border of borders) {
      for (const kink of finder.at(border)) if (!kinks.has(kink.at)) kinks.set(kink.at, kink);
    }
  }
  return [...kinks.values()];
}

interface Border {
  /** Zero at the border. */
  readonly difference: Expr;
  readonly condition: string;
}

function bordersOf(value: Expr, input: Variable): Border[] {
  const borders: Border[] = [];
  for (const node of reachable([value])) {
    if (node.kind !== "application" || !occurs(input, node)) continue;
    const [a, b] = node.operands;
    if (isComparison(node.primitive)) {
      if (node.primitive !== "equal" && node.primitive !== "notEqual") {
        borders.push({ difference: make("subtract", [a!, b!]), condition: printFormula(node) });
      }
    } else if (node.primitive === "abs" || node.primitive === "sign") {
      borders.push({ difference: a!, condition: `${printFormula(a!)} > 0` });
    }
  }
  return borders;
}

class KinkFinder {
  private readonly derivative: Expr;
  private readonly variables: readonly Variable[];
  private readonly defaults: readonly number[];

  constructor(
    private readonly activation: Activation,
    private readonly value: Expr,
    private readonly input: Variable,
  ) {
    this.derivative = activation.gradients.has(input)
      ? differentiate(value, input)
      : expandCalls(differentiate(normalise(activation.body), input));
    const parameters = [...activation.hyperparameters, ...activation.learned];
    this.variables = [...activation.inputs, ...parameters.map(({ variable }) => variable)];
    this.defaults = [...activation.inputs.map(() => companion), ...parameters.map((parameter) => parameter.default)];
  }

  at(border: Border): Kink[] {
    const solved = solve(border.difference, this.input);
    const points = solved ? [solved] : this.roots(border.difference).map((root) => constant(fromNumber(root)));
    return points.flatMap((point) => this.kinkAt(point, border) ?? []);
  }

  private number(node: Expr, x?: number): number {
    const values = this.variables.map((variable, i) => (variable === this.input && x !== undefined ? x : this.defaults[i]!));
    return sampler(node, this.variables, "binary64")(values);
  }

  /** Zeros found by looking for changes of sign, at the parameters' defaults. */
  private roots(difference: Expr): number[] {
    const run = sampler(difference, this.variables, "binary64");
    const index = this.variables.indexOf(this.input);
    const f = (x: number): number => run(this.defaults.map((value, i) => (i === index ? x : value)));
    const roots: number[] = [];
    const step = 1 / 64;
    for (let left = -20; left < 20 && roots.length < 8; left += step) {
      let [low, high] = [left, left + step];
      const below = f(low);
      if (below === 0) roots.push(low);
      if (!(below * f(high) < 0)) continue;
      for (let i = 0; i < 80; i++) {
        const middle = (low + high) / 2;
        if (Math.sign(f(middle)) === Math.sign(below)) low = middle;
        else high = middle;
      }
      roots.push(Math.abs(f(low)) < Math.abs(f(high)) ? low : high);
    }
    return roots;
  }

  private kinkAt(point: Expr, border: Border): Kink | undefined {
    const x = this.number(point);
    if (!Number.isFinite(x)) return undefined;
    const step = 1e-7 * Math.max(1, Math.abs(x));
    const side = (root: Expr, offset: number): Expr =>
      normalise(substitute(this.resolve(root, x + offset, offset === 0 ? border : null), new Map([[this.input, point]])));
    const [left, right, chosen] = [-step, step, 0].map((offset) => side(this.derivative, offset));
    const [before, after, here] = [-step, step, 0].map((offset) => side(this.value, offset));
    const same = (a: Expr, b: Expr): boolean => {
      if (a === b) return true;
      const [p, q] = [this.number(a), this.number(b)];
      return Math.abs(p - q) <= 1e-9 * Math.max(1, Math.abs(p), Math.abs(q));
    };
    const continuous = same(before!, after!) && same(here!, before!);
    const smooth = continuous && same(left!, right!);
    if (smooth && same(chosen!, left!)) return undefined;
    const severalInputs = this.activation.inputs.length > 1;
    return {
      condition: border.condition,
      at: severalInputs ? `${this.input.name} = ${printFormula(point)}` : printFormula(point),
      value: here!.kind === "constant" ? toNumber(here!.value) : printFormula(here!),
      continuous,
      left: printFormula(left!),
      right: printFormula(right!),
      chosen: printFormula(chosen!),
      chosenIsOneSided: same(chosen!, left!) || same(chosen!, right!),
    };
  }

  /** The branches taken at x; exactly on the border, its comparisons are decided as ties. */
  private resolve(root: Expr, x: number, border: Border | null): Expr {
    const onBorder = (difference: Expr): boolean => {
      if (!border || !occurs(this.input, difference)) return false;
      const at = Math.abs(this.number(difference, x));
      return difference === border.difference || at <= 1e-12 * Math.max(1, Math.abs(x));
    };
    const holds = (node: Expr): boolean => {
      if (node.kind !== "application") return false;
      const [a, b] = node.operands;
      if (node.primitive === "and") return holds(a!) && holds(b!);
      if (node.primitive === "or") return holds(a!) || holds(b!);
      if (node.primitive === "not") return !holds(a!);
      if (isComparison(node.primitive) && onBorder(make("subtract", [a!, b!]))) {
        return node.primitive === "lessOrEqual" || node.primitive === "greaterOrEqual" || node.primitive === "equal";
      }
      return this.number(node, x) !== 0;
    };
    return rebuild(root, (node: Application, operands) => {
      const [original] = node.operands;
      if (node.primitive === "where" && original && occurs(this.input, original)) return holds(original) ? operands[1]! : operands[2]!;
      if (node.primitive === "sign" && original && occurs(this.input, original)) {
        return constant(onBorder(original) ? 0 : Math.sign(this.number(original, x)));
      }
      if (node.primitive === "abs" && original && occurs(this.input, original)) {
        return this.number(original, x) < 0 ? apply("negate", [operands[0]!]) : operands[0]!;
      }
      return apply(node.primitive, operands, node.rule);
    });
  }
}

/** The value of the input at which a linear expression is 0. */
function solve(difference: Expr, input: Variable): Expr | undefined {
  const terms = termsOf(difference);
  const withInput = [...terms].filter(([base]) => occurs(input, base));
  const [only] = withInput;
  if (withInput.length !== 1 || !only) return undefined;
  const [base, coefficient] = only;
  const product = productOf(base);
  if (product.powers.get(input) !== 1) return undefined;
  for (const factor of product.powers.keys()) if (factor !== input && (factor.space & Space.element) !== 0) return undefined;
  let rest: Expr = constant(0);
  for (const [other, value] of terms) {
    if (other !== base) rest = make("add", [rest, make("multiply", [constant(negateRational(value)), other])]);
  }
  let divisor: Expr = constant(coefficient);
  for (const [factor, exponent] of product.powers) {
    if (factor !== input) divisor = make("multiply", [divisor, make("pow", [factor, constant(exponent)])]);
  }
  return make("divide", [rest, divisor]);
}
