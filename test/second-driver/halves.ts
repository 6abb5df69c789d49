/**
 * Kernels over float16 on a driver that has it: Deno (wgpu, naga) with Debian's lavapipe. Every float16 goes through each
 * kernel of one input, some 65,000 combinations through the others. Installed as in main.ts.
 *
 *   npm run test:deno -- --f16                 fails where a kernel is beyond its bound, or worse than known-f16.json says
 *   npm run test:deno -- --f16 --accept        and writes known-f16.json anew
 *   npm run test:deno -- --f16 --write         and writes the table to test/second-driver/results-f16.md
 *   npm run test:deno -- --f16 --only gelu
 *   npm run test:deno -- --f16 --from FILE.def      definitions other than acts.def
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { toFloat16 } from "../../compiler/numerics/float16.js";
import { compiled } from "../activations/standard.js";
import {
  bound,
  comparedHalfRows,
  comparedHalves,
  everyHalf,
  halfRows,
  type HalfColumn,
  nameOf,
} from "../halves/compare.js";
import type { Call } from "../harness/manifest.js";
import { callFor } from "./calls.js";
import { comparedSums } from "./compare.js";
import type { KernelCall } from "./exchange.js";
import { executed, here, installedDriver, root } from "./execute.js";
import { type Known, worse } from "./known.js";

const { values: flags } = parseArgs({
  options: {
    write: { type: "boolean", default: false },
    accept: { type: "boolean", default: false },
    only: { type: "string" },
    from: { type: "string", default: join(root, "acts.def") },
  },
});
installedDriver();

const only = flags.only?.split(",");
const subject = await compiled(readFileSync(flags.from, "utf8"), [], ["ts", "wgsl-f16"]);
const { generated } = subject;
const entries = subject.entries.filter(
  ({ name, kernels }) => kernels["wgsl-f16"] !== undefined && (only?.includes(name) ?? true),
);

const folder = mkdtempSync(join(tmpdir(), "halves-"));
for (const [path, text] of generated.files) writeFileSync(join(folder, path), text);

interface Planned {
  readonly name: string;
  readonly purpose: "range" | "sums";
  readonly call: Call;
}
const plan = entries.flatMap((entry): Planned[] => {
  const sums = entry.axis ? undefined : callFor(entry, "sums", 0);
  const call = entry.axis ? halfRows(entry) : everyHalf(entry);
  const range = { name: entry.name, purpose: "range", call } as const;
  return sums ? [range, { name: entry.name, purpose: "sums", call: inHalves(sums) }] : [range];
});
const calls = plan.flatMap(({ name, call }): KernelCall[] => [
  { name, kernel: "forward", call },
  { name, kernel: "backward", call },
]);
/** The same with inputs and a cotangent that float16 has. */
function inHalves(call: Call): Call {
  const nearest = (numbers: ArrayLike<number>): Float32Array => Float32Array.from(numbers, toFloat16);
  const inputs = Object.fromEntries(Object.entries(call.inputs).map(([name, numbers]) => [name, nearest(numbers)]));
  return { ...call, inputs, ...(call.cotangent ? { cotangent: nearest(call.cotangent) } : {}) };
}

const started = performance.now();
const since = (): string => `${((performance.now() - started) / 1000).toFixed(0)} s`;
const { adapter, done } = executed(calls, folder, "wgsl-f16");
rmSync(folder, { recursive: true, force: true });
console.log(`${calls.length} calls executed on ${adapter} after ${since()}`);

const table = new Map<string, readonly HalfColumn[]>();
const wrong = new Map<string, readonly string[]>();
plan.forEach(({ name, purpose, call }, i) => {
  const entry = entries.find((each) => each.name === name)!;
  const [forward, backward] = [done[2 * i]!, done[2 * i + 1]!];
  const say = (faults: readonly string[]): void => {
    if (faults.length > 0) wrong.set(name, [...(wrong.get(name) ?? []), ...faults]);
  };
  if ("rejected" in forward || "rejected" in backward) {
    say("rejected" in forward ? [`rejected: ${forward.rejected}`] : []);
    return;
  }
  if (purpose === "sums") {
    say(comparedSums(subject, entry, call, backward.outcome));
    return;
  }
  const compared = entry.axis ? comparedHalfRows : comparedHalves;
  const found = compared(subject, entry, call, { forward: forward.outcome, backward: backward.outcome });
  table.set(name, found);
  say(found.flatMap((each) => each.wrong));
});

const number = (x: number): string => (x >= 1e4 ? x.toExponential(1).replace("e+", "e") : x.toFixed(4));
const cell = ({ error, flushed }: HalfColumn): string => number(error) + (flushed > 0 ? `, ${flushed} fl.` : "");
const lines = [...table].map(([name, [value, ...derivatives]]) => {
  const worst = [value, ...derivatives].flatMap((found) => (found && found.error > bound ? [found.at] : []));
  return `| ${name} | ${value ? cell(value) : ""} | ${derivatives.map(cell).join("; ")} | ${worst.join("; ")} |`;
});
const report = [
  `| kernel | value | derivatives | worst, where above ${bound} ULP |`,
  "| --- | ---: | ---: | --- |",
  ...lines,
].join("\n");
if (flags.write) {
  writeFileSync(
    join(here, "results-f16.md"),
    `# Float16 kernels on a driver that has float16

Written by \`npm run test:deno -- --f16 --write\`: the kernels of ${table.size} activations over float16, compiled by naga (Deno) and
run by ${adapter}, at default parameters. Of one input all float16 but one of the NaNs are executed, of several inputs as many
combinations of all signs and exponents, forward and backward (for a cotangent of 1). Largest errors in ULP of float16: a result
that is rounded once from the true one is within 0.5. "fl." counts results that are 0 where they are subnormal.

${report}
`,
  );
} else console.log(report);
const knownFile = join(here, "known-f16.json");
const known: Readonly<Record<string, Known>> = JSON.parse(readFileSync(knownFile, "utf8"));
const next: Record<string, Known> = {};
const failures: string[] = [];
for (const { name } of entries) {
  const beyond = (table.get(name) ?? []).filter(({ error }) => error > bound);
  const faults = wrong.get(name) ?? [];
  const state: Known | undefined =
    beyond.length + faults.length === 0
      ? undefined
      : {
          errors: Object.fromEntries(beyond.map(({ of, error }) => [nameOf(of), Number(error.toPrecision(4))])),
          wrong: faults.length,
        };
  if (state) next[name] = state;
  const problems = worse(state, known[name]);
  if (problems.length === 0) continue;
  failures.push(name);
  console.log(`${name}: ${problems.join(", ")}`);
  [...beyond.map(({ at }) => at), ...faults].slice(0, 8).forEach((line) => console.log(`  ${line}`));
}
if (flags.accept) writeFileSync(knownFile, `${JSON.stringify(next, null, 2)}\n`);
const verdict = failures.length === 0 ? "none is worse than it was" : `worse: ${failures.join(", ")}`;
console.log(
  `${table.size} activations compared after ${since()}, ${Object.keys(next).length} beyond their bounds; ${verdict}`,
);
process.exit(failures.length === 0 || flags.accept ? 0 : 1);
