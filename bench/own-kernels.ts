/** The project's own kernels, compiled from acts.def and imported. */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { build } from "esbuild";
import type { TypeScriptKernel } from "../compiler/backend/manifest.js";
import { compile } from "../compiler/compile.js";
import type { Kind } from "./accuracy/truth.js";

/** The folder of benchmarks, wherever in the project they are started. */
export const bench = existsSync("own-kernels.ts") ? process.cwd() : join(process.cwd(), "bench");

export type Call = (dy: Float32Array, x: Float32Array, result: Float32Array) => void;
export type Target = "ts" | "wasm";
type Kernels = Readonly<
  Partial<Record<Target, { file: string; forward: TypeScriptKernel; backward: TypeScriptKernel }>>
>;

/** Compiled for both targets; a function for each, that takes (dy, x, result) whatever the kernel takes. */
export async function ownKernels(
  names: readonly string[],
): Promise<(name: string, target: Target, kind: Kind) => Call> {
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
  for (const { path, text: content } of files) writeFileSync(join(folder, path), content);
  const sources = files.filter(({ path }) => path.endsWith(".ts")).map(({ path }) => join(folder, path));
  await build({ entryPoints: sources, outdir: folder, format: "esm", target: "node20", logLevel: "warning" });
  writeFileSync(join(folder, "package.json"), JSON.stringify({ type: "module" }));
  const { activations }: { activations: readonly { name: string; kernels: Kernels }[] } = JSON.parse(
    files.find(({ path }) => path === "manifest.json")?.text ?? "{}",
  );
  const modules = new Map<string, Readonly<Record<string, unknown>>>();
  for (const { kernels } of activations) {
    for (const target of ["ts", "wasm"] as const) {
      const file = kernels[target]?.file;
      if (file === undefined) throw new Error("a kernel was not compiled");
      modules.set(file, await import(pathToFileURL(join(folder, file.replace(/ts$/, "js"))).href));
    }
  }
  return (name, target, kind) => {
    const kernels = activations.find((each) => each.name === name)?.kernels[target];
    const kernel = kernels?.[kind === "value" ? "forward" : "backward"];
    const found = kernel && modules.get(kernels.file)?.[kernel.export];
    if (typeof found !== "function") throw new Error(`${name} has no kernel`);
    const places = kernel?.arguments.map(({ role }) => ["cotangent", "input", "output", "gradient"].indexOf(role));
    const defaults = kernel?.arguments.map((argument) => argument.default);
    return (dy, x, result) => {
      const arrays = [dy, x, result, result];
      found(...(places ?? []).map((place, i) => (place < 0 ? defaults?.[i] : arrays[place])));
    };
  };
}
