/** Expressions as their authors would write them: the definition language, and nothing that it cannot say. */
import { apply, constant, type Expr, isApplication } from "../ir/expr.js";
import { multiply, toText } from "../ir/rational.js";
import { isComparison } from "../algebra/selection.js";
import { instantiateRow } from "../primitives/formula.js";
import { primitive, type PrimitiveName } from "../primitives/table.js";

/** How tightly each form binds; the higher, the tighter. */
const Binding = { or: 1, and: 2, not: 3, comparison: 4, sum: 5, product: 6, sign: 7, power: 8, atom: 9 } as const;

interface Printed {
  readonly text: string;
  readonly binding: number;
}

const infix: Partial<Record<PrimitiveName, readonly [symbol: string, binding: number, left: number, right: number]>> = {
  add: ["+", Binding.sum, Binding.sum, Binding.sum],
  subtract: ["-", Binding.sum, Binding.sum, Binding.product],
  multiply: ["*", Binding.product, Binding.product, Binding.product],
  divide: ["/", Binding.product, Binding.product, Binding.sign],
  less: ["<", Binding.comparison, Binding.sum, Binding.sum],
  lessOrEqual: ["<=", Binding.comparison, Binding.sum, Binding.sum],
  greater: [">", Binding.comparison, Binding.sum, Binding.sum],
  greaterOrEqual: [">=", Binding.comparison, Binding.sum, Binding.sum],
  equal: ["==", Binding.comparison, Binding.sum, Binding.sum],
  notEqual: ["!=", Binding.comparison, Binding.sum, Binding.sum],
  and: ["and", Binding.and, Binding.and, Binding.not],
  or: ["or", Binding.or, Binding.or, Binding.and],
};

const reductions: Partial<Record<PrimitiveName, string>> = { sum: "sum", mean: "mean", maximum: "max", minimum: "min" };

/** What internal primitives are in terms of those with a name. */
export function withoutInternals(node: Expr): Expr {
  if (node.kind !== "application") return node;
  const [a, b] = node.operands;
  if (node.primitive === "hypot") return apply("sqrt", [apply("add", [squareOf(a!), squareOf(b!)])]);
  const { spelled } = primitive(node.primitive);
  return spelled === undefined ? node : instantiateRow(spelled, node.operands, apply);
}

/** Its square root undone where it is one; a constant squared at once. */
function squareOf(node: Expr): Expr {
  if (node.kind === "constant") return constant(multiply(node.value, node.value));
  if (isApplication(node, "sqrt")) return node.operands[0] ?? node;
  if (!isApplication(node, "multiply")) return apply("pow", [node, constant(2)]);
  const [a, b] = node.operands;
  const rooted = [a, b].some((factor) => factor !== undefined && isApplication(factor, "sqrt"));
  return rooted && a && b ? apply("multiply", [squareOf(a), squareOf(b)]) : apply("pow", [node, constant(2)]);
}

export interface Extremum {
  readonly name: "max" | "min";
  readonly operands: readonly [Expr, Expr];
}

/** `where(a > b, a, b)` is `max(a, b)`, ties included; the other three spellings likewise. */
export function extremum(node: Expr): Extremum | undefined {
  if (!isApplication(node, "where")) return undefined;
  const [condition, first, second] = node.operands;
  if (condition?.kind !== "application" || !isComparison(condition.primitive) || !first || !second) return undefined;
  const [a, b] = condition.operands;
  const straight = first === a && second === b;
  if (!straight && !(first === b && second === a)) return undefined;
  switch (condition.primitive) {
    case "greater":
      return straight ? { name: "max", operands: [first, second] } : { name: "min", operands: [second, first] };
    case "less":
      return straight ? { name: "min", operands: [first, second] } : { name: "max", operands: [second, first] };
    case "greaterOrEqual":
      return straight ? { name: "max", operands: [second, first] } : { name: "min", operands: [first, second] };
    case "lessOrEqual":
      return straight ? { name: "min", operands: [second, first] } : { name: "max", operands: [first, second] };
    case "equal":
    case "notEqual":
      return undefined;
  }
}

