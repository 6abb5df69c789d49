// How fast the TypeScript kernels of generated/ are, beside the loop that most people write with Math.* and beside
// TensorFlow.js on its backend in JavaScript (a dependency of bench/package.json: `npm ci` in bench/).
//
//   npm run build && npm run bench:typescript            prints the tables
//   npm run build && npm run bench:typescript -- --write and writes them to bench/typescript-results.md
//   … -- --only silu,gelu --rounds 31                    some activations, more rounds
import { mkdirSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import { build } from "esbuild";
import { activationOf, readDefinitions } from "../dist/compiler/compile.js";
import { inFreshGraph } from "../dist/compiler/ir/expr.js";
import { referenceDerivative, referenceValue } from "../dist/compiler/numerics/reference.js";
import { ulpError } from "../dist/compiler/numerics/rounding.js";
import { loops } from "./loops.mjs";
import { readFileSync } from "node:fs";

const { values: flags } = parseArgs({
  options: { write: { type: "boolean" }, only: { type: "string" }, rounds: { type: "string", default: "15" } },
});
const rounds = Math.max(15, Number(flags.rounds));
const root = fileURLToPath(new URL("..", import.meta.url));
/** Elements, and how many of them are compared with the real value. */
const sizes = [2 ** 16, 2 ** 20];
const compared = 400;

// --- TensorFlow.js ---

const geluScale = Math.sqrt(2 / Math.PI);

/** Its own operations where it has them, else what its layers write. */
const tensorFlowOf = (tf) => ({
  relu: (x) => tf.relu(x),
  leaky_relu: (x) => tf.leakyRelu(x, 0.01),
  sigmoid: (x) => tf.sigmoid(x),
  tanh: (x) => tf.tanh(x),
  silu: (x) => tf.mul(x, tf.sigmoid(x)),
  gelu: (x) => tf.mul(tf.mul(0.5, x), tf.add(1, tf.erf(tf.div(x, Math.SQRT2)))),
  gelu_tanh: (x) =>
    tf.mul(tf.mul(0.5, x), tf.add(1, tf.tanh(tf.mul(geluScale, tf.add(x, tf.mul(0.044715, tf.pow(x, 3))))))),
  softplus: (x) => tf.softplus(x),
  mish: (x) => tf.mul(x, tf.tanh(tf.softplus(x))),
  elu: (x) => tf.elu(x),
  selu: (x) => tf.selu(x),
  hard_swish: (x) => tf.mul(x, tf.div(tf.relu6(tf.add(x, 3)), 6)),
});

async function tensorFlow() {
  try {
    const tf = await import("@tensorflow/tfjs");
    await tf.setBackend("cpu");
    await tf.ready();
    return tf;
  } catch {
    console.error("TensorFlow.js is not installed (npm ci in bench/): its column stays empty");
    return null;
  }
}

// --- Kernels of generated/ ---

const cache = join(root, "bench", ".cache", "typescript-speed");

async function kernelsOf(names) {
  mkdirSync(cache, { recursive: true });
  await build({
    entryPoints: names.map((name) => join(root, "generated", `${name}.ts`)),
    outdir: cache,
    outExtension: { ".js": ".mjs" },
    format: "esm",
    target: "node20",
  });
  const manifest = JSON.parse(readFileSync(join(root, "generated", "manifest.json"), "utf8"));
  const kernels = {};
  for (const name of names) {
    const module = await import(pathToFileURL(join(cache, `${name}.mjs`)).href);
    const entry = manifest.activations.find((each) => each.name === name);
    kernels[name] = {};
    for (const direction of ["forward", "backward"]) {
      const { export: exported, arguments: list } = entry.kernels.ts[direction];
      const kernel = module[exported];
      const place = { cotangent: 0, input: 1, output: 2, gradient: 2 };
      // Arguments in the order of the manifest, from (dy, x, result).
      const positions = list.map(({ role }) => place[role] ?? -1);
      const defaults = list.map((argument) => argument.default);
      kernels[name][direction] = (dy, x, result) => {
        const arrays = [dy, x, result];
        kernel(...positions.map((position, i) => (position < 0 ? defaults[i] : arrays[position])));
      };
    }
  }
  return kernels;
}

// --- Measuring ---

/** Normal numbers of this standard deviation, the same on every run (xorshift, Box and Muller). */
function normal(length, deviation, seed) {
  let state = seed;
  const random = () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return ((state >>> 0) + 0.5) / 2 ** 32;
  };
  return Float32Array.from(
    { length },
    () => deviation * Math.sqrt(-2 * Math.log(random())) * Math.cos(2 * Math.PI * random()),
  );
}

const median = (values) => [...values].sort((a, b) => a - b)[values.length >> 1];

/** Milliseconds that a run takes: of the clock, or of the processor where other programs get in between. */
function timed(run) {
  const processor = process.cpuUsage();
  const start = performance.now();
  run();
  const wall = performance.now() - start;
  const { user, system } = process.cpuUsage(processor);
  return Math.min(wall, (user + system) / 1000);
}

/** Nanoseconds per element: medians of rounds in which the candidates take turns. */
function measure(candidates, length) {
  const repetitions = candidates.map((run) => {
    for (let k = 0; k < 3 + 2 ** 21 / length; k++) run();
    const once = Math.max(0.01, timed(run));
    return Math.max(1, Math.round(6 / once));
  });
  const times = candidates.map(() => []);
  for (let round = 0; round < rounds; round++) {
    candidates.forEach((run, i) => {
      const time = timed(() => {
        for (let k = 0; k < repetitions[i]; k++) run();
      });
      times[i].push((time * 1e6) / (repetitions[i] * length));
    });
  }
  return times.map(median);
}

