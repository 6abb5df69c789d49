/** Expressions in pairs of float32 with exponents of their own: as calls of functions in the machine language. */
import { type Expr, reachable, variablesOf } from "../ir/expr.js";
import { type Rational, toNumber } from "../ir/rational.js";
import { pairLibrary } from "../machine/library/pair/index.js";
import { call, Precedence, type Spelling } from "../printing/dialect.js";
import type { PrimitiveName } from "../primitives/table.js";
import { type CallArithmetic, callForm } from "./call-form.js";
import { lower } from "./lower.js";
import type { MachineFunction } from "./machine-functions.js";
import { literal, plainPairFormOf } from "./pair-form.js";

const comparison =
  (name: string, turned: boolean, negated = false): Spelling =>
  ([a, b], print) => {
    const [left, right] = turned ? [b!, a!] : [a!, b!];
    const text = `ranged_${name}(${print(left, Precedence.selection)}, ${print(right, Precedence.selection)})`;
    return negated ? { text: `!${text}`, precedence: Precedence.unary } : { text, precedence: Precedence.primary };
  };

const selection = call("ranged_select");

/** Of float32, by which an angle far out is reduced. */
const wave =
  (name: string): Spelling =>
  ([a], print) => ({
    text: `ranged_of(pair(${name}(ranged_to_finite(${print(a!, Precedence.selection)})), 0.0), 0.0)`,
    precedence: Precedence.primary,
  });

const spellings: CallArithmetic["spellings"] = {
  less: comparison("less", false),
  greater: comparison("less", true),
  lessOrEqual: comparison("less_or_equal", false),
  greaterOrEqual: comparison("less_or_equal", true),
  equal: comparison("equal", false),
  notEqual: comparison("equal", false, true),
  choose: selection,
  pick: selection,
  infinity: call("ranged_infinite"),
  sin: wave("sin"),
  cos: wave("cos"),
};

/** A constant's exponent, and its digits in two parts. */
function constantText(value: Rational): string {
  const number = toNumber(value);
  if (number === 0) return "RANGED_ZERO";
  const exponent = Math.floor(Math.log2(Math.abs(number)));
  const digits = number * 2 ** -exponent;
  const high = Math.fround(digits);
  return `ranged(${literal(high)}, ${literal(Math.fround(digits - high))}, ${literal(exponent)})`;
}

export const rangedArithmetic: CallArithmetic = { prefix: "ranged_", constant: constantText, spellings };

const logic: ReadonlySet<PrimitiveName> = new Set<PrimitiveName>(["and", "or", "not", "where"]);

const rangedSpells = (primitive: PrimitiveName): boolean =>
  spellings[primitive] !== undefined || logic.has(primitive) || pairLibrary().find(`ranged_${primitive}`) !== undefined;

/** What pairs would compute otherwise lest it leave the range, or have a function for that ranged pairs lack. */
const forms: Readonly<Partial<Record<PrimitiveName, string | undefined>>> = {
  hypot: "sqrt(a^2 + b^2)",
  logaddexp: "at_least(a, b) + log1p(exp(-abs(a - b)))",
  normcdf: undefined,
};

/** The expression in what ranged pairs have functions for, as far as there are such. */
export const loweredForRanged = (root: Expr): Expr =>
  lower(root, {
    spells: rangedSpells,
    formOf: (primitive) => (primitive in forms ? forms[primitive] : plainPairFormOf(primitive)),
    nanFrom: new Set(),
    narrow: false,
  });

export const isSpelledRanged = (root: Expr): boolean =>
  reachable([root]).every(
    (node) => node.kind !== "application" || node.type === "condition" || rangedSpells(node.primitive),
  );

/** A result as a function of its own, from and to numbers of float32; the root is spelled in ranged pairs. */
export function rangedFunction(name: string, root: Expr): MachineFunction {
  const variables = [...variablesOf(root)].sort((a, b) => a.id - b.id);
  const local = new Map<Expr, string>(variables.map((variable, i) => [variable, `a${i}`]));
  const { statements, results } = callForm([root], local, rangedArithmetic);
  const text = [
    `fn ${name}(${variables.map((_, i) => `x${i}: f32`).join(", ")}) -> f32 {`,
    ...variables.map((_, i) => `let a${i} = ranged_from_given(x${i});`),
    ...statements,
    `return ranged_to_limit(${results[0] ?? ""});`,
    "}",
  ].join("\n");
  return { name, own: [name], variables, text };
}
