/** From the syntax tree back to text, with no more parentheses than the grammar needs. Parsing the text gives the tree again. */
import type { AxisReference, Clause, Definition, Expression, Parameter, Range } from "./syntax.js";

/** How tightly each form binds; an operand that binds less tightly than its place asks for is parenthesised. */
const binding = { or: 1, and: 2, not: 3, comparison: 4, sum: 5, product: 6, negate: 7, power: 8, atom: 9 } as const;

function bindingOf(expression: Expression): number {
  switch (expression.kind) {
    case "binary":
      return { "+": binding.sum, "-": binding.sum, "*": binding.product, "/": binding.product, "^": binding.power }[
        expression.operator
      ];
    case "or":
    case "and":
    case "not":
    case "comparison":
    case "negate":
      return binding[expression.kind];
    case "number":
    case "name":
    case "call":
      return binding.atom;
  }
}

export function printExpression(expression: Expression): string {
  return print(expression, binding.or);
}

function print(expression: Expression, loosest: number): string {
  return bindingOf(expression) < loosest ? `(${printBare(expression)})` : printBare(expression);
}

function printBare(expression: Expression): string {
  switch (expression.kind) {
    case "number":
      return expression.text;
    case "name":
      return expression.name;
    case "negate":
      return `-${print(expression.operand, binding.negate)}`;
    case "not":
      return `not ${print(expression.operand, binding.not)}`;
    case "comparison": {
      const operands = expression.operands.map((operand) => print(operand, binding.sum));
      return operands.map((operand, i) => (i === 0 ? operand : `${expression.operators[i - 1]} ${operand}`)).join(" ");
    }
    case "call": {
      const named = expression.named.map(({ name, value }) => `${name.text} = ${printExpression(value)}`);
      const list = [...expression.positional.map(printExpression), ...named].join(", ");
      return `${expression.callee.text}${expression.axis ? `[${printAxis(expression.axis)}]` : ""}(${list})`;
    }
    case "binary":
    case "and":
    case "or":
      return printSpine(expression);
  }
}

type Infix = Extract<Expression, { kind: "binary" | "and" | "or" }>;

const isInfix = (expression: Expression): expression is Infix =>
  expression.kind === "binary" || expression.kind === "and" || expression.kind === "or";

/** Sums of thousands of terms lean to the left: their spine is walked in a loop. */
function printSpine(expression: Infix): string {
  const parts: string[] = [];
  let rest: Expression = expression;
  for (;;) {
    const own: number = bindingOf(rest);
    if (!isInfix(rest)) {
      parts.push(printBare(rest));
      break;
    }
    const isPower = rest.kind === "binary" && rest.operator === "^";
    const right = print(rest.right, isPower ? binding.negate : own + 1);
    parts.push(isPower ? `^${right}` : ` ${rest.kind === "binary" ? rest.operator : rest.kind} ${right}`);
    const left: Expression = rest.left;
    if (bindingOf(left) < (isPower ? binding.atom : own)) {
      parts.push(`(${printBare(left)})`);
      break;
    }
    rest = left;
  }
  return parts.reverse().join("");
}

const printAxis = (axis: AxisReference): string => (axis.kind === "name" ? axis.name : String(axis.value));

export function printDefinition(definition: Definition): string {
  const { name, inputs, parameters, body, clauses, documentation } = definition;
  const signature = [inputs.map(({ text }) => text).join(", "), parameters.map(printParameter).join(", ")];
  const list = parameters.length > 0 ? signature.join("; ") : (signature[0] ?? "");
  const lines = [
    ...documentation.map((line) => (line === "" ? "##" : `## ${line}`)),
    `${name.text}(${list}) = ${printExpression(body)}`,
    ...clauses.map((clause) => `  ${printClause(clause)}`),
  ];
  return `${lines.join("\n")}\n`;
}

function printParameter(parameter: Parameter): string {
  const name = parameter.name.text;
  if (parameter.kind === "axis") return `axis ${name} = ${parameter.default}`;
  const value = `${printExpression(parameter.default)}${parameter.range ? printRange(parameter.range) : ""}`;
  if (parameter.kind === "hyperparameter") return `${name} = ${value}`;
  return `learn ${name}${parameter.along ? `[${parameter.along.text}]` : ""} = ${value}`;
}

const printRange = ({ low, high }: Range): string =>
  ` in ${low.closed ? "[" : "("}${printExpression(low.value)}, ${printExpression(high.value)}${high.closed ? "]" : ")"}`;

function printClause(clause: Clause): string {
  switch (clause.kind) {
    case "let":
    case "grad":
      return `${clause.kind} ${clause.name.text} = ${printExpression(clause.value)}`;
    case "random": {
      const list = clause.arguments.map(printExpression).join(", ");
      const evaluation = printExpression(clause.evaluation);
      return `random ${clause.name.text} = train ${clause.distribution.text}(${list}) eval ${evaluation}`;
    }
    case "class":
      return `class ${clause.name.text}`;
    case "split":
      return `split ${clause.axis}`;
  }
}
