/**
 * Expressions with the sizes of their exponentials kept apart: a sum of exponentials is one of those whose largest is 1, times
 * e^m. In quotients of such sums m cancels, and a logarithm gives it back, however large it is: shaders' wide numbers have
 * exponents below 2^28, which e^x is beyond from 1.9e8 on.
 */
import { one, zero } from "../algebra/forms.js";
import { signOf } from "../algebra/sign.js";
import { apply, constant, type Expr, fold, Space } from "../ir/expr.js";
import { rational } from "../ir/rational.js";

/** rest · e^exponent */
interface Scaled {
  readonly rest: Expr;
  readonly exponent: Expr;
}

interface Forms {
  /** As it was, but for what is made of parts whose exponents meet. */
  readonly plain: Expr;
  /** Null where nothing has an exponent. */
  readonly scaled: Scaled | null;
  /** Whether exponents of parts meet in it: there is something to be gained. */
  readonly gains: boolean;
}

const negated = (a: Expr): Expr => apply("negate", [a]);
const plus = (a: Expr, b: Expr): Expr => (a === zero() ? b : b === zero() ? a : apply("add", [a, b]));
const minus = (a: Expr, b: Expr): Expr => (b === zero() ? a : apply("subtract", [a, b]));
const times = (a: Expr, b: Expr): Expr => (a === one() ? b : b === one() ? a : apply("multiply", [a, b]));
const over = (a: Expr, b: Expr): Expr => (b === one() ? a : apply("divide", [a, b]));
const exp = (a: Expr): Expr => (a === zero() ? one() : apply("exp", [a]));
const half = (a: Expr): Expr => apply("multiply", [constant(rational(1, 2)), a]);
const squared = (a: Expr): Expr => apply("multiply", [a, a]);
const size = (a: Expr): Expr => apply("abs", [a]);
const where = (condition: Expr, a: Expr, b: Expr): Expr => (a === b ? a : apply("where", [condition, a, b]));
const isBelow = (a: Expr): Expr => apply("less", [a, zero()]);
const largerOf = (a: Expr, b: Expr): Expr => where(apply("greater", [a, b]), a, b);
const positivePart = (a: Expr): Expr => largerOf(a, zero());
const negativePart = (a: Expr): Expr => where(isBelow(a), a, zero());
const root = (a: Expr): Expr => apply("sqrt", [a]);
const rootOfTau = (): Expr => root(apply("multiply", [constant(2), apply("pi", [])]));
/** e^(-2 |a|) */
const tail = (a: Expr): Expr => exp(apply("multiply", [constant(-2), size(a)]));

/** e to this power is nothing beside 1, at the longest mantissas there are. */
const vanishing = -2000;

/** @param root what is computed in wide arithmetic: itself if it has no exponents that meet */
export function withScaledSums(root: Expr): Expr {
  const { plain, gains } = fold<Forms>(root, formsOf);
  return gains ? plain : root;
}

