/** From the machine's tree to JavaScript: every operation rounded to its type, integers kept in their range. */
import { atom, binary, call, type Code, type CodeStatement, unary } from "./code.js";
import { type Expr, type Function, naturalValue, type Statement, type Type } from "./syntax.js";

/** `int_bits()`: an i32 has room for sums of eight numbers below 2^28. */
export const wgslIntBits = 28;
/** An exponential of an exponential of a float64 has an exponent of more bits, but of nothing smaller. */
export const typescriptIntBits = 4096;

/** What TypeScript and emulation do differently. */
export interface Arithmetic {
  readonly natBits: number;
  /** Whether an int is a bigint; else it is an i32. */
  readonly bigInts: boolean;
  /** What becomes of the result of an operation on naturals: nothing, the low bits, or an error where it does not fit. */
  readonly naturals: "trusted" | "wrapped" | "checked";
  /** Whether results of f32 operations below 2^-126 become zero. */
  readonly flushSubnormals: boolean;
  /** Whether their operands, and those of comparisons, do too. */
  readonly flushOperands: boolean;
}

/** How names are spelled. */
export interface Spelling {
  /** Of a declaration, or of a function in {@link javascriptParts}. */
  readonly declared: (name: string) => string;
  readonly local: (name: string) => string;
  readonly field: (name: string) => string;
  /** Whether elements of tables are asserted to exist. */
  readonly typed: boolean;
}

/** An integer between these limits stands for another one modulo 2^32, unless they are in the range of its type. */
interface Whole {
  readonly code: Code;
  readonly low: number;
  readonly high: number;
}

const i32Low = -(2 ** 31);
const i32High = 2 ** 31 - 1;
const u32High = 2 ** 32 - 1;
const largest = 2 ** 53;

const number = (value: number): Code => atom(String(value).replace("e+", "e"));

