/**
 * How the definitions of this folder fare, the worst first:
 *
 *   npm run unprepared -- [NAME or KIND ...] [--target ts|wgsl] [--top N] [--all] [--worst] [--slow] [--oracle] [--update]
 *                         [--driver]
 *
 * A NAME is that of a definition, a KIND that of a file without `.def`. Without options every column beyond its bound is
 * listed, for both targets. Shaders are emulated; `--driver`: they are run by the software driver, and what has not changed
 * is not run again. `--all`: the other columns too. `--worst`: inputs, expected and actual of the worst result, and of the
 * first of each kind of fault. `--slow`: the definitions that take longest to compile. `--oracle`: the project's reference
 * against the table, nothing else. `--update`: writes gaps.json (with no names, both targets).
 */
import { parseArgs } from "node:util";
import { findSoftwareGpu, requestSoftwareDevice } from "../webgpu/driver.js";
import { ResultCache } from "./cache.js";
import { type CorpusDefinition, readCorpus, readExpected } from "./corpus.js";
import { writeGaps } from "./gaps.js";
import { faults, type TargetName } from "./judge.js";
import {
  type Column,
  type Compiled,
  compileEach,
  deviceSums,
  emulatedRunner,
  judged,
  measure,
  resultsOf,
  titleOf,
  typescriptRunner,
  wgslRunner,
} from "./measure.js";
import { disagreements } from "./oracle.js";

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    target: { type: "string" },
    top: { type: "string" },
    all: { type: "boolean" },
    worst: { type: "boolean" },
    slow: { type: "boolean" },
    oracle: { type: "boolean" },
    update: { type: "boolean" },
    driver: { type: "boolean" },
  },
});

const say = (line = ""): void => void process.stdout.write(`${line}\n`);
const wanted = ({ name, kind }: CorpusDefinition): boolean =>
  positionals.length === 0 || positionals.includes(name) || positionals.includes(kind);
const definitions = readCorpus().filter(wanted);
const expected = readExpected();

function seconds(since: number): string {
  return `${((performance.now() - since) / 1000).toFixed(1)} s`;
}

/** 0.51, 4.2, 123, 1.2e+7. */
const short = (error: number): string =>
  error < 100 ? error.toPrecision(3) : error < 1e5 ? error.toFixed(0) : error.toExponential(1);

/** Faults before errors: results that are no numbers, then limits, then what is off. */
const rank = ({ counts }: Column): number =>
  counts.broken || counts.lost || counts.invented ? 3 : counts.limit ? 2 : counts.inaccurate ? 1 : 0;
const bySeverity = (a: Column, b: Column): number => rank(b) - rank(a) || b.excess - a.excess || b.error - a.error;

const fails = ({ counts }: Column): boolean => Object.keys(counts).length > 0;

function printColumn(column: Column): void {
  const kinds = faults.flatMap((kind) => (column.counts[kind] ? [`${column.counts[kind]} ${kind}`] : []));
  const flushed = column.flushed > 0 ? [`${column.flushed} flushed`] : [];
  say(
    [
      column.target.padEnd(10),
      short(column.excess || column.error).padStart(9),
      titleOf(column).padEnd(44),
      [...kinds, ...flushed].join(", "),
    ].join("  "),
  );
  if (!options.worst) return;
  const examples = faults.flatMap((kind) => {
    const example = column.examples[kind];
    return example ? [{ kind, example }] : [];
  });
  if (examples.length === 0 && column.worst) examples.push({ kind: "inaccurate", example: column.worst });
  for (const { kind, example } of examples) {
    const numbers = Object.entries(example.numbers).map(([name, value]) => `${name} = ${value}`);
    say(`             ${kind} at ${numbers.join(", ")}: expected ${example.expected}, actual ${example.actual}`);
  }
}

