/** From parsed declarations to the typed tree: names are found, literals take their types, operands fit. */
import { intrinsics } from "./intrinsics.js";
import type { Node, ParsedAssignment, ParsedBinding, ParsedDeclaration, ParsedStatement } from "./parse.js";
import { MachineError } from "./scan.js";
import {
  type Assignment,
  type BinaryOperator,
  type Binding,
  type Constant,
  type Declaration,
  type Expr,
  type Float,
  type Function,
  type Scalar,
  type Statement,
  type Struct,
  type Type,
  typeName,
} from "./syntax.js";

const scalars: readonly Scalar[] = ["bool", "i32", "u32", "int", "f16", "f32", "f64", "nat"];
const integers: readonly Type[] = ["i32", "u32"];
const floats: readonly Type[] = ["f16", "f32", "f64"];
const isFloat = (type: Type | null): type is Float => type === "f16" || type === "f32" || type === "f64";
/** What is as large as this is rounded to infinity. */
const overflow: Readonly<Record<Float, number>> = { f16: 65520, f32: 2 ** 128 - 2 ** 103, f64: Infinity };
const numbers: readonly Type[] = [...integers, ...floats];

/** Which types the operands of an operator may have. */
const operandTypes: Readonly<Record<BinaryOperator, readonly Type[]>> = {
  "+": [...numbers, "int", "nat"],
  "-": [...numbers, "int", "nat"],
  "*": [...numbers, "int", "nat"],
  "/": [...numbers, "int"],
  "%": [...integers, "int"],
  "&": [...integers, "int", "bool"],
  "|": [...integers, "bool"],
  "^": integers,
  "<<": [...integers, "int", "nat"],
  ">>": [...integers, "int", "nat"],
  "==": [...numbers, "int", "nat", "bool"],
  "!=": [...numbers, "int", "nat", "bool"],
  "<": [...numbers, "int", "nat"],
  "<=": [...numbers, "int", "nat"],
  ">": [...numbers, "int", "nat"],
  ">=": [...numbers, "int", "nat"],
  "&&": ["bool"],
  "||": ["bool"],
};
const comparisons: readonly BinaryOperator[] = ["==", "!=", "<", "<=", ">", ">="];
const shifts: readonly BinaryOperator[] = ["<<", ">>"];

const unaryTypes: Readonly<Record<"-" | "!" | "~", readonly Type[]>> = {
  "-": ["i32", "int", ...floats],
  "!": ["bool"],
  "~": integers,
};

interface Variable {
  /** Of an array: the elements' type. */
  readonly type: Type;
  readonly mutable: boolean;
  readonly isArray?: boolean;
}
type Scope = ReadonlyMap<string, Variable>;

type Names<T> = Pick<ReadonlyMap<string, T>, "get" | "has">;

/** What can be named at module scope. */
export interface Signatures {
  readonly structs: Names<Struct>;
  readonly constants: Names<Constant>;
  readonly functions: Names<Pick<Function, "parameters" | "result">>;
}

/** Checks the declarations, which may name those of `known` and one another in any order (structs and constants: before). */
export function check(parsed: readonly ParsedDeclaration[], known: readonly Declaration[]): Declaration[] {
  const before = signaturesOf(known);
  const structs = new Layered(before.structs);
  const constants = new Layered(before.constants);
  const functions = new Layered(before.functions);
  const signatures: Signatures = { structs, constants, functions };
  const checked = new Map<ParsedDeclaration, Declaration>();
  for (const each of parsed) {
    const { name, line, text } = each;
    if (structs.has(name) || constants.has(name) || functions.has(name))
      throw new MachineError(line, `${name} is declared twice`, text);
    if (intrinsics.has(name) || scalars.some((scalar) => scalar === name))
      throw new MachineError(line, `${name} is a name of the language`, text);
    const checker = checkerOf(signatures, text);
    if (each.kind === "struct") {
      const fields = each.fields.map((field) => ({
        name: field.name,
        type: checker.typeOf(field.type, field.line),
        comments: field.comments,
      }));
      const struct: Struct = { kind: "struct", name, comments: each.comments, fields };
      structs.set(name, struct);
      checked.set(each, struct);
    } else if (each.kind === "constant" || each.kind === "table" || each.kind === "tabulated") {
      const constant = checker.constant(each);
      constants.set(name, constant);
      checked.set(each, constant);
    } else {
      const parameters = each.parameters.map((parameter) => ({
        name: parameter.name,
        type: checker.typeOf(parameter.type, parameter.line),
      }));
      functions.set(name, { parameters, result: checker.typeOf(each.result, line) });
    }
  }
  return parsed.map((each) => {
    if (each.kind === "function") return checkerOf(signatures, each.text).fn(each);
    const found = checked.get(each);
    if (found === undefined) throw new Error(`${each.name} was not checked`);
    return found;
  });
}

