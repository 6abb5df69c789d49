import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { build } from "esbuild";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { version } from "../../compiler/version.js";
import { installPackage, type Consumer } from "./consumer.js";

const definitions = `## Rectified linear unit.
relu(x) = where(x > 0, x, 0)

silu(x) = x * sigmoid(x)

prelu(x; learn weight[channel] = 0.25) = where(x > 0, x, weight * x)
  class PReLU

swiglu(gate, up) = silu(gate) * up
  split -1
`;

let consumer: Consumer;
beforeAll(() => {
  consumer = installPackage();
}, 120_000);
afterAll(() => rmSync(consumer.folder, { recursive: true, force: true }));

const main = (): string => join(consumer.project, "node_modules/activation-compiler/dist/compiler/cli/main.js");

describe("the package as published", () => {
  test("holds what is needed and nothing else", () => {
    const expected = ["package.json", "LICENSE", "dist/compiler/cli/main.js", "dist/compiler/index.d.ts"];
    expect(consumer.contents).toEqual(expect.arrayContaining([...expected, "dist/runtime/index.js", "acts.def"]));
    const allowed = /^(package\.json|LICENSE|README\.md|acts\.def|dist\/(compiler|grammar|runtime)\/.*\.(js|d\.ts))$/;
    expect(consumer.contents.filter((path) => !allowed.test(path))).toEqual([]);
  });

  test("has a command that can be executed", () => {
    expect(readFileSync(main(), "utf8")).toMatch(/^#!\/usr\/bin\/env node\n/);
    if (process.platform !== "win32") expect(statSync(main()).mode & 0o111).toBe(0o111);
  });

  test("satisfies publint", () => {
    const { code, stdout, stderr } = consumer.tool("publint/src/cli.js", ["run", consumer.tarball, "--strict"]);
    expect({ code, output: code === 0 ? "" : stdout + stderr }).toEqual({ code: 0, output: "" });
  });

  test("satisfies arethetypeswrong", () => {
    const { code, stdout, stderr } = consumer.tool("@arethetypeswrong/cli/dist/index.js", [
      consumer.tarball,
      ...["--profile", "esm-only"],
    ]);
    expect({ code, output: code === 0 ? "" : stdout + stderr }).toEqual({ code: 0, output: "" });
  });

  test("the runtime does not load the compiler", () => {
    const runtime = join(consumer.project, "node_modules/activation-compiler/dist/runtime");
    const files = readdirSync(runtime, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".js"));
    for (const file of files) {
      const text = readFileSync(join(runtime, file), "utf8");
      for (const [, imported = ""] of text.matchAll(/\b(?:from|import)\s*\(?\s*"([^"]+)"/g)) {
        expect(imported).toMatch(/^\./);
        expect(resolve(runtime, dirname(file), imported).startsWith(runtime)).toBe(true);
      }
    }
  });
});

describe("the command", () => {
  test("--version, --help, usage errors", () => {
    const manifest = JSON.parse(readFileSync(join(main(), "../../../../package.json"), "utf8"));
    expect(manifest).toMatchObject({ name: "activation-compiler", version });
    expect(consumer.actc(["--version"])).toEqual({ code: 0, stdout: `${version}\n`, stderr: "" });
    expect(consumer.actc(["--help"])).toMatchObject({ code: 0, stderr: "" });
    expect(consumer.actc(["comple"])).toMatchObject({ code: 2, stdout: "" });
    expect(consumer.actc(["compile", "nothing.def"])).toMatchObject({ code: 2, stdout: "" });
  });

  test("survives a reader that goes away", async () => {
    const child = spawn(process.execPath, [main(), "compile", "--help"], { stdio: ["ignore", "pipe", "pipe"] });
    child.stdout.destroy();
    let stderr = "";
    child.stderr.on("data", (chunk) => (stderr += String(chunk)));
    const [code] = await once(child, "close");
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  });

  test("reads standard input, prints code and nothing else", () => {
    const { code, stdout, stderr } = consumer.actc(["compile", "-", "--stdout", "--target", "wgsl"], {
      input: "relu(x) = where(x > 0, x, 0)\n",
    });
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).toContain("fn ");
  });

  test("points at errors", () => {
    const { code, stdout } = consumer.actc(["compile", "-", "--json"], {
      input: "relu(x) = where(x > 0, x, 0)\nf(x) = tahn(x)\n",
    });
    expect(code).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({
      ok: false,
      diagnostics: [{ severity: "error", file: "<stdin>", line: 2, column: 8, endLine: 2 }],
    });
  });

  test.skipIf(process.platform === "win32")("keeps what a proof has found so far on ctrl-C", async () => {
    writeFileSync(join(consumer.project, "proved.def"), "half(x) = x / 2\n");
    const line = ["verify", "proved.def", "--exhaustive", "--jobs", "2"];
    const child = spawn(process.execPath, [main(), ...line], {
      cwd: consumer.project,
      stdio: ["ignore", "ignore", "pipe"],
    });
    let stderr = "";
    child.stderr.on("data", (chunk) => (stderr += String(chunk)));
    const states = (): string[] => {
      const folder = join(consumer.project, ".cache/actc");
      return existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith(".state")) : [];
    };
    while (states().length === 0 && child.exitCode === null) await new Promise((resolve) => setTimeout(resolve, 50));
    child.kill("SIGINT");
    const [code] = child.exitCode === null ? await once(child, "close") : [child.exitCode];
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: expect.stringContaining("the same command goes on from here"),
    });
    expect(states()).toEqual([expect.stringMatching(/^half-ts-forward-[0-9a-f]{16}\.state$/)]);
  });

  test.skipIf(process.platform === "win32")("ends a watch with success on ctrl-C", async () => {
    writeFileSync(join(consumer.project, "watched.def"), "id(x) = x\n");
    const child = spawn(process.execPath, [main(), "compile", "--watch", "watched.def", "-o", "watched"], {
      cwd: consumer.project,
      stdio: ["ignore", "pipe", "inherit"],
    });
    for await (const chunk of child.stdout) if (String(chunk).includes("watching")) child.kill("SIGINT");
    const [code] = child.exitCode === null ? await once(child, "close") : [child.exitCode];
    expect(code).toBe(0);
    expect(existsSync(join(consumer.project, "watched/manifest.json"))).toBe(true);
  });
});

