/** The definitions of this folder one by one, and what `expected.py` says they are. */
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const folder = new URL("./", import.meta.url);

export interface CorpusDefinition {
  readonly name: string;
  /** The file's name without its ending: the kind of definitions. */
  readonly kind: string;
  /** The definition with all that it calls: a source of its own. */
  readonly text: string;
}

/** A number as the table has it: JSON has none that is not finite. */
type TableNumber = number | "inf" | "-inf" | "nan";

interface TableGroup {
  readonly parameters: Readonly<Record<string, TableNumber>>;
  readonly marks: readonly (readonly [row: number, column: number, slack: number])[];
  readonly rows: readonly (readonly (TableNumber | null)[])[];
}

/** Rows under one set of parameters. */
export interface Group {
  readonly parameters: Readonly<Record<string, number>>;
  readonly rows: readonly Row[];
}

export interface Row {
  /** By position, as the definition has them. */
  readonly inputs: readonly number[];
  /** Value, derivatives in inputs, derivatives in learned parameters. */
  readonly columns: readonly Expectation[];
}

export interface Expectation {
  /** NaN where NaN must come out; null where nothing is asked. Infinite from 2^129 on. */
  readonly value: number | null;
  /** The column has a zero between the neighbours of the inputs. */
  readonly besideZero: boolean;
  /** Around a zero of a derivative: half an ulp of the input times the derivative's slope. */
  readonly slack: number;
}

/** Definitions in the order of their files. */
export function readCorpus(): readonly CorpusDefinition[] {
  const files = readdirSync(folder)
    .filter((file) => file.endsWith(".def"))
    .sort();
  return files.flatMap((file) => {
    const blocks = readFileSync(new URL(file, folder), "utf8")
      .split(/\n\n+/)
      .flatMap((text) => {
        const name = /^([a-z_]\w*)\(/m.exec(text)?.[1];
        return name === undefined ? [] : [{ name, text }];
      });
    return blocks.map(({ name }) => ({ name, kind: file.replace(/\.def$/, ""), text: withCallees(name, blocks) }));
  });
}

function withCallees(name: string, blocks: readonly { readonly name: string; readonly text: string }[]): string {
  const wanted = new Set([name]);
  // A set grows while it is walked.
  for (const each of wanted) {
    const body = blocks.find((block) => block.name === each)?.text ?? "";
    for (const other of blocks) if (new RegExp(`\\b${other.name}\\(`).test(body)) wanted.add(other.name);
  }
  return `${blocks.flatMap((block) => (wanted.has(block.name) ? [block.text] : [])).join("\n\n")}\n`;
}

const numberOf = (value: TableNumber): number =>
  value === "inf" ? Infinity : value === "-inf" ? -Infinity : value === "nan" ? NaN : value;

/** Inputs and parameters are written in as few digits as tell a float32 number from others. */
const singleOf = (value: TableNumber): number => Math.fround(numberOf(value));

/** What is expected of each definition. */
export function readExpected(): ReadonlyMap<string, readonly TableGroup[]> {
  const path = fileURLToPath(new URL("expected.json", folder));
  const table: Readonly<Record<string, readonly TableGroup[]>> = JSON.parse(readFileSync(path, "utf8"));
  return new Map(Object.entries(table));
}

/** The groups of a definition with so many inputs. */
export function groupsOf(table: readonly TableGroup[], inputs: number): readonly Group[] {
  return table.map(({ parameters, marks, rows }) => ({
    parameters: Object.fromEntries(Object.entries(parameters).map(([name, value]) => [name, singleOf(value)])),
    rows: rows.map((row, index) => {
      const own = marks.filter(([marked]) => marked === index);
      return {
        inputs: row.slice(0, inputs).map((value) => singleOf(value ?? "nan")),
        columns: row.slice(inputs).map((value, column) => ({
          value: value === null ? null : numberOf(value),
          besideZero: own.some(([, marked, slack]) => marked === column && slack === 0),
          slack: Math.max(0, ...own.flatMap(([, marked, slack]) => (marked === column ? [slack] : []))),
        })),
      };
    }),
  }));
}
