import type { LibraryEntry } from "../function.js";

/** Special values and the parts of a float32, by its bits: compilers may assume that NaN and infinity are absent. */
export const bits: readonly LibraryEntry[] = [
  {
    error: "exact",
    text: `
fn $is_nan(x: f32) -> bool {
  return (bitcast<u32>(x) & 0x7fffffffu) > 0x7f800000u;
}`,
  },
  {
    error: "exact",
    text: `
fn $is_finite(x: f32) -> bool {
  return (bitcast<u32>(x) & 0x7fffffffu) < 0x7f800000u;
}`,
  },
  {
    error: "exact",
    text: `
// A constant expression may not be infinite; a variable's bits may.
var<private> $infinity_bits: u32 = 0x7f800000u;

fn $infinity() -> f32 {
  return bitcast<f32>($infinity_bits);
}`,
  },
  {
    error: "exact",
    text: `
// A constant expression may not be NaN; a variable's bits may.
var<private> $nan_bits: u32 = 0x7fc00000u;

fn $nan() -> f32 {
  return bitcast<f32>($nan_bits);
}`,
  },
  {
    error: "exact",
    text: `
// 2^n for -126 <= n <= 127.
fn $power_of_two(n: i32) -> f32 {
  return bitcast<f32>(u32(n + 127) << 23u);
}`,
  },
  {
    error: "exact",
    text: `
// The leading 12 bits of the significand: products of two such numbers are exact, and so is x - leading_bits(x).
fn $leading_bits(x: f32) -> f32 {
  return bitcast<f32>(bitcast<u32>(x) & 0xfffff000u);
}`,
  },
  {
    error: "exact",
    text: `
// (k, m) with x = m * 2^k and sqrt(1/2) <= m < sqrt(2), for finite x > 0. A subnormal x is its bits times 2^-149.
fn $split_exponent(x: f32) -> vec2<f32> {
  let x_bits = bitcast<u32>(x);
  let subnormal = x_bits < 0x00800000u;
  let bits = select(x_bits, bitcast<u32>(f32(x_bits)), subnormal);
  let k = bitcast<i32>(bits - 0x3f3504f3u) >> 23u;
  return vec2<f32>(f32(select(k, k - 149, subnormal)), bitcast<f32>(bits - (bitcast<u32>(k) << 23u)));
}`,
  },
  {
    error: "exact",
    text: `
// -1, 0 or 1; NaN for NaN.
fn $sign(x: f32) -> f32 {
  let bits = bitcast<u32>(x);
  if ($is_nan(x) || (bits & 0x7fffffffu) == 0u) {
    return x;
  }
  return select(-1.0, 1.0, bits < 0x80000000u);
}`,
  },
];
