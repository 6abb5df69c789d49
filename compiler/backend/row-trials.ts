/**
 * Whether the numbers of a row stay in the range of a target's arithmetic on the way to results: tried out on short rows of
 * adversarial numbers, in binary64.
 */
import { apply, type Expr, isInside, Space, variable, type Variable, variablesOf } from "../ir/expr.js";
import { evaluation } from "../numerics/intermediate.js";
import type { KernelPlan } from "./kernels.js";
import { planRows, type RowOutput, type RowPlan, type RowValue } from "./rows.js";
import { fewestWalks } from "./walks.js";

/** The largest number on the way that a target has room for. */
export const rowRanges = { float64: Number.MAX_VALUE, float32: 3.4028234663852886e38 } as const;

const large = 3.4028234663852886e38;

/** Contents of rows: numbers of all sizes, one that dominates, none that differs. */
const finiteRows: readonly (readonly number[])[] = [
  [1],
  [large],
  [-1e30],
  [-1e4],
  [large, -large, 1],
  [-large, -1e30, 1],
  [1e19, -1e25, 1e13],
  [1e4, -1e4, 3],
  [90, 89, -2],
  [-800, -900, -1000],
  [1e-3, -1e-20, 1e-30],
];

const infiniteRows: readonly (readonly number[])[] = [
  [Infinity],
  [Infinity, 1, -2],
  [-Infinity, 1, 2],
  [-1, Infinity, 0.5],
];

/** What may be infinite because what it is given is. */
const passing: ReadonlySet<string> = new Set([
  ...["excess", "negate", "abs", "where", "smaller", "larger", "at_least", "at_most", "choose", "pick", "sign"],
  ...["stop_gradient", "maximum", "minimum"],
]);

/** Whether numbers on the way, or results that ought to be numbers, leave the range for some of the rows. */
export function leavesRange(plan: KernelPlan, outputs: readonly RowOutput[], largest: number): boolean {
  const rows = planRows(outputs.map(({ value }) => value));
  return settingsOf(plan).some((setting) => {
    const trial = new RowTrial(plan, rows, largest, setting);
    return finiteRows.some((row) => trial.fails(row, false)) || infiniteRows.some((row) => trial.fails(row, true));
  });
}

/** Hyperparameters by name. */
type Setting = ReadonlyMap<string, number>;

/** Values that make others huge or small, as far as a hyperparameter's range allows. */
const extremeValues: readonly number[] = [2 ** -126, 1e-10, 1e10, -1e10];

/** The defaults, and each hyperparameter once at each of its extreme values. */
function settingsOf({ activation: { hyperparameters } }: KernelPlan): Setting[] {
  const defaults = hyperparameters.map(({ variable, default: value }) => [variable.name, value] as const);
  const others = hyperparameters.flatMap(({ variable, range }) =>
    extremeValues
      .filter((value) => isInside(range, value))
      .map((value) => new Map([...defaults, [variable.name, value]])),
  );
  return [new Map(defaults), ...others];
}

/**
 * Whether sums that are carried along with a search for the largest exponent stay in the range wherever they did, though they have
 * terms, on the way, whose exponentials are not yet small.
 */
export function carriesWithin(plan: KernelPlan, outputs: readonly RowOutput[], largest: number): boolean {
  const rows = planRows(outputs.map(({ value }) => value));
  const sums = fewestWalks(rows, true).levels.flatMap(({ carried }) => carried);
  const sizes = sums.map(({ name, rest }): RowValue => ({
    name: variable(`size of ${name.name}`, "formal", Space.row),
    kind: "sum",
    operand: apply("abs", [rest]),
  }));
  return settingsOf(plan).every((setting) => {
    const before = new RowTrial(plan, { levels: rows.levels, roots: [] }, largest, setting);
    const along = new RowTrial(plan, { levels: [...rows.levels, sizes], roots: [] }, largest, setting);
    return finiteRows.every((row) => !along.fails(row, false) || before.fails(row, false));
  });
}

