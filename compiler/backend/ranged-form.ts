/** Expressions in pairs of float32 with exponents of their own: as calls of functions in the machine language. */
import { type Expr, reachable } from "../ir/expr.js";
import { type Rational, toNumber } from "../ir/rational.js";
import { pairLibrary } from "../machine/library/pair/index.js";
import { call, Precedence, type Spelling } from "../printing/dialect.js";
import type { PrimitiveName } from "../primitives/table.js";
import type { CallArithmetic } from "./call-form.js";
import { lower } from "./lower.js";
import { literal, plainPairFormOf } from "./pair-form.js";

const comparison =
  (name: string, turned: boolean, negated = false): Spelling =>
  ([a, b], print) => {
    const [left, right] = turned ? [b!, a!] : [a!, b!];
    const text = `ranged_${name}(${print(left, Precedence.selection)}, ${print(right, Precedence.selection)})`;
    return negated ? { text: `!${text}`, precedence: Precedence.unary } : { text, precedence: Precedence.primary };
  };

const selection = call("ranged_select");

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

/** The expression in what ranged pairs have functions for, as far as there are such. */
export const loweredForRanged = (root: Expr): Expr =>
  lower(root, {
    spells: rangedSpells,
    formOf: plainPairFormOf,
    nanFrom: new Set(),
    narrow: false,
  });

export const isSpelledRanged = (root: Expr): boolean =>
  reachable([root]).every(
    (node) => node.kind !== "application" || node.type === "condition" || rangedSpells(node.primitive),
  );
