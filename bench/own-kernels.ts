/** The project's own kernels, compiled from acts.def and imported. */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { pathToFileURL } from "node:url";
import { build } from "esbuild";
import type { TypeScriptKernel } from "../compiler/backend/manifest.js";
import { compile } from "../compiler/compile.js";
import type { Kind } from "./accuracy/truth.js";

/** The folder of benchmarks, wherever in the project they are started. */
export const bench = existsSync("own-kernels.ts") ? process.cwd() : join(process.cwd(), "bench");

export type Call = (dy: Float32Array, x: Float32Array, result: Float32Array) => void;
type Target = "ts" | "wasm";
type Kernels = Readonly<
  Partial<Record<Target, { file: string; forward: TypeScriptKernel; backward: TypeScriptKernel }>>
>;
/** The kernels of a target; in WebAssembly those of the best module that the engine takes, or those without relaxed SIMD. */
export type Variant = Target | "wasm without relaxed SIMD";

/** Compiled for both targets; a function for each, that takes (dy, x, result) whatever the kernel takes. */
export async function ownKernels(
  names: readonly string[],
): Promise<(name: string, variant: Variant, kind: Kind) => Call> {
  const text = readFileSync(join(bench, "..", "acts.def"), "utf8")
    .split(/\n\s*\n/)
    .filter((block) => names.some((name) => new RegExp(`^${name}\\(`, "m").test(block)))
    .join("\n\n");
  const { files } = await compile([{ file: "acts.def", text }], {
    targets: ["ts", "wasm"],
    kernels: ["forward", "backward"],
  });
  mkdirSync(join(bench, ".cache"), { recursive: true });
  const folder = mkdtempSync(join(bench, ".cache", "kernels-"));
  process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
  const sources: string[] = [];
  const write = (name: string, content: string): void => {
    writeFileSync(join(folder, name), content);
    if (name.endsWith(".ts")) sources.push(join(folder, name));
  };
  for (const { path, text: content } of files) {
    write(path, content);
    if (path.endsWith(".wasm.ts")) write(baselineOf(path), withLastModule(content));
  }
  await build({ entryPoints: sources, outdir: folder, format: "esm", target: "node20", logLevel: "warning" });
  writeFileSync(join(folder, "package.json"), JSON.stringify({ type: "module" }));
  const { activations }: { activations: readonly { name: string; kernels: Kernels }[] } = JSON.parse(
    files.find(({ path }) => path === "manifest.json")?.text ?? "{}",
  );
  const modules = new Map<string, Readonly<Record<string, unknown>>>();
  for (const source of sources) {
    modules.set(basename(source), await import(pathToFileURL(source.replace(/ts$/, "js")).href));
  }
  return (name, variant, kind) => {
    const kernels = activations.find((each) => each.name === name)?.kernels[variant === "ts" ? "ts" : "wasm"];
    const kernel = kernels?.[kind === "value" ? "forward" : "backward"];
    const file = variant === "wasm without relaxed SIMD" ? baselineOf(kernels?.file ?? "") : (kernels?.file ?? "");
    const found = kernel && modules.get(file)?.[kernel.export];
    if (typeof found !== "function") throw new Error(`${name} has no kernel`);
    const places = kernel?.arguments.map(({ role }) => ["cotangent", "input", "output", "gradient"].indexOf(role));
    const defaults = kernel?.arguments.map((argument) => argument.default);
    return (dy, x, result) => {
      const arrays = [dy, x, result, result];
      found(...(places ?? []).map((place, i) => (place < 0 ? defaults?.[i] : arrays[place])));
    };
  };
}

const baselineOf = (file: string): string => file.replace(/\.wasm\.ts$/, ".baseline.wasm.ts");

/** Of a generated file's modules the last, which any engine with SIMD takes. */
function withLastModule(content: string): string {
  const [list = "", head = ""] = /(const modules: [^\n]*\n)[^\]]*\n\];/.exec(content) ?? [];
  const last = list.split("\n").at(-2);
  if (last === undefined) throw new Error("no modules in a file of kernels");
  return content.replace(list, `${head}${last}\n];`);
}
