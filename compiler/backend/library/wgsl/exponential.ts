/** Exponentials, logarithms, and the functions of the sigmoid's family. */
export const exponential = `
// e^(x + dx) * 2^n, |dx| < 0.1, x not NaN. With x + dx = k ln 2 + r, |r| <= ln(2)/2, it is 2^(k + n) e^r; k ln 2 is
// subtracted in two parts (the first has 15 bits, so that its product is exact), e^r is a polynomial (3.8e-9), added up
// from 1 plus the part of r in whole 256ths, which is exact. The power of two is applied in two steps, the second of
// which may overflow or underflow.
@error("0.71 ulp")
fn exp_scaled(x: f32, dx: f32, n: i32) -> f32 {
  let bounded = clamp(x, -150.0, 150.0);
  let k = floor((bounded + dx) * 1.44269504 + 0.5);
  let high = bounded - k * 0.693145751953125;
  let low = dx - k * 1.42860682e-6;
  let r = high + low;
  let p = 0.166665331 + r * (0.0416672342 + r * (0.00836757477 + r * 0.00138642674));
  let whole = floor(high * 256.0) * 0.00390625;
  let y = (1.0 + whole) + ((high - whole) + (low + r * r * (0.5 + r * p)));
  let exponent = i32(k) + n;
  let first = exponent >> 1u;
  return y * power_of_two(first) * power_of_two(exponent - first);
}

@error("0.71 ulp, at -5.15592432")
fn exp(x: f32) -> f32 {
  if (is_nan(x)) {
    return x;
  }
  return exp_scaled(x, 0.0, 0);
}

// e^x - 1 = 2^k (e^r - 1) + (2^k - 1), reduced as in exp_scaled; e^r - 1 is a polynomial (1.1e-9).
@error("1.54 ulp, at 0.360177636")
fn expm1(x: f32) -> f32 {
  if (is_nan(x) || abs(x) < 1e-8) {
    return x;
  }
  if (x > 60.0) {
    return exp_scaled(x, 0.0, 0);
  }
  let bounded = max(x, -30.0);
  let k = floor(bounded * 1.44269504 + 0.5);
  let high = bounded - k * 0.693145751953125;
  let low = k * 1.42860682e-6;
  let r = high - low;
  let p = 0.166666657 + r * (0.0416664816 + r * (0.00833341852 + r * (0.0013933368 + r * 0.000198249458)));
  let y = high + (r * r * (0.5 + r * p) - low);
  let scale = power_of_two(i32(k));
  return select(scale * y + (scale - 1.0), y, k == 0.0);
}

// ln(2^k (1 + f)) for sqrt(1/2) <= 1 + f < sqrt(2). With s = f/(2 + f), ln(1 + f) = 2 artanh(s)
// = f - h + s (h + r), where h = f^2/2 and r is a polynomial in s^2 (4.4e-10).
@error("0.84 ulp")
fn log_scaled(k: f32, f: f32) -> f32 {
  let s = f / (2.0 + f);
  let z = s * s;
  let r = z * (0.666666627 + z * (0.400003344 + z * (0.285373241 + z * 0.235819116)));
  let h = 0.5 * f * f;
  return k * 0.693145751953125 - ((h - (s * (h + r) + k * 1.42860682e-6)) - f);
}

@error("0.84 ulp, at 1.41331851")
fn log(x: f32) -> f32 {
  let bits = bitcast<u32>(x);
  if ((bits & 0x7fffffffu) == 0u) {
    return -infinity();
  }
  if (is_nan(x) || bits == 0x7f800000u) {
    return x;
  }
  if (bits > 0x80000000u) {
    return nan();
  }
  let parts = split_exponent(x);
  return log_scaled(parts.k, parts.m - 1.0);
}

// 1 + x = 2^k (1 + f): k is read off the rounded sum, f is computed from x itself.
@error("1.40 ulp, at 0.443819374")
fn log1p(x: f32) -> f32 {
  if (is_nan(x) || abs(x) < 1e-8) {
    return x;
  }
  if (x > 1e9) {
    return log(x);
  }
  if (x <= -1.0) {
    return select(nan(), -infinity(), x == -1.0);
  }
  let k = bitcast<i32>(bitcast<u32>(1.0 + x) - 0x3f3504f3u) >> 23u;
  let scale = power_of_two(-k);
  return log_scaled(f32(k), select(x * scale + (scale - 1.0), x, k == 0));
}

// 1/(1 + e^-x). With e = e^-|x| it is 1/(1 + e), or e/(1 + e) = e - e^2/(1 + e), which rounds less.
@error("1.69 ulp, at -1.10940969")
fn sigmoid(x: f32) -> f32 {
  if (is_nan(x)) {
    return x;
  }
  let e = exp_scaled(-abs(x), 0.0, 0);
  let d = 1.0 + e;
  return select(e - e * (e / d), 1.0 / d, x >= 0.0);
}

// sigmoid(x) sigmoid(-x), the derivative of the sigmoid: s - s^2 with s = sigmoid(-|x|).
@error("2.42 ulp, at -4.84212828")
fn logistic(x: f32) -> f32 {
  if (is_nan(x)) {
    return x;
  }
  let s = sigmoid(-abs(x));
  return s - s * s;
}

// ln(1 + e^x) = max(x, 0) + ln(1 + e^-|x|).
@error("1.75 ulp, at -0.876400352")
fn softplus(x: f32) -> f32 {
  if (is_nan(x)) {
    return x;
  }
  return max(x, 0.0) + log1p(exp_scaled(-abs(x), 0.0, 0));
}

// ln(sigmoid(x)).
@error("1.75 ulp, at 0.876400352")
fn log_sigmoid(x: f32) -> f32 {
  return -softplus(-x);
}

// ln(e^a + e^b) = max(a, b) + ln(1 + e^-|a - b|), with the difference in two parts. Equal infinities have none.
@error("3.3 ulp of the larger of |result| and |max(a, b)|, at (-1.00647628, -0.140770555)")
fn logaddexp(a: f32, b: f32) -> f32 {
  if (is_nan(a)) {
    return a;
  }
  if (is_nan(b)) {
    return b;
  }
  if (a == b) {
    return a + 0.693147181;
  }
  let upper = max(a, b);
  let lower = min(a, b);
  let difference = lower - upper;
  if (difference < -110.0) {
    return upper;
  }
  let high = leading_bits(difference);
  let ascending = abs(lower) < abs(upper);
  let low = (select(lower, -upper, ascending) - high) + select(-upper, lower, ascending);
  return upper + log1p(exp_scaled(high, low, 0));
}
`;
