/**
 * A training step of the network of examples/digits, beside the same network in frameworks: all in one process, in turns. Peak memory is
 * that of a process of its own.
 *
 *   npm run bench:training                    prints the tables
 *   npm run bench:training -- --write     and writes training-results.md
 */
import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { loadDigits, pixels } from "../../examples/digits/digits.js";
import { Generator } from "../../runtime/index.js";
import { median } from "../measuring.js";
import { openJax } from "./jax.js";
import { openOwn } from "./own.js";
import { openTensorFlow } from "./tensorflow.js";
import type { ActivationName, Batch, OpenTrainer, Sizes, Trainer, Weights } from "./trainer.js";

const { values: flags } = parseArgs({
  options: {
    write: { type: "boolean" },
    rounds: { type: "string", default: "15" },
    // One candidate alone, which prints its peak memory.
    alone: { type: "string" },
    case: { type: "string", default: "0" },
  },
});

const candidates: Readonly<Record<string, OpenTrainer>> = {
  actc: openOwn,
  "TF.js WASM": openTensorFlow("wasm"),
  "TF.js CPU": openTensorFlow("cpu"),
  "jax-js": openJax,
};

const cases: readonly { readonly activation: ActivationName; readonly sizes: Sizes }[] = [
  { activation: "relu", sizes: { inputs: pixels, hidden: 64, classes: 10, batch: 32 } },
  { activation: "silu", sizes: { inputs: pixels, hidden: 64, classes: 10, batch: 32 } },
];

const { training } = loadDigits(0);

function* batches({ batch, inputs }: Sizes): IterableIterator<Batch, void, void> {
  for (let start = 0; ; start = (start + batch) % (training.labels.length - batch)) {
    yield {
      images: training.images.slice(start * inputs, (start + batch) * inputs),
      labels: Uint32Array.from(training.labels.subarray(start, start + batch)),
    };
  }
}

function weightsFor({ inputs, hidden, classes }: Sizes): Weights {
  const generator = new Generator(0);
  const drawn = (rows: number, columns: number): Float32Array =>
    Float32Array.from({ length: rows * columns }, () => (2 * generator.uniform() - 1) / Math.sqrt(rows));
  return { first: drawn(inputs, hidden), second: drawn(hidden, classes) };
}

if (flags.alone !== undefined) {
  const { activation, sizes } = cases[Number(flags.case)]!;
  const trainer = await candidates[flags.alone]!(sizes, activation, weightsFor(sizes));
  const source = batches(sizes);
  for (let i = 0; i < 250; i++) await trainer.step(source.next().value!);
  console.log(JSON.stringify({ peak: process.resourceUsage().maxRSS / 1024 }));
  process.exit(0);
}

interface Row {
  readonly name: string;
  readonly time: number;
  readonly loss: number;
  readonly memory: number;
}

/** Peak memory of a process that trains with one candidate, in MiB. */
function memoryOf(name: string, index: number): number {
  const script = fileURLToPath(import.meta.url);
  const { stdout } = spawnSync(process.execPath, [script, "--alone", name, "--case", String(index)], {
    encoding: "utf8",
  });
  const line = stdout.trim().split("\n").at(-1) ?? "{}";
  const { peak = NaN }: { peak?: number } = JSON.parse(line);
  return peak;
}

const descriptions = new Map<string, string>();

async function measured(index: number): Promise<readonly Row[]> {
  const { activation, sizes } = cases[index]!;
  const weights = weightsFor(sizes);
  const trainers: Trainer[] = [];
  for (const [name, open] of Object.entries(candidates)) {
    try {
      const trainer = await open(sizes, activation, weights);
      descriptions.set(trainer.name, trainer.description);
      trainers.push(trainer);
    } catch (error) {
      console.error(`${name}: ${error instanceof Error ? error.message.split("\n")[0] : String(error)}`);
    }
  }
  const sources = trainers.map(() => batches(sizes));
  const times = trainers.map((): number[] => []);
  const losses: number[] = [];
  const steps = 20;
  for (let round = -1; round < Number(flags.rounds); round++) {
    for (let turn = 0; turn < trainers.length; turn++) {
      const i = (Math.max(round, 0) + turn) % trainers.length;
      const trainer = trainers[i]!;
      await trainer.begin?.();
      const given = Array.from({ length: steps }, () => sources[i]!.next().value!);
      const processor = process.cpuUsage();
      const start = performance.now();
      for (const batch of given) {
        const done = trainer.step(batch);
        if (done) await done;
      }
      const wall = performance.now() - start;
      const { user, system } = process.cpuUsage(processor);
      if (round >= 0) times[i]!.push(Math.min(wall, (user + system) / 1000) / steps);
      losses[i] = await trainer.loss();
    }
  }
  return trainers.map(({ name }, i) => ({
    name,
    time: median(times[i]!),
    loss: losses[i]!,
    memory: memoryOf(name, index),
  }));
}

const sections: string[] = [];
for (const [index, { activation, sizes }] of cases.entries()) {
  const rows = await measured(index);
  const own = rows[0]!;
  sections.push(
    [
      `## ${sizes.inputs} – ${sizes.hidden} – ${sizes.classes}, ${activation}, batches of ${sizes.batch}`,
      "",
      "| | time, ms | × actc | peak memory, MiB | loss at the end |",
      "| --- | ---: | ---: | ---: | ---: |",
      ...rows.map(
        ({ name, time, loss, memory }) =>
          `| ${name} | ${time.toFixed(3)} | ${(time / own.time).toFixed(2)} | ${memory.toFixed(0)} | ${loss.toFixed(4)} |`,
      ),
    ].join("\n"),
  );
  console.error(sections.at(-1));
}

const report = `# A training step, beside the frameworks

Written by \`npm run bench:training -- --write\` (before it: \`npm ci && npm ci --prefix bench\`). One run on
${cpus()[0]?.model.trim()}, Node ${process.version}, one thread.

${[...descriptions].map(([name, description]) => `- ${name}: ${description}`).join("\n")}

A step is forward, backward and Adam on one batch of digits, from the same weights and with the same batches: medians of
${flags.rounds} rounds of 20 steps, in which the candidates take turns; of the clock, or of the processor where other programs get in between. Peak
memory is the largest resident set of a process of its own in 250 steps, Node, the digits and the framework's code included.

${sections.join("\n\n")}
`;
if (flags.write) writeFileSync(join(fileURLToPath(new URL("../", import.meta.url)), "training-results.md"), report);
process.exit(0);