interface Kernel {
  readonly export: string;
}
interface Manifest {
  readonly activations: readonly {
    readonly name: string;
    readonly class: string;
    readonly kernels: { readonly ts: { readonly file: string; readonly forward: Kernel; readonly backward: Kernel } };
  }[];
}

describe("what it compiles", () => {
  const out = (): string => join(consumer.project, "generated");
  const manifest = (): Manifest => JSON.parse(readFileSync(join(out(), "manifest.json"), "utf8"));

  beforeAll(() => {
    writeFileSync(join(consumer.project, "acts.def"), definitions);
    const { code, stdout, stderr } = consumer.actc(["compile"]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).toContain("4 activations → generated/");
    const compilerOptions = {
      target: "ES2022",
      lib: ["ES2022"],
      module: "NodeNext",
      types: ["@webgpu/types"],
      strict: true,
      noEmit: true,
      skipLibCheck: true,
      noUncheckedIndexedAccess: true,
      exactOptionalPropertyTypes: true,
      noUnusedLocals: true,
      noUnusedParameters: true,
      noImplicitOverride: true,
      isolatedModules: true,
      verbatimModuleSyntax: true,
    };
    writeFileSync(join(consumer.project, "tsconfig.json"), JSON.stringify({ compilerOptions, include: ["generated"] }));
  });

  test("is up to date, and compiled again is unchanged", () => {
    expect(consumer.actc(["compile", "--check"])).toMatchObject({ code: 0, stderr: "" });
    expect(consumer.actc(["compile"]).stdout).toMatch(/\((\d+) files: \1 unchanged\)/);
  });

  test.each([
    ["5.9", "typescript/bin/tsc"],
    ["7", "typescript7/bin/tsc"],
  ])("passes TypeScript %s, strictly", (_, tsc) => {
    expect(consumer.tool(tsc, ["-p", "."])).toEqual({ code: 0, stdout: "", stderr: "" });
  });

  test("costs a bundle nothing that is not used", async () => {
    const [used, ...unused] = manifest().activations;
    if (used === undefined) throw new Error("the manifest names no activation");
    const imports = [
      [used.kernels.ts.forward.export, used.kernels.ts.file],
      [used.class, "index.ts"],
    ] as const;
    for (const [name, file] of imports) {
      const { outputFiles } = await build({
        stdin: {
          contents: `import { ${name} as it } from "./generated/${file}"; console.log(it);`,
          resolveDir: consumer.project,
          loader: "ts",
        },
        bundle: true,
        write: false,
        format: "esm",
        target: "es2022",
      });
      const bundle = outputFiles[0]?.text ?? "";
      expect(bundle).toContain(used.kernels.ts.forward.export);
      for (const { name: other, kernels } of unused) {
        for (const exported of [kernels.ts.forward.export, kernels.ts.backward.export, `${other}_forward`]) {
          expect(bundle).not.toContain(exported);
        }
      }
    }
  });
});
