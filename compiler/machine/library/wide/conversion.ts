/** Wide numbers from and to the target's floating point numbers. */
export const conversion = `
fn wide_from_f32(x: f32) -> wide {
  let bits = bitcast<u32>(x);
  let negative = bits >= 0x80000000u;
  let field = i32((bits >> 23u) & 0xffu);
  let fraction = bits & 0x7fffffu;
  if (field == 255) {
    return wide(negative, select(0n, NAT_HALF, fraction == 0u), select(WIDE_NAN.exponent, WIDE_BEYOND, fraction == 0u));
  }
  let digits = fraction + select(0u, 0x800000u, field > 0);
  let zeros = leading_zeros(digits);
  if (digits == 0u) {
    return wide(negative, 0n, WIDE_ZERO.exponent);
  }
  return wide(negative, nat(digits << zeros) << (nat_bits() - 32), int(max(field, 1) - 118 - i32(zeros)));
}

// ±digits / 2^32 * 2^exponent: the first digits of a wide number, the last of which is 1 if any behind it is not 0.
struct wide_leading { negative: bool, digits: u32, exponent: int }

fn wide_leading_of(x: wide) -> wide_leading {
  let high = x.mantissa >> (nat_bits() - 32);
  let is_more = (high << (nat_bits() - 32)) != x.mantissa;
  return wide_leading(x.negative, low_u32(high) | u32(is_more), x.exponent);
}

// To nearest, from the middle to the even one.
fn wide_leading_to_f32(x: wide_leading) -> f32 {
  let sign = select(0u, 0x80000000u, x.negative);
  if (x.digits == 0u && x.exponent > 0) {
    return nan();
  }
  if (x.exponent > 128) {
    return bitcast<f32>(sign + 0x7f800000u);
  }
  // Less than half of the smallest number.
  if (x.exponent < -149) {
    return bitcast<f32>(sign);
  }
  // Digits that round up to a power of two carry into the exponent, as they should.
  let exponent = i32(x.exponent);
  let dropped = u32(31 - min(24, exponent + 149));
  let half = 1u << dropped;
  let below = x.digits & (half | (half - 1u));
  let kept = (x.digits >> dropped) >> 1u;
  let up = below > half || (below == half && (kept & 1u) == 1u);
  return bitcast<f32>(sign + (u32(max(exponent + 125, 0)) << 23u) + kept + u32(up));
}

fn wide_to_f32(x: wide) -> f32 {
  return wide_leading_to_f32(wide_leading_of(x));
}

fn wide_from_f64(x: f64) -> wide {
  let high = u32(high_word(x));
  let negative = high >= 0x80000000u;
  let field = i32((high >> 20u) & 0x7ffu);
  let fraction = (nat(high & 0xfffffu) << 32) + nat(u32(low_word(x)));
  if (field == 2047) {
    return wide_normalised(negative, nat(u32(is_zero(fraction))), WIDE_BEYOND);
  }
  let digits = fraction + (nat(u32(field > 0)) << 52);
  return wide_normalised(negative, digits, int(nat_bits() + max(field, 1) - 1075));
}

// To nearest, from the middle to the even one.
fn wide_to_f64(x: wide) -> f64 {
  let sign = select(0u, 0x80000000u, x.negative);
  if (wide_is_nan(x)) {
    return nan();
  }
  if (x.exponent > 1024) {
    return from_words(i32(sign + 0x7ff00000u), 0);
  }
  // Less than half of the smallest number.
  if (x.exponent < -1074) {
    return from_words(i32(sign), 0);
  }
  let exponent = i32(x.exponent);
  let digits = min(53, exponent + 1074);
  let rounded = nat_rounded(x.mantissa, nat_bits() - digits);
  let high = (u32(max(exponent + 1021, 0)) << 20u) + low_u32(rounded >> 32);
  return from_words(i32(sign + high), i32(low_u32(rounded)));
}
`;
