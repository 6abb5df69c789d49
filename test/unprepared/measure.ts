/** Compiles definitions of the corpus, calls their kernels through the manifest alone, and judges the results. */
import { compile } from "../../compiler/compile.js";
import {
  type ActivationEntry,
  type Call,
  entryOf,
  type Generated,
  type Outcome,
  readGenerated,
} from "../harness/manifest.js";
import { EmulatedKernelSet } from "../harness/emulated.js";
import { TypeScriptKernelSet } from "../harness/typescript.js";
import { WgslKernelSet } from "../harness/wgsl.js";
import {
  type CorpusDefinition,
  type Expectation,
  type Group,
  groupsOf,
  type readExpected,
  type Row,
} from "./corpus.js";
import { boundOf, type Fault, judge, type TargetName } from "./judge.js";

export interface Example {
  readonly numbers: Readonly<Record<string, number>>;
  readonly expected: number;
  readonly actual: number;
}

/** How a column of a definition fares on a target. */
export interface Column {
  readonly definition: CorpusDefinition;
  readonly target: TargetName;
  /** "value", or the input or learned parameter that the derivative is in. */
  readonly column: string;
  /** The largest error in ulp of results that are finite and expected to be. */
  readonly error: number;
  /** The largest of those beyond their bound; 0 where all keep it. */
  readonly excess: number;
  readonly worst: Example | undefined;
  readonly counts: Readonly<Partial<Record<Fault, number>>>;
  /** The first example of each kind of fault. */
  readonly examples: Readonly<Partial<Record<Fault, Example>>>;
  readonly flushed: number;
  readonly judged: number;
}

export interface Compiled {
  readonly definition: CorpusDefinition;
  readonly generated: Generated;
  readonly entry: ActivationEntry;
  readonly milliseconds: number;
}

/** A definition that the compiler refuses, or breaks on. */
export interface Refused {
  readonly definition: CorpusDefinition;
  readonly message: string;
}

export async function compileEach(
  definitions: readonly CorpusDefinition[],
  targets: readonly ("ts" | "wgsl")[],
): Promise<{ readonly compiled: readonly Compiled[]; readonly refused: readonly Refused[] }> {
  const compiled: Compiled[] = [];
  const refused: Refused[] = [];
  for (const definition of definitions) {
    const start = performance.now();
    try {
      const { files, diagnostics } = await compile([{ file: "acts.def", text: definition.text }], {
        targets,
        kernels: ["forward", "backward"],
      });
      const errors = diagnostics.filter(({ severity }) => severity === "error");
      if (errors.length > 0) throw new Error(errors.map(({ message }) => message).join("; "));
      const all = readGenerated(files);
      const entry = entryOf(all, definition.name);
      const generated = { ...all, manifest: { ...all.manifest, activations: [entry] } };
      compiled.push({ definition, generated, entry, milliseconds: performance.now() - start });
    } catch (error) {
      refused.push({ definition, message: error instanceof Error ? error.message : String(error) });
    }
  }
  return { compiled, refused };
}

/** What a target computed: columns by name, one number per row. */
export type Results = Readonly<Record<string, ArrayLike<number | undefined>>>;
/** Runs a kernel; of a backward kernel, at least what the gradients wanted need. */
export type Run = (
  entry: ActivationEntry,
  kernel: "forward" | "backward",
  call: Call,
  wanted?: (of: string) => boolean,
) => Promise<Outcome>;

/**
 * Of so many rows per definition a shader's gradients in parameters are tried on a device: each is a sum of 64 workgroups,
 * which take the software driver a twentieth of a second.
 */
export const deviceSums = 4;

export async function typescriptRunner(compiled: readonly Compiled[]): Promise<Run> {
  const kernels = await TypeScriptKernelSet.load(combined(compiled));
  return (entry, kernel, call) => Promise.resolve(kernels.call(entry, kernel, call));
}

/** Shaders run in JavaScript, every operation rounded to float32: without a device, and without its compiler's time. */
export function emulatedRunner(compiled: readonly Compiled[]): Run {
  const kernels = new EmulatedKernelSet(combined(compiled));
  return (entry, kernel, call, wanted) => Promise.resolve(kernels.call(entry, kernel, call, wanted));
}

