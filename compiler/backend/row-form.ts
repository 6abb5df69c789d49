/** What a walk over a row computes for each element, and what is computed once for a row: functions in pairs of float32. */
import {
  apply,
  axisLength,
  type Expr,
  position,
  rebuild,
  Space,
  variable,
  type Variable,
  variablesOf,
  variesAlongAxis,
} from "../ir/expr.js";
import { wgslReserved } from "../names.js";
import { type CallArithmetic, callForm } from "./call-form.js";
import { recogniseGates } from "./gates.js";
import { lower } from "./lower.js";
import { machineNames, ownName } from "./machine-functions.js";
import { call } from "../printing/dialect.js";
import { NameScope } from "./naming.js";
import { pairArithmetic, pairExponents, pairFormOf, pairSpells, scaledLast } from "./pair-form.js";
import type { KernelPlan } from "./kernels.js";
import { carriesWithin, leavesRange, rowRanges } from "./row-trials.js";
import { operandsOf, planRows, type RowOutput } from "./rows.js";
import { fewestWalks, mapWalks, type Walk, type WalkPlan } from "./walks.js";
import { isSpelledRanged, loweredForRanged, rangedArithmetic } from "./ranged-form.js";

/** A number for each row that later walks need, computed from row values. */
export interface RowExpression {
  readonly name: Variable;
  readonly value: Expr;
}

export interface RowLevel extends Walk {
  /** Computed once the values are known. */
  readonly expressions: readonly RowExpression[];
}

export interface RowForm {
  readonly levels: readonly RowLevel[];
  readonly roots: readonly Expr[];
}

/** In what rows are computed: pairs, with an exponent of their own where numbers on the way may leave the range. */
export type RowArithmetic = "pair" | "ranged";

/** The arithmetic that the results of a file's kernels need. */
export function rowArithmeticOf(plan: KernelPlan, kernels: readonly (readonly RowOutput[])[]): RowArithmetic {
  if (!kernels.some((outputs) => leavesRange(plan, outputs, rowRanges.float32))) return "pair";
  const rows = kernels.map((outputs) => planRows(outputs.map(({ value }) => value)));
  const all = rows.flatMap((each) => [...each.roots, ...operandsOf(each)]);
  return all.every((expr) => isSpelledRanged(loweredForRanged(expr))) ? "ranged" : "pair";
}

/** Lowered for the arithmetic. Expressions of a row alone are taken out of the walks. */
export function rowForm(plan: KernelPlan, outputs: readonly RowOutput[], arithmetic: RowArithmetic): RowForm {
  const mayCarry = arithmetic === "ranged" || carriesWithin(plan, outputs, rowRanges.float32);
  const walks = fewestWalks(planRows(outputs.map(({ value }) => value)), mayCarry);
  return hoisted(mapWalks(walks, (expr) => loweredFor(arithmetic, expr)));
}

function loweredFor(arithmetic: RowArithmetic, expr: Expr): Expr {
  if (arithmetic === "ranged") return loweredForRanged(expr);
  return scaledLast(
    lower(recogniseGates([expr], pairExponents)[0]!, {
      spells: pairSpells,
      formOf: pairFormOf,
      nanFrom: new Set(),
      narrow: false,
    }),
  );
}

function hoisted({ levels, roots }: WalkPlan): RowForm {
  const levelOf = new Map<Expr, number>(
    levels.flatMap(({ values, carried, picked }, l) =>
      [...values, ...carried, ...picked].map(({ name }) => [name, l] as const),
    ),
  );
  const expressions: RowExpression[][] = levels.map(() => []);
  const names = new Map<Expr, Variable>();
  const isOfRow = (node: Expr): boolean =>
    node.kind === "application" &&
    node.type === "number" &&
    !variesAlongAxis(node) &&
    [...variablesOf(node)].some((each) => levelOf.has(each));
  const take = (root: Expr): Expr => {
    if (isOfRow(root)) return nameOf(root);
    return rebuild(root, (node, operands) => {
      if (isOfRow(node)) return node;
      const taken = operands.map((operand, i) => (isOfRow(node.operands[i]!) ? nameOf(node.operands[i]!) : operand));
      return apply(node.primitive, taken, node.rule);
    });
  };
  const nameOf = (node: Expr): Variable => {
    const known = names.get(node);
    if (known) return known;
    const level = Math.max(...[...variablesOf(node)].map((each) => levelOf.get(each) ?? 0));
    const name = variable(`row expression ${names.size}`, "formal", Space.row);
    names.set(node, name);
    expressions[level]!.push({ name, value: node });
    return name;
  };
  // What is picked is computed once for a row as it is.
  const taken = levels.map(({ values, carried, picked }) => ({
    values: values.map((value) => ({ ...value, operand: take(value.operand) })),
    carried: carried.map((sum) => ({ ...sum, rest: take(sum.rest) })),
    picked,
  }));
  const rest = roots.map(take);
  return { levels: taken.map((walk, l) => ({ ...walk, expressions: expressions[l]! })), roots: rest };
}

