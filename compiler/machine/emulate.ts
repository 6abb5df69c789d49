/** Functions of the machine language as JavaScript functions: WGSL without a device, and TypeScript without a build. */
import { type Code, type CodeStatement, printerOf } from "./code.js";
import { type Arithmetic, javascriptOf } from "./javascript.js";
import { javascriptParts, untyped } from "./javascript-parts.js";
import { type Library, usedBy } from "./library.js";
import { partsClosure, partText, partUses } from "./parts.js";
import { wgslNatBits } from "./wgsl-naturals.js";
import type { Declaration, Function, Type } from "./syntax.js";

export type Value = number | bigint | boolean | { readonly [field: string]: Value };

export interface EmulationOptions {
  /** Whether results of f32 operations below 2^-126 become zero, as on devices that have no subnormal numbers. */
  readonly flushSubnormals?: boolean;
  /** Whether subnormal operands of f32 operations and comparisons count as zero, too. */
  readonly flushOperands?: boolean;
  /** The bits of a nat: 128 if not given, as in most of WGSL. */
  readonly natBits?: number;
  /** Whether a nat that overflows or falls below zero is an error; else its low bits remain. */
  readonly checked?: boolean;
}

const narrow = printerOf({ width: Infinity, trailingComma: "", strict: false });

/**
 * What a WGSL device that rounds correctly computes: a function of numbers. Every f32 and f16 operation is rounded, integers
 * wrap around. Operands are taken as they are: an f32 has to be one.
 */
export function emulate(
  library: Library,
  name: string,
  options: EmulationOptions = {},
): (...operands: number[]) => number {
  return numeric(library.fn(name), compile(library, name, deviceArithmetic(options)));
}

/** As {@link emulate}, for operands and results of every type; a struct is an object with the struct's fields. */
export function emulateValues(
  library: Library,
  name: string,
  options: EmulationOptions = {},
): (...operands: Value[]) => Value {
  return general(compile(library, name, deviceArithmetic(options)));
}

/** As {@link emulateValues}, of several functions, which share what they call. */
export function emulateFunctions(
  library: Library,
  names: readonly string[],
  options: EmulationOptions = {},
): ReadonlyMap<string, (...operands: Value[]) => Value> {
  const text = declarationsText(library, names, deviceArithmetic(options));
  const list = `[${names.map((name) => `$${name}`).join(", ")}]`;
  const compiled: unknown = new Function(`${text}\nreturn ${list};`)();
  const functions: readonly unknown[] = Array.isArray(compiled) ? compiled : [];
  return new Map(names.map((name, i) => [name, general(functions[i])]));
}

/** Results for rows of operands, one array per parameter. */
export type EmulatedBatch = (operands: readonly Float32Array[]) => Float32Array;
/** As {@link EmulatedBatch}, for each field of a struct; one alone of what gives a number. */
export type EmulatedBatches = (operands: readonly Float32Array[]) => readonly Float32Array[];

/** As {@link emulateResults}, of one field. */
export function emulateBatch(
  library: Library,
  name: string,
  place: number,
  options: EmulationOptions = {},
): EmulatedBatch {
  const run = emulateResults(library, name, options);
  return (operands) => resultAt(run(operands), place);
}

export function resultAt(results: readonly Float32Array[], place: number): Float32Array {
  const result = results[place];
  if (result === undefined) throw new Error(`there is no result ${place}`);
  return result;
}

/**
 * As {@link emulate}, for a function of f32, or f16, over arrays, whose result may be a struct of such numbers. What the function calls is
 * compiled once for all functions that call it.
 */
