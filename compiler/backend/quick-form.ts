/**
 * Scalar functions for WGSL in single float32 numbers without branches, for ordinary operands, in the machine language; and what says whether operands
 * are ordinary. Others are left to the functions for all operands, which have more digits.
 */
import {
  type Application,
  apply,
  type Expr,
  rebuild,
  substitute,
  type Variable,
  variable,
  variablesOf,
} from "../ir/expr.js";
import { type Rational, toNumber } from "../ir/rational.js";
import { wgslReserved } from "../names.js";
import { call, type Dialect, form, libraryCall, Precedence, type Spelling } from "../printing/dialect.js";
import type { PrimitiveName } from "../primitives/table.js";
import { type CallArithmetic, callForm } from "./call-form.js";
import { conjuncts } from "./accuracy/guard.js";
import { carriesNaN, type Ended, endedForm } from "./passing-nan.js";
import { quickNames, quickPrefix } from "./library/wgsl/quick.js";
import { NameScope } from "./naming.js";
import { guardDialect, literal, pairArithmetic } from "./pair-form.js";
import {
  isOfSplits,
  isPrecise,
  type Precision,
  splitFunctions,
  splitPlaces,
  takesMoreDigits,
} from "./simd/expression.js";
import type { Hold, VectorForm } from "./simd/vector-form.js";
import { sizeLimit } from "./simd/limits.js";
import { singleForm } from "./single-form.js";

export interface QuickFunction {
  readonly name: string;
  readonly parameters: readonly { readonly variable: Variable; readonly name: string }[];
  readonly forms: readonly VectorForm[];
  /** The struct of the results, if there are several. */
  readonly struct: string | null;
  readonly temporaryName: (node: Application) => string;
}

const functions = Object.fromEntries(quickNames.map((name) => [name, libraryCall(`${quickPrefix}${name}`)])) as Partial<
  Record<PrimitiveName, Spelling>
>;

const { where } = guardDialect.spellings;

const dialect: Dialect = {
  ...guardDialect,
  spellings: { ...guardDialect.spellings, choose: where, pick: where, indicator: form("where(a, 1, 0)"), ...functions },
};

/** How functions are called of which an operand is a number in two parts: then others that may be are too. */
const ofSplits = (splits: ReadonlySet<Expr>): Partial<Record<PrimitiveName, Spelling>> =>
  Object.fromEntries(
    splitFunctions.map((primitive) => {
      const places = splitPlaces(primitive);
      const spelling: Spelling = (operands, print, library) => {
        const isSplit = (place: number): boolean => splits.has(operands[place]!);
        if (!places.some(isSplit)) return libraryCall(`${quickPrefix}${primitive}`)(operands, print, library);
        const texts = operands.map((operand, i) => {
          const text = print(operand, Precedence.selection);
          return places.includes(i) && !isSplit(i) ? `${quickPrefix}split_from_f32(${text})` : text;
        });
        return { text: `${quickPrefix}${primitive}_of_split(${texts.join(", ")})`, precedence: Precedence.primary };
      };
      return [primitive, spelling];
    }),
  );

