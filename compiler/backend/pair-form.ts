/**
 * Scalar functions for WGSL in pairs of float32, in the machine language: results are computed in pairs; where the guard of
 * one does not hold, it is computed exactly.
 */
import { isConstant } from "../algebra/forms.js";
import {
  type Application,
  apply,
  constant,
  type Expr,
  isApplication,
  reachable,
  rebuild,
  substitute,
  type Variable,
  variablesOf,
} from "../ir/expr.js";
import { divide, one, type Rational, rational, toNumber } from "../ir/rational.js";
import { pairLibrary } from "../machine/library/pair/index.js";
import { wgslReserved } from "../names.js";
import { call, type Dialect, Precedence, type Printed, type PrintOperand, type Spelling } from "../printing/dialect.js";
import { printExpression } from "../printing/print.js";
import type { PrimitiveName } from "../primitives/table.js";
import { type CallArithmetic, callForm } from "./call-form.js";
import { largestLiteral, shortestFloat16, wgsl } from "./dialects/wgsl.js";
import type { Exponents } from "./gates.js";
import type { MachineFunction } from "./machine-functions.js";
import type { WgslNumber } from "./manifest.js";
import { NameScope } from "./naming.js";
import { carriesNaN } from "./passing-nan.js";
import { singleForm } from "./single-form.js";
import { withoutSmallFactors } from "./small-factors.js";

/** The primitives that pairs have a function for, or an operation. */
export const pairSpells = (primitive: PrimitiveName): boolean =>
  spellings[primitive] !== undefined || logic.has(primitive) || pairLibrary().find(`pair_${primitive}`) !== undefined;

/**
 * How pairs compute what they have no function for, from one exponential. What may be small is 2^60 times as large until the
 * last: parts of small numbers underflow long before the numbers do.
 * @param e the exponential, `raised` so many times
 */
function formsFrom(e: string, raised: string): Readonly<Partial<Record<PrimitiveName, string>>> {
  // Beyond a = 16 nothing changes any more; with w = e^a the gate of mish is n / (n + 2), n = w (w + 2).
  const w = `${e}(at_most(a, 16))`;
  const mish = {
    numerator: `(${w} * (${w}${raised} + 2))`,
    denominator: `((${w}${raised}) * (${w}${raised} + 2) + 2)`,
  };
  // As mish, beyond a = 40.
  const held = { exp: `${e}(at_most(a, 40))`, below: `(${e}(at_most(a, 40))${raised} + 1)` };
  const tail = `${e}(-abs(a))`;
  return {
    held_exp: "exp(at_most(a, 80))",
    negative_part: "at_most(a, 0)",
    bounded_exp: `${held.exp}${raised}`,
    sigmoid: `${held.exp} / ${held.below}${raised}`,
    logistic: `${tail} / (${tail}${raised} + 1)^2${raised}`,
    gate_slope: `${held.exp} / ${held.below} * ((${held.below} + choose(a < 40, b, 0)) / ${held.below})${raised}`,
    softplus: "at_least(a, 0) + log1p(exp(-abs(a)))",
    tanh: "expm1(at_most(2 * a, 80)) / (expm1(at_most(2 * a, 80)) + 2)",
    mish_gate: `${mish.numerator} / ${mish.denominator}${raised}`,
    mish_gate_slope: `(${mish.numerator} + 4 * choose(a < 16, b, 0) * (${w} * (${w}${raised} + 1) / ${mish.denominator})) / ${mish.denominator}${raised}`,
    normcdf: "raised_normcdf(a) / 2^60",
    normpdf: `${e}(-a^2 / 2) * (1 / sqrt(2 * pi))${raised}`,
  };
}

const forms = formsFrom("raised_exp", " / 2^60");
export const pairFormOf = (primitive: PrimitiveName): string | undefined => forms[primitive];

/** Where small results are of no interest. */
const plainForms = formsFrom("exp", "");
export const plainPairFormOf = (primitive: PrimitiveName): string | undefined => plainForms[primitive];

const comparison =
  (symbol: string): Spelling =>
  ([a, b], print) => ({
    text: `${high(print(a!, Precedence.primary))} ${symbol} ${high(print(b!, Precedence.primary))}`,
    precedence: Precedence.comparison,
  });

