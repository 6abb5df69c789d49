/**
 * Functions of wide numbers as programs. Compilers of shaders inline every call, and the time that they take grows faster
 * than the code: written out, an expression with a few exponentials takes them minutes. In a program each operation stands
 * once, whatever the expression is: a loop goes through the steps, and each picks an operation and registers.
 *
 * What becomes a step follows from the library's text. A function that only composes others is taken apart, both ways of its
 * branches computed and one selected; one that looks at the digits of unknown numbers, or loops on them, is an operation.
 */
import { emulateValues, type Value } from "../../emulate.js";
import { wgslIntBits } from "../../javascript.js";
import { type Library, readLibrary } from "../../library.js";
import {
  type BinaryOperator,
  type Expr,
  type Function,
  naturalValue,
  type Statement,
  type Type,
} from "../../syntax.js";
import { wideLibrary } from "./index.js";
import { looseName } from "./programs.js";

/** A number that is known when compiling, one that is given, or the result of an operation: equal ones are one object. */
type Term =
  { readonly kind: "known"; readonly value: Value } | { readonly kind: "given"; readonly name: string } | Step;

interface Step {
  readonly kind: "step";
  /** A function of the library, or `select`. */
  readonly operation: string;
  readonly operands: readonly Term[];
}

/** What programs have in the place of functions of the library. */
const inPlaceOf: ReadonlyMap<string, string> = new Map([
  ["wide_exp", "wide_selected_exp"],
  ["wide_log1p", "wide_selected_log1p"],
  ["wide_expm1", "wide_selected_expm1"],
  ["wide_pow", "wide_selected_pow"],
  ["wide_angle", "wide_selected_angle"],
]);

/** Operations although they could be taken apart. */
const whole: ReadonlySet<string> = new Set(["wide_less"]);

/** Thrown where a function is not to be taken apart; no error, which would note the calls that led to it. */
class Indivisible {}

const isStruct = (value: Value): value is { readonly [field: string]: Value } => typeof value === "object";

/** Functions of the wide library that were called with known operands, by the bits of a nat and their names. */
const compiled = new Map<string, (...operands: Value[]) => Value>();

function valueOfCall(library: Library, name: string, operands: readonly Value[], natBits: number): Value {
  const key = `${natBits} ${name}`;
  const run = compiled.get(key) ?? emulateValues(library, name, { natBits });
  if (wideLibrary().find(name)) compiled.set(key, run);
  return run(...operands);
}

interface Terms {
  readonly given: readonly Term[];
  readonly result: Term;
  /** Constants of the library by the texts of their values. */
  readonly constants: ReadonlyMap<string, string>;
}

