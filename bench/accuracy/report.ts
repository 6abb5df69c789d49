/** The tables, in Markdown. */
import type { FaultKind, Measurement } from "../../test/harness/errors.js";
import type { Peer } from "../peers/peer.js";
import { type Cell, compare, isMeasured, isWithinOneUlp, roundsCorrectly } from "./standing.js";
import type { Kind } from "./truth.js";

export interface Row {
  readonly name: string;
  readonly kind: Kind;
  readonly inputs: Float32Array;
  /** By candidate, in the order of the candidates. */
  readonly cells: readonly Cell[];
}

const signs: Readonly<Record<FaultKind, string>> = {
  "not finite": "NaN/Inf",
  "wrong limit": "limit",
  "lost NaN": "lost NaN",
};

export const number = (x: number): string => {
  if (!Number.isFinite(x)) return String(x).replace("Infinity", "inf");
  const size = Math.abs(x);
  if (size >= 1e4) return x.toExponential(size < 1e10 ? 1 : 0).replace("e+", "e");
  return size >= 100 ? x.toFixed(0) : x.toFixed(2);
};

/** As few digits as tell a float32 number from its neighbours. */
function input(x: number | undefined): string {
  if (x === undefined) return "?";
  const digits = [1, 2, 3, 4, 5, 6, 7, 8].find((count) => Math.fround(Number(x.toPrecision(count))) === x) ?? 9;
  return String(Number(x.toPrecision(digits))).replace("Infinity", "inf");
}

/** The largest error, and a fault of each kind. */
function short(cell: Cell): string {
  if (!isMeasured(cell)) return "–";
  const faults = [...cell.faults].map(([kind, { count }]) => ` + ${count} ${signs[kind]}`);
  const excess = cell.error - cell.excess > 0.01 ? ` (${number(cell.excess)})` : "";
  return number(cell.error) + excess + faults.join("");
}

/** Where a column is worst. */
function inputs(cell: Measurement, row: Row): string {
  const worst = cell.worst < 0 ? [] : [`${number(cell.error)} at ${input(row.inputs[cell.worst])}`];
  const faults = [...cell.faults].map(
    ([kind, { count, first }]) => `${count} ${signs[kind]}, one at ${input(row.inputs[first])}`,
  );
  const flushed = cell.flushed > 0 ? [`${cell.flushed} subnormal numbers flushed`] : [];
  return [...worst, ...faults, ...flushed].join("; ");
}

const line = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;

const table = (header: readonly string[], rows: readonly (readonly string[])[]): string =>
  [line(header), line(header.map((_, i) => (i === 0 ? "---" : "---:"))), ...rows.map(line)].join("\n");

export function largestErrors(kind: Kind, peers: readonly Peer[], rows: readonly Row[]): string {
  return table(
    [kind, ...peers.map(({ name }) => name)],
    rows
      .filter((row) => row.kind === kind)
      .map(({ name, cells }) => [
        name,
        ...cells.map((cell, i) => {
          const peer = peers[i];
          const isOwn = peer?.own.has(name) && (kind === "value" || peer.derives);
          const composed = isMeasured(cell) && !isOwn;
          const text = isWithinOneUlp(cell) ? `**${short(cell)}**` : short(cell);
          return composed ? `${text}\u00a0°` : text;
        }),
      ]),
  );
}

/** One line per candidate: how many columns are good, and how its columns compare with those of `own`. */
export function summary(peers: readonly Peer[], rows: readonly Row[]): string {
  const count = (kind: Kind, peer: number): string => {
    const cells = rows.filter((row) => row.kind === kind).map(({ cells }) => cells[peer] ?? "");
    return `${cells.filter(isWithinOneUlp).length} of ${cells.filter(isMeasured).length}`;
  };
  const faulty = (peer: number): number =>
    rows.filter(({ cells }) => {
      const cell = cells[peer];
      return isMeasured(cell) && cell.faults.size > 0;
    }).length;
  return table(
    ["columns within 1 ULP", "values", "derivatives", "columns with faults"],
    peers.map(({ name }, i) => [name, count("value", i), count("derivative", i), String(faulty(i))]),
  );
}

export interface Standing {
  readonly ahead: number;
  /** Level with the best, who rounds correctly: there is nothing to win. */
  readonly perfect: readonly string[];
  /** Level with the best otherwise. */
  readonly level: readonly string[];
  /** With whom it loses against. */
  readonly behind: readonly string[];
}

/** Each row of candidate `own` against the best of the `others`. */
export function standingOf(
  own: number,
  others: readonly number[],
  peers: readonly Peer[],
  rows: readonly Row[],
): Standing {
  let ahead = 0;
  const perfect: string[] = [];
  const level: string[] = [];
  const behind: string[] = [];
  for (const { name, kind, cells } of rows) {
    const mine = cells[own];
    if (!isMeasured(mine)) {
      behind.push(`${name} ${kind}: not measured`);
      continue;
    }
    const results = others.flatMap((i) => {
      const theirs = cells[i];
      return isMeasured(theirs) ? [{ i, theirs, result: compare(mine, theirs) }] : [];
    });
    const lost = results.filter(({ result }) => result === "behind");
    const equals = results.filter(({ result }) => result === "level").map(({ i }) => peers[i]?.name ?? "");
    if (lost.length > 0) {
      const against = lost.map(({ i, theirs }) => `${peers[i]?.name} ${short(theirs)}`).join(", ");
      behind.push(`${name} ${kind} (${short(mine)}; ${against})`);
    } else if (equals.length > 0) {
      const row = `${name} ${kind} (${equals.length === results.length ? "all" : equals.join(", ")})`;
      (roundsCorrectly(mine) ? perfect : level).push(row);
    } else ahead += 1;
  }
  return { ahead, perfect, level, behind };
}

export function standingText(name: string, rows: number, { ahead, perfect, level, behind }: Standing): string {
  const item = (text: string, list: readonly string[], separator: string): string[] =>
    list.length > 0 ? [`\n  - ${text}: ${list.join(separator)}`] : [];
  const parts = [
    `ahead of every peer in ${ahead}`,
    ...(perfect.length > 0 ? [`level where there is nothing to win in ${perfect.length}`] : []),
    ...(level.length > 0 ? [`level otherwise in ${level.length}`] : []),
    behind.length > 0 ? `behind in ${behind.length}` : "never behind",
  ];
  const lists = [
    ...item("nothing to win, since these round correctly as well", perfect, ", "),
    ...item("level otherwise", level, ", "),
    ...item("behind", behind, "; "),
  ];
  return `- **${name}**: of ${rows} rows ${parts.join(", ")}.${lists.join("")}`;
}

export function worstInputs(peers: readonly Peer[], rows: readonly Row[]): string {
  const sections = rows.map((row) => {
    const lines = row.cells.flatMap((cell, i) => {
      if (!isMeasured(cell)) return [`- ${peers[i]?.name}: not run, ${cell}`];
      const text = inputs(cell, row);
      return text === "" ? [] : [`- ${peers[i]?.name}: ${text}`];
    });
    return `**${row.name}, ${row.kind}**\n\n${lines.length > 0 ? lines.join("\n") : "Every result is exact."}`;
  });
  return sections.join("\n\n");
}