/** The first part; of a number that has no other, itself. */
function high(text: string): string {
  const single = /^pair_from_f32\((\w+)\)$/.exec(text)?.[1];
  const known = /^pair\((-?[\w.+-]+), 0\.0\)$/.exec(text)?.[1];
  return single ?? known ?? `${text}.high`;
}

const selection = call("pair_select");

const isPowerOfTwo = (node: Expr): boolean =>
  node.kind === "constant" && Number.isInteger(Math.log2(Math.abs(toNumber(node.value))));

/** Powers of two change neither part's digits. */
const product: Spelling = ([a, b], print, library) => {
  const [factor, other] = isPowerOfTwo(a!) ? [a!, b!] : [b!, a!];
  if (factor.kind !== "constant" || !isPowerOfTwo(factor)) return call("pair_multiply")([a!, b!], print, library);
  const text = `pair_scale(${print(other, Precedence.selection)}, ${literal(toNumber(factor.value))})`;
  return { text, precedence: Precedence.primary };
};

/** Moves powers of two below 1 out of products, so that they come last. */
export function scaledLast(root: Expr): Expr {
  return rebuild(withoutSmallFactors(root), (node, operands) => {
    const [a, b] = operands;
    if (node.primitive === "negate" && a) {
      const inner = unscaled(a);
      return inner.scale === null
        ? apply("negate", [a])
        : apply("multiply", [apply("negate", [inner.rest]), inner.scale]);
    }
    if ((node.primitive !== "multiply" && node.primitive !== "divide") || !a || !b) {
      return apply(node.primitive, operands, node.rule);
    }
    if (node.primitive === "divide" && isPowerOfTwo(b) && b.kind === "constant") {
      return apply("multiply", [a, constant(divide(one, b.value))]);
    }
    const [left, right] = [unscaled(a), node.primitive === "multiply" ? unscaled(b) : { rest: b, scale: null }];
    const scale = left.scale ?? right.scale;
    if (scale === null) return apply(node.primitive, operands, node.rule);
    if (left.scale !== null && right.scale !== null) {
      // Neither factor is brought down all the way before it meets the other one.
      if (![left.scale, right.scale].every(isUsualScale)) return apply(node.primitive, operands, node.rule);
      const halves = [left.rest, right.rest].map((rest) => apply("multiply", [rest, halfScale()]));
      return apply("multiply", [apply("multiply", halves), scale]);
    }
    return apply("multiply", [apply(node.primitive, [left.rest, right.rest]), scale]);
  });
}

function unscaled(node: Expr): { readonly rest: Expr; readonly scale: Expr | null } {
  if (isApplication(node, "multiply")) {
    const [a, b] = node.operands;
    if (isSmallScale(b!)) return { rest: a!, scale: b! };
    if (isSmallScale(a!)) return { rest: b!, scale: a! };
  }
  return { rest: node, scale: null };
}

/** 2^-60, and its root. */
const isUsualScale = (node: Expr): boolean => node.kind === "constant" && toNumber(node.value) === 2 ** -60;
const halfScale = (): Expr => constant(rational(1n, 1n << 30n));

const isSmallScale = (node: Expr): boolean =>
  node.kind === "constant" && isPowerOfTwo(node) && Math.abs(toNumber(node.value)) <= 2 ** -60;

/** Numbers are compared to float32: where they are as close as that, either branch is right. */
const spellings: CallArithmetic["spellings"] = {
  less: comparison("<"),
  lessOrEqual: comparison("<="),
  greater: comparison(">"),
  greaterOrEqual: comparison(">="),
  equal: comparison("=="),
  notEqual: comparison("!="),
  multiply: product,
  choose: selection,
  pick: selection,
  infinity: call("pair_infinite"),
};

const logic: ReadonlySet<PrimitiveName> = new Set<PrimitiveName>(["and", "or", "not", "where"]);

const largest = "3.4028234663852886e38";

/**
 * As the machine language has it, which knows no hexadecimal fractions. A number beyond the largest is infinite, so that guards see that what
 * is computed of it is of no use.
 */
