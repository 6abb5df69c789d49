/**
 * What two threads gain: kernels in WebAssembly in one thread and in two, in turns with a loop of plain arithmetic on one core and on
 * two; and from which size on they gain anything.
 *
 *   npm run build && npm run bench:threads      prints the tables
 *   … -- --write                                and writes threads-results.md
 *   … -- --only silu,gelu --rounds 31           some activations, more rounds
 */
import { writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { leastProducts, matmulInVectors } from "../../runtime/cpu/matmul-vectors.js";
import { kernelInSlices, leastElements } from "../../runtime/cpu/kernel-slices.js";
import { WasmPool } from "../../runtime/cpu/pool.js";
import { setThreads } from "../../runtime/cpu/threads.js";
import { median, normal } from "../measuring.js";
import { bench, ownKernels } from "../own-kernels.js";
import { control } from "./control.js";

const { values: flags } = parseArgs({
  options: { write: { type: "boolean" }, only: { type: "string" }, rounds: { type: "string", default: "15" } },
});
const rounds = Math.max(15, Number(flags.rounds));
const names = ["relu", "tanh", "silu", "gelu", "softplus", "mish"].filter(
  (name) => !flags.only || flags.only.split(",").includes(name),
);
const large = 2 ** 24;
const small = [14, 15, 16, 17, 18, 19, 20].map((power) => 2 ** power);

setThreads(2);
const pool = new WasmPool();
const arrays = [normal(large, 3), new Float32Array(large).fill(1), new Float32Array(large)].map((values) => {
  const array = pool.borrow(large);
  if (!array || !pool.crew) throw new Error("there are no threads");
  array.set(values);
  return array;
});
const [x, dy, result] = arrays as [Float32Array, Float32Array, Float32Array];
const kernels = await ownKernels(names);
const loop = control();

// Two threads whatever the size, or one.
const threadsKey = Symbol.for("activation-compiler.threads");
const inThreads = kernelInSlices(pool.crew!, pool, () => 0);
const allow = (threads: number): void => void Reflect.set(globalThis, threadsKey, threads > 1 ? inThreads : null);

/** Milliseconds of candidates in turns: medians of rounds. */
function measured(candidates: readonly (() => void)[], least: number): number[] {
  const timed = (candidate: () => void, repetitions: number): number => {
    const start = performance.now();
    for (let i = 0; i < repetitions; i++) candidate();
    return (performance.now() - start) / repetitions;
  };
  const repetitions = candidates.map((candidate) => {
    timed(candidate, 3);
    return Math.max(1, Math.round(least / timed(candidate, 3)));
  });
  const times = candidates.map((): number[] => []);
  for (let round = 0; round < rounds; round++) {
    for (let turn = 0; turn < candidates.length; turn++) {
      const i = (round + turn) % candidates.length;
      times[i]!.push(timed(candidates[i]!, repetitions[i]!));
    }
  }
  return times.map(median);
}

/** Both of something, and of the loop; the loop takes about as long. */
function both(run: () => void): { one: number; two: number; control: number } {
  const once = measured([run], 1)[0]!;
  const turns = 2 * Math.max(1000, Math.round((once * 1e6) / 2));
  const candidates = [1, 2].flatMap((threads) => [
    () => {
      allow(threads);
      run();
    },
    () => loop.run(turns, threads === 1 ? 1 : 2),
  ]);
  const [one, loopInOne, two, loopInTwo] = measured(candidates, 5) as [number, number, number, number];
  return { one, two, control: loopInOne / loopInTwo };
}

const kinds = ["value", "derivative"] as const;
const row = (cells: readonly (string | number)[]): string => `| ${cells.join(" | ")} |`;
const headed = (cells: readonly string[]): string[] => [
  row(cells),
  row(cells.map((_, i) => (i === 0 ? "---" : "---:"))),
];

// Threads start while others compute.
for (let i = 0; i < 5; i++) {
  allow(2);
  kernels(names[0]!, "wasm", "value")(dy, x, result);
  await new Promise((next) => setTimeout(next, 100));
}

const gains = headed(["", "one thread, ns", "two threads, ns", "ratio", "ratio of the loop"]);
for (const kind of kinds) {
  for (const name of names) {
    const call = kernels(name, "wasm", kind);
    const { one, two, control } = both(() => call(dy, x, result));
    const times = [one, two].map((time) => ((time * 1e6) / large).toFixed(3));
    gains.push(row([`${name}, ${kind}`, ...times, (one / two).toFixed(2), control.toFixed(2)]));
    console.error(gains.at(-1));
  }
}

/** From the least arithmetic to the most. */
const columns = (
  [
    ["relu", "value"],
    ["silu", "value"],
    ["silu", "derivative"],
    ["gelu", "value"],
  ] as const
).filter(([name]) => names.includes(name));
const sizes = headed(["elements", ...columns.map((column) => column.join(", ")), "the loop, at least"]);
for (const size of small) {
  const here = [dy, x, result].map((array) => array.subarray(0, size)) as [Float32Array, Float32Array, Float32Array];
  const ratios = columns.map(([name, kind]) => both(() => kernels(name, "wasm", kind)(...here)));
  const least = Math.min(...ratios.map(({ control }) => control));
  sizes.push(row([size, ...ratios.map(({ one, two }) => (one / two).toFixed(2)), least.toFixed(2)]));
  console.error(sizes.at(-1));
}

const products = headed(["m × k × n", "products", "one thread, ms", "two threads, ms", "ratio", "ratio of the loop"]);
const shapes: readonly (readonly [m: number, k: number, n: number])[] = [
  [32, 64, 64],
  [64, 64, 64],
  [32, 256, 64],
  [128, 64, 64],
  [32, 784, 64],
  [128, 128, 128],
  [256, 256, 256],
  [512, 512, 512],
];
for (const [m, k, n] of shapes) {
  const product = { batch: 1, m, k, n, transposeA: false, transposeB: false };
  const operands = [x.subarray(0, m * k), dy.subarray(0, k * n), null, result.subarray(0, m * n)] as const;
  let least = Infinity;
  const run = (): void => void matmulInVectors(product, ...operands, pool, least);
  const { one, two, control } = both(() => {
    least = Reflect.get(globalThis, threadsKey) === null ? Infinity : 0;
    run();
  });
  products.push(
    row([`${m} × ${k} × ${n}`, m * k * n, one.toFixed(4), two.toFixed(4), (one / two).toFixed(2), control.toFixed(2)]),
  );
  console.error(products.at(-1));
}

const report = `# Two threads

Written by \`npm run bench:threads -- --write\`. One run on ${cpus()[0]?.model.trim()}, Node ${process.version}, ${cpus().length}
cores. Times are of the clock, medians of ${rounds} rounds in which one thread, two threads and a loop of plain arithmetic on one core and
on two take turns. The loop says what two threads could gain at most while the rest was measured: where other programs take the cores,
it gains less than 2.

## 2^24 elements

Nanoseconds per element, arrays in the memory of the kernels.

${gains.join("\n")}

## From which size on

How many times as fast two threads are as one. The runtime uses them from ${leastElements(16)} elements on, and for kernels of plain arithmetic, as relu\nis, from ${leastElements(32)}.

${sizes.join("\n")}

## Products of matrices

The runtime uses threads from ${leastProducts} products on.

${products.join("\n")}
`;
if (flags.write) writeFileSync(join(bench, "threads-results.md"), report);
else console.log(report);
process.exit(0);
