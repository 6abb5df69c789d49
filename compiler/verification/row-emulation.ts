/**
 * WGSL kernels over an axis without a device. What a shader computes with numbers is emulated as ever, every operation rounded to
 * float32; its entry points, which hand numbers round, become generators in JavaScript: a barrier yields, and the threads of
 * a workgroup take turns.
 */
import type { WgslBinding, WgslPassDescription } from "../backend/manifest.js";
import { emulateFunctions, machineName, natBitsOf, readWgsl } from "../machine/index.js";
import { cotangentName, countOf, extentsFor, isResult, type WgslColumn } from "./emitted.js";
import type { BatchKernel } from "./measurement.js";
import { type ShaderDeclaration, shaderDeclarations } from "./program.js";

/** What stands outside of functions: buffers, uniforms, what workgroups share. */
type Shared = Record<string, unknown>;

/** A thread of an entry point; where that has barriers, it comes to rest at each. */
type EntryPoint = (workgroup: Place, workgroups: Place, lane: number) => Iterator<unknown> | undefined;

interface Place {
  readonly x: number;
  readonly y: number;
}

/** A column's kernel: results for a row. */
export function emulatedRowKernel(column: WgslColumn): BatchKernel {
  const program = compiled(column);
  const cotangent = column.inputs.lastIndexOf(cotangentName);
  const bindings = new Map(
    column.passes.flatMap((pass) => pass.bindings).map((binding) => [`${binding.role} ${binding.name}`, binding]),
  );
  return (inputs, parameters) => {
    const count = inputs[0]?.length ?? 0;
    const extents: Readonly<Record<string, number>> = extentsFor("row", count);
    const parameter = (name: string): number => parameters[column.parameters.indexOf(name)] ?? NaN;
    const given = (role: string, name: string): Float32Array | undefined => {
      if (role === "cotangent") return inputs[cotangent];
      const place = role === "learned" ? column.inputs.indexOf(name, cotangent + 1) : column.inputs.indexOf(name);
      return inputs[place];
    };
    let result = new Float32Array(0);
    for (const binding of bindings.values()) {
      const { role, name } = binding;
      if (role === "uniforms") {
        const fields = (binding.fields ?? []).map((field, i) => {
          const value = field.role === "extent" ? (extents[field.name] ?? 0) : parameter(field.name);
          return [program.uniformFields[i] ?? field.name, field.type === "f32" ? Math.fround(value) : value] as const;
        });
        program.shared[program.variableOf(binding)] = Object.fromEntries(fields);
        continue;
      }
      const numbers = new Float32Array(countOf(binding.length ?? "1", extents));
      const own = given(role, name);
      if (own && role !== "scratch") numbers.set(own.subarray(0, numbers.length));
      else if (role === "learned") numbers.fill(parameter(name));
      program.shared[program.variableOf(binding)] = numbers;
      if (isResult(binding, column.of)) result = numbers;
    }
    for (const pass of column.passes) program.run(pass, countOf(pass.dispatch.over, extents));
    return result;
  };
}

interface Compiled {
  readonly shared: Shared;
  readonly uniformFields: readonly string[];
  readonly variableOf: (binding: WgslBinding) => string;
  run(pass: WgslPassDescription, over: number): void;
}

