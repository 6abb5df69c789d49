/** Names, types and calls within expressions. */
import type { Expression } from "../../grammar/syntax.js";
import { alternatives, quote, type Finding } from "../diagnostics.js";
import { builtinNames, builtinSignature } from "../primitives/builtins.js";
import type { Span } from "../source.js";
import { CallChecker } from "./check-call.js";
import type { Entry } from "./check-entry.js";
import { describe, type Scope, type Value } from "./check-scope.js";
import { suggestion } from "../suggestion.js";
import { valueAdvice } from "./check-vocabulary.js";

/** `unknown`: an error was reported, and no second one shall follow from it. */
export type Type = "number" | "condition" | "unknown";

type Infix = Extract<Expression, { kind: "binary" | "and" | "or" }>;

const isInfix = (expression: Expression): expression is Infix =>
  expression.kind === "binary" || expression.kind === "and" || expression.kind === "or";

/** Where an expression stands. */
export interface Surroundings {
  /** `constant`: a default or the end of a range, which names nothing but `pi` and `inf`. */
  readonly values: "all" | "constant";
  /** `let`s from this one on are not visible yet. */
  readonly visibleLets: number;
}

export const everywhere: Surroundings = { values: "all", visibleLets: Infinity };
export const inConstant: Surroundings = { values: "constant", visibleLets: 0 };

export class ExpressionChecker {
  /** Nodes seen so far. */
  size = 0;
  /** The deepest nesting seen so far. */
  nesting = 0;
  /** Names of `let`s and `random`s that were seen since this was last emptied. */
  readonly references = new Set<string>();

  private depth = 0;
  private surroundings: Surroundings = everywhere;
  private readonly calls: CallChecker;

  constructor(
    readonly entry: Entry,
    readonly scope: Scope,
    readonly report: (finding: Finding) => void,
  ) {
    this.calls = new CallChecker(this);
  }

  /** Checks a whole expression that must be a number. */
  checkNumber(expression: Expression, surroundings: Surroundings): void {
    this.surroundings = surroundings;
    this.expect("number", expression.span, this.typeOf(expression));
  }

  /** Checks a whole expression of either type. */
  check(expression: Expression, surroundings: Surroundings): Type {
    this.surroundings = surroundings;
    return this.typeOf(expression);
  }

  get isConstant(): boolean {
    return this.surroundings.values === "constant";
  }

  get currentDepth(): number {
    return this.depth;
  }

  excerpt({ start, end }: Span): string {
    return quote(this.entry.source.text.slice(start, Math.min(end, start + 300)));
  }

  require(wanted: "number" | "condition", expression: Expression): void {
    this.depth++;
    this.expect(wanted, expression.span, this.typeOf(expression));
    this.depth--;
  }

  private expect(wanted: "number" | "condition", span: Span, found: Type): void {
    if (found === "unknown" || found === wanted) return;
    const text = this.excerpt(span);
    const bare = text.slice(1, -1).replace(/^\(([^()]*)\)$/, "$1");
    const fits = bare.length <= 30;
    this.report(
      wanted === "condition"
        ? {
            code: "number-for-condition",
            span,
            message: `${text} is a number where a condition is expected`,
            expected: "a condition",
            hint: `compare it, as in ${fits ? `'${bare} > 0'` : "'x > 0'"}`,
          }
        : {
            code: "condition-for-number",
            span,
            message: `${text} is a condition where a number is expected`,
            expected: "a number",
            hint: `write ${fits ? `'where(${bare}, 1, 0)'` : "'where(condition, 1, 0)'"}`,
          },
    );
  }

  typeOf(expression: Expression): Type {
    // Sums of thousands of terms lean to the left: their spine is walked in a loop.
    const spine: Infix[] = [];
    let leftmost = expression;
    while (isInfix(leftmost)) {
      spine.push(leftmost);
      leftmost = leftmost.left;
    }
    let left = { span: leftmost.span, type: this.typeOfLeftmost(leftmost) };
    for (const parent of spine.reverse()) {
      this.size++;
      const operands = parent.kind === "binary" ? "number" : "condition";
      this.expect(operands, left.span, left.type);
      this.require(operands, parent.right);
      left = { span: parent.span, type: operands };
    }
    return left.type;
  }