/** The steps of a function of the library that takes and gives wide numbers. */
function termsOf(library: Library, fn: Function, natBits: number): Terms {
  const terms = new Map<string, Term>();
  const numbers = new Map<Term, number>();
  const constants = new Map<string, string>();

  const given = fn.parameters.map(({ name }) => unique(`given ${name}`, { kind: "given", name }));
  return { given, result: called(fn, given), constants };

  function unique(key: string, term: Term): Term {
    const found = terms.get(key);
    if (found) return found;
    terms.set(key, term);
    numbers.set(term, numbers.size);
    return term;
  }

  function known(value: Value): Term {
    return unique(`known ${textOf(value, natBits)}`, { kind: "known", value });
  }

  function step(operation: string, ...operands: readonly Term[]): Term {
    const key = `${operation} ${operands.map((operand) => numbers.get(operand)).join(" ")}`;
    return unique(key, { kind: "step", operation, operands });
  }

  function not(condition: Term): Term {
    const value = truth(condition);
    return value === undefined ? step("wide_negate", condition) : known(!value);
  }

  function both(a: Term, b: Term): Term {
    const [left, right] = [truth(a), truth(b)];
    if (left === false || right === true) return a;
    return left === true || right === false || a === b ? b : step("select", a, b, a);
  }

  function either(a: Term, b: Term): Term {
    return not(both(not(a), not(b)));
  }

  function select(condition: Term, yes: Term, no: Term): Term {
    const value = truth(condition);
    if (value !== undefined) return value ? yes : no;
    if (yes === no) return yes;
    if (isBoolean(yes)) return truth(yes) ? either(condition, no) : both(not(condition), no);
    if (isBoolean(no)) return truth(no) ? either(not(condition), yes) : both(condition, yes);
    // One operation on what is selected does as well as a selection between two results of it.
    if (yes.kind === "step" && no.kind === "step" && yes.operation === no.operation && yes.operation !== "select") {
      const [a, b] = [yes.operands, no.operands];
      const changed = a.flatMap((operand, i) => (operand === b[i] ? [] : [i]));
      const isNumber = (term: Term | undefined): boolean => term?.kind !== "known" || isStruct(term.value);
      if (changed.length === 1 && changed.every((i) => isNumber(a[i]) && isNumber(b[i]))) {
        return step(yes.operation, ...a.map((operand, i) => select(condition, operand, item(b, i))));
      }
    }
    return step("select", no, yes, condition);
  }

  function called(callee: Function, operands: readonly Term[]): Term {
    if (operands.every((operand) => operand.kind === "known")) {
      return known(valueOfCall(library, callee.name, operands.map(knownValue), natBits));
    }
    if (!whole.has(callee.name)) {
      try {
        const scope = new Map(callee.parameters.map(({ name }, i) => [name, item(operands, i)]));
        return block(callee.body, scope) ?? stop();
      } catch (error) {
        if (!(error instanceof Indivisible)) throw error;
      }
    }
    // More operands, or unknown ones that are no wide numbers, do not fit into a step.
    const isOperand = (type: Type, i: number): boolean => {
      if (typeof type !== "string") return type === callee.parameters[0]?.type;
      return operands[i]?.kind === "known" && (type === "u32" || type === "int");
    };
    if (!callee.parameters.every(({ type }, i) => isOperand(type, i))) stop();
    return step(callee.name, ...operands);
  }

  /** What the statements return; undefined if they end without it. */
  function block(statements: readonly Statement[], scope: Map<string, Term>): Term | undefined {
    for (const [i, each] of statements.entries()) {
      switch (each.kind) {
        case "let":
        case "var":
        case "assign":
          scope.set(each.name, valueOf(each.value, scope));
          break;
        case "return":
          return valueOf(each.value, scope);
        case "if": {
          const condition = valueOf(each.condition, scope);
          const value = truth(condition);
          if (value !== undefined) {
            const result = block(value ? each.yes : each.no, scope);
            if (result) return result;
            break;
          }
          const scopes = [new Map(scope), new Map(scope)] as const;
          const rest = statements.slice(i + 1);
          const [yes, no] = [block(each.yes, scopes[0]), block(each.no, scopes[1])];
          if (yes || no) {
            return select(condition, yes ?? block(rest, scopes[0]) ?? stop(), no ?? block(rest, scopes[1]) ?? stop());
          }
          for (const name of scope.keys()) {
            scope.set(name, select(condition, named(scopes[0], name), named(scopes[1], name)));
          }
          break;
        }
        case "for":
          scope.set(each.start.name, valueOf(each.start.value, scope));
          while (truth(valueOf(each.condition, scope)) ?? stop()) {
            if (block(each.body, scope)) stop();
            scope.set(each.step.name, valueOf(each.step.value, scope));
          }
          break;
        case "while":
          while (truth(valueOf(each.condition, scope)) ?? stop()) if (block(each.body, scope)) stop();
          break;
        case "array":
        case "store":
        case "break":
          return stop();
      }
    }
    return undefined;
  }

  function valueOf(expr: Expr, scope: ReadonlyMap<string, Term>): Term {
    const inner = (each: Expr): Term => valueOf(each, scope);
    switch (expr.kind) {
      case "number":
      case "boolean":
        return known(expr.value);
      case "natural":
        return known(naturalValue(expr, natBits));
      case "local":
        return named(scope, expr.name);
      case "constant": {
        const value = "kind" in expr.constant.value ? inner(expr.constant.value) : stop();
        constants.set(textOf(knownValue(value), natBits), expr.constant.name);
        return value;
      }
      case "construct": {
        const operands = expr.operands.map((operand) => knownValue(inner(operand)));
        return known(Object.fromEntries(expr.type.fields.map(({ name }, i) => [name, item(operands, i)])));
      }
      case "field": {
        const operand = inner(expr.operand);
        if (operand.kind !== "known") return expr.name === "negative" ? operand : stop();
        return isStruct(operand.value) ? known(operand.value[expr.name] ?? stop()) : stop();
      }
      case "call":
        return called(library.fn(inPlaceOf.get(expr.name) ?? expr.name), expr.operands.map(inner));
      case "unary":
        if (expr.operator === "!") return not(inner(expr.operand));
        return known(unary(expr.operator, knownNumber(inner(expr.operand)), expr.type));
      case "binary":
        return binary(expr, inner(expr.left), inner(expr.right));
      case "intrinsic":
        return intrinsic(expr, expr.operands.map(inner));
      case "element":
      case "item":
      case "tabulated":
        return stop();
    }
  }

  function binary({ operator, type, left: { type: of } }: Expr & { kind: "binary" }, left: Term, right: Term): Term {
    if (operator === "&&") return both(left, right);
    if (operator === "||") return either(left, right);
    if (of === "bool") return operator === "!=" ? select(left, not(right), right) : select(left, right, not(right));
    return known(computed(operator, knownNumber(left), knownNumber(right), type));
  }

  function intrinsic({ name, type }: Expr & { kind: "intrinsic" }, operands: readonly Term[]): Term {
    switch (name) {
      case "nat_bits":
        return known(natBits);
      case "int_bits":
        return known(wgslIntBits);
      case "select":
        return select(item(operands, 2), item(operands, 1), item(operands, 0));
      case "abs":
        return known(wrapped(Math.abs(knownNumber(item(operands, 0))), type));
      case "i32":
      case "u32":
      case "int":
        return known(wrapped(knownNumber(item(operands, 0)), type));
      default:
        return stop();
    }
  }
}

