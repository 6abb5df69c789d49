/**
 * Expressions in wide arithmetic, for the elements that a fast form does not serve: functions in the machine language, which
 * is then printed for each target.
 */
import { multiplyPower, productOf, rawProduct } from "../algebra/forms.js";
import { normalise } from "../algebra/normalise.js";
import {
  apply,
  constant,
  type Expr,
  isApplication,
  reachable,
  rebuild,
  type Variable,
  variablesOf,
} from "../ir/expr.js";
import type { Rational } from "../ir/rational.js";
import { inSteps } from "../machine/library/wide/steps.js";
import { call, Precedence, type Spelling } from "../printing/dialect.js";
import { type CallArithmetic, callForm } from "./call-form.js";
import type { Gap } from "./ends.js";
import { type EndLimits, periodic } from "./extremes.js";
import type { MachineFunction } from "./machine-functions.js";
import { literal as literalOf } from "./pair-form.js";

const comparison =
  (name: string, turned: boolean, negated = false): Spelling =>
  ([a, b], print) => {
    const [left, right] = turned ? [b!, a!] : [a!, b!];
    const text = `${name}(${print(left, Precedence.selection)}, ${print(right, Precedence.selection)})`;
    return negated ? { text: `!${text}`, precedence: Precedence.unary } : { text, precedence: Precedence.primary };
  };

const spellings: CallArithmetic["spellings"] = {
  less: comparison("wide_less", false),
  greater: comparison("wide_less", true),
  lessOrEqual: comparison("wide_less_or_equal", false),
  greaterOrEqual: comparison("wide_less_or_equal", true),
  equal: comparison("wide_equal", false),
  notEqual: comparison("wide_equal", false, true),
  smaller: call("wide_min"),
  larger: call("wide_max"),
  pi: () => ({ text: "WIDE_PI", precedence: Precedence.primary }),
  at_least: call("wide_max"),
  at_most: call("wide_min"),
  infinity: () => ({ text: "WIDE_INFINITY", precedence: Precedence.primary }),
  pow: (operands, print, library) => {
    const [base, exponent] = operands;
    const n = exponent?.kind === "constant" ? integerOf(exponent.value) : undefined;
    if (n === undefined) return call("wide_pow")(operands, print, library);
    return { text: `wide_power(${print(base!, Precedence.selection)}, ${n})`, precedence: Precedence.primary };
  },
};

const integerOf = ({ numerator, denominator }: Rational): number | undefined =>
  denominator === 1n && numerator < 65536n && numerator > -65536n ? Number(numerator) : undefined;

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
const literalBits = 1536n;

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

const wide: CallArithmetic = { prefix: "wide_", constant: constantText, spellings };

/** A function that computes an expression in wide arithmetic, from and to wide numbers. */
export function wideFunction(name: string, root: Expr): MachineFunction {
  const variables = [...variablesOf(root)].sort((a, b) => a.id - b.id);
  const local = new Map<Expr, string>(variables.map((variable, i) => [variable, `x${i}`]));
  const { statements, results } = callForm([root], local, wide);
  const parameters = variables.map((variable) => `${local.get(variable) ?? ""}: wide`).join(", ");
  const text = [`fn ${name}(${parameters}) -> wide {`, ...statements, `return ${results[0] ?? ""};`, "}"].join("\n");
  return { name, own: [name], variables, text };
}

/**
 * A function that computes an expression in wide arithmetic, from and to the target's numbers.
 * @param root in normal form, calls expanded
 * @param gaps sizes of inputs at which the limit is meant where the expression has no value
 */
export function exactFunction(name: string, root: Expr, gaps: readonly Gap[]): MachineFunction {
  const inner = wideFunction(`${name}_wide`, root);
  const { variables } = inner;
  const local = new Map<Expr, string>(variables.map((variable, i) => [variable, `x${i}`]));
  const hasInput = variables.some(({ role }) => role === "input");
  return {
    name,
    own: [
      name,
      ...(hasInput ? [`${name}_limit`, `${name}_at`] : []),
      ...(gaps.includes(1) ? [`${name}_beside`] : []),
      `${name}_wide`,
    ],
    variables,
    text: [inner.text, "", ...caller(name, root, variables, local, gaps)].join("\n"),
  };
}

/**
 * As {@link exactFunction} for shaders: from and to f32, in steps, so that compilers are quick. Of several expressions the
 * function takes which one is asked for, as a last operand, counted from 0.
 * @param gaps as of {@link exactFunction}
 * @param natBits the bits of mantissas
 * @param limits of each expression, if they need not be searched for where parameters have their defaults
 * @param leavesDomain whether logarithms or roots of negative numbers may be met
 */