export function literal(value: number): string {
  if (Number.isFinite(Math.fround(value))) return wgsl.literal(value).replace(largestLiteral, largest);
  return value < 0 ? "-infinity()" : "infinity()";
}

/** Single float32 numbers in the machine language, which WGSL is close to, but which has a word for infinity. */
export const machineFloat32: Dialect = {
  literal,
  spellings: { ...wgsl.spellings, infinity: () => ({ text: "infinity()", precedence: Precedence.primary }) },
};

const machineFloat16: Dialect = {
  literal: shortestFloat16,
  spellings: { ...wgsl.spellings, infinity: () => ({ text: "f16(infinity())", precedence: Precedence.primary }) },
};

/** The nearest float32 and what it lacks. */
function constantText(value: Rational): string {
  const number = toNumber(value);
  const high = Math.fround(number);
  return `pair(${literal(high)}, ${literal(Number.isFinite(high) ? Math.fround(number - high) : 0)})`;
}

export const pairArithmetic: CallArithmetic = { prefix: "pair_", constant: constantText, spellings };

/** In pairs e^a is computed up to here; in float32 its inverse is not 0 there yet. */
export const pairExponents: Exponents = { most: 80, decays: false };

/** Sizes that a guard holds numbers below so that nothing overflows. */
const large = 2 ** 35;

/**
 * Guards: that a size is below a large number is tested by its bits, since compilers may take what is no number for one that
 * compares as they like.
 */
export const guardDialect: Dialect = {
  ...machineFloat32,
  spellings: {
    ...machineFloat32.spellings,
    lessOrEqual: ([a, b], print, library) => {
      const bound = b?.kind === "constant" ? toNumber(b.value) : 0;
      if (bound < large) return comparisonOf(a!, b!, print, library);
      const size = print(isApplication(a!, "abs") ? a.operands[0]! : a!, Precedence.selection);
      const bits = new Uint32Array(Float32Array.of(Math.min(bound, 3.4028234663852886e38)).buffer)[0] ?? 0;
      return { text: `bitcast<u32>(abs(${size})) <= 0x${bits.toString(16)}u`, precedence: Precedence.comparison };
    },
  },
};

function comparisonOf(a: Expr, b: Expr, print: PrintOperand, library: (name: string) => string): Printed {
  const { lessOrEqual } = machineFloat32.spellings;
  if (typeof lessOrEqual !== "function") throw new Error("comparisons are spelled");
  return lessOrEqual([a, b], print, library);
}

/** A result, and how it is computed. */
export type WgslForm =
  | { readonly kind: "single"; readonly value: Expr }
  | {
      readonly kind: "pairs";
      readonly fast: Expr;
      readonly guard: Expr | null;
      /** What is computed where the guard does not hold; null: it only fails far out. */
      readonly exact: Expr | null;
      /** What is computed elsewhere if nothing exact is given, or if that gives no number: far out, in single numbers. */
      readonly far: MachineFunction | null;
      /** What the number is multiplied by in the end. */
      readonly factor: Variable | null;
    };

export interface ScalarFunction {
  readonly name: string;
  /** Of inputs, cotangents and results; in float16 all results are single, and parameters of no account. */
  readonly number: WgslNumber;
  readonly parameters: readonly { readonly variable: Variable; readonly name: string }[];
  readonly results: readonly { readonly name: string; readonly form: WgslForm }[];
  /** What computes those that have an exact form, of several each by its place among them. */
  readonly exact: MachineFunction | null;
  /** Whose NaN is the first result: tested by its bits, since compilers may take comparisons with NaN for what they like. */
  readonly passes: readonly Variable[];
  /** The struct of the results, if there are several. */
  readonly struct: string | null;
  readonly temporaryName: (node: Application) => string;
}

let declared: ReadonlySet<string> | undefined;
const libraryNames = (): ReadonlySet<string> =>
  (declared ??= new Set(pairLibrary().declarations.map(({ name }) => name)));

