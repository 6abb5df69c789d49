/**
 * Pairs of float32 with an exponent of their own, for rows: what is squared, or an exponential, does not leave the range. Accuracy
 * is that of pairs. Exponents are whole numbers in float32: of exponentials beyond 2^24 they are rounded, but one such number
 * is still as large as it is itself, and unlike any other.
 */
export const scaled = `
// (high + low) 2^exponent, with 1 <= |high| < 2, or 0.
struct scaled { high: f32, low: f32, exponent: f32 }

const SCALED_ZERO: scaled = scaled(0.0, 0.0, -2.0e38);
const SCALED_ONE: scaled = scaled(1.0, 0.0, 0.0);
const SCALED_LN2: pair = pair(0.69314718, -1.9046542e-9);

// For numbers between 2^-126 and 2^126, or 0.
fn scaled_of(a: pair, exponent: f32) -> scaled {
  let field = i32((bitcast<u32>(a.high) >> 23u) & 0xffu);
  let zero = field == 0;
  let factor = power_of_two(clamp(127 - field, -126, 126));
  return scaled(
    select(a.high * factor, 0.0, zero),
    select(a.low * factor, 0.0, zero),
    select(clamp(exponent + f32(field - 127), -1.0e38, 1.0e38), SCALED_ZERO.exponent, zero)
  );
}

// The number as a pair: for exponents that a pair has room for.
fn scaled_pair(a: scaled) -> pair {
  let factor = power_of_two(i32(clamp(a.exponent, -126.0, 126.0)));
  return pair(a.high * factor, a.low * factor);
}

fn scaled_select(condition: bool, a: scaled, b: scaled) -> scaled {
  return scaled(select(b.high, a.high, condition), select(b.low, a.low, condition), select(b.exponent, a.exponent, condition));
}

// What is larger than all that rows of numbers give.
fn scaled_infinite() -> scaled {
  return scaled(1.0, 0.0, 10000.0);
}

// A number as it was given.
fn scaled_from_given(x: f32) -> scaled {
  let size = bitcast<u32>(x) & 0x7fffffffu;
  let infinite = size == 0x7f800000u;
  let large = size >= 0x5f800000u;
  let part = select(select(x, x * 5.421010862427522e-20, large), 1.0, infinite);
  let finite = scaled_of(pair(part, 0.0), select(0.0, 64.0, large));
  return scaled_select(infinite, scaled(select(1.0, -1.0, x < 0.0), 0.0, 10000.0), finite);
}

fn scaled_from_f32(x: f32) -> scaled {
  return scaled_from_given(x);
}

fn scaled_from_u32(n: u32) -> scaled {
  return scaled_of(pair_from_u32(n), 0.0);
}

// To a number of float32; infinity where it is beyond.
fn scaled_to_limit(a: scaled) -> f32 {
  let exponent = i32(clamp(a.exponent, -250.0, 250.0));
  let first = exponent >> 1u;
  return ((a.high + a.low) * power_of_two(first)) * power_of_two(exponent - first);
}

fn scaled_negate(a: scaled) -> scaled {
  return scaled(-a.high, -a.low, a.exponent);
}

fn scaled_abs(a: scaled) -> scaled {
  return scaled(abs(a.high), select(a.low, -a.low, a.high < 0.0), a.exponent);
}

fn scaled_add(a: scaled, b: scaled) -> scaled {
  let swapped = b.exponent > a.exponent;
  let x = scaled_select(swapped, b, a);
  let y = scaled_select(swapped, a, b);
  let distance = y.exponent - x.exponent;
  let factor = select(power_of_two(i32(max(distance, -100.0))), 0.0, distance < -100.0);
  return scaled_of(pair_add(pair(x.high, x.low), pair(y.high * factor, y.low * factor)), x.exponent);
}

fn scaled_subtract(a: scaled, b: scaled) -> scaled {
  return scaled_add(a, scaled_negate(b));
}

fn scaled_multiply(a: scaled, b: scaled) -> scaled {
  return scaled_of(pair_multiply(pair(a.high, a.low), pair(b.high, b.low)), a.exponent + b.exponent);
}

fn scaled_divide(a: scaled, b: scaled) -> scaled {
  return scaled_of(pair_divide(pair(a.high, a.low), pair(b.high, b.low)), a.exponent - b.exponent);
}

fn scaled_sqrt(a: scaled) -> scaled {
  let half = floor(a.exponent * 0.5);
  let root = pair_sqrt(pair_scale(pair(a.high, a.low), select(1.0, 2.0, half + half < a.exponent)));
  return scaled_of(root, half);
}

fn scaled_less(a: scaled, b: scaled) -> bool {
  return scaled_subtract(a, b).high < 0.0;
}

fn scaled_less_or_equal(a: scaled, b: scaled) -> bool {
  return scaled_subtract(a, b).high <= 0.0;
}

fn scaled_equal(a: scaled, b: scaled) -> bool {
  return scaled_subtract(a, b).high == 0.0;
}

fn scaled_smaller(a: scaled, b: scaled) -> scaled {
  return scaled_select(scaled_less(b, a), b, a);
}

fn scaled_larger(a: scaled, b: scaled) -> scaled {
  return scaled_select(scaled_less(a, b), b, a);
}

fn scaled_at_most(a: scaled, b: scaled) -> scaled {
  return scaled_smaller(a, b);
}

fn scaled_at_least(a: scaled, b: scaled) -> scaled {
  return scaled_larger(a, b);
}

fn scaled_excess(a: scaled, b: scaled) -> scaled {
  return scaled_subtract(a, b);
}

fn scaled_sign(a: scaled) -> scaled {
  return scaled_of(pair_sign(pair(a.high, a.low)), 0.0);
}

// Far out, where neighbouring numbers differ by more than exponents tell, what is left of the number is cut off.
fn scaled_exp(a: scaled) -> scaled {
  let x = scaled_pair(scaled_select(a.exponent > 126.0, scaled(select(1.0, -1.0, a.high < 0.0), 0.0, 126.0), a));
  let k = floor(x.high * 1.442695 + 0.5);
  let rest = pair_subtract(x, pair_multiply(pair(k, 0.0), SCALED_LN2));
  let held = clamp(rest.high, -0.36, 0.36);
  return scaled_of(pair_add(pair(1.0, 0.0), pair_expm1_small(pair(held, select(0.0, rest.low, held == rest.high)))), k);
}

fn scaled_expm1(a: scaled) -> scaled {
  if (a.exponent < -23.0) {
    // a + a^2/2
    let square = scaled_multiply(a, a);
    return scaled_add(a, scaled(square.high, square.low, square.exponent - 1.0));
  }
  if (a.exponent < -2.0) {
    return scaled_of(pair_expm1_small(scaled_pair(a)), 0.0);
  }
  return scaled_subtract(scaled_exp(a), SCALED_ONE);
}

fn scaled_log(a: scaled) -> scaled {
  let over = a.high > 1.4142135;
  let m = pair_scale(pair(a.high, a.low), select(1.0, 0.5, over));
  let logarithm = pair_log_scaled(0.0, pair_ordered_sum(m.high - 1.0, m.low));
  let whole = pair_multiply(pair(a.exponent + select(0.0, 1.0, over), 0.0), SCALED_LN2);
  return scaled_select(a.high == 0.0, scaled_negate(scaled_infinite()), scaled_of(pair_add(whole, logarithm), 0.0));
}

fn scaled_log1p(a: scaled) -> scaled {
  if (a.exponent < -23.0) {
    // a - a^2/2
    let square = scaled_multiply(a, a);
    return scaled_subtract(a, scaled(square.high, square.low, square.exponent - 1.0));
  }
  if (a.exponent < 60.0) {
    return scaled_of(pair_log1p(scaled_pair(a)), 0.0);
  }
  return scaled_log(a);
}

// For a > 0.
fn scaled_pow(a: scaled, b: scaled) -> scaled {
  return scaled_exp(scaled_multiply(b, scaled_log(a)));
}

fn scaled_half(a: scaled) -> scaled {
  return scaled(a.high, a.low, a.exponent - 1.0);
}

fn scaled_cosh(a: scaled) -> scaled {
  let e = scaled_exp(scaled_abs(a));
  return scaled_half(scaled_add(e, scaled_divide(SCALED_ONE, e)));
}

fn scaled_sinh(a: scaled) -> scaled {
  let e = scaled_expm1(scaled_abs(a));
  let s = scaled_half(scaled_add(e, scaled_divide(e, scaled_add(SCALED_ONE, e))));
  return scaled_select(a.high < 0.0, scaled_negate(s), s);
}

fn scaled_asinh(a: scaled) -> scaled {
  // ln(x + sqrt(1 + x^2)) = ln(1 + x + x^2/(1 + sqrt(1 + x^2)))
  let x = scaled_abs(a);
  let square = scaled_multiply(x, x);
  let root = scaled_sqrt(scaled_add(SCALED_ONE, square));
  let l = scaled_log1p(scaled_add(x, scaled_divide(square, scaled_add(SCALED_ONE, root))));
  return scaled_select(a.high < 0.0, scaled_negate(l), l);
}

// Small numbers are 2/sqrt(pi) times as large.
fn scaled_erf(a: scaled) -> scaled {
  if (a.exponent < -24.0) {
    return scaled_multiply(a, scaled(1.1283792, -5.8635429e-8, 0.0));
  }
  return scaled_of(pair_erf(scaled_pair(a)), 0.0);
}

fn scaled_atan(a: scaled) -> scaled {
  if (a.exponent < -24.0) {
    return a;
  }
  return scaled_of(pair_atan(scaled_pair(a)), 0.0);
}
`;
