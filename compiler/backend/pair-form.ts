/**
 * Results for WGSL in pairs of float32: a function in the machine language that computes in pairs, tests the guard and leaves
 * what the guard does not let through to wide arithmetic.
 */
import { type Expr, reachable, variablesOf } from "../ir/expr.js";
import { type Rational, toNumber } from "../ir/rational.js";
import { pairLibrary } from "../machine/library/pair/index.js";
import { type Dialect, Precedence, type Spelling } from "../printing/dialect.js";
import { printExpression } from "../printing/print.js";
import type { PrimitiveName } from "../primitives/table.js";
import { type CallArithmetic, callForm } from "./call-form.js";
import { largestLiteral, wgsl } from "./dialects/wgsl.js";
import type { MachineFunction } from "./machine-functions.js";

/** The primitives that pairs have a function for, or an operation. */
export const pairSpells = (primitive: PrimitiveName): boolean =>
  operations.has(primitive) || pairLibrary().find(`pair_${primitive}`) !== undefined;

const comparison =
  (symbol: string): Spelling =>
  ([a, b], print) => ({
    text: `${print(a!, Precedence.primary)}.high ${symbol} ${print(b!, Precedence.primary)}.high`,
    precedence: Precedence.comparison,
  });

/** Numbers are compared to float32: where they are as close as that, either branch is right. */
const spellings: CallArithmetic["spellings"] = {
  less: comparison("<"),
  lessOrEqual: comparison("<="),
  greater: comparison(">"),
  greaterOrEqual: comparison(">="),
  equal: comparison("=="),
  notEqual: comparison("!="),
};

const operations: ReadonlySet<PrimitiveName> = new Set<PrimitiveName>([
  ...(Object.keys(spellings) as PrimitiveName[]),
  "and",
  "or",
  "not",
  "where",
]);

/** As the machine language has it, which knows no hexadecimal fractions. */
const literal = (value: number): string => wgsl.literal(value).replace(largestLiteral, "3.4028234663852886e38");

/** Single float32 numbers in the machine language, which WGSL is close to. */
export const machineFloat32: Dialect = { ...wgsl, literal };

/** The nearest float32 and what it lacks. */
function constantText(value: Rational): string {
  const number = toNumber(value);
  const high = Math.fround(number);
  return `pair(${literal(high)}, ${literal(Math.fround(number - high))})`;
}

/**
 * @param fast lowered to what pairs spell
 * @param otherwise the call that serves where the guard does not hold
 */
export function pairFunction(
  name: string,
  fast: Expr,
  guard: Expr | null,
  otherwise: MachineFunction | null,
): MachineFunction {
  const variables = [
    ...new Set([...variablesOf(fast), ...(guard ? variablesOf(guard) : []), ...(otherwise?.variables ?? [])]),
  ].sort((a, b) => a.id - b.id);
  const numbers = new Map<Expr, string>(variables.map((variable, i) => [variable, `x${i}`]));
  const pairNames = new Map<Expr, string>([...numbers].map(([variable, text]) => [variable, `pair_from_f32(${text})`]));
  const parts = new Set(reachable([fast]));
  const inGuard = guard ? reachable([guard]).filter((node) => parts.has(node) && node.type === "number") : [];
  const form = callForm([fast], pairNames, { prefix: "pair_", constant: constantText, spellings }, new Set(inGuard));
  const condition = guard
    ? printExpression(guard, {
        dialect: machineFloat32,
        nameOf: (node) => {
          const own = numbers.get(node);
          if (own !== undefined || node.kind !== "application") return own;
          return parts.has(node) && node.type === "number" ? `${form.nameOf(node) ?? ""}.high` : undefined;
        },
        library: (each) => each,
      })
    : "";
  const signature = variables.map((variable) => `${numbers.get(variable) ?? ""}: f32`).join(", ");
  const call = otherwise
    ? `${otherwise.name}(${otherwise.variables.map((variable) => numbers.get(variable) ?? "").join(", ")})`
    : "";
  // NaN does not get through arithmetic that keeps compilers from regrouping it.
  const checks = variables.flatMap((variable) => {
    const text = numbers.get(variable) ?? "";
    return [`if (is_nan(${text})) {`, `return ${text};`, "}"];
  });
  const text = [
    `fn ${name}(${signature}) -> f32 {`,
    ...checks,
    ...form.statements,
    `let result = pair_to_f32(${form.results[0] ?? ""});`,
    ...(guard ? [`if (${condition}) {`, "return result;", "}", `return ${call};`] : ["return result;"]),
    "}",
  ].join("\n");
  return { name, own: [name], variables, text };
}
