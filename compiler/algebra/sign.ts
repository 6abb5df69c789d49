import { type Expr, fold } from "../ir/expr.js";
import { Memo } from "../ir/memo.js";
import { integerExponent } from "./forms.js";

/** What is known about a number's sign, whatever the values of inputs and of parameters in their ranges. */
export interface Sign {
  /** Never below 0. */
  readonly nonnegative: boolean;
  /** Never above 0. */
  readonly nonpositive: boolean;
  readonly nonzero: boolean;
}

const unknown: Sign = { nonnegative: false, nonpositive: false, nonzero: false };
const positive: Sign = { nonnegative: true, nonpositive: false, nonzero: true };
const atLeastZero: Sign = { nonnegative: true, nonpositive: false, nonzero: false };

const flip = (sign: Sign): Sign => ({ ...sign, nonnegative: sign.nonpositive, nonpositive: sign.nonnegative });

const sum = (a: Sign, b: Sign): Sign => ({
  nonnegative: a.nonnegative && b.nonnegative,
  nonpositive: a.nonpositive && b.nonpositive,
  nonzero: ((a.nonnegative && b.nonnegative) || (a.nonpositive && b.nonpositive)) && (a.nonzero || b.nonzero),
});

const product = (a: Sign, b: Sign): Sign => ({
  nonnegative: (a.nonnegative && b.nonnegative) || (a.nonpositive && b.nonpositive),
  nonpositive: (a.nonnegative && b.nonpositive) || (a.nonpositive && b.nonnegative),
  nonzero: a.nonzero && b.nonzero,
});

const signs = new Memo<Sign>();

export function signOf(root: Expr): Sign {
  const known = signs.get(root) ?? signFound(root);
  signs.set(root, known);
  return known;
}

function signFound(root: Expr): Sign {
  return fold<Sign>(root, (node, operands) => {
    const [a = unknown, b = unknown, c = unknown] = operands;
    if (node.kind === "constant") {
      const { numerator } = node.value;
      return { nonnegative: numerator >= 0n, nonpositive: numerator <= 0n, nonzero: numerator !== 0n };
    }
    if (node.kind === "variable") {
      if (!node.bounds) return unknown;
      const { low, high, lowClosed, highClosed } = node.bounds;
      return {
        nonnegative: low >= 0,
        nonpositive: high <= 0,
        nonzero: low > 0 || high < 0 || (low === 0 && !lowClosed) || (high === 0 && !highClosed),
      };
    }
    switch (node.primitive) {
      case "negate":
        return flip(a);
      case "add":
        return sum(a, b);
      case "subtract":
        return sum(a, flip(b));
      case "multiply":
        return node.operands[0] === node.operands[1] ? { ...atLeastZero, nonzero: a.nonzero } : product(a, b);
      case "divide":
        return product(a, { ...b, nonzero: false });
      case "pow": {
        const exponent = integerExponent(node);
        if (exponent !== undefined && exponent % 2 === 0) return { ...atLeastZero, nonzero: a.nonzero && exponent > 0 };
        return a.nonnegative ? { ...atLeastZero, nonzero: a.nonzero } : unknown;
      }
      case "where":
        return {
          nonnegative: b.nonnegative && c.nonnegative,
          nonpositive: b.nonpositive && c.nonpositive,
          nonzero: b.nonzero && c.nonzero,
        };
      case "pi":
      case "infinity":
      case "exp":
      case "sigmoid":
      case "softplus":
      case "erfc":
      case "normcdf":
      case "cosh":
      case "logistic":
      case "normpdf":
      case "rsqrt":
        return positive;
      case "abs":
        return { ...atLeastZero, nonzero: a.nonzero };
      case "sqrt":
      case "hypot":
        return { ...atLeastZero, nonzero: a.nonzero || b.nonzero };
      case "expm1":
      case "log1p":
      case "tanh":
      case "erf":
      case "sinh":
      case "asinh":
      case "atan":
      case "cbrt":
      case "sign":
      case "sum":
      case "mean":
      case "stop_gradient":
        return a;
      default:
        return unknown;
    }
  });
}
