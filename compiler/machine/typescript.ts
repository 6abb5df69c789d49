/** Declarations of the machine language as TypeScript, laid out as prettier does. */
import { type Code, printerOf } from "./code.js";
import { typedArrays, typescriptNatBits } from "./emulate.js";
import { javascriptOf } from "./javascript.js";
import { javascriptParts } from "./javascript-parts.js";
import { usedBy } from "./library.js";
import { localNames, type Rename, typescriptField, typescriptName } from "./naming.js";
import { partsClosure, partText, partUses } from "./parts.js";
import type { Constant, Declaration, Function, Struct, Type } from "./syntax.js";

const width = 80;
const printer = printerOf({ width, trailingComma: ",", strict: false });

export interface TypescriptOptions {
  /** The bits of a nat. */
  readonly natBits?: number;
  /** The declarations that are printed, if not all: the others are only used. */
  readonly only?: ReadonlySet<string>;
  /** Functions behind intrinsics and views that other code needs: see `inline`. */
  readonly parts?: Iterable<string>;
}

/** A declaration, or a function behind intrinsics, as text in prettier's style. */
export interface TypescriptPiece {
  /** As it is spelled. */
  readonly name: string;
  /** The pieces that it uses, by their names. */
  readonly uses: readonly string[];
  /** Laid out when it is first asked for. */
  readonly text: string;
}

function piece(name: string, uses: readonly string[], print: () => string): TypescriptPiece {
  let text: string | undefined;
  return {
    name,
    uses,
    get text() {
      return (text ??= print());
    },
  };
}

/** The declarations in the given order, which has to be that of a closure, and the functions behind intrinsics. */
export function printTypescript(
  declarations: readonly Declaration[],
  rename: Rename = typescriptName,
  options: TypescriptOptions = {},
): string {
  return joined(typescriptPieces(declarations, rename, options).map(({ text }) => text));
}

/** The functions behind intrinsics, then the declarations, each apart. */
export function typescriptPieces(
  declarations: readonly Declaration[],
  rename: Rename = typescriptName,
  { natBits = typescriptNatBits, parts: wanted = [], only }: TypescriptOptions = {},
): TypescriptPiece[] {
  const allParts = new Set(wanted);
  let parts = allParts;
  const kinds = new Map(declarations.map(({ name, kind }) => [name, kind]));
  const declared = (name: string): string => rename(name, kinds.get(name) ?? partKind(name));
  const printed = declarations.filter(({ name }) => only?.has(name) ?? true);
  const pieces = printed.map((each): TypescriptPiece => {
    parts = new Set();
    const print = printing(each);
    for (const name of parts) allParts.add(name);
    return piece(declared(each.name), [...parts, ...usedBy(each)].map(declared), print);
  });
  const behind = partsClosure(allParts, javascriptParts).map((name) =>
    piece(declared(name), partUses(name, javascriptParts).map(declared), () =>
      partText(name, javascriptParts, declared),
    ),
  );
  return [...behind, ...pieces];

  /** Translates a declaration, which notes the parts that it needs; what comes back lays it out. */
  function printing(each: Declaration): () => string {
    switch (each.kind) {
      case "struct":
        return () => structText(each, declared);
      case "constant":
        return constantPrinting(each);
      case "function":
        return functionPrinting(each);
    }
  }

  function translator(local: (name: string) => string) {
    const spelling = { declared, local, field: typescriptField, typed: true };
    return javascriptOf(
      { natBits, bigInts: true, naturals: "trusted", flushSubnormals: false, flushOperands: false },
      spelling,
      parts,
    );
  }

  function constantPrinting({ name, comments, type, value }: Constant): () => string {
    const { value: translated } = translator((each) => each);
    const code: Code =
      "kind" in value
        ? marked(translated(value))
        : tableCode(type, { kind: "array", constructed: null, elements: value.map(translated) });
    const typed = typeof type === "string" && "kind" in value ? "" : tableType(type, !("kind" in value));
    const declaration = { kind: "declare", keyword: "const", name: `${declared(name)}${typed}`, value: code } as const;
    return () => `${docComment(comments)}${printer.statements([declaration])}`;
  }

  function tableType(type: Type, isTable: boolean): string {
    if (typedArrays.has(type)) return "";
    return `: ${isTable ? "readonly " : ""}${typescriptType(type, declared)}${isTable ? "[]" : ""}`;
  }

  function functionPrinting(fn: Function): () => string {
    const names = localNames(fn, "typescript", new Set(usedBy(fn).map(declared)));
    const local = (name: string): string => names.get(name) ?? name;
    const parameters = fn.parameters.map(({ name, type }) => `${local(name)}: ${typescriptType(type, declared)}`);
    const head = `function ${declared(fn.name)}`;
    const result = `: ${typescriptType(fn.result, declared)}`;
    const body = translator(local).body(fn);
    return () => `${docComment(fn.comments)}${printer.fn(head, parameters, result, body)}`;
  }
}

