/**
 * Expressions in wide arithmetic, for the elements that a fast form does not serve: functions in the machine language, which
 * is then printed for each target.
 */
import { type Expr, reachable, variablesOf, type Variable } from "../ir/expr.js";
import type { Rational } from "../ir/rational.js";
import { printExpression } from "../printing/print.js";
import { call, type Dialect, Precedence, type Spelling } from "../printing/dialect.js";
import type { PrimitiveName } from "../primitives/table.js";
import { schedule } from "./schedule.js";

/** Primitives whose function in the wide library is called otherwise than they are. */
const names: Readonly<Partial<Record<PrimitiveName, string>>> = {
  smaller: "min",
  larger: "max",
  at_most: "min",
  at_least: "max",
};

/** Wide numbers have no selection: where one is needed it is a statement. */
const comparison =
  (name: string, turned: boolean, negated = false): Spelling =>
  ([a, b], print) => {
    const [left, right] = turned ? [b!, a!] : [a!, b!];
    const text = `${name}(${print(left, Precedence.selection)}, ${print(right, Precedence.selection)})`;
    return negated ? { text: `!${text}`, precedence: Precedence.unary } : { text, precedence: Precedence.primary };
  };

const logic =
  (symbol: string, precedence: number): Spelling =>
  ([a, b], print) => ({
    text: `(${print(a!, Precedence.selection)}) ${symbol} (${print(b!, Precedence.selection)})`,
    precedence,
  });

const special: Readonly<Partial<Record<PrimitiveName, Spelling>>> = {
  less: comparison("wide_less", false),
  greater: comparison("wide_less", true),
  lessOrEqual: comparison("wide_less_or_equal", false),
  greaterOrEqual: comparison("wide_less_or_equal", true),
  equal: comparison("wide_equal", false),
  notEqual: comparison("wide_equal", false, true),
  and: logic("&&", Precedence.and),
  or: logic("||", Precedence.or),
  not: ([a], print) => ({ text: `!(${print(a!, Precedence.selection)})`, precedence: Precedence.unary }),
  pow: (operands, print, library) => {
    const [base, exponent] = operands;
    const n = exponent?.kind === "constant" ? integerOf(exponent.value) : undefined;
    if (n === undefined) return call("wide_pow")(operands, print, library);
    return { text: `wide_power(${print(base!, Precedence.selection)}, ${n})`, precedence: Precedence.primary };
  },
};

const integerOf = ({ numerator, denominator }: Rational): number | undefined =>
  denominator === 1n && numerator < 65536n && numerator > -65536n ? Number(numerator) : undefined;

const wideDialect: Dialect = {
  literal: () => {
    throw new Error("constants of wide expressions have names");
  },
  spellings: new Proxy({} as Dialect["spellings"], {
    get: (_, name: PrimitiveName) => special[name] ?? call(`wide_${names[name] ?? name}`),
  }),
};

/** A constant as it stands in a wide expression. */
function constantText(value: Rational): string {
  const { numerator, denominator } = value;
  const small = (n: bigint): boolean => n < 2n ** 31n && n > -(2n ** 31n);
  if (denominator === 1n && small(numerator)) return `wide_integer(${numerator})`;
  if (small(numerator) && small(denominator)) {
    return `wide_divide(wide_integer(${numerator}), wide_integer(${denominator}))`;
  }
  return literal(value);
}

/** Bits of a constant that no short fraction is: more than any target's wide numbers have. */
const literalBits = 384n;

/** `wide(negative, 0x0.…n, exponent)`: the leading bits of a fraction. */
function literal({ numerator, denominator }: Rational): string {
  const magnitude = numerator < 0n ? -numerator : numerator;
  let exponent = bitLength(magnitude) - bitLength(denominator);
  const quotient = (): bigint => {
    const shift = literalBits - exponent;
    return shift >= 0n ? (magnitude << shift) / denominator : magnitude / (denominator << -shift);
  };
  let digits = quotient();
  if (bitLength(digits) > literalBits) {
    exponent += 1n;
    digits = quotient();
  } else if (bitLength(digits) < literalBits) {
    exponent -= 1n;
    digits = quotient();
  }
  const hexadecimal = digits.toString(16).replace(/0+$/, "");
  return `wide(${numerator < 0n}, 0x0.${hexadecimal}n, ${exponent})`;
}

