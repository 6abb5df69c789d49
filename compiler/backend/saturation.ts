/** Functions that go to a limit, and what they lack of it: what is left where the limit is taken away. */
import { one, type Product, rawProduct } from "../algebra/forms.js";
import { normalise } from "../algebra/normalise.js";
import { apply, constant, type Expr, isApplication } from "../ir/expr.js";
import * as R from "../ir/rational.js";
import type { PrimitiveName } from "../primitives/table.js";

interface Saturating {
  /** What a function of this operand lacks of its limit, 1, where the operand is large; null: it has none there. */
  readonly above: ((a: Expr) => Expr) | null;
  /** What it is above its limit, -1, where the operand is small; null: that limit is 0, for which digits suffice. */
  readonly below: ((a: Expr) => Expr) | null;
}

export const negated = (a: Expr): Expr => normalise(apply("negate", [a]));
const doubled = (a: Expr): Expr => normalise(apply("multiply", [constant(2), a]));
const twice = (a: Expr): Expr => apply("multiply", [constant(2), a]);
export const difference = (a: Expr, b: Expr): Expr => apply("subtract", [a, b]);

export const where = (comparison: "greater" | "less", a: Expr, limit: number, first: Expr, second: Expr): Expr =>
  apply("where", [normalise(apply(comparison, [a, constant(limit)])), first, second]);

export const saturating: Readonly<Partial<Record<PrimitiveName, Saturating>>> = {
  sigmoid: { above: (a) => apply("sigmoid", [negated(a)]), below: null },
  normcdf: { above: (a) => apply("normcdf", [negated(a)]), below: null },
  erf: { above: (a) => apply("erfc", [a]), below: (a) => apply("erfc", [negated(a)]) },
  expm1: { above: null, below: (a) => apply("exp", [a]) },
  tanh: {
    above: (a) => twice(apply("sigmoid", [negated(doubled(a))])),
    below: (a) => twice(apply("sigmoid", [doubled(a)])),
  },
};

/** f(a) - f(b) */
export function differenceOf(primitive: PrimitiveName, a: Expr, b: Expr): Expr | undefined {
  const plain = difference(apply(primitive, [a]), apply(primitive, [b]));
  const middle = normalise(apply("add", [a, b]));
  if (primitive === "erfc") {
    const below = difference(apply("erfc", [negated(b)]), apply("erfc", [negated(a)]));
    return where("less", middle, 0, below, plain);
  }
  if (primitive === "exp") {
    // The larger one is taken out.
    const apart = normalise(difference(a, b));
    const [first, second] = [negated(apart), apart].map((each) => apply("expm1", [each]));
    const [of, ofOther] = [a, b].map((each) => apply("exp", [each]));
    const larger = apply("negate", [apply("multiply", [of!, first!])]);
    return where("greater", apart, 0, larger, apply("multiply", [ofOther!, second!]));
  }
  const { above, below } = saturating[primitive] ?? {};
  if (!above) return undefined;
  const upper = difference(above(b), above(a));
  if (!below) return where("greater", middle, 0, upper, plain);
  // Next to 0 these functions are as their operands are.
  return where("greater", middle, 2, upper, where("less", middle, -2, difference(below(a), below(b)), plain));
}

/** 1 - e^a */
export const lackingOf = (a: Expr): Expr => apply("negate", [apply("expm1", [a])]);

/** The logarithm of 1 - e^a, which may be next to 1, or to 0. */
export function logarithmOfLacking(node: Expr): Expr | undefined {
  if (isApplication(node, "where")) {
    const [condition, lacking, other] = node.operands;
    const first = logarithmOfLacking(lacking!);
    return first && apply("where", [condition!, first, apply("log", [other!])]);
  }
  const inner = isApplication(node, "negate") ? node.operands[0]! : undefined;
  if (!inner || !isApplication(inner, "expm1")) return undefined;
  const exponent = inner.operands[0]!;
  const near = apply("log1p", [apply("negate", [apply("exp", [exponent])])]);
  return apply("where", [apply("less", [exponent, constant(-1)]), near, apply("log", [node])]);
}

/** A function that goes to 1, in a product; and its power there. */
interface Limited {
  readonly function: Expr & { readonly kind: "application" };
  readonly power: number;
}

export function limitedFactors(powers: Product["powers"]): {
  readonly limited: readonly Limited[];
  readonly rest: Expr;
} {
  const rest = new Map(powers);
  const limited: Limited[] = [];
  for (const [factor, power] of powers) {
    if (factor.kind !== "application" || !saturating[factor.primitive]?.above || power < 1 || power > 4) continue;
    rest.delete(factor);
    limited.push({ function: factor, power });
  }
  return { limited, rest: rawProduct({ coefficient: R.one, powers: rest }) };
}

/** Whether a product of such functions goes to -1 as well. */
export const goesBelow = (limited: readonly Limited[]): boolean =>
  limited.some(({ function: f, power }) => saturating[f.primitive]?.below && power % 2 === 1);

/**
 * 1 - a b as what a lacks of 1, and a times what b lacks of it: where the product is on the side of 1. On the other as it is.
 * @param less 1 - a b, else 1 + a b
 */
export function lackingOfProduct(limited: readonly Limited[], less: boolean): Expr {
  const product = rawProduct({
    coefficient: R.one,
    powers: new Map(limited.map((each) => [each.function, each.power])),
  });
  const plain = apply(less ? "subtract" : "add", [one(), product]);
  const isSigned = goesBelow(limited);
  if (!isSigned && !less) return plain;
  let before: Expr | undefined;
  let sum: Expr | undefined;
  for (const { function: f, power } of limited) {
    const { above, below } = saturating[f.primitive]!;
    const operand = below ? apply("abs", [f.operands[0]!]) : f.operands[0]!;
    const [size, lacking] = [apply(f.primitive, [operand]), above!(operand)];
    for (let i = 0; i < power; i++) {
      const part = before ? apply("multiply", [before, lacking]) : lacking;
      sum = sum ? apply("add", [sum, part]) : part;
      before = before ? apply("multiply", [before, size]) : size;
    }
  }
  return isSigned ? where(less ? "greater" : "less", product, 0, sum!, plain) : sum!;
}