export function emulateResults(library: Library, name: string, options: EmulationOptions = {}): EmulatedBatches {
  const { parameters, result } = library.fn(name);
  const fields = typeof result === "string" ? [{ type: result, member: "" }] : result.fields.map(memberOf);
  if ([...parameters, ...fields].some(({ type }) => type !== "f32" && type !== "f16"))
    throw new Error(`${name} is no function of f32 or f16`);
  const [columns, elements] = [parameters.map((_, i) => `x${i}`), parameters.map((_, i) => `x${i}[i]`)];
  const loop = `(${columns.join(", ")}) => {
  const results = [${fields.map(() => "new Float32Array(x0.length)").join(", ")}];
  for (let i = 0; i < x0.length; i++) {
    const found = apply(${elements.join(", ")});
    ${fields.map(({ member }, k) => `results[${k}][i] = found${member};`).join("\n    ")}
  }
  return results;
}`;
  const make = new Function("apply", `return ${loop};`);
  const compiled: unknown = make(compileShared(library, name, deviceArithmetic(options)));
  if (typeof compiled !== "function") throw new Error("not a function");
  return (operands) => {
    const found: unknown = compiled(...operands);
    if (Array.isArray(found) && found.every((each) => each instanceof Float32Array)) return found;
    throw new Error(`${name} gave no results`);
  };
}

const memberOf = ({ name, type }: { readonly name: string; readonly type: Type }) => ({ type, member: `.${name}` });

export interface RunOptions {
  /** The bits of a nat: 384 in TypeScript. */
  readonly natBits?: number;
  readonly checked?: boolean;
}

/** What the printed TypeScript computes: a function of numbers. */
export function run(library: Library, name: string, options: RunOptions = {}): (...operands: number[]) => number {
  return numeric(library.fn(name), compile(library, name, hostArithmetic(options)));
}

/** As {@link run}, for operands and results of every type. */
export function runValues(library: Library, name: string, options: RunOptions = {}): (...operands: Value[]) => Value {
  return general(compile(library, name, hostArithmetic(options)));
}

/** The bits of a natural number in TypeScript, as a bigint. */
export const typescriptNatBits = 384;

const deviceArithmetic = ({
  flushSubnormals = false,
  flushOperands = false,
  natBits = wgslNatBits,
  checked = false,
}: EmulationOptions): Arithmetic => ({
  natBits,
  bigInts: false,
  naturals: checked ? "checked" : "wrapped",
  flushSubnormals,
  flushOperands,
});

const hostArithmetic = ({ natBits = typescriptNatBits, checked = false }: RunOptions): Arithmetic => ({
  natBits,
  bigInts: true,
  naturals: checked ? "checked" : "trusted",
  flushSubnormals: false,
  flushOperands: false,
});

const spelling = {
  declared: (each: string) => `$${each}`,
  local: (each: string) => `_${each}`,
  field: (each: string) => each,
  typed: false,
};

/** The JavaScript text of functions and of all that they call; names begin with `$`. */
function declarationsText(library: Library, names: readonly string[], arithmetic: Arithmetic): string {
  const printed = library.closure(names).map((each) => printedIn(arithmetic, each));
  const uses = new Set(printed.flatMap((each) => each.uses));
  const parts = partsClosure(uses, javascriptParts).map((part) =>
    untyped(partText(part, javascriptParts, spelling.declared)),
  );
  const constants = [`const N = ${arithmetic.natBits}n;`];
  return ['"use strict";', ...constants, ...parts, ...printed.map(({ text }) => text)].join("\n");
}

interface Printed {
  readonly text: string;
  /** The names of {@link javascriptParts} that it calls. */
  readonly uses: readonly string[];
}

/** By arithmetic: functions call much the same, one after the other. */
const printedBefore = new WeakMap<Declaration, Map<string, Printed>>();

function printedIn(arithmetic: Arithmetic, declaration: Declaration): Printed {
  const key = JSON.stringify(arithmetic);
  const before = printedBefore.get(declaration) ?? new Map<string, Printed>();
  printedBefore.set(declaration, before);
  const known = before.get(key);
  if (known) return known;
  const uses = new Set<string>();
  const text = declarationText(declaration, javascriptOf(arithmetic, spelling, uses));
  const printed = { text, uses: [...uses] };
  before.set(key, printed);
  return printed;
}

