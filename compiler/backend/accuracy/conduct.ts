/** Functions, as the error analysis sees them: the size of a result, and what becomes of an error of the operand. */
import { apply, constant, type Expr } from "../../ir/expr.js";
import type { ArithmeticModel } from "./arithmetic.js";
import type { Facts } from "./facts.js";
import * as M from "./magnitude.js";
import type { Magnitude } from "./magnitude.js";
import { mostNegative } from "./ranges.js";
import { absoluteOf, productWith, sumOf } from "./scales.js";

/** No operand of an exponential is larger than this where the result, in binary64, is neither 0 nor infinite. */
export const largestExponent = 745;
const largestNarrowExponent = 104;

/** How a function passes on errors of its operand, and the size of its result. */
export interface Conduct {
  readonly size: Magnitude;
  /** Bound on |a f′(a) / f(a)|, where there is one that is known when compiling. */
  readonly condition?: number;
  /** Whether that bound is the size of the operand, as of an exponential. */
  readonly exponential?: true;
  /** |a f′(a)| as a quantity to compute, where the bound above is missing and |a| times the slope would not do. */
  readonly passes?: Expr;
  /** Bound on |f′(a)|; null for 1. */
  readonly slope?: Expr | null;
}

export function conductOf(
  node: Expr & { readonly kind: "application" },
  { size, relative }: Facts,
  second: Facts | undefined,
  model: ArithmeticModel,
): Conduct {
  const a = node.operands[0]!;
  const most = M.mostOf(size);
  const least = M.sizeOf(size)?.[0] ?? -Infinity;
  const narrow = model.exactBits < 53;
  const exponent = Math.min(2 ** most, narrow ? largestNarrowExponent : largestExponent);
  const magnitude = absoluteOf(a, size);
  const one = constant(1);
  // Whether it is enough to take the largest operand that counts.
  const tame = !narrow || relative * largestNarrowExponent < 4;
  const exponentLike = tame
    ? ({ condition: exponent, exponential: true } as const)
    : { passes: productWith(absoluteOf(node, M.anything), magnitude) };
  // Of what vanishes where its operand does: there an error of the operand is one of the result, as a part of it.
  const vanishing = tame ? exponentLike : { passes: productWith(absoluteOf(node, M.anything), sumOf(one, magnitude)) };
  // exp(a) for a in the given sizes, as binary logarithms
  const exponential: Magnitude = M.positiveBetween(
    size.negative ? -(2 ** size.negative[1]) * Math.LOG2E : 0,
    size.positive ? 2 ** size.positive[1] * Math.LOG2E : 0,
  );
  const bounded = (top: number): Magnitude =>
    M.oddIncreasing(
      size,
      () => -Infinity,
      (log) => Math.min(log, top),
    );
  switch (node.primitive) {
    case "exp":
    case "bounded_exp":
      return { size: exponential, ...exponentLike, slope: node };
    case "raised_exp":
      return { size: M.product(exponential, M.ofNumber(2 ** 60)), ...exponentLike, slope: node };
    case "expm1":
    case "bounded_expm1":
    case "falling_expm1": {
      const grows = size.positive ? Math.max(size.positive[1] + 1, 2 ** size.positive[1] * Math.LOG2E) : 0;
      return {
        size: {
          negative: size.negative && [Math.min(size.negative[0], 0) - 1, Math.min(size.negative[1], 0)],
          zero: size.zero,
          positive: size.positive && [size.positive[0], grows],
        },
        ...(size.positive ? vanishing : { condition: 1 }),
        slope: size.positive ? sumOf(one, absoluteOf(node, size)) : one,
      };
    }
    case "log": {
      const largest = Math.max(Math.abs(least), Math.abs(most)) * Math.LN2;
      const near = least > 0 ? Math.log2(least * Math.LN2) : most < 0 ? Math.log2(-most * Math.LN2) : -Infinity;
      return {
        size: {
          negative: least < 0 ? [near, Math.log2(largest)] : null,
          zero: least <= 0 && most >= 0,
          positive: most > 0 ? [near, Math.log2(largest)] : null,
        },
        ...(near > -8 ? { condition: 2 ** -near } : { passes: one }),
        slope: apply("divide", [one, magnitude]),
      };
    }
    case "log1p": {
      const grows = size.positive
        ? size.positive[1] < 0
          ? size.positive[1]
          : Math.log2(size.positive[1] * Math.LN2 + 1)
        : 0;
      return {
        size: {
          negative: size.negative && [size.negative[0], size.negative[1] < -1 ? size.negative[1] + 0.5 : 10],
          zero: size.zero,
          positive: size.positive && [Math.min(size.positive[0], 0) - 1, grows],
        },
        ...(M.isNonnegative(size)
          ? { condition: 1, slope: one }
          : mostNegative(size) < -1
            ? { condition: 2, slope: constant(2) }
            : {
                slope: apply("divide", [one, apply("add", [one, a])]),
              }),
      };
    }
    case "sqrt":
      return {
        size: {
          ...M.nothing,
          zero: size.zero,
          positive: size.positive && [size.positive[0] / 2, size.positive[1] / 2],
        },
        condition: 0.5,
        slope: apply("divide", [one, node]),
      };
    case "rsqrt":
      return {
        size: M.positiveBetween(-most / 2, -least / 2),
        condition: 0.5,
        slope: apply("divide", [absoluteOf(node, size), magnitude]),
      };
    case "cbrt":
      return {
        size: M.oddIncreasing(size, (log) => log / 3),
        condition: 1 / 3,
        slope: apply("divide", [absoluteOf(node, size), magnitude]),
      };
    case "sigmoid":
      return {
        size: M.positiveBetween(size.negative ? -(2 ** size.negative[1]) * Math.LOG2E - 1 : -1, size.positive ? 0 : -1),
        ...exponentLike,
        slope: node,
      };
    case "mish_gate":
      return {
        size: M.positiveBetween(size.negative ? -(2 ** size.negative[1]) * Math.LOG2E - 1 : -1, 0),
        ...exponentLike,
        slope: node,
      };
    case "logistic":
      return {
        size: M.positiveBetween(-(2 ** most) * Math.LOG2E - 2, -2),
        ...exponentLike,
        slope: node,
      };
    case "logistic_moment":
      return {
        size: bounded(-1),
        ...vanishing,
        slope: one,
      };
    case "softplus":
      return {
        size: M.positiveBetween(
          size.negative ? -(2 ** size.negative[1]) * Math.LOG2E - 1 : -0.53,
          size.positive ? Math.max(0.5, size.positive[1] + 0.5) : -0.53,
        ),
        ...(M.isNonnegative(size) ? { condition: 1 } : exponentLike),
        slope: apply("at_most", [node, one]),
      };
    case "softplus_tail":
      return { size: M.positiveBetween(-(2 ** most) * Math.LOG2E - 1, -0.52), ...exponentLike, slope: one };
    case "tanh":
    case "erf":
      return {
        size: M.oddIncreasing(
          size,
          (log) => Math.min(log, 0) - 0.4,
          (log) => Math.min(log + 0.2, 0),
        ),
        condition: 1,
        slope: constant(2),
      };
    case "atan":
      return {
        size: M.oddIncreasing(
          size,
          (log) => Math.min(log, 0) - 0.4,
          (log) => Math.min(log, 0.66),
        ),
        condition: 1,
        slope: one,
      };
    case "asinh":
      return {
        size: M.oddIncreasing(
          size,
          (log) => Math.min(log, 0) - 0.3,
          (log) => (log < 0 ? log : Math.log2(log * Math.LN2 + 1.5)),
        ),
        condition: 1,
        slope: one,
      };
    case "sinh":
      return {
        size: M.oddIncreasing(
          size,
          (log) => log,
          (log) => (log < 0 ? log + 0.3 : 2 ** log * Math.LOG2E),
        ),
        ...vanishing,
        slope: sumOf(one, absoluteOf(node, M.anything)),
      };
    case "cosh":
      return {
        size: M.positiveBetween(0, Math.max(0.7, 2 ** most * Math.LOG2E)),
        ...exponentLike,
        slope: node,
      };
    case "erfc":
      return {
        size: M.positiveBetween(size.positive ? -(2 ** (2 * size.positive[1])) * 1.5 - 10 - size.positive[1] : 0, 1),
        ...(tame
          ? { condition: narrow ? 220 : 1500 }
          : { passes: productWith(node, sumOf(one, apply("multiply", [constant(3), apply("multiply", [a, a])]))) }),
        slope: productWith(node, apply("add", [constant(2), apply("multiply", [constant(2), magnitude])])),
      };
    case "normcdf":
    case "raised_normcdf":
      return {
        size: M.product(
          M.positiveBetween(size.negative ? -(2 ** (2 * size.negative[1])) * 0.75 - 10 - size.negative[1] : -1, 0),
          M.ofNumber(node.primitive === "normcdf" ? 1 : 2 ** 60),
        ),
        ...(tame
          ? { condition: narrow ? 220 : 1600 }
          : { passes: productWith(node, sumOf(one, apply("multiply", [a, a]))) }),
        slope: productWith(node, sumOf(one, magnitude)),
      };
    case "normpdf":
      return {
        size: M.positiveBetween(-(2 ** (2 * most)) * 0.73 - 1.4, -1.3),
        ...(tame ? { condition: narrow ? 220 : 1600 } : { passes: productWith(node, apply("multiply", [a, a])) }),
        slope: productWith(node, magnitude),
      };
    case "gelu_slope":
      return { size: M.eitherSign(-1100, 0.2), passes: constant(2), slope: constant(1) };
    case "sin":
      return {
        size:
          most < 0
            ? M.oddIncreasing(
                size,
                (log) => log - 0.3,
                (log) => log,
              )
            : M.eitherSign(-1100, 0),
        slope: one,
      };
    case "cos":
      return { size: most < 0 ? M.positiveBetween(-1, 0) : M.eitherSign(-1100, 0), slope: one };
    case "tan":
      return {
        size:
          most < 0
            ? M.oddIncreasing(
                size,
                (log) => log,
                (log) => log + 0.7,
              )
            : M.eitherSign(-1100, 1100),
        slope: apply("add", [one, apply("multiply", [node, node])]),
      };
    case "asin":
      return { size: bounded(0.66), slope: arcSlope(a) };
    case "acos":
      return { size: { ...M.positiveBetween(-60, 1.7), zero: true }, slope: arcSlope(a) };
    case "acosh":
      return {
        size: { ...M.positiveBetween(-60, Math.log2(Math.max(1, most) + 1)), zero: true },
        slope: apply("divide", [
          one,
          apply("sqrt", [apply("multiply", [apply("subtract", [a, one]), apply("add", [a, one])])]),
        ]),
      };
    case "atanh":
      return {
        size: M.oddIncreasing(size, (log) => (log < -1 ? log : 10)),
        slope: apply("divide", [one, apply("multiply", [apply("subtract", [one, a]), apply("add", [one, a])])]),
      };
    case "hypot": {
      const other = second?.size ?? M.anything;
      return {
        size: {
          negative: null,
          zero: size.zero && other.zero,
          positive: [
            Math.max(size.zero ? -Infinity : least, other.zero ? -Infinity : (M.sizeOf(other)?.[0] ?? -Infinity)),
            Math.max(most, M.mostOf(other)) + 0.5,
          ],
        },
      };
    }
    case "logaddexp":
      return { size: M.anything };
    case "pow": {
      const exponents = second?.size ?? M.anything;
      const top = 2 ** M.mostOf(exponents);
      const reach = Math.max(Math.abs(least), Math.abs(most)) * top;
      const b = node.operands[1]!;
      return {
        size: {
          negative: size.negative && [-reach, reach],
          zero: size.zero,
          positive: [-reach, reach],
        },
        ...(top <= 64
          ? { condition: top }
          : { passes: productWith(absoluteOf(node, M.anything), absoluteOf(b, exponents)) }),
        slope: apply("divide", [productWith(absoluteOf(node, M.anything), absoluteOf(b, exponents)), magnitude]),
      };
    }
    case "floor":
    case "ceil":
    case "round":
      return {
        size: {
          negative: size.negative && [0, Math.max(0, size.negative[1] + 1)],
          zero: true,
          positive: size.positive && [0, Math.max(0, size.positive[1] + 1)],
        },
      };
    case "sign":
      return { size: M.oddIncreasing(size, () => 0) };
    default:
      return { size: M.anything };
  }
}

const arcSlope = (a: Expr): Expr =>
  apply("divide", [
    constant(1),
    apply("sqrt", [apply("multiply", [apply("subtract", [constant(1), a]), apply("add", [constant(1), a])])]),
  ]);
