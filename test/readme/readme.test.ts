import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { compile } from "../../compiler/compile.js";
import { findSoftwareGpu } from "../webgpu/driver.js";

const root = fileURLToPath(new URL("../..", import.meta.url));
const readme = readFileSync(join(root, "README.md"), "utf8");

/** Code blocks that say in a comment before them what they are. */
function block(label: string): string {
  const start = readme.indexOf(`<!-- ${label} -->`);
  const match = /```\w*\n([\s\S]*?)\n```/.exec(readme.slice(start));
  if (start < 0 || !match) throw new Error(`the README has no block '${label}'`);
  return match[1] ?? "";
}

/** Commands as they stand in the README. */
const commands = [...readme.matchAll(/```sh\n([\s\S]*?)```/g)].flatMap((match) => (match[1] ?? "").trim().split("\n"));

describe("the tutorial's program", () => {
  let folder = "";
  const program = (): string => join(folder, "tutorial.mjs");

  beforeAll(async () => {
    // Inside of the project, so that the bundle finds the packages it leaves out.
    mkdirSync(join(root, "node_modules/.cache"), { recursive: true });
    folder = mkdtempSync(join(root, "node_modules/.cache/readme-"));
    const { files, diagnostics } = await compile([{ file: "custom.def", text: block("file: custom.def") }], {
      targets: ["ts", "wgsl", "module"],
    });
    expect(diagnostics.filter(({ severity }) => severity === "error")).toEqual([]);
    mkdirSync(join(folder, "generated"));
    for (const { path, text } of files) writeFileSync(join(folder, "generated", path), text);
    writeFileSync(join(folder, "tutorial.ts"), block("file: tutorial.ts"));
    writeFileSync(
      join(folder, "entry.ts"),
      `import { softwareGpu } from ${JSON.stringify(join(root, "test/webgpu/driver.ts"))};
       Object.defineProperty(globalThis, "navigator", { value: { gpu: await softwareGpu() }, configurable: true });
       await import("./tutorial.js");
       process.exit(0);`,
    );
    await build({
      entryPoints: [join(folder, "entry.ts")],
      bundle: true,
      format: "esm",
      platform: "node",
      outfile: program(),
      external: ["webgpu", "@sparticuz/chromium"],
      alias: { "activation-compiler/runtime": join(root, "runtime/index.ts") },
      logLevel: "error",
    });
  });

  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  const run = (device: string): string => {
    const { stdout, stderr, status } = spawnSync(process.execPath, [program(), device], { encoding: "utf8" });
    expect(status, stderr).toBe(0);
    return stdout;
  };

  test("runs and learns on the CPU, and on WebGPU with the same numbers", () => {
    const cpu = run("cpu");
    const losses = [...cpu.matchAll(/loss ([\d.]+)/g)].map((match) => Number(match[1]));
    expect(losses).toHaveLength(3);
    expect(losses[2]).toBeLessThan(losses[0] ?? 0);
    const found = findSoftwareGpu();
    if (found.gpu === null) {
      console.warn(`README on WebGPU not executed: ${found.reason}`);
      return;
    }
    expect(run("webgpu")).toBe(cpu);
  });
});

describe("what the README shows", () => {
  test("is what stands in generated/", () => {
    const shown = block("generated/mish.ts: mishForward, mishBackward");
    expect(readFileSync(join(root, "generated/mish.ts"), "utf8")).toContain(shown);
  });

  test("its definitions compile", async () => {
    const definitions = /```\n(## He et al[\s\S]*?)```/.exec(readme)?.[1] ?? "";
    const { diagnostics, activations } = await compile([{ file: "acts.def", text: definitions }], {
      targets: ["ts", "wgsl", "module"],
    });
    expect(diagnostics.filter(({ severity }) => severity === "error")).toEqual([]);
    expect(activations).toEqual(["prelu", "swiglu", "spike", "rrelu"]);
  });

  test("its commands are those that are tried: here, in .ci/run, or in the tests of the command line", () => {
    expect(commands).toEqual([
      "npm ci && npx --no-install actc compile acts.def",
      "npm ci && npm test",
      "npm run example:digits -- --activation Mish --device cpu",
      "npm install --save-dev activation-compiler",
      "npx actc init",
      "npx actc compile acts.def --out-dir src/activations",
      "npx --no-install actc explain acts.def mish",
      "npx --no-install actc verify --exhaustive --name gelu --write",
      "npx --no-install actc verify --target wgsl --software --name gelu",
      "npx --no-install actc check --max-ulp 0.51",
    ]);
  });
});
