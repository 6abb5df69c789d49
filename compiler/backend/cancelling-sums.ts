/** Sums that would cancel whatever the number of digits, spelled so that nothing is lost. */
import { Collected } from "../algebra/collected.js";
import {
  addTerm,
  isSum,
  multiplyPower,
  one,
  type Product,
  productOf,
  rawProduct,
  rawSum,
  scaled,
  type Terms,
  termsOf,
} from "../algebra/forms.js";
import { normalise } from "../algebra/normalise.js";
import { signOf } from "../algebra/sign.js";
import { apply, constant, type Expr, isApplication, Space } from "../ir/expr.js";
import * as R from "../ir/rational.js";
import type { PrimitiveName } from "../primitives/table.js";
import {
  negated,
  difference,
  where,
  saturating,
  differenceOf,
  lackingOf,
  logarithmOfLacking,
  limitedFactors,
  goesBelow,
  lackingOfProduct,
} from "./saturation.js";

/** A term of a sum that is a multiple of a function. */
interface Multiple {
  readonly base: Expr;
  readonly coefficient: R.Rational;
  readonly function: Expr & { readonly kind: "application" };
  readonly rest: Expr;
}

export class Sum {
  private readonly multiples: readonly Multiple[];

  constructor(private readonly terms: Terms) {
    this.multiples = [...terms].flatMap(([base, coefficient]) => multiplesOf(base, coefficient));
  }

  /** With a difference of one function at two places. */
  withDifference(): Expr | undefined {
    for (const [i, first] of this.multiples.entries()) {
      const second = this.multiples
        .slice(i + 1)
        .find(
          (other) =>
            other.function.primitive === first.function.primitive &&
            other.rest === first.rest &&
            R.equal(other.coefficient, R.negate(first.coefficient)),
        );
      const made = second && (differenceOfPowers(first, second) ?? differenceOfValues(first, second));
      if (!made) continue;
      const terms = this.without(first.base, second.base);
      addTerm(terms, productWith(first.rest, made), first.coefficient);
      return rawSum(terms);
    }
    return undefined;
  }

  /** 1 - f(a), and 2 - f(a) - f(b), as what each lacks of its limit. */
  withLimits(): Expr | undefined {
    for (const first of this.multiples) {
      const { above, below } = saturating[first.function.primitive] ?? {};
      const level = this.terms.get(first.rest);
      if (!above || !level) continue;
      const like = this.multiples.filter(
        ({ function: other, rest }) => other.primitive === first.function.primitive && rest === first.rest,
      );
      for (const chosen of like.length > 1 ? [[first], like] : [like]) {
        const all = chosen.reduce((sum, { coefficient }) => R.add(sum, coefficient), R.zero);
        const lacking = R.equal(all, R.negate(level)) ? above : R.equal(all, level) ? below : undefined;
        if (!lacking) continue;
        const terms = this.without(first.rest, ...chosen.map(({ base }) => base));
        for (const { function: saturated, coefficient } of chosen) {
          const part = productWith(first.rest, lacking(saturated.operands[0]!));
          addTerm(terms, part, lacking === above ? R.negate(coefficient) : coefficient);
        }
        return rawSum(terms);
      }
    }
    return undefined;
  }

  /** 1 - exp(a) / expm1(a) as -1 / expm1(a). */
  withQuotientOfExponentials(): Expr | undefined {
    for (const { base, coefficient, rest, function: exponential } of this.multiples) {
      if (exponential.primitive !== "exp") continue;
      const { powers } = productOf(rest);
      const divisor = normalise(apply("expm1", [exponential.operands[0]!]));
      if (powers.get(divisor) !== -1) continue;
      powers.delete(divisor);
      const level = rawProduct({ coefficient: R.one, powers });
      if (!R.equal(this.terms.get(level) ?? R.zero, R.negate(coefficient))) continue;
      const terms = this.without(base, level);
      addTerm(terms, rest, coefficient);
      return rawSum(terms);
    }
    return undefined;
  }

  /** 1 - w f(a) - (1 - w) g(b) as what each lacks of 1: with all their limits nothing would be left. */
  withMixture(): Expr | undefined {
    const spread: Terms = new Map();
    for (const [base, coefficient] of this.terms)
      for (const [inner, share] of termsOf(base)) addTerm(spread, inner, R.multiply(coefficient, share));
    const parts = new Map<Expr, Multiple>();
    for (const multiple of [...spread].flatMap(([base, coefficient]) => multiplesOf(base, coefficient)))
      if (saturating[multiple.function.primitive]?.above && !parts.has(multiple.base))
        parts.set(multiple.base, multiple);
    if (parts.size < 2) return undefined;
    const limits: Terms = new Map([...spread].filter(([base]) => !parts.has(base)));
    for (const { rest, coefficient } of parts.values()) addTerm(limits, rest, coefficient);
    if (normalise(rawSum(limits)) !== constant(0)) return undefined;
    const terms: Terms = new Map();
    for (const { function: saturated, rest, coefficient } of parts.values()) {
      const { above } = saturating[saturated.primitive]!;
      addTerm(terms, productWith(rest, above!(saturated.operands[0]!)), R.negate(coefficient));
    }
    return rawSum(terms);
  }

