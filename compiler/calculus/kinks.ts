/**
 * Where a definition is not smooth: the points at which one of its comparisons (or the argument of an `abs` or `sign`)
 * changes, with both one-sided derivatives and the one that the comparison, as written, chooses.
 *
 * Whether there is a kink is found with numbers, at the parameters' defaults and at other values of theirs (an ELU is
 * smooth for alpha = 1 alone); how it reads is found with symbols.
 */
import { evaluation } from "../numerics/intermediate.js";
import { expandedAsWritten } from "./as-written.js";
import { formulaText, numberText } from "../printing/definition-text.js";
import { make, normalise } from "../algebra/normalise.js";
import { isComparison } from "../algebra/selection.js";
import type { Activation } from "../ir/activation.js";
import {
  type Application,
  apply,
  type Bounds,
  constant,
  type Expr,
  isApplication,
  isInside,
  occurs,
  reachable,
  rebuild,
  substitute,
  type Variable,
} from "../ir/expr.js";
import { fromNumber, negate, parseLiteral, rational, toNumber } from "../ir/rational.js";
import { sampler } from "../numerics/sample.js";
import { differentiate, expandCalls, isReduction } from "./differentiate.js";
import { limit } from "./limit.js";
import { otherSpelling } from "./respelling.js";
import { solve } from "./solve.js";

export interface Kink {
  /** The comparison that changes there. */
  readonly condition: string;
  /** The input's value, in terms of parameters; with the input's name where there are several. */
  readonly at: string;
  /** The activation's value there: a number, or a formula in parameters and other inputs. */
  readonly value: number | string;
  /** At the parameters' defaults. */
  readonly continuous: boolean;
  readonly left: string;
  readonly right: string;
  readonly chosen: string;
  /** Whether the chosen derivative is that of one side at least, whatever the parameters. */
  readonly chosenIsOneSided: boolean;
  /** Whether the value jumps for other parameters. */
  readonly jumpsElsewhere: boolean;
  /** The values that the activation comes to from both sides. */
  readonly before: string;
  readonly after: string;
  readonly input: Variable;
  /** The point at the parameters' defaults. */
  readonly point: number;
  /** The comparison, `abs` or `sign` as written; `null` where only simplifying shows it. */
  readonly node: Application | null;
  readonly formulas: KinkFormulas;
  /** The derivative chosen when the comparison is spelled in the other usual way; `null` where that is the same. */
  readonly respelled: () => Respelling | null;
}

/** As expressions, for those who print them otherwise. */
export interface KinkFormulas {
  readonly at: Expr;
  readonly left: Expr;
  readonly right: Expr;
  readonly chosen: Expr;
}

export interface Respelling {
  /** What stands in the place of `Kink.node`. */
  readonly node: Expr;
  readonly chosen: string;
}

/** What the other inputs are while one is looked at. */
const companions: readonly number[] = [0.7, -1.3];

/** Which setting has parameters that are not the defaults. */
const perturbed = 1;

const known = new WeakMap<Activation, Kink[]>();

/** In the graph of nodes of the activation. */
export function findKinks(activation: Activation): Kink[] {
  const before = known.get(activation);
  if (before) return before;
  const found = compute(activation);
  known.set(activation, found);
  return found;
}

