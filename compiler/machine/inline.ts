/** Functions without branches as statements in TypeScript, for loops that are to hold no calls. */
import { atom, type Code, type CodeStatement, printerOf } from "./code.js";
import { typescriptNatBits } from "./emulate.js";
import { javascriptOf } from "./javascript.js";
import type { Library } from "./library.js";
import { camelCase, type Rename, typescriptField, typescriptName } from "./naming.js";
import { type Expr, type Function, type Intrinsic, operandsOf, type Type } from "./syntax.js";

export interface Inlined {
  /** `const name = ...;`, and stores to the views that intrinsics of bits need; laid out for the margin. */
  readonly statements: readonly string[];
  /** An expression in these names. */
  readonly result: string;
  /** Whether the result is a name or a literal: else it may need parentheses. */
  readonly isAtom: boolean;
  /** Declarations of the library that the statements use: functions that are not straight, constants. */
  readonly declarations: readonly string[];
  /** What the statements use beyond that: `printTypescript` takes them as an option. */
  readonly parts: readonly string[];
}

/** Whether an expression calls a function that may use the views. */
const callsSomething = (expr: Expr): boolean =>
  expr.kind === "call" ||
  (expr.kind === "intrinsic" && (expr.name === "bit_length" || expr.name === "power_of_two")) ||
  operandsOf(expr).some(callsSomething);

export interface InlineOptions {
  /** What names at module scope are called: the same as in `printTypescript`. */
  readonly rename?: Rename;
  /** Columns before each statement. */
  readonly margin?: number;
}

/** Whether a function consists of lets and a return. */
export const isStraight = ({ body }: Function): boolean =>
  body.every((each, i) => each.kind === (i + 1 < body.length ? "let" : "return"));

const printer = printerOf({ width: 80, trailingComma: ",", strict: false });

/** How intrinsics of bits are done with the views of one buffer: what is stored where, and what is read. */
interface Access {
  readonly stores: readonly (readonly [view: string, index: number, operand: number])[];
  readonly load: readonly [view: string, index: number];
}

function accessOf(name: Intrinsic, from: Type | undefined, to: Type): Access | undefined {
  switch (name) {
    case "high_word":
      return { stores: [["word_f64", 0, 0]], load: ["word_i32", 1] };
    case "low_word":
      return { stores: [["word_f64", 0, 0]], load: ["word_i32", 0] };
    case "from_words":
      return {
        stores: [
          ["word_i32", 0, 1],
          ["word_i32", 1, 0],
        ],
        load: ["word_f64", 0],
      };
    case "bitcast":
      if (from !== "f32" && to !== "f32") return undefined;
      return { stores: [[`word_${String(from)}`, 0, 0]], load: [`word_${String(to)}`, 0] };
    default:
      return undefined;
  }
}

/**
 * A call of a straight function with these operands, expanded, and so are the straight functions that it calls.
 * An operand that is no name and no literal is bound first. `fresh` gives a name that is not in use, like the one wanted.
 */