  /** a + b as (a^2 - b^2) / (a - b), where these are roots and their squares have something in common. */
  withConjugate(): Expr | undefined {
    for (const [base, coefficient] of this.terms) {
      const root = productOf(base);
      if (![...root.powers.keys()].some(isRoot)) continue;
      const [first, second] = [scaled(base, coefficient), rawSum(this.without(base))];
      const [p, q] = [signOf(first), signOf(second)];
      if ((p.nonnegative && q.nonnegative) || (p.nonpositive && q.nonpositive)) continue;
      const numerator = differenceOfSquares(first, second);
      if (!numerator) continue;
      const conjugate = apply("divide", [numerator, difference(first, second)]);
      const isOpposite = apply("less", [apply("multiply", [first, second]), constant(0)]);
      return apply("where", [isOpposite, conjugate, rawSum(this.terms)]);
    }
    return undefined;
  }

  /** 1 - a^b as -expm1(b log(a)). */
  withPowerLessOne(): Expr | undefined {
    for (const { base, rest, coefficient, function: power } of this.multiples) {
      const [a, b] = power.operands;
      const level = this.terms.get(rest);
      if (power.primitive !== "pow" || !level || !R.equal(level, R.negate(coefficient))) continue;
      const exponent = apply("multiply", [b!, logarithmOfLacking(a!) ?? normalise(apply("log", [a!]))]);
      const lacking = where("greater", a!, 0, lackingOf(exponent), difference(one(), power));
      const terms = this.without(base, rest);
      if (terms.size === 0 && rest === one() && R.isOne(level)) return lacking;
      addTerm(terms, productWith(rest, lacking), level);
      return rawSum(terms);
    }
    return undefined;
  }

  /** (a + b)^p - a^p as a^p expm1(p log1p(b / a)), where a is an exponential or a power: it may be all that is seen of the sum. */
  withPowerLessPart(): Expr | undefined {
    for (const { base, rest, coefficient, function: power } of this.multiples) {
      const [sum, exponent] = power.operands;
      if (power.primitive !== "pow" || !isSum(sum!)) continue;
      for (const [part, share] of termsOf(sum!)) {
        const alone = R.isOne(share) ? powerOf(part, exponent!) : undefined;
        if (!alone) continue;
        const taken = normalise(apply("multiply", [rest, alone]));
        if (!R.equal(this.terms.get(taken) ?? R.zero, R.negate(coefficient))) continue;
        const others = new Map(termsOf(sum!));
        others.delete(part);
        const ratio = apply("divide", [rawSum(others), part]);
        const beyond = apply("expm1", [apply("multiply", [exponent!, apply("log1p", [ratio])])]);
        const terms = this.without(base, taken);
        addTerm(terms, productWith(taken, beyond), coefficient);
        const plain = rawSum(this.terms);
        const chosen = apply("where", [apply("greater", [part, rawSum(others)]), rawSum(terms), plain]);
        // Of what is negative a power of a power may be its size.
        return isApplication(part, "pow") ? where("greater", part.operands[0]!, 0, chosen, plain) : chosen;
      }
    }
    return undefined;
  }

  /** 1 - f(a) f(b) as what the factors lack of 1. */
  withProductLessOne(): Expr | undefined {
    for (const [base, coefficient] of this.terms) {
      const { limited, rest } = limitedFactors(productOf(base).powers);
      const level = this.terms.get(rest);
      if (limited.length < 2 || !level) continue;
      const isLess = R.equal(level, R.negate(coefficient));
      if (!isLess && !(goesBelow(limited) && R.equal(level, coefficient))) continue;
      const lacking = lackingOfProduct(limited, isLess);
      const terms = this.without(base, rest);
      if (terms.size === 0 && rest === one() && R.isOne(level)) return lacking;
      addTerm(terms, productWith(rest, lacking), level);
      return rawSum(terms);
    }
    return undefined;
  }