const truth = (term: Term): boolean | undefined => (term.kind === "known" ? term.value === true : undefined);

function stop(): never {
  throw new Indivisible();
}

function knownValue(term: Term): Value {
  return term.kind === "known" ? term.value : stop();
}

function knownNumber(term: Term): number {
  const value = knownValue(term);
  return typeof value === "number" ? value : stop();
}

const wrapped = (value: number, type: Type): number => (type === "u32" ? value >>> 0 : value | 0);

const unary = (operator: "-" | "~", value: number, type: Type): number =>
  wrapped(operator === "-" ? -value : ~value, type);

/** Of i32, u32 and int, which is an i32 here. */
function computed(operator: BinaryOperator, a: number, b: number, type: Type): Value {
  switch (operator) {
    case "+":
      return wrapped(a + b, type);
    case "-":
      return wrapped(a - b, type);
    case "*":
      return wrapped(Math.imul(a, b), type);
    case "&":
      return wrapped(a & b, type);
    case "<<":
      return wrapped(a << b, type);
    case ">>":
      return wrapped(type === "u32" ? a >>> b : a >> b, type);
    case "==":
      return a === b;
    case "!=":
      return a !== b;
    case "<":
      return a < b;
    case "<=":
      return a <= b;
    case ">":
      return a > b;
    case ">=":
      return a >= b;
    default:
      return stop();
  }
}

const isBoolean = (term: Term): boolean => term.kind === "known" && typeof term.value === "boolean";

function item<T>(items: readonly T[], i: number): T {
  const found = items[i];
  if (found === undefined) throw new Error(`nothing at ${i}`);
  return found;
}

function named<K, T>(items: ReadonlyMap<K, T>, key: K): T {
  const found = items.get(key);
  if (found === undefined) throw new Error(`there is no ${String(key)}`);
  return found;
}

/** A value in the machine language. */
function textOf(value: Value, natBits: number): string {
  if (typeof value === "bigint") return fractionText(value, natBits);
  if (!isStruct(value)) return String(value);
  return `wide(${Object.values(value)
    .map((field) => textOf(field, natBits))
    .join(", ")})`;
}

