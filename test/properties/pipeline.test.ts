import * as prettier from "prettier";
import ts from "typescript";
import { beforeAll, describe, expect, it } from "vitest";
import { compile, kernelFamilies, type OutputFile } from "../../compiler/compile.js";
import type { Activation } from "../../compiler/ir/activation.js";
import { reachable } from "../../compiler/ir/expr.js";
import { sampler } from "../../compiler/numerics/sample.js";
import {
  type Compiled,
  compiled,
  expectNone,
  numbersAt,
  shaders,
  singleParameters,
  truth,
} from "../activations/standard.js";
import { words } from "../activations/points.js";
import type { ActivationEntry, Call, Outcome } from "../harness/manifest.js";
import type { WgslKernelSet } from "../harness/wgsl.js";
import { DefinitionGenerator, functions } from "./definitions.js";

/** In CI there is time for more definitions, and to look at more of what they compile to. */
const inCi = process.env["CI"] !== undefined;
/** Seeds whose files of so many definitions are together of every kind. */
const [perFile, seeds] = inCi ? [9, [1, 2, 3, 5, 6, 10, 12, 15]] : [5, [105, 108, 102, 233]];
const files = seeds.map((seed, i) => new DefinitionGenerator(seed).file(perFile, `f${i}_`));
const text = files.join("\n");
let all: Compiled;
let gpu: WgslKernelSet | null;

beforeAll(async () => {
  all = await compiled(text, kernelFamilies);
  gpu = await shaders(all, (entry, isLong, i) => entry.axis !== null || (!isLong && i % 4 === 0) || i % 24 === 0);
}, 400_000);

const size = 24;

function callOf(entry: ActivationEntry): Call {
  const word = words(entry.name.length + 17);
  const random = (): number => Math.fround((word() / 2 ** 32) * 6 - 3);
  return {
    shape: [size],
    inputs: Object.fromEntries(entry.inputs.map((input) => [input, Array.from({ length: size }, random)])),
    cotangent: new Array<number>(size).fill(1),
    parameters: singleParameters(entry),
  };
}

/** The largest intermediate: rounding errors are relative to it, or to its square where it is multiplied. */
function magnitude(activation: Activation, numbers: Readonly<Record<string, number>>): number {
  const variables = [
    ...activation.inputs,
    ...[...activation.hyperparameters, ...activation.learned].map(({ variable }) => variable),
  ];
  const values = variables.map(({ name }) => numbers[name] ?? NaN);
  const sizes = reachable([activation.body])
    .filter(({ type }) => type === "number")
    .map((node) => Math.abs(sampler(node, variables, "binary64")(values)));
  return Math.max(1, ...sizes.filter(Number.isFinite));
}

function faultsOf(entry: ActivationEntry, call: Call, forward: Outcome, backward: Outcome, relative: number): string[] {
  const activation = all.activations.get(entry.name);
  if (!activation) throw new Error(`no activation ${entry.name}`);
  const faults: string[] = [];
  for (let i = 0; i < size; i += 1) {
    const numbers = numbersAt(call, i);
    const scale = magnitude(activation, numbers) ** 2;
    if (scale > 1e4) continue;
    for (const of of [null, ...entry.inputs]) {
      const expected = truth(activation, of, numbers, "binary64");
      // Not decided: two equal numbers are compared.
      if (!expected.decided || !Number.isFinite(expected.value)) continue;
      const actual = (of === null ? forward.output : backward.gradients[of])?.[i] ?? NaN;
      const bound = relative * (of === null ? scale : scale ** 1.5);
      if (!(Math.abs(actual - expected.value) <= bound)) {
        faults.push(
          `${of === null ? "" : `d/d${of} `}${entry.name} at ${JSON.stringify(numbers)}: ${actual}, the truth is ${expected.value}`,
        );
      }
    }
  }
  return faults;
}

const definitionOf = (name: string): string => text.slice(text.indexOf(`${name}(`)).split("\n\n")[0] ?? "";
const withText = (name: string, faults: readonly string[]): string[] =>
  faults.length > 0 ? [definitionOf(name), ...faults] : [];