export async function wgslRunner(device: GPUDevice, compiled: readonly Compiled[]): Promise<Run> {
  const kernels = await WgslKernelSet.load(device, combined(compiled));
  return (entry, kernel, call, wanted) => kernels.call(entry, kernel, call, wanted);
}

function combined(compiled: readonly Compiled[]): Generated {
  const [first] = compiled;
  if (!first) throw new Error("no definition compiles");
  return {
    manifest: { ...first.generated.manifest, activations: compiled.map(({ entry }) => entry) },
    files: new Map(compiled.flatMap(({ generated }) => [...generated.files])),
  };
}

/** Every column of a definition on a target. */
export async function measure(
  compiled: Compiled,
  target: TargetName,
  run: Run,
  table: ReturnType<typeof readExpected>,
): Promise<readonly Column[]> {
  return judged(compiled, target, table, await resultsOf(compiled, run, table));
}

const groupsFor = ({ definition, entry }: Compiled, table: ReturnType<typeof readExpected>): readonly Group[] => {
  const groups = groupsOf(table.get(definition.name) ?? [], entry.inputs.length);
  if (groups.length === 0) throw new Error(`expected.json has nothing of ${definition.name}: run expected.py`);
  return groups;
};

/** What the kernels make of every row, group by group. */
export function resultsOf(
  compiled: Compiled,
  run: Run,
  table: ReturnType<typeof readExpected>,
  sums = Infinity,
): Promise<readonly Results[]> {
  const groups = groupsFor(compiled, table);
  return Promise.all(
    groups.map((group, g) => resultsOfGroup(compiled.entry, group, run, learnedRowsOf(group, g, sums))),
  );
}

export function judged(
  compiled: Compiled,
  target: TargetName,
  table: ReturnType<typeof readExpected>,
  results: readonly Results[],
): readonly Column[] {
  const { definition, entry } = compiled;
  const columns = ["value", ...entry.inputs, ...entry.learned.map(({ name }) => name)];
  const tallies = columns.map((column) => new Tally(definition, target, column));
  groupsFor(compiled, table).forEach((group, g) => {
    group.rows.forEach((row, r) => {
      const inputs = Object.fromEntries(entry.inputs.map((name, i) => [name, row.inputs[i] ?? NaN]));
      const numbers = { ...inputs, ...group.parameters };
      const vanishing = vanishes(row);
      columns.forEach((column, c) => {
        const actual = results[g]?.[column]?.[r];
        const expected = row.columns[c];
        if (!expected || actual === undefined) return;
        tallies[c]?.add(actual, expected, numbers, c, row, flushedRow(group, row, c), vanishing);
      });
    });
  });
  return tallies.map((tally) => tally.result());
}

/** Small, and so steep that its logarithm changes by more than 8 while the input doubles. */
function vanishes({ inputs, columns }: Row): boolean {
  const value = columns[0]?.value ?? 0;
  const steepness = inputs.reduce((sum, x, i) => sum + Math.abs(x * (columns[i + 1]?.value ?? 0)), 0);
  return Math.abs(value) < 2 ** -8 && steepness > 8 * Math.abs(value);
}

const isSubnormal = (x: number): boolean => x !== 0 && Math.abs(x) < 2 ** -126;

/** What is expected where subnormal inputs are taken for 0; undefined where the table does not tell, or there are none. */
function flushedRow(group: Group, row: Row, column: number): Expectation | undefined {
  if (!row.inputs.some(isSubnormal)) return undefined;
  const flushed = row.inputs.map((x) => (isSubnormal(x) ? 0 : x));
  return group.rows.find(({ inputs }) => inputs.every((x, i) => x === flushed[i]))?.columns[column];
}

