/** What is known to be beyond its bound: a table that may only shrink. */
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { type Fault, faults, type TargetName } from "./judge.js";
import { type Column, type Refused, titleOf } from "./measure.js";

const path = fileURLToPath(new URL("gaps.json", import.meta.url));

/** A column's faults: how many of each kind, and the largest error of those that are finite. */
type Gap = Readonly<Partial<Record<Fault, number> & { ulp: number }>>;
type Gaps = Readonly<Record<TargetName, Readonly<Record<string, Gap>>>> & {
  /** Definitions that do not compile, and why. */
  readonly refused: Readonly<Record<string, string>>;
};

export const readGaps = (): Gaps => JSON.parse(readFileSync(path, "utf8"));

/** Two digits, rounded up. */
function roundedUp(error: number): number {
  const unit = 10 ** (Math.floor(Math.log10(error)) - 1);
  return Number((Math.ceil(error / unit) * unit).toPrecision(2));
}

export function gapOf({ counts, excess }: Column): Gap | undefined {
  const kinds = faults.filter((kind) => (counts[kind] ?? 0) > 0);
  if (kinds.length === 0) return undefined;
  return {
    ...(excess > 0 ? { ulp: roundedUp(excess) } : {}),
    ...Object.fromEntries(kinds.map((kind) => [kind, counts[kind]])),
  };
}

export function writeGaps(columns: readonly Column[], refused: readonly Refused[]): void {
  const of = (target: TargetName): Record<string, Gap> =>
    Object.fromEntries(
      columns.flatMap((column) => {
        const gap = column.target === target ? gapOf(column) : undefined;
        return gap ? [[titleOf(column), gap]] : [];
      }),
    );
  const gaps: Gaps = {
    refused: Object.fromEntries(refused.map(({ definition, message }) => [definition.name, message])),
    TypeScript: of("TypeScript"),
    WGSL: of("WGSL"),
  };
  const table = (entries: Readonly<Record<string, unknown>>): string =>
    Object.entries(entries)
      .map(
        ([name, value]) =>
          `    ${JSON.stringify(name)}: ${JSON.stringify(value)
            .replaceAll(/([,:])(?=")|:(?=\d)/g, "$& ")
            .replaceAll(/[{}]/g, (brace) => (brace === "{" ? "{ " : " }"))}`,
      )
      .join(",\n");
  const sections = Object.entries(gaps).map(([name, entries]) => {
    const rows = table(entries);
    return `  ${JSON.stringify(name)}: ${rows === "" ? "{}" : `{\n${rows}\n  }`}`;
  });
  writeFileSync(path, `{\n${sections.join(",\n")}\n}\n`);
}

/**
 * How a column departs from the table: worse, or better. Machines differ in the last bits of `Math` and of drivers: an error
 * counts as changed beyond a tenth, and so does a number of faults, unless it comes from 0 or goes there.
 */
export function departures(column: Column, gaps: Gaps): string[] {
  const now: Gap = gapOf(column) ?? {};
  const known: Gap = gaps[column.target][titleOf(column)] ?? {};
  const name = `${column.target}: ${titleOf(column)}`;
  const kinds: readonly (keyof Gap)[] = ["ulp", ...faults];
  return kinds.flatMap((kind) => {
    const [before, after] = [known[kind] ?? 0, now[kind] ?? 0];
    const few = kind === "ulp" || Math.min(before, after) === 0 ? 0 : 1;
    if (after > before * 1.1 + few) {
      const example = kind === "ulp" ? column.examples.inaccurate : column.examples[kind];
      const where = example
        ? ` at ${JSON.stringify(example.numbers)}: ${example.actual}, expected ${example.expected}`
        : "";
      return [`${name}: ${kind} ${after}, where ${before} is known${where}`];
    }
    return after * 1.1 + few < before ? [`${name}: ${kind} ${after}, better than the ${before} in gaps.json`] : [];
  });
}
