/**
 * How accurate activations are, this project's and those of the frameworks, side by side in one run:
 *
 *   npm ci && npm ci --prefix bench && npm run bench:accuracy            prints the tables
 *   … -- --write                                                         and writes them to bench/accuracy-results.md
 *   … -- --only gelu,mish                                                these activations
 *   … -- --per-exponent 8                                                fewer inputs
 *
 * PyTorch takes part where Debian's python3-torch is installed. The truth is computed once and kept in bench/.cache.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { measure } from "../../test/harness/errors.js";
import { openTypeScript, openWgsl, readKernels } from "../peers/actc.js";
import { openJax } from "../peers/jax.js";
import { openOnnxRuntime } from "../peers/onnxruntime.js";
import { attempt, opened, type Peer, type Task } from "../peers/peer.js";
import { openPyTorch } from "../peers/pytorch.js";
import { openTensorFlow } from "../peers/tensorflow.js";
import { activationNames } from "./activations.js";
import { type Cell, tie } from "./standing.js";
import { columnsOf, keyOf, kinds } from "./columns.js";
import { commonInputs } from "./inputs.js";
import { largestErrors, type Row, standingOf, standingText, summary, worstInputs } from "./report.js";

const { values: flags } = parseArgs({
  options: {
    write: { type: "boolean", default: false },
    only: { type: "string" },
    "per-exponent": { type: "string", default: "128" },
  },
});
// The program lies in bench/.cache.
const root = new URL("../../", import.meta.url);
const say = (line: string): void => void process.stderr.write(`${line}\n`);

const only = flags.only?.split(",");
const names = activationNames.filter((name) => only?.includes(name) ?? true);
const common = commonInputs(Number(flags["per-exponent"]));
say(`${names.length} activations, ${common.length} inputs each, zeros and their neighbours besides`);

const start = performance.now();
const columns = await columnsOf({
  text: readFileSync(new URL("acts.def", root), "utf8"),
  names,
  common,
  worker: new URL("accuracy/truth-worker.mjs", import.meta.url),
  cache: fileURLToPath(new URL("accuracy/truth/", import.meta.url)),
  progress: (done, of) =>
    say(`truth: ${done} of ${of} columns after ${((performance.now() - start) / 1000).toFixed(0)} s`),
});

const tasks = names.flatMap((name) =>
  kinds.map((kind) => {
    const column = columns.get(keyOf(name, kind));
    if (!column) throw new Error(`no truth about ${name}`);
    const task: Task = { name, kind, inputs: column.inputs };
    return { task, column };
  }),
);

const generated = readKernels(fileURLToPath(new URL("generated/", root)));
const script = fileURLToPath(new URL("bench/peers/torch_values.py", root));
/** ONNX Runtime Web is the last: it defines a global Worker, by which jax-js would take this for a browser. */
const candidates: readonly (readonly [name: string, open: () => Promise<Peer>])[] = [
  ["actc TypeScript", () => openTypeScript(generated)],
  ["actc WGSL", () => openWgsl(generated)],
  ["TF.js CPU", () => openTensorFlow("cpu")],
  ["TF.js WASM", () => openTensorFlow("wasm")],
  ["jax-js", openJax],
  [
    "PyTorch",
    () =>
      openPyTorch(
        script,
        tasks.map(({ task }) => task),
      ),
  ],
  ["ONNX Runtime Node", () => openOnnxRuntime("onnxruntime-node")],
  ["ONNX Runtime Web", () => openOnnxRuntime("onnxruntime-web")],
];

const peers: Peer[] = [];
const absent: string[] = [];
const cells: Cell[][] = tasks.map(() => []);
for (const [name, open] of candidates) {
  const began = performance.now();
  const peer = await opened(open);
  if (typeof peer === "string") {
    absent.push(`${name} is not compared: ${peer}`);
    say(absent.at(-1) ?? "");
    continue;
  }
  peers.push(peer);
  for (const [i, { task, column }] of tasks.entries()) {
    const results = await attempt(peer, task);
    cells[i]?.push(typeof results === "string" ? results : measure(column.inputs, results, column));
  }
  say(`${name}: ${((performance.now() - began) / 1000).toFixed(1)} s`);
}
const rows: Row[] = tasks.map(({ task }, i) => ({ ...task, cells: cells[i] ?? [] }));

const isOwn = (name: string): boolean => name.startsWith("actc");
const others = peers.flatMap(({ name }, i) => (isOwn(name) ? [] : [i]));
const standings = peers.flatMap(({ name }, i) =>
  isOwn(name) ? [standingText(name, rows.length, standingOf(i, others, peers, rows))] : [],
);
const points = rows.reduce((total, { inputs }) => total + inputs.length, 0);

const tables = `${summary(peers, rows)}

${standings.join("\n")}

## Largest errors

In ULP of float32; in parentheses the error less what half a unit of the input does to a derivative near its zero; then
the faults, counted in inputs; **bold** where a column is within 1 ULP without a fault; ° where a
framework has no function of that name, or no derivative, and it was put together from its operations.

${largestErrors("value", peers, rows)}

${largestErrors("derivative", peers, rows)}

## Worst inputs

${worstInputs(peers, rows)}`;

console.log(tables);

if (flags.write) {
  const text = `# Accuracy, beside the frameworks

Written by \`npm run bench:accuracy -- --write\` (before it: \`npm ci && npm ci --prefix bench\`; PyTorch is compared where
Debian's \`python3-torch\` is installed). One run on ${cpus()[0]?.model.trim()}, Node ${process.version}.

${peers.map(({ name, description }) => `- ${name}: ${description}`).join("\n")}
${absent.map((line) => `- ${line}\n`).join("")}
## How it is measured

${names.length} activations by the definitions of \`acts.def\`, with their default parameters as float32 numbers. The truth is
the project's reference: ball arithmetic on the definition as written and on its derivative, rounded to binary64.

Inputs, on average ${Math.round(points / rows.length)} per column: exponent limits, kinks, saturation points and every power of two with
their neighbours; the zeros of the column with theirs; random bit patterns, as many for each exponent, subnormal ones
included, and four times as many between 2^-6 and 2^7; both infinities; NaN.

A fault is a NaN or an infinity where the rounded truth is finite, a NaN where it overflows, a wrong limit at an
infinity, or a NaN that was lost (in a derivative that is not asked for). At a kink, and two units from it, whatever
lies between the one-sided derivatives is right. A subnormal result that came out as 0, or a result that is right for 0
where the input is subnormal, is counted apart.

A row is a column, here against each of the others: by faults, then by largest error; a difference of ${tie} ULP counts as none, since
half a unit is the least that rounding costs. Level where both are within ${0.5 + tie} ULP means that both round correctly, but for
a hundredth of a unit, and no result could be better: so it is with relu for everyone, and with a few functions of JavaScript's
\`Math\` for TF.js, whose backend "cpu" computes in binary64 and rounds once. What is claimed is claimed of the TypeScript kernels.
The WGSL kernels compute in float32, as GPUs do; where they are behind, it is said below.

The largest error is over all of float32, not over what is usual in a network: the last section says at which input it arose. A marked
entry (°) is a composition that a user would write, not a function of the framework. PyTorch is the one that Debian has; a newer
one may do better.

## Summary

${tables}
`;
  writeFileSync(new URL("bench/accuracy-results.md", root), text);
}
process.exit(0);