/** The largest error in ULP of float32, for a cotangent of 1, of results at some of the inputs. */
function errorsOf(activation, direction, x, results) {
  const [input] = activation.inputs;
  const bindings = new Map(activation.hyperparameters.map((each) => [each.variable, each.default]));
  const worst = results.map(() => 0);
  for (let i = 0; i < compared; i++) {
    bindings.set(input, x[i]);
    const { ball } =
      direction === "forward"
        ? referenceValue(activation.body, bindings, "binary32")
        : referenceDerivative(activation, input, bindings, "binary32");
    results.forEach((result, k) => (worst[k] = Math.max(worst[k], ulpError(result[i], ball, "binary32"))));
  }
  return worst;
}

// --- Report ---

const number = (value, digits = 2) => (value === undefined ? "" : value.toFixed(digits));
const ulp = (value) => (value === undefined ? "" : value < 1000 ? value.toPrecision(3) : value.toExponential(0));
const geometricMean = (values) => Math.exp(values.reduce((sum, value) => sum + Math.log(value), 0) / values.length);

const names = flags.only ? flags.only.split(",") : Object.keys(loops);
const tf = await tensorFlow();
const peer = tf && tensorFlowOf(tf);
const kernels = await kernelsOf(names);
const source = { file: "acts.def", text: readFileSync(join(root, "acts.def"), "utf8") };
const definitions = new Map(readDefinitions([source]).definitions.map((each) => [each.definition.name.text, each]));

const lines = [];
for (const length of sizes) {
  const x = normal(length, 3, 12345);
  const dy = normal(length, 1, 777);
  const ones = new Float32Array(length).fill(1);
  const tensors = tf && { x: tf.tensor1d(x), dy: tf.tensor1d(dy), ones: tf.tensor1d(ones) };
  for (const direction of ["forward", "backward"]) {
    lines.push("", `## ${direction === "forward" ? "Forward" : "Backward"}, ${length} elements`, "");
    lines.push(
      "| | loop, ns | actc, ns | **loop / actc** | TF.js, ns | **TF.js / actc** | error of the loop, ULP | of actc | of TF.js |",
      "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
    );
    const ratios = { loop: [], peer: [] };
    for (const name of names) {
      const results = [new Float32Array(length), new Float32Array(length)];
      const own = kernels[name][direction];
      const loop = loops[name][direction];
      const runs = [
        direction === "forward" ? () => loop(x, results[0]) : () => loop(dy, x, results[0]),
        () => own(dy, x, results[1]),
      ];
      if (tf) {
        const f = peer[name];
        const gradient = tf.grad(f);
        runs.push(
          direction === "forward"
            ? () => tf.tidy(() => void f(tensors.x))
            : () => tf.tidy(() => void gradient(tensors.x, tensors.dy)),
        );
      }
      const [loopTime, ownTime, peerTime] = measure(runs, length);
      // Once more, with a cotangent of 1, to look at the numbers.
      if (direction === "backward") loop(ones, x, results[0]);
      own(ones, x, results[1]);
      if (tf) {
        const tensor = direction === "forward" ? peer[name](tensors.x) : tf.grad(peer[name])(tensors.x, tensors.ones);
        results.push(await tensor.data());
      }
      const [loopError, ownError, peerError] = inFreshGraph(() =>
        errorsOf(activationOf(definitions.get(name)).activation, direction, x, results),
      );
      ratios.loop.push(loopTime / ownTime);
      if (peerTime !== undefined) ratios.peer.push(peerTime / ownTime);
      const cells = [name, number(loopTime), number(ownTime), `**${number(loopTime / ownTime)}**`];
      cells.push(number(peerTime), peerTime === undefined ? "" : `**${number(peerTime / ownTime)}**`);
      lines.push(`| ${[...cells, ulp(loopError), ulp(ownError), ulp(peerError)].join(" | ")} |`);
      console.error(lines.at(-1));
    }
    const means = [ratios.loop, ratios.peer].map((list) =>
      list.length === 0 ? "" : `**${number(geometricMean(list))}**`,
    );
    lines.push(`| geometric mean | | | ${means[0]} | | ${means[1]} | | | |`);
    console.error(lines.at(-1));
  }
}

const report = `# Speed of the TypeScript kernels

Nanoseconds per element on one thread, float32, inputs from a normal distribution of variance 9: medians of ${rounds} rounds in
which the candidates take turns. ${cpus()[0]?.model.trim()}, Node ${process.versions.node}, ${process.platform}-${process.arch}.

"Loop" is what most people write with \`Math.*\`; TF.js is TensorFlow.js${tf ? ` ${tf.version.tfjs}` : ""} on its backend in JavaScript, which computes the
value on the way to a gradient. Errors are the largest among ${compared} of the elements, against the real value of the
definition, for a cotangent of 1.

To repeat: \`npm ci\` here and in \`bench/\`, \`npm run build\`, \`npm run bench:typescript -- --write\`.
${lines.join("\n")}
`;
if (flags.write) writeFileSync(join(root, "bench", "typescript-results.md"), report);
else console.log(report);
