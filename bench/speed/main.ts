/**
 * How fast kernels are, beside what a user would pick instead: all candidates in one process, in turns.
 *
 *   npm run build && npm run bench              prints the tables
 *   npm run bench -- --write                    and writes speed-results.md and speed.svg
 *   … -- --only silu,gelu --rounds 31 --large   some activations, more rounds, 16 M elements as well
 */
import { writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { setFlagsFromString } from "node:v8";
import { activationNames } from "../accuracy/activations.js";
import { loops } from "../loops.mjs";
import { median, normal } from "../measuring.js";
import { bench, type Call, ownKernels } from "../own-kernels.js";
import { openCLoop } from "../peers/c-loop.js";
import { openJax } from "../peers/jax.js";
import { openOnnxRuntime } from "../peers/onnxruntime.js";
import { opened, type Peer, type Prepared, type Task } from "../peers/peer.js";
import { openPyTorchKernels } from "../peers/pytorch.js";
import { openTensorFlow } from "../peers/tensorflow.js";
import { chart, table, type Timing } from "./report.js";

// Node 20 has relaxed SIMD behind a flag.
setFlagsFromString("--experimental-wasm-relaxed-simd");

const { values: flags } = parseArgs({
  options: {
    write: { type: "boolean" },
    large: { type: "boolean" },
    only: { type: "string" },
    rounds: { type: "string", default: "15" },
  },
});
const rounds = Math.max(15, Number(flags.rounds));
const twelve = activationNames.slice(0, 12);
const names = twelve.filter((name) => !flags.only || flags.only.split(",").includes(name));
const sizes = [2 ** 16, 2 ** 20, ...(flags.large ? [2 ** 24] : [])];

/** What a kernel reads and writes. */
interface Arrays {
  readonly dy: Float32Array;
  readonly x: Float32Array;
  readonly result: Float32Array;
}

function arraysOf(next: () => Float32Array, data: Float32Array): Arrays {
  const arrays = { dy: next().fill(1), x: next(), result: next().fill(0) };
  arrays.x.set(data);
  return arrays;
}

/** Arrays in the memory of the kernels, behind what these keep for themselves. */
function inMemory(count: number, data: Float32Array): Arrays[] {
  const memory: WebAssemblyMemory = Reflect.get(globalThis, Symbol.for("activation-compiler.memory"));
  let place = memory.buffer.byteLength;
  memory.grow(Math.ceil((3 * count * data.byteLength) / 65536));
  const next = (): Float32Array => {
    const array = new Float32Array(memory.buffer, place, data.length);
    place += data.byteLength;
    return array;
  };
  return Array.from({ length: count }, () => arraysOf(next, data));
}

interface WebAssemblyMemory {
  readonly buffer: ArrayBuffer;
  grow(pages: number): number;
}

// --- Measuring ---

/**
 * One that takes the next arrays of several in each round: which pages an array happens to lie on decides how much of it caches
 * keep, for as long as the process lives.
 */
function inTurns(places: readonly Arrays[], run: (arrays: Arrays) => void): Prepared {
  let turn = 0;
  let arrays = places[0]!;
  return {
    begin: () => {
      arrays = places[turn++ % places.length]!;
    },
    run: () => run(arrays),
    results: () => Promise.resolve(arrays.result.slice()),
    dispose: () => undefined,
  };
}

/** Milliseconds of one run after another, so many: of the clock, or of the processor where other programs get in between. */
async function timed(prepared: Prepared, repetitions: number): Promise<number> {
  await prepared.begin?.();
  // Not counted: what another left in the caches is no matter of this one, nor how fast a processor wakes up.
  const begun = performance.now();
  do await prepared.run();
  while (performance.now() - begun < 5);
  if (prepared.timed) return prepared.timed(repetitions);
  const processor = process.cpuUsage();
  const start = performance.now();
  for (let i = 0; i < repetitions; i++) {
    const done = prepared.run();
    if (done) await done;
  }
  const wall = performance.now() - start;
  const { user, system } = process.cpuUsage(processor);
  return Math.min(wall, (user + system) / 1000);
}

/** Nanoseconds per element: medians of rounds in which the candidates take turns. */
async function measured(candidates: readonly Prepared[], length: number): Promise<number[]> {
  const repetitions: number[] = [];
  for (const candidate of candidates) {
    await timed(candidate, 3);
    const once = (await timed(candidate, 2)) / 2;
    repetitions.push(Math.max(1, Math.min(200, Math.round(3 / Math.max(once, 0.01)))));
  }
  const times = candidates.map((): number[] => []);
  for (let round = 0; round < rounds; round++) {
    for (let turn = 0; turn < candidates.length; turn++) {
      const i = (round + turn) % candidates.length;
      times[i]!.push(((await timed(candidates[i]!, repetitions[i]!)) * 1e6) / (repetitions[i]! * length));
    }
  }
  return times.map(median);
}

const unitOf = (x: number): number => 2 ** (Math.max(-126, Math.floor(Math.log2(Math.abs(x)))) - 23);

/** The largest distance from the TypeScript kernel, which is within 0.51 units, in units in the last place. */
const errorOf = (results: Float32Array, exact: Float32Array): number =>
  results.reduce((worst, value, i) => {
    const error = Math.abs(value - exact[i]!) / unitOf(exact[i]!);
    return error > worst || Number.isNaN(error) ? error : worst;
  }, 0);

const peers = (
  await Promise.all(
    [
      () => openTensorFlow("cpu"),
      () => openTensorFlow("wasm"),
      () => openOnnxRuntime("onnxruntime-web"),
      () => openOnnxRuntime("onnxruntime-node"),
      openJax,
      () => openPyTorchKernels(join(bench, "peers", "torch_speed.py")),
      () => openCLoop(join(bench, "peers"), join(bench, ".cache")),
    ].map(opened),
  )
).filter((peer): peer is Peer => typeof peer !== "string" || (console.error(peer), false));

const own = await ownKernels(names);
const called =
  (kernel: Call) =>
  ({ dy, x, result }: Arrays): void =>
    kernel(dy, x, result);
const timings: Timing[] = [];
for (const length of sizes) {
  const data = normal(length, 3);
  // The memory is there once a kernel was called.
  own(names[0]!, "wasm", "value")(new Float32Array(1), new Float32Array(1), new Float32Array(1));
  const count = length > 2 ** 21 ? 1 : 5;
  const there = inMemory(count, data);
  const here = Array.from({ length: count }, () => arraysOf(() => new Float32Array(length), data));
  for (const kind of ["value", "derivative"] as const) {
    for (const name of names) {
      const task: Task = { name, kind, inputs: data };
      const loop = loops[name]!;
      const inTypeScript = own(name, "ts", kind);
      const [baseline, relaxed] = [own(name, "wasm without relaxed SIMD", kind), own(name, "wasm", kind)];
      const candidates: { name: string; prepared: Prepared }[] = [
        { name: "actc WASM", prepared: inTurns(there, called(baseline)) },
        { name: "actc WASM, relaxed", prepared: inTurns(there, called(relaxed)) },
        { name: "actc TypeScript", prepared: inTurns(here, called(inTypeScript)) },
        {
          name: "loop",
          prepared: inTurns(
            here,
            kind === "value" ? ({ x, result }) => loop.forward(x, result) : called(loop.backward),
          ),
        },
        { name: "copy", prepared: inTurns(there, ({ x, result }) => result.set(x)) },
      ];
      for (const peer of peers) {
        const prepared = await peer
          .prepare?.(task)
          .catch((error: unknown) => void console.error(peer.name, name, error));
        if (prepared) candidates.push({ name: peer.name, prepared });
      }
      const times = await measured(
        candidates.map(({ prepared }) => prepared),
        length,
      );
      const results: Float32Array[] = [];
      for (const { prepared } of candidates) results.push(await prepared.results());
      candidates.forEach(({ name: candidate }, i) => {
        const error = candidate === "copy" ? 0 : errorOf(results[i]!, results[2]!);
        timings.push({ activation: name, kind, length, candidate, time: times[i]!, error });
      });
      candidates.forEach(({ prepared }) => prepared.dispose());
      console.error(
        `${name} ${kind} ${length}: ${candidates.map((each, i) => `${each.name} ${times[i]!.toFixed(2)}`).join(", ")}`,
      );
    }
  }
}

const machine = `${cpus()[0]?.model.trim()}, Node ${process.versions.node}, ${process.platform}-${process.arch}`;
const report = table(timings, {
  machine,
  rounds,
  peers: peers.map(({ name, description }) => `${name}: ${description}`),
});
if (flags.write) {
  writeFileSync(join(bench, "speed-results.md"), report);
  writeFileSync(join(bench, "speed.svg"), chart(timings, machine));
} else console.log(report);
process.exit(0);