  /** (1 + b) log(1 + a) - b log(a) as log(1 + a) + b log(1 + 1/a), and with softplus(a) and a for the logarithms. */
  withLogarithmBeyond(): Expr | undefined {
    for (const { function: logarithm } of this.multiples) {
      const operand = logarithm.operands[0]!;
      const known = beyond[logarithm.primitive]?.(operand);
      if (!known) continue;
      const terms: Terms = new Map(this.terms);
      if (!takesLimitAway(terms, logarithm, known)) continue;
      // As often as there is one: the sum by which the logarithm is multiplied may be all of it.
      while (takesLimitAway(terms, logarithm, known));
      return where("greater", operand, known.least, rawSum(terms), rawSum(this.terms));
    }
    return undefined;
  }

  /** With what a function lacks of its limit, where that limit may be what another term takes away: parameters decide. */
  withLimit(): Expr | undefined {
    for (const { base, rest, coefficient, function: saturated } of this.multiples) {
      const { above, below } = saturating[saturated.primitive] ?? {};
      // A quotient is rounded, and what it is taken from is not taken away by itself.
      if (!above && (!below || [...productOf(rest).powers.values()].some((power) => power < 0))) continue;
      if (![...this.terms.keys()].some((other) => other !== base && isParametersTimes(other, rest))) continue;
      const operand = saturated.operands[0]!;
      const beside = (limit: 1 | -1, from: Expr): Expr => {
        const terms = this.without(base);
        addTerm(terms, rest, limit === 1 ? coefficient : R.negate(coefficient));
        const part = scaled(productWith(rest, from), limit === 1 ? R.negate(coefficient) : coefficient);
        // What takes the limit away comes first.
        return apply("add", [rawSum(terms), part]);
      };
      const plain = rawSum(this.terms);
      const lower = below ? where("less", operand, -1, beside(-1, below(operand)), plain) : plain;
      return above ? where("greater", operand, below ? 1 : 0, beside(1, above(operand)), lower) : lower;
    }
    return undefined;
  }

  /** Its selections, each with the sum that it leaves in either branch. */
  *selections(): Generator<{ readonly condition: Expr; readonly branches: readonly [Sum, Sum] }> {
    for (const { base, coefficient, rest, function: selection } of this.multiples) {
      if (selection.primitive !== "where") continue;
      const [condition, ...branches] = selection.operands;
      const [first, second] = branches.map((branch) => {
        const terms = this.without(base);
        for (const [part, share] of termsOf(branch))
          addTerm(terms, productOfBoth(rest, part), R.multiply(coefficient, share));
        return new Sum(terms);
      });
      yield { condition: condition!, branches: [first!, second!] };
    }
  }

  get expression(): Expr {
    return rawSum(this.terms);
  }

  private without(...bases: readonly Expr[]): Terms {
    const terms: Terms = new Map(this.terms);
    for (const base of bases) terms.delete(base);
    return terms;
  }
}

const differenceOfValues = ({ function: f }: Multiple, { function: g }: Multiple): Expr | undefined =>
  differenceOf(f.primitive, f.operands[0]!, g.operands[0]!);

/** a^p - b^p, where a and b may be next to 1 and their logarithms have spellings of their own. */
function differenceOfPowers(...both: readonly [Multiple, Multiple]): Expr | undefined {
  const [first, second] = both.map(({ function: power }) => {
    const [a, exponent] = power.operands;
    const isBounded = a?.kind === "application" && saturating[a.primitive]?.below === null;
    if (power.primitive !== "pow" || !isBounded) return undefined;
    return { exponent, logarithm: normalise(apply("log", [a])) };
  });
  if (!first || !second || first.exponent !== second.exponent) return undefined;
  const [a, b] = [first, second].map(({ exponent, logarithm }) => normalise(apply("multiply", [exponent!, logarithm])));
  return differenceOf("exp", a!, b!);
}

/** What a function goes to beyond an operand, and what it is more than that. */
interface Beyond {
  readonly limit: Expr;
  readonly least: number;
  readonly excess: Expr;
}

const beyond: Readonly<Partial<Record<PrimitiveName, (a: Expr) => Beyond | undefined>>> = {
  log: (a) => {
    if (!isApplication(a, "expm1")) return undefined;
    const exponent = a.operands[0]!;
    const excess = apply("log1p", [apply("negate", [apply("exp", [negated(exponent)])])]);
    return { limit: exponent, least: 1, excess };
  },
  softplus: (a) => ({ limit: a, least: 0, excess: apply("softplus", [negated(a)]) }),
  log1p: (a) => ({ limit: apply("log", [a]), least: 1, excess: apply("log1p", [apply("divide", [one(), a])]) }),
};

