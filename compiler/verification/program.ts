/**
 * What of a generated file a kernel runs: the declarations that its entry point reaches. A kernel is known by the digest
 * of their tokens, so that comments, layout, the order of declarations and other kernels of the file change nothing.
 */
import { sha256 } from "../sha256.js";
import {
  type Declaration as JavascriptDeclaration,
  javascriptDeclarations,
  javascriptText,
} from "./plain-javascript.js";

export interface Program {
  /** The declarations, in the order of the file. */
  readonly text: string;
  /** The first half of a SHA-256. */
  readonly digest: string;
}

interface Declaration {
  readonly names: readonly string[];
  readonly text: string;
  readonly tokens: readonly string[];
}

/** The JavaScript of exported functions and of what they call, as a module. */
export async function typescriptProgram(file: string, exported: readonly string[]): Promise<Program> {
  if (latest?.file !== file) latest = { file, declarations: javascriptDeclarations(file).map(asWritten) };
  return digested(reachedFrom(latest.declarations, exported, "kernel.js"));
}

/** A file's function. */
interface Exported {
  readonly text: string;
  readonly exported: string;
}

/** The JavaScript of a function that calls a kernel in WebAssembly, bytes included; the kernel that it falls back on is imported. */
export async function wasmProgram(caller: Exported, fallBack: Exported): Promise<Program> {
  const declarations = javascriptDeclarations(caller.text).map(asWritten);
  const own = await digested(reachedFrom(declarations, [caller.exported], "kernel.js"));
  const other = await typescriptProgram(fallBack.text, [fallBack.exported]);
  const address = javascriptAddress(other.text);
  return {
    text: `import { ${fallBack.exported} } from "${address}";\n${own.text}`,
    digest: await shortDigest(`${own.digest} ${other.digest}`),
  };
}

/** Where a module of this text is imported from. */
export const javascriptAddress = (text: string): string =>
  `data:text/javascript;charset=utf-8,${encodeURIComponent(text)}`;

const asWritten = ({ names, tokens }: JavascriptDeclaration): Declaration => ({
  names,
  text: javascriptText(tokens),
  tokens,
});

/** The columns of one file are asked for one after the other. */
let latest: { readonly file: string; readonly declarations: readonly Declaration[] } | undefined;

/** The WGSL of entry points and of what they use. */
export async function wgslProgram(file: string, entryPoints: readonly string[]): Promise<Program> {
  return digested(reachedFrom(wgslDeclarations(file), entryPoints, "the shader"));
}

/** A function of a shader: what it reaches, and the members of what it returns: none where that is a number. */
export function wgslFunction(
  file: string,
  name: string,
): { readonly text: string; readonly reached: readonly ShaderDeclaration[]; readonly struct: readonly string[] } {
  const declarations = wgslDeclarations(file);
  const { tokens = [] } = declarations.find(({ names }) => names.includes(name)) ?? {};
  const type = tokens[tokens.indexOf(">", tokens.indexOf(")")) + 1];
  const struct = declarations.find(({ names }) => type !== undefined && names.includes(type));
  const reached = reachedFrom(declarations, [name], "the shader");
  return {
    text: textOf(reached),
    reached,
    struct: (struct?.tokens ?? []).filter((_, i, all) => all[i + 1] === ":"),
  };
}

const wgslToken = /\/\/[^\n]*|\/\*[^]*?\*\/|[A-Za-z_]\w*|[\d.][\w.]*|\S/g;

/** What a shader declares. */
export type ShaderDeclaration = Declaration;
export const shaderDeclarations = (file: string): readonly ShaderDeclaration[] => wgslDeclarations(file);

let latestShader: { readonly file: string; readonly declarations: readonly Declaration[] } | undefined;

function wgslDeclarations(file: string): readonly Declaration[] {
  if (latestShader?.file !== file) latestShader = { file, declarations: splitShader(file) };
  return latestShader.declarations;
}

/** Splits a shader at the ends of its declarations: a `;` or a function's `}` outside of all brackets. */
function splitShader(file: string): Declaration[] {
  const declarations: Declaration[] = [];
  let tokens: string[] = [];
  let depth = 0;
  let start = 0;
  for (const match of file.matchAll(wgslToken)) {
    const [token] = match;
    if (token.startsWith("//") || token.startsWith("/*")) continue;
    if (tokens.length === 0) start = match.index;
    tokens.push(token);
    if ("({[".includes(token)) depth += 1;
    if (")}]".includes(token)) depth -= 1;
    if (depth > 0 || (token !== ";" && token !== "}")) continue;
    const name = declaredInWgsl(tokens);
    const text = file.slice(start, match.index + token.length);
    // A `;` alone, behind a struct, declares nothing.
    if (name !== undefined) declarations.push({ names: [name], text, tokens });
    tokens = [];
  }
  return declarations;
}

function declaredInWgsl(tokens: readonly string[]): string | undefined {
  const keyword = tokens.findIndex((token) => /^(?:fn|struct|const|override|var|alias)$/.test(token));
  if (keyword === -1) return undefined;
  const address = tokens[keyword + 1] === "<" ? tokens.indexOf(">", keyword) - keyword : 0;
  return tokens[keyword + address + 1];
}

/** Declarations that these names reach; a name means the declaration wherever it stands, be it a local of that name. */
function reachedFrom(
  declarations: readonly Declaration[],
  roots: readonly string[],
  file: string,
): readonly Declaration[] {
  const byName = new Map(declarations.flatMap((declaration) => declaration.names.map((name) => [name, declaration])));
  const reached = new Set<Declaration>();
  const wanted = roots.map((name) => {
    const declaration = byName.get(name);
    if (declaration === undefined) throw new Error(`${file} declares no '${name}'`);
    return declaration;
  });
  for (let declaration = wanted.pop(); declaration; declaration = wanted.pop()) {
    if (reached.has(declaration)) continue;
    reached.add(declaration);
    for (const token of new Set(declaration.tokens)) {
      const used = byName.get(token);
      if (used !== undefined) wanted.push(used);
    }
  }
  return declarations.filter((declaration) => reached.has(declaration));
}

export const textOf = (declarations: readonly Declaration[]): string =>
  `${declarations.map(({ text }) => text).join("\n")}\n`;

async function digested(declarations: readonly Declaration[]): Promise<Program> {
  const texts = declarations.map(({ tokens }) => tokens.join(" ")).sort();
  return { text: textOf(declarations), digest: await shortDigest(texts.join("\n")) };
}

export const shortDigest = async (text: string): Promise<string> => (await sha256(text)).slice(0, 32);