/** Translates bodies; `uses` collects the names of the parts of {@link javascriptParts} that they call. */
export function javascriptOf(arithmetic: Arithmetic, spelling: Spelling, uses: Set<string>) {
  const part = (name: string, ...operands: readonly Code[]): Code => {
    uses.add(name);
    return call(spelling.declared(name), ...operands);
  };

  /** The result of an arithmetic operation in f16 or f32; those of float16 are exact in binary64. */
  function rounded(code: Code, type: "f16" | "f32"): Code {
    if (type === "f16") return part("nearest_f16", code);
    const single = call("Math.fround", code);
    return arithmetic.flushSubnormals ? part("flushed", single) : single;
  }

  /** An operand of an arithmetic operation or a comparison. */
  function operandOf(expr: Expr): Code {
    const code = value(expr);
    const mayBeSubnormal = expr.type === "f32" && expr.kind !== "number" && expr.kind !== "binary";
    return arithmetic.flushOperands && mayBeSubnormal ? part("flushed", code) : code;
  }

  function floatLiteral(value: number, type: Type): Code {
    if (type === "f16") return part("nearest_f16", number(value));
    return number(type === "f32" ? Math.fround(value) : value);
  }

  /** Masks stay hexadecimal. */
  const integerLiteral = ({ value: known, text }: Expr & { kind: "number" }): Code =>
    text.startsWith("0x") ? atom(text.toLowerCase()) : number(known);

  const isInteger = (type: Type): type is "i32" | "u32" => type === "i32" || type === "u32";

  /** What an int is, i32 or itself. */
  const own = (type: Type): Type => (type === "int" && !arithmetic.bigInts ? "i32" : type);

  /** The value itself. */
  function value(expr: Expr): Code {
    const type = own(expr.type);
    if (isInteger(type)) return exact(whole(expr), type);
    switch (expr.kind) {
      case "number":
        if (type === "int") return bigint(expr);
        return floatLiteral(expr.value, expr.type);
      case "boolean":
        return atom(String(expr.value));
      case "natural":
        return atom(naturalText(naturalValue(expr, arithmetic.natBits)));
      case "local":
      case "constant":
      case "element":
      case "item":
      case "call":
      case "field":
      case "construct":
        return plain(expr);
      case "unary":
        return expr.operator === "-" && expr.operand.kind === "number" && type !== "int"
          ? floatLiteral(-expr.operand.value, expr.type)
          : unary(expr.operator, value(expr.operand));
      case "binary":
        return operation(expr);
      case "intrinsic":
        return intrinsic(expr);
      case "tabulated":
        return part("tabulated", number(expr.length), atom(spelling.declared(expr.name)));
    }
  }

  function plain(
    expr: Expr & { kind: "local" | "constant" | "element" | "item" | "call" | "field" | "construct" },
  ): Code {
    switch (expr.kind) {
      case "local":
        return atom(spelling.local(expr.name));
      case "constant":
        return atom(spelling.declared(expr.constant.name));
      case "element":
        return {
          kind: "index",
          table: spelling.declared(expr.table.name),
          index: value(expr.index),
          asserted: spelling.typed,
        };
      case "item":
        return {
          kind: "index",
          table: spelling.local(expr.name),
          index: value(expr.index),
          asserted: spelling.typed,
        };
      case "call":
        return call(spelling.declared(expr.name), ...expr.operands.map(value));
      case "field":
        return { kind: "member", operand: value(expr.operand), name: spelling.field(expr.name) };
      case "construct":
        return {
          kind: "object",
          fields: expr.type.fields.map(({ name }, i) => ({
            name: spelling.field(name),
            value: value(at(expr.operands, i)),
          })),
        };
    }
  }

  /** A binary operation whose result is no integer. */
  function operation({ operator, left, right, type }: Expr & { kind: "binary" }): Code {
    if (type === "f16" || type === "f32") return rounded(binary(operator, operandOf(left), operandOf(right)), type);
    if (type === "nat") return natural(operator, left, right);
    if (own(type) === "int") return binary(operator, value(left), isShift(operator) ? amount(right) : value(right));
    const spelled = operator === "==" || operator === "!=" ? `${operator}=` : operator;
    if (spelled.length === 3 && isInteger(left.type) && right.kind === "number" && right.value === 0) {
      const { code, low, high } = whole(left);
      // Of the numbers congruent to 0 it can only be 0 itself.
      if (low > -(2 ** 32) && high < 2 ** 32) return binary(spelled, code, number(0));
    }
    return binary(spelled, operandOf(left), operandOf(right));
  }

  const isShift = (operator: string): boolean => operator === "<<" || operator === ">>";

  function natural(operator: string, left: Expr, right: Expr): Code {
    const code = binary(operator, value(left), isShift(operator) ? amount(right) : value(right));
    if (operator === ">>" || arithmetic.naturals === "trusted") return code;
    if (arithmetic.naturals === "wrapped") return call("BigInt.asUintN", number(arithmetic.natBits), code);
    return part("fitting", code);
  }

  /** By how many bits a natural number is shifted; never below zero. */
  function amount(expr: Expr): Code {
    if (known(expr) !== undefined) return bigint(expr);
    const bits = bigint(expr);
    return arithmetic.naturals === "checked" ? part("amount", bits) : bits;
  }

  /** The value of an integer that the text or the target says. */
  function known(expr: Expr): number | undefined {
    if (expr.kind === "number") return expr.value;
    if (expr.kind !== "intrinsic") return undefined;
    return expr.name === "nat_bits" ? arithmetic.natBits : expr.name === "int_bits" ? intBits() : undefined;
  }

  const intBits = (): number => (arithmetic.bigInts ? typescriptIntBits : wgslIntBits);

  /** An integer of any type as a bigint. */
  function bigint(expr: Expr): Code {
    const literal = known(expr);
    if (literal !== undefined) return atom(`${literal}n`);
    return own(expr.type) === "int" || expr.type === "nat" ? value(expr) : call("BigInt", value(expr));
  }

  function intrinsic({ name, operands, type }: Expr & { kind: "intrinsic" }): Code {
    const [first] = operands;
    const operand = (i: number): Code => value(at(operands, i));
    const from = first?.type;
    switch (name) {
      case "select":
        // Random conditions would make the processor guess wrong half of the time.
        if (type === "f64") return part("choose", operand(2), operand(1), operand(0));
        return { kind: "conditional", condition: operand(2), yes: operand(1), no: operand(0) };
      case "abs":
      case "min":
      case "max":
        if (type === "int") return part(`int_${name}`, ...operands.map(value));
        return call(`Math.${name}`, ...operands.map(name === "abs" ? value : operandOf));
      case "floor":
      case "ceil":
      case "trunc":
        return call(`Math.${name}`, ...operands.map(operandOf));
      case "sqrt":
        return type === "f32"
          ? rounded(call("Math.sqrt", operandOf(at(operands, 0))), type)
          : call("Math.sqrt", operand(0));
      case "clamp": {
        const [x = atom("0"), low = atom("0"), high = atom("0")] = operands.map(operandOf);
        return call("Math.min", call("Math.max", x, low), high);
      }
      case "round":
        return part("round_even", operand(0));
      case "f16":
        return from === "f16" ? operand(0) : part("nearest_f16", operand(0));
      case "f32":
        if (from === "bool") return { kind: "conditional", condition: operand(0), yes: atom("1"), no: atom("0") };
        return from === "f32" || from === "f16" ? operand(0) : call("Math.fround", operand(0));
      case "f64":
        return from === "bool" ? call("Number", operand(0)) : operand(0);
      case "int":
        if (from === "bool") return { kind: "conditional", condition: operand(0), yes: atom("1n"), no: atom("0n") };
        return bigint(at(operands, 0));
      case "nat":
        return bigint(at(operands, 0));
      case "bitcast":
        return part(from === "u32" ? "f32_of_u32" : "f32_of_i32", operand(0));
      case "power_of_two":
        return part("power_of_two", operand(0));
      case "infinity":
        return atom("Infinity");
      case "nan":
        return atom("NaN");
      case "is_nan":
        return first?.kind === "local" ? binary("!==", operand(0), operand(0)) : call("Number.isNaN", operand(0));
      case "from_words":
        return part("from_words", operand(0), operand(1));
      case "multiply_high":
        return binary(">>", binary("*", operand(0), operand(1)), atom(`${arithmetic.natBits}n`));
      case "multiply_low":
        return call("BigInt.asUintN", number(arithmetic.natBits), binary("*", operand(0), operand(1)));
      case "divide_high":
        return binary("/", binary("<<", operand(0), atom(`${arithmetic.natBits}n`)), operand(1));
      case "divide_short":
        return binary("/", operand(0), bigint(at(operands, 1)));
      case "is_zero":
        return binary("===", operand(0), atom("0n"));
      case "i32":
      case "u32":
      case "high_word":
      case "low_word":
      case "leading_zeros":
      case "bit_length":
      case "low_u32":
      case "nat_bits":
      case "int_bits":
        throw new Error(`${name} is an integer`);
    }
  }

  const range = (type: Type): { readonly low: number; readonly high: number } =>
    type === "u32" ? { low: 0, high: u32High } : { low: i32Low, high: i32High };

  const inRange = (code: Code, type: Type): Whole => ({ code, ...range(type) });

  /** An integer, in its range. */
  function exact({ code, low, high }: Whole, type: "i32" | "u32"): Code {
    const { low: least, high: most } = range(type);
    if (low >= least && high <= most) return code;
    return type === "u32" ? binary(">>>", code, atom("0")) : binary("|", code, atom("0"));
  }

  /** A sum or difference, as long as it stays exact. */
  function sum(operator: "+" | "-", left: Expr, right: Expr, type: "i32" | "u32"): Whole {
    const limits = (a: Whole, b: Whole): Whole => {
      const [low, high] = operator === "+" ? [a.low + b.low, a.high + b.high] : [a.low - b.high, a.high - b.low];
      return { code: binary(operator, a.code, b.code), low, high };
    };
    const found = limits(whole(left), whole(right));
    if (found.low > -largest && found.high < largest) return found;
    return limits(inRange(value(left), type), inRange(value(right), type));
  }

  function bitwise(operator: "&" | "|" | "^", left: Expr, right: Expr): Whole {
    const [a, b] = [whole(left), whole(right)];
    const code = binary(operator, a.code, b.code);
    const isMask = ({ low, high }: Whole): boolean => low >= 0 && high <= i32High;
    const masks = [a, b].filter(isMask);
    if (operator === "&" && masks.length > 0) return { code, low: 0, high: Math.min(...masks.map(({ high }) => high)) };
    if (masks.length === 2) return { code, low: 0, high: 2 ** (32 - Math.clz32(Math.max(a.high, b.high))) - 1 };
    return { code, low: i32Low, high: i32High };
  }

  function shifted(operator: "<<" | ">>", left: Expr, right: Expr, type: "i32" | "u32"): Whole {
    const amount = whole(right).code;
    const known = right.kind === "number" ? right.value & 31 : 0;
    if (operator === "<<") return { code: binary("<<", whole(left).code, amount), low: i32Low, high: i32High };
    if (type === "i32") {
      const { low, high } = range("i32");
      return { code: binary(">>", whole(left).code, amount), low: low >> known, high: high >> known };
    }
    return { code: binary(">>>", whole(left).code, amount), low: 0, high: u32High >>> known };
  }

  /** An integer that may have left its range. */
  function whole(expr: Expr): Whole {
    const type = own(expr.type);
    if (!isInteger(type)) throw new Error("not an integer");
    switch (expr.kind) {
      case "number":
        return { code: integerLiteral(expr), low: expr.value, high: expr.value };
      case "local":
      case "constant":
      case "element":
      case "item":
      case "call":
      case "field":
        return inRange(plain(expr), type);
      case "unary": {
        const { operand, operator } = expr;
        if (operator === "~") return { code: unary("~", whole(operand).code), low: i32Low, high: i32High };
        if (operand.kind === "number")
          return { code: number(-operand.value), low: -operand.value, high: -operand.value };
        // Minus zero must not leave: these limits are in no range.
        return { code: unary("-", value(operand)), low: i32Low, high: i32High + 1 };
      }
      case "binary": {
        const { operator, left, right } = expr;
        switch (operator) {
          case "+":
          case "-":
            return sum(operator, left, right, type);
          case "*":
            return { code: call("Math.imul", whole(left).code, whole(right).code), low: i32Low, high: i32High };
          case "/":
            // Whatever is out of range is brought back.
            return { code: binary("/", value(left), value(right)), low: -Infinity, high: Infinity };
          case "%":
            // Of a negative number it may be minus zero.
            return {
              code: binary("%", value(left), value(right)),
              low: type === "u32" ? 0 : i32Low,
              high: type === "u32" ? u32High : i32High + 1,
            };
          case "&":
          case "|":
          case "^":
            return bitwise(operator, left, right);
          case "<<":
          case ">>":
            return shifted(operator, left, right, type);
          default:
            throw new Error(`${operator} is no integer`);
        }
      }
      case "intrinsic":
        return wholeIntrinsic(expr, type);
      case "boolean":
      case "natural":
      case "construct":
      case "tabulated":
        throw new Error("not an integer");
    }
  }

  function wholeIntrinsic({ name, operands }: Expr & { kind: "intrinsic" }, type: "i32" | "u32"): Whole {
    const [first] = operands;
    const operand = (i: number): Code => value(at(operands, i));
    const from = first?.type;
    switch (name) {
      case "select":
        return inRange({ kind: "conditional", condition: operand(2), yes: operand(1), no: operand(0) }, type);
      case "abs":
        return { code: call("Math.abs", operand(0)), low: 0, high: i32High + 1 };
      case "min":
      case "max":
        return inRange(call(`Math.${name}`, operand(0), operand(1)), type);
      case "clamp":
        return inRange(call("Math.min", call("Math.max", operand(0), operand(1)), operand(2)), type);
      case "i32":
      case "u32":
      case "int":
        if (from === "bool") {
          return {
            code: { kind: "conditional", condition: operand(0), yes: atom("1"), no: atom("0") },
            low: 0,
            high: 1,
          };
        }
        if (from === "nat")
          return { code: call("Number", call("BigInt.asIntN", atom("32"), operand(0))), low: i32Low, high: i32High };
        if (first !== undefined && isInteger(own(first.type))) return whole(first);
        if (from === "int") return inRange(call("Number", operand(0)), type);
        return { code: operand(0), low: -Infinity, high: Infinity };
      case "bitcast":
        if (from === "i32" || from === "u32") return whole(at(operands, 0));
        return inRange(part(type === "u32" ? "u32_of_f32" : "i32_of_f32", operand(0)), type);
      case "high_word":
      case "low_word":
        return inRange(part(name, operand(0)), type);
      case "leading_zeros":
        return { code: call("Math.clz32", whole(at(operands, 0)).code), low: 0, high: 32 };
      case "multiply_high":
        return inRange(part("multiply_high", operand(0), operand(1)), type);
      case "bit_length":
        return { ...inRange(part("bit_length", bigint(at(operands, 0))), type), low: 0 };
      case "low_u32":
        return inRange(call("Number", call("BigInt.asUintN", atom("32"), operand(0))), type);
      case "nat_bits":
        return { code: number(arithmetic.natBits), low: arithmetic.natBits, high: arithmetic.natBits };
      case "int_bits":
        return { code: number(intBits()), low: intBits(), high: intBits() };
      default:
        throw new Error(`${name} is no integer`);
    }
  }

  function statement(each: Statement): CodeStatement {
    switch (each.kind) {
      case "let":
      case "var":
        return {
          kind: "declare",
          keyword: each.kind === "let" ? "const" : "let",
          name: spelling.local(each.name),
          value: value(each.value),
        };
      case "assign": {
        const { name, value: assigned } = each;
        return { kind: "assign", target: spelling.local(name), value: value(assigned) };
      }
      case "array":
        return {
          kind: "declare",
          keyword: "const",
          name: spelling.local(each.name),
          value: { kind: "array", constructed: null, elements: each.elements.map(value) },
        };
      case "store":
        return {
          kind: "store",
          array: spelling.local(each.name),
          index: value(each.index),
          value: value(each.value),
        };
      case "if":
        return { kind: "if", condition: value(each.condition), yes: statements(each.yes), no: statements(each.no) };
      case "while":
        return { kind: "while", condition: value(each.condition), body: statements(each.body) };
      case "for":
        return {
          kind: "for",
          start: statement(each.start),
          condition: value(each.condition),
          step: isIncrement(each.step)
            ? { kind: "increment", name: spelling.local(each.step.name) }
            : statement(each.step),
          body: statements(each.body),
        };
      case "break":
        return { kind: "break" };
      case "return":
        return { kind: "return", value: value(each.value) };
    }
  }

  function statements(body: readonly Statement[]): CodeStatement[] {
    return withLeading(body, statement);
  }

  return { value, statements, body: (fn: Function): CodeStatement[] => statements(fn.body) };
}

/** Statements with the comments and blank lines that stand before them. */
export function withLeading(
  body: readonly Statement[],
  statement: (each: Statement) => CodeStatement,
): CodeStatement[] {
  return body.flatMap((each): CodeStatement[] => [
    ...(each.leading.blank ? [{ kind: "blank" } as const] : []),
    ...each.leading.comments.map((text): CodeStatement => ({ kind: "comment", text })),
    statement(each),
  ]);
}

/** `i = i + 1`: as a step of a loop, where the number cannot leave its range, it is `i++`. */
export function isIncrement({ name, value }: { readonly name: string; readonly value: Expr }): boolean {
  return (
    value.kind === "binary" &&
    value.operator === "+" &&
    value.left.kind === "local" &&
    value.left.name === name &&
    value.right.kind === "number" &&
    value.right.value === 1 &&
    (value.type === "i32" || value.type === "u32")
  );
}

const naturalText = (value: bigint): string => (value < 2n ** 64n ? `${value}n` : `0x${value.toString(16)}n`);

export function at<T>(items: readonly T[], i: number): T {
  const item = items[i];
  if (item === undefined) throw new Error(`nothing at ${i}`);
  return item;
}