function summary(target: TargetName, columns: readonly Column[], start: number): void {
  const inside = columns.filter((column) => !fails(column)).length;
  say(`${target}: ${inside} of ${columns.length} columns keep their bound (${seconds(start)})`);
  const kinds = [...new Set(columns.map(({ definition }) => definition.kind))];
  const failing = kinds.map((kind) => {
    const own = columns.filter(({ definition }) => definition.kind === kind);
    return `${kind} ${own.filter(fails).length}/${own.length}`;
  });
  say(`  beyond it: ${failing.join(", ")}`);
}

async function typescriptColumns(compiled: readonly Compiled[]): Promise<Column[]> {
  const start = performance.now();
  const run = await typescriptRunner(compiled);
  const columns: Column[] = [];
  for (const each of compiled) columns.push(...(await measure(each, "TypeScript", run, expected)));
  summary("TypeScript", columns, start);
  return columns;
}

async function emulatedColumns(compiled: readonly Compiled[]): Promise<Column[]> {
  const start = performance.now();
  const run = emulatedRunner(compiled);
  const columns: Column[] = [];
  for (const each of compiled) columns.push(...(await measure(each, "WGSL", run, expected)));
  summary("WGSL", columns, start);
  return columns;
}

/** Shaders that have not changed are not run again. */
async function driverColumns(compiled: readonly Compiled[]): Promise<Column[]> {
  const start = performance.now();
  const cache = new ResultCache(expected);
  const results = new Map(compiled.map((each) => [each, cache.get(each)]));
  const changed = compiled.filter((each) => !results.get(each));
  if (changed.length > 0) {
    const found = findSoftwareGpu();
    if (found.gpu === null) {
      say(`WGSL is not executed: ${found.reason}`);
      return [];
    }
    const run = await wgslRunner(await requestSoftwareDevice(), changed);
    for (const each of changed) {
      const fresh = await resultsOf(each, run, expected, deviceSums);
      cache.set(each, fresh);
      results.set(each, fresh);
    }
  }
  const columns = compiled.flatMap((each) => judged(each, "WGSL", expected, results.get(each) ?? []));
  summary("WGSL", columns, start);
  return columns;
}

async function report(): Promise<void> {
  if (definitions.length === 0) throw new RangeError("no definition has such a name, nor a file");
  if (options.oracle) {
    const found = definitions.flatMap((definition) => disagreements(definition, expected, 1, 0));
    found.forEach(({ text }) => say(text));
    const undecided = found.filter((each) => each.undecided).length;
    say(`${found.length - undecided} disagreements with mpmath, ${undecided} undecided`);
    return;
  }
  const targets = (["ts", "wgsl"] as const).filter((name) => options.target === undefined || options.target === name);
  const start = performance.now();
  const { compiled, refused } = await compileEach(definitions, targets);
  say(`${compiled.length} of ${definitions.length} definitions compile (${seconds(start)})`);
  for (const { definition, message } of refused) say(`${definition.name} does not compile: ${message}`);
  if (options.slow) {
    const slowest = [...compiled].sort((a, b) => b.milliseconds - a.milliseconds).slice(0, 20);
    for (const { definition, milliseconds } of slowest)
      say(`${milliseconds.toFixed(0).padStart(6)} ms  ${definition.name}`);
  }
  const columns = [
    ...(targets.includes("ts") ? await typescriptColumns(compiled) : []),
    ...(targets.includes("wgsl") ? await (options.driver ? driverColumns : emulatedColumns)(compiled) : []),
  ];
  if (options.update) {
    if (positionals.length > 0 || targets.length < 2) throw new RangeError("--update takes no names and no target");
    writeGaps(columns, refused);
  }
  const listed = columns.filter((column) => options.all || fails(column)).sort(bySeverity);
  for (const column of listed.slice(0, options.top === undefined ? undefined : Number(options.top)))
    printColumn(column);
}

try {
  await report();
} catch (error) {
  if (!(error instanceof RangeError)) throw error;
  process.stderr.write(`${error.stack}\n`);
  process.exitCode = 2;
}
// Devices would keep the process.
process.exit();
