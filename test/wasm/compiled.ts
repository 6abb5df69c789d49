/** Definitions compiled to WebAssembly, their kernels imported; every call through the roles of the manifest. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { TypeScriptKernel } from "../../compiler/backend/manifest.js";
import { compile, type TargetName } from "../../compiler/compile.js";

interface Entry {
  readonly name: string;
  readonly kernels: Readonly<Partial<Record<"ts" | "wasm", Kernels>>>;
}

interface Kernels {
  readonly file: string;
  readonly forward: TypeScriptKernel;
  readonly backward: TypeScriptKernel;
}

export type Direction = "forward" | "backward";
export type Target = "ts" | "wasm";

export interface CompiledWasm {
  readonly activations: readonly Entry[];
  readonly files: ReadonlyMap<string, string>;
  /** Results of a kernel by the names of its arguments. Arrays are taken as they are, in place of new ones. */
  readonly call: (name: string, target: Target, direction: Direction, given: Given) => Record<string, Float32Array>;
  readonly module: Readonly<Record<string, unknown>>;
}

export interface Given {
  /** By name: arrays, and numbers that are not the default. */
  readonly arrays: Readonly<Record<string, Float32Array>>;
  readonly numbers?: Readonly<Record<string, number>>;
}

export async function compiledToWasm(
  text: string,
  targets: readonly TargetName[] = ["ts", "wasm"],
): Promise<CompiledWasm> {
  const { files, diagnostics } = await compile([{ file: "a.def", text }], {
    targets,
    kernels: ["forward", "backward"],
  });
  const wrong = diagnostics.find(({ severity }) => severity === "error");
  if (wrong) throw new Error(wrong.message);
  const byPath = new Map(files.map((file) => [file.path, file.text]));
  const { activations }: { activations: readonly Entry[] } = JSON.parse(byPath.get("manifest.json") ?? "{}");
  // Below the root, so that packages are found.
  const cache = fileURLToPath(new URL("../../.cache", import.meta.url));
  mkdirSync(cache, { recursive: true });
  const folder = mkdtempSync(join(cache, "wasm-"));
  try {
    for (const file of files) writeFileSync(join(folder, file.path), file.text);
    const modules = new Map<string, Readonly<Record<string, unknown>>>();
    const wanted = activations.flatMap(({ kernels }) => [kernels.ts, kernels.wasm].map((each) => each?.file));
    for (const path of [...wanted, targets.includes("module") ? "index.ts" : undefined]) {
      if (path !== undefined) modules.set(path, await import(/* @vite-ignore */ join(folder, path)));
    }
    return {
      activations,
      files: byPath,
      module: modules.get("index.ts") ?? {},
      call(name, target, direction, { arrays, numbers = {} }) {
        const kernels = activations.find((each) => each.name === name)?.kernels[target];
        if (!kernels) throw new Error(`${name} has no kernels for ${target}`);
        const { export: exported, arguments: list } = kernels[direction];
        const found = modules.get(kernels.file)?.[exported];
        if (typeof found !== "function") throw new Error(`${exported} is not exported`);
        const size = Object.values(arrays)[0]?.length ?? 0;
        const results: Record<string, Float32Array> = {};
        const values = list.map(({ name: argument, role, length, default: value = 0 }) => {
          if (role === "hyperparameter") return numbers[argument] ?? value;
          if (role === "learned") return Float32Array.of(numbers[argument] ?? value);
          const array =
            arrays[argument] ?? new Float32Array(length === "1" ? 1 : size).fill(role === "cotangent" ? 1 : -987.5);
          if (role === "output" || role === "gradient") results[argument] = array;
          return array;
        });
        found(...values);
        return results;
      },
    };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** A unit in the last place of float32. */
export const unitOf = (x: number): number => 2 ** (Math.max(-126, Math.floor(Math.log2(Math.abs(x)))) - 23);
