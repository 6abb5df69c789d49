// How long `actc compile` takes: cold, with nothing changed, with one definition changed, and while watching.
//
//   npm run build && npm run bench:compile            prints the table
//   npm run build && npm run bench:compile -- --write and writes it to bench/compile-results.md
//   … -- --quick                                      without the 3000 definitions
import { spawn, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const { values: flags } = parseArgs({ options: { write: { type: "boolean" }, quick: { type: "boolean" } } });
const rounds = 5;
const main = fileURLToPath(new URL("../dist/compiler/cli/main.js", import.meta.url));

/** Definitions as people write them; `N` is the definition's number. */
const templates = [
  "act_N(x) = where(x > 0, x, 0)",
  "act_N(x; negative_slope = 0.01) = where(x > 0, x, negative_slope * x)",
  "act_N(x; learn weight[channel] = 0.25) = where(x > 0, x, weight * x)",
  "act_N(x) = 0.5 * x * (1 + erf(x / sqrt(2)))",
  "act_N(x) = 0.5 * x * (1 + tanh(sqrt(2 / pi) * (x + 0.044715 * x^3)))",
  "act_N(x; beta = 1 in (0, inf)) = log(1 + exp(beta * x)) / beta",
  "act_N(x) = x * tanh(log(1 + exp(x)))",
  "act_N(x; alpha = 1) = where(x > 0, x, alpha * (exp(x) - 1))",
  "act_N(x) = x * clamp(x + 3, 0, 6) / 6",
  "act_N(gate, up) = gate * sigmoid(gate) * up\n  split -1",
  "act_N(x; learn alpha[channel] = 1 in (0, inf)) = x + sin(alpha * x)^2 / alpha",
  "act_N(x; axis d = -1) = e / sum[d](e)\n  let e = exp(x - max[d](x))",
];
const definition = (i, constant = 1) =>
  i === 0
    ? `## Definition 0.\nact_0(x) = x / (${constant} + abs(x))\n`
    : `## Definition ${i}.\n${templates[i % templates.length].replace("N", String(i))}\n`;
const definitions = (n, constant) => Array.from({ length: n }, (_, i) => definition(i, constant)).join("\n");

const pinned = spawnSync("taskset", ["-c", "0", "true"]).status === 0;
const command = (args) => (pinned ? ["taskset", ["-c", "0", process.execPath, ...args]] : [process.execPath, args]);

function run(args, cwd) {
  const [file, all] = command(args);
  const start = performance.now();
  const { status, stderr } = spawnSync(file, all, { cwd, encoding: "utf8", maxBuffer: 1 << 28 });
  const seconds = (performance.now() - start) / 1000;
  if (status !== 0) throw new Error(`actc ended with ${status}:\n${stderr.slice(0, 2000)}`);
  return seconds;
}

function repeat(measure) {
  const seconds = Array.from({ length: rounds }, (_, round) => measure(round)).sort((a, b) => a - b);
  return { median: seconds[rounds >> 1], least: seconds[0], most: seconds[rounds - 1] };
}

/** Runs `measure` in a project with `n` definitions. */
function inProject(n, measure) {
  const cwd = mkdtempSync(join(tmpdir(), "actc-bench-"));
  try {
    mkdirSync(join(cwd, "node_modules"));
    writeFileSync(join(cwd, "acts.def"), definitions(n));
    return measure(cwd);
  } finally {
    rmSync(cwd, { recursive: true, force: true });
  }
}

const compile = (cwd, ...options) => run([main, "compile", ...options], cwd);

const cold = (n, ...options) =>
  inProject(n, (cwd) => {
    if (options.length === 0) compile(cwd, "--no-cache");
    return repeat(() => {
      rmSync(join(cwd, "generated"), { recursive: true, force: true });
      return compile(cwd, "--no-cache", ...options);
    });
  });

const unchanged = (n) =>
  inProject(n, (cwd) => {
    compile(cwd);
    return repeat(() => compile(cwd));
  });

const oneChanged = (n) =>
  inProject(n, (cwd) => {
    compile(cwd);
    return repeat((round) => {
      writeFileSync(join(cwd, "acts.def"), definitions(n, round + 2));
      return compile(cwd);
    });
  });

async function watched(n) {
  const cwd = mkdtempSync(join(tmpdir(), "actc-bench-"));
  mkdirSync(join(cwd, "node_modules"));
  writeFileSync(join(cwd, "acts.def"), definitions(n));
  const [file, all] = command([main, "compile", "--watch"]);
  const child = spawn(file, all, { cwd, stdio: ["ignore", "pipe", "inherit"] });
  const ended = new Promise((resolve) => child.once("close", resolve));
  const built = () =>
    new Promise((resolve, reject) => {
      const look = (chunk) => {
        if (!String(chunk).includes("watching")) return;
        child.stdout.off("data", look);
        resolve();
      };
      child.stdout.on("data", look);
      child.once("close", () => reject(new Error("the watch ended")));
    });
  await built();
  const seconds = [];
  for (let round = 0; round < rounds; round++) {
    await new Promise((resolve) => setTimeout(resolve, 200));
    const next = built();
    const start = performance.now();
    writeFileSync(join(cwd, "acts.def"), definitions(n, round + 2));
    await next;
    seconds.push((performance.now() - start) / 1000);
  }
  child.kill("SIGINT");
  await ended;
  rmSync(cwd, { recursive: true, force: true });
  seconds.sort((a, b) => a - b);
  return { median: seconds[rounds >> 1], least: seconds[0], most: seconds[rounds - 1] };
}

const sizes = flags.quick ? [50, 400] : [50, 400, 3000];
const start = repeat(() => run(["-e", "0"], tmpdir()));
const rows = [["`node -e 0`, for comparison", start]];
const add = (name, result) => {
  rows.push([name, result]);
  console.error(`${name}: ${result.median.toFixed(2)} s`);
};
for (const n of sizes) add(`${n} definitions, cold, without a lock file`, cold(n, "--no-lock"));
for (const n of sizes) add(`${n} definitions, cold`, cold(n));
for (const n of sizes) add(`${n} definitions, nothing changed`, unchanged(n));
add("50 definitions, one changed", oneChanged(50));
add("50 definitions, one changed, while watching (with 0.04 s of waiting for the editor)", await watched(50));

const cell = (seconds) => seconds.toFixed(seconds < 10 ? 3 : 1);
const table = [
  "| case | median, s | least – most, s | × start of Node |",
  "| --- | ---: | ---: | ---: |",
  ...rows.map(
    ([name, { median, least, most }]) =>
      `| ${name} | ${cell(median)} | ${cell(least)} – ${cell(most)} | ${(median / start.median).toFixed(1)} |`,
  ),
].join("\n");
console.log(table);

if (flags.write) {
  const text = `# Compile times

The whole command \`actc compile\`, from start to exit, writing all targets. ${rounds} runs each${pinned ? ", pinned to one core" : ""}.
${cpus()[0]?.model ?? "unknown CPU"}, Node ${process.versions.node}, ${process.platform}-${process.arch}. "Cold" is without any cache and without an output folder.

${table}

To repeat: \`npm run build && npm run bench:compile -- --write\`. The definitions are ${templates.length} typical ones,
numbered (bench/compile.mjs).
`;
  writeFileSync(fileURLToPath(new URL("compile-results.md", import.meta.url)), text);
}
