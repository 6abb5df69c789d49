/** Definitions compiled with `--save output`, and their modules, imported. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Tensor } from "activation-compiler/runtime";
import { compile, targetNames } from "../../compiler/compile.js";
import { type Generated, readGenerated } from "../harness/manifest.js";

export type Apply = (...operands: readonly unknown[]) => Tensor;

export interface Compiled {
  readonly generated: Generated;
  /** The functions of modules, by their names. */
  readonly functions: ReadonlyMap<string, Apply>;
}

export async function compiledFromOutput(text: string, functions: readonly string[]): Promise<Compiled> {
  const options = {
    targets: targetNames,
    kernels: ["forward", "backward", "doubleBackward", "saved"],
    save: "output",
  } as const;
  const { files } = await compile([{ file: "a.def", text }], options);
  // Below the root, so that packages are found.
  const cache = fileURLToPath(new URL("../../.cache", import.meta.url));
  mkdirSync(cache, { recursive: true });
  const folder = mkdtempSync(join(cache, "saved-"));
  try {
    for (const { path, text: content } of files) writeFileSync(join(folder, path), content);
    const module: Readonly<Record<string, unknown>> = await import(/* @vite-ignore */ join(folder, "index.ts"));
    const applied = functions.map((name): readonly [string, Apply] => {
      const found = module[name];
      if (typeof found !== "function") throw new Error(`there is no function ${name}`);
      const apply: Apply = (...operands) => {
        const result: unknown = found(...operands);
        if (result instanceof Tensor) return result;
        throw new Error(`${name} gives no tensor`);
      };
      return [name, apply];
    });
    return { generated: readGenerated(files), functions: new Map(applied) };
  } finally {
    rmSync(folder, { recursive: true });
  }
}
