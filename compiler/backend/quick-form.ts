/**
 * Scalar functions for WGSL in single float32 numbers without branches, for ordinary operands, in the machine language; and what says whether operands
 * are ordinary. Others are left to the functions for all operands, which have more digits.
 */
import { type Application, type Expr, isApplication, type Variable, variablesOf } from "../ir/expr.js";
import { toNumber } from "../ir/rational.js";
import { wgslReserved } from "../names.js";
import { type Dialect, form, libraryCall, type Spelling } from "../printing/dialect.js";
import type { PrimitiveName } from "../primitives/table.js";
import { conjuncts } from "./accuracy/guard.js";
import { simdLibrary } from "./library/simd.js";
import { quickPrefix } from "./library/wgsl/quick.js";
import { NameScope } from "./naming.js";
import { guardDialect } from "./pair-form.js";
import type { VectorForm } from "./simd/forms.js";
import { singleForm } from "./single-form.js";

export interface QuickFunction {
  readonly name: string;
  readonly parameters: readonly { readonly variable: Variable; readonly name: string }[];
  readonly forms: readonly VectorForm[];
  /** The struct of the results, if there are several. */
  readonly struct: string | null;
  readonly temporaryName: (node: Application) => string;
}

const functions = Object.fromEntries(
  simdLibrary("f32x4").functions.map(({ name }) => [name, libraryCall(`${quickPrefix}${name}`)]),
) as Partial<Record<PrimitiveName, Spelling>>;

const { where } = guardDialect.spellings;

const dialect: Dialect = {
  ...guardDialect,
  spellings: { ...guardDialect.spellings, choose: where, pick: where, indicator: form("where(a, 1, 0)"), ...functions },
};

/** What computes the results. */
export function quickText({ name, parameters, forms, struct, temporaryName }: QuickFunction): string {
  const { scope, variables } = namesOf(name, parameters);
  const { statements, textOf } = singleForm(
    forms.map(({ value }) => value),
    { dialect, variables, claim: (node) => scope.claim(temporaryName(node)) },
  );
  const results = forms.map(({ value, factor }) => {
    const text = textOf(value);
    return factor ? `${variables.get(factor) ?? ""} * (${text})` : text;
  });
  const result = struct ? `${struct}(${results.join(", ")})` : (results[0] ?? "");
  return functionText(name, parameters, struct ?? "f32", [...statements, `return ${result};`]);
}

/** What says whether it does so. Sizes are tested by bits: so NaN and infinity are not ordinary, whatever compilers assume. */
export function ordinaryText({ name, parameters, forms, temporaryName }: Omit<QuickFunction, "struct">): string {
  const { scope, variables } = namesOf(name, parameters);
  const conditions = [...new Set(forms.flatMap(({ guard }) => (guard ? conjuncts(guard) : [])))];
  const limits = conditions.flatMap((condition) => limitIn(condition) ?? []);
  const others = conditions.filter((condition) => !limitIn(condition));
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

/** A condition that only asks for the size of a variable. */
function limitIn(condition: Expr): { readonly variable: Variable; readonly limit: number } | undefined {
  if (!isApplication(condition, "lessOrEqual")) return undefined;
  const [size, limit] = condition.operands;
  const variable = isApplication(size!, "abs") ? size.operands[0]! : undefined;
  return variable?.kind === "variable" && limit?.kind === "constant"
    ? { variable, limit: toNumber(limit.value) }
    : undefined;
}

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
