/**
 * Pairs of float32 with an exponent of their own, for rows and second derivatives: what is squared, or an exponential, does not leave
 * the range. Accuracy is that of pairs. Exponents are whole numbers in float32: of exponentials beyond 2^24 they are rounded, but one
 * such number is still as large as it is itself, and unlike any other.
 */
export const ranged = `
// (high + low) 2^exponent, with 1 <= |high| < 2, or 0.
struct ranged { high: f32, low: f32, exponent: f32 }

const RANGED_ZERO: ranged = ranged(0.0, 0.0, -2.0e38);
const RANGED_ONE: ranged = ranged(1.0, 0.0, 0.0);
const RANGED_LN2: pair = pair(0.69314718, -1.9046542e-9);

// For numbers between 2^-126 and 2^126, or 0.
fn ranged_of(a: pair, exponent: f32) -> ranged {
  let field = i32((bitcast<u32>(a.high) >> 23u) & 0xffu);
  let zero = field == 0;
  let factor = power_of_two(clamp(127 - field, -126, 126));
  return ranged(
    select(a.high * factor, 0.0, zero),
    select(a.low * factor, 0.0, zero),
    select(clamp(exponent + f32(field - 127), -1.0e38, 1.0e38), RANGED_ZERO.exponent, zero)
  );
}

// The number as a pair: for exponents that a pair has room for.
fn ranged_pair(a: ranged) -> pair {
  let factor = power_of_two(i32(clamp(a.exponent, -126.0, 126.0)));
  return pair(a.high * factor, a.low * factor);
}

fn ranged_select(condition: bool, a: ranged, b: ranged) -> ranged {
  return ranged(select(b.high, a.high, condition), select(b.low, a.low, condition), select(b.exponent, a.exponent, condition));
}

// What is larger than all that rows of numbers give.
fn ranged_infinite() -> ranged {
  return ranged(1.0, 0.0, 10000.0);
}

// A number as it was given.
fn ranged_from_given(x: f32) -> ranged {
  let size = bitcast<u32>(x) & 0x7fffffffu;
  let infinite = size == 0x7f800000u;
  let large = size >= 0x5f800000u;
  let part = select(select(x, x * 5.421010862427522e-20, large), 1.0, infinite);
  let finite = ranged_of(pair(part, 0.0), select(0.0, 64.0, large));
  return ranged_select(infinite, ranged(select(1.0, -1.0, x < 0.0), 0.0, 10000.0), finite);
}

fn ranged_from_f32(x: f32) -> ranged {
  return ranged_from_given(x);
}

fn ranged_from_u32(n: u32) -> ranged {
  return ranged_of(pair_from_u32(n), 0.0);
}

// To a number of float32; infinity where it is beyond.
fn ranged_to_limit(a: ranged) -> f32 {
  let exponent = i32(clamp(a.exponent, -250.0, 250.0));
  let first = exponent >> 1u;
  return ((a.high + a.low) * power_of_two(first)) * power_of_two(exponent - first);
}

// To a number of float32 that is finite unless what was given is not.
fn ranged_to_finite(a: ranged) -> f32 {
  let x = ranged_to_limit(a);
  return select(clamp(x, -3.4028234663852886e38, 3.4028234663852886e38), x, a.exponent >= 5000.0);
}

fn ranged_negate(a: ranged) -> ranged {
  return ranged(-a.high, -a.low, a.exponent);
}

fn ranged_abs(a: ranged) -> ranged {
  return ranged(abs(a.high), select(a.low, -a.low, a.high < 0.0), a.exponent);
}

fn ranged_add(a: ranged, b: ranged) -> ranged {
  let swapped = b.exponent > a.exponent;
  let x = ranged_select(swapped, b, a);
  let y = ranged_select(swapped, a, b);
  let distance = y.exponent - x.exponent;
  let factor = select(power_of_two(i32(max(distance, -100.0))), 0.0, distance < -100.0);
  return ranged_of(pair_add(pair(x.high, x.low), pair(y.high * factor, y.low * factor)), x.exponent);
}

fn ranged_subtract(a: ranged, b: ranged) -> ranged {
  return ranged_add(a, ranged_negate(b));
}

fn ranged_multiply(a: ranged, b: ranged) -> ranged {
  return ranged_of(pair_multiply(pair(a.high, a.low), pair(b.high, b.low)), a.exponent + b.exponent);
}

fn ranged_divide(a: ranged, b: ranged) -> ranged {
  return ranged_of(pair_divide(pair(a.high, a.low), pair(b.high, b.low)), a.exponent - b.exponent);
}

fn ranged_sqrt(a: ranged) -> ranged {
  let half = floor(a.exponent * 0.5);
  let root = pair_sqrt(pair_scale(pair(a.high, a.low), select(1.0, 2.0, half + half < a.exponent)));
  return ranged_of(root, half);
}

fn ranged_less(a: ranged, b: ranged) -> bool {
  return ranged_subtract(a, b).high < 0.0;
}

fn ranged_less_or_equal(a: ranged, b: ranged) -> bool {
  return ranged_subtract(a, b).high <= 0.0;
}

fn ranged_equal(a: ranged, b: ranged) -> bool {
  return ranged_subtract(a, b).high == 0.0;
}

fn ranged_smaller(a: ranged, b: ranged) -> ranged {
  return ranged_select(ranged_less(b, a), b, a);
}

fn ranged_larger(a: ranged, b: ranged) -> ranged {
  return ranged_select(ranged_less(a, b), b, a);
}

fn ranged_at_most(a: ranged, b: ranged) -> ranged {
  return ranged_smaller(a, b);
}

fn ranged_at_least(a: ranged, b: ranged) -> ranged {
  return ranged_larger(a, b);
}

fn ranged_excess(a: ranged, b: ranged) -> ranged {
  return ranged_subtract(a, b);
}

fn ranged_sign(a: ranged) -> ranged {
  return ranged_of(pair_sign(pair(a.high, a.low)), 0.0);
}

// Far out, where neighbouring numbers differ by more than exponents tell, what is left of the number is cut off: a power of 2, so that
// products and quotients of such numbers cancel.
fn ranged_exp(a: ranged) -> ranged {
  let x = ranged_pair(ranged_select(a.exponent > 126.0, ranged(select(1.0, -1.0, a.high < 0.0), 0.0, 126.0), a));
  let k = floor(x.high * 1.442695 + 0.5);
  let rest = pair_subtract(x, pair_multiply(pair(k, 0.0), RANGED_LN2));
  let held = select(clamp(rest.high, -0.36, 0.36), 0.0, abs(k) > 16777216.0);
  return ranged_of(pair_add(pair(1.0, 0.0), pair_expm1_small(pair(held, select(0.0, rest.low, held == rest.high)))), k);
}

fn ranged_expm1(a: ranged) -> ranged {
  if (a.exponent < -23.0) {
    // a + a^2/2
    let square = ranged_multiply(a, a);
    return ranged_add(a, ranged(square.high, square.low, square.exponent - 1.0));
  }
  if (a.exponent < -2.0) {
    return ranged_of(pair_expm1_small(ranged_pair(a)), 0.0);
  }
  return ranged_subtract(ranged_exp(a), RANGED_ONE);
}

fn ranged_log(a: ranged) -> ranged {
  let over = a.high > 1.4142135;
  let m = pair_scale(pair(a.high, a.low), select(1.0, 0.5, over));
  let logarithm = pair_log_scaled(0.0, pair_ordered_sum(m.high - 1.0, m.low));
  let whole = pair_multiply(pair(a.exponent + select(0.0, 1.0, over), 0.0), RANGED_LN2);
  return ranged_select(a.high == 0.0, ranged_negate(ranged_infinite()), ranged_of(pair_add(whole, logarithm), 0.0));
}

fn ranged_log1p(a: ranged) -> ranged {
  if (a.exponent < -23.0) {
    // a - a^2/2
    let square = ranged_multiply(a, a);
    return ranged_subtract(a, ranged(square.high, square.low, square.exponent - 1.0));
  }
  if (a.exponent < 60.0) {
    return ranged_of(pair_log1p(ranged_pair(a)), 0.0);
  }
  return ranged_log(a);
}

// For a > 0.
fn ranged_pow(a: ranged, b: ranged) -> ranged {
  return ranged_exp(ranged_multiply(b, ranged_log(a)));
}

fn ranged_half(a: ranged) -> ranged {
  return ranged(a.high, a.low, a.exponent - 1.0);
}

fn ranged_cosh(a: ranged) -> ranged {
  let e = ranged_exp(ranged_abs(a));
  return ranged_half(ranged_add(e, ranged_divide(RANGED_ONE, e)));
}

fn ranged_sinh(a: ranged) -> ranged {
  let e = ranged_expm1(ranged_abs(a));
  let s = ranged_half(ranged_add(e, ranged_divide(e, ranged_add(RANGED_ONE, e))));
  return ranged_select(a.high < 0.0, ranged_negate(s), s);
}

fn ranged_asinh(a: ranged) -> ranged {
  // ln(x + sqrt(1 + x^2)) = ln(1 + x + x^2/(1 + sqrt(1 + x^2)))
  let x = ranged_abs(a);
  let square = ranged_multiply(x, x);
  let root = ranged_sqrt(ranged_add(RANGED_ONE, square));
  let l = ranged_log1p(ranged_add(x, ranged_divide(square, ranged_add(RANGED_ONE, root))));
  return ranged_select(a.high < 0.0, ranged_negate(l), l);
}

// Small numbers are 2/sqrt(pi) times as large.
fn ranged_erf(a: ranged) -> ranged {
  if (a.exponent < -24.0) {
    return ranged_multiply(a, ranged(1.1283792, -5.8635429e-8, 0.0));
  }
  return ranged_of(pair_erf(ranged_pair(a)), 0.0);
}

fn ranged_atan(a: ranged) -> ranged {
  if (a.exponent < -24.0) {
    return a;
  }
  return ranged_of(pair_atan(ranged_pair(a)), 0.0);
}
`;