function compiled({ code, passes }: WgslColumn): Compiled {
  const declarations = shaderDeclarations(code);
  const glue = glueOf(declarations);
  const structs = declarations.filter(({ tokens }) => tokens.includes("struct"));
  const pure = calledBy(glue, declarations).filter((each) => !glue.has(each) && !structs.includes(each));
  const texts = declarations.filter((each) => !glue.has(each) && !isVariable(each)).map(({ text }) => text);
  const text = texts.join("\n");
  const library = readWgsl(text);
  const functions = emulateFunctions(
    library,
    pure.map(({ names: [name = ""] }) => machineName(name)),
    { natBits: natBitsOf(text), flushSubnormals: true, flushOperands: true },
  );
  const variables = declarations.filter(isVariable);
  const names = new Set(variables.flatMap((each) => each.names));
  const barriers = withBarriers(glue);
  const members = (struct: ShaderDeclaration): string[] => struct.tokens.filter((_, i, all) => all[i + 1] === ":");
  const constructors = structs.map((struct) => {
    const fields = members(struct);
    return `const $${struct.names[0]} = (${fields.join(", ")}) => ({ ${fields.join(", ")} });`;
  });
  const source = [
    '"use strict";',
    ...[...functions.keys()].map((name) => `const $${name} = functions.get(${JSON.stringify(name)});`),
    ...constructors,
    ...[...glue].map((each) => new Translation(each, names, barriers).text()),
    `return { ${passes.map(({ entryPoint }) => `${entryPoint}: $${entryPoint}`).join(", ")} };`,
  ].join("\n");
  const shared: Shared = {};
  const entryPoints: Readonly<Record<string, EntryPoint>> = new Function("shared", "functions", source)(
    shared,
    functions,
  );
  const uniforms = variables.find(({ tokens }) => tokens.includes("uniform"));
  const uniformType = uniforms?.tokens.at(-2);
  const isOfWorkgroup = ({ tokens }: ShaderDeclaration): boolean => tokens[2] === "workgroup";
  const places = new Map(
    variables.flatMap(({ names: [name = ""], tokens }) => {
      const [group, binding] = [numberBehind(tokens, "group"), numberBehind(tokens, "binding")];
      return group === undefined ? [] : [[`${group} ${binding}`, name] as const];
    }),
  );
  return {
    shared,
    uniformFields: structs.filter(({ names: [name] }) => name === uniformType).flatMap(members),
    variableOf: ({ group, binding }) => places.get(`${group} ${binding}`) ?? "",
    run({ entryPoint, workgroupSize, dispatch: { perWorkgroup } }, over) {
      const count = Math.ceil(over / perWorkgroup);
      const x = Math.min(count, 65535);
      const workgroups = { x, y: Math.ceil(count / x) };
      const start = entryPoints[entryPoint];
      if (!start) throw new Error(`the shader has no entry point '${entryPoint}'`);
      for (let group = 0; group < workgroups.x * workgroups.y; group++) {
        for (const each of variables.filter(isOfWorkgroup)) shared[each.names[0] ?? ""] = [];
        const place = { x: group % x, y: Math.floor(group / x) };
        let threads = Array.from({ length: workgroupSize }, (_, lane) => start(place, workgroups, lane));
        while (threads.length > 0) threads = threads.filter((thread) => thread?.next().done === false);
      }
    },
  };
}

const isVariable = ({ tokens }: ShaderDeclaration): boolean => {
  const at = tokens.indexOf("var");
  return at >= 0 && !tokens.includes("fn") && tokens[at + 2] !== "private";
};

const numberBehind = (tokens: readonly string[], attribute: string): string | undefined => {
  const at = tokens.findIndex((token, i) => token === attribute && tokens[i - 1] === "@");
  return at < 0 ? undefined : tokens[at + 2];
};

/** Functions that see what stands outside of functions, wait at barriers, or call such functions. */
function glueOf(declarations: readonly ShaderDeclaration[]): ReadonlySet<ShaderDeclaration> {
  const outside = new Set(["workgroupBarrier", ...declarations.filter(isVariable).flatMap(({ names }) => names)]);
  return closure(declarations, outside);
}

const withBarriers = (glue: ReadonlySet<ShaderDeclaration>): ReadonlySet<string> =>
  new Set([...closure([...glue], new Set(["workgroupBarrier"]))].flatMap(({ names }) => names));

/** The functions that use one of these names, or a function that does. */
function closure(
  declarations: readonly ShaderDeclaration[],
  names: ReadonlySet<string>,
): ReadonlySet<ShaderDeclaration> {
  const wanted = new Set(names);
  const found = new Set<ShaderDeclaration>();
  for (let before = -1; before < found.size;) {
    before = found.size;
    for (const each of declarations) {
      if (!each.tokens.includes("fn") || found.has(each) || !each.tokens.some((token) => wanted.has(token))) continue;
      found.add(each);
      each.names.forEach((name) => wanted.add(name));
    }
  }
  return found;
}

