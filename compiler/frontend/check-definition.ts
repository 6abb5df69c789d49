/** One definition by itself: its signature, its clauses and its expressions. */
import type { Clause, Definition, Name, Parameter } from "../../grammar/syntax.js";
import { quote, type Finding } from "../diagnostics.js";
import { parameterName } from "../names.js";
import type { Entry } from "./check-entry.js";
import { everywhere, ExpressionChecker, inConstant } from "./check-expressions.js";
import { declare, describe, type Scope, type Value } from "./check-scope.js";
import { suggestion } from "../suggestion.js";

/** A clause that gives a name to a value. */
export type Binding = Extract<Clause, { kind: "let" | "random" }>;

export interface LocalCheck {
  readonly errors: readonly Finding[];
  readonly warnings: readonly Finding[];
  /** The `let`s and `random`s in an order in which each one's expressions name only what comes before it. */
  readonly bindings: readonly Binding[];
}

/** Fills in what `entry` calls and how large it is, and says what is wrong with it by itself. */
export function checkDefinition(entry: Entry): LocalCheck {
  const errors: Finding[] = [];
  const report = (finding: Finding): void => void errors.push(finding);
  const { definition } = entry;
  const scope = declare(definition, report);
  const expressions = new ExpressionChecker(entry, scope, report);

  checkSignature(definition, scope, expressions, report);
  const bindings = checkBindings(definition, scope, expressions, report);
  checkClauses(definition, scope, expressions, report);
  expressions.checkNumber(definition.body, everywhere);

  entry.size = expressions.size;
  entry.nesting = expressions.nesting;
  // With errors, what is unused may only be misspelt elsewhere.
  return { errors, warnings: errors.length > 0 ? [] : unused(scope), bindings };
}

function checkSignature(
  definition: Definition,
  scope: Scope,
  expressions: ExpressionChecker,
  report: (finding: Finding) => void,
): void {
  const { name, inputs, parameters } = definition;
  if (inputs.length === 0) {
    report({
      code: "no-inputs",
      span: name.span,
      message: `'${name.text}' has no input`,
      expected: `at least one input, as in '${name.text.slice(0, 40)}(x)'`,
    });
  }
  for (const parameter of parameters) checkParameter(parameter, scope, expressions, report);
  const byExport = new Map<string, Name>();
  for (const own of [...inputs, ...parameters.map((parameter) => parameter.name)]) {
    const exported = parameterName(own.text);
    const other = byExport.get(exported);
    if (other && other.text !== own.text) {
      report({
        code: "name-collision",
        span: own.span,
        message: `'${other.text}' and '${own.text}' are both called '${exported}' in generated code`,
        expected: "another name",
      });
    }
    byExport.set(exported, own);
  }
}

function checkParameter(
  parameter: Parameter,
  scope: Scope,
  expressions: ExpressionChecker,
  report: (finding: Finding) => void,
): void {
  if (parameter.kind === "axis") {
    if (!isAxisNumber(parameter.default)) report(noInteger("the axis", parameter.span));
    return;
  }
  expressions.checkNumber(parameter.default, inConstant);
  if (parameter.range) {
    expressions.checkNumber(parameter.range.low.value, inConstant);
    expressions.checkNumber(parameter.range.high.value, inConstant);
  }
  if (parameter.kind !== "learned" || parameter.along === null || parameter.along.text === "channel") return;
  const { text, span } = parameter.along;
  const along = scope.values.get(text);
  if (along) along.used = true;
  if (along?.kind === "axis") return;
  const hint =
    suggestion(text, ["channel"]) !== undefined
      ? "did you mean 'channel'?"
      : scope.axis
        ? `the axis is called '${scope.axis.name.text}'`
        : `declare it: 'axis ${text} = -1'`;
  report({
    code: "unknown-axis",
    span,
    message: along ? `'${text}' is ${describe[along.kind]}, not an axis` : `unknown axis ${quote(text)}`,
    expected: "'channel', or the axis of the definition",
    ...(along ? {} : { hint }),
  });
}

const isAxisNumber = (value: number): boolean => Number.isInteger(value) && Math.abs(value) < 1000;

const noInteger = (what: string, span: Finding["span"]): Finding => ({
  code: "axis-not-integer",
  span,
  message: `${what} is no small integer`,
  expected: "an integer such as -1, which is the last axis",
});

/** `let`s see the ones above them and all `random`s; `random`s see all of both, as long as nothing goes in circles. */
function checkBindings(
  { clauses }: Definition,
  scope: Scope,
  expressions: ExpressionChecker,
  report: (finding: Finding) => void,
): Binding[] {
  const references = new Map<Binding, ReadonlySet<string>>();
  const checked = (binding: Binding, check: () => void): void => {
    expressions.references.clear();
    check();
    references.set(binding, new Set(expressions.references));
  };
  let lets = 0;
  for (const clause of clauses) {
    if (clause.kind !== "let") continue;
    checked(clause, () => {
      const type = expressions.check(clause.value, { values: "all", visibleLets: lets });
      const value = scope.values.get(clause.name.text);
      if (value?.name !== clause.name) return;
      value.type = type;
      lets++;
    });
  }
  for (const clause of clauses) {
    if (clause.kind !== "random") continue;
    checked(clause, () => {
      checkDistribution(clause, report);
      for (const argument of clause.arguments) expressions.checkNumber(argument, everywhere);
      expressions.checkNumber(clause.evaluation, everywhere);
    });
  }
  return inOrder(
    clauses.filter((clause) => clause.kind === "let" || clause.kind === "random"),
    references,
    report,
  );
}

