import type { TargetName } from "../compile.js";
import type { Problem } from "./problem.js";

/** What is wrong where the target wasm is asked for without the package that writes WebAssembly: who does without it need not have it. */
export async function missingAssembler(targets: readonly TargetName[]): Promise<readonly Problem[]> {
  if (!targets.includes("wasm")) return [];
  return import("binaryen").then(
    () => [],
    () => [missing],
  );
}

const missing: Problem = {
  code: "missing-package",
  message: "the target 'wasm' needs the package 'binaryen'",
  hint: "npm install --save-dev binaryen",
};