/** What functions call. */
function calledBy(
  functions: ReadonlySet<ShaderDeclaration>,
  declarations: readonly ShaderDeclaration[],
): ShaderDeclaration[] {
  const called = new Set([...functions].flatMap(({ tokens }) => tokens.filter((_, i, all) => all[i + 1] === "(")));
  return declarations.filter(({ names: [name = ""], tokens }) => tokens.includes("fn") && called.has(name));
}

const token =
  /\/\/[^\n]*|\/\*[^]*?\*\/|[A-Za-z_]\w*|0[xX][\da-fA-F]*\.?[\da-fA-F]*(?:[pP][+-]?\d+)?[ufi]?|(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?[ufi]?|->|<<|>>|\+\+|&&|\|\||[-+*/%&|^=!<>]=|\S/g;

/** From loosest to tightest. */
const precedences: readonly (readonly string[])[] = [
  ["||"],
  ["&&"],
  ["|"],
  ["^"],
  ["&"],
  ["==", "!="],
  ["<", "<=", ">", ">="],
  ["<<", ">>"],
  ["+", "-"],
  ["*", "/", "%"],
];

const builtins: Readonly<Record<string, (...operands: readonly string[]) => string>> = {
  select: (no, yes, condition) => `(${condition} ? ${yes} : ${no})`,
  min: (a, b) => `Math.min(${a}, ${b})`,
  max: (a, b) => `Math.max(${a}, ${b})`,
  clamp: (x, low, high) => `Math.min(Math.max(${x}, ${low}), ${high})`,
  countLeadingZeros: (x) => `Math.clz32(${x})`,
  f32: (x) => `Math.fround(${x})`,
  u32: (x) => `(${x} >>> 0)`,
  i32: (x) => `(${x} | 0)`,
  abs: (x) => `Math.abs(${x})`,
};

/** A function of a shader that computes with u32 alone, and calls others for the rest. */
class Translation {
  private readonly tokens: readonly string[];
  private at = 0;

  constructor(
    { text }: ShaderDeclaration,
    private readonly variables: ReadonlySet<string>,
    private readonly barriers: ReadonlySet<string>,
  ) {
    const all = [...text.matchAll(token)].map(([each]) => each);
    const written = all.filter((each) => !/^\/[/*]/.test(each));
    this.tokens = written.slice(written.indexOf("fn"));
  }

  text(): string {
    this.expect("fn");
    const name = this.next();
    this.expect("(");
    const parameters: string[] = [];
    for (; !this.accept(")"); this.accept(",")) {
      this.attributes();
      parameters.push(`$${this.next()}`);
      this.type();
    }
    if (this.accept("->")) while (this.peek() !== "{") this.at += 1;
    return `function${this.barriers.has(name) ? "*" : ""} $${name}(${parameters.join(", ")}) ${this.block()}`;
  }

  private attributes(): void {
    while (this.accept("@")) {
      this.next();
      if (this.accept("(")) while (this.next() !== ")");
    }
  }

  /** Up to the `,`, `)` or `=` behind it. */
  private type(): void {
    for (let depth = 0; depth > 0 || !",)=".includes(this.peek());) {
      const each = this.next();
      depth += each === "<" ? 1 : each === ">" ? -1 : 0;
    }
  }

  private block(): string {
    this.expect("{");
    const lines: string[] = [];
    while (!this.accept("}")) lines.push(this.statement());
    return `{\n${lines.join("\n")}\n}`;
  }

  private statement(): string {
    if (this.peek() === "{") return this.block();
    if (this.accept("if")) {
      const condition = this.expression();
      const taken = `if (${condition}) ${this.block()}`;
      if (!this.accept("else")) return taken;
      return `${taken} else ${this.peek() === "if" ? this.statement() : this.block()}`;
    }
    if (this.accept("for")) {
      this.expect("(");
      const start = this.simple();
      this.expect(";");
      const condition = this.expression();
      this.expect(";");
      const step = this.simple();
      this.expect(")");
      return `for (${start}; ${condition}; ${step}) ${this.block()}`;
    }
    if (this.accept("return")) {
      const value = this.peek() === ";" ? "" : ` ${this.expression()}`;
      this.expect(";");
      return `return${value};`;
    }
    const text = this.simple();
    this.expect(";");
    return `${text};`;
  }

  private simple(): string {
    const binding = this.accept("let") ? "const" : this.accept("var") ? "let" : undefined;
    if (binding !== undefined) {
      const name = this.next();
      if (this.peek() === ":") this.type();
      return `${binding} $${name}${this.accept("=") ? ` = ${this.expression()}` : ""}`;
    }
    const target = this.expression();
    if (this.accept("++")) return `${target} += 1`;
    if (this.accept("=")) return `${target} = ${this.expression()}`;
    if (this.accept("/=")) return `${target} = Math.trunc(${target} / ${this.expression()})`;
    for (const operator of ["+=", "-=", "*="]) {
      if (this.accept(operator)) return `${target} ${operator} ${this.expression()}`;
    }
    return target;
  }

  private expression(level = 0): string {
    const operators = precedences[level];
    if (!operators) return this.unary();
    let left = this.expression(level + 1);
    while (operators.includes(this.peek())) {
      const operator = this.next();
      const right = this.expression(level + 1);
      left = operator === "/" ? `Math.trunc(${left} / ${right})` : `(${left} ${operator} ${right})`;
      if (["<<", ">>", "&", "|", "^"].includes(operator)) left = `(${left} >>> 0)`;
    }
    return left;
  }

  private unary(): string {
    if (this.accept("-")) return `(-${this.unary()})`;
    if (this.accept("!")) return `(!${this.unary()})`;
    return this.postfix(this.primary());
  }

  private primary(): string {
    if (this.accept("(")) {
      const inner = this.expression();
      this.expect(")");
      return `(${inner})`;
    }
    const each = this.next();
    if (/^[\d.]/.test(each)) return literal(each);
    if (this.peek() === "(") return this.call(each);
    return this.variables.has(each) ? `shared.${each}` : `$${each}`;
  }

  private call(name: string): string {
    this.expect("(");
    const operands: string[] = [];
    for (; !this.accept(")"); this.accept(",")) operands.push(this.expression());
    if (name === "workgroupBarrier") return "yield";
    const builtin = builtins[name];
    if (builtin) return builtin(...operands);
    const own = this.barriers.has(name) ? name : machineName(name);
    return this.barriers.has(name) ? `(yield* $${own}(${operands.join(", ")}))` : `$${own}(${operands.join(", ")})`;
  }

  private postfix(inner: string): string {
    if (this.accept("[")) {
      const index = this.expression();
      this.expect("]");
      return this.postfix(`${inner}[${index}]`);
    }
    return this.accept(".") ? this.postfix(`${inner}.${this.next()}`) : inner;
  }

  private peek(): string {
    return this.tokens[this.at] ?? "";
  }

  private next(): string {
    const each = this.peek();
    this.at += 1;
    return each;
  }

  private accept(text: string): boolean {
    if (this.peek() !== text) return false;
    this.at += 1;
    return true;
  }

  private expect(text: string): void {
    const found = this.next();
    if (found !== text) throw new Error(`'${text}' was expected in the shader, not '${found}'`);
  }
}

function literal(text: string): string {
  const hexadecimal = /^0[xX]([\da-fA-F]*)\.?([\da-fA-F]*)[pP]([+-]?\d+)/.exec(text);
  if (!hexadecimal) return text.startsWith("0x") ? text.replace(/[ui]$/, "") : text.replace(/[uif]$/, "");
  const [, whole = "", fraction = "", exponent = "0"] = hexadecimal;
  return String(Number.parseInt(whole + fraction, 16) * 2 ** (Number(exponent) - 4 * fraction.length));
}
