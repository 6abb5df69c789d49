import { readdirSync, readFileSync } from "node:fs";
import { ts } from "ts-morph";
import { expect, test } from "vitest";
import { wasmCalls } from "../../compiler/backend/targets/wasm-calls.js";
import { javascriptDeclarations } from "../../compiler/verification/plain-javascript.js";

const folder = new URL("../../generated/", import.meta.url);
/** Some; the digests in the committed certificates are about all of them. */
const kernels = readdirSync(folder)
  .filter((name) => /^\w+\.ts$/.test(name) && name !== "index.ts")
  .filter((_, i) => i % 4 === 0);

/** The tokens of each statement that is left when TypeScript has taken the types away. */
function byTypeScript(file: string): string[] {
  const compilerOptions = { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext, removeComments: true };
  const { outputText } = ts.transpileModule(file, { compilerOptions });
  const source = ts.createSourceFile("kernel.js", outputText, ts.ScriptTarget.ES2022, false, ts.ScriptKind.JS);
  const tokensOf = (node: ts.Node): string[] => {
    const children = node.getChildren(source);
    return children.length > 0 ? children.flatMap(tokensOf) : [node.getText(source)].filter((text) => text !== "");
  };
  return source.statements.map((statement) => tokensOf(statement).join(" "));
}

const asTexts = (file: string): string[] => javascriptDeclarations(file).map(({ tokens }) => tokens.join(" "));

test("kernels lose their types as by TypeScript", () => {
  expect(kernels.length).toBeGreaterThan(20);
  for (const name of kernels) {
    const file = readFileSync(new URL(name, folder), "utf8");
    expect(asTexts(file), name).toEqual(byTypeScript(file));
  }
});

test.each([
  ["templates", "export const a: string = `${x[0]!} is ${{ b: 1 }.b} \\` ${`in ${y}`}`;"],
  [
    "what looks like a type",
    "export function f(a: number, b: boolean): number {\n  return b ? -a : (a) + { c: a }.c;\n}",
  ],
  ["functions as values", "export const g = (h: (i: number) => number, k: ArrayLike<number>): number => h(k[0]!);"],
  [
    "types alone",
    "type A = (x: number) => void;\ndeclare const w: { readonly a: number };\ndeclare function f(): A;\nexport let k: object | null;",
  ],
  ["what a test says of a type", "export const isA = (value: unknown): value is A => typeof value === 'function';"],
  ["calls of WebAssembly", `export const modules: readonly string[] = ["AA=="];\n${wasmCalls}`],
  ["not, and not null", "export function n(a: boolean, b: number[]): boolean {\n  return !a && b[1]! !== b[0]!;\n}"],
])("%s", (_, file) => expect(asTexts(file)).toEqual(byTypeScript(file)));

test.each(["enum A { b }", "const c = #;"])("refused: %s", (file) =>
  expect(() => javascriptDeclarations(file)).toThrow(/not understood/),
);
