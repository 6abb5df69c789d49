/**
 * From a checked definition to an activation: names become nodes, calls are expanded, and what needs arithmetic is
 * checked (constants that are not finite, defaults outside of their range).
 */
import type { Bound, Clause, Definition, Expression, Range } from "../../grammar/syntax.js";
import { printDefinition, printExpression } from "../../grammar/print.js";
import { infinitySign } from "../algebra/forms.js";
import { normalise } from "../algebra/normalise.js";
import type { Diagnostic } from "../diagnostics.js";
import type { Activation, Hyperparameter, LearnedParameter } from "../ir/activation.js";
import {
  apply,
  axisLength,
  type Bounds,
  constant,
  type CustomGradient,
  type Expr,
  reachable,
  Space,
  variable,
  type Variable,
} from "../ir/expr.js";
import { fromNumber, parseLiteral } from "../ir/rational.js";
import { constantValue } from "../numerics/constant.js";
import { binaryPrimitives, comparisonPrimitives } from "../primitives/formula.js";
import { primitiveNamed, type PrimitiveName } from "../primitives/table.js";
import type { Span } from "../source.js";
import type { CheckedDefinition } from "./check.js";
import { misplaced, Streams } from "./distributions.js";

export interface Elaborated {
  /** `null` when a diagnostic is an error. */
  readonly activation: Activation | null;
  readonly diagnostics: readonly Diagnostic[];
}

/** Elaborates in the current graph of nodes: one graph per activation. */
export function elaborate(checked: CheckedDefinition): Elaborated {
  const { definition, source } = checked;
  const diagnostics: Diagnostic[] = [];
  const report = (code: string, span: Span, message: string, hint?: string): void => {
    diagnostics.push({ code, severity: "error", file: source.file, span, message, ...(hint ? { hint } : {}) });
  };
  const own = definition.parameters.find((parameter) => parameter.kind === "axis");
  const axes = new Set<AxisUse>();
  const names = [...definition.inputs, ...definition.parameters.map(({ name }) => name)];
  const bound = checked.bindings.map(({ name }) => name);
  const streams = new Streams(new Set([...names, ...bound].map(({ text }) => text)));
  const environment = new Environment(checked, report, new Map(), own ? "own" : null, axes, streams);

  const inputs = definition.inputs.map((name) => variable(name.text, "input", Space.element));
  for (const input of inputs) environment.values.set(input.name, input);
  const hyperparameters: Hyperparameter[] = [];
  const learned: LearnedParameter[] = [];
  for (const parameter of definition.parameters) {
    if (parameter.kind === "axis") continue;
    const range = parameter.range ? boundsOf(parameter.range, environment, report) : null;
    const value = environment.number(parameter.default);
    if (value === undefined) continue;
    if (range && !within(value, range)) {
      report(
        "default-outside-range",
        parameter.default.span,
        `the default ${value} of '${parameter.name.text}' is outside of its range ${rangeText(range)}`,
        "change the default or the range",
      );
      continue;
    }
    if (parameter.kind === "hyperparameter") {
      const node = variable(parameter.name.text, "hyperparameter", Space.uniform, range);
      environment.values.set(node.name, node);
      hyperparameters.push({ variable: node, default: value, range });
      continue;
    }
    const along = parameter.along?.text ?? null;
    const shape = along === null ? "scalar" : along === "channel" ? "channel" : "axis";
    const space = { scalar: Space.uniform, channel: Space.channel, axis: Space.axis }[shape];
    const node = variable(parameter.name.text, "learned", space, range);
    environment.values.set(node.name, node);
    learned.push({ variable: node, shape, default: value, range });
  }

  const hints = new Map<Expr, string>();
  environment.bindClauses(hints, true);
  const body = environment.expression(definition.body);
  const gradients = new Map<Variable, Expr>();
  for (const clause of definition.clauses) {
    if (clause.kind !== "grad") continue;
    const target = [...inputs, ...learned.map(({ variable: node }) => node)].find(
      ({ name }) => name === clause.name.text,
    );
    if (target) gradients.set(target, environment.expression(clause.value));
  }
  if (axes.size > 1) {
    report(
      "unsupported",
      definition.name.span,
      `'${definition.name.text}' reduces over several axes: this version compiles reductions over one`,
    );
  }
  const [axisUsed] = axes;
  const axis: Activation["axis"] =
    typeof axisUsed === "number"
      ? { name: null, default: axisUsed }
      : own?.kind === "axis"
        ? { name: own.name.text, default: own.default }
        : null;
  const split = definition.clauses.find((clause) => clause.kind === "split");
  const named = definition.clauses.find((clause) => clause.kind === "class");
  if (diagnostics.length > 0) return { activation: null, diagnostics };
  return {
    diagnostics,
    activation: {
      name: definition.name.text,
      file: source.file,
      documentation: definition.documentation,
      formula: printDefinition({
        ...definition,
        documentation: [],
        clauses: definition.clauses.filter(({ kind }) => kind !== "class" && kind !== "split"),
      })
        .trimEnd()
        .split("\n"),
      className: named?.kind === "class" ? named.name.text : null,
      inputs,
      hyperparameters,
      learned,
      axis,
      split: split?.kind === "split" ? split.axis : null,
      random: reachable([body, ...gradients.values()]).some(isDrawn) ? streams.randomness : null,
      body,
      gradients,
      hints,
    },
  };
}