class RowTrial {
  private readonly variables: readonly Variable[];
  private readonly levels: readonly (readonly { readonly value: RowValue; readonly program: Program }[])[];
  private readonly roots: readonly Program[];

  constructor(
    private readonly plan: KernelPlan,
    { levels, roots }: RowPlan,
    private readonly largest: number,
    private readonly setting: Setting,
  ) {
    const operands = levels.flatMap((level) => level.map(({ operand }) => operand));
    this.variables = [...new Set([...operands, ...roots].flatMap((expr) => [...variablesOf(expr)]))];
    const program = (root: Expr): Program => new Program(root, this.variables);
    this.levels = levels.map((level) => level.map((value) => ({ value, program: program(value.operand) })));
    this.roots = roots.map(program);
  }

  fails(row: readonly number[], isInfinite: boolean): boolean {
    const found = new Map<Variable, number>();
    const numbers = (k: number): number[] => this.variables.map((each) => found.get(each) ?? this.given(each, row, k));
    const leaves = (program: Program, isRoot: boolean): boolean => program.leaves(this.largest, isInfinite, isRoot);
    for (const level of this.levels) {
      for (const { value, program } of level) {
        const terms: number[] = [];
        for (let k = 0; k < row.length; k++) {
          terms.push(program.run(numbers(k)));
          if (leaves(program, false)) return true;
        }
        const reduced = reductions[value.kind](terms);
        if (value.kind === "sum" && !isInfinite && !(Math.abs(reduced) <= this.largest)) return true;
        found.set(value.name, reduced);
      }
    }
    return this.roots.some((program) =>
      row.some((_, k) => {
        const result = program.run(numbers(k));
        return leaves(program, true) || Number.isNaN(result);
      }),
    );
  }

  /** What a variable is at a place. Other inputs have what the first one has elsewhere, and nothing infinite. */
  private given({ role, name, space }: Variable, row: readonly number[], k: number): number {
    const { activation } = this.plan;
    switch (role) {
      case "input": {
        const place = activation.inputs.findIndex((each) => each.name === name);
        const number = row[(k + place) % row.length] ?? NaN;
        return place > 0 && !Number.isFinite(number) ? 2 : number;
      }
      case "cotangent":
        return [1.5, -0.75, 1][k % 3] ?? 1;
      case "learned":
        return space === 0 ? 1.25 : ([1.25, -0.5, 2][k % 3] ?? 1);
      case "hyperparameter":
        return this.setting.get(name) ?? 1;
      case "axisLength":
        return row.length;
      case "position":
        return k;
      case "random":
        return 0.5;
      case "training":
        return 0;
      case "formal":
        return NaN;
    }
  }
}

const reductions: Readonly<Record<RowValue["kind"], (terms: readonly number[]) => number>> = {
  sum: (terms) => terms.reduce((a, b) => a + b, 0),
  maximum: (terms) => Math.max(...terms),
  minimum: (terms) => Math.min(...terms),
  first_maximum: (terms) => terms.indexOf(Math.max(...terms)),
  first_minimum: (terms) => terms.indexOf(Math.min(...terms)),
};

/** An expression, and what all its parts were in the last run. */
class Program {
  private readonly evaluation;

  constructor(root: Expr, variables: readonly Variable[]) {
    this.evaluation = evaluation(root, variables);
  }

  run(numbers: readonly number[]): number {
    this.evaluation.run(numbers);
    return this.evaluation.values[this.evaluation.nodes.length - 1] ?? NaN;
  }

  leaves(largest: number, isInfinite: boolean, isRoot: boolean): boolean {
    const { nodes, values } = this.evaluation;
    const last = isRoot ? nodes.length - 1 : nodes.length;
    return nodes.some((node, i) => {
      if (i >= last || node.kind !== "application" || node.type !== "number" || passing.has(node.primitive))
        return false;
      const value = values[i] ?? NaN;
      return isInfinite ? Number.isNaN(value) : !(Math.abs(value) <= largest);
    });
  }
}
