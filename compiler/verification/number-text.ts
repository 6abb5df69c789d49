/** Numbers of float32 as text: by their bits, and as the shortest decimal that means them. */
const single = new Float32Array(1);
const word = new Uint32Array(single.buffer);

export function bitsText(x: number): string {
  single[0] = x;
  return `0x${(word[0] ?? 0).toString(16).padStart(8, "0")}`;
}

export function fromBits(bits: number): number {
  word[0] = bits;
  return single[0] ?? NaN;
}

/** `0.1`, where the number is the float32 nearest to it. */
export function decimalText(x: number): string {
  if (Object.is(x, -0)) return "-0";
  if (!Number.isFinite(x)) return String(x);
  for (let digits = 1; digits < 9; digits++) {
    const short = Number(x.toPrecision(digits));
    if (Math.fround(short) === x) return String(short);
  }
  return String(Number(x.toPrecision(9)));
}
