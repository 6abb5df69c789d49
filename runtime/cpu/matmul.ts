import type { MatrixProduct } from "../device.js";

/** Rows and columns of the result that are computed together, in local variables. */
const blockRows = 4;
const blockColumns = 2;

/**
 * Both operands are copied so that each result is the dot product of two rows, whatever was transposed; the copies
 * are float64, and padded with zeros to whole blocks. A block of 4×2 results loads 6 numbers for 8 products. Sums
 * are float64 and rounded once.
 */
export function matmul(
  { batch, m, k, n, transposeA, transposeB }: MatrixProduct,
  a: Float32Array,
  b: Float32Array,
  bias: Float32Array | null,
  output: Float32Array,
): void {
  for (let item = 0; item < batch; item++) {
    const left = packed(a, item * m * k, m, k, transposeA ? 1 : k, transposeA ? m : 1, blockRows);
    const right = packed(b, item * k * n, n, k, transposeB ? k : 1, transposeB ? 1 : n, blockColumns);
    const block = new Float64Array(blockRows * blockColumns);
    for (let i = 0; i < m; i += blockRows) {
      for (let j = 0; j < n; j += blockColumns) {
        multiplyBlock(left, i * k, right, j * k, k, block);
        const columns = Math.min(blockColumns, n - j);
        for (let row = 0; row < blockRows && i + row < m; row++) {
          const start = (item * m + i + row) * n + j;
          for (let column = 0; column < columns; column++) {
            const sum = block[row * blockColumns + column]!;
            output[start + column] = bias ? sum + bias[j + column]! : sum;
          }
        }
      }
    }
  }
}

function multiplyBlock(a: Float64Array, a0: number, b: Float64Array, b0: number, k: number, block: Float64Array): void {
  const a1 = a0 + k;
  const a2 = a1 + k;
  const a3 = a2 + k;
  const b1 = b0 + k;
  let [c00, c01, c10, c11, c20, c21, c30, c31] = [0, 0, 0, 0, 0, 0, 0, 0];
  for (let t = 0; t < k; t++) {
    const p = b[b0 + t]!;
    const q = b[b1 + t]!;
    const x0 = a[a0 + t]!;
    const x1 = a[a1 + t]!;
    const x2 = a[a2 + t]!;
    const x3 = a[a3 + t]!;
    c00 += x0 * p;
    c01 += x0 * q;
    c10 += x1 * p;
    c11 += x1 * q;
    c20 += x2 * p;
    c21 += x2 * q;
    c30 += x3 * p;
    c31 += x3 * q;
  }
  block[0] = c00;
  block[1] = c01;
  block[2] = c10;
  block[3] = c11;
  block[4] = c20;
  block[5] = c21;
  block[6] = c30;
  block[7] = c31;
}

/** A strided matrix as contiguous rows, with as many rows of zeros as fill the last block. */
function packed(
  values: Float32Array,
  offset: number,
  rows: number,
  columns: number,
  rowStride: number,
  columnStride: number,
  block: number,
): Float64Array {
  const result = new Float64Array(Math.ceil(rows / block) * block * columns);
  for (let i = 0; i < rows; i++) {
    let p = offset + i * rowStride;
    const end = (i + 1) * columns;
    for (let o = i * columns; o < end; o++, p += columnStride) result[o] = values[p]!;
  }
  return result;
}
