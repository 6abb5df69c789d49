/** Wide numbers from and to the target's floating point numbers. */
export const conversion = `
fn wide_from_f32(x: f32) -> wide {
  let bits = bitcast<u32>(x);
  let field = i32((bits >> 23u) & 0xffu);
  let fraction = bits & 0x7fffffu;
  let special = field == 255;
  let digits = fraction + select(0u, 0x800000u, field > 0);
  // Infinity is any digits at its exponent, NaN is none.
  return wide_normalised(
    bits >= 0x80000000u,
    nat(select(digits, u32(fraction == 0u), special)),
    select(nat_bits() + max(field, 1) - 150, WIDE_BEYOND, special)
  );
}

// To nearest, from the middle to the even one.
fn wide_to_f32(x: wide) -> f32 {
  // Digits that round up to a power of two carry into the exponent, as they should.
  let rounded = low_u32(nat_rounded(x.mantissa, nat_bits() - clamp(x.exponent + 149, 0, 24)));
  let bits = (u32(max(x.exponent + 125, 0)) << 23u) + rounded;
  let bounded = select(select(bits, 0u, x.exponent < -149), 0x7f800000u, x.exponent > 128);
  let sign = select(0u, 0x80000000u, x.negative);
  return bitcast<f32>(sign + select(bounded, 0x7fc00000u, wide_is_nan(x)));
}

fn wide_from_f64(x: f64) -> wide {
  let high = u32(high_word(x));
  let field = i32((high >> 20u) & 0x7ffu);
  let fraction = (nat(high & 0xfffffu) << 32) + nat(u32(low_word(x)));
  let special = field == 2047;
  let digits = fraction + (nat(u32(field > 0)) << 52);
  // Infinity is any digits at its exponent, NaN is none.
  return wide_normalised(
    high >= 0x80000000u,
    select(digits, nat(u32(is_zero(fraction))), special),
    select(nat_bits() + max(field, 1) - 1075, WIDE_BEYOND, special)
  );
}

// To nearest, from the middle to the even one.
fn wide_to_f64(x: wide) -> f64 {
  let sign = select(0u, 0x80000000u, x.negative);
  if ((x.exponent > 1024) | (x.exponent < -1074)) {
    let beyond = select(select(0u, 0x7ff00000u, x.exponent > 0), 0x7ff80000u, wide_is_nan(x));
    return from_words(i32(sign + beyond), 0);
  }
  // Digits that round up to a power of two carry into the exponent, as they should.
  let rounded = nat_rounded(x.mantissa, nat_bits() - min(53, x.exponent + 1074));
  let high = (u32(max(x.exponent + 1021, 0)) << 20u) + low_u32(rounded >> 32);
  return from_words(i32(sign + high), i32(low_u32(rounded)));
}
`;