function declarationText(each: Declaration, translate: ReturnType<typeof javascriptOf>): string {
  switch (each.kind) {
    case "struct":
      return "";
    case "constant": {
      const { value } = each;
      const code: Code =
        "kind" in value
          ? translate.value(value)
          : { kind: "array", constructed: null, elements: value.map(translate.value) };
      return `const ${spelling.declared(each.name)} = ${tableOf(each.type, narrow.expression(code), "kind" in value)};`;
    }
    case "function": {
      const body: CodeStatement[] = translate.body(each);
      const parameters = each.parameters.map((parameter) => spelling.local(parameter.name));
      return narrow.fn(`function ${spelling.declared(each.name)}`, parameters, "", body);
    }
  }
}

/** The typed array that holds a table of this type. */
export const typedArrays: ReadonlyMap<Type, string> = new Map<Type, string>([
  ["i32", "Int32Array"],
  ["u32", "Uint32Array"],
  ["f16", "Float32Array"],
  ["f32", "Float32Array"],
  ["f64", "Float64Array"],
]);

function tableOf(type: Type, text: string, single: boolean): string {
  const array = typedArrays.get(type);
  return single || array === undefined ? text : `new ${array}(${text})`;
}

function compile(library: Library, name: string, arithmetic: Arithmetic): unknown {
  return new Function(`${declarationsText(library, [name], arithmetic)}\nreturn $${name};`)();
}

/** What declarations and {@link javascriptParts} are in one arithmetic. */
interface Compiled {
  readonly parts: Map<string, unknown>;
  readonly declarations: WeakMap<Declaration, unknown>;
}

const compiledBefore = new Map<string, Compiled>();

/** As {@link compile}, each declaration on its own, so that what many functions call is warm when the next one calls it. */
function compileShared(library: Library, name: string, arithmetic: Arithmetic): unknown {
  const key = JSON.stringify(arithmetic);
  const before: Compiled = compiledBefore.get(key) ?? { parts: new Map(), declarations: new WeakMap() };
  compiledBefore.set(key, before);
  const make = (text: string, own: string, uses: ReadonlyMap<string, unknown>): unknown =>
    new Function("N", ...uses.keys(), `"use strict";\n${text}\nreturn ${own};`)(
      BigInt(arithmetic.natBits),
      ...uses.values(),
    );
  const partOf = (part: string): unknown => {
    if (!before.parts.has(part)) {
      const text = untyped(partText(part, javascriptParts, spelling.declared));
      before.parts.set(part, make(text, spelling.declared(part), partsOf(partUses(part, javascriptParts))));
    }
    return before.parts.get(part);
  };
  const partsOf = (names: readonly string[]): Map<string, unknown> =>
    new Map(names.map((each) => [spelling.declared(each), partOf(each)]));
  const valueOf = (each: string): unknown => {
    const declaration = library.find(each);
    if (declaration === undefined) throw new Error(`the library has no function ${each}`);
    if (!before.declarations.has(declaration)) {
      const { text, uses } = printedIn(arithmetic, declaration);
      const called = usedBy(declaration).filter((used) => library.find(used)?.kind !== "struct");
      const values = new Map([
        ...partsOf(uses),
        ...called.map((used) => [spelling.declared(used), valueOf(used)] as const),
      ]);
      before.declarations.set(declaration, make(text, spelling.declared(each), values));
    }
    return before.declarations.get(declaration);
  };
  return valueOf(name);
}

const isNumber = (type: Type): boolean => typedArrays.has(type);

function numeric({ name, parameters, result }: Function, compiled: unknown): (...operands: number[]) => number {
  const takesNumbers = (each: unknown): each is (...operands: number[]) => number =>
    typeof each === "function" && parameters.every(({ type }) => isNumber(type)) && isNumber(result);
  if (!takesNumbers(compiled)) throw new Error(`${name} is no function of numbers`);
  return compiled;
}

function general(compiled: unknown): (...operands: Value[]) => Value {
  const isFunction = (each: unknown): each is (...operands: Value[]) => Value => typeof each === "function";
  if (!isFunction(compiled)) throw new Error("not a function");
  return compiled;
}