const isDrawn = (node: Expr): boolean => node.kind === "variable" && node.role === "random";

const within = (value: number, { low, high, lowClosed, highClosed }: Bounds): boolean =>
  (lowClosed ? value >= low : value > low) && (highClosed ? value <= high : value < high);

export const rangeText = ({ low, high, lowClosed, highClosed }: Bounds): string =>
  `${lowClosed ? "[" : "("}${boundText(low)}, ${boundText(high)}${highClosed ? "]" : ")"}`;

const boundText = (value: number): string =>
  value === Infinity ? "inf" : value === -Infinity ? "-inf" : String(value);

type Report = (code: string, span: Span, message: string, hint?: string) => void;

function boundsOf(range: Range, environment: Environment, report: Report): Bounds | null {
  const end = (bound: Bound): number | undefined => {
    const node = normalise(environment.expression(bound.value));
    const sign = infinitySign(node);
    return sign ? sign * Infinity : environment.number(bound.value);
  };
  const [low, high] = [end(range.low), end(range.high)];
  if (low === undefined || high === undefined) return null;
  if (low > high || (low === high && !(range.low.closed && range.high.closed))) {
    report("empty-range", range.span, `no number lies in the range from ${boundText(low)} to ${boundText(high)}`);
    return null;
  }
  return { low, high, lowClosed: range.low.closed, highClosed: range.high.closed };
}

/** The axis that reductions run over: the activation's own axis parameter, or a fixed one that a call gave. */
type AxisUse = "own" | number;

/** The names that a definition's expressions see, and what they stand for. */
class Environment {
  constructor(
    private readonly checked: CheckedDefinition,
    private readonly report: Report,
    readonly values: Map<string, Expr>,
    /** What the definition's axis is for the activation that is elaborated. */
    private readonly axis: AxisUse | null,
    /** The axes that reductions have used so far. */
    private readonly axes: Set<AxisUse>,
    /** What is drawn, here and in calls. */
    private readonly streams: Streams,
    /** Says at the call what its arguments do to a distribution; null where there is no call. */
    private readonly origin: ((fault: string) => void) | null = null,
  ) {}

  /** Makes the `let`s and `random`s visible. */
  bindClauses(hints: Map<Expr, string>, outermost: boolean): void {
    for (const clause of this.checked.bindings) {
      const value = clause.kind === "random" ? this.random(clause) : this.expression(clause.value);
      this.values.set(clause.name.text, value);
      if (outermost || !hints.has(value)) hints.set(value, clause.name.text);
    }
  }

  private random({ name, distribution, arguments: list, evaluation }: Extract<Clause, { kind: "random" }>): Expr {
    const operands = list.map((argument) => {
      const operand = this.expression(argument);
      if (operand.space === Space.constant && !Number.isFinite(constantValue(operand) ?? Infinity))
        this.number(argument);
      return operand;
    });
    const shown = this.origin === null ? name.text : this.streams.free(name.text);
    const fault = misplaced(distribution.text, operands);
    if (fault !== null) {
      const span = { start: distribution.span.start, end: list.at(-1)?.span.end ?? distribution.span.end };
      this.misplaced(span, fault);
    }
    return this.streams.value(shown, distribution.text, operands, this.expression(evaluation));
  }

  /** Arguments of a distribution; of a call, those that the call gives are to blame. */
  private misplaced(span: Span, fault: string): void {
    const { origin } = this;
    if (origin === null) this.report("distribution-argument", span, fault);
    else origin(fault);
  }

