/** What each kernel is called with. */
import { type ActivationEntry, type Call, countOf, extentsOf } from "../harness/manifest.js";
import { finitePoints, randomPoints, words } from "../activations/points.js";
import { singleParameters } from "../activations/standard.js";

export type Purpose =
  /** Each input over the whole range of float32. */
  | "range"
  /** Infinities and NaN in one input at a time. */
  | "special"
  /** Ordinary numbers in several channels, for gradients that are sums. */
  | "sums";

/** What other inputs are while one is at its extremes. */
const ordinary = [0.7, -1.3] as const;

export function callFor(entry: ActivationEntry, purpose: Purpose, random: number): Call | undefined {
  const parameters = singleParameters(entry);
  const columns = columnsFor(entry, purpose, random);
  if (!columns) return undefined;
  const size = columns[0]?.length ?? 0;
  const shape = entry.axis ? [size / rowLength, rowLength] : purpose === "sums" ? [2, 3, size / 6] : [size];
  const inputs = Object.fromEntries(entry.inputs.map((name, i) => [name, Float32Array.from(columns[i] ?? [])]));
  const call = { shape, inputs, parameters };
  const length = countOf(outputLength(entry), extentsOf(call, entry));
  const cotangent =
    entry.axis || purpose === "sums" ? Float32Array.from(normal(length, 99)) : new Float32Array(length).fill(1);
  return { ...call, cotangent };
}

/** An activation along an axis may have one result per row. */
const outputLength = ({ kernels }: ActivationEntry): string =>
  kernels.ts?.forward.arguments.find(({ role }) => role === "output")?.length ?? "size";

/** Softmax and its like see rows of so many numbers, ordinary ones besides an extreme one. */
const rowLength = 16;

function columnsFor(entry: ActivationEntry, purpose: Purpose, random: number): (readonly number[])[] | undefined {
  if (purpose === "sums")
    return entry.learned.length > 0 ? entry.inputs.map((_, i) => normal(6 * 10 * rowLength, i)) : undefined;
  const critical = purpose === "range" ? finitePoints : [Infinity, -Infinity, NaN];
  if (entry.axis) {
    const rows = critical.flatMap((point, i) => [point, ...normal(rowLength - 1, i)]);
    if (purpose !== "range") return undefined;
    const first = [...rows, ...normal(random - (random % rowLength), 5)];
    return entry.inputs.map((_, i) => (i === 0 ? first : normal(first.length, 30 + i)));
  }
  return entry.inputs.map((_, which) => [
    ...entry.inputs.flatMap((_, extreme) =>
      critical.map((point, i) => (extreme === which ? point : (ordinary[i % 2] ?? 0))),
    ),
    ...(purpose === "range" ? randomPoints(random, 11 + which) : []),
  ]);
}

/** Sums of four uniform numbers: about normal, of deviation 3. */
function normal(count: number, seed: number): number[] {
  const word = words(seed + 0x51);
  const uniform = (): number => word() / 2 ** 32 - 0.5;
  return Array.from({ length: count }, () => Math.fround((uniform() + uniform() + uniform() + uniform()) * 5.2));
}
