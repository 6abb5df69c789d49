/**
 * In float32 the rounding of an operand is what costs most: of e^u the error of u is multiplied by |u|. Where the operand of
 * such a function is a sum, a product or the like, what its rounding lost is computed as well (to first order), and the
 * function's value is corrected by it: f(u + du) = f(u) + du f'(u).
 */
import { apply, type Application, type Constant, constant, type Expr, rebuild } from "../../ir/expr.js";
import { fromNumber, subtract, toNumber } from "../../ir/rational.js";
import { instantiate } from "../../primitives/formula.js";
import type { PrimitiveName } from "../../primitives/table.js";

/**
 * f' as cheap as it can be had beside f: `f` is the value at hand, `a` the operand. Only functions that magnify relative errors
 * stand here. The correction is small, so that its own errors do not count.
 */
const slopes: Readonly<Partial<Record<PrimitiveName, string>>> = {
  exp: "f",
  expm1: "f + 1",
  sinh: "cosh(a)",
  cosh: "sinh(a)",
  log: "1 / a",
  log1p: "1 / (1 + a)",
  sigmoid: "f * (1 - f)",
  logistic: "-f * tanh(a / 2)",
  softplus: "sigmoid(a)",
  normcdf: "normpdf(a)",
  normpdf: "-a * f",
  erfc: "-1.1283791670955126 * exp(-(a * a))",
  sin: "cos(a)",
  cos: "-sin(a)",
  tan: "1 + f * f",
  pow: "b * f / a",
};

/** A value as computed, and what it lacks; null where that is nothing, or not known. */
interface Pair {
  readonly high: Expr;
  readonly low: Expr | null;
}

/** @param expand makes a formula's primitives into those that the target spells */
export function withCorrections(root: Expr, expand: (expr: Expr) => Expr): Expr {
  const pairs = new Map<Expr, Pair>();
  return rebuild(root, (node, operands) => {
    const [a, b] = operands;
    const slope = slopes[node.primitive];
    const pair = slope !== undefined && a ? pairOf(a, pairs) : null;
    if (slope === undefined || !pair?.low) return apply(node.primitive, operands, node.rule);
    const value = apply(node.primitive, [pair.high, ...operands.slice(1)]);
    const letters = new Map<string, Expr>([["f", value], ["a", pair.high], ...(b ? [["b", b] as const] : [])]);
    return apply("corrected", [value, apply("multiply", [pair.low, expand(instantiate(slope, letters, apply))])]);
  });
}

function pairOf(root: Expr, known: Map<Expr, Pair>): Pair {
  let pair = known.get(root);
  if (!pair) {
    pair =
      root.kind === "constant"
        ? ofConstant(root)
        : root.kind === "variable"
          ? exactly(root)
          : ofApplication(root, known);
    known.set(root, pair);
  }
  return pair;
}

const exactly = (high: Expr): Pair => ({ high, low: null });

function ofConstant(node: Constant): Pair {
  const nearest = fromNumber(Math.fround(toNumber(node.value)));
  const rest = subtract(node.value, nearest);
  if (rest.numerator === 0n) return exactly(node);
  return { high: constant(nearest), low: constant(fromNumber(Math.fround(toNumber(rest)))) };
}

const plus = (a: Expr | null, b: Expr | null): Expr | null => (a && b ? apply("add", [a, b]) : (a ?? b));
const times = (a: Expr | null, b: Expr): Expr | null => a && apply("multiply", [a, b]);
const minus = (a: Expr | null): Expr | null => a && apply("negate", [a]);
/** The operation's result, kept from being merged with what follows: its error is computed separately. */
const rounded = (primitive: PrimitiveName, operands: readonly Expr[]): Expr =>
  apply("rounded", [apply(primitive, operands)]);

function ofApplication(node: Application, known: Map<Expr, Pair>): Pair {
  const [a, b, c] = node.operands.map((operand) =>
    operand.type === "number" ? pairOf(operand, known) : exactly(operand),
  );
  if (!a) return exactly(node);
  switch (node.primitive) {
    case "negate":
      return { high: apply("negate", [a.high]), low: minus(a.low) };
    case "abs":
      return { high: apply("abs", [a.high]), low: times(a.low, apply("sign", [a.high])) };
    case "add":
    case "subtract": {
      const other = node.primitive === "add" ? b! : { high: apply("negate", [b!.high]), low: minus(b!.low) };
      return {
        high: rounded(node.primitive, [a.high, b!.high]),
        low: plus(apply("sum_error", [a.high, other.high]), plus(a.low, other.low)),
      };
    }
    case "multiply": {
      if (isPowerOfTwo(a.high) || isPowerOfTwo(b!.high)) {
        return { high: apply("multiply", [a.high, b!.high]), low: plus(times(a.low, b!.high), times(b!.low, a.high)) };
      }
      return {
        high: rounded("multiply", [a.high, b!.high]),
        low: plus(apply("product_error", [a.high, b!.high]), plus(times(a.low, b!.high), times(b!.low, a.high))),
      };
    }
    case "divide": {
      if (isPowerOfTwo(b!.high)) {
        return { high: apply("divide", [a.high, b!.high]), low: a.low && apply("divide", [a.low, b!.high]) };
      }
      const high = rounded("divide", [a.high, b!.high]);
      const rest = remainder(a.high, high, b!.high);
      return { high, low: apply("divide", [plus(rest, plus(a.low, minus(times(b!.low, high))))!, b!.high]) };
    }
    case "sqrt": {
      const high = rounded("sqrt", [a.high]);
      return {
        high,
        low: apply("divide", [plus(remainder(a.high, high, high), a.low)!, apply("add", [high, high])]),
      };
    }
    case "where": {
      const [condition] = node.operands;
      const high = apply("where", [condition!, b!.high, c!.high]);
      if (!b!.low && !c!.low) return exactly(high);
      return { high, low: apply("where", [condition!, b!.low ?? constant(0), c!.low ?? constant(0)]) };
    }
    default:
      return exactly(node);
  }
}

/** a - q b, where q b is nearly a: the difference from the rounded product is exact. */
const remainder = (a: Expr, q: Expr, b: Expr): Expr =>
  apply("subtract", [apply("subtract", [a, rounded("multiply", [q, b])]), apply("product_error", [q, b])]);

function isPowerOfTwo(node: Expr): boolean {
  return node.kind === "constant" && Number.isInteger(Math.log2(Math.abs(toNumber(node.value))));
}
