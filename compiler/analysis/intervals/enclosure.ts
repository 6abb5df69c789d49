/**
 * Expressions evaluated on intervals of their variables. Of a selection only the branches that can be taken are looked
 * at, and what does not depend on an input is computed once for each precision.
 */
import { dyadic, fromRational } from "../../numerics/ball.js";
import { pi } from "../../numerics/trigonometric.js";
import { type Application, type Expr, reachable, type Variable } from "../../ir/expr.js";
import type { PrimitiveName } from "../../primitives/table.js";
import { applied } from "./functions.js";
import {
  add,
  enclosing,
  hull,
  multiply,
  noUpperBound,
  order,
  point,
  subtract,
  whole,
  type Enclosure,
  type Interval,
} from "./interval.js";

/** Whether a condition holds for all, for none or for some of the numbers; `null` where no numbers were compared. */
interface Truth {
  readonly kind: "truth";
  readonly holds: boolean | undefined;
  readonly total: boolean;
}

interface Numbers {
  readonly kind: "numbers";
  readonly value: Enclosure;
}

type Result = Truth | Numbers;

const nowhere: Numbers = { kind: "numbers", value: null };
const numbers = (value: Enclosure): Numbers => (value ? { kind: "numbers", value } : nowhere);
const truth = (holds: boolean | undefined, total: boolean): Truth => ({ kind: "truth", holds, total });

export type Point = ReadonlyMap<Variable, Interval>;

/** Evaluates the roots, each alone or sharing what they have in common. */
export class Encloser {
  private readonly nodes: readonly Expr[];
  private readonly operands: readonly (readonly number[])[];
  private readonly places: ReadonlyMap<Expr, number>;
  /** Whether the node depends on what {@link at} is given. */
  private readonly varies: readonly boolean[];
  private readonly fixedResults = new Map<number, (Result | undefined)[]>();

  /** @param fixed the variables that stay what they are */
  constructor(
    readonly roots: readonly Expr[],
    private readonly fixed: Point,
  ) {
    this.nodes = reachable(roots);
    this.places = new Map(this.nodes.map((node, i) => [node, i]));
    this.operands = this.nodes.map((node) =>
      node.kind === "application" ? node.operands.map((operand) => this.places.get(operand) ?? 0) : [],
    );
    const varies: boolean[] = [];
    this.nodes.forEach((node, i) => {
      varies[i] = node.kind === "variable" ? !fixed.has(node) : (this.operands[i] ?? []).some((o) => varies[o]);
    });
    this.varies = varies;
  }

  /** The values of the roots, in their order, where the other variables are in the intervals given. */
  at(given: Point, precision: number): Enclosure[] {
    const fixed = this.fixedAt(precision);
    const results = [...fixed];
    return this.roots.map((root) => {
      const result = this.evaluate(this.places.get(root) ?? 0, results, given, precision);
      return result.kind === "numbers" ? result.value : null;
    });
  }

  private fixedAt(precision: number): readonly (Result | undefined)[] {
    let results = this.fixedResults.get(precision);
    if (!results) {
      results = new Array<Result | undefined>(this.nodes.length).fill(undefined);
      for (let i = 0; i < this.nodes.length; i++) {
        if (!this.varies[i]) this.evaluate(i, results, this.fixed, precision);
      }
      this.fixedResults.set(precision, results);
    }
    return results;
  }

  private evaluate(root: number, results: (Result | undefined)[], given: Point, precision: number): Result {
    const stack = [root];
    for (let i = stack.at(-1); i !== undefined; i = stack.at(-1)) {
      if (results[i]) {
        stack.pop();
        continue;
      }
      const missing = this.needed(i, results).filter((operand) => !results[operand]);
      if (missing.length > 0) {
        stack.push(...missing);
        continue;
      }
      results[i] = this.resultOf(i, results, given, precision);
      stack.pop();
    }
    return results[root] ?? nowhere;
  }

  /** The operands that the result depends on, as far as that is known yet. */
  private needed(i: number, results: readonly (Result | undefined)[]): readonly number[] {
    const operands = this.operands[i] ?? [];
    const node = this.nodes[i];
    if (node?.kind !== "application" || node.primitive !== "where") return operands;
    const [condition = 0, a = 0, b = 0] = operands;
    const known = results[condition];
    if (known?.kind !== "truth") return [condition];
    return known.holds === undefined ? [a, b] : [known.holds ? a : b];
  }