const bitLength = (n: bigint): bigint => BigInt(n.toString(2).length);

export interface ExactFunction {
  /** The name of the function from the target's numbers to the target's number. */
  readonly name: string;
  /** Its parameters, in order. */
  readonly variables: readonly Variable[];
  /** In the machine language. */
  readonly text: string;
}

/**
 * @param root in normal form, calls expanded
 * @param localName a parameter's or temporary's name from what it is called in the definition
 */
export function exactFunction(name: string, root: Expr, float: "f32" | "f64"): ExactFunction {
  const occurring = variablesOf(root);
  const variables = [...occurring].sort((a, b) => a.id - b.id);
  const local = new Map<Expr, string>(variables.map((variable, i) => [variable, `x${i}`]));
  for (const node of reachable([root])) if (node.kind === "constant") local.set(node, constantText(node.value));
  const lines: string[] = [];
  const print = (node: Expr, itself = false): string =>
    printExpression(
      node,
      { dialect: wideDialect, nameOf: (inner) => local.get(inner), library: (each) => each },
      itself,
    );
  const { bound } = schedule([root], { hoisted: (node) => node.primitive === "where" });
  let count = 0;
  const bind = (node: Expr): void => {
    const temporary = `t${count++}`;
    if (node.kind === "application" && node.primitive === "where") {
      const [condition, a, b] = node.operands;
      lines.push(
        `var ${temporary} = ${print(b!)};`,
        `if (${print(condition!)}) {`,
        `${temporary} = ${print(a!)};`,
        "}",
      );
    } else lines.push(`let ${temporary} = ${print(node, true)};`);
    local.set(node, temporary);
  };
  bound.forEach(bind);
  if (root.kind === "application" && root.primitive === "where" && !local.has(root)) bind(root);
  const parameters = variables.map((variable) => `${local.get(variable) ?? ""}: wide`).join(", ");
  const inner = [`fn ${name}_wide(${parameters}) -> wide {`, ...lines, `return ${print(root)};`, "}"];
  return { name, variables, text: [...inner, "", ...caller(name, variables, local, float)].join("\n") };
}

/** Sizes of an input that stand for infinity where arithmetic with infinity itself says nothing: log2 of them. */
const far = [4000, 26] as const;

function caller(
  name: string,
  variables: readonly Variable[],
  local: ReadonlyMap<Expr, string>,
  float: "f32" | "f64",
): string[] {
  const own = variables.map((variable) => local.get(variable) ?? "");
  const signature = own.map((each) => `${each}: ${float}`).join(", ");
  const from = own.map((each) => `wide_from_${float}(${each})`).join(", ");
  const inputs = variables.filter(({ role }) => role === "input").map((variable) => local.get(variable) ?? "");
  const infinite = inputs.map((each) => `is_infinite(${each})`).join(" || ");
  const at = (size: number): string =>
    variables
      .map((variable) => {
        const text = local.get(variable) ?? "";
        return variable.role === "input"
          ? `wide_far(wide_from_${float}(${text}), ${size})`
          : `wide_from_${float}(${text})`;
      })
      .join(", ");
  return [
    `fn ${name}(${signature}) -> ${float} {`,
    ...own.flatMap((each) => [`if (is_nan(${each})) {`, `return ${each};`, "}"]),
    `var value = ${name}_wide(${from});`,
    ...(inputs.length === 0
      ? []
      : [
          "// Infinity in a place that says nothing: the limit, read off far away.",
          ...far.flatMap((size) => [
            `if (wide_is_nan(value) && (${infinite})) {`,
            `value = ${name}_wide(${at(size)});`,
            "}",
          ]),
        ]),
    `return wide_to_${float}(value);`,
    "}",
  ];
}
