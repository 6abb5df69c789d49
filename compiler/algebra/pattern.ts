/**
 * Matching up to the laws of sums and products. A pattern is written in the definition language; a single letter is
 * a hole. A sum pattern matches a part of a sum at any common factor, a product pattern a part of a product.
 */
import type { Expression } from "../../grammar/syntax.js";
import { constant, type Expr } from "../ir/expr.js";
import * as R from "../ir/rational.js";
import type { Rational } from "../ir/rational.js";
import { primitiveNamed, type PrimitiveName } from "../primitives/table.js";
import {
  addTerm,
  isConstant,
  isSum,
  multiplyPower,
  type Product,
  productOf,
  rawProduct,
  termsOf,
  type Terms,
} from "./forms.js";

export type Pattern =
  | { readonly kind: "hole"; readonly name: string }
  | { readonly kind: "constant"; readonly value: Rational }
  | { readonly kind: "sum"; readonly terms: readonly PatternTerm[] }
  | { readonly kind: "product"; readonly coefficient: Rational; readonly factors: readonly PatternFactor[] }
  | { readonly kind: "apply"; readonly primitive: PrimitiveName; readonly operands: readonly Pattern[] };

export interface PatternTerm {
  readonly coefficient: Rational;
  /** `null`: the constant term. */
  readonly base: Pattern | null;
}

export interface PatternFactor {
  readonly base: Pattern;
  readonly exponent: number;
}

export type Bindings = ReadonlyMap<string, Expr>;

/** How nodes are built while matching: simplified. */
export interface Builder {
  readonly product: (product: Product) => Expr;
  readonly sum: (terms: Terms) => Expr;
}

export function patternOf(syntax: Expression): Pattern {
  switch (syntax.kind) {
    case "number":
      return { kind: "constant", value: R.parseLiteral(syntax.text) };
    case "name":
      return syntax.name === "pi"
        ? { kind: "apply", primitive: "pi", operands: [] }
        : { kind: "hole", name: syntax.name };
    case "negate":
      return scalePattern(patternOf(syntax.operand), R.rational(-1));
    case "binary": {
      const left = patternOf(syntax.left);
      const right = patternOf(syntax.right);
      switch (syntax.operator) {
        case "+":
          return { kind: "sum", terms: [...patternTerms(left, R.one), ...patternTerms(right, R.one)] };
        case "-":
          return { kind: "sum", terms: [...patternTerms(left, R.one), ...patternTerms(right, R.rational(-1))] };
        case "*":
          return patternProduct(left, 1, right, 1);
        case "/":
          return patternProduct(left, 1, right, -1);
        case "^":
          if (right.kind !== "constant") return { kind: "apply", primitive: "pow", operands: [left, right] };
          return patternProduct(left, Number(right.value.numerator), { kind: "constant", value: R.one }, 1);
      }
    }
    // falls through: the switch above is total
    case "call": {
      const primitive = primitiveNamed(syntax.callee.text);
      if (!primitive) throw new Error(`a rule names the unknown primitive ${syntax.callee.text}`);
      return { kind: "apply", primitive, operands: syntax.positional.map(patternOf) };
    }
    case "comparison":
    case "and":
    case "or":
    case "not":
      throw new Error("a rule's left side holds no condition");
  }
}

function scalePattern(pattern: Pattern, factor: Rational): Pattern {
  return patternProduct({ kind: "constant", value: factor }, 1, pattern, 1);
}

function patternTerms(pattern: Pattern, scale: Rational): PatternTerm[] {
  if (pattern.kind === "sum")
    return pattern.terms.map((term) => ({ ...term, coefficient: R.multiply(term.coefficient, scale) }));
  if (pattern.kind === "constant") return [{ coefficient: R.multiply(pattern.value, scale), base: null }];
  if (pattern.kind === "product") {
    const [only] = pattern.factors;
    const base: Pattern =
      pattern.factors.length === 1 && only?.exponent === 1 ? only.base : { ...pattern, coefficient: R.one };
    return [{ coefficient: R.multiply(pattern.coefficient, scale), base }];
  }
  return [{ coefficient: scale, base: pattern }];
}