function compute(activation: Activation): Kink[] {
  const written = expandedAsWritten(activation.body);
  const nodes = reachable([written]);
  if (nodes.some(isReduction)) return [];
  const value = normalise(written);
  const kinks = new Map<string, Kink>();
  for (const input of activation.inputs) {
    const borders = bordersOf(written, value, input);
    if (borders.length === 0) continue;
    // With the calls that carry declared gradients still in it.
    const normalForm = written === activation.body ? value : normalise(activation.body);
    const finder = new KinkFinder(activation, value, normalForm, input);
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
  readonly node: Application | null;
  /** The border is a single point at which a value is set apart. */
  readonly isolated: boolean;
}

/** Borders as written, then those that only the normal form shows. */
function bordersOf(written: Expr, value: Expr, input: Variable): Border[] {
  const borders = new Map<Expr, Border>();
  for (const root of written === value ? [written] : [written, value]) {
    for (const node of reachable([root])) {
      if (node.kind !== "application" || !occurs(input, node)) continue;
      const [a, b] = node.operands;
      let difference: Expr;
      let condition: string;
      if (isComparison(node.primitive)) {
        difference = make("subtract", [normalise(a!), normalise(b!)]);
        condition = formulaText(node);
      } else if (node.primitive === "abs" || node.primitive === "sign") {
        difference = normalise(a!);
        condition = `${formulaText(a!)} > 0`;
      } else continue;
      if (!occurs(input, difference) || borders.has(difference) || borders.has(make("negate", [difference]))) continue;
      const isolated = node.primitive === "equal" || node.primitive === "notEqual";
      borders.set(difference, { difference, condition, node: root === written ? node : null, isolated });
    }
  }
  return [...borders.values()];
}

type Side = -1 | 0 | 1;

class KinkFinder {
  private readonly derivative: Expr;
  private readonly variables: readonly Variable[];
  private readonly index: number;
  /** Values of the variables, the defaults first. */
  private readonly settings: readonly (readonly number[])[];

  constructor(
    private readonly activation: Activation,
    private readonly value: Expr,
    normalForm: Expr,
    private readonly input: Variable,
  ) {
    this.derivative = derivativeOf(activation, normalForm, input);
    const parameters = [...activation.hyperparameters, ...activation.learned];
    this.variables = [...activation.inputs, ...parameters.map(({ variable }) => variable)];
    this.index = this.variables.indexOf(input);
    const others = (which: number): number[] => activation.inputs.map((_, i) => (companions[which] ?? 0) + i / 8);
    this.settings = [
      [...others(0), ...parameters.map((parameter) => parameter.default)],
      [
        ...others(0),
        ...parameters.map((parameter, i) => nearby(parameter.default, 0.03 * (1 + 0.37 * i), parameter.range)),
      ],
      ...(activation.inputs.length > 1 ? [[...others(1), ...parameters.map((parameter) => parameter.default)]] : []),
    ];
  }

  at(border: Border): Kink[] {
    const solved = solve(border.difference, this.input);
    const points = solved ? [solved] : this.roots(border.difference).map((root) => this.nameRoot(root, border));
    return points.flatMap((point) => this.kinkAt(point, border) ?? []);
  }

  private numbers(node: Expr): number[] {
    const run = sampler(node, this.variables, "binary64");
    return this.settings.map((setting) => run(setting));
  }

  private atDefaults(node: Expr): number {
    return sampler(node, this.variables, "binary64")(this.settings[0] ?? []);
  }

  /** Zeros found by looking for changes of sign, at the parameters' defaults; the innermost first, eight at most. */
  private roots(difference: Expr): number[] {
    const run = sampler(difference, this.variables, "binary64");
    const values = [...(this.settings[0] ?? [])];
    const f = (x: number): number => {
      values[this.index] = x;
      return run(values);
    };
    const roots: number[] = [];
    const step = 1 / 16;
    let below = f(-20);
    for (let left = -20; left < 20; left += step) {
      let [low, high] = [left, left + step];
      const [start, end] = [below, f(high)];
      below = end;
      if (start === 0) roots.push(left);
      if (!(start * end < 0)) continue;
      for (let i = 0; i < 60 && low < high; i++) {
        const middle = (low + high) / 2;
        if (Math.sign(f(middle)) === Math.sign(start)) low = middle;
        else high = middle;
      }
      const [a, b] = [Math.abs(f(low)), Math.abs(f(high))];
      // A jump across zero is no root.
      if (Math.min(a, b) < 1e-6) roots.push(a < b ? low : high);
    }
    // On a stretch of zeros nothing changes.
    const single = roots.filter((root) => Math.abs(f(root - step / 4)) > 0 || Math.abs(f(root + step / 4)) > 0);
    return single
      .sort((a, b) => Math.abs(a) - Math.abs(b))
      .slice(0, 8)
      .sort((a, b) => a - b);
  }

  /** A root as a formula in parameters, or else as a short fraction, where it is one. */
  private nameRoot(root: number, border: Border): Expr {
    for (const offset of [1, -1]) {
      const near = solve(normalise(this.resolve(border.difference, root + offset * 1e-6, 0)), this.input);
      if (near && Math.abs(this.atDefaults(near) - root) < 1e-9) return near;
    }
    for (let denominator = 1n; denominator <= 100n; denominator++) {
      const numerator = Math.round(root * Number(denominator));
      if (Math.abs(numerator / Number(denominator) - root) < 1e-13 * Math.max(1, Math.abs(root))) {
        return constant(rational(BigInt(numerator), denominator));
      }
    }
    return constant(fromNumber(root));
  }

  private kinkAt(point: Expr, border: Border): Kink | undefined {
    const places = this.numbers(point);
    const x = places[0] ?? NaN;
    if (!Number.isFinite(x)) return undefined;
    // A root that was only found with numbers holds for these parameters and other inputs alone.
    const inNumbers = point.kind === "constant" && !this.vanishes(border.difference, point);
    const step = 1e-6 * Math.max(1, Math.abs(x));
    const sides = (root: Expr): [Expr, Expr, Expr] => [
      this.resolve(root, x - step, -1),
      this.resolve(root, x + step, 1),
      this.resolve(root, x, 0),
    ];
    const tried = inNumbers ? 1 : this.settings.length;
    const numbersOf = (expression: Expr, side: Side): number[] => {
      const run = sampler(expression, this.variables, "binary64");
      return this.settings.slice(0, tried).map((setting, i) => {
        const values = [...setting];
        const place = places[i] ?? NaN;
        values[this.index] = place;
        const exact = run(values);
        if (!Number.isNaN(exact) || side === 0) return exact;
        return limitFrom((distance) => {
          values[this.index] = place + side * distance * Math.max(1, Math.abs(place));
          return run(values);
        });
      });
    };
    const [before, after, here] = sides(this.value);
    const [values, slopes] = [
      [numbersOf(before, -1), numbersOf(after, 1), numbersOf(here, 0)] as const,
      sides(this.derivative),
    ];
    const loose = border.isolated ? 1e-6 : inNumbers ? 1e-9 : 2e-11;
    const oneSide = (list: readonly number[]): boolean => list.every((value) => Number.isNaN(value));
    // Beyond an end of the domain there is nothing to be continuous with.
    if (oneSide(values[0]) || oneSide(values[1])) return undefined;
    // A pole is a matter of the domain, and so is a single number without a value.
    if (values[0].every(isInfinite) && values[1].every(isInfinite)) return undefined;
    if (oneSide(values[2]) && alike(values[0], values[1], 1e-6)) return undefined;
    const continuous = alike(values[0], values[1], loose) && alike(values[2], values[0], loose);
    const elsewhere = (list: readonly number[]): number[] => list.filter((_, i) => i !== perturbed);
    const atDefaults = [values[0], values[1], values[2]].map(elsewhere);
    const continuousAtDefaults =
      continuous || (alike(atDefaults[0]!, atDefaults[1]!, loose) && alike(atDefaults[2]!, atDefaults[0]!, loose));
    const [left, right, chosen] = [numbersOf(slopes[0], -1), numbersOf(slopes[1], 1), numbersOf(slopes[2], 0)];
    // Where the value is set apart continuously, the derivative is the limit of the other branch's.
    if (continuous && (border.isolated || alike(left, right)) && alike(chosen, left, Math.max(loose, 1e-9)))
      return undefined;

    const settled = (expression: Expr, numbers: readonly number[], side: Side): Expr => {
      const number = numbers[0] ?? NaN;
      if (inNumbers || !Number.isFinite(number)) return numberNode(number, 12);
      const inserted = normalise(substitute(expression, new Map([[this.input, point]])));
      const check = sampler(inserted, this.variables, "binary64")(this.settings[0] ?? []);
      if (Math.abs(check - number) <= 1e-6 * Math.max(1, Math.abs(number))) return inserted;
      return (side === 0 ? undefined : limit(expression, this.input, point)) ?? numberNode(number, 6);
    };
    const text = (...given: Parameters<typeof settled>): string => nodeText(settled(...given));
    const formulas: KinkFormulas = {
      at: point,
      left: settled(slopes[0], left, -1),
      right: settled(slopes[1], right, 1),
      chosen: settled(slopes[2], chosen, 0),
    };
    const atText = point.kind === "constant" && !isShort(point) ? numberText(x) : formulaText(point);
    const severalInputs = this.activation.inputs.length > 1;
    const hereText = text(here, values[2], 0);
    return {
      condition: border.condition,
      at: severalInputs ? `${this.input.name} = ${atText}` : atText,
      value: /^-?[\d.]+(e[-+]?\d+)?$/.test(hereText) ? Number(hereText) : hereText,
      continuous: continuousAtDefaults,
      jumpsElsewhere: !continuous && continuousAtDefaults,
      left: nodeText(formulas.left),
      right: nodeText(formulas.right),
      chosen: nodeText(formulas.chosen),
      chosenIsOneSided: alike(chosen, left) || alike(chosen, right),
      before: text(before, values[0], -1),
      after: text(after, values[1], 1),
      input: this.input,
      point: x,
      formulas,
      node: border.node,
      respelled: () =>
        this.respell(
          border,
          (other) => text(other, numbersOf(other, 0), 0),
          chosen,
          (other) => numbersOf(other, 0),
          x,
        ),
    };
  }

  /** The derivative with the comparison spelled the other way, found by differentiating that. */
  private respell(
    border: Border,
    text: (slope: Expr) => string,
    chosen: readonly number[],
    numbers: (slope: Expr) => number[],
    x: number,
  ): Respelling | null {
    const replacements = border.node ? otherSpelling(border.node, this.activation.body) : null;
    if (!replacements || this.activation.gradients.has(this.input)) return null;
    const body = substitute(this.activation.body, replacements.all);
    if (body === this.activation.body) return null;
    const slope = this.resolve(derivativeOf(this.activation, normalise(body), this.input), x, 0);
    return alike(numbers(slope), chosen) ? null : { node: replacements.node, chosen: text(slope) };
  }

  private vanishes(difference: Expr, point: Expr): boolean {
    if (point.kind !== "constant") return true;
    const run = sampler(difference, this.variables, "binary64");
    return (
      this.settings.every((setting) => {
        const values = [...setting];
        values[this.index] = toNumber(point.value);
        return Math.abs(run(values)) <= 1e-12;
      }) && isShort(point)
    );
  }

  /** The branches taken at x, at the defaults; exactly on a border (side 0), comparisons are decided as ties. */
  private resolve(root: Expr, x: number, side: Side): Expr {
    if (!reachable([root]).some((node) => selects(node) && occurs(this.input, node))) return root;
    const values = [...(this.settings[0] ?? [])];
    values[this.index] = x;
    const all = evaluation(root, this.variables);
    all.run(values);
    const number = (node: Expr | undefined): number => (node ? (all.values[all.place(node) ?? -1] ?? NaN) : NaN);
    const tied = (a: number, b: number): boolean =>
      side === 0 && Math.abs(a - b) <= 1e-12 * Math.max(1, Math.abs(a), Math.abs(b));
    const holds = (node: Expr): boolean => {
      if (node.kind !== "application") return false;
      const [a, b] = node.operands;
      if (node.primitive === "and") return holds(a!) && holds(b!);
      if (node.primitive === "or") return holds(a!) || holds(b!);
      if (node.primitive === "not") return !holds(a!);
      if (isComparison(node.primitive) && tied(number(a), number(b))) {
        return node.primitive === "lessOrEqual" || node.primitive === "greaterOrEqual" || node.primitive === "equal";
      }
      return number(node) !== 0;
    };
    return rebuild(root, (node: Application, operands) => {
      const [original] = node.operands;
      if (!original || !selects(node) || !occurs(this.input, original))
        return apply(node.primitive, operands, node.rule);
      const sign = tied(number(original), 0) ? 0 : Math.sign(number(original));
      if (node.primitive === "where") return holds(original) ? operands[1]! : operands[2]!;
      if (node.primitive === "sign") return constant(sign);
      return sign < 0 ? apply("negate", [operands[0]!]) : operands[0]!;
    });
  }
}

/** A number as a node: 0/0 where there is none. */
function numberNode(value: number, digits: number): Expr {
  if (Number.isNaN(value)) return apply("divide", [constant(0), constant(0)]);
  if (!Number.isFinite(value)) return value > 0 ? apply("infinity", []) : apply("negate", [apply("infinity", [])]);
  return constant(
    value < 0 ? negate(parseLiteral(numberText(-value, digits))) : parseLiteral(numberText(value, digits)),
  );
}

const nodeText = (node: Expr): string => {
  const [a, b] = node.kind === "application" && node.primitive === "divide" ? node.operands : [];
  return a === constant(0) && b === constant(0) ? "undefined" : formulaText(node);
};

const isInfinite = (value: number): boolean => Math.abs(value) === Infinity;

/**
 * The value at distance 0, to about six digits: extrapolated from small distances, of which those serve best that agree
 * with the next smaller one. Far off, the curve bends; close by, digits cancel.
 */
function limitFrom(f: (distance: number) => number): number {
  const estimates = [1e-3, 1e-4, 1e-5, 1e-6, 1e-7, 1e-8].map((distance) => 2 * f(distance) - f(2 * distance));
  const changes = estimates.slice(1).map((estimate, i) => estimate - (estimates[i] ?? NaN));
  if (runsAway(changes)) return Math.sign(changes[0] ?? NaN) * Infinity;
  let [near, least] = [estimates[1] ?? NaN, Infinity];
  changes.forEach((change, i) => {
    if (Math.abs(change) < least) [near, least] = [estimates[i + 1] ?? NaN, Math.abs(change)];
  });
  return Math.abs(near) < 1e-6 ? 0 : near;
}

/** Whether numbers go on and on one way, by as much as before or more: a logarithm's changes are all alike. */
const runsAway = (changes: readonly number[]): boolean =>
  changes.every((change, i) => {
    const before = changes[i - 1] ?? change;
    return Math.abs(change) > 1e-2 && change > 0 === before > 0 && Math.abs(change) >= 0.9 * Math.abs(before);
  });

const selects = (node: Expr): boolean =>
  node.kind === "application" && (node.primitive === "where" || node.primitive === "sign" || node.primitive === "abs");

/** What backward computes for an input: the declared gradient, else the derived one. */
function derivativeOf(activation: Activation, value: Expr, input: Variable): Expr {
  const declared = activation.gradients.get(input);
  const derivative = declared ? normalise(declared) : differentiate(value, input);
  const calls = reachable([derivative]).some(
    (node) => isApplication(node, "custom") || isApplication(node, "stop_gradient"),
  );
  return calls ? expandCalls(derivative) : derivative;
}

/** Equal to rounding, in each place; where both are no numbers, nothing tells them apart. */
function alike(a: readonly number[], b: readonly number[], tolerance = 1e-9): boolean {
  return a.every((p, i) => {
    const q = b[i] ?? NaN;
    if (p === q || (Number.isNaN(p) && Number.isNaN(q))) return true;
    return (
      Math.abs(p - q) <= tolerance * Math.max(1, Math.abs(p), Math.abs(q)) && Number.isFinite(p) && Number.isFinite(q)
    );
  });
}

/** A value a little off the default, within the range. */
function nearby(value: number, step: number, range: Bounds | null): number {
  return [value + step, value - step].find((other) => isInside(range, other)) ?? value;
}

/** Whether a constant reads as a number that somebody meant. */
const isShort = (node: Expr): boolean => node.kind === "constant" && node.value.denominator <= 1_000_000n;