export function inline(
  library: Library,
  name: string,
  operands: readonly string[],
  fresh: (wanted: string) => string,
  { rename = typescriptName, margin = 0 }: InlineOptions = {},
): Inlined {
  const statements: CodeStatement[] = [];
  const declarations = new Set<string>();
  const parts = new Set<string>();
  const declared = (each: string): string => {
    const found = library.find(each);
    if (found) declarations.add(each);
    return rename(each, found?.kind ?? (each.startsWith("word_") ? "constant" : "function"));
  };
  const translate = javascriptOf(
    { natBits: typescriptNatBits, bigInts: true, naturals: "trusted", flushSubnormals: false, flushOperands: false },
    { declared, local: (each) => each, field: typescriptField, typed: true },
    parts,
  );

  const fn = library.fn(name);
  if (!isStraight(fn)) throw new Error(`${name} is not straight`);
  if (operands.length !== fn.parameters.length) throw new Error(`${name} takes ${fn.parameters.length} operands`);
  const given = fn.parameters.map((parameter, i): Expr => {
    const text = operands[i] ?? "";
    const local: Expr = { kind: "local", type: parameter.type, name: text };
    if (/^(?:[A-Za-z_$][\w$]*|[\d.]+(?:e-?\d+)?)$/.test(text)) return local;
    return declare(parameter.name, parameter.type, atom(text));
  });
  const result = translate.value(body(fn, given));
  return {
    statements: statements.map((each) => printer.statements([each], margin)),
    result: printer.expression(result),
    isAtom: result.kind === "atom",
    declarations: [...declarations],
    parts: [...parts],
  };

  function declare(wanted: string, type: Type, value: Code): Expr {
    const own = fresh(camelCase(wanted));
    statements.push({ kind: "declare", keyword: "const", name: own, value });
    return { kind: "local", type, name: own };
  }

  /** The result of a function, whose lets have become statements. */
  function body(called: Function, values: readonly Expr[]): Expr {
    const names = new Map(called.parameters.map((parameter, i) => [parameter.name, values[i]]));
    for (const statement of called.body) {
      if (statement.kind === "return") return expanded(statement.value, names);
      if (statement.kind !== "let") break;
      names.set(statement.name, named(expanded(statement.value, names, statement.name), statement.name));
    }
    throw new Error(`${called.name} is not straight`);
  }

  /** The expression in names of the output, its calls expanded; it may be called as wanted if it needs a name. */
  function expanded(expr: Expr, names: ReadonlyMap<string, Expr | undefined>, wanted: string | null = null): Expr {
    const inner = (each: Expr): Expr => expanded(each, names);
    switch (expr.kind) {
      case "number":
      case "boolean":
      case "natural":
      case "constant":
      case "tabulated":
        return expr;
      case "local":
        return names.get(expr.name) ?? expr;
      case "element":
      case "item":
        return { ...expr, index: inner(expr.index) };
      case "unary":
      case "field":
        return { ...expr, operand: inner(expr.operand) };
      case "binary":
        return { ...expr, left: inner(expr.left), right: inner(expr.right) };
      case "construct":
        return { ...expr, operands: expr.operands.map(inner) };
      case "intrinsic":
        return intrinsic({ ...expr, operands: expr.operands.map(inner) }, wanted);
      case "call": {
        const called = library.fn(expr.name);
        const values = expr.operands.map(inner);
        if (!isStraight(called)) return { ...expr, operands: values };
        return body(
          called,
          values.map((value, i) => named(value, called.parameters[i]?.name ?? called.name)),
        );
      }
    }
  }

  /** The expression itself where it may be repeated, else a name for it. */
  function named(value: Expr, wanted: string): Expr {
    if (value.kind === "local" || value.kind === "number" || value.kind === "constant") return value;
    return declare(wanted, value.type, translate.value(value));
  }

  function intrinsic(expr: Expr & { readonly kind: "intrinsic" }, wanted: string | null): Expr {
    const { name: own, operands: inside, type } = expr;
    if (own === "power_of_two" && type === "f64") return powerOfTwo(inside, wanted ?? "power");
    const access = accessOf(own, inside[0]?.type, type);
    if (access === undefined) return expr;
    // The views are shared: what is stored is read before any other function is called.
    const values = inside.map((value) => translate.value(callsSomething(value) ? named(value, own) : value));
    return stored(access, values, type, wanted ?? (own === "bitcast" ? "bits" : own));
  }

  function powerOfTwo([exponent]: readonly Expr[], wanted: string): Expr {
    if (exponent === undefined) throw new Error("power_of_two takes an operand");
    const bias: Expr = { kind: "number", type: "i32", value: 1023, text: "1023" };
    const twenty: Expr = { kind: "number", type: "i32", value: 20, text: "20" };
    const biased: Expr = { kind: "binary", type: "i32", operator: "+", left: exponent, right: bias, grouped: true };
    const high: Expr = { kind: "binary", type: "i32", operator: "<<", left: biased, right: twenty, grouped: false };
    const low: Expr = { kind: "number", type: "i32", value: 0, text: "0" };
    return intrinsic({ kind: "intrinsic", type: "f64", name: "from_words", operands: [high, low] }, wanted);
  }

  function stored({ stores, load }: Access, values: readonly Code[], type: Type, wanted: string): Expr {
    for (const [view, index, operand] of stores) {
      const value = values[operand];
      if (value === undefined) throw new Error(`${wanted} lacks an operand`);
      parts.add(view);
      statements.push({ kind: "assign", target: `${declared(view)}[${index}]`, value });
    }
    const [view, index] = load;
    parts.add(view);
    return declare(wanted, type, { kind: "index", table: declared(view), index: atom(String(index)), asserted: true });
  }
}
