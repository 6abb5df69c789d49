// How long `actc compile` takes: cold, with nothing changed, with one definition changed, and while watching.
//
//   npm run build && npm run bench:compile            prints the table
//   npm run build && npm run bench:compile -- --write and writes it to bench/compile-results.md
//   … -- --quick                                      without the 3000 definitions
//   … -- --rounds 1                                   once each, instead of five times
//
// Beside the clock's time it says the processor's, which other work on the machine hardly changes.
import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { availableParallelism, cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const { values: flags } = parseArgs({
  options: { write: { type: "boolean" }, quick: { type: "boolean" }, rounds: { type: "string", default: "5" } },
});
const rounds = Number(flags.rounds);
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

/** The same with a constant `C` in each, so that no two have the same graph. */
const distinctTemplates = [
  "act_N(x) = where(x > 0, C * x, 0)",
  "act_N(x; negative_slope = C) = where(x > 0, x, negative_slope * x)",
  "act_N(x; learn weight[channel] = C) = where(x > C, x, weight * x)",
  "act_N(x) = 0.5 * x * (1 + erf(C * x / sqrt(2)))",
  "act_N(x) = 0.5 * x * (1 + tanh(sqrt(2 / pi) * (x + C * x^3)))",
  "act_N(x; beta = 1 in (0, inf)) = log(C + exp(beta * x)) / beta",
  "act_N(x) = x * tanh(log(C + exp(x)))",
  "act_N(x; alpha = 1) = where(x > 0, C * x, alpha * (exp(x) - 1))",
  "act_N(x) = x * clamp(x + 3, 0, 6) / 6 * C",
  "act_N(gate, up) = gate * sigmoid(C * gate) * up\n  split -1",
  "act_N(x; learn alpha[channel] = 1 in (0, inf)) = x + C * sin(alpha * x)^2 / alpha",
  "act_N(x; axis d = -1) = e / sum[d](e)\n  let e = exp(C * (x - max[d](x)))",
];
const constantOf = (i) => (1 + ((i * 7919) % 9973) / 10007).toFixed(4);
const distinctDefinitions = (n) =>
  Array.from({ length: n }, (_, i) =>
    distinctTemplates[i % distinctTemplates.length].replace("N", String(i)).replaceAll("C", constantOf(i)),
  ).join("\n\n");

const definition = (i, constant = 1) =>
  i === 0
    ? `## Definition 0.\nact_0(x) = x / (${constant} + abs(x))\n`
    : `## Definition ${i}.\n${templates[i % templates.length].replace("N", String(i))}\n`;
const definitions = (n, constant) => Array.from({ length: n }, (_, i) => definition(i, constant)).join("\n");

const pinned = spawnSync("taskset", ["-c", "0", "true"]).status === 0;
let isOnOneCore = pinned;
const command = (args) =>
  isOnOneCore ? ["taskset", ["-c", "0", process.execPath, ...args]] : [process.execPath, args];

const scratch = mkdtempSync(join(tmpdir(), "actc-bench-"));
const usageFile = join(scratch, "usage.json");
/** Makes a process leave behind what it used. */
const reporting = `data:text/javascript,${encodeURIComponent(
  `import { writeFileSync } from "node:fs";
process.on("exit", () => writeFileSync(${JSON.stringify(usageFile)}, JSON.stringify(process.resourceUsage())));`,
)}`;

function run(args, cwd) {
  const [file, all] = command(["--import", reporting, ...args]);
  const start = performance.now();
  const { status, stderr } = spawnSync(file, all, { cwd, encoding: "utf8", maxBuffer: 1 << 28 });
  const clock = (performance.now() - start) / 1000;
  if (status !== 0) throw new Error(`actc ended with ${status}:\n${stderr.slice(0, 2000)}`);
  const { userCPUTime, systemCPUTime, maxRSS } = JSON.parse(readFileSync(usageFile, "utf8"));
  return { processor: (userCPUTime + systemCPUTime) / 1e6, clock, megabytes: maxRSS / 1024 };
}

/** Of several runs. */
function summary(runs) {
  const sorted = (key) => runs.map((each) => each[key]).sort((a, b) => a - b);
  const [processor, clock, megabytes] = [sorted("processor"), sorted("clock"), sorted("megabytes")];
  return {
    processor: processor[runs.length >> 1],
    clock: { median: clock[runs.length >> 1], least: clock[0], most: clock.at(-1) },
    megabytes: megabytes.at(-1),
  };
}

const repeat = (measure, times = rounds) => summary(Array.from({ length: times }, (_, round) => measure(round)));

/** Runs `measure` in a project with these definitions. */
function inProject(text, measure) {
  const cwd = mkdtempSync(join(tmpdir(), "actc-bench-"));
  try {
    mkdirSync(join(cwd, "node_modules"));
    writeFileSync(join(cwd, "acts.def"), text);
    return measure(cwd);
  } finally {
    rmSync(cwd, { recursive: true, force: true });
  }
}

const compile = (cwd, ...options) => run([main, "compile", ...options], cwd);

/** Thousands of definitions are compiled once: what varies from run to run is little beside that. */
const timesFor = (text) => (text.length > 100_000 ? 1 : rounds);

const cold = (text, ...options) =>
  inProject(text, (cwd) => {
    if (!options.includes("--no-lock")) compile(cwd, "--no-cache");
    return repeat(() => {
      rmSync(join(cwd, "generated"), { recursive: true, force: true });
      return compile(cwd, "--no-cache", ...options);
    }, timesFor(text));
  });

const unchanged = (text) =>
  inProject(text, (cwd) => {
    compile(cwd);
    return repeat(() => compile(cwd));
  });

const oneChanged = (n) =>
  inProject(definitions(n), (cwd) => {
    compile(cwd);
    return repeat((round) => {
      writeFileSync(join(cwd, "acts.def"), definitions(n, round + 2));
      return compile(cwd);
    });
  });

/** Seconds of the processor that a process has used so far, to a hundredth; NaN where the system does not tell. */
function processorTime(pid) {
  const file = `/proc/${pid}/stat`;
  if (!existsSync(file)) return NaN;
  const fields = readFileSync(file, "utf8").split(") ")[1].split(" ");
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

/** @param textAt the definitions after so many changes */
async function watched(textAt, lock) {
  const cwd = mkdtempSync(join(tmpdir(), "actc-bench-"));
  mkdirSync(join(cwd, "node_modules"));
  writeFileSync(join(cwd, "acts.def"), textAt(0));
  if (lock) writeFileSync(join(cwd, "acts.lock.json"), lock);
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
  const runs = [];
  for (let round = 0; round < 2 * rounds; round++) {
    await new Promise((resolve) => setTimeout(resolve, 200));
    const next = built();
    const before = processorTime(child.pid);
    const start = performance.now();
    writeFileSync(join(cwd, "acts.def"), textAt(round + 1));
    await next;
    const clock = (performance.now() - start) / 1000;
    runs.push({ processor: processorTime(child.pid) - before, clock, megabytes: NaN });
  }
  child.kill("SIGINT");
  await ended;
  rmSync(cwd, { recursive: true, force: true });
  // The first changes are those for which code is still being translated.
  return summary(runs.slice(rounds));
}

const catalogue = readFileSync(new URL("../acts.def", import.meta.url), "utf8");
const lock = readFileSync(new URL("../acts.lock.json", import.meta.url), "utf8");
const changedCatalogue = (round) =>
  round === 0 ? catalogue : catalogue.replace("softsign(x) = x / (1 +", `softsign(x) = x / (${round + 1} +`);

const sizes = flags.quick ? [10, 50, 400] : [10, 50, 400, 3000];
const start = repeat(() => run(["-e", "0"], tmpdir()));
const rows = [["`node -e 0`, for comparison", start]];
const add = (name, result) => {
  rows.push([name, result]);
  console.error(`${name}: ${result.processor.toFixed(2)} s, ${result.clock.median.toFixed(2)} s by the clock`);
};
const cores = availableParallelism();
const onAll = ` on ${cores} core${cores === 1 ? "" : "s"}`;
/** Cold, with a lock file and without. */
function addCold(what, text, where = "") {
  add(`${what}, cold, with a lock file${where}`, cold(text));
  add(`${what}, cold, without${where}`, cold(text, "--no-lock"));
}
for (const n of sizes) addCold(`${n} definitions`, definitions(n));
for (const n of sizes.slice(0, 3)) addCold(`${n} definitions with constants of their own`, distinctDefinitions(n));
addCold("`acts.def`", catalogue);
isOnOneCore = false;
for (const n of sizes.slice(0, 3)) addCold(`${n} definitions`, definitions(n), onAll);
addCold("`acts.def`", catalogue, onAll);
isOnOneCore = pinned;
for (const n of sizes.slice(0, 3)) add(`${n} definitions, nothing changed`, unchanged(definitions(n)));
add("50 definitions, one changed", oneChanged(50));
const waiting = "while watching (by the clock with 0.04 s of waiting for the editor)";
add(`50 definitions, one changed, ${waiting}`, await watched((round) => definitions(50, round + 1)));
add(`\`acts.def\`, one changed, ${waiting}`, await watched(changedCatalogue, lock));
rmSync(scratch, { recursive: true, force: true });

const cell = (seconds) => (Number.isNaN(seconds) ? "" : seconds.toFixed(seconds < 10 ? 2 : 1));
const memory = (megabytes) => (Number.isNaN(megabytes) ? "" : megabytes.toFixed(0));
const table = [
  "| case | processor, s | clock, s | least – most | memory, MB |",
  "| --- | ---: | ---: | ---: | ---: |",
  ...rows.map(
    ([name, { processor, clock, megabytes }]) =>
      `| ${name} | ${cell(processor)} | ${cell(clock.median)} | ${cell(clock.least)} – ${cell(clock.most)} | ${memory(megabytes)} |`,
  ),
].join("\n");
console.log(table);

if (flags.write) {
  const text = `# Compile times

The whole command \`actc compile\`, from start to exit, writing all usual targets. Medians of ${rounds} run${rounds === 1 ? "" : "s"}${pinned ? ", pinned to one core unless said" : ""},
3000 definitions once. ${cpus()[0]?.model ?? "unknown CPU"}, Node ${process.versions.node}, ${process.platform}-${process.arch}. "Cold" is without any cache and without an output folder.
The processor's seconds are to be compared: the clock's contain whatever else the machine was doing. Memory is the largest resident set.

${table}

To repeat: \`npm run build && npm run bench:compile -- --write\`. The definitions are ${templates.length} typical ones,
numbered (bench/compile.mjs), so that all but the first twelve find what was searched for already known. "With constants of their own"
no two are alike. What was searched for is in the lock file, which is committed: without one, forms for shaders are tried out anew.
`;
  writeFileSync(fileURLToPath(new URL("compile-results.md", import.meta.url)), text);
}
