export const powers = `
@error("1.49 ulp, at 2.08074365e-25")
fn rsqrt(x: f32) -> f32 {
  return 1.0 / sqrt(x);
}

// |x| = m 8^k with 1 <= m < 8. Two steps of Halley give t; then t = h + d with h of 8 bits, so that h^3 is exact, and
// m - h^3 = d (3 h t + d^2) is solved for d once more.
@error("0.52 ulp, at 5.03140466e-18")
fn cbrt(x: f32) -> f32 {
  let x_bits = bitcast<u32>(x) & 0x7fffffffu;
  if (x_bits == 0u || x_bits >= 0x7f800000u) {
    return x;
  }
  let subnormal = x_bits < 0x00800000u;
  let bits = select(x_bits, bitcast<u32>(f32(x_bits)), subnormal);
  // 149 is subtracted for a subnormal; 300 - 127 is added to divide a positive number.
  let exponent = (bits >> 23u) + select(173u, 24u, subnormal);
  let m = bitcast<f32>((bits & 0x007fffffu) | ((exponent % 3u + 127u) << 23u));
  var t = bitcast<f32>(bitcast<u32>(m) / 3u + 0x2a5137a0u);
  t = t * (t * t * t + 2.0 * m) / (2.0 * t * t * t + m);
  t = t * (t * t * t + 2.0 * m) / (2.0 * t * t * t + m);
  let h = bitcast<f32>(bitcast<u32>(t) & 0xffff0000u);
  let d = t - h;
  let root = h + (m - h * h * h) / (3.0 * h * t + d * d);
  let y = root * power_of_two(i32(exponent / 3u) - 100);
  return select(y, -y, bitcast<u32>(x) > 0x7fffffffu);
}

// sqrt(1 + x^2).
@error("1.03 ulp, at 11.291850090026855")
fn hypot1(x: f32) -> f32 {
  return select(sqrt(1.0 + x * x), abs(x), abs(x) > 1e9);
}

// sqrt(a^2 + b^2), scaled by a power of two where a square would overflow or underflow.
@error("1.17 ulp, at (3.43540707e-13, 6.44301995e-13)")
fn hypot(a: f32, b: f32) -> f32 {
  let bits = max(bitcast<u32>(a) & 0x7fffffffu, bitcast<u32>(b) & 0x7fffffffu);
  if ((bitcast<u32>(a) & 0x7fffffffu) == 0x7f800000u || (bitcast<u32>(b) & 0x7fffffffu) == 0x7f800000u) {
    return infinity();
  }
  if (bits > 0x7f800000u) {
    return a + b;
  }
  let largest = bitcast<f32>(bits);
  let down = select(0, 70, largest > 1e18);
  let scale = select(down, -100, largest < 1e-12);
  let p = a * power_of_two(-scale);
  let q = b * power_of_two(-scale);
  return sqrt(p * p + q * q) * power_of_two(scale);
}

// x^y as in IEEE 754: 1 for y = 0 and for x = 1; of a negative x only for integers y.
@error("1.11 ulp, at 0.739490509^271.140411")
fn pow(x: f32, y: f32) -> f32 {
  if (y == 0.0) {
    return 1.0;
  }
  if (is_nan(x)) {
    return x;
  }
  if (is_nan(y)) {
    return y;
  }
  let a = abs(x);
  let integer = floor(y) == y;
  let odd = integer && abs(y) < 16777216.0 && floor(0.5 * y) * 2.0 != y;
  if (x < 0.0 && !integer && bitcast<u32>(x) != 0xff800000u) {
    return nan();
  }
  let bits = bitcast<u32>(a);
  let negative = odd && bitcast<u32>(x) > 0x7fffffffu;
  var result = 1.0;
  if (bits == 0u || bits == 0x7f800000u) {
    result = select(0.0, infinity(), (bits == 0u) == (y < 0.0));
  } else if (bits != 0x3f800000u) {
    result = power(a, y);
  }
  return select(result, -result, negative);
}

// x^y = e^(y ln x) for finite x > 0, with the logarithm and the product in two parts.
// With x = 2^k m, ln m = 2 artanh(s), s = (m - 1)/(m + 1); s has two parts,
// its higher powers 2 s^3/3 + ... are a polynomial (4e-12).
@error("1.11 ulp, at 0.739490509^271.140411")
fn power(x: f32, y: f32) -> f32 {
  let parts = split_exponent(x);
  let k = parts.k;
  let m = parts.m;
  let denominator_high = leading_bits(m + 1.0);
  let denominator_low = m - (denominator_high - 1.0);
  let s = (m - 1.0) / (m + 1.0);
  let s_high = leading_bits(s);
  let s_low = (((m - 1.0) - s_high * denominator_high) - s_high * denominator_low) / (m + 1.0);
  let z = s * s;
  // s^3 too in two parts, the first of them exact.
  let square = s_high * s_high;
  let square_high = leading_bits(square);
  let cube_high = s_high * square_high;
  let cube_low = s_high * (square - square_high) + 3.0 * s * s_high * s_low;
  let p = z * (0.399999946 + z * (0.285721093 + z * (0.221762076 + z * 0.195839211)));
  let rest = cube_high * 0.666666687 + (cube_low * 0.666666687 + s * z * p + 2.0 * s_low + k * 1.42860682e-6);
  let exact = k * 0.693145751953125;
  let log_x = exact + (2.0 * s_high + rest);
  let log_high = leading_bits(log_x);
  let log_low = ((exact - log_high) + 2.0 * s_high) + rest;
  let product = y * log_x;
  if (abs(product) > 140.0) {
    return exp_scaled(product, 0.0, 0);
  }
  let y_high = leading_bits(y);
  return exp_scaled(y_high * log_high, y_high * log_low + (y - y_high) * log_x, 0);
}
`;
