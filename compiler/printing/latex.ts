/** Expressions as mathematicians write them, from the templates of the primitives' table. */
import { clamped, extremum, withoutInternals } from "./definition-text.js";
import { type Application, type Expr, isApplication } from "../ir/expr.js";
import { toText } from "../ir/rational.js";
import { primitive as primitiveRow, type PrimitiveName } from "../primitives/table.js";

/** How tightly each form binds; the higher, the tighter. */
const Binding = { cases: 0, or: 1, and: 2, comparison: 3, sum: 4, product: 5, power: 6, atom: 7 } as const;

interface Printed {
  readonly text: string;
  readonly binding: number;
}

/** The binding of a form, and what its template asks of each operand; what is not here has braces or brackets of its own. */
const bindings: Partial<Record<PrimitiveName, readonly [own: number, ...operands: number[]]>> = {
  negate: [Binding.sum, Binding.product],
  add: [Binding.sum, Binding.sum, Binding.sum],
  subtract: [Binding.sum, Binding.sum, Binding.product],
  multiply: [Binding.product, Binding.product, Binding.product],
  divide: [Binding.product],
  exp: [Binding.power],
  log1p: [Binding.atom, Binding.product],
  rsqrt: [Binding.product],
  less: [Binding.comparison, Binding.sum, Binding.sum],
  lessOrEqual: [Binding.comparison, Binding.sum, Binding.sum],
  greater: [Binding.comparison, Binding.sum, Binding.sum],
  greaterOrEqual: [Binding.comparison, Binding.sum, Binding.sum],
  equal: [Binding.comparison, Binding.sum, Binding.sum],
  notEqual: [Binding.comparison, Binding.sum, Binding.sum],
  and: [Binding.and, Binding.and, Binding.comparison],
  or: [Binding.or, Binding.or, Binding.and],
  not: [Binding.comparison, Binding.atom],
  sum: [Binding.product, Binding.product],
  mean: [Binding.product, Binding.product],
  maximum: [Binding.product, Binding.product],
  minimum: [Binding.product, Binding.product],
};

const greek = new Set(
  "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi rho sigma tau phi chi psi omega".split(" "),
);

/** A name: letters stay letters, Greek names become them, a trailing number an index, other words upright. */
export function latexName(name: string): string {
  const [, stem = name, index] = /^([A-Za-z]+?)_?(\d+)$/.exec(name) ?? [];
  const subscript = index === undefined ? "" : `_{${index}}`;
  const word = index === undefined ? name : stem;
  if (word.length === 1 && word !== "_") return word + subscript;
  const [, letter, suffix] = /^([A-Za-z]|alpha|beta|gamma|delta|lambda|mu|sigma|tau)_([A-Za-z]+)$/.exec(name) ?? [];
  if (letter !== undefined && suffix !== undefined) {
    return `${letter.length === 1 ? letter : `\\${letter}`}_{${suffix.length === 1 ? suffix : `\\mathrm{${suffix}}`}}`;
  }
  if (greek.has(word)) return `\\${word}${subscript}`;
  return `\\mathrm{${word.replaceAll("_", "\\_")}}${subscript}`;
}

