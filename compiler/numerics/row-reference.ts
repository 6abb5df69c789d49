/**
 * What an activation that reduces over an axis is on a row: its body as written, over the reals, and what it passes back.
 * Reductions are named, and what they are computed from is differentiated by dual numbers: nothing is shared with the
 * formulas that the compiler derives.
 */
import { type Activation } from "../ir/activation.js";
import {
  axisLength,
  type Expr,
  reachable,
  Space,
  substitute,
  variable,
  type Variable,
  variablesOf,
  variesAlongAxis,
} from "../ir/expr.js";
import {
  absolute,
  add,
  type Ball,
  compare,
  dyadic,
  finite,
  fromNumber,
  hull,
  multiply,
  one,
  unknown,
  zero,
} from "./ball.js";
import { evaluate } from "./evaluate.js";
import { magnitude } from "./integers.js";
import type { Dual } from "./tangents.js";

/** Elements of a row that are alike in all that is given of them. */
export interface RowPart {
  readonly count: number;
  /** Numbers for the variables that vary along the axis. */
  readonly values: ReadonlyMap<Variable, Ball>;
  readonly cotangent: Ball;
}

/**
 * A row. Parts stand in the order of their first elements; where an element may be the first that attains an extreme, it is a
 * part of its own before others that are equal.
 */
export interface ReferenceRow {
  readonly parts: readonly RowPart[];
  /** Numbers for the variables that are the same all along. */
  readonly fixed: ReadonlyMap<Variable, Ball>;
}

export interface RowPrecision {
  readonly bits: number;
  /**
   * How far each sum may be off, as a part of the sum of its terms' sizes. With 0, results enclose the true values; else, what
   * is known of them where sums are known no better.
   */
  readonly sums: number;
  /** The same of a gradient that is a sum over the row. */
  readonly total: number;
}

type Kind = "sum" | "maximum" | "minimum";

interface RowNumber {
  readonly name: Variable;
  readonly kind: Kind;
  readonly operand: Expr;
}

/** A number of the row, and which part of the row attains it, where it is an extreme: null where that is not known. */
interface Found {
  readonly value: Ball;
  readonly part: number | null;
}

/** In the graph of nodes of the activation, which is there as long as this is used. */
export class RowReference {
  private readonly numbers: readonly RowNumber[];
  private readonly root: Expr;
  private readonly declared: ReadonlyMap<Variable, Expr>;
  /** Whether a row has one result. */
  readonly yieldsRows: boolean;

  constructor({ body, gradients }: Activation) {
    const roots = [body, ...gradients.values()];
    const names = new Map<Expr, Variable>();
    const numbers: RowNumber[] = [];
    for (const node of reachable(roots)) {
      if (node.kind !== "application" || !isKind(node.primitive)) continue;
      const name = variable(`number ${numbers.length} of the row`, "formal", Space.row);
      numbers.push({ name, kind: node.primitive, operand: substitute(node.operands[0]!, names) });
      names.set(node, name);
    }
    this.numbers = numbers;
    this.yieldsRows = !variesAlongAxis(body);
    this.root = substitute(body, names);
    this.declared = new Map([...gradients].map(([of, value]) => [of, substitute(value, names)]));
  }

  /** The value of each part, or the one of the row. */
  values(row: ReferenceRow, precision: RowPrecision): readonly Ball[] {
    const run = new RowRun(row, precision);
    this.findNumbers(run);
    return (this.yieldsRows ? row.parts.slice(0, 1) : row.parts).map((_, c) => run.at(this.root, c, null).value);
  }

  /** What arrives at a variable: at each part where it varies along the axis, else in all. */
  gradients(of: Variable, row: ReferenceRow, precision: RowPrecision): readonly Ball[] {
    const run = new RowRun(row, precision);
    const found = this.findNumbers(run);
    const { numbers, root, yieldsRows } = this;
    const given = this.declared.get(of);
    const varies = row.parts[0]?.values.has(of) ?? false;
    const results = yieldsRows ? [0] : row.parts.map((_, c) => c);
    const asked = (c: number): Ball => (yieldsRows ? row.parts[0]!.cotangent : row.parts[c]!.cotangent);
    const countOf = (c: number): number => (yieldsRows ? 1 : row.parts[c]!.count);
    /** What arrives at the numbers of the row. */
    const arrived: (Ball | null)[] = numbers.map(() => null);
    /** What a number of the row passes on to its operand in a part; null for nothing. */
    const passed = (m: number, c: number): Ball | null => {
      const all = arrived[m] ?? null;
      if (all === null) return null;
      const { kind } = numbers[m]!;
      if (kind === "sum") return all;
      const { part } = found[m]!;
      return part === null ? unknown : part === c ? all : null;
    };
    /** Terms from the numbers of the row on, in a part. */
    const inner = (target: Variable, c: number): Ball[] =>
      numbers.flatMap(({ operand }, m) => {
        const all = passed(m, c);
        const tangent = all === null ? null : run.tangent(operand, c, target);
        return all === null || tangent === null ? [] : [multiply(all, tangent, run.bits)];
      });
    const outer = (target: Variable, c: number): Ball[] => {
      const tangent = run.tangent(root, c, target);
      return tangent === null ? [] : [multiply(asked(c), tangent, run.bits)];
    };
    const summed = (target: Variable, tolerance = precision.sums): Ball | null => {
      const terms = [
        ...results.flatMap((c) => outer(target, c).map((term) => run.times(term, countOf(c)))),
        ...row.parts.flatMap(({ count }, c) => inner(target, c).map((term) => run.times(term, count))),
      ];
      return terms.length === 0 ? null : run.sum(terms, tolerance);
    };
    if (given) {
      const terms = row.parts.map((_, c) => multiply(asked(c), run.at(given, c, null).value, run.bits));
      return varies
        ? terms
        : [
            run.sum(
              terms.map((term, c) => run.times(term, row.parts[c]!.count)),
              precision.total,
            ),
          ];
    }
    for (let j = numbers.length - 1; j >= 0; j--) arrived[j] = summed(numbers[j]!.name);
    if (!varies) return [summed(of, precision.total) ?? zero];
    return row.parts.map((_, c) => run.sum([...(yieldsRows ? [] : outer(of, c)), ...inner(of, c)]));
  }

