import type { MatrixProduct } from "../device.js";

/**
 * Row by row, in the order i, k, j: the inner loop runs along rows of b and of the sums. Four steps of k at once
 * spare three quarters of the loads and stores of the sums, which are float64 and rounded once.
 */
export function matmul(
  { batch, m, k, n, transposeA, transposeB }: MatrixProduct,
  a: Float32Array,
  b: Float32Array,
  bias: Float32Array | null,
  output: Float32Array,
): void {
  const sums = new Float64Array(n);
  const [rowStep, stepA] = transposeA ? [1, m] : [k, 1];
  const whole = k - (k % 4);
  for (let item = 0; item < batch; item++) {
    const right = b.subarray(item * k * n, (item + 1) * k * n);
    const rows = transposeB ? transposed(right, n, k) : right;
    for (let i = 0; i < m; i++) {
      let p = item * m * k + i * rowStep;
      if (bias) sums.set(bias);
      else sums.fill(0);
      let row = 0;
      for (let step = 0; step < whole; step += 4) {
        const a0 = a[p]!;
        const a1 = a[p + stepA]!;
        const a2 = a[p + 2 * stepA]!;
        const a3 = a[p + 3 * stepA]!;
        const row1 = row + n;
        const row2 = row1 + n;
        const row3 = row2 + n;
        for (let j = 0; j < n; j++) {
          sums[j]! += a0 * rows[row + j]! + a1 * rows[row1 + j]! + (a2 * rows[row2 + j]! + a3 * rows[row3 + j]!);
        }
        row = row3 + n;
        p += 4 * stepA;
      }
      for (let step = whole; step < k; step++) {
        const a0 = a[p]!;
        for (let j = 0; j < n; j++) sums[j]! += a0 * rows[row + j]!;
        row += n;
        p += stepA;
      }
      output.set(sums, (item * m + i) * n);
    }
  }
}

/** A copy of a rows×columns matrix as columns×rows. */
function transposed(values: Float32Array, rows: number, columns: number): Float32Array {
  const result = new Float32Array(values.length);
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++) result[j * rows + i] = values[i * columns + j]!;
  }
  return result;
}