/** Names on top of others. */
class Layered<T> {
  private readonly own = new Map<string, T>();

  constructor(private readonly before: Names<T>) {}

  get(name: string): T | undefined {
    return this.own.get(name) ?? this.before.get(name);
  }

  has(name: string): boolean {
    return this.get(name) !== undefined;
  }

  set(name: string, value: T): void {
    this.own.set(name, value);
  }
}

const signatures = new WeakMap<readonly Declaration[], Signatures>();

function signaturesOf(known: readonly Declaration[]): Signatures {
  const before = signatures.get(known);
  if (before) return before;
  const found: Signatures = {
    structs: new Map(known.filter((each) => each.kind === "struct").map((each) => [each.name, each])),
    constants: new Map(known.filter((each) => each.kind === "constant").map((each) => [each.name, each])),
    functions: new Map(known.filter((each) => each.kind === "function").map((each) => [each.name, each])),
  };
  signatures.set(known, found);
  return found;
}

/** The one float type of these types, or null when there is none or there are both. */
function floatOf(types: readonly Type[]): Type | null {
  const found = new Set<Type>();
  const visit = (type: Type): void => {
    if (floats.includes(type)) found.add(type);
    if (typeof type !== "string") for (const field of type.fields) visit(field.type);
  };
  types.forEach(visit);
  const [only] = found;
  return found.size === 1 && only !== undefined ? only : null;
}

