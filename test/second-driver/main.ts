/**
 * Every WGSL kernel of generated/ on a second compiler and driver: Deno (wgpu, naga) with Debian's lavapipe.
 *
 *   npm ci --prefix test/second-driver && apt-get install -y libvulkan1 mesa-vulkan-drivers
 *   npm run test:deno                          fails where a kernel is beyond its bound, or worse than known.json says
 *   npm run test:deno -- --accept              and writes known.json anew
 *   npm run test:deno -- --write               and writes the table to test/second-driver/results.md
 *   npm run test:deno -- --only gelu --random 100000
 *   npm run test:deno -- --f16                 kernels over float16: see halves.ts
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { activationOf, readDefinitions } from "../../compiler/compile.js";
import { inFreshGraph } from "../../compiler/ir/expr.js";
import { inEvaluation } from "../../compiler/ir/random.js";
import { type Compiled, shaders, standardText } from "../activations/standard.js";
import { readGeneratedFolder } from "../harness/generated.js";
import { type Call, entryOf } from "../harness/manifest.js";
import { EmulatedKernelSet } from "../harness/emulated.js";
import { TypeScriptKernelSet } from "../harness/typescript.js";
import { callFor, type Purpose } from "./calls.js";
import { comparedRange, comparedRows, comparedSpecial, comparedSums, type Found, type Outcomes } from "./compare.js";
import { type Known, stateOf, worse } from "./known.js";
import type { Done, KernelCall } from "./exchange.js";
import { executed, here, installedDriver, root } from "./execute.js";

const { values: flags } = parseArgs({
  options: {
    write: { type: "boolean", default: false },
    only: { type: "string" },
    accept: { type: "boolean", default: false },
    random: { type: "string", default: "4000" },
  },
});
const generatedFolder = join(root, "generated");
installedDriver();

const generated = readGeneratedFolder(generatedFolder);
const only = flags.only?.split(",");
const entries = generated.manifest.activations.filter(({ name }) => only?.includes(name) ?? true);
const definitions = readDefinitions([{ file: "acts.def", text: standardText }]).definitions;
const activations = definitions.flatMap(
  (each) =>
    inFreshGraph(() => {
      const { activation } = activationOf(each);
      return activation && inEvaluation(activation);
    }) ?? [],
);
const standard: Compiled = {
  generated,
  entries,
  typescript: await TypeScriptKernelSet.load(generated),
  emulated: new EmulatedKernelSet(generated),
  activations: new Map(activations.map((activation) => [activation.name, activation])),
};

const purposes: readonly Purpose[] = ["range", "special", "sums"];
const kernels = ["forward", "backward"] as const;
const calls: KernelCall[] = [];
/** What the calls are for, in their order: a forward and a backward one each. */
const plan: { readonly name: string; readonly purpose: Purpose; readonly call: Call }[] = [];
for (const entry of entries) {
  for (const purpose of purposes) {
    const call = callFor(entry, purpose, Number(flags.random));
    if (!call) continue;
    plan.push({ name: entry.name, purpose, call });
    for (const kernel of kernels) calls.push({ name: entry.name, kernel, call });
  }
}

const started = performance.now();
const since = (): string => `${((performance.now() - started) / 1000).toFixed(0)} s`;
const { adapter, done } = executed(calls, generatedFolder, "wgsl");
console.log(`${calls.length} calls executed on ${adapter} after ${since()}`);

/** What is wrong, by activation; and the errors, those of the second driver alone. */
function judged(results: readonly (Done | undefined)[], table?: Map<string, readonly Found[]>): Map<string, string[]> {
  const wrong = new Map<string, string[]>();
  plan.forEach(({ name, purpose, call }, i) => {
    const say = (faults: readonly string[]): void => {
      if (faults.length > 0) wrong.set(name, [...(wrong.get(name) ?? []), ...faults]);
    };
    const entry = entryOf(generated, name);
    const activation = standard.activations.get(name);
    const [forward, backward] = [results[2 * i], results[2 * i + 1]];
    if (!activation || !forward || !backward) return;
    if ("rejected" in forward || "rejected" in backward) {
      if (purpose === "range" && "rejected" in forward) say([`rejected: ${forward.rejected}`]);
      return;
    }
    const outcomes: Outcomes = { forward: forward.outcome, backward: backward.outcome };
    switch (purpose) {
      case "range": {
        const found = entry.axis
          ? comparedRows(standard, entry, call, outcomes)
          : comparedRange(standard, entry, activation, call, outcomes);
        table?.set(name, found);
        say(found.flatMap((each) => each.wrong));
        return;
      }
      case "special":
        say(comparedSpecial(entry, activation, call, outcomes));
        return;
      case "sums":
        say(comparedSums(standard, entry, call, outcomes.backward));
        return;
    }
  });
  return wrong;
}