/** An expression in LaTeX's mathematics; `axis` is what its axis is called. */
export function latexOf(root: Expr, axis = "d"): string {
  const cache = new Map<Expr, Printed>();
  const print = (node: Expr): Printed => {
    let printed = cache.get(node);
    if (!printed) cache.set(node, (printed = printNode(node)));
    return printed;
  };
  const operand = (node: Expr, atLeast: number): string => {
    const { text, binding } = print(node);
    return binding < atLeast ? `\\left(${text}\\right)` : text;
  };
  const call = (name: string, operands: readonly Expr[]): Printed => ({
    text: `${name}\\left(${operands.map((node) => print(node).text).join(", ")}\\right)`,
    binding: Binding.atom,
  });

  const printNode = (node: Expr): Printed => {
    if (node.kind === "variable") return { text: latexName(node.name), binding: Binding.atom };
    if (node.kind === "constant")
      return constantLatex(toText(node.value), Number(node.value.numerator) / Number(node.value.denominator));
    const clamp = clamped(node);
    if (clamp) return call("\\operatorname{clamp}", clamp);
    const extreme = extremum(node);
    if (extreme) return call(`\\${extreme.name}`, extreme.operands);
    if (isApplication(node, "where")) return cases(node);
    if (isApplication(node, "custom"))
      return call(`\\operatorname{${(node.rule?.name ?? "").replaceAll("_", "\\_")}}`, node.operands);
    if (isApplication(node, "hypot")) return print(withoutInternals(node));
    if (isApplication(node, "pow")) {
      const [base, exponent] = node.operands;
      return { text: `${operand(base!, Binding.atom)}^{${print(exponent!).text}}`, binding: Binding.power };
    }
    if (isApplication(node, "multiply")) return productOf(node);
    const [own = Binding.atom, ...asked] = bindings[node.primitive] ?? [];
    const filled = primitiveRow(node.primitive).latex.replace(/_d\b|\$([abc])/g, (found: string, letter?: string) => {
      if (letter === undefined) return `_{${latexName(axis)}}`;
      const i = "abc".indexOf(letter);
      const inner = node.operands[i];
      return inner ? operand(inner, asked[i] ?? Binding.cases) : found;
    });
    return { text: stretched(filled), binding: own };
  };

  const productOf = (node: Application): Printed => {
    const [a, b] = node.operands;
    // -a * b is -(a * b)
    const negative = isApplication(a!, "negate");
    const left = negative ? `-${operand(a.operands[0]!, Binding.product)}` : operand(a!, Binding.product);
    const right = print(b!);
    const bracketed = right.binding < Binding.product || right.text.startsWith("-");
    const text = bracketed ? `\\left(${right.text}\\right)` : right.text;
    return {
      text: `${left} ${/^\d/.test(text) ? "\\cdot" : "\\,"} ${text}`,
      binding: negative ? Binding.sum : Binding.product,
    };
  };

  /** A chain of selections is one list of cases. */
  const cases = (node: Expr): Printed => {
    const rows: string[] = [];
    let rest = node;
    while (isApplication(rest, "where") && !extremum(rest) && !clamped(rest)) {
      const [condition, value, otherwise] = rest.operands;
      rows.push(`${print(value!).text} & ${print(condition!).text}`);
      rest = otherwise!;
    }
    rows.push(`${print(rest).text} & \\text{otherwise}`);
    return { text: `\\begin{cases} ${rows.join(" \\\\ ")} \\end{cases}`, binding: Binding.cases };
  };
  return print(root).text;
}

/** Brackets that grow with what they hold, where that is tall. */
function stretched(text: string): string {
  const open = text.indexOf("(");
  if (!text.endsWith(")") || open < 0 || text.slice(0, open).endsWith("\\left") || !/\\frac|\\begin|\\sqrt/.test(text))
    return text;
  if (!/^\\?[A-Za-z'{}\\]*$/.test(text.slice(0, open))) return text;
  return `${text.slice(0, open)}\\left(${text.slice(open + 1, -1)}\\right)`;
}

function constantLatex(exact: string, value: number): Printed {
  const [, sign = "", above, below] = /^(-?)(\d+)\/(\d+)$/.exec(exact) ?? [];
  if (above !== undefined && below !== undefined && exact.length <= 14) {
    return { text: `${sign}\\frac{${above}}{${below}}`, binding: sign === "" ? Binding.product : Binding.sum };
  }
  const text = exact.length > 14 ? String(Number(value.toPrecision(12))) : exact;
  const [digits = text, exponent] = text.split("e");
  if (exponent !== undefined)
    return { text: `${digits} \\cdot 10^{${Number(exponent)}}`, binding: value < 0 ? Binding.sum : Binding.product };
  return { text, binding: value < 0 ? Binding.sum : Binding.atom };
}
