/**
 * Scalar functions for WGSL in single float32 numbers without branches, for ordinary operands, in the machine language; and what says whether operands
 * are ordinary. Others are left to the functions for all operands, which have more digits.
 */
import { type Application, type Expr, substitute, type Variable, variable, variablesOf } from "../ir/expr.js";
import { wgslReserved } from "../names.js";
import { type Dialect, form, libraryCall, type Spelling } from "../printing/dialect.js";
import type { PrimitiveName } from "../primitives/table.js";
import { callForm } from "./call-form.js";
import { conjuncts } from "./accuracy/guard.js";
import { quickNames, quickPrefix } from "./library/wgsl/quick.js";
import { NameScope } from "./naming.js";
import { guardDialect, pairArithmetic } from "./pair-form.js";
import { isPrecise, type Precision, takesMoreDigits } from "./simd/expression.js";
import type { VectorForm } from "./simd/vector-form.js";
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

/** What computes the results. */
export function quickText({ name, parameters, forms, struct, temporaryName }: QuickFunction): string {
  const { scope, variables } = namesOf(name, parameters);
  const claim = (node: Application): string => scope.claim(temporaryName(node));
  const values = forms.map(({ value }) => value);
  const precision = forms.find((form) => form.precise)?.precise;
  const precise = precision ? inMoreDigits(values, precision, variables, claim) : null;
  const roots = precise?.roots ?? values;
  const { statements, textOf } = singleForm(roots, {
    dialect,
    variables: new Map([...variables, ...(precise?.names ?? [])]),
    claim,
  });
  const results = forms.map(({ factor, passes = [] }, i) => {
    const text = passes.reduce((value, variable) => {
      const passed = variables.get(variable) ?? "";
      return `select(${value}, ${passed}, is_nan(${passed}))`;
    }, textOf(roots[i]!));
    return factor ? `${variables.get(factor) ?? ""} * (${text})` : text;
  });
  const result = struct ? `${struct}(${results.join(", ")})` : (results[0] ?? "");
  return functionText(name, parameters, struct ?? "f32", [
    ...(precise?.statements ?? []),
    ...statements,
    `return ${result};`,
  ]);
}

/** What single numbers have too few digits for, computed in pairs and rounded, and the roots in terms of variables for it. */
function inMoreDigits(
  roots: readonly Expr[],
  precise: NonNullable<Precision>,
  variables: ReadonlyMap<Expr, string>,
  claim: (node: Application) => string,
): {
  readonly names: ReadonlyMap<Expr, string>;
  readonly statements: readonly string[];
  readonly roots: readonly Expr[];
} {
  const nodes = outermost(roots, (node) => isPrecise(node, precise));
  const isExponential = (node: Application): boolean => takesMoreDigits(node, precise);
  const inPairs = new Map<Expr, string>([...variables].map(([variable, text]) => [variable, `pair_from_f32(${text})`]));
  const operands = nodes.map((node) => (isExponential(node) ? node.operands[0]! : node));
  const { statements, results } = callForm(operands, inPairs, pairArithmetic, new Set(), claim);
  const named = nodes.map((node, i) => {
    const name = claim(node);
    const fn = isExponential(node) ? `${quickPrefix}${node.primitive}_of_pair` : "pair_to_f32";
    return {
      node,
      stand: variable(`rounded ${i}`, "formal", node.space),
      name,
      statement: `let ${name} = ${fn}(${results[i]!});`,
    };
  });
  return {
    names: new Map(named.map(({ stand, name }) => [stand, name])),
    statements: [...statements, ...named.map(({ statement }) => statement)],
    roots: roots.map((root) => substitute(root, new Map(named.map(({ node, stand }) => [node, stand])))),
  };
}

/** The applications of a kind that are met first on the way down from the roots, each once, in the order of the graph. */
function outermost(roots: readonly Expr[], isOfKind: (node: Application) => boolean): readonly Application[] {
  const met = new Set<Expr>();
  const found = new Set<Application>();
  const stack = [...roots];
  for (let node = stack.pop(); node; node = stack.pop()) {
    if (met.has(node) || node.kind !== "application") continue;
    met.add(node);
    if (isOfKind(node)) found.add(node);
    else stack.push(...node.operands);
  }
  return [...found].sort((a, b) => a.id - b.id);
}

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