const table = new Map<string, readonly Found[]>();
const wrong = judged(done, table);

/** The same calls on the first driver, for the activations of which something is wrong: is it the kernel or the driver? */
async function onFirstDriver(): Promise<Map<string, string[]> | null> {
  const rejected = new Set(calls.flatMap(({ name }, i) => (done[i] && "rejected" in done[i] ? [name] : [])));
  const suspects = entries.filter(({ name }) => wrong.has(name) && !rejected.has(name));
  const manifest = { ...generated.manifest, activations: suspects };
  const first = await shaders({ ...standard, entries: suspects, generated: { ...generated, manifest } });
  if (!first) return null;
  const results: (Done | undefined)[] = [];
  for (const { name, kernel, call } of calls)
    results.push(
      suspects.some((each) => each.name === name)
        ? { outcome: await first.call(entryOf(generated, name), kernel, call) }
        : undefined,
    );
  return judged(results);
}

const number = (x: number): string => (x >= 1e4 ? x.toExponential(1).replace("e+", "e") : x.toFixed(2));
const cell = ({ error, excess, flushed }: Found): string =>
  number(error) + (error - excess > 0.01 ? ` (${number(excess)})` : "") + (flushed > 0 ? `, ${flushed} fl.` : "");
const lines = [...table].map(([name, [value, ...derivatives]]) => {
  const worst = [value, ...derivatives].flatMap((found) => (found && found.excess > 4 ? [found.at] : []));
  return `| ${name} | ${value ? cell(value) : ""} | ${derivatives.map(cell).join("; ")} | ${worst.join("; ")} |`;
});
const report = [
  "| kernel | value | derivatives | worst, where above 4 ULP |",
  "| --- | ---: | ---: | --- |",
  ...lines,
].join("\n");
if (flags.write) {
  const { size } = table;
  writeFileSync(
    join(here, "results.md"),
    `# WGSL on a second compiler and driver

Written by \`npm run test:deno -- --write\`: the kernels of ${size} activations, compiled by naga (Deno) and run by ${adapter},
at default parameters, on some 700 chosen inputs and ${flags.random} random ones. Largest errors in ULP of float32 against
the reference; in parentheses what is left of a derivative's error after what half a unit of the inputs does to it;
"fl." counts results that are right once subnormal numbers are taken for 0. Over an axis, in units of the largest
cotangent of a row. What is NaN or infinite and should not be is in known.json.

llvmpipe ends every loop of a shader once all of an invocation's loops together have turned 65,535 times, and says nothing. One
exponential of 384 bits takes 11,000 turns: kernels that may need much of that (eis, pserf) give each element an invocation of its
own, where others give four one. For the slope of eis at -infinity even that does not do: 1 instead of 0, on this driver alone.

${report}
`,
  );
} else console.log(report);
/** Of the kernels that keep to their bounds nothing is known; of the others, how bad they are. */
const knownFile = join(here, "known.json");
const known: Readonly<Record<string, Known>> = JSON.parse(readFileSync(knownFile, "utf8"));
const first = wrong.size > 0 ? await onFirstDriver() : null;
const failures: string[] = [];
// Of what was not executed nothing new is known.
const next = Object.fromEntries(
  Object.entries(known).filter(([name]) => !entries.some((entry) => entry.name === name)),
);
for (const { name } of entries) {
  const found = table.get(name) ?? [];
  const faults = wrong.get(name) ?? [];
  const state = stateOf(name, found, faults.length);
  if (state) next[name] = state;
  const problems = worse(state, known[name]);
  if (problems.length === 0) continue;
  failures.push(name);
  const elsewhere = first && faults.length > 0 ? ` (${first.get(name)?.length ?? 0} on Dawn and SwiftShader)` : "";
  console.log(`${name}: ${problems.join(", ")}${elsewhere}`);
  [...found.map(({ at }) => at), ...faults].slice(0, 8).forEach((line) => console.log(`  ${line}`));
}
if (flags.accept) writeFileSync(knownFile, `${JSON.stringify(next, null, 2)}\n`);
const beyond = `${Object.keys(next).length} known to be beyond their bounds`;
const verdict = failures.length === 0 ? "none is worse than it was" : `worse: ${failures.join(", ")}`;
console.log(`${table.size} activations compared after ${since()}, ${beyond}; ${verdict}`);
process.exit(failures.length === 0 || flags.accept ? 0 : 1);
