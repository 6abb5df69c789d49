/** Polynomials in one variable, by Horner's rule: as expressions, and in float64 beside vectors of float32. */
import { apply, constant, type Expr, fold, type Variable, variablesOf } from "../../ir/expr.js";
import { add, isZero, multiply, one, type Rational, rational, toNumber } from "../../ir/rational.js";
import type { VectorGraph, VectorNode } from "../../machine/vector/index.js";

/** Coefficients by degree; none is 0. */
type Coefficients = ReadonlyMap<number, Rational>;

export interface Polynomial {
  readonly variable: Variable;
  readonly coefficients: Coefficients;
}

/** More has no use for digits beyond float32. */
const mostDegree = 16;

/** A lowered expression as such a polynomial, if it is one. */
export function polynomialOf(root: Expr): Polynomial | undefined {
  const [variable, ...others] = variablesOf(root);
  if (!variable || others.length > 0) return undefined;
  const coefficients = fold<Coefficients | undefined>(root, (node, operands) => {
    if (node.kind === "constant") return withoutZeros([[0, node.value]]);
    if (node.kind === "variable") return new Map([[1, one]]);
    const [a, b = constantOne] = operands;
    if (!a || !b) return undefined;
    switch (node.primitive) {
      case "negate":
        return product(a, minusOne);
      case "add":
        return sum(a, b);
      case "subtract":
        return sum(a, product(b, minusOne));
      case "multiply":
        return Math.max(...a.keys(), 0) + Math.max(...b.keys(), 0) <= mostDegree ? product(a, b) : undefined;
      default:
        return undefined;
    }
  });
  return coefficients && { variable, coefficients };
}

const constantOne: Coefficients = new Map([[0, one]]);
const minusOne: Coefficients = new Map([[0, rational(-1)]]);

function withoutZeros(terms: Iterable<readonly [degree: number, coefficient: Rational]>): Coefficients {
  const found = new Map<number, Rational>();
  for (const [degree, coefficient] of terms) {
    const known = found.get(degree);
    found.set(degree, known ? add(known, coefficient) : coefficient);
  }
  return new Map([...found].filter(([, coefficient]) => !isZero(coefficient)));
}

const sum = (a: Coefficients, b: Coefficients): Coefficients => withoutZeros([...a, ...b]);
const product = (a: Coefficients, b: Coefficients): Coefficients =>
  withoutZeros([...a].flatMap(([i, p]) => [...b].map(([j, q]) => [i + j, multiply(p, q)] as const)));

interface Arithmetic<T, C> {
  readonly constant: (value: C) => T;
  readonly add: (a: T, b: T) => T;
  readonly multiply: (a: T, b: T) => T;
}

/** Horner's rule over the terms that there are, of the highest degree first. */
function byHornersRule<T, C>(
  terms: readonly (readonly [degree: number, coefficient: C])[],
  x: T,
  { constant, add, multiply }: Arithmetic<T, C>,
): T {
  const power = (degree: number): T => {
    if (degree === 1) return x;
    const half = power(degree >> 1);
    const square = multiply(half, half);
    return degree % 2 === 0 ? square : multiply(square, x);
  };
  const [[highest, leading], ...lower] = terms as [(typeof terms)[number], ...typeof terms];
  let value = constant(leading);
  let last = highest;
  for (const [degree, coefficient] of lower) {
    value = add(multiply(value, power(last - degree)), constant(coefficient));
    last = degree;
  }
  return last === 0 ? value : multiply(value, power(last));
}

const highestFirst = <C>(terms: Iterable<readonly [degree: number, coefficient: C]>): [degree: number, C][] =>
  [...terms].map(([degree, coefficient]): [number, C] => [degree, coefficient]).sort(([a], [b]) => b - a);

/** A multiple of the polynomial; something is added to it. */
export function polynomialInDouble(
  graph: VectorGraph,
  { coefficients }: Polynomial,
  variable: VectorNode,
  { scale = 1, plus = 0 }: { readonly scale?: number; readonly plus?: number } = {},
): VectorNode {
  const terms = new Map([...coefficients].map(([degree, coefficient]) => [degree, scale * toNumber(coefficient)]));
  if (plus !== 0) terms.set(0, (terms.get(0) ?? 0) + plus);
  if (terms.size === 0) return graph.double(0);
  return byHornersRule(highestFirst(terms), graph.promoted(variable), {
    constant: (value) => graph.double(value),
    add: (a, b) => graph.float("add", a, b),
    multiply: (a, b) => graph.float("mul", a, b),
  });
}

/** An expression by that rule, if it is a polynomial in one variable; otherwise itself. */
export function inHornersForm(root: Expr): Expr {
  const found = polynomialOf(root);
  const terms = highestFirst(found?.coefficients ?? []);
  if (!found || terms.every(([degree]) => degree < 2)) return root;
  return byHornersRule<Expr, Rational>(terms, found.variable, {
    constant,
    add: (a, b) => apply("add", [a, b]),
    multiply: (a, b) => apply("multiply", [a, b]),
  });
}

export interface Holds {
  readonly low?: number;
  readonly high?: number;
}

/** Between what numbers the variable may be held so that the polynomial comes to a limit where it tends to infinity, and no further. */
export function holdsOf({ coefficients }: Polynomial, limit: number): Holds {
  const terms = [...coefficients].map(([degree, coefficient]) => [degree, toNumber(coefficient)] as const);
  const valueAt = (x: number): number => terms.reduce((sum, [degree, factor]) => sum + factor * x ** degree, 0);
  /** The largest size that is not yet there, or a little less: on one side it may tend elsewhere. */
  const holdOn = (side: 1 | -1): number | undefined => {
    const isBeyond = (size: number): boolean => valueAt(side * size) > limit;
    let size = 2 ** 30;
    if (!isBeyond(size)) return undefined;
    while (size > 2 ** -30 && isBeyond(size)) size /= 2;
    for (let step = size / 2; step >= size / 32; step /= 2) if (!isBeyond(size + step)) size += step;
    return isBeyond(size) ? undefined : side * size;
  };
  const [low, high] = [holdOn(-1), holdOn(1)];
  return { ...(low === undefined ? {} : { low }), ...(high === undefined ? {} : { high }) };
}