/** What computes the results. */
export function quickText({ name, parameters, forms, struct, temporaryName }: QuickFunction): string {
  const { scope, variables } = namesOf(name, parameters);
  const claim = (node: Application): string => scope.claim(temporaryName(node));
  const held = new Map<string, { readonly stand: Variable; readonly name: string; readonly statement: string }>();
  const values = forms.map(({ value, hold }) => {
    const input = hold ? variables.get(hold.input) : undefined;
    if (!hold || input === undefined) return value;
    const text = heldText(input, hold);
    const { stand } = held.get(text) ?? {
      stand: variable(`held ${held.size}`, "formal", hold.input.space),
    };
    if (!held.has(text)) {
      const name = scope.claim("held");
      held.set(text, { stand, name, statement: `let ${name} = ${text};` });
    }
    return substitute(value, new Map<Expr, Expr>([[hold.input, stand]]));
  });
  const known = new Map([...variables, ...[...held.values()].map(({ stand, name }) => [stand, name] as const)]);
  const precision = forms.find((form) => form.precise)?.precise ?? null;
  const { roots, names, splits, ...precise } = inMoreDigits(values, precision, known, claim);
  const ended = roots.map((root, i) => {
    const [passed, ...others] = forms[i]?.passes ?? [];
    return passed && others.length === 0 && !carriesNaN(root, passed) ? endedForm(root, passed) : undefined;
  });
  const parts = roots.flatMap((root, i) => (ended[i] ? [ended[i].rest, ended[i].end] : [root]));
  const { statements, textOf } = singleForm(parts, {
    dialect: { ...dialect, spellings: { ...dialect.spellings, ...ofSplits(splits) } },
    variables: new Map([...known, ...names]),
    claim,
  });
  const results = forms.map(({ factor, passes = [] }, i) => {
    const [root, byBits] = [roots[i]!, ended[i]];
    const nameOf = (variable: Variable): string => variables.get(variable) ?? "";
    const text = byBits
      ? endedText(byBits, nameOf(passes[0]!), textOf)
      : passes
          .filter((variable) => !carriesNaN(root, variable))
          .reduce(
            (value, variable) => `select(${value}, ${nameOf(variable)}, is_nan(${nameOf(variable)}))`,
            textOf(root),
          );
    return factor ? `${variables.get(factor) ?? ""} * (${text})` : text;
  });
  const result = struct ? `${struct}(${results.join(", ")})` : (results[0] ?? "");
  return functionText(name, parameters, struct ?? "f32", [
    ...[...held.values()].map(({ statement }) => statement),
    ...precise.statements,
    ...statements,
    `return ${result};`,
  ]);
}

/** Numbers by their bits: a NaN has others. */
function endedText({ end, rest, first, last }: Ended, input: string, textOf: (root: Expr) => string): string {
  const [from, count] = [first, last - first].map((bits) => `0x${bits.toString(16)}u`);
  return `select(${textOf(rest)}, ${textOf(end)}, bitcast<u32>(${input}) - ${from} <= ${count})`;
}

function heldText(input: string, { low, high }: Hold): string {
  const above = low > -Infinity ? `max(${input}, ${literal(low)})` : input;
  return high < Infinity ? `min(${above}, ${literal(high)})` : above;
}

/** What single numbers have too few digits for: exponents, and polynomials that are rounded in the end, in two parts. */
interface InMoreDigits {
  readonly statements: readonly string[];
  /** With variables for what is computed so. */
  readonly roots: readonly Expr[];
  readonly names: ReadonlyMap<Expr, string>;
  /** The variables for numbers in two parts. */
  readonly splits: ReadonlySet<Expr>;
}

function inMoreDigits(
  roots: readonly Expr[],
  precise: Precision,
  variables: ReadonlyMap<Expr, string>,
  claim: (node: Application) => string,
): InMoreDigits {
  const stands = { split: new Map<Expr, Variable>(), rounded: new Map<Expr, Variable>() };
  const standFor = (node: Expr, kind: keyof typeof stands): Variable => {
    const known = stands[kind].get(node) ?? variable(`${kind} ${stands[kind].size}`, "formal", node.space);
    stands[kind].set(node, known);
    return known;
  };
  const replaced = roots.map((root) =>
    rebuild(root, (node, operands) => {
      if (!takesMoreDigits(node, precise)) {
        return isPrecise(node, precise) ? standFor(node, "rounded") : apply(node.primitive, operands, node.rule);
      }
      const given = operands.map((operand, i) => {
        const meant = node.operands[i]!;
        return splitPlaces(node.primitive).includes(i) && isOfSplits(meant) ? standFor(meant, "split") : operand;
      });
      return apply(node.primitive, given, node.rule);
    }),
  );
  const met = new Set(replaced.flatMap((root) => [...variablesOf(root)]));
  const found = (["split", "rounded"] as const).map((kind) => {
    const used = [...stands[kind]].filter(([, stand]) => met.has(stand));
    const { arithmetic, operand, result } = kinds[kind];
    const { statements, results } = callForm(
      used.map(([node]) => node),
      new Map<Expr, string>([...variables].map(([variable, text]) => [variable, operand(text)])),
      arithmetic,
      new Set(),
      claim,
    );
    const named = used.map(([node, stand], i) => {
      const text = result(results[i]!);
      // Of a variable there is no name to be made.
      if (node.kind !== "application") return { stand, name: text, statement: null };
      const name = claim(node);
      return { stand, name, statement: `let ${name} = ${text};` };
    });
    return { statements: [...statements, ...named.flatMap(({ statement }) => statement ?? [])], named };
  });
  return {
    statements: found.flatMap(({ statements }) => statements),
    roots: replaced,
    names: new Map(found.flatMap(({ named }) => named.map(({ stand, name }) => [stand, name] as const))),
    splits: new Set(stands.split.values()),
  };
}

