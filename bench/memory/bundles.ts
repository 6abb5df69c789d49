/** What is left of a bundle that imports a part of `generated/`. */
import { build } from "esbuild";

const root = new URL("../../", import.meta.url).pathname;

export interface Bundle {
  readonly text: string;
  /** The files that something is left of, from the project's root. */
  readonly files: readonly string[];
}

/** @param statement an import, with paths from the project's root, and the use of what it imports */
export async function bundled(statement: string, minify: boolean): Promise<Bundle> {
  const { outputFiles, metafile } = await build({
    stdin: { contents: statement, resolveDir: root, loader: "ts" },
    absWorkingDir: root,
    bundle: true,
    format: "esm",
    target: "es2022",
    minify,
    write: false,
    metafile: true,
    alias: { "activation-compiler/runtime": "./runtime/index.ts" },
  });
  const [output] = Object.values(metafile.outputs);
  const inputs = Object.entries(output?.inputs ?? {});
  return {
    text: outputFiles[0]?.text ?? "",
    files: inputs.flatMap(([path, { bytesInOutput }]) => (bytesInOutput > 0 && path !== "<stdin>" ? [path] : [])),
  };
}

const of = (name: string, from: string): string => `export { ${name} } from "./generated/${from}.js";`;

/** What the page tells the sizes of. */
export const bundles: Readonly<Record<string, string>> = {
  "reluForward, reluBackward": of("reluForward, reluBackward", "relu"),
  "geluForward, geluBackward": of("geluForward, geluBackward", "gelu"),
  geluWgsl: of("geluWgsl", "gelu.wgsl"),
  "GELU (with the runtime)": of("GELU", "index"),
  "ReLU (with the runtime)": of("ReLU", "index"),
  "the runtime's Tensor, Linear, Sequential and SGD": `export { Tensor, Linear, Sequential, SGD } from "./runtime/index.js";`,
};

/** Minified, in bytes. */
export async function sizesOfBundles(): Promise<Readonly<Record<string, number>>> {
  const sizes = await Promise.all(
    Object.entries(bundles).map(
      async ([name, statement]) => [name, (await bundled(statement, true)).text.length] as const,
    ),
  );
  return Object.fromEntries(sizes);
}
