/** A bundle that imports one activation contains that one alone, and of its file what is called. */
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { bundled } from "../../bench/memory/bundles.js";
import { javascriptDeclarations } from "../../compiler/verification/plain-javascript.js";
import { typescriptProgram } from "../../compiler/verification/program.js";

const generated = (path: string): string => readFileSync(new URL(`../../generated/${path}`, import.meta.url), "utf8");

/** What is left of a bundle's functions. */
const functionsIn = (text: string): string[] => [...text.matchAll(/^function ([\w$]+)/gm)].map(([, name = ""]) => name);

async function reachedFrom(file: string, kernels: readonly string[]): Promise<ReadonlySet<string>> {
  const { text } = await typescriptProgram(generated(`${file}.ts`), kernels);
  return new Set(javascriptDeclarations(text).flatMap(({ names }) => names));
}

describe("a bundle with a kernel", () => {
  test.each([
    ["relu", "reluForward"],
    ["relu", "reluBackward"],
    ["gelu", "geluForward"],
    ["gelu", "geluBackward"],
    ["softplus", "softplusForward"],
    ["mish", "mishBackward"],
  ])("of %s, %s", async (file, name) => {
    const { text, files } = await bundled(`export { ${name} } from "./generated/${file}.js";`, false);
    expect(files).toEqual([`generated/${file}.ts`]);
    const reached = await reachedFrom(file, [name]);
    const functions = functionsIn(text);
    expect(functions).toContain(name);
    expect(functions.filter((each) => !reached.has(each))).toEqual([]);
  });

  test("has a slow path only where that is reached", async () => {
    const has = async (name: string): Promise<boolean> =>
      functionsIn((await bundled(`export { ${name} } from "./generated/gelu.js";`, false)).text).some((each) =>
        each.startsWith("wide"),
      );
    expect([await has("geluForward"), await has("geluBackward")]).toEqual([false, true]);
  });

  test("of a shader's scalar functions has no entry points", async () => {
    const { text } = await bundled(`export { geluWgslFunctions } from "./generated/gelu.wgsl.js";`, false);
    expect(text).not.toContain("@compute");
  });
});

describe("a bundle with a module", () => {
  test.each([
    ["ReLU", "relu", ["reluForward", "reluBackward", "reluDoubleBackward", "reluForwardSaved", "reluBackwardSaved"]],
    ["GELU", "gelu", ["geluForward", "geluBackward", "geluDoubleBackward"]],
  ])("%s", async (name, file, kernels) => {
    const { text, files } = await bundled(`export { ${name} } from "./generated/index.js";`, false);
    const own = files.filter((path) => !path.startsWith("runtime/"));
    expect(own.sort()).toEqual([`generated/${file}.module.ts`, `generated/${file}.ts`, `generated/${file}.wgsl.ts`]);
    const reached = await reachedFrom(file, kernels);
    const all = javascriptDeclarations(generated(`${file}.ts`)).flatMap(({ names }) => names);
    const [functions, kept] = [new Set(functionsIn(text)), (each: string): boolean => reached.has(each)];
    expect(all.filter((each) => functions.has(each) && !kept(each))).toEqual([]);
    expect(kernels.filter((each) => !functions.has(each))).toEqual([]);
  });
});