/** A call that no bundler takes for a side effect. */
const marked = (code: Code): Code =>
  code.kind === "call" ? { ...code, callee: `/* @__PURE__ */ ${code.callee}` } : code;

/** Typed arrays that no bundler takes for a side effect; naturals and structs in plain arrays. */
function tableCode(type: Type, elements: Code): Code {
  const array = typedArrays.get(type);
  return array === undefined
    ? elements
    : { kind: "call", callee: `/* @__PURE__ */ new ${array}`, operands: [elements] };
}

const partKind = (name: string): "function" | "constant" => (name.startsWith("word_") ? "constant" : "function");

export function typescriptType(type: Type, declared: (name: string) => string): string {
  switch (type) {
    case "bool":
      return "boolean";
    case "nat":
    case "int":
      return "bigint";
    case "i32":
    case "u32":
    case "f16":
    case "f32":
    case "f64":
      return "number";
    default:
      return declared(type.name);
  }
}

function structText({ name, comments, fields }: Struct, declared: (name: string) => string): string {
  const lines = fields.flatMap((field) => [
    ...docComment(field.comments, 2)
      .split("\n")
      .filter((line) => line !== ""),
    `  readonly ${typescriptField(field.name)}: ${typescriptType(field.type, declared)};`,
  ]);
  return `${docComment(comments)}interface ${declared(name)} {\n${lines.join("\n")}\n}`;
}

/** Declarations with blank lines between them, but between plain constants. */
function joined(texts: readonly string[]): string {
  const isPlain = (text: string | undefined): boolean => text !== undefined && /^const .*;$/.test(text);
  return texts
    .map((text, i) => (i === 0 ? text : `${isPlain(text) && isPlain(texts[i - 1]) ? "\n" : "\n\n"}${text}`))
    .join("");
}

/** A comment for readers and editors, with its line end, or nothing. */
function docComment(comments: readonly string[], margin = 0): string {
  if (comments.length === 0) return "";
  const indent = " ".repeat(margin);
  const lines = reflow(
    comments.map((line) => line.replaceAll("*/", "*\\/")),
    width - margin - 3,
  );
  const [only = ""] = lines;
  if (lines.length === 1 && margin + only.length + 7 <= width) return `${indent}/** ${only} */\n`;
  return `${indent}/**\n${lines.map((line) => `${indent} * ${line}`.trimEnd()).join("\n")}\n${indent} */\n`;
}

/** Lines of prose in a narrower column; a line that begins with a space stays. */
export function reflow(lines: readonly string[], columns: number): string[] {
  const result: string[] = [];
  let open = false;
  for (const line of lines) {
    if (line === "" || line.startsWith(" ")) {
      result.push(line);
      open = false;
      continue;
    }
    for (const word of line.split(" ")) {
      const last = result.at(-1);
      if (open && last !== undefined && last.length + 1 + word.length <= columns)
        result[result.length - 1] = `${last} ${word}`;
      else result.push(word);
      open = true;
    }
  }
  return result;
}
