/** Cross-entropy of softmax. The largest logit is subtracted first, so that no exponential overflows. */

/** The largest of a row, and the sum of exp(x − largest). */
function normaliser(logits: Float32Array, start: number, classes: number): [largest: number, sum: number] {
  let largest = -Infinity;
  for (let c = start; c < start + classes; c++) largest = Math.max(largest, logits[c]!);
  let sum = 0;
  for (let c = start; c < start + classes; c++) sum += Math.exp(logits[c]! - largest);
  return [largest, sum];
}

export function crossEntropy(
  logits: Float32Array,
  labels: Float32Array,
  rows: number,
  classes: number,
  output: Float32Array,
): void {
  for (let r = 0; r < rows; r++) {
    const start = r * classes;
    const [largest, sum] = normaliser(logits, start, classes);
    output[r] = largest - logits[start + labels[r]!]! + Math.log(sum);
  }
}

export function crossEntropyGradient(
  logits: Float32Array,
  labels: Float32Array,
  cotangent: Float32Array,
  rows: number,
  classes: number,
  output: Float32Array,
): void {
  for (let r = 0; r < rows; r++) {
    const start = r * classes;
    const [largest, sum] = normaliser(logits, start, classes);
    const label = labels[r]!;
    const dy = cotangent[r]!;
    for (let c = 0; c < classes; c++) {
      const probability = Math.exp(logits[start + c]! - largest) / sum;
      output[start + c] = (c === label ? probability - 1 : probability) * dy;
    }
  }
}