function fractionText(natural: bigint, natBits: number): string {
  const digits = natural
    .toString(16)
    .padStart(natBits / 4, "0")
    .replace(/0+$/, "");
  return digits === "" ? "0n" : `0x0.${digits}n`;
}

interface ProgramStep {
  readonly operation: string;
  readonly to: number;
  /** Registers, the same one where there is one operand. */
  readonly a: number;
  readonly b: number;
  /** The register of a condition, or a number for itself. */
  readonly c: number;
  readonly comment: string;
}

interface Program {
  /** What is in the registers when it begins. */
  readonly start: readonly Term[];
  readonly registers: number;
  readonly steps: readonly ProgramStep[];
  /** The register of what it computes. */
  readonly result: number;
}

/** Operations whose results were not rounded if they have zeros at their end, and what else that takes. */
const exactOperations: ReadonlyMap<string, string> = new Map([
  ["wide_multiply", "abs(result.exponent) < WIDE_LIMIT"],
  ["wide_add", "wide_adds_exactly(a, b)"],
]);

/** Operations whose results are never rounded. */
const unrounded: ReadonlySet<string> = new Set(["select", "wide_negate", "wide_abs", "wide_scale", "wide_with_sign"]);

/** Operations that have no result for negative operands. */
const ofPositive: readonly string[] = ["wide_log_exponent", "wide_sqrt"];

/** Whether it is an infinity that a formula names. */
const isInfinite = (term: Term): boolean =>
  term.kind === "known" && isStruct(term.value) && term.value["exponent"] === 2 ** (wgslIntBits + 1);

/** Where the wrong bits of what a register begins with begin: operands and short numbers are exact. */
function errorOf(term: Term | undefined, register: number): string {
  if (term?.kind !== "known" || !isStruct(term.value)) return "-WIDE_BEYOND";
  const { mantissa } = term.value;
  return typeof mantissa === "bigint" && BigInt.asUintN(32, mantissa) !== 0n
    ? `registers[${register}].exponent`
    : "-WIDE_BEYOND";
}

/** A word holds three registers, or two and a number, which may be negative. */
const fieldBits = 10;
const offset = 2 ** (fieldBits - 1);

/** An order for the steps, and registers: each is free again after its last use. */
function programOf(given: readonly Term[], result: Term): Program {
  const order: Step[] = [];
  const start: Term[] = [...given];
  const seen = new Set<Term>(given);
  const isNumber = (term: Term): boolean => term.kind === "known" && !isStruct(term.value);
  const visit = (term: Term): void => {
    if (seen.has(term) || isNumber(term)) return;
    seen.add(term);
    if (term.kind === "step") {
      term.operands.forEach(visit);
      order.push(term);
    } else start.push(term);
  };
  visit(result);
  const lastUse = new Map<Term, number>([[result, order.length]]);
  order.forEach(({ operands }, i) =>
    operands.forEach((operand) => lastUse.set(operand, Math.max(i, lastUse.get(operand) ?? 0))),
  );

  const registers = new Map(start.map((term, i) => [term, i]));
  const free = start.filter((term) => !lastUse.has(term)).map((term) => named(registers, term));
  let count = start.length;
  const steps = order.map((step, i): ProgramStep => {
    const { operation } = step;
    const operands = step.operands.filter((operand) => !isNumber(operand));
    const [a = 0, b = a, condition] = operands.map((operand) => named(registers, operand));
    const numbers = step.operands.filter(isNumber).map(knownNumber);
    for (const operand of new Set(operands)) if (lastUse.get(operand) === i) free.push(named(registers, operand));
    const to = free.pop() ?? count++;
    registers.set(step, to);
    const shown = [...[a, b, condition ?? 0].slice(0, operands.length).map((each) => `r${each}`), ...numbers];
    const comment = `r${to} = ${operation.replace(/^wide_/, "")}(${shown.join(", ")})`;
    return { operation, to, a, b, c: condition ?? (numbers[0] ?? -offset) + offset, comment };
  });
  return { start, registers: count, steps, result: named(registers, result) };
}