/** exp(a - b), by which sums that are relative to b become relative to a smaller a, and an exponential relative to b. */
export function scaleFunction(name: string, arithmetic: RowArithmetic): RowFunction {
  const [a, b] = [variable("exponent", "formal", Space.row), variable("largest exponent", "formal", Space.row)];
  return rowFunction(name, [loweredFor(arithmetic, apply("exp", [apply("excess", [a, b])]))], false, arithmetic);
}

/** A function in the machine language, from numbers and pairs to as many pairs, or numbers, as it has results. */
export interface RowFunction {
  readonly name: string;
  readonly parameters: readonly Variable[];
  /** Declarations, that of the function last. */
  readonly declared: readonly { readonly name: string; readonly text: string }[];
  /** How a result is read off what the function returns. */
  readonly member: (index: number) => string;
}

/** Nothing becomes infinite on the way, or all that is computed from it would be no number. */
const inPairs: CallArithmetic = {
  ...pairArithmetic,
  spellings: {
    ...pairArithmetic.spellings,
    exp: call("pair_saturated_exp"),
    expm1: call("pair_saturated_expm1"),
  },
};

const arithmetics: Readonly<Record<RowArithmetic, CallArithmetic>> = { pair: inPairs, ranged: rangedArithmetic };

/** Parts of a row's numbers come as pairs, numbers in memory as float32. */
export const isPair = ({ role }: Variable): boolean => role === "formal" || role === "axisLength";

/**
 * @param finished whether the results are what the kernel gives, as float32
 */
export function rowFunction(
  name: string,
  roots: readonly Expr[],
  finished: boolean,
  arithmetic: RowArithmetic,
): RowFunction {
  const parameters = [...new Set(roots.flatMap((root) => [...variablesOf(root)]))].sort((a, b) => a.id - b.id);
  const own = ownName(name);
  const struct = `${own}_results`;
  const scope = new NameScope([own, struct], [wgslReserved, machineNames()]);
  const named = parameters.map((each) => ({ variable: each, name: scope.claim(parameterText(each)) }));
  const variables = new Map<Expr, string>(
    named.map(({ variable: each, name: text }) => [each, isPair(each) ? text : `${arithmetic}_from_given(${text})`]),
  );
  const { statements, results } = callForm(roots, variables, arithmetics[arithmetic], new Set(), () =>
    scope.claim("t"),
  );
  const texts = finished ? results.map((text) => `${arithmetic}_to_limit(${text})`) : results;
  const type = finished ? "f32" : arithmetic;
  const signature = named
    .map(({ variable: each, name: text }) => `${text}: ${isPair(each) ? arithmetic : "f32"}`)
    .join(", ");
  const single = roots.length === 1;
  const fields = roots.map((_, i) => `result${i}`);
  const text = [
    `fn ${own}(${signature}) -> ${single ? type : struct} {`,
    ...statements,
    `return ${single ? texts[0]! : `${struct}(${texts.join(", ")})`};`,
    "}",
  ].join("\n");
  return {
    name,
    parameters,
    declared: [
      ...(single
        ? []
        : [{ name: struct, text: `struct ${struct} {\n${fields.map((field) => `${field}: ${type}`).join(",\n")}\n}` }]),
      { name: own, text },
    ],
    member: (index) => (single ? "" : `.${fields[index]!}`),
  };
}

function parameterText(each: Variable): string {
  if (each === axisLength()) return "length";
  if (each === position()) return "place";
  return each.name.replace(/^_+/, "").replace(/\W+/g, "_") || "v";
}
