/**
 * Recognises in the normal form of a kernel's results what float64 computes as a whole, from one exponential: gates and
 * their slopes, and functions that stand beside one another.
 */
import {
  addTerm,
  isConstant,
  isSum,
  multiplyPower,
  type Product,
  productOf,
  rawProduct,
  rawSum,
  termsOf,
} from "../algebra/forms.js";
import { make } from "../algebra/normalise.js";
import { type Application, apply, constant, type Expr, isApplication, occurs, reachable, rebuild } from "../ir/expr.js";
import * as R from "../ir/rational.js";
import type { PrimitiveName } from "../primitives/table.js";

/** A gate g(a) and its derivative, times b, are the primitive `slope` of a and b. */
interface Gate {
  readonly gate: PrimitiveName;
  readonly slope: PrimitiveName;
  /** The derivative of the gate: a coefficient and factors. */
  readonly derivative: (a: Expr) => { readonly coefficient: number; readonly factors: readonly Expr[] };
}

const gates: readonly Gate[] = [
  {
    gate: "sigmoid",
    slope: "gate_slope",
    derivative: (a) => ({ coefficient: 1, factors: [apply("logistic", [a])] }),
  },
  {
    gate: "mish_gate",
    slope: "mish_gate_slope",
    derivative: (a) => ({
      coefficient: 4,
      factors: [apply("sigmoid", [a]), apply("logistic", [make("multiply", [constant(2), apply("softplus", [a])])])],
    }),
  },
  { gate: "normcdf", slope: "gelu_slope", derivative: (a) => ({ coefficient: 1, factors: [apply("normpdf", [a])] }) },
];

export interface Exponents {
  readonly most: number;
  readonly decays: boolean;
  /** Whether selections are left as they are. */
  readonly selects?: boolean;
}

const float64Exponents: Exponents = { most: 709, decays: true };

/**
 * @param most e^x is computed up to there; beyond it, 1 + e^x is as good as e^x
 * @param decays whether e^most is so large that its inverse is 0 in float32
 */
export function recogniseGates(
  roots: readonly Expr[],
  { most, decays, selects = false }: Exponents = float64Exponents,
): Expr[] {
  const recognised = roots.map((root) =>
    rebuild(root, (node, operands) => {
      const built = apply(node.primitive, operands, node.rule);
      const [a] = operands;
      if (node.primitive === "tanh" && a && isApplication(a, "softplus")) return apply("mish_gate", a.operands);
      if (node.primitive === "where") return selects ? built : (exponentialBelowZero(built, most) ?? built);
      return isSum(built) ? withSlope(built) : built;
    }),
  );
  return decays ? shareExponentials(recognised) : recognised;
}

/** A sum in which a gate meets its derivative. */
function withSlope(sum: Expr): Expr {
  const terms = termsOf(sum);
  for (const [base, scale] of terms) {
    const gate = base.kind === "application" ? gates.find((each) => each.gate === base.primitive) : undefined;
    if (!gate || base.kind !== "application") continue;
    const a = base.operands[0]!;
    for (const [other, coefficient] of terms) {
      const b = other === base ? undefined : factorBeside(other, R.divide(coefficient, scale), gate.derivative(a));
      const slope = b && slopeOf(gate, a, b);
      if (!slope) continue;
      terms.delete(base);
      terms.delete(other);
      addTerm(terms, slope, scale);
      return rawSum(terms);
    }
  }
  return sum;
}

/** What a term is besides the factors of a derivative, if it has them. */
function factorBeside(term: Expr, scale: R.Rational, derivative: ReturnType<Gate["derivative"]>): Expr | undefined {
  const { coefficient, powers } = productOf(expandedMoment(term));
  if (derivative.factors.some((factor) => powers.get(factor) !== 1)) return undefined;
  const rest: Product = {
    coefficient: R.divide(R.multiply(coefficient, scale), R.rational(derivative.coefficient)),
    powers: new Map(powers),
  };
  for (const factor of derivative.factors) multiplyPower(rest, factor, -1);
  return rawProduct(rest);
}

/** a * logistic(a) in the place of its name. */
function expandedMoment(term: Expr): Expr {
  return rebuild(term, (node, operands) => {
    const [a] = operands;
    return node.primitive === "logistic_moment" && a
      ? apply("multiply", [a, apply("logistic", [a])])
      : apply(node.primitive, operands, node.rule);
  });
}

function slopeOf({ slope }: Gate, a: Expr, b: Expr): Expr | undefined {
  if (slope !== "gelu_slope") return apply(slope, [a, b]);
  return a === b ? apply(slope, [a]) : undefined;
}

/**
 * A selection between the two sides of 0 whose lower side has an exponential, as in ELU. What is selected early, numbers
 * that do not vary or the argument of the exponential, costs less than a result that is waited for:
 * where(x > 0, t x, s (e^x - 1)) = where(x > 0, t, 0) x + where(x > 0, 0, s) (e^x - 1), and with n = min(x, 0)
 * where(x > 0, t, s e^x) = where(x > 0, t, s) e^n.
 */
function exponentialBelowZero(selection: Application, most: number): Expr | undefined {
  const [condition, above, below] = selection.operands;
  const isUpper = condition && (isApplication(condition, "greater") || isApplication(condition, "greaterOrEqual"));
  if (!isUpper || condition.kind !== "application") return undefined;
  const [x, bound] = condition.operands;
  if (x?.kind !== "variable" || !isConstant(bound!, 0)) return undefined;
  const [ofAbove, ofBelow] = [productOf(above!), productOf(below!)];
  const [exp, expm1] = [apply("exp", [x]), apply("expm1", [x])];
  if (ofBelow.powers.get(expm1) === 1 && ofAbove.powers.get(x) === 1) {
    const [t, s] = [without(ofAbove, x), without(ofBelow, expm1)];
    if (occurs(x, t) || occurs(x, s)) return undefined;
    // Held such that no infinity meets a 0.
    const held = apply("at_least", [x, constant(-746)]);
    const rest = apply("bounded_expm1", [apply("at_most", [held, constant(most)])]);
    return apply("add", [
      apply("multiply", [held, apply("choose", [condition, t, constant(0)])]),
      apply("multiply", [rest, apply("choose", [condition, constant(0), s])]),
    ]);
  }
  if (ofBelow.powers.get(exp) === 1) {
    const s = without(ofBelow, exp);
    if (occurs(x, s) || occurs(x, above!)) return undefined;
    const negative = apply("negative_part", [x]);
    return apply("multiply", [apply("choose", [condition, above!, s]), apply("bounded_exp", [negative])]);
  }
  return undefined;
}

function without({ coefficient, powers }: Product, factor: Expr): Expr {
  const rest: Product = { coefficient, powers: new Map(powers) };
  multiplyPower(rest, factor, -1);
  return rawProduct(rest);
}

/** logistic(a) = s / (1 + e^a) where another function needs s = sigmoid(a) or its e^a. */
function shareExponentials(roots: readonly Expr[]): Expr[] {
  const shared = new Set(
    reachable(roots).flatMap((node) =>
      isApplication(node, "sigmoid") || isApplication(node, "gate_slope") ? node.operands.slice(0, 1) : [],
    ),
  );
  if (shared.size === 0) return [...roots];
  return roots.map((root) =>
    rebuild(root, (node, operands) => {
      const [a] = operands;
      if (node.primitive !== "logistic" || !a || !shared.has(a)) return apply(node.primitive, operands, node.rule);
      const below = apply("add", [apply("held_exp", [a]), constant(1)]);
      return apply("divide", [apply("sigmoid", [a]), below]);
    }),
  );
}
