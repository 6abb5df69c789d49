/** The parts of a float32, by its bits: compilers may assume that NaN and infinity are absent. */
export const bits = `
@error("exact")
fn is_finite(x: f32) -> bool {
  return (bitcast<u32>(x) & 0x7fffffffu) < 0x7f800000u;
}

// The leading 12 bits of the significand: products of two such numbers are exact, and so is x - leading_bits(x).
@error("exact")
fn leading_bits(x: f32) -> f32 {
  return bitcast<f32>(bitcast<u32>(x) & 0xfffff000u);
}

// A number m * 2^k.
struct scaled { k: f32, m: f32 }

// x = m * 2^k with sqrt(1/2) <= m < sqrt(2), for finite x > 0. A subnormal x is its bits times 2^-149.
@error("exact")
fn split_exponent(x: f32) -> scaled {
  let x_bits = bitcast<u32>(x);
  let subnormal = x_bits < 0x00800000u;
  let bits = select(x_bits, bitcast<u32>(f32(x_bits)), subnormal);
  let k = bitcast<i32>(bits - 0x3f3504f3u) >> 23u;
  return scaled(f32(select(k, k - 149, subnormal)), bitcast<f32>(bits - (bitcast<u32>(k) << 23u)));
}

// -1, 0 or 1; NaN for NaN.
@error("exact")
fn sign(x: f32) -> f32 {
  let bits = bitcast<u32>(x);
  if (is_nan(x) || (bits & 0x7fffffffu) == 0u) {
    return x;
  }
  return select(-1.0, 1.0, bits < 0x80000000u);
}
`;