/** A first part of 12 bits, as all have it. */
function splitConstant(value: Rational): string {
  const exact = toNumber(value);
  if (!Number.isFinite(Math.fround(exact))) return `split(${literal(exact)}, 0.0)`;
  const [bits = 0] = new Uint32Array(Float32Array.of(exact).buffer);
  const [high = 0] = new Float32Array(Uint32Array.of(bits & 0xfffff000).buffer);
  return `split(${literal(high)}, ${literal(Math.fround(exact - high))})`;
}

const ofFloat32 = `${quickPrefix}split_from_f32(`;

/** Of two variables at once: their sizes may be far apart. */
const product: Spelling = (operands, print, library) => {
  const texts = operands.map((operand) => print(operand, Precedence.selection));
  const [x, y] = texts.map((text) => (text.startsWith(ofFloat32) ? text.slice(ofFloat32.length, -1) : undefined));
  if (x === undefined || y === undefined || x === y)
    return call(`${quickPrefix}split_multiply`)(operands, print, library);
  return { text: `${quickPrefix}split_product(${x}, ${y})`, precedence: Precedence.primary };
};

const splitArithmetic: CallArithmetic = {
  prefix: `${quickPrefix}split_`,
  constant: splitConstant,
  spellings: { multiply: product },
};

/** In which arithmetic, of which operands, and what is made of a result: exponents are taken as they are, and sums that cancel need all digits of pairs. */
const kinds = {
  split: { arithmetic: splitArithmetic, operand: (text) => `${ofFloat32}${text})`, result: (text) => text },
  rounded: {
    arithmetic: pairArithmetic,
    operand: (text) => `pair_from_f32(${text})`,
    result: (text) => `pair_to_f32(${text})`,
  },
} as const satisfies Record<
  string,
  {
    readonly arithmetic: CallArithmetic;
    readonly operand: (text: string) => string;
    readonly result: (text: string) => string;
  }
>;

/** What says whether it does so. Sizes are tested by bits: so NaN and infinity are not ordinary, whatever compilers assume. */
export function ordinaryText({ name, parameters, forms, temporaryName }: Omit<QuickFunction, "struct">): string {
  const { scope, variables } = namesOf(name, parameters);
  const conditions = [...new Set(forms.flatMap(({ guard }) => (guard ? conjuncts(guard) : [])))];
  const limits = conditions.flatMap((condition) => sizeLimit(condition) ?? []);
  const others = conditions.filter((condition) => !sizeLimit(condition));
  const met = new Set([
    ...forms.flatMap(({ value }) => [...variablesOf(value)]),
    ...limits.map((each) => each.variable),
  ]);
  const sizes = parameters.flatMap(({ variable, name: text }) => {
    if (!met.has(variable)) return [];
    const limit = Math.min(largest, ...limits.filter((each) => each.variable === variable).map((each) => each.limit));
    const bits = new Uint32Array(Float32Array.of(limit).buffer)[0] ?? 0;
    return [`(bitcast<u32>(abs(${text})) <= 0x${bits.toString(16)}u)`];
  });
  const { statements, textOf } = singleForm(others, {
    dialect,
    variables,
    claim: (node) => scope.claim(temporaryName(node)),
  });
  const tests = [...sizes, ...others.map((condition) => `(${textOf(condition)})`)];
  return functionText(name, parameters, "bool", [...statements, `return ${tests.join(" & ")};`]);
}

const largest = 3.4028234663852886e38;

function namesOf(
  name: string,
  parameters: QuickFunction["parameters"],
): { readonly scope: NameScope; readonly variables: ReadonlyMap<Expr, string> } {
  return {
    scope: new NameScope([name, ...parameters.map((parameter) => parameter.name)], [wgslReserved]),
    variables: new Map(parameters.map((parameter) => [parameter.variable, parameter.name])),
  };
}

const functionText = (
  name: string,
  parameters: QuickFunction["parameters"],
  result: string,
  statements: readonly string[],
): string =>
  [
    `fn ${name}(${parameters.map((parameter) => `${parameter.name}: f32`).join(", ")}) -> ${result} {`,
    ...statements,
    "}",
  ].join("\n");