function patternProduct(a: Pattern, aExponent: number, b: Pattern, bExponent: number): Pattern {
  let coefficient = R.one;
  const factors: PatternFactor[] = [];
  for (const [pattern, exponent] of [
    [a, aExponent],
    [b, bExponent],
  ] as const) {
    if (pattern.kind === "constant") coefficient = R.multiply(coefficient, R.power(pattern.value, exponent));
    else if (pattern.kind === "product") {
      coefficient = R.multiply(coefficient, R.power(pattern.coefficient, exponent));
      factors.push(...pattern.factors.map((factor) => ({ ...factor, exponent: factor.exponent * exponent })));
    } else factors.push({ base: pattern, exponent });
  }
  return { kind: "product", coefficient, factors };
}

/** All ways in which the whole node is the pattern. */
export function* match(pattern: Pattern, node: Expr, bound: Bindings, build: Builder): Generator<Bindings> {
  switch (pattern.kind) {
    case "hole": {
      const value = bound.get(pattern.name);
      if (value === undefined) yield new Map(bound).set(pattern.name, node);
      else if (value === node) yield bound;
      return;
    }
    case "constant":
      if (node.kind === "constant" && R.equal(node.value, pattern.value)) yield bound;
      return;
    case "apply":
      if (node.kind !== "application" || node.primitive !== pattern.primitive) return;
      yield* matchAll(pattern.operands, node.operands, bound, build);
      return;
    case "sum":
      for (const { bindings, rest, scale } of matchTerms(pattern.terms, termsOf(node), bound, build)) {
        if (rest.size === 0 && isConstant(scale, 1)) yield bindings;
      }
      return;
    case "product": {
      // One open hole takes whatever the other factors leave, and the coefficient.
      const open = pattern.factors.filter(
        ({ base, exponent }) => exponent === 1 && base.kind === "hole" && !bound.has(base.name),
      );
      const [hole] = open;
      if (open.length === 1 && hole?.base.kind === "hole") {
        const { name } = hole.base;
        const others = pattern.factors.filter((factor) => factor !== hole);
        if (others.length === 0) {
          yield new Map(bound).set(name, divideBy(node, pattern.coefficient, build));
          return;
        }
        for (const { bindings, rest } of matchFactors({ ...pattern, factors: others }, productOf(node), bound, build)) {
          const value = build.product(rest);
          const known = bindings.get(name);
          if (known === undefined) yield new Map(bindings).set(name, value);
          else if (known === value) yield bindings;
        }
        return;
      }
      if (
        pattern.factors.length === 1 &&
        pattern.factors[0]?.exponent === 1 &&
        pattern.factors[0].base.kind === "hole"
      ) {
        yield* match(pattern.factors[0].base, divideBy(node, pattern.coefficient, build), bound, build);
        return;
      }
      for (const { bindings, rest } of matchFactors(pattern, productOf(node), bound, build)) {
        if (rest.powers.size === 0 && R.isOne(rest.coefficient)) yield bindings;
      }
    }
  }
}

function divideBy(node: Expr, divisor: Rational, build: Builder): Expr {
  if (isSum(node)) {
    const terms: Terms = new Map();
    for (const [base, coefficient] of termsOf(node)) addTerm(terms, base, R.divide(coefficient, divisor));
    return build.sum(terms);
  }
  const product = productOf(node);
  return build.product({ coefficient: R.divide(product.coefficient, divisor), powers: product.powers });
}

function* matchAll(
  patterns: readonly Pattern[],
  nodes: readonly Expr[],
  bound: Bindings,
  build: Builder,
): Generator<Bindings> {
  const [pattern, ...otherPatterns] = patterns;
  const [node, ...otherNodes] = nodes;
  if (!pattern || !node) {
    if (!pattern && !node) yield bound;
    return;
  }
  for (const bindings of match(pattern, node, bound, build))
    yield* matchAll(otherPatterns, otherNodes, bindings, build);
}

/**
 * A part of the sum that is `scale` times the pattern. `scale` may be any product, so `x + x * erf(z)` holds
 * `1 + erf(z)` at the scale x. A hole that stands as the last term takes all other terms, if the scale is 1.
 */
export function* matchTerms(
  pattern: readonly PatternTerm[],
  terms: Terms,
  bound: Bindings,
  build: Builder,
): Generator<{ bindings: Bindings; rest: Terms; scale: Expr }> {
  if (terms.size < pattern.length || terms.size > 40) return;
  const [head, ...tail] = pattern;
  if (!head) return;
  if (head.base === null) {
    for (const [base, coefficient] of terms) {
      const scale = build.product(productWith(base, R.divide(coefficient, head.coefficient)));
      yield* matchTail(tail, without(terms, base), bound, scale, build);
    }
    return;
  }
  for (const [base, coefficient] of terms) {
    const scale = constant(R.divide(coefficient, head.coefficient));
    for (const bindings of match(head.base, base, bound, build))
      yield* matchTail(tail, without(terms, base), bindings, scale, build);
  }
}