/** Replaces a function and its limit, where one is taken from the other, by the excess; whether there was such a place. */
function takesLimitAway(terms: Terms, logarithm: Expr, { limit, excess }: Beyond): boolean {
  for (const [base, coefficient] of terms) {
    const multiple = multiplesOf(base, coefficient).find((each) => each.function === logarithm);
    if (!multiple) continue;
    for (const { part, share, others } of partsOf(multiple.rest)) {
      const taken = productOf(apply("multiply", [part, limit]));
      const opposite = rawProduct({ ...taken, coefficient: R.one });
      const amount = R.multiply(coefficient, share);
      if (!R.equal(terms.get(opposite) ?? R.zero, R.negate(R.multiply(amount, taken.coefficient)))) continue;
      terms.delete(base);
      terms.delete(opposite);
      addTerm(terms, productWith(part, excess), amount);
      if (others) addTerm(terms, productWith(others, logarithm), coefficient);
      return true;
    }
  }
  return false;
}

/** A product, and its parts where a factor is a sum: a term's multiple, with the terms that it leaves. */
function partsOf(
  product: Expr,
): { readonly part: Expr; readonly share: R.Rational; readonly others: Expr | undefined }[] {
  const { powers } = productOf(product);
  const parts = [...powers].flatMap(([factor, power]) => {
    if (power !== 1 || !isSum(factor)) return [];
    const left = new Map(powers);
    left.delete(factor);
    const rest = rawProduct({ coefficient: R.one, powers: left });
    const terms = termsOf(factor);
    return [...terms].map(([term, share]) => {
      const others = new Map(terms);
      others.delete(term);
      return { part: productWith(rest, term), share, others: productWith(rest, rawSum(others)) };
    });
  });
  return [{ part: product, share: R.one, others: undefined }, ...parts];
}

/** The power of an exponential or of a power. */
function powerOf(base: Expr, exponent: Expr): Expr | undefined {
  if (isApplication(base, "exp")) return normalise(apply("exp", [apply("multiply", [exponent, base.operands[0]!])]));
  if (isApplication(base, "pow"))
    return normalise(apply("pow", [base.operands[0]!, apply("multiply", [exponent, base.operands[1]!])]));
  return undefined;
}

const isRoot = (node: Expr): boolean => isApplication(node, "sqrt") || isApplication(node, "hypot");

/** Multiplied out, if something is gone then. */
function differenceOfSquares(a: Expr, b: Expr): Expr | undefined {
  const collected = new Collected();
  const isLess = [a, b].every((each, i) => {
    const { coefficient, powers } = productOf(each);
    const square: Product = { coefficient: R.power(coefficient, 2), powers: new Map() };
    for (const [factor, power] of powers) {
      const [p, q] = factor.kind === "application" ? factor.operands : [];
      if (isApplication(factor, "sqrt")) multiplyPower(square, p!, power);
      else if (isApplication(factor, "hypot"))
        multiplyPower(square, normalise(apply("add", [squareOf(p!), squareOf(q!)])), power);
      else multiplyPower(square, factor, 2 * power);
    }
    return collected.addProduct(i === 0 ? square : { ...square, coefficient: R.negate(square.coefficient) });
  });
  return isLess && collected.hasLost ? normalise(rawSum(collected.terms)) : undefined;
}

/** Of a size that of what it is the size. */
const squareOf = (a: Expr): Expr => {
  const product = productOf(a);
  for (const [factor, power] of [...product.powers]) {
    const [b, c] = isApplication(factor, "where") ? factor.operands.slice(1) : [];
    const inner = isApplication(factor, "abs") ? factor.operands[0]! : b && c && negated(b) === c ? b : undefined;
    if (!inner) continue;
    product.powers.delete(factor);
    multiplyPower(product, inner, power);
  }
  return apply("pow", [rawProduct(product), constant(2)]);
};

function multiplesOf(base: Expr, coefficient: R.Rational): Multiple[] {
  const { powers } = productOf(base);
  return [...powers].flatMap(([factor, power]) => {
    if (power !== 1 || factor.kind !== "application") return [];
    const rest = new Map(powers);
    rest.delete(factor);
    return [{ base, coefficient, function: factor, rest: rawProduct({ coefficient: R.one, powers: rest }) }];
  });
}

function productWith(rest: Expr, factor: Expr): Expr {
  if (rest === one()) return factor;
  const product = productOf(rest);
  multiplyPower(product, factor, 1);
  return rawProduct(product);
}

function productOfBoth(a: Expr, b: Expr): Expr {
  const product = productOf(a);
  for (const [factor, power] of productOf(b).powers) multiplyPower(product, factor, power);
  return rawProduct(product);
}

/** Whether two products differ by parameters alone, which are met as they are: at some they are the same, or opposite. */
function isParametersTimes(a: Expr, b: Expr): boolean {
  const quotient = productOf(a);
  for (const [factor, power] of productOf(b).powers) multiplyPower(quotient, factor, -power);
  const factors = [...quotient.powers.keys()];
  return factors.length > 0 && factors.every((factor) => factor.kind === "variable" && !(factor.space & Space.element));
}