export function exactFunctionInSteps(
  name: string,
  given: readonly Expr[],
  gaps: readonly Gap[],
  natBits: number,
  limits: KnownLimits | null = null,
  leavesDomain = false,
): MachineFunction {
  const roots = given.map(withExponentials);
  const variables = [...new Set(roots.flatMap((root) => [...variablesOf(root)]))].sort((a, b) => a.id - b.id);
  const local = new Map<Expr, string>(variables.map((variable, i) => [variable, `x${i}`]));
  const { statements, results } = callForm(roots, local, wide);
  const parameters = [
    ...variables.map((variable) => local.get(variable) ?? ""),
    ...(roots.length > 1 ? ["which"] : []),
  ];
  const choices = results.slice(0, -1).flatMap((result, i, { length }) => {
    const place = length - 1 - i;
    return [`if (wide_less(which, wide_integer(${place + 1}))) {`, `chosen = ${results[place] ?? result};`, "}"];
  });
  const inner = [
    `fn ${name}_wide(${parameters.map((each) => `${each}: wide`).join(", ")}) -> wide {`,
    ...statements,
    ...(roots.length > 1
      ? [`var chosen = ${results.at(-1) ?? ""};`, ...choices, "return chosen;"]
      : [`return ${results[0] ?? ""};`]),
    "}",
  ].join("\n");
  const text = [
    inSteps(inner, `${name}_wide`, natBits, leavesDomain),
    "",
    ...searcher(name, { roots, gaps, limits }, variables, local),
  ].join("\n");
  return { name, own: [name, `${name}_wide`], variables, text };
}

/**
 * sigmoid(u)^p as exp(-p softplus(-u)): a sigmoid may be below every number that shaders have where its power is not. What
 * vanishes with it in a derivative, logistic(u) = sigmoid(u) sigmoid(-u), goes into the power.
 */
export function withExponentials(root: Expr): Expr {
  const powers = new Map<Expr, { readonly operand: Expr; readonly exponent: Expr }>();
  const power = (operand: Expr, exponent: Expr): Expr => {
    const grown = apply("softplus", [normalise(apply("negate", [operand]))]);
    const made = apply("exp", [apply("negate", [apply("multiply", [exponent, grown])])]);
    powers.set(made, { operand, exponent });
    return made;
  };
  return rebuild(root, (node, operands) => {
    const [a, b] = operands;
    if (isApplication(node, "pow") && b?.kind !== "constant" && isApplication(a!, "sigmoid"))
      return power(a.operands[0]!, b!);
    const built = apply(node.primitive, operands, node.rule);
    if (!isApplication(node, "multiply")) return built;
    const product = productOf(built);
    const factors = [...product.powers.keys()];
    const vanishing = factors.find((factor) => product.powers.get(factor) === 1 && powers.has(factor));
    const { operand, exponent } = (vanishing && powers.get(vanishing)) ?? {};
    const slope = factors.find((factor) => isApplication(factor, "logistic") && factor.operands[0] === operand);
    if (!vanishing || !operand || !exponent || !slope || product.powers.get(slope) !== 1) return built;
    product.powers.delete(vanishing);
    product.powers.delete(slope);
    product.powers.set(power(operand, normalise(apply("add", [exponent, constant(1)]))), 1);
    multiplyPower(product, apply("sigmoid", [normalise(apply("negate", [operand]))]), 1);
    return rawProduct(product);
  });
}

/** Exponents of numbers that stand for infinity: `wide_limit` says what for. */
const distances: readonly number[] = [800, 150, 140, 60, 50, 26, 20, 11, 10];
/** Before them, of a function with a sine in it. */
const outgrown = 100_000;