describe("random definitions", () => {
  it("are of every kind", () => {
    const signatures = [
      /^f\d_\d\(x\)/m,
      /^f\d_\d\(x;/m,
      /^f\d_\d\(x, t/m,
      /learn w =/,
      /learn w\[channel\] =/,
      /let u1 =/,
    ];
    const operations = [/\) \+ \(/, / - /, / \* /, / \/ \(1/, /-x\^[23]/, /-\(.*\)\^[23]/, /sqrt\(1 \+/, /exp\(-abs/];
    const conditions = [/ < /, / <= /, / > /, / >= /, / and /, / or /, /not \(/, /-1\.5 < .* < 1\.25/];
    const calls = [/= .*f\d_\d\(/, /= .*f\d_\d\(.*beta = /, /= .*f\d_\d\(.*k = /, /= .*f\d_\d\(.*, .*\)/];
    const named = ["where", "max", "min", "clamp", ...functions].map((name) => new RegExp(`\\b${name}\\(`));
    const kinds = [...signatures, ...operations, ...conditions, ...calls, ...named];
    expect(kinds.filter((kind) => !kind.test(text))).toEqual([]);
  });

  it("TypeScript in float64 is the real value and derivative", () => {
    expectNone(
      all.entries.flatMap((entry) => {
        const call = callOf(entry);
        const { typescript } = all;
        try {
          const forward = typescript.call(entry, "forward64", call);
          const backward = typescript.call(entry, "backward64", call);
          return withText(entry.name, faultsOf(entry, call, forward, backward, 1e-12));
        } catch (error) {
          return withText(entry.name, [String(error)]);
        }
      }),
    );
  });

  it("WGSL is the real value and derivative", async () => {
    if (!gpu) return;
    const kernels = gpu;
    const faults = await Promise.all(
      all.entries.map(async (entry) => {
        const call = callOf(entry);
        const set = kernels.has(entry.name) ? kernels : all.emulated;
        const forward = await set.call(entry, "forward", call);
        const backward = await set.call(entry, "backward", call, (of) => entry.inputs.includes(of));
        return withText(entry.name, faultsOf(entry, call, forward, backward, 2e-5));
      }),
    );
    expectNone(faults.flat());
  });

  it("are formatted as prettier formats them", async () => {
    const unformatted: string[] = [];
    const kernels = [...all.generated.files].filter(([path]) => path.endsWith(".ts") && !path.endsWith(".wgsl.ts"));
    // Kernels and modules take turns: an odd step meets both.
    for (const [path, content] of kernels.filter((_, i) => i % (inCi ? 3 : 5) === 0)) {
      if (!(await prettier.check(content, { parser: "typescript" }))) unformatted.push(path);
    }
    expect(unformatted).toEqual([]);
  });

  it("pass the type checker at its strictest", () => {
    const generated = [...all.generated.files].map(([path, content]) => ({ path, text: content }));
    expectNone(typeErrors(generated.filter(({ path }) => path.endsWith(".ts")).filter((_, i) => i % 4 === 0)));
  });
});

describe("the same input gives the same bytes", () => {
  const [source = ""] = files;
  const compilation = async (contents: string): Promise<ReadonlyMap<string, string>> => {
    const { files: outputs } = await compile([{ file: "acts.def", text: contents }], {
      targets: ["ts", "wgsl", "module"],
    });
    return new Map(outputs.map((output) => [output.path, output.text]));
  };
  let again: ReadonlyMap<string, string>;

  beforeAll(async () => {
    again = await compilation(source);
  }, 60_000);

  it("twice, alone or among others, and after something else was compiled", () => {
    const kernels = [...again].filter(([path]) => /(?<!\.module|index)\.ts$|\.wgsl$/.test(path));
    expect(kernels).toHaveLength(3 * perFile);
    for (const [path, content] of kernels) expect(all.generated.files.get(path), path).toBe(content);
  });

  it("whatever the order of the definitions", async () => {
    const reversed = await compilation(source.trimEnd().split("\n\n").reverse().join("\n\n") + "\n");
    for (const [path, content] of again) if (path !== "manifest.json") expect(reversed.get(path), path).toBe(content);
    expect(reversed.size).toBe(again.size);
    // Entries say where a definition stands, and no more than that.
    const entries = (outputs: typeof again): unknown => {
      const { activations, ...rest }: { activations: readonly { name: string }[] } = JSON.parse(
        outputs.get("manifest.json") ?? "",
      );
      const placeless = activations.map((entry) => ({ ...entry, source: null }));
      return { ...rest, activations: placeless.sort((a, b) => (a.name < b.name ? -1 : 1)) };
    };
    expect(entries(reversed)).toEqual(entries(again));
  });
});

/** What the compiler of TypeScript says about some files, which see nothing but each other. */
function typeErrors(outputs: readonly OutputFile[]): string[] {
  const options: ts.CompilerOptions = {
    target: ts.ScriptTarget.ES2022,
    module: ts.ModuleKind.ES2022,
    moduleResolution: ts.ModuleResolutionKind.Bundler,
    strict: true,
    noUncheckedIndexedAccess: true,
    exactOptionalPropertyTypes: true,
    noImplicitReturns: true,
    noUnusedLocals: true,
    noUnusedParameters: true,
    isolatedModules: true,
    verbatimModuleSyntax: true,
    noEmit: true,
    types: [],
    lib: ["lib.es2022.d.ts"],
  };
  const host = ts.createCompilerHost(options);
  const contents = new Map(outputs.map(({ path, text: content }) => [`/generated/${path}`, content]));
  const { readFile, fileExists, getSourceFile } = host;
  host.readFile = (path) => contents.get(path) ?? readFile(path);
  host.fileExists = (path) => contents.has(path) || fileExists(path);
  host.getSourceFile = (path, target, ...rest) => {
    const content = contents.get(path);
    return content === undefined ? getSourceFile(path, target, ...rest) : ts.createSourceFile(path, content, target);
  };
  const program = ts.createProgram([...contents.keys()], options, host);
  return ts.getPreEmitDiagnostics(program).map(({ file, start, messageText }) => {
    const line = file && start !== undefined ? file.getLineAndCharacterOfPosition(start).line + 1 : 0;
    return `${file?.fileName ?? ""}:${line} ${ts.flattenDiagnosticMessageText(messageText, " ")}`;
  });
}
