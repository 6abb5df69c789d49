/** What WGSL entry points that reduce rows have in common: how rows are shared out, and reductions within a workgroup. */
import type { RowArithmetic } from "../row-form.js";
import { isPlace, type ReductionKind } from "../rows.js";
import type { WgslBindings } from "./wgsl-bindings.js";

/** The name of a library function, which the file then carries. */
type Library = (name: string) => string;

export const workgroupSize = 256;
/** Rows longer than this are cut into chunks, of which there are at most {@link mostChunks}. */
export const chunkLength = 16384;
const mostChunks = 64;
/** How numbers of rows are kept in memory and compared, in an arithmetic. */
export interface RowNumbers {
  readonly type: RowArithmetic;
  /** So many float32 each. */
  readonly parts: number;
  /** A number from its parts. */
  readonly read: (parts: readonly string[]) => string;
  readonly written: (number: string) => readonly string[];
  readonly start: Readonly<Record<ReductionKind, string>>;
  readonly one: string;
  /** Whether the first number is beyond the second: larger, or smaller. */
  readonly isBeyond: (sign: ">" | "<", a: string, b: string, library: Library) => string;
  readonly isSame: (a: string, b: string, library: Library) => string;
}

/** Infinity as a pair: the largest number, and a unit of it that makes it infinite again. */
const infinite = (sign: "" | "-"): string => `${sign}0x1.fffffep+127f, ${sign}0x1p+104f`;

/** Beyond all exponents. */
const endless = (sign: "" | "-"): string => `${sign}1.0, 0.0, 2e38`;

const starts = (zero: string, of: (sign: "" | "-") => string): RowNumbers["start"] => ({
  sum: zero,
  maximum: of("-"),
  minimum: of(""),
  first_maximum: of("-"),
  first_minimum: of(""),
});

export const rowNumbers: Readonly<Record<RowArithmetic, RowNumbers>> = {
  pair: {
    type: "pair",
    parts: 2,
    read: (parts) => parts.join(", "),
    written: (number) => [`${number}.high`, `${number}.low`],
    start: starts("0.0, 0.0", infinite),
    one: "1.0, 0.0",
    isBeyond: (sign, a, b) => `${a}.high ${sign} ${b}.high || (${a}.high == ${b}.high && ${a}.low ${sign} ${b}.low)`,
    isSame: (a, b) => `${a}.high == ${b}.high && ${a}.low == ${b}.low`,
  },
  ranged: {
    type: "ranged",
    parts: 3,
    read: (parts) => parts.join(", "),
    written: (number) => [`${number}.high`, `${number}.low`, `${number}.exponent`],
    start: starts("0.0, 0.0, -2e38", endless),
    one: "1.0, 0.0, 0.0",
    isBeyond: (sign, a, b, library) => `${library("ranged_less")}(${sign === "<" ? `${a}, ${b}` : `${b}, ${a}`})`,
    isSame: (a, b, library) => `${library("ranged_equal")}(${a}, ${b})`,
  },
};

/** Numbers that a reduction keeps: a place besides has the number that stands there. */
export const slotsOf = (kind: ReductionKind): number => (isPlace(kind) ? 2 : 1);

/** Declarations that the entry points of a file share: how rows are cut, and what workgroups reduce. */
export function sharedFunctions(
  prefix: string,
  library: Library,
  bindings: WgslBindings,
  combined: ReadonlySet<ReductionKind>,
  numbers: RowNumbers,
): string[] {
  const pair = library(numbers.type);
  const extent = (name: string): string => bindings.uniform(name, "extent");
  const texts = [
    `// Into how many chunks a row is cut, and how many threads walk over a row or a chunk of one.
fn ${prefix}_chunks() -> u32 {
  return clamp((${extent("axisLength")} + ${chunkLength - 1}u) / ${chunkLength}u, 1u, ${mostChunks}u);
}

fn ${prefix}_lanes() -> u32 {
  let length = clamp(${extent("axisLength")}, 1u, ${workgroupSize}u);
  return 1u << (32u - countLeadingZeros(length - 1u));
}`,
  ];
  const all = [...combined].sort();
  if (all.length > 0) {
    texts.push(`var<workgroup> ${prefix}_lane_values: array<${pair}, ${workgroupSize}>;`);
    if (all.some(isPlace)) texts.push(`var<workgroup> ${prefix}_lane_places: array<u32, ${workgroupSize}>;`);
  }
  for (const kind of all) {
    const [values, places] = [`${prefix}_lane_values`, `${prefix}_lane_places`];
    const place = isPlace(kind);
    const other = `${values}[lane + stride]`;
    const combine = place
      ? [
          `      if (${prefix}_comes_first_${kind}(${values}[lane], ${places}[lane], ${other}, ${places}[lane + stride])) {`,
          `        ${values}[lane] = ${other};`,
          `        ${places}[lane] = ${places}[lane + stride];`,
          "      }",
        ]
      : [`      ${values}[lane] = ${combination(kind, numbers, library)(`${values}[lane]`, other)};`];
    if (place) {
      const sign = kind === "first_maximum" ? ">" : "<";
      texts.push(`// Whether the second number is beyond the first, or the same at an earlier place.
fn ${prefix}_comes_first_${kind}(a: ${pair}, i: u32, b: ${pair}, j: u32) -> bool {
  if (${numbers.isSame("b", "a", library)}) {
    return j < i;
  }
  return ${numbers.isBeyond(sign, "b", "a", library)};
}`);
    }
    texts.push(`// The ${kind.replace("_", " ")} of neighbouring threads, \`lanes\` each time: the first of them gets it.
fn ${prefix}_workgroup_${kind}(value: ${pair}, ${place ? "place: u32, " : ""}lane: u32, lanes: u32) {
  ${values}[lane] = value;
${place ? `  ${places}[lane] = place;\n` : ""}  workgroupBarrier();
  for (var stride = lanes / 2u; stride > 0u; stride /= 2u) {
    if (lane % lanes < stride) {
${combine.join("\n")}
    }
    workgroupBarrier();
  }
}`);
  }
  return texts;
}

/** How two partial results become one. */
export function combination(
  kind: ReductionKind,
  { type }: RowNumbers,
  library: Library,
): (a: string, b: string) => string {
  const name = kind === "sum" ? "add" : kind === "maximum" ? "larger" : "smaller";
  return (a, b) => `${library(`${type}_${name}`)}(${a}, ${b})`;
}