  private findNumbers(run: RowRun): readonly Found[] {
    return this.numbers.map(({ name, kind, operand }) => {
      const found = run.reduced(kind, operand);
      run.bind(name, found.value);
      return found;
    });
  }
}

const isKind = (primitive: string): primitive is Kind =>
  primitive === "sum" || primitive === "maximum" || primitive === "minimum";

/** One evaluation: what is known so far of the row's numbers. */
class RowRun {
  readonly bits: number;
  private readonly bindings: Map<Variable, Dual>[];

  constructor(
    private readonly row: ReferenceRow,
    private readonly precision: RowPrecision,
  ) {
    this.bits = precision.bits;
    const dual = ([each, value]: readonly [Variable, Ball]): [Variable, Dual] => [each, { value, tangent: null }];
    const length = dyadic(BigInt(row.parts.reduce((sum, { count }) => sum + count, 0)));
    const fixed = [...row.fixed, [axisLength(), length] as const];
    this.bindings = row.parts.map(({ values }) => new Map([...fixed, ...values].map(dual)));
  }

  bind(name: Variable, value: Ball): void {
    for (const each of this.bindings) each.set(name, { value, tangent: null });
  }

  at(root: Expr, part: number, seed: Variable | null): Dual {
    const bindings = this.bindings[part]!;
    if (seed === null) return evaluate(root, { bindings, precision: this.bits });
    const before = bindings.get(seed);
    if (!before) throw new TypeError(`'${seed.name}' has no number in this row`);
    bindings.set(seed, { value: before.value, tangent: one });
    const result = evaluate(root, { bindings, precision: this.bits });
    bindings.set(seed, before);
    return result;
  }

  tangent(root: Expr, part: number, target: Variable): Ball | null {
    return variablesOf(root).has(target) ? this.at(root, part, target).tangent : null;
  }

  times(term: Ball, count: number): Ball {
    return count === 1 ? term : multiply(term, dyadic(BigInt(count)), this.bits);
  }

  sum(terms: readonly Ball[], tolerance = this.precision.sums): Ball {
    const all = terms.reduce((a, b) => add(a, b, this.bits), zero);
    if (tolerance === 0 || all.kind !== "finite") return all;
    const sizes = terms.reduce((a, b) => add(a, absolute(b), this.bits), zero);
    const off = multiply(sizes, fromNumber(tolerance), this.bits);
    if (off.kind !== "finite") return all;
    return add(all, finite(0n, magnitude(off.mid) + off.radius, off.exponent, this.bits), this.bits);
  }

  reduced(kind: Kind, operand: Expr): Found {
    const { parts } = this.row;
    const values = parts.map((_, c) => this.at(operand, c, null).value);
    if (kind === "sum")
      return { value: this.sum(values.map((value, c) => this.times(value, parts[c]!.count))), part: null };
    const beyond = kind === "maximum" ? 1 : -1;
    let [value, part]: [Ball, number | null] = [values[0] ?? unknown, 0];
    for (const [c, each] of values.entries()) {
      if (each.kind === "nan") return { value: each, part: null };
      if (c === 0 || isSame(each, value)) continue;
      const order = compare(each, value, this.bits);
      if (order === undefined) [value, part] = [hull(each, value, this.bits), null];
      else if (order === beyond) [value, part] = [each, c];
    }
    return { value, part };
  }
}

/** What was computed from the same numbers is the same, however little is known of it. */
const isSame = (a: Ball, b: Ball): boolean =>
  a.kind === "finite" && b.kind === "finite"
    ? a.mid === b.mid && a.exponent === b.exponent && a.radius === b.radius
    : a.kind === b.kind && a.kind !== "infinite";