  /** The binary64 value of a constant expression; reports where there is none. */
  number(syntax: Expression): number | undefined {
    const node = this.expression(syntax);
    const value = node.space === Space.constant ? constantValue(node) : undefined;
    if (value === undefined || !Number.isFinite(value)) {
      this.notFinite(syntax, value);
      return undefined;
    }
    return value;
  }

  private reported = false;

  private notFinite(syntax: Expression, value: number | undefined): void {
    if (this.reported) return;
    this.reported = true;
    this.report(
      "constant-not-finite",
      syntax.span,
      value === undefined || Number.isNaN(value)
        ? `'${printExpression(syntax)}' has no real value`
        : `'${printExpression(syntax)}' is not finite`,
      "constants are real numbers that binary64 can hold",
    );
  }

  expression(syntax: Expression): Expr {
    // Long sums lean to the left: their spine is walked in a loop.
    const spine: Extract<Expression, { kind: "binary" | "and" | "or" }>[] = [];
    let left = syntax;
    while (left.kind === "binary" || left.kind === "and" || left.kind === "or") {
      spine.push(left);
      left = left.left;
    }
    let node = this.leftmost(left);
    for (const parent of spine.reverse()) {
      const right = this.expression(parent.right);
      node = apply(parent.kind === "binary" ? binaryPrimitives[parent.operator] : parent.kind, [node, right]);
      this.requireFinite(node, parent);
    }
    return node;
  }

  /** Constant subexpressions are finite; where an operand is wrong already, it alone is named. */
  private requireFinite(node: Expr, syntax: Expression): void {
    if (node.kind !== "application" || node.space !== Space.constant || node.type !== "number") return;
    const nodes = reachable([node]);
    // The sum of a constant depends on how long the axis is.
    if (nodes.some((inner) => inner.kind === "application" && inner.primitive === "sum")) return;
    if (nodes.some((inner) => inner.kind === "application" && inner.primitive === "infinity")) {
      if (node.primitive === "negate") return;
    } else if (
      node.primitive === "add" ||
      node.primitive === "subtract" ||
      node.primitive === "multiply" ||
      node.primitive === "negate"
    ) {
      return;
    }
    const value = constantValue(node);
    if (value === undefined || !Number.isFinite(value)) this.notFinite(syntax, value);
  }

  private leftmost(syntax: Expression): Expr {
    switch (syntax.kind) {
      case "number": {
        const node = constant(parseLiteral(syntax.text));
        if (!Number.isFinite(constantValue(node) ?? NaN)) this.notFinite(syntax, Infinity);
        return node;
      }
      case "name":
        if (syntax.name === "pi") return apply("pi", []);
        if (syntax.name === "inf") return apply("infinity", []);
        return this.values.get(syntax.name) ?? constant(0);
      case "negate": {
        const node = apply("negate", [this.expression(syntax.operand)]);
        this.requireFinite(node, syntax);
        return node;
      }
      case "not":
        return apply("not", [this.expression(syntax.operand)]);
      case "comparison":
        return this.comparison(syntax);
      case "call": {
        const node = this.call(syntax);
        this.requireFinite(node, syntax);
        return node;
      }
      case "binary":
      case "and":
      case "or":
        return this.expression(syntax);
    }
  }

  /** `a < x < b` means both. */
  private comparison(syntax: Extract<Expression, { kind: "comparison" }>): Expr {
    const operands = syntax.operands.map((operand) => this.expression(operand));
    const links = syntax.operators.map((operator, i) =>
      apply(comparisonPrimitives[operator], [operands[i]!, operands[i + 1]!]),
    );
    return links.reduce((all, link) => apply("and", [all, link]));
  }

  private call(syntax: Extract<Expression, { kind: "call" }>): Expr {
    const callee = this.checked.callees.get(syntax.callee.text);
    return callee ? this.callDefinition(callee, syntax) : this.callBuiltin(syntax);
  }