function caller(
  name: string,
  root: Expr,
  variables: readonly Variable[],
  local: ReadonlyMap<Expr, string>,
  gaps: readonly Gap[],
): string[] {
  const own = variables.map((variable) => local.get(variable) ?? "");
  const inputs = variables.filter(({ role }) => role === "input").map((variable) => local.get(variable) ?? "");
  const parameters = own.map((each) => `${each}: f64`).join(", ");
  const head = [
    `fn ${name}(${parameters}) -> f64 {`,
    ...own.flatMap((each) => [`if (is_nan(${each})) {`, `return ${each};`, "}"]),
  ];
  const wideOf = (each: string): string => `wide_from_f64(${each})`;
  if (inputs.length === 0) return [...head, `return wide_to_f64(${name}_wide(${own.map(wideOf).join(", ")}));`, "}"];
  const moved = own.map((each) => (inputs.includes(each) ? `wide_moved(${wideOf(each)}, exponent)` : wideOf(each)));
  const at = (exponent: string): string => `${name}_at(${own.join(", ")}, ${exponent})`;
  const largest = "1.7976931348623157e308";
  const waves = hasWaves(root);
  const points = waves ? [outgrown, ...distances] : distances;
  const hasParameters = variables.some(({ role }) => role !== "input" && role !== "cotangent");
  const reading = waves ? "wide_limit_of_waves" : hasParameters ? "wide_limit_of_powers" : "wide_limit";
  const infinite = inputs.map((each) => `abs(${each}) > ${largest}`).join(" || ");
  const zero = inputs.map((each) => `${each} == 0.0`).join(" || ");
  const limit = (sign: string, turned: boolean): string =>
    `${name}_limit(${own.map((each) => (turned && inputs.includes(each) ? `-${each}` : each)).join(", ")}, ${sign})`;
  const beside = own.map((each) => (inputs.includes(each) ? `wide_beside_one(${wideOf(each)}, side)` : wideOf(each)));
  return [
    ...(gaps.includes(1)
      ? [
          "// With inputs next to 1 or -1 in their place.",
          `fn ${name}_beside(${parameters}, side: int) -> wide {`,
          `return ${name}_wide(${beside.join(", ")});`,
          "}",
          "",
        ]
      : []),
    "// With the exponent of what stands for infinity, or for 0.",
    `fn ${name}_at(${parameters}, exponent: int) -> wide {`,
    `return ${name}_wide(${moved.join(", ")});`,
    "}",
    "",
    `fn ${name}_limit(${parameters}, sign: int) -> wide {`,
    `return ${reading}(${points.map((exponent) => at(`${exponent} * sign`)).join(", ")});`,
    "}",
    "",
    ...head,
    `var value = ${at("0")};`,
    // Infinite numbers compare as equal, though one may be far larger.
    `if (${comparesResults(root) ? infinite : `wide_is_nan(value) && (${infinite})`}) {`,
    `value = ${limit("1", false)};`,
    "}",
    ...(gaps.includes(0)
      ? [
          `if (wide_is_nan(value) && (${zero})) {`,
          `value = wide_common(${limit("-1", false)}, ${limit("-1", true)});`,
          "}",
        ]
      : []),
    ...(gaps.includes(1)
      ? [
          `if (value.exponent >= WIDE_LIMIT && (${isOne(inputs)})) {`,
          `value = wide_filled(value, ${name}_beside(${own.join(", ")}, 1), ${name}_beside(${own.join(", ")}, -1));`,
          "}",
        ]
      : []),
    "return wide_to_f64(value);",
    "}",
  ];
}

const isOne = (inputs: readonly string[]): string => inputs.map((each) => `abs(${each}) == 1.0`).join(" || ");