function formsOf(node: Expr, operands: readonly Forms[]): Forms {
  if (node.kind !== "application") return { plain: node, scaled: null, gains: false };
  const [a, b, c] = operands;
  const gains = operands.some((operand) => operand.gains);
  const plain = apply(
    node.primitive,
    operands.map((operand) => operand.plain),
    node.rule,
  );
  const unscaled: Forms = { plain, scaled: null, gains };
  const apart = (scaled: Scaled): Forms => ({ plain, scaled, gains });
  const met = (scaled: Scaled): Forms => ({ plain: times(scaled.rest, exp(scaled.exponent)), scaled, gains: true });
  const u = a?.plain;
  const [p, q] = [a?.scaled, b?.scaled];
  switch (node.primitive) {
    case "exp":
      return apart({ rest: one(), exponent: u! });
    case "expm1":
      return apart({
        rest: where(isBelow(u!), plain, negated(apply("expm1", [negated(u!)]))),
        exponent: positivePart(u!),
      });
    case "cosh":
      return apart({ rest: half(plus(one(), tail(u!))), exponent: size(u!) });
    case "sinh": {
      const upper = half(negated(apply("expm1", [apply("multiply", [constant(-2), size(u!)])])));
      return apart({ rest: where(isBelow(u!), negated(upper), upper), exponent: size(u!) });
    }
    case "sigmoid":
      return apart({ rest: over(one(), plus(one(), exp(negated(size(u!))))), exponent: negativePart(u!) });
    case "softplus": {
      const small = exp(u!);
      const ratio = where(apply("less", [u!, constant(vanishing)]), one(), over(apply("log1p", [small]), small));
      return apart({ rest: where(isBelow(u!), ratio, plain), exponent: negativePart(u!) });
    }
    case "logistic": {
      const below = plus(one(), exp(negated(size(u!))));
      return apart({ rest: over(one(), squared(below)), exponent: negated(size(u!)) });
    }
    case "normpdf":
      return apart({ rest: over(one(), rootOfTau()), exponent: negated(half(squared(u!))) });
    case "normcdf": {
      const mills = over(apply("mills", [size(u!)]), rootOfTau());
      return apart({ rest: where(isBelow(u!), mills, plain), exponent: negated(half(squared(negativePart(u!)))) });
    }
    case "erfc": {
      const mills = apply("mills", [times(root(constant(2)), size(u!))]);
      const scaled = over(times(constant(2), mills), rootOfTau());
      return apart({ rest: where(isBelow(u!), plain, scaled), exponent: negated(squared(positivePart(u!))) });
    }
    case "mills": {
      const distribution = times(apply("normcdf", [negated(u!)]), rootOfTau());
      return apart({ rest: where(isBelow(u!), distribution, plain), exponent: half(squared(negativePart(u!))) });
    }
    case "negate":
      return p ? apart({ ...p, rest: negated(p.rest) }) : unscaled;
    case "abs":
      return p ? apart({ ...p, rest: size(p.rest) }) : unscaled;
    case "add":
    case "subtract": {
      if (!p && !q) return unscaled;
      const [left, right] = [scaledOf(a!), scaledOf(b!)];
      const exponent = largerOf(left.exponent, right.exponent);
      const parts = [left, right].map((part) => times(part.rest, exp(minus(part.exponent, exponent))));
      const sum = { rest: apply(node.primitive, parts), exponent };
      // Both may be infinite.
      return p && q && isGrowing(p.exponent) && isGrowing(q.exponent) ? met(sum) : apart(sum);
    }
    case "multiply": {
      if (!p && !q) return unscaled;
      const [left, right] = [scaledOf(a!), scaledOf(b!)];
      const exponent = [!p && a!.plain, !q && b!.plain].reduce(
        (sum: Expr, factor) =>
          factor && mayBeOff(factor) ? where(apply("equal", [factor, zero()]), zero(), sum) : sum,
        plus(left.exponent, right.exponent),
      );
      const product = { rest: times(left.rest, right.rest), exponent };
      return p && q ? met(product) : apart(product);
    }
    case "divide": {
      if (!p && !q) return unscaled;
      const [left, right] = [scaledOf(a!), scaledOf(b!)];
      const exponent = left.exponent === zero() ? negated(right.exponent) : minus(left.exponent, right.exponent);
      const quotient = { rest: over(left.rest, right.rest), exponent };
      return p && q ? met(quotient) : apart(quotient);
    }
    case "sqrt":
      return p ? met({ rest: root(p.rest), exponent: half(p.exponent) }) : unscaled;
    case "pow":
      // An exponent that has one itself is none of ordinary size.
      if (q) return unscaled;
      if (!p) return powerApart(u!, b!.plain, unscaled);
      return met({ rest: apply("pow", [p.rest, b!.plain]), exponent: times(b!.plain, p.exponent) });
    case "log1p":
    case "asinh":
    case "acosh": {
      if (!p) return unscaled;
      // 1 + a, a + sqrt(a^2 ± 1): where a is large, by what of it is kept apart.
      const exponent = positivePart(p.exponent);
      const [part, least] = [size(times(p.rest, exp(minus(p.exponent, exponent)))), exp(negated(exponent))];
      const beside = apply(node.primitive === "acosh" ? "subtract" : "add", [squared(part), squared(least)]);
      const whole = node.primitive === "log1p" ? plus(part, least) : plus(part, root(beside));
      const large = plus(apply("log", [whole]), exponent);
      const signed = node.primitive === "asinh" ? where(isBelow(p.rest), negated(large), large) : large;
      const isLarge = apply("greater", [node.primitive === "asinh" ? size(u!) : u!, constant(2)]);
      return { plain: where(isLarge, signed, plain), scaled: null, gains: true };
    }
    case "sin":
    case "tanh":
    case "erf":
    case "atan":
    case "asin": {
      if (!p) return unscaled;
      // As small as the operand.
      const ratio = where(apply("equal", [u!, zero()]), one(), over(plain, u!));
      return apart({ rest: times(p.rest, ratio), exponent: p.exponent });
    }
    case "log":
      return p ? { plain: plus(apply("log", [p.rest]), p.exponent), scaled: null, gains: true } : unscaled;
    case "where": {
      const [left, right] = [b!, c!];
      if (!left.scaled && !right.scaled) return unscaled;
      const [first, second] = [scaledOf(left), scaledOf(right)];
      return apart({
        rest: where(u!, first.rest, second.rest),
        exponent: where(u!, first.exponent, second.exponent),
      });
    }
    default:
      return unscaled;
  }
}

/** a^b, where a is not negative and b may be anything, as e^(b log a). */
function powerApart(a: Expr, b: Expr, unscaled: Forms): Forms {
  if (!(b.space & Space.element) || !signOf(a).nonnegative) return unscaled;
  const isPositive = apply("greater", [a, zero()]);
  return {
    ...unscaled,
    scaled: {
      rest: where(isPositive, one(), unscaled.plain),
      exponent: where(isPositive, times(b, apply("log", [a])), zero()),
    },
  };
}

/** Whether a parameter may be 0 here, so that a term is not there at all, whatever its exponent. */
const mayBeOff = (factor: Expr): boolean => !(factor.space & Space.element) && !signOf(factor).nonzero;

/** Whether e to this power may be infinite. */
const isGrowing = (exponent: Expr): boolean => !signOf(exponent).nonpositive;

const scaledOf = ({ plain, scaled }: Forms): Scaled => scaled ?? { rest: plain, exponent: zero() };
