export const trigonometric = `
// The angle q pi/2 + (h + l) modulo 2 pi, where |h + l| <= pi/4.
struct reduced_angle { h: f32, l: f32, q: f32 }

// 1/(2 pi), after 32 zeros.
const inverse_turn: array<u32, 8> = [
  0u, 0x28be60dbu, 0x9391054au, 0x7f09d5f4u, 0x7d4d3770u, 0x36d8a566u, 0x4f10e410u, 0x7f9458eau
];

// As reduce_angle, for 800 < |x| < infinity, after Payne and Hanek: x is an integer of 24 bits times a power of two; of
// 1/(2 pi) the bits that yield whole turns do not matter, and of the others 96 suffice.
@error("2^-30 relative")
fn reduce_large_angle(x: f32) -> reduced_angle {
  let bits = bitcast<u32>(x);
  let significand = (bits & 0x007fffffu) | 0x00800000u;
  let position = ((bits >> 23u) & 0xffu) - 118u;
  let word = position >> 5u;
  let shift = position & 31u;
  let unshift = 31u - shift;
  let f2 = (inverse_turn[word] << shift) | ((inverse_turn[word + 1u] >> 1u) >> unshift);
  let f1 = (inverse_turn[word + 1u] << shift) | ((inverse_turn[word + 2u] >> 1u) >> unshift);
  let f0 = (inverse_turn[word + 2u] << shift) | ((inverse_turn[word + 3u] >> 1u) >> unshift);

  // The fraction of a turn, in units of 2^-64.
  let low_product = significand * f1;
  let turn_low = low_product + multiply_high(significand, f0);
  let carry = select(0u, 1u, turn_low < low_product);
  let turn_high = significand * f2 + multiply_high(significand, f1) + carry;

  // The nearest quarter, and what is left of it with its sign.
  let quarter = (turn_high + 0x20000000u) >> 30u;
  var high = (turn_high << 2u) | (turn_low >> 30u);
  var low = turn_low << 2u;
  let negative = high >= 0x80000000u;
  if (negative) {
    low = ~low + 1u;
    high = ~high + select(0u, 1u, low == 0u);
  }
  var exponent = -32;
  if (high == 0u) {
    high = low;
    low = 0u;
    exponent = -64;
  }
  let zeros = leading_zeros(high);
  let top = (high << zeros) | ((low >> 1u) >> (31u - zeros));

  // Times pi/2 = 201/128 + 4.8e-4; the leading product is exact.
  let leading = f32(top & 0xfff00000u);
  let trailing = f32(top & 0x000fffffu);
  let backwards = x < 0.0;
  let positive_scale = power_of_two(exponent - i32(zeros));
  let scale = select(positive_scale, -positive_scale, negative != backwards);
  return reduced_angle(
    scale * (leading * 1.5703125),
    scale * (leading * 4.83826795e-4 + trailing * 1.57079633),
    select(f32(quarter), -f32(quarter), backwards)
  );
}

// x as an angle, for finite x; h has 12 bits. After Cody and Waite: q times pi/2 is subtracted in four parts, of which
// the first three have 15 bits, so that products are exact. The second and the third may cancel what the steps before
// them have left: there nothing is rounded.
@error("2^-30 relative")
fn reduce_angle(x: f32) -> reduced_angle {
  if (abs(x) > 800.0) {
    return reduce_large_angle(x);
  }
  let q = floor(x * 0.636619772 + 0.5);
  let first = x - q * 1.57073974609375;
  let second = q * 0.00005657970905303955078125;
  let third = q * 9.92088189377682283520698547363e-10;
  let high = leading_bits(first - second);
  let low = (first - high) - second;
  let higher = leading_bits(high + (low - third));
  let lower = ((high - higher) + low) - third;
  return reduced_angle(higher, lower - q * 5.39030286e-15, q);
}

// sin(h + l) for a reduced angle: a polynomial (3.7e-9).
@error("0.8 ulp")
fn sin_reduced(angle: reduced_angle) -> f32 {
  let r = angle.h + angle.l;
  let z = r * r;
  let p = z * (-0.166666672 + z * (0.00833332911 + z * (-0.000198393114 + z * 2.718112e-6)));
  return angle.h + (angle.l + r * p);
}

// cos(h + l) for a reduced angle: a polynomial (1.6e-10).
@error("1.31 ulp")
fn cos_reduced(angle: reduced_angle) -> f32 {
  let r = angle.h + angle.l;
  let z = r * r;
  return 1.0 - (0.5 * z - z * z * (0.0416666456 + z * (-0.00138873153 + z * 2.44330622e-5)));
}

@error("1.31 ulp, at -39098012")
fn sin(x: f32) -> f32 {
  if ((bitcast<u32>(x) & 0x7fffffffu) >= 0x7f800000u) {
    return nan();
  }
  if (abs(x) < 1e-4) {
    return x;
  }
  let angle = reduce_angle(x);
  let q = i32(angle.q);
  let y = select(sin_reduced(angle), cos_reduced(angle), (q & 1) != 0);
  return select(y, -y, (q & 2) != 0);
}

@error("1.31 ulp, at 3.92209268")
fn cos(x: f32) -> f32 {
  if ((bitcast<u32>(x) & 0x7fffffffu) >= 0x7f800000u) {
    return nan();
  }
  let angle = reduce_angle(x);
  let q = i32(angle.q);
  let y = select(cos_reduced(angle), sin_reduced(angle), (q & 1) != 0);
  return select(y, -y, ((q + 1) & 2) != 0);
}

// A polynomial (4.2e-9) in the reduced angle r; in every other quarter -1/tan(r).
@error("1.79 ulp, at 13.6357393")
fn tan(x: f32) -> f32 {
  if ((bitcast<u32>(x) & 0x7fffffffu) >= 0x7f800000u) {
    return nan();
  }
  if (abs(x) < 1e-4) {
    return x;
  }
  let angle = reduce_angle(x);
  let r = angle.h + angle.l;
  let z = r * r;
  let p3 = 0.0212813783 + z * (0.0108379722 + z * (8.67268391e-5 + z * 0.0043776948));
  let p = z * (0.333333492 + z * (0.13332662 + z * (0.054060068 + z * p3)));
  let t = angle.h + (angle.l + r * p);
  if ((i32(angle.q) & 1) != 0) {
    return -1.0 / t;
  }
  return t;
}

// A polynomial (2.8e-9) for |t| <= tan(pi/8), where t is x, (|x| - 1)/(|x| + 1) or -1/|x|, by atan(x) - atan(t) = 0,
// pi/4 or pi/2
// (pi/4 is 0.785398185 - 2.18556941e-8).
@error("1.86 ulp, at 0.425912887")
fn atan(x: f32) -> f32 {
  if (is_nan(x)) {
    return x;
  }
  let a = min(abs(x), 1e30);
  var t = a;
  var quarters = 0.0;
  if (a > 2.41421356) {
    t = -1.0 / a;
    quarters = 2.0;
  } else if (a > 0.414213562) {
    t = (a - 1.0) / (a + 1.0);
    quarters = 1.0;
  }
  let z = t * t;
  let p = z * (-0.333333164 + z * (0.199984699 + z * (-0.14243488 + z * (0.105934568 + z * -0.0607726984))));
  let y = quarters * 0.785398185 + (t + (t * p - quarters * 2.18556941e-8));
  return select(y, -y, x < 0.0);
}

// (asin(sqrt(z)) / sqrt(z) - 1) for 0 <= z <= 1/4: a polynomial (1.1e-9).
@error("2 ulp")
fn asin_correction(z: f32) -> f32 {
  let p3 = 0.0318077058 + z * (0.0144386264 + z * 0.0375164449);
  return z * (0.166666597 + z * (0.0750050396 + z * (0.0445169583 + z * p3)));
}

// asin(|x|) = pi/2 - 2 asin(sqrt((1 - |x|)/2)) above 1/2 (pi/2 is 1.57079637 - 4.37113883e-8).
@error("1.59 ulp, at -0.503906310")
fn asin(x: f32) -> f32 {
  if (is_nan(x)) {
    return x;
  }
  let a = abs(x);
  if (a > 1.0) {
    return nan();
  }
  if (a < 0.5) {
    return x + x * asin_correction(x * x);
  }
  let z = 0.5 * (1.0 - a);
  let t = 2.0 * sqrt(z);
  let y = 1.57079637 - (t + (t * asin_correction(z) + 4.37113883e-8));
  return select(-y, y, x > 0.0);
}

// pi/2 - asin(x), and 2 asin(sqrt((1 - |x|)/2)) from 1 or -1 on.
@error("1.23 ulp, at -0.507121861")
fn acos(x: f32) -> f32 {
  if (is_nan(x)) {
    return x;
  }
  let a = abs(x);
  if (a > 1.0) {
    return nan();
  }
  if (a < 0.5) {
    return 1.57079637 - (x + (x * asin_correction(x * x) + 4.37113883e-8));
  }
  let z = 0.5 * (1.0 - a);
  let s = sqrt(z);
  let y = 2.0 * (s + s * asin_correction(z));
  return select(3.14159265 - y, y, x > 0.0);
}
`;
