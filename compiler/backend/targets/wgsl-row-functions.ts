/** What WGSL entry points that reduce rows have in common: how rows are shared out, and reductions within a workgroup. */
import type { ReductionKind } from "../rows.js";
import type { WgslBindings } from "./wgsl-bindings.js";

/** The name of a library function, which the file then carries. */
type Library = (name: string) => string;

export const workgroupSize = 256;
/** Rows longer than this are cut into chunks, of which there are at most {@link mostChunks}. */
export const chunkLength = 16384;
const mostChunks = 64;
/** Infinity as a pair: the largest number, and a unit of it that makes it infinite again. */
const infinite = (sign: "" | "-"): string => `${sign}0x1.fffffep+127f, ${sign}0x1p+104f`;

export const isPlace = (kind: ReductionKind): boolean => kind === "first_maximum" || kind === "first_minimum";

/** Pairs that a reduction keeps: a place besides has the number that stands there. */
export const slotsOf = (kind: ReductionKind): number => (isPlace(kind) ? 2 : 1);

export const startOf: Readonly<Record<ReductionKind, string>> = {
  sum: "0.0, 0.0",
  maximum: infinite("-"),
  minimum: infinite(""),
  first_maximum: infinite("-"),
  first_minimum: infinite(""),
};

/** Declarations that the entry points of a file share: how rows are cut, and what workgroups reduce. */
export function sharedFunctions(
  prefix: string,
  library: Library,
  bindings: WgslBindings,
  combined: ReadonlySet<ReductionKind>,
): string[] {
  const pair = library("pair");
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
      : [`      ${values}[lane] = ${combination(kind, library)(`${values}[lane]`, other)};`];
    if (place) {
      const sign = kind === "first_maximum" ? ">" : "<";
      texts.push(`// Whether the second number is beyond the first, or the same at an earlier place.
fn ${prefix}_comes_first_${kind}(a: ${pair}, i: u32, b: ${pair}, j: u32) -> bool {
  if (b.high == a.high && b.low == a.low) {
    return j < i;
  }
  return b.high ${sign} a.high || (b.high == a.high && b.low ${sign} a.low);
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
export function combination(kind: ReductionKind, library: Library): (a: string, b: string) => string {
  const name = kind === "sum" ? "pair_add" : kind === "maximum" ? "pair_larger" : "pair_smaller";
  return (a, b) => `${library(name)}(${a}, ${b})`;
}