  private callBuiltin(syntax: Extract<Expression, { kind: "call" }>): Expr {
    const operands = syntax.positional.map((operand) => this.expression(operand));
    const name = syntax.callee.text;
    if (syntax.axis) {
      if (this.axis !== null) this.axes.add(this.axis);
      const reductions: Readonly<Record<string, PrimitiveName>> = {
        sum: "sum",
        mean: "sum",
        max: "maximum",
        min: "minimum",
      };
      const reduced = apply(reductions[name] ?? "sum", operands);
      return name === "mean" ? apply("divide", [reduced, axisLength()]) : reduced;
    }
    switch (name) {
      case "max":
        return operands.reduce((a, b) => apply("where", [apply("greater", [a, b]), a, b]));
      case "min":
        return operands.reduce((a, b) => apply("where", [apply("less", [a, b]), a, b]));
      case "clamp": {
        const [x, low, high] = operands;
        const above = apply("where", [apply("greaterOrEqual", [x!, high!]), high!, x!]);
        return apply("where", [apply("lessOrEqual", [x!, low!]), low!, above]);
      }
      default: {
        const primitive = primitiveNamed(name);
        if (!primitive) throw new Error(`the checker let the unknown function ${name} pass`);
        return apply(primitive, operands);
      }
    }
  }

  /** What the callee's axis is here: the caller's, an integer, or its default. */
  private axisOfCall(callee: Definition, syntax: Extract<Expression, { kind: "call" }>): AxisUse | null {
    const parameter = callee.parameters.find(({ kind }) => kind === "axis");
    if (parameter?.kind !== "axis") return null;
    const given = syntax.named.find(({ name }) => name.text === parameter.name.text)?.value;
    if (!given) return parameter.default;
    if (given.kind === "name") return this.axis;
    return this.number(given) ?? parameter.default;
  }

  /** A call of another definition: its body with the arguments in place, or a node that carries its `grad` clauses. */
  private callDefinition(callee: CheckedDefinition, syntax: Extract<Expression, { kind: "call" }>): Expr {
    const { definition } = callee;
    // What is wrong in the callee is said where the callee is compiled itself.
    const origin = (fault: string): void => {
      if (syntax.named.length > 0) this.misplaced(syntax.span, `in '${definition.name.text}' ${fault}`);
    };
    const inner = new Environment(
      callee,
      () => undefined,
      new Map(),
      this.axisOfCall(definition, syntax),
      this.axes,
      this.streams,
      origin,
    );
    const actuals: { name: string; space: number; value: Expr; bounds: Bounds | null }[] = [];
    definition.inputs.forEach((input, i) => {
      actuals.push({
        name: input.text,
        space: Space.element,
        value: this.expression(syntax.positional[i]!),
        bounds: null,
      });
    });
    for (const parameter of definition.parameters) {
      if (parameter.kind === "axis") continue;
      const given = syntax.named.find(({ name }) => name.text === parameter.name.text);
      const defaultValue = (): Expr => constant(fromNumber(inner.number(parameter.default) ?? 0));
      const value = given ? this.expression(given.value) : defaultValue();
      const bounds = parameter.range ? boundsOf(parameter.range, inner, () => undefined) : null;
      if (given && bounds && value.space === Space.constant) {
        const number = constantValue(value);
        if (number !== undefined && !within(number, bounds)) {
          this.report(
            "default-outside-range",
            given.value.span,
            `${number} is outside of the range ${rangeText(bounds)} of '${parameter.name.text}' in '${definition.name.text}'`,
          );
        }
      }
      actuals.push({ name: parameter.name.text, space: value.space, value, bounds });
    }
    const hints = new Map<Expr, string>();
    if (!definition.clauses.some(({ kind }) => kind === "grad")) {
      for (const { name, value } of actuals) inner.values.set(name, value);
      inner.bindClauses(hints, false);
      return inner.expression(definition.body);
    }
    const formals = actuals.map(({ name, space, bounds }) =>
      variable(`${definition.name.text}.${name}#${syntax.span.start}`, "formal", space, bounds),
    );
    const drawn = this.streams.count;
    actuals.forEach(({ name }, i) => inner.values.set(name, formals[i]!));
    inner.bindClauses(hints, false);
    const gradients = new Map<Variable, Expr>();
    for (const clause of definition.clauses) {
      const index = clause.kind === "grad" ? actuals.findIndex(({ name }) => name === clause.name.text) : -1;
      if (clause.kind === "grad" && index >= 0) gradients.set(formals[index]!, inner.expression(clause.value));
    }
    const body = inner.expression(definition.body);
    // What the call draws is handed on to it, as its arguments are.
    const draws = this.streams.since(drawn);
    const rule: CustomGradient = { name: definition.name.text, formals: [...formals, ...draws], body, gradients };
    return apply("custom", [...actuals.map(({ value }) => value), ...draws], rule);
  }
}