/** The text of a scalar function; the struct and the exact functions are texts of their own. */
export function scalarFunctionText(fn: ScalarFunction): string {
  const scope = new NameScope([fn.name, ...fn.parameters.map(({ name }) => name)], [wgslReserved, libraryNames()]);
  const names = new Map<Expr, string>(fn.parameters.map(({ variable, name }) => [variable, name]));
  const pairsOf = fn.results.flatMap(({ form }) => (form.kind === "pairs" ? [form] : []));
  const fasts = pairsOf.map(({ fast }) => fast);
  const parts = new Set(reachable(fasts));
  const guards = pairsOf.flatMap(({ guard }) => guard ?? []);
  const inGuard = reachable(guards).filter((node) => parts.has(node) && node.type === "number");
  const pairNames = new Map<Expr, string>([...names].map(([variable, text]) => [variable, `pair_from_f32(${text})`]));
  const claim = (node: Application): string => scope.claim(fn.temporaryName(node));
  const inPairs = callForm(fasts, pairNames, pairArithmetic, new Set(inGuard), claim);
  const singles = singleForm(
    fn.results.flatMap(({ form }) => (form.kind === "single" ? [form.value] : [])),
    { dialect: fn.number === "f16" ? machineFloat16 : machineFloat32, variables: names, claim },
  );
  const nameInGuard = (node: Expr): string | undefined => {
    const own = names.get(node);
    if (own !== undefined || node.kind !== "application") return own;
    const text = parts.has(node) && node.type === "number" ? inPairs.nameOf(node) : undefined;
    return text === undefined ? undefined : high(text);
  };
  const condition = (guard: Expr): string =>
    printExpression(guard, { dialect: guardDialect, nameOf: nameInGuard, library: (each) => each });
  const called = ({ name, variables }: MachineFunction, ...more: readonly string[]): string =>
    `${name}(${[...variables.map((variable) => names.get(variable) ?? ""), ...more].join(", ")})`;
  const searched: { readonly result: string; readonly found: string; readonly form: WgslForm & { kind: "pairs" } }[] =
    [];
  const statements: string[] = [...singles.statements, ...inPairs.statements];
  const values = fn.results.map(({ name, form }, i) => {
    if (form.kind === "single") return singles.textOf(form.value);
    const times = form.factor ? `${names.get(form.factor) ?? ""} * ` : "";
    const text = `pair_to_f32(${inPairs.results[fasts.indexOf(form.fast)] ?? ""})`;
    if (!form.guard) return `${times}${text}`;
    const result = scope.claim(name === "" ? "result" : `result_${name}`);
    const guard = condition(form.guard);
    statements.push(`var ${result} = ${text};`);
    if (!form.exact) {
      if (form.far) {
        const { serves } = form.far;
        const [far, kept] = [called(form.far), `select(far, ${result}, is_nan(far))`];
        statements.push(
          serves === "everywhere" ? "// By the function that computes this alone." : "// Far out, or no number at all.",
          `if (!(${guard})) {`,
          ...(serves === "numbers" ? [`let far = ${far};`, `${result} = ${kept};`] : [`${result} = ${far};`]),
          "}",
        );
      }
      return `${times}${result}`;
    }
    const found = scope.claim(fn.results.length > 1 ? `found${i}` : "found");
    statements.push(`var ${found} = ${guard};`);
    searched.push({ result, found, form });
    return `${times}${result}`;
  });
  if (fn.exact) statements.push(...search(fn.exact));
  const typeOf = ({ role }: Variable): WgslNumber => (role === "input" || role === "cotangent" ? fn.number : "f32");
  const signature = fn.parameters.map(({ name, variable }) => `${name}: ${typeOf(variable)}`).join(", ");
  const [first] = fn.results;
  const isCarried = (variable: Variable): boolean =>
    first?.form.kind === "single" && carriesNaN(first.form.value, variable);
  const only = fn.passes
    .filter((variable) => !isCarried(variable))
    .map((variable) => names.get(variable) ?? "")
    .reduce((value, name) => `select(${value}, ${name}, is_nan(${name}))`, values[0] ?? "");
  const result = fn.struct ? `${fn.struct}(${[only, ...values.slice(1)].join(", ")})` : only;
  return [`fn ${fn.name}(${signature}) -> ${fn.struct ?? fn.number} {`, ...statements, `return ${result};`, "}"].join(
    "\n",
  );

  /** One call computes what has not been found, one result after the other. */
  function search(exact: MachineFunction): string[] {
    const missing = searched.map(({ found }) => `!${found}`);
    const which = searched.length > 1 ? [placeOf(missing)] : [];
    const place = (i: number): string => (i === 0 ? `if (${missing[i] ?? ""}) {` : `} else if (${missing[i] ?? ""}) {`);
    const value = searched.length > 1 ? scope.claim("exact") : called(exact);
    const settled = searched.map(({ result, found, form }) => [
      `${result} = ${value};`,
      ...(form.far
        ? [
            `if (is_nan(${result})) {`,
            `let far = ${called(form.far)};`,
            `${result} = select(far, ${result}, is_nan(far));`,
            "}",
          ]
        : []),
      `${found} = true;`,
    ]);
    return [
      "// A loop, in which the call stands once: compilers of shaders inline every call.",
      `while (${missing.join(" || ")}) {`,
      ...(searched.length > 1
        ? [`let ${value} = ${called(exact, ...which)};`, ...settled.flatMap((lines, i) => [place(i), ...lines]), "}"]
        : settled.flat()),
      "}",
    ];
  }
}