/**
 * The text of a function of wide numbers, as a program.
 * @param text declares the function, and may call the library's
 * @param natBits of naturals in the shader
 * @param leavesDomain whether logarithms or roots of negative numbers may be met
 */
export function inSteps(text: string, name: string, natBits: number, leavesDomain: boolean): string {
  const library = readLibrary(text, wideLibrary().declarations);
  const fn = library.fn(name);
  const { given, result, constants } = termsOf(library, fn, natBits);
  const { start, registers, steps, result: last } = programOf(given, result);
  if (registers > offset) throw new Error(`${name} needs ${registers} registers`);
  const starts = start.map((term) => {
    if (term.kind === "given") return term.name;
    const constant = textOf(knownValue(term), natBits);
    return constants.get(constant) ?? constant;
  });
  const room = Array.from({ length: registers - starts.length }, () => "WIDE_ZERO");
  const operations = [...new Set(steps.map(({ operation }) => operation))];
  const after: Readonly<Record<string, string>> = {
    // The sine of a multiple of pi, which is not known as one: what is left is the rounding of the operand.
    wide_sine: [
      "if (a.exponent > 0 && result.exponent < min(a.exponent - int(nat_bits() - 12), -56)) {",
      "result = WIDE_ZERO;",
      "}",
      "error = errors[first];",
      // Of an infinite angle's sine the height is known.
      "if (a.exponent >= WIDE_LIMIT && !is_zero(a.mantissa)) {",
      "result = WIDE_ZERO;",
      "error = int(nat_bits() + 1);",
      "}",
    ].join("\n"),
    wide_add: "error = max(errors[first], errors[second]);",
    wide_multiply: "error = max(errors[first] + b.exponent, errors[second] + a.exponent);",
    wide_divide: "error = max(errors[first], errors[second] + a.exponent - b.exponent) - b.exponent;",
    // What is wrong with the exponent is relative to e^x, and as it is to e^x - 1 near 0. Of what stands for less, only the
    // sign is known.
    wide_exponential: [
      `error = select(errors[first] + select(result.exponent, 1, c == ${offset + 1}u), -WIDE_BEYOND, is_zero(result.mantissa));`,
      "if (result.exponent == 1 - WIDE_LIMIT) {",
      "error = result.exponent + int(nat_bits() - 4);",
      "}",
    ].join("\n"),
    // Of a sum that cancelled altogether: up to the root of what it may have been.
    wide_sqrt: [
      "if (errors[first] - a.exponent >= int(nat_bits())) {",
      "error = (errors[first] + int(nat_bits())) >> 1;",
      "}",
    ].join("\n"),
    select: "error = errors[select(first, second, registers[c].negative)];",
  };
  const exact = operations.flatMap((operation, i) => (unrounded.has(operation) ? [`operation == ${i}u`] : []));
  const known = ofPositive.flatMap((name) =>
    operations.includes(name) ? [`operation == ${operations.indexOf(name)}u`] : [],
  );
  const words = steps.flatMap(({ operation, to, a, b, c }) => [
    (operations.indexOf(operation) << fieldBits) + to,
    (((c << fieldBits) + b) << fieldBits) + a,
  ]);
  return [
    "// A loop over steps, so that each operation stands here once. A condition holds where its register is negative.",
    ...steps.map(({ comment }) => `//   ${comment}`),
    `fn ${name}(${fn.parameters.map((parameter) => `${parameter.name}: wide`).join(", ")}) -> wide_outcome {`,
    `var registers: array<wide, ${registers}> = [${[...starts, ...room].join(", ")}];`,
    "// Where the last bits of each begin that are wrong, as an exponent: beyond its own where operands cancelled.",
    `var errors: array<int, ${registers}> = [${Array.from({ length: registers }, (_, i) => errorOf(start[i], i)).join(", ")}];`,
    "// The operation and the register of its result, then the operands.",
    `var steps: array<u32, ${words.length}> = [${words.map((word) => `0x${word.toString(16).padStart(8, "0")}u`).join(", ")}];`,
    `for (var i = 0; i < ${words.length}; i += 2) {`,
    "let code = steps[i];",
    "let operands = steps[i + 1];",
    "let first = operands & 1023u;",
    "let second = (operands >> 10u) & 1023u;",
    "let a = registers[first];",
    "let b = registers[second];",
    "let c = operands >> 20u;",
    "let operation = code >> 10u;",
    "var value = a;",
    ...operations.flatMap((operation, i) => [
      `${i > 0 ? "} else " : ""}if (operation == ${i}u) {`,
      ...(operation === "select"
        ? ["if (registers[c].negative) {", "value = b;", "}"]
        : [`value = ${callOf(operation)};`]),
    ]),
    ...(operations.length > 0 ? ["}"] : []),
    "var result = wide_normalised(value.negative, value.mantissa, value.exponent);",
    "var error = result.exponent + max(errors[first] - a.exponent, errors[second] - b.exponent);",
    ...operations.flatMap((operation, i) =>
      operation in after ? [`if (operation == ${i}u) {`, after[operation] ?? "", "}"] : [],
    ),
    ...(leavesDomain ? ["let selected = error;"] : []),
    "registers[code & 1023u] = result;",
    // Infinity that was selected, and not computed, is as it should be.
    `if (result.exponent >= WIDE_LIMIT${start.some(isInfinite) ? ` && operation != ${operations.indexOf("select")}u` : ""}) {`,
    "error = result.exponent + max(errors[first] - a.exponent, errors[second] - b.exponent);",
    "if (a.exponent < WIDE_LIMIT && b.exponent < WIDE_LIMIT) {",
    "error = result.exponent + WIDE_LIMIT;",
    "}",
    ...(leavesDomain
      ? [
          "if (wide_is_nan(result)) {",
          "// Of a NaN nothing else is asked; a number that is negative for certain has no logarithm, and no root.",
          "let of_first = select(WIDE_LIMIT, errors[first] - a.exponent, wide_is_nan(a));",
          "let of_second = select(WIDE_LIMIT, errors[second] - b.exponent, wide_is_nan(b));",
          "error = result.exponent + min(of_first, of_second);",
          ...(operations.includes("select")
            ? [`if (operation == ${operations.indexOf("select")}u) {`, "error = selected;", "}"]
            : []),
          ...(known.length > 0
            ? [
                `if ((${known.join(" || ")}) && a.negative && errors[first] < a.exponent && a.exponent < WIDE_LIMIT) {`,
                "error = result.exponent;",
                "}",
              ]
            : []),
          "}",
        ]
      : []),
    "}",
    "// Where the result was rounded.",
    "var rounding = result.exponent;",
    ...(exact.length > 0 ? [`if (${exact.join(" || ")}) {`, "rounding = -WIDE_BEYOND;", "}"] : []),
    ...[...exactOperations].flatMap(([operation, condition]) =>
      operations.includes(operation)
        ? [
            `if (operation == ${operations.indexOf(operation)}u && ${condition} && low_u32(result.mantissa) == 0u) {`,
            "rounding = -WIDE_BEYOND;",
            "}",
          ]
        : [],
    ),
    "errors[code & 1023u] = max(min(error, WIDE_BEYOND + WIDE_LIMIT), rounding);",
    "}",
    `let lost = errors[${last}] - registers[${last}].exponent;`,
    `return wide_outcome(wide_leading_of(registers[${last}]), select(lost, 0, errors[${last}] < -WIDE_LIMIT));`,
    "}",
  ].join("\n");

  function callOf(operation: string): string {
    const { parameters, result: type } = library.fn(operation);
    const operands = parameters.map((parameter, i) => {
      if (typeof parameter.type !== "string") return i === 0 ? "a" : "b";
      return parameter.type === "u32" ? `c - ${offset}u` : `int(c) - ${offset}`;
    });
    const loose = looseName(operation);
    const call = `${library.find(loose) ? loose : operation}(${operands.join(", ")})`;
    return type === "bool" ? `wide(${call}, 0n, 0)` : call;
  }
}