/** As written, as far as possible; each pass over what is left takes up what has nothing open any more. */
function inOrder(
  bindings: readonly Binding[],
  references: ReadonlyMap<Binding, ReadonlySet<string>>,
  report: (finding: Finding) => void,
): Binding[] {
  const ordered: Binding[] = [];
  let open = new Set(bindings.map(({ name }) => name.text));
  let rest = bindings;
  while (rest.length > 0) {
    const waiting: Binding[] = [];
    for (const binding of rest) {
      if ([...(references.get(binding) ?? [])].some((name) => open.has(name))) {
        waiting.push(binding);
      } else {
        ordered.push(binding);
        open.delete(binding.name.text);
      }
    }
    const stuck = waiting.length === rest.length ? waiting.find(({ kind }) => kind === "random") : undefined;
    if (waiting.length === rest.length) {
      if (stuck) {
        report({
          code: "random-cycle",
          span: stuck.name.span,
          message: `'${stuck.name.text}' is drawn from a distribution that depends on '${stuck.name.text}' itself`,
        });
      }
      return [...ordered, ...waiting];
    }
    open = new Set(waiting.map(({ name }) => name.text));
    rest = waiting;
  }
  return ordered;
}

const distributions: ReadonlyMap<string, readonly string[]> = new Map([
  ["uniform", ["lo", "hi"]],
  ["normal", ["mean", "std"]],
  ["bernoulli", ["p"]],
]);

const otherDistributions: ReadonlyMap<string, string> = new Map([
  ["gaussian", "normal"],
  ["gauss", "normal"],
  ["randn", "normal"],
  ["rand", "uniform"],
  ["binomial", "bernoulli"],
  ["dropout", "bernoulli"],
]);

function checkDistribution(
  { distribution, arguments: list, span }: Extract<Clause, { kind: "random" }>,
  report: (finding: Finding) => void,
): void {
  const { text } = distribution;
  const operands = distributions.get(text);
  if (!operands) {
    const meant = otherDistributions.get(text.toLowerCase()) ?? suggestion(text, distributions.keys());
    report({
      code: "unknown-distribution",
      span: distribution.span,
      message: `unknown distribution ${quote(text)}`,
      expected: "'uniform(lo, hi)', 'normal(mean, std)' or 'bernoulli(p)'",
      ...(meant === undefined ? {} : { hint: `did you mean '${meant}'?` }),
    });
  } else if (operands.length !== list.length) {
    report({
      code: "argument-count",
      span: { start: distribution.span.start, end: list.at(-1)?.span.end ?? span.end },
      message: `'${text}' takes ${operands.length} argument${operands.length === 1 ? "" : "s"}, not ${list.length}`,
      expected: `'${text}(${operands.join(", ")})'`,
    });
  }
}

function checkClauses(
  { clauses, inputs }: Definition,
  scope: Scope,
  expressions: ExpressionChecker,
  report: (finding: Finding) => void,
): void {
  const seen = new Set<string>();
  for (const clause of clauses) {
    if (clause.kind === "let" || clause.kind === "random") continue;
    const key = clause.kind === "grad" ? `grad ${clause.name.text}` : clause.kind;
    if (seen.has(key)) {
      const message = `this is a second clause ${quote(key)}`;
      report({ code: "duplicate-clause", span: clause.span, message, hint: "remove one" });
    }
    seen.add(key);
    if (clause.kind === "grad") {
      checkGradientOf(clause.name, scope, report);
      expressions.checkNumber(clause.value, everywhere);
    } else if (clause.kind === "split") {
      if (!isAxisNumber(clause.axis)) report(noInteger("the axis to split", clause.span));
      if (inputs.length === 1) {
        report({
          code: "split-of-one-input",
          span: clause.span,
          message: "there is one input only: nothing to split a tensor into",
          expected: "two inputs or more",
        });
      }
    }
  }
}

function checkGradientOf({ text, span }: Name, scope: Scope, report: (finding: Finding) => void): void {
  const value = scope.values.get(text);
  if (value) value.used = true;
  if (value?.kind === "input" || value?.kind === "learned") return;
  const candidates = [...scope.values.values()].filter(({ kind }) => kind === "input" || kind === "learned");
  const meant = suggestion(
    text,
    candidates.map(({ name }) => name.text),
  );
  report({
    code: "grad-target",
    span,
    message: value ? `'${text}' is ${describe[value.kind]}, which has no gradient` : `unknown name ${quote(text)}`,
    expected: "an input or a learned parameter",
    ...(meant === undefined ? {} : { hint: `did you mean '${meant}'?` }),
  });
}

const unusedCodes: Readonly<Record<Value["kind"], string>> = {
  input: "unused-input",
  hyperparameter: "unused-parameter",
  learned: "unused-parameter",
  axis: "unused-parameter",
  let: "unused-let",
  random: "unused-random",
};

const unused = (scope: Scope): Finding[] =>
  [...scope.values.values()]
    .filter(({ used }) => !used)
    .map(({ kind, name }) => ({
      code: unusedCodes[kind],
      span: name.span,
      message: `'${name.text}' is ${describe[kind]} that nothing uses`,
      hint: "remove it",
    }));