/** The place of the first condition that holds. */
const placeOf = (conditions: readonly string[]): string =>
  conditions
    .slice(0, -1)
    .reduceRight((rest, condition, i) => `select(${rest}, ${i}.0, ${condition})`, `${conditions.length - 1}.0`);

/** A form of what is linear in the factor, where that is 1. */
export const ofUnitFactor = (form: WgslForm, factor: Variable): WgslForm =>
  form.kind === "single" ? { ...form, value: withoutFactor(form.value, factor) } : { ...form, factor: null };

/** An expression where a variable that it is linear in is 1. */
export const withoutFactor = (root: Expr, factor: Variable): Expr =>
  rebuild(substitute(root, new Map([[factor, constant(1)]])), (node, operands) => {
    const [a, b] = operands;
    if (node.primitive === "multiply" && isConstant(a!, 1)) return b!;
    return (node.primitive === "multiply" || node.primitive === "divide") && isConstant(b!, 1)
      ? a!
      : apply(node.primitive, operands, node.rule);
  });

/** A result in single numbers as a function of its own, for a cotangent of 1. */
export function singleFunction(name: string, root: Expr, cotangent: Variable | null): MachineFunction {
  const value = cotangent ? withoutFactor(root, cotangent) : root;
  return functionOf(name, value, { kind: "single", value });
}

/** A result in pairs as a function of its own. */
export const pairFunction = (name: string, fast: Expr): MachineFunction =>
  functionOf(name, fast, { kind: "pairs", fast, guard: null, exact: null, far: null, factor: null });

function functionOf(name: string, value: Expr, form: WgslForm): MachineFunction {
  const variables = [...variablesOf(value)].sort((a, b) => a.id - b.id);
  const parameters = variables.map((variable, i) => ({ variable, name: `x${i}` }));
  const text = scalarFunctionText({
    name,
    number: "f32",
    parameters,
    results: [{ name: "", form }],
    exact: null,
    passes: [],
    struct: null,
    temporaryName: () => "t",
  });
  return { name, own: [name], variables, text };
}

export const hasOneOf = (root: Expr, names: ReadonlySet<string>): boolean =>
  reachable([root]).some((node) => node.kind === "application" && names.has(node.primitive));

const selecting: ReadonlySet<string> = new Set(["where", "choose", "at_least", "at_most", "smaller", "larger"]);

/** Whether a NaN may get lost in a form: in a selection, or in pairs. */
export const mayLoseNaN = (form: WgslForm): boolean => form.kind === "pairs" || hasOneOf(form.value, selecting);

/** Whether pairs can compute an expression as it is lowered. */
export const isSpelledInPairs = (root: Expr): boolean =>
  reachable([root]).every(
    (node) => node.kind !== "application" || node.type === "condition" || pairSpells(node.primitive),
  );
