/**
 * Functions that JavaScript needs for the machine's intrinsics. In a text every name at module scope is written `$name`.
 * Words of a float64 lie in memory with the low one first, as on every machine that runs JavaScript today.
 */
import { type Parts, readParts } from "./parts.js";

const texts: Readonly<Record<string, string>> = {
  word_buffer: "const $word_buffer = /* @__PURE__ */ new ArrayBuffer(8);",
  word_f64: "const $word_f64 = /* @__PURE__ */ new Float64Array($word_buffer);",
  word_f32: "const $word_f32 = /* @__PURE__ */ new Float32Array($word_buffer);",
  word_i32: "const $word_i32 = /* @__PURE__ */ new Int32Array($word_buffer);",
  word_u32: "const $word_u32 = /* @__PURE__ */ new Uint32Array($word_buffer);",
  flushed: `/** Subnormal float32 numbers as zero. */
function $flushed(x: number): number {
  return Math.abs(x) < 1.1754943508222875e-38 ? 0 * x : x;
}`,
  nearest_f16: `/** The nearest float16, ties to even. Adding and subtracting a power of two leaves 11 bits, or whole steps of 2^-24. */
function $nearest_f16(x: number): number {
  const size = Math.abs(x);
  if (!(size < 65520)) return size < Infinity ? (x < 0 ? -Infinity : Infinity) : x;
  $word_f64[0] = Math.max(size, 6.103515625e-5);
  const large = $powers_of_two[($word_i32[1]! >>> 20) - 1023 + 42 + 1080]!;
  const nearest = size + large - large;
  return x < 0 ? -nearest : x === 0 ? x : nearest;
}`,
  round_even: `/** The nearest integer, the even one of two. */
function $round_even(x: number): number {
  const below = Math.floor(x);
  const rest = x - below;
  if (rest > 0.5 || (rest === 0.5 && below % 2 !== 0)) return below + 1;
  return below;
}`,
  f32_of_u32: `/** The float32 of these bits. */
function $f32_of_u32(bits: number): number {
  $word_u32[0] = bits;
  return $word_f32[0]!;
}`,
  f32_of_i32: `/** The float32 of these bits. */
function $f32_of_i32(bits: number): number {
  $word_i32[0] = bits;
  return $word_f32[0]!;
}`,
  u32_of_f32: `/** The bits of a float32. */
function $u32_of_f32(x: number): number {
  $word_f32[0] = x;
  return $word_u32[0]!;
}`,
  i32_of_f32: `/** The bits of a float32. */
function $i32_of_f32(x: number): number {
  $word_f32[0] = x;
  return $word_i32[0]!;
}`,
  choice_pair: "const $choice_pair = /* @__PURE__ */ new Float64Array(2);",
  choose: `/** The first number if the condition holds, else the second one: without a branch. */
function $choose(condition: boolean, yes: number, no: number): number {
  $choice_pair[0] = no;
  $choice_pair[1] = yes;
  return $choice_pair[Number(condition)]!;
}`,
  table_of_powers: `/** 2^n for n from -1080 (0 below -1074) to 1024 (infinity). */
function $table_of_powers(): Float64Array {
  const powers = new Float64Array(2105);
  let power = 1;
  for (let n = 0; n <= 1024; n++, power *= 2) powers[1080 + n] = power;
  power = 1;
  for (let n = 0; n >= -1080; n--, power /= 2) powers[1080 + n] = power;
  return powers;
}`,
  powers_of_two: "const $powers_of_two = /* @__PURE__ */ $table_of_powers();",
  // Read from a table: a number put together from two words is not ready until both have left the store buffer.
  power_of_two: `/** 2^n for -1080 <= n <= 1024. */
function $power_of_two(n: number): number {
  return $powers_of_two[n + 1080]!;
}`,
  high_word: `/** Sign, exponent and leading bits. */
function $high_word(x: number): number {
  $word_f64[0] = x;
  return $word_i32[1]!;
}`,
  low_word: `/** The last 32 bits. */
function $low_word(x: number): number {
  $word_f64[0] = x;
  return $word_i32[0]!;
}`,
  from_words: `/** The float64 of these words. */
function $from_words(high: number, low: number): number {
  $word_i32[0] = low;
  $word_i32[1] = high;
  return $word_f64[0]!;
}`,
  tabulated: `/** A table of the values of a function at 0, 1, 2 ... */
function $tabulated(length: number, value: (i: number) => number): Float64Array {
  return Float64Array.from({ length }, (_, i) => value(i));
}`,
  multiply_high: `/** The upper 32 bits of a product. */
function $multiply_high(a: number, b: number): number {
  const low = Math.floor(((a & 0xffff) * b) / 0x10000);
  return Math.floor(((a >>> 16) * b + low) / 0x10000);
}`,
  int_abs: `function $int_abs(a: bigint): bigint {
  return a < 0n ? -a : a;
}`,
  int_min: `function $int_min(a: bigint, b: bigint): bigint {
  return a < b ? a : b;
}`,
  int_max: `function $int_max(a: bigint, b: bigint): bigint {
  return a > b ? a : b;
}`,
  bit_length: `/** How many bits a natural number has; its float64 may be rounded up to one more. */
function $bit_length(a: bigint): number {
  if (a === 0n) return 0;
  const size = Number(a);
  if (size === Infinity) return 1000 + $bit_length(a >> 1000n);
  $word_f64[0] = size;
  const length = ($word_i32[1]! >>> 20) - 1022;
  return length > 53 && a >> BigInt(length - 1) === 0n ? length - 1 : length;
}`,
  amount: `/** By how many bits a shift may be. */
function $amount(n: bigint): bigint {
  if (n < 0n) throw new RangeError(\`a shift by \${n}\`);
  return n;
}`,
  fitting: `/** A natural number below 2^N. */
function $fitting(a: bigint): bigint {
  if (a < 0n || a >> N !== 0n) throw new RangeError(\`\${a} is no nat\`);
  return a;
}`,
};

export const javascriptParts: Parts = readParts(texts);

/** A text without its types. */
export const untyped = (text: string): string =>
  text.replace(/: (?:\(i: number\) => number|number|bigint|boolean|Float64Array)\b/g, "").replaceAll("]!", "]");