function without(terms: Terms, base: Expr): Terms {
  const rest = new Map(terms);
  rest.delete(base);
  return rest;
}

function productWith(base: Expr, coefficient: Rational): Product {
  const product = productOf(base);
  return { coefficient: R.multiply(product.coefficient, coefficient), powers: product.powers };
}

function* matchTail(
  pattern: readonly PatternTerm[],
  terms: Terms,
  bound: Bindings,
  scale: Expr,
  build: Builder,
): Generator<{ bindings: Bindings; rest: Terms; scale: Expr }> {
  const [head, ...tail] = pattern;
  if (!head) {
    yield { bindings: bound, rest: terms, scale };
    return;
  }
  if (
    tail.length === 0 &&
    head.base?.kind === "hole" &&
    !bound.has(head.base.name) &&
    terms.size > 0 &&
    R.isOne(head.coefficient) &&
    isConstant(scale, 1)
  ) {
    yield { bindings: new Map(bound).set(head.base.name, build.sum(terms)), rest: new Map(), scale };
    return;
  }
  const scaleProduct = productOf(scale);
  for (const [base, coefficient] of terms) {
    const quotient = productOf(base);
    for (const [factor, exponent] of scaleProduct.powers) multiplyPower(quotient, factor, -exponent);
    const ratio = R.divide(
      R.multiply(coefficient, quotient.coefficient),
      R.multiply(scaleProduct.coefficient, head.coefficient),
    );
    if (head.base === null) {
      if (quotient.powers.size === 0 && R.isOne(ratio))
        yield* matchTail(tail, without(terms, base), bound, scale, build);
    } else if (R.isOne(ratio)) {
      if (quotient.powers.size > productOf(base).powers.size) continue;
      const target = rawProduct({ coefficient: R.one, powers: quotient.powers });
      for (const bindings of match(head.base, target, bound, build))
        yield* matchTail(tail, without(terms, base), bindings, scale, build);
    }
  }
}

/** A part of the product that is the pattern; what is left over is `rest`. */
export function* matchFactors(
  pattern: { readonly coefficient: Rational; readonly factors: readonly PatternFactor[] },
  product: Product,
  bound: Bindings,
  build: Builder,
): Generator<{ bindings: Bindings; rest: Product }> {
  yield* matchFactorList(
    pattern.factors,
    { coefficient: R.divide(product.coefficient, pattern.coefficient), powers: product.powers },
    bound,
    build,
  );
}

function* matchFactorList(
  pattern: readonly PatternFactor[],
  product: Product,
  bound: Bindings,
  build: Builder,
): Generator<{ bindings: Bindings; rest: Product }> {
  const [head, ...tail] = pattern;
  if (!head) {
    yield { bindings: bound, rest: product };
    return;
  }
  const known = head.base.kind === "hole" && head.exponent > 0 ? bound.get(head.base.name) : undefined;
  if (known) {
    // The hole is bound: its factors have to be among those that are left.
    const taken = productOf(known);
    const rest: Product = {
      coefficient: R.divide(product.coefficient, R.power(taken.coefficient, head.exponent)),
      powers: new Map(product.powers),
    };
    for (const [factor, exponent] of taken.powers) {
      const left = rest.powers.get(factor) ?? 0;
      const wanted = exponent * head.exponent;
      if (wanted > 0 ? left < wanted : left > wanted) return;
      multiplyPower(rest, factor, -wanted);
    }
    yield* matchFactorList(tail, rest, bound, build);
    return;
  }
  for (const [factor, exponent] of product.powers) {
    if (exponent > 0 !== head.exponent > 0 || Math.abs(exponent) < Math.abs(head.exponent)) continue;
    for (const bindings of match(head.base, factor, bound, build)) {
      const rest: Product = { coefficient: product.coefficient, powers: new Map(product.powers) };
      multiplyPower(rest, factor, -head.exponent);
      yield* matchFactorList(tail, rest, bindings, build);
    }
  }
}