/** As {@link caller}, with one call, since compilers of shaders inline every one: in a loop, once for each point of a search. */
function searcher(
  name: string,
  {
    roots,
    gaps,
    limits,
  }: { readonly roots: readonly Expr[]; readonly gaps: readonly Gap[]; readonly limits: KnownLimits | null },
  variables: readonly Variable[],
  local: ReadonlyMap<Expr, string>,
): string[] {
  const several = roots.length > 1;
  const wave = roots.some(hasWaves);
  const own = variables.map((variable) => local.get(variable) ?? "");
  const inputs = variables.filter(({ role }) => role === "input").map((variable) => local.get(variable) ?? "");
  const parameters = [...own, ...(several ? ["which"] : [])].map((each) => `${each}: f32`).join(", ");
  if (own.length === 0) return [`fn ${name}() -> f32 {`, `return wide_leading_to_f32(${name}_wide().value);`, "}"];
  const hasOne = gaps.includes(1);
  const operands = own.map((each, i) => {
    const given = hasOne && inputs.includes(each) ? `wide_beside_one(wide_${each}, side)` : `wide_${each}`;
    return `wide_operand_at(${given}, search, ${i + 1}, ${String(inputs.includes(each))}, infinite)`;
  });
  if (several) operands.push("wide_from_f32(which)");
  const anyOf = (test: (input: string) => string): string => inputs.map(test).join(" || ") || "false";
  const extreme = (of: "min" | "max", exponents: readonly string[]): string =>
    exponents.reduce((left, right) => `${of}(${left}, ${right})`);
  const exponents = own.map((_, i) => `exponents[${i}]`);
  return [
    `fn ${name}(${parameters}) -> f32 {`,
    ...own.flatMap((each) => [`if (is_nan(${each})) {`, `return ${each};`, "}"]),
    ...(limits?.ends ?? []).flatMap((ends, i) => {
      const usual = variables.flatMap((variable, place) => {
        const value = limits?.defaults.get(variable);
        return value === undefined ? [] : [`${own[place] ?? ""} == ${literalOf(Math.fround(value))}`];
      });
      const conditions = [...usual, ...(several ? [`which == ${i}.0`] : [])];
      return knownEnds(ends, inputs[0] ?? "", conditions.map((condition) => ` && ${condition}`).join(""));
    }),
    ...own.map((each) => `let wide_${each} = wide_from_f32(${each});`),
    `var exponents: array<int, ${own.length}> = [${own.map((each) => `wide_${each}.exponent`).join(", ")}];`,
    `let infinite = ${anyOf((input) => `abs(${input}) > 3.4028234663852886e38`)};`,
    // What a periodic function does far out says nothing of what it does further out.
    `let largest = ${wave ? `select(0, ${extreme("max", exponents)}, infinite)` : extreme("max", exponents)};`,
    `let smallest = ${extreme("min", exponents)};`,
    `let zero = ${gaps.includes(0) ? anyOf((input) => `${input} == 0.0`) : "false"};`,
    ...(hasOne
      ? [
          "// Where there is no value at 1 or -1, or an infinite one: on both sides of it.",
          "var value = WIDE_SEARCH.value;",
          "var beside = WIDE_SEARCH.value;",
          "for (var side = int(0); side < 3; side++) {",
        ]
      : []),
    "var search = WIDE_SEARCH;",
    "while (search.stage < 24) {",
    `${wave ? "var" : "let"} found = ${name}_wide(${operands.join(", ")});`,
    ...(wave
      ? [
          "// Only what a wave is next to nothing in has a limit.",
          "if (infinite && found.lost > int(nat_bits() - 27)) {",
          "found = wide_outcome(wide_leading_of(WIDE_NAN), found.lost);",
          "}",
        ]
      : []),
    `let varied = exponents[clamp((search.point - 1) >> 1, 0, ${own.length - 1})];`,
    `search = wide_searched(search, found, ${own.length}, varied, largest, smallest, infinite, ${String(roots.some(comparesResults))}, zero);`,
    "}",
    ...(hasOne
      ? [
          "if (side == 0) {",
          "value = search.value;",
          `if (value.exponent < WIDE_LIMIT || !(${isOne(inputs)})) {`,
          "break;",
          "}",
          "}",
          "let apart = wide_leading_exceeds(search.value, beside) || wide_leading_exceeds(beside, search.value);",
          "if (side == 2 && !apart && beside.negative == search.value.negative && beside.exponent < 50) {",
          "value = beside;",
          "}",
          "beside = search.value;",
          "}",
          "return wide_leading_to_f32(value);",
          "}",
        ]
      : ["return wide_leading_to_f32(search.value);", "}"]),
  ];
}

/** Limits at infinity of some expressions where parameters have their defaults. */
export interface KnownLimits {
  readonly ends: readonly EndLimits[];
  readonly defaults: ReadonlyMap<Variable, number>;
}

function knownEnds(ends: EndLimits, input: string, condition: string): string[] {
  return ends.flatMap((limit, i) => {
    if (limit === null) return [];
    const beyond = i === 0 ? "< -3.4028234663852886e38" : "> 3.4028234663852886e38";
    const infinity = (limit === "inf") === (i === 1) ? input : `-${input}`;
    return [
      `if (${input} ${beyond}${condition}) {`,
      `return ${typeof limit === "number" ? literalOf(limit) : infinity};`,
      "}",
    ];
  });
}

/** Whether there is a sine of what varies: it need not have a limit. */
const hasWaves = (root: Expr): boolean =>
  reachable([root]).some((node) => node.kind === "application" && periodic.has(node.primitive) && varies(node));

/** Whether other numbers than inputs and what does not vary are compared. */
const comparesResults = (root: Expr): boolean =>
  reachable([root]).some(
    (node) =>
      node.kind === "application" &&
      node.type === "condition" &&
      node.operands.some((operand) => operand.type === "number" && operand.kind === "application" && varies(operand)),
  );

const varies = (node: Expr): boolean => [...variablesOf(node)].some(({ role }) => role === "input");
