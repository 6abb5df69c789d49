/**
 * Recognises in the normal form of a kernel's results what float64 computes as a whole, from one exponential: gates and
 * their slopes, and functions that stand beside one another.
 */
import {
  addTerm,
  isSum,
  multiplyPower,
  type Product,
  productOf,
  rawProduct,
  rawSum,
  termsOf,
} from "../algebra/forms.js";
import { make } from "../algebra/normalise.js";
import { apply, constant, type Expr, isApplication, reachable, rebuild } from "../ir/expr.js";
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

export function recogniseGates(roots: readonly Expr[]): Expr[] {
  const recognised = roots.map((root) =>
    rebuild(root, (node, operands) => {
      const built = apply(node.primitive, operands, node.rule);
      const [a] = operands;
      if (node.primitive === "tanh" && a && isApplication(a, "softplus")) return apply("mish_gate", a.operands);
      return isSum(built) ? withSlope(built) : built;
    }),
  );
  return shareExponentials(recognised);
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
