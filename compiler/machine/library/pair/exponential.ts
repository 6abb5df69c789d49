/** Pairs of float32: exponentials, logarithms, the sigmoid's family. Relative errors of about 2^-28. */
export const exponential = `
// e^a - 1 for |a| <= 0.36: a + a^2/2 + a^3/6 + a^4 p(a), the square in two parts.
fn pair_expm1_small(a: pair) -> pair {
  let x = a.high;
  let square = pair_product(x, x);
  let p = 0.041666667 + x * (0.008333334 + x * (0.0013888889 + x * (0.00019841270 + x * 0.000024801587)));
  let third = x * square.high;
  let cube = third * 0.16666667 + third * x * p;
  let s = pair_ordered_sum(x, 0.5 * square.high);
  return pair_ordered_sum(s.high, s.low + ((a.low + a.low * x) + (0.5 * square.low + cube)));
}

// a minus k ln 2; the first part of ln 2 has 15 bits, so that its product with k is exact.
fn pair_reduced(a: pair, k: f32) -> pair {
  return pair_sum(a.high - k * 0.693145751953125, a.low - k * 1.4286068e-6);
}

// 2^k a for |k| <= 250, in two steps, the second of which may overflow or underflow.
fn pair_times_power(a: pair, k: i32) -> pair {
  let first = k >> 1u;
  return pair_scale(pair_scale(a, power_of_two(first)), power_of_two(k - first));
}

// e^a 2^n
fn pair_exp_scaled(a: pair, n: i32) -> pair {
  let x = clamp(a.high, -150.0, 150.0);
  let k = floor(x * 1.442695 + 0.5);
  let small = pair_expm1_small(pair_reduced(pair(x, select(a.low, 0.0, x != a.high)), k));
  return pair_times_power(pair_add(pair(1.0, 0.0), small), i32(k) + n);
}

fn pair_exp(a: pair) -> pair {
  return pair_exp_scaled(a, 0);
}

// 2^60 e^a: parts of small numbers underflow later.
fn pair_raised_exp(a: pair) -> pair {
  return pair_exp_scaled(a, 60);
}

// As large as pairs get where e^a is beyond.
fn pair_saturated_exp(a: pair) -> pair {
  return pair_select(a.high > 88.72283, pair(3.4028234663852886e38, 0.0), pair_exp(a));
}

fn pair_saturated_expm1(a: pair) -> pair {
  return pair_select(a.high > 88.72283, pair(3.4028234663852886e38, 0.0), pair_expm1(a));
}

fn pair_expm1(a: pair) -> pair {
  let x = clamp(a.high, -30.0, 150.0);
  let k = floor(x * 1.442695 + 0.5);
  let small = pair_expm1_small(pair_reduced(pair(x, select(a.low, 0.0, x != a.high)), k));
  if (k == 0.0) {
    return small;
  }
  if (x > 80.0) {
    return pair_times_power(pair_add(pair(1.0, 0.0), small), i32(k));
  }
  // 2^k (e^r - 1) + (2^k - 1)
  let scale = power_of_two(i32(k));
  return pair_add(pair_sum(scale, -1.0), pair_scale(small, scale));
}

// ln(2^k (1 + f)) for sqrt(1/2) <= 1 + f < sqrt(2): with s = f/(2 + f), ln(1 + f) = 2s + s^3 (2/3 + ...).
fn pair_log_scaled(k: f32, f: pair) -> pair {
  let s = pair_divide(f, pair_add(pair(2.0, 0.0), f));
  let z = s.high * s.high;
  let r = z * (0.66666667 + z * (0.4 + z * (0.28571429 + z * (0.22222222 + z * (0.18181818 + z * 0.15384615)))));
  let logarithm = pair_ordered_sum(2.0 * s.high, 2.0 * s.low + s.high * r);
  let whole = pair_sum(k * 0.693145751953125, k * 1.4286068e-6);
  return pair_add(whole, logarithm);
}

// For normal a > 0.
fn pair_log(a: pair) -> pair {
  let k = bitcast<i32>(bitcast<u32>(a.high) - 0x3f3504f3u) >> 23u;
  let scale = power_of_two(-max(k, -126));
  let m = pair_scale(a, scale);
  return pair_log_scaled(f32(k), pair_ordered_sum(m.high - 1.0, m.low));
}

// For a > -1 + 2^-20.
fn pair_log1p(a: pair) -> pair {
  let k = bitcast<i32>(bitcast<u32>(1.0 + a.high) - 0x3f3504f3u) >> 23u;
  if (k == 0) {
    return pair_log_scaled(0.0, a);
  }
  let scale = power_of_two(-clamp(k, -126, 126));
  let f = pair_sum(a.high * scale, scale - 1.0);
  return pair_log_scaled(f32(k), pair_ordered_sum(f.high, f.low + a.low * scale));
}

fn pair_sinh(a: pair) -> pair {
  let e = pair_expm1(pair_abs(a));
  let s = pair_scale(pair_add(e, pair_divide(e, pair_add(pair(1.0, 0.0), e))), 0.5);
  if (a.high < 0.0) {
    return pair_negate(s);
  }
  return s;
}

fn pair_cosh(a: pair) -> pair {
  let e = pair_exp(pair_abs(a));
  return pair_scale(pair_add(e, pair_divide(pair(1.0, 0.0), e)), 0.5);
}

fn pair_asinh(a: pair) -> pair {
  // ln(x + sqrt(1 + x^2)) = ln(1 + x + x^2/(1 + sqrt(1 + x^2)))
  let x = pair_abs(a);
  let square = pair_multiply(x, x);
  let root = pair_sqrt(pair_add(pair(1.0, 0.0), square));
  let l = pair_log1p(pair_add(x, pair_divide(square, pair_add(pair(1.0, 0.0), root))));
  if (a.high < 0.0) {
    return pair_negate(l);
  }
  return l;
}

fn pair_acosh(a: pair) -> pair {
  let less = pair_subtract(a, pair(1.0, 0.0));
  let root = pair_sqrt(pair_multiply(less, pair_add(a, pair(1.0, 0.0))));
  return pair_log1p(pair_add(less, root));
}

fn pair_atanh(a: pair) -> pair {
  let x = pair_abs(a);
  let l = pair_scale(pair_log1p(pair_divide(pair_scale(x, 2.0), pair_subtract(pair(1.0, 0.0), x))), 0.5);
  if (a.high < 0.0) {
    return pair_negate(l);
  }
  return l;
}
`;