function checkerOf({ structs, constants, functions }: Signatures, text: string) {
  const fail = (line: number, message: string): never => {
    throw new MachineError(line, message, text);
  };

  function typeOf(name: string, line: number): Type {
    return scalars.find((scalar) => scalar === name) ?? structs.get(name) ?? fail(line, `there is no type ${name}`);
  }

  function constant(parsed: ParsedDeclaration & { kind: "constant" | "table" | "tabulated" }): Constant {
    const { name, comments, line } = parsed;
    const type = typeOf(parsed.type, line);
    if (parsed.kind === "tabulated") {
      const signature = functions.get(parsed.fn);
      const fits = signature?.parameters.map((parameter) => parameter.type).join() === "i32";
      if (!fits || signature?.result !== "f64" || type !== "f64")
        return fail(line, `no function ${parsed.fn} from i32 to f64 stands before its table`);
      return {
        kind: "constant",
        name,
        comments,
        type,
        value: { kind: "tabulated", type, name: parsed.fn, length: parsed.size },
      };
    }
    const literal = (node: Node): Expr => {
      const value = expressionsOf(new Map(), floatOf([type])).typed(node, type);
      const isLiteral = (expr: Expr): boolean =>
        expr.kind === "number" ||
        expr.kind === "natural" ||
        expr.kind === "boolean" ||
        (expr.kind === "unary" && expr.operator === "-" && isLiteral(expr.operand)) ||
        (expr.kind === "binary" && expr.type === "int" && isLiteral(expr.left) && isLiteral(expr.right)) ||
        (expr.kind === "intrinsic" && expr.name === "int_bits") ||
        (expr.kind === "construct" && expr.operands.every(isLiteral));
      return isLiteral(value) ? value : fail(node.line, "a constant is a literal, or a struct of literals");
    };
    if (parsed.kind === "constant") return { kind: "constant", name, comments, type, value: literal(parsed.value) };
    if (parsed.values.length !== parsed.size)
      fail(line, `${name} has ${parsed.values.length} elements instead of ${parsed.size}`);
    return { kind: "constant", name, comments, type, value: parsed.values.map(literal) };
  }

  function fn(parsed: ParsedDeclaration & { kind: "function" }): Function {
    const { name, comments, error, line } = parsed;
    const signature = functions.get(name);
    if (signature === undefined) return fail(line, `${name} has no signature`);
    const { parameters, result } = signature;
    const types = [...parameters.map(({ type }) => type), result];
    // Beside float16, what is float32 is converted before anything is done with it.
    const float = floatOf(types) ?? (types.includes("f16") ? floatOf([result]) : null);
    const scope = new Map<string, Variable>();
    for (const parameter of parameters) {
      if (scope.has(parameter.name)) fail(line, `there are two parameters ${parameter.name}`);
      scope.set(parameter.name, { type: parameter.type, mutable: false });
    }
    const body = block(parsed.body, scope, { result, float, inLoop: false });
    if (!returns(body)) fail(line, `${name} may end without a return`);
    return { kind: "function", name, comments, error, parameters, result, body };
  }

  interface Surroundings {
    readonly result: Type;
    readonly float: Type | null;
    readonly inLoop: boolean;
  }

  function block(parsed: readonly ParsedStatement[], outer: Scope, around: Surroundings): Statement[] {
    const scope = new Map(outer);
    return parsed.map((each, i) => {
      if (endsWith(parsed[i - 1])) fail(each.line, "nothing gets here");
      return statement(each, scope, around);
    });
  }

  /** Checks a statement and adds what it declares to the scope. */
  function statement(parsed: ParsedStatement, scope: Map<string, Variable>, around: Surroundings): Statement {
    const { leading } = parsed;
    const { typed } = expressionsOf(scope, around.float);
    switch (parsed.kind) {
      case "let":
      case "var":
        return binding(parsed, scope, around);
      case "assign":
        return assignment(parsed, scope, around);
      case "array": {
        const { name, size, line } = parsed;
        requireFree(name, scope, line);
        const type = typeOf(parsed.type, line);
        const elements = parsed.elements.map((element) => typed(element, type));
        if (elements.length !== size) fail(line, `${name} has ${elements.length} elements instead of ${size}`);
        scope.set(name, { type, mutable: false, isArray: true });
        return { kind: "array", leading, name, type, elements };
      }
      case "store": {
        const { name, line } = parsed;
        const target = scope.get(name);
        if (!target?.isArray) return fail(line, `there is no array ${name}`);
        const index = expressionsOf(scope, around.float).index(parsed.index);
        return { kind: "store", leading, name, index, value: typed(parsed.value, target.type) };
      }
      case "if":
        return {
          kind: "if",
          leading,
          condition: typed(parsed.condition, "bool"),
          yes: block(parsed.yes, scope, around),
          no: block(parsed.no, scope, around),
        };
      case "while":
        return {
          kind: "while",
          leading,
          condition: typed(parsed.condition, "bool"),
          body: block(parsed.body, scope, { ...around, inLoop: true }),
        };
      case "for": {
        const inner = new Map(scope);
        const start = binding(parsed.start, inner, around);
        const condition = expressionsOf(inner, around.float).typed(parsed.condition, "bool");
        const step = assignment(parsed.step, inner, around);
        return {
          kind: "for",
          leading,
          start,
          condition,
          step,
          body: block(parsed.body, inner, { ...around, inLoop: true }),
        };
      }
      case "break":
        return around.inLoop ? { kind: "break", leading } : fail(parsed.line, "break stands outside of a loop");
      case "return":
        return { kind: "return", leading, value: typed(parsed.value, around.result) };
    }
  }

  function binding(parsed: ParsedBinding, scope: Map<string, Variable>, { float }: Surroundings): Binding {
    const { kind, name, line, leading } = parsed;
    requireFree(name, scope, line);
    const { typed, any } = expressionsOf(scope, float);
    const value = parsed.type === null ? any(parsed.value, null) : typed(parsed.value, typeOf(parsed.type, line));
    scope.set(name, { type: value.type, mutable: kind === "var" });
    return { kind, leading, name, type: value.type, value };
  }

  function requireFree(name: string, scope: Scope, line: number): void {
    if (scope.has(name)) fail(line, `${name} is declared already`);
    if (constants.has(name)) fail(line, `${name} is a constant`);
  }

  function assignment(parsed: ParsedAssignment, scope: Scope, { float }: Surroundings): Assignment {
    const { name, line, leading } = parsed;
    const target = scope.get(name);
    if (target === undefined) return fail(line, `there is no ${name}`);
    if (!target.mutable) fail(line, `${name} is no var`);
    return { kind: "assign", leading, name, value: expressionsOf(scope, float).typed(parsed.value, target.type) };
  }

  const readers = new Map<Scope, ReturnType<typeof readerOf>>();

  /** Of a block, whose statements add to its scope. */
  function expressionsOf(scope: Scope, float: Type | null): ReturnType<typeof readerOf> {
    const known = readers.get(scope) ?? readerOf(scope, float);
    readers.set(scope, known);
    return known;
  }

  function readerOf(scope: Scope, float: Type | null) {
    /** Whether an expression is made of literals alone, which take the type of their surroundings. */
    function isOpen(node: Node): boolean {
      switch (node.kind) {
        case "number":
          return /^(?:0x[0-9a-fA-F]+|[\d.e+-]+)$/.test(node.text);
        case "unary":
          return node.operator !== "!" && isOpen(node.operand);
        case "binary":
          if (shifts.includes(node.operator)) return isOpen(node.left);
          return !comparisons.includes(node.operator) && isOpen(node.left) && isOpen(node.right);
        case "call": {
          const intrinsic = intrinsics.get(node.name);
          return intrinsic !== undefined && intrinsic.isOpen(node.operands.map(isOpen));
        }
        case "name":
        case "field":
        case "index":
          return false;
      }
    }

    /** The expression, which must have this type. */
    function typed(node: Node, type: Type): Expr {
      const expr = any(node, type);
      if (expr.type !== type) fail(node.line, `expected ${typeName(type)} instead of ${typeName(expr.type)}`);
      return expr;
    }

    /** The expression, literals with this type where nothing else says theirs. */
    function any(node: Node, wanted: Type | null): Expr {
      switch (node.kind) {
        case "number":
          return literal(node, wanted);
        case "name":
          return named(node);
        case "unary": {
          const { operator, line } = node;
          // The smallest i32 has no positive counterpart.
          if (operator === "-" && node.operand.kind === "number" && node.operand.text === "2147483648") {
            return { kind: "number", type: "i32", value: -2147483648, text: "-2147483648" };
          }
          const operand = any(node.operand, wanted);
          if (!unaryTypes[operator].includes(operand.type)) fail(line, `${operator} of ${typeName(operand.type)}`);
          return { kind: "unary", type: operand.type, operator, operand };
        }
        case "binary":
          return binary(node, wanted);
        case "call":
          return call(node, wanted);
        case "field": {
          const operand = any(node.operand, null);
          const { type } = operand;
          if (typeof type === "string") return fail(node.line, `${type} has no fields`);
          const field = type.fields.find(({ name }) => name === node.name);
          if (field === undefined) return fail(node.line, `${type.name} has no field ${node.name}`);
          return { kind: "field", type: field.type, operand, name: field.name };
        }
        case "index": {
          const array = scope.get(node.table);
          if (array?.isArray) return { kind: "item", type: array.type, name: node.table, index: index(node.index) };
          const table = constants.get(node.table);
          if (table === undefined || !isTable(table)) return fail(node.line, `there is no table ${node.table}`);
          return { kind: "element", type: table.type, table, index: index(node.index) };
        }
      }
    }

    function index(node: Node): Expr {
      const expr = any(node, "i32");
      if (!integers.includes(expr.type)) fail(node.line, `an index is no ${typeName(expr.type)}`);
      return expr;
    }

    function literal({ text: written, line }: Node & { kind: "number" }, wanted: Type | null): Expr {
      if (written.endsWith("n")) return natural(written, line);
      if (/^0x.*\./.test(written)) return fail(line, "a hexadecimal fraction is a nat and ends with n");
      const hexadecimal = written.startsWith("0x");
      const digits = written.replace(/u$/, "");
      const value = Number(digits);
      if (!hexadecimal && /[.e]/.test(written)) {
        if (written.endsWith("u")) fail(line, "u ends an integer");
        const type = isFloat(wanted) ? wanted : float;
        if (!isFloat(type)) return fail(line, `is ${written} an f32 or an f64?`);
        if (value >= overflow[type]) fail(line, `${written} is no ${type}`);
        return { kind: "number", type, value, text: digits };
      }
      const type = written.endsWith("u") || wanted === "u32" ? "u32" : wanted === "int" ? "int" : "i32";
      if (value > (type === "u32" ? 0xffffffff : 0x7fffffff)) fail(line, `${written} is no ${type}`);
      return { kind: "number", type, value, text: digits };
    }

    function natural(written: string, line: number): Expr {
      const digits = written.slice(0, -1);
      const [whole = "", fraction] = digits.split(".");
      if (fraction === undefined) {
        if (/e/.test(digits) && !digits.startsWith("0x")) fail(line, `${written} is no integer`);
        return { kind: "natural", type: "nat", digits: BigInt(digits), fractionBits: null };
      }
      if (whole !== "0x0") return fail(line, "a nat with a point is hexadecimal and begins with 0x0.");
      return { kind: "natural", type: "nat", digits: BigInt(`0x${fraction}`), fractionBits: 4 * fraction.length };
    }

    function named({ name, line }: Node & { kind: "name" }): Expr {
      const variable = scope.get(name);
      if (variable?.isArray) return fail(line, `${name} is an array and needs an index`);
      if (variable) return { kind: "local", type: variable.type, name };
      if (name === "true" || name === "false") return { kind: "boolean", type: "bool", value: name === "true" };
      const found = constants.get(name);
      if (found === undefined) return fail(line, `there is no ${name}`);
      if (isTable(found)) return fail(line, `${name} is a table and needs an index`);
      return { kind: "constant", type: found.type, constant: found };
    }

    function binary(node: Node & { kind: "binary" }, wanted: Type | null): Expr {
      const { operator, line, grouped } = node;
      if (shifts.includes(operator)) {
        const left = any(node.left, wanted);
        const isLong = left.type === "nat" || left.type === "int";
        const right = any(node.right, isLong ? "i32" : "u32");
        if (!operandTypes[operator].includes(left.type)) fail(line, `${operator} of ${typeName(left.type)}`);
        const amounts: readonly Type[] = left.type === "nat" ? ["i32", "int"] : isLong ? ["i32"] : integers;
        if (!amounts.includes(right.type)) {
          fail(line, `${typeName(left.type)} shifted by ${typeName(right.type)}`);
        }
        return { kind: "binary", type: left.type, operator, left, right, grouped };
      }
      const isComparison = comparisons.includes(operator);
      const [left, right] = alike([node.left, node.right], isComparison ? null : wanted);
      if (left === undefined || right === undefined) throw new Error("two operands");
      if (left.type !== right.type)
        fail(line, `${operator} between ${typeName(left.type)} and ${typeName(right.type)}`);
      if (!operandTypes[operator].includes(left.type)) fail(line, `${operator} of ${typeName(left.type)}`);
      requireUnknown([left, right], line);
      const type = isComparison ? "bool" : left.type;
      // Of conditions both are computed, as shaders have it; over values it is the same.
      const meant = type === "bool" && operator === "&" ? "&&" : type === "bool" && operator === "|" ? "||" : operator;
      return { kind: "binary", type, operator: meant, left, right, grouped };
    }

    /** WGSL computes what is known in float64 or more, and what cannot be represented is an error there. */
    function requireUnknown(operands: readonly Expr[], line: number): void {
      const isKnown = (expr: Expr): boolean =>
        expr.kind === "number" || (expr.kind === "unary" && expr.operand.kind === "number");
      if (operands.length > 0 && operands.every(isKnown) && operands.some(({ type }) => floats.includes(type))) {
        fail(line, "write the result of arithmetic between literals");
      }
    }

    /** Expressions of one type, which those that are not literals decide. */
    function alike(nodes: readonly Node[], wanted: Type | null): Expr[] {
      const decider = nodes.find((node) => !isOpen(node));
      if (decider === undefined) return nodes.map((node) => any(node, wanted));
      const decided = any(decider, wanted);
      return nodes.map((node) => (node === decider ? decided : any(node, decided.type)));
    }

    function call(node: Node & { kind: "call" }, wanted: Type | null): Expr {
      const { name, line, operands: given } = node;
      const count = (parameters: number): void => {
        if (given.length !== parameters) fail(line, `${name} takes ${parameters} operands instead of ${given.length}`);
      };
      const struct = structs.get(name);
      if (struct) {
        count(struct.fields.length);
        return {
          kind: "construct",
          type: struct,
          operands: struct.fields.map(({ type }, i) => typed(at(given, i), type)),
        };
      }
      const called = functions.get(name);
      if (called) {
        count(called.parameters.length);
        const operands = called.parameters.map(({ type }, i) => typed(at(given, i), type));
        return { kind: "call", type: called.result, name, operands };
      }
      const intrinsic = intrinsics.get(name);
      if (intrinsic === undefined) return fail(line, `there is no function ${name}`);
      count(intrinsic.parameters.length);
      // Operands of the intrinsic's own type variable are alike; the others say their types.
      const generic = given.filter((_, i) => intrinsic.parameters[i] === "T");
      const fit = alike(generic, wanted ?? (intrinsic.allowed.some((type) => floats.includes(type)) ? float : null));
      const operands = given.map((operand, i) => {
        const parameter = intrinsic.parameters[i] ?? "T";
        if (parameter === "T") return at(fit, generic.indexOf(operand));
        return parameter === "any" ? any(operand, null) : typed(operand, parameter);
      });
      const own = fit[0]?.type ?? (wanted !== null && intrinsic.allowed.includes(wanted) ? wanted : float);
      if (fit.some(({ type }) => type !== own))
        fail(line, `${name} of ${fit.map(({ type }) => typeName(type)).join(", ")}`);
      const types = {
        own,
        to: node.to === null ? null : typeOf(node.to, line),
        operands: operands.map(({ type }) => type),
      };
      const type = intrinsic.result(types);
      if (type === null)
        return fail(line, `${name} of ${types.operands.map(typeName).join(", ") || "an unknown float"}`);
      requireUnknown(operands, line);
      return { kind: "intrinsic", type, name: intrinsic.name, operands };
    }

    return { typed, any, index };
  }

  return { typeOf, constant, fn };
}

const isTable = ({ value }: Constant): boolean => !("kind" in value) || value.kind === "tabulated";

function at<T>(items: readonly T[], i: number): T {
  const item = items[i];
  if (item === undefined) throw new Error(`nothing at ${i}`);
  return item;
}

/** Whether statements end with a return whichever way they are taken. */
function returns(statements: readonly (Statement | ParsedStatement)[]): boolean {
  return endsWith(statements.at(-1));
}

function endsWith(last: Statement | ParsedStatement | undefined): boolean {
  if (last === undefined) return false;
  if (last.kind === "return" || last.kind === "break") return true;
  return last.kind === "if" && returns(last.yes) && returns(last.no);
}
