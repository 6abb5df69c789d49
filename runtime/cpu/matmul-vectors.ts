/** Products of matrices in WebAssembly, with 128-bit vectors. */
import type { MatrixProduct } from "../device.js";
import type { WasmPool } from "./pool.js";
import { tileBytes, type Vectors, vectors } from "./vectors.js";

/** Rows of panels: of the left operand, and of the right one turned round. */
const panels = [4, 8] as const;

/** Of fewer products the plain loops have made an end before these begin. */
const least = 512;
/** Products from which on threads are used. `npm run bench:threads` tells what they gain there, and below. */
export const leastProducts = 2 ** 21;

/**
 * Up to 64 products are added up in float32, and these sums in float64, rounded once. False where nothing was computed, or where something
 * left the range of float32 on the way: then the plain loops say what is right.
 */
export function matmulInVectors(
  { batch, m, k, n, transposeA, transposeB }: MatrixProduct,
  a: Float32Array,
  b: Float32Array,
  bias: Float32Array | null,
  output: Float32Array,
  pool: WasmPool,
  inThreads = leastProducts,
): boolean {
  if (batch * m * k * n < least) return false;
  const program = vectors();
  if (!program) return false;
  const borrowed: Float32Array[] = [];
  const room = (size: number): Float32Array | null => {
    const values = pool.borrow(size);
    if (values) borrowed.push(values);
    return values;
  };
  const inside = (values: Float32Array): Float32Array | null => {
    if (pool.holds(values)) return values;
    const copy = room(values.length);
    copy?.set(values);
    return copy;
  };
  try {
    const [left, right] = panels.map((width, i) => room(Math.ceil([m, n][i]! / width) * width * k));
    const offsets = room(Math.ceil(n / panels[1]) * panels[1]);
    const [from, by] = [inside(a), inside(b)];
    const to = pool.holds(output) ? output : room(output.length);
    if (!left || !right || !offsets || !from || !by || !to) return false;
    // Rows of panels are divided among threads: what a row gives does not depend on those beside it. Each part reads all of the
    // right operand, so there are few.
    const parts = m * k * n < inThreads ? 1 : Math.min(2 * (pool.crew?.size ?? 1), Math.ceil(m / (4 * panels[0])));
    const rows = Math.ceil(m / parts / panels[0]) * panels[0];
    const starts = Array.from({ length: Math.ceil(m / rows) }, (_, i) => i * rows);
    const tiles = starts.length > 1 ? room((starts.length * tileBytes) / 4) : null;
    offsets.fill(0);
    if (bias) offsets.set(bias);
    let isFinite = true;
    for (let item = 0; item < batch && isFinite; item++) {
      pack(program.exports, from.byteOffset + 4 * item * m * k, left, m, k, transposeA, panels[0]);
      pack(program.exports, by.byteOffset + 4 * item * k * n, right, n, k, !transposeB, panels[1]);
      const [p, q, r, z] = [left, right, offsets, to].map(({ byteOffset }) => byteOffset) as Addresses;
      const call = (row: number, count: number, tile: number): Parameters<Vectors["product"]> => {
        return [p + 4 * row * k, q, r, z + 4 * (item * m + row) * n, count, k, n, tile];
      };
      const results =
        tiles &&
        pool.crew?.run(
          program,
          "product",
          starts.map((row, i) => call(row, Math.min(rows, m - row), tiles.byteOffset + i * tileBytes)),
        );
      isFinite = results ? results.every((each) => each === 0) : program.exports.product(...call(0, m, 0)) === 0;
    }
    if (isFinite && to !== output) output.set(to);
    return isFinite;
  } finally {
    for (const values of borrowed) pool.giveBack(values);
  }
}

type Addresses = [left: number, right: number, bias: number, output: number];

/** @param turned whether the numbers of a column lie one after the other, not those of a row */
function pack(
  kernels: Vectors,
  from: number,
  to: Float32Array,
  rows: number,
  columns: number,
  turned: boolean,
  width: number,
): void {
  const strides = turned ? ([4, 4 * rows] as const) : ([4 * columns, 4] as const);
  kernels.pack(from, to.byteOffset, rows, columns, strides[0], strides[1], width);
}