  private resultOf(i: number, results: readonly (Result | undefined)[], given: Point, precision: number): Result {
    const node = this.nodes[i];
    if (!node) return nowhere;
    if (node.kind === "constant") {
      const { numerator, denominator } = node.value;
      return numbers(
        enclosing(denominator === 1n ? dyadic(numerator) : fromRational(numerator, denominator, precision)),
      );
    }
    if (node.kind === "variable") return numbers(given.get(node) ?? this.fixed.get(node) ?? whole(true));
    return applicationResult(
      node,
      (this.operands[i] ?? []).map((operand) => results[operand]),
      precision,
    );
  }
}

function applicationResult(node: Application, operands: readonly (Result | undefined)[], precision: number): Result {
  const [first, second, third] = operands;
  switch (node.primitive) {
    case "less":
    case "lessOrEqual":
    case "greater":
    case "greaterOrEqual":
    case "equal":
    case "notEqual": {
      const [a, b] = [numbersOf(first), numbersOf(second)];
      if (!a || !b) return truth(undefined, false);
      const same = node.operands[0] === node.operands[1];
      return truth(compared(node.primitive, a, b, same), a.total && b.total);
    }
    case "and":
    case "or": {
      const [a, b] = [truthOf(first), truthOf(second)];
      const absorbing = node.primitive === "or";
      const total = a.total && b.total;
      if (a.holds === absorbing || b.holds === absorbing) return truth(absorbing, total);
      return truth(a.holds === undefined || b.holds === undefined ? undefined : !absorbing, total);
    }
    case "not": {
      const { holds, total } = truthOf(first);
      return truth(holds === undefined ? undefined : !holds, total);
    }
    case "where": {
      const { holds, total } = truthOf(first);
      const taken =
        holds === undefined ? either(numbersOf(second), numbersOf(third)) : numbersOf(holds ? second : third);
      return numbers(taken && (total ? taken : { ...taken, total: false }));
    }
    case "pi":
      return numbers(enclosing(pi(precision)));
    case "infinity":
      return numbers(point(noUpperBound));
    default:
      return numbers(numberResult(node, operands, precision));
  }
}

const numbersOf = (result: Result | undefined): Enclosure => (result?.kind === "numbers" ? result.value : null);
const truthOf = (result: Result | undefined): Truth => (result?.kind === "truth" ? result : truth(undefined, false));

function either(a: Enclosure, b: Enclosure): Enclosure {
  if (a && b) return hull(a, b);
  const known = a ?? b;
  return known && { ...known, total: false };
}

function numberResult(node: Application, operands: readonly (Result | undefined)[], precision: number): Enclosure {
  const [a, b] = [numbersOf(operands[0]), numbersOf(operands[1])];
  if (!a || (operands.length > 1 && !b)) return null;
  if (!b) return applied(node.primitive, a, undefined, precision) ?? null;
  switch (node.primitive) {
    case "add":
      return add(a, b, precision);
    case "subtract":
      return node.operands[0] === node.operands[1] ? subtractSame(a, b, precision) : subtract(a, b, precision);
    case "multiply":
      return node.operands[0] === node.operands[1] ? square(a, precision) : multiply(a, b, precision);
    default: {
      const result = applied(node.primitive, a, b, precision);
      return result === undefined ? whole(false) : result;
    }
  }
}

const square = (a: Interval, precision: number): Enclosure => applied("pow", a, point(dyadic(2n)), precision) ?? null;

/** x − x is 0 wherever there is an x. */
const subtractSame = (a: Interval, b: Interval, precision: number): Enclosure =>
  a.low.kind === "finite" && a.high.kind === "finite" ? point(dyadic(0n), a.total) : subtract(a, b, precision);

function compared(primitive: PrimitiveName, a: Interval, b: Interval, same: boolean): boolean | undefined {
  // Of numbers that are equal as they stand, whatever they are.
  const equal = same || (order(a.low, a.high) === 0 && order(b.low, b.high) === 0 && order(a.low, b.low) === 0);
  const less = !same && order(a.high, b.low) < 0;
  const greater = !same && order(a.low, b.high) > 0;
  const [notLess, notGreater] = [same || order(a.low, b.high) >= 0, same || order(a.high, b.low) <= 0];
  const decided = (yes: boolean, no: boolean): boolean | undefined => (yes ? true : no ? false : undefined);
  switch (primitive) {
    case "less":
      return decided(less, notLess);
    case "lessOrEqual":
      return decided(notGreater, greater);
    case "greater":
      return decided(greater, notGreater);
    case "greaterOrEqual":
      return decided(notLess, less);
    case "equal":
      return decided(equal, less || greater);
    default:
      return decided(less || greater, equal);
  }
}