  private typeOfLeftmost(expression: Expression): Type {
    this.size++;
    this.nesting = Math.max(this.nesting, this.depth);
    switch (expression.kind) {
      case "number":
        return "number";
      case "name":
        return this.typeOfName(expression.name, expression.span);
      case "negate":
        this.require("number", expression.operand);
        return "number";
      case "not":
        this.require("condition", expression.operand);
        return "condition";
      case "comparison":
        for (const operand of expression.operands) this.require("number", operand);
        this.checkChain(expression);
        return "condition";
      case "call":
        this.calls.check(expression);
        return "number";
      case "binary":
      case "and":
      case "or":
        return this.typeOf(expression);
    }
  }

  /** `a < x <= b` reads as in mathematics; a chain that turns round, or with `==` or `!=`, does not. */
  private checkChain({ operators, span }: Extract<Expression, { kind: "comparison" }>): void {
    const ascending = operators.every((operator) => operator === "<" || operator === "<=");
    const descending = operators.every((operator) => operator === ">" || operator === ">=");
    if (operators.length < 2 || ascending || descending) return;
    this.report({
      code: "comparison-chain",
      span,
      message: `the chain of '${operators.slice(0, 4).join("', '")}' has no meaning`,
      expected: "one comparison, or a chain in one direction such as 'a < x <= b'",
      hint: "combine comparisons by 'and'",
    });
  }

  private typeOfName(name: string, span: Span): Type {
    if (name === "pi" || name === "inf") return "number";
    const value = this.scope.values.get(name);
    if (!value) {
      this.reportUnknown(name, span);
      return "unknown";
    }
    value.used = true;
    if (this.isConstant) {
      this.report({
        code: "not-constant",
        span,
        message: `'${name}' is ${describe[value.kind]}, but defaults and ranges are constant`,
        expected: "numbers, 'pi' and arithmetic",
      });
      return "unknown";
    }
    return this.typeOfValue(value, span);
  }

  private typeOfValue(value: Value, span: Span): Type {
    const name = value.name.text;
    if (value.kind === "axis") {
      this.report({
        code: "axis-for-number",
        span,
        message: `'${name}' is an axis, not a number`,
        hint: `an axis stands in brackets, as in 'sum[${name}](x)'`,
      });
      return "unknown";
    }
    if (value.kind === "let" && value.position >= this.surroundings.visibleLets) {
      const isOwn = value.position === this.surroundings.visibleLets;
      this.report({
        code: "later-let",
        span,
        message: isOwn ? `'${name}' is defined by itself` : `'${name}' is defined only below`,
        ...(isOwn ? {} : { hint: "a 'let' sees the 'let's above it: change their order" }),
      });
      return "unknown";
    }
    if (value.kind === "let" || value.kind === "random") this.references.add(name);
    return value.type;
  }

  private reportUnknown(name: string, span: Span): void {
    const isFunction = builtinSignature(name) !== undefined || this.entry.file.entries.has(name);
    if (isFunction) {
      this.report({
        code: "function-for-value",
        span,
        message: `'${name}' is a function, not a value`,
        hint: `call it: '${name}(${this.entry.definition.inputs[0]?.text ?? "x"})'`,
      });
      return;
    }
    const visible = [...this.scope.values.values()]
      .filter(({ kind }) => kind !== "axis")
      .map((value) => value.name.text);
    const meant = this.entry.file.mayStillSuggest() ? suggestion(name, [...visible, "pi", "inf"]) : undefined;
    const nearFunction = meant ?? suggestion(name, builtinNames());
    const hint =
      valueAdvice(name) ??
      (meant !== undefined
        ? `did you mean '${meant}'?`
        : nearFunction !== undefined
          ? `did you mean the function '${nearFunction}'?`
          : undefined);
    this.report({
      code: "unknown-name",
      span,
      message: `unknown name ${quote(name)}`,
      ...(hint !== undefined || visible.length === 0 || visible.length > 8 ? {} : { expected: alternatives(visible) }),
      ...(hint === undefined ? {} : { hint }),
    });
  }
}