/** `where(x <= low, low, where(x >= high, high, x))` as its three operands. */
export function clamped(node: Expr): readonly [Expr, Expr, Expr] | undefined {
  if (!isApplication(node, "where")) return undefined;
  const [below, low, rest] = node.operands;
  if (!below || !rest || !isApplication(below, "lessOrEqual") || !isApplication(rest, "where")) return undefined;
  const [above, high, x] = rest.operands;
  if (!above || !isApplication(above, "greaterOrEqual")) return undefined;
  const matches =
    below.operands[0] === x && below.operands[1] === low && above.operands[0] === x && above.operands[1] === high;
  return matches ? [x!, low!, high!] : undefined;
}

/** An expression in the definition language; `axis` is what its axis is called. */
export function formulaText(root: Expr, axis = "d"): string {
  const cache = new Map<Expr, Printed>();
  const operand = (node: Expr, atLeast: number): string => {
    const { text, binding } = print(node);
    return binding < atLeast ? `(${text})` : text;
  };
  const list = (nodes: readonly Expr[]): string => nodes.map((node) => operand(node, Binding.or)).join(", ");
  const call = (name: string, operands: readonly Expr[]): Printed => ({
    text: `${name}(${list(operands)})`,
    binding: Binding.atom,
  });
  const print = (node: Expr): Printed => {
    const known = cache.get(node);
    if (known) return known;
    const printed = printNode(node);
    cache.set(node, printed);
    return printed;
  };
  const printNode = (node: Expr): Printed => {
    if (node.kind === "variable") {
      return { text: node.role === "axisLength" ? `sum[${axis}](1)` : node.name, binding: Binding.atom };
    }
    if (node.kind === "constant") return constantText(node.value);
    const plain = withoutInternals(node);
    if (plain !== node) return print(plain);
    const [a, b] = node.operands;
    const spelling = infix[node.primitive];
    if (spelling && a && b) {
      const [symbol, binding, left, right] = spelling;
      return { text: `${operand(a, left)} ${symbol} ${operand(b, right)}`, binding };
    }
    const reduction = reductions[node.primitive];
    if (reduction && a) return { text: `${reduction}[${axis}](${operand(a, Binding.or)})`, binding: Binding.atom };
    switch (node.primitive) {
      case "pi":
        return { text: "pi", binding: Binding.atom };
      case "infinity":
        return { text: "inf", binding: Binding.atom };
      case "negate":
        return { text: `-${operand(a!, Binding.sign)}`, binding: Binding.sign };
      case "not":
        return { text: `not ${operand(a!, Binding.not)}`, binding: Binding.not };
      case "pow":
        return { text: `${operand(a!, Binding.atom)}^${operand(b!, Binding.sign)}`, binding: Binding.power };
      case "custom":
        return call(node.rule?.name ?? "custom", node.operands);
      default: {
        const clamp = clamped(node);
        if (clamp) return call("clamp", clamp);
        const known = extremum(node);
        return known ? call(known.name, known.operands) : call(node.primitive, node.operands);
      }
    }
  };
  return print(root).text;
}

function constantText(value: Parameters<typeof toText>[0]): Printed {
  const exact = toText(value);
  if (exact.length > 14) return numberPrinted(Number(value.numerator) / Number(value.denominator));
  const binding = exact.includes("/") ? Binding.product : exact.startsWith("-") ? Binding.sign : Binding.atom;
  return { text: exact, binding };
}

const numberPrinted = (value: number): Printed => ({
  text: numberText(value),
  binding: value < 0 ? Binding.sign : Binding.atom,
});

/** A number for people: at most 12 significant digits, infinities as the language names them. */
export function numberText(value: number, digits = 12): string {
  if (value === Infinity) return "inf";
  if (value === -Infinity) return "-inf";
  if (Number.isNaN(value)) return "undefined";
  return String(Number(value.toPrecision(digits)) + 0);
}
