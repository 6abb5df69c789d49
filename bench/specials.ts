/**
 * Every standard activation over the whole range of float32, on both targets, against the oracle: a table of faults.
 * Run by hand, with the number of random inputs (2^20 unless given) and, if wanted, the name of one activation:
 *
 *   npx esbuild bench/specials.ts --bundle --platform=node --format=esm --packages=external --outfile=bench/.cache/specials.mjs
 *   node bench/.cache/specials.mjs 4000
 */
import { faultsOf, type Fault, rangeCall, typescriptTolerance, wgslTolerance } from "../test/activations/range.js";
import type { ActivationEntry } from "../test/harness/manifest.js";
import { shaders, standardSet } from "../test/activations/standard.js";

const samples = Number(process.argv[2] ?? 2 ** 20);
const only = process.argv[3];
const standard = await standardSet();
const isAsked = ({ name }: ActivationEntry): boolean => only === undefined || name === only;
const gpu = await shaders(standard, isAsked);

function print(target: string, faults: readonly Fault[]): void {
  const groups = new Map<string, Fault[]>();
  for (const fault of faults) {
    const key = `${fault.kind}: ${fault.text.slice(0, fault.text.indexOf(" at "))}`;
    groups.set(key, [...(groups.get(key) ?? []), fault]);
  }
  for (const [key, group] of groups) {
    const worst = group.reduce((a, b) => (b.error > a.error ? b : a));
    console.log(
      `${target.padEnd(5)} ${key}: ${group.length} faults; ${worst.text.slice(worst.text.indexOf(" at ") + 1)}`,
    );
  }
}

for (const entry of standard.entries.filter(isAsked)) {
  const activation = standard.activations.get(entry.name);
  if (!activation || entry.axis) continue;
  const call = rangeCall(entry, samples, 7);
  const { typescript } = standard;
  const outcomes = {
    forward: typescript.call(entry, "forward", call),
    backward: typescript.call(entry, "backward", call),
  };
  print("ts", faultsOf(standard, entry, activation, call, outcomes, typescriptTolerance, 500));
  if (!gpu) continue;
  const shaded = { forward: await gpu.call(entry, "forward", call), backward: await gpu.call(entry, "backward", call) };
  print("wgsl", faultsOf(standard, entry, activation, call, shaded, wgslTolerance, 500));
}
process.exit(0);