/** Results of a group, by column; holes where nothing was run. */
async function resultsOfGroup(
  entry: ActivationEntry,
  group: Group,
  run: Run,
  learnedRows: readonly number[],
): Promise<Results> {
  const { rows } = group;
  const learned = entry.learned.map(({ name }) => name);
  const [forward, backward, ...sums] = await Promise.all([
    run(entry, "forward", callOf(entry, group, rows)),
    run(entry, "backward", callOf(entry, group, rows), (of) => entry.inputs.includes(of)),
    // The gradient of a parameter is a sum over all elements: one at a time.
    ...(learned.length > 0 ? learnedRows : []).map(async (row) => ({
      row,
      ...(await run(entry, "backward", callOf(entry, group, rows.slice(row, row + 1)), (of) => learned.includes(of))),
    })),
  ]);
  const ofLearned = (name: string): (number | undefined)[] => {
    const column = new Array<number | undefined>(rows.length).fill(undefined);
    for (const { row, gradients } of sums) column[row] = gradients[name]?.[0];
    return column;
  };
  return {
    value: forward.output,
    ...Object.fromEntries(entry.inputs.map((name) => [name, backward.gradients[name] ?? []])),
    ...Object.fromEntries(learned.map((name) => [name, ofLearned(name)])),
  };
}

function callOf(entry: ActivationEntry, { parameters }: Group, rows: readonly Row[]): Call {
  return {
    shape: [rows.length],
    inputs: Object.fromEntries(entry.inputs.map((name, i) => [name, rows.map(({ inputs }) => inputs[i] ?? NaN)])),
    cotangent: rows.map(() => 1),
    parameters,
  };
}

/** Rows of a group whose gradients in parameters are run: all, or one of each of the first groups. */
function learnedRowsOf(group: Group, index: number, sums: number): readonly number[] {
  if (sums === Infinity) return group.rows.map((_, row) => row);
  return index < sums ? [(3 * index + 2) % group.rows.length] : [];
}

class Tally {
  private error = 0;
  private excess = 0;
  private ratio = 0;
  private worst: Example | undefined;
  private readonly counts: Partial<Record<Fault, number>> = {};
  private readonly examples: Partial<Record<Fault, Example>> = {};
  private flushed = 0;
  private judged = 0;

  constructor(
    private readonly definition: CorpusDefinition,
    private readonly target: TargetName,
    private readonly column: string,
  ) {}

  add(
    actual: number,
    expected: Expectation,
    numbers: Readonly<Record<string, number>>,
    column: number,
    { inputs }: Row,
    flushed: Expectation | undefined,
    vanishing: boolean,
  ): void {
    const { target } = this;
    const result = { target, column, actual, expected, inputs, numbers: Object.values(numbers), vanishing };
    const verdict = judge(result);
    if (!verdict) return;
    this.judged += 1;
    if (verdict.kind === "flushed") {
      this.flushed += 1;
      return;
    }
    if (verdict.kind !== "right" && target === "WGSL" && inputs.some(isSubnormal)) {
      // Of some places the table does not say what is right; where it has none, there is no value.
      const there = judge({ ...result, expected: flushed ?? { ...expected, value: NaN } });
      if (there === undefined || there.kind === "right") {
        this.flushed += 1;
        return;
      }
    }
    const example = { numbers, expected: expected.value ?? NaN, actual };
    const finite = verdict.kind === "right" || verdict.kind === "inaccurate";
    if (finite) {
      this.error = Math.max(this.error, verdict.error);
      const ratio = verdict.error / boundOf(result);
      if (ratio > this.ratio) {
        this.ratio = ratio;
        this.worst = example;
      }
    }
    if (verdict.kind === "right") return;
    if (finite) this.excess = Math.max(this.excess, verdict.error);
    this.counts[verdict.kind] = (this.counts[verdict.kind] ?? 0) + 1;
    this.examples[verdict.kind] ??= example;
  }

  result(): Column {
    const { definition, target, column, error, excess, worst, counts, examples, flushed, judged } = this;
    const shown = worst ? { ...examples, ...(counts.inaccurate ? { inaccurate: worst } : {}) } : examples;
    return { definition, target, column, error, excess, worst, counts, examples: shown, flushed, judged };
  }
}

/** The name of a column as tables have it: `planck`, `d/dx planck`. */
export const titleOf = ({ definition, column }: Pick<Column, "definition" | "column">): string =>
  column === "value" ? definition.name : `d/d${column} ${definition.name}`;
