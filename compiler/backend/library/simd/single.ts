/**
 * The mathematics library for vectors of float32, in the machine language: no branches, one way for all operands. Each function holds
 * for operands of ordinary size, which whoever calls it has to see to; `@error` is the largest relative error that was
 * measured there, in units of 2^-24.
 */
export const single = `
@error("0")
fn binary_exponent(x: f32) -> f32 {
  return f32(bitcast<i32>(bitcast<u32>(x) - 0x3f3504f3u) >> 23u);
}

// The next four belong together: k = whole_of_bits(z) is the whole number next to x for z = rounded_with_bits(x), scaled_by_bits(y, z) = y 2^k
// and scaled_down_by_bits(y, z) = y 2^-k, as long as |k| < 2^22 and all is normal. Vectors do without conversions: z is x + 1.5 * 2^23, whose last bits are those of k.
@error("0")
fn rounded_with_bits(x: f32) -> f32 {
  return round(x);
}

@error("0")
fn whole_of_bits(z: f32) -> f32 {
  return z;
}

@error("0")
fn scaled_by_bits(y: f32, z: f32) -> f32 {
  return y * power_of_two(i32(z));
}

@error("0")
fn scaled_down_by_bits(y: f32, z: f32) -> f32 {
  return y * power_of_two(i32(-z));
}

// x - k ln 2, in two parts, the first of 15 bits, so that its product is exact. For an x of float64 in one.
@error("0")
fn rest_of(x: f32, k: f32) -> f32 {
  return (x - k * 0.693145751953125) - k * 1.42860682e-6;
}

// e^r - 1 = r + r^2 q(r) for |r| <= ln(2)/2 (3.1e-9).
@error("2")
fn expm1_of_rest(r: f32) -> f32 {
  let r2 = r * r;
  let q = (0.49999993 + r * 0.166665207) + r2 * ((0.041668386 + r * 0.0083687138) + r2 * 0.0013814748);
  return r + r2 * q;
}

// e^x for |x| <= 87. With x = k ln 2 + r it is 2^k e^r.
@error("1.45")
fn exp(x: f32) -> f32 {
  let z = rounded_with_bits(x * 1.44269504);
  let k = whole_of_bits(z);
  return scaled_by_bits(1.0 + expm1_of_rest(rest_of(x, k)), z);
}

// 2^k (e^r - 1) + (2^k - 1).
@error("2.2")
fn expm1(x: f32) -> f32 {
  let z = rounded_with_bits(x * 1.44269504);
  let k = whole_of_bits(z);
  let scale = scaled_by_bits(1.0, z);
  return scale * expm1_of_rest(rest_of(x, k)) + (scale - 1.0);
}

// e^x - 1 for x <= 0: beyond -32 nothing changes any more. An error of the exponent is multiplied by |x| e^x alone, so that one part of ln 2 does.
@error("1.6")
fn falling_expm1(x: f32) -> f32 {
  let y = max(x, -32.0);
  let z = rounded_with_bits(y * 1.44269504);
  let scale = scaled_by_bits(1.0, z);
  return scale * expm1_of_rest(y - whole_of_bits(z) * 0.693147182) + (scale - 1.0);
}

// ln(2^k (1 + f)), sqrt(1/2) <= 1 + f < sqrt(2): with s = 2 f/(2 + f) it is 2 artanh(s/2), a polynomial (8e-10).
@error("2.9")
fn log_of_parts(k: f32, f: f32) -> f32 {
  let s = (f + f) / (2.0 + f);
  let z = s * s;
  let p = 0.08333347 + z * (0.0124929916 + z * 0.00233366897);
  let h = k * 0.693145751953125;
  return h + (s + (s * (z * p) + k * 1.42860682e-6));
}

@error("2.9")
fn log(x: f32) -> f32 {
  let k = binary_exponent(x);
  return log_of_parts(k, x * power_of_two(i32(-k)) - 1.0);
}

// 1 + x = 2^k (1 + f): k is read off the rounded sum, f is computed from x itself.
@error("3.1")
fn log1p(x: f32) -> f32 {
  let k = binary_exponent(1.0 + x);
  let scale = power_of_two(i32(-k));
  return log_of_parts(k, x * scale + (scale - 1.0));
}

// 1/(1 + e^-x), with -r in the place of r above.
@error("2.5")
fn sigmoid(x: f32) -> f32 {
  let z = rounded_with_bits(x * 1.44269504);
  let r = rest_of(x, whole_of_bits(z));
  let r2 = r * r;
  let q = (0.49999993 - r * 0.166665207) + r2 * ((0.041668386 - r * 0.0083687138) + r2 * 0.0013814748);
  return 1.0 / (1.0 + scaled_down_by_bits(1.0 + (r2 * q - r), z));
}

// The derivative of the sigmoid: e/(1 + e)^2 with e = e^-|x|.
@error("4.9")
fn logistic(x: f32) -> f32 {
  let e = exp(-abs(x));
  let d = 1.0 + e;
  return e / (d * d);
}

// (u - ln(1 + u))/u^2 for 0 <= u <= 1: a polynomial in u - 1/2 (3.4e-8).
fn log1p_part(u: f32) -> f32 {
  let v = u - 0.5;
  let p6 = 0.011288904 - v * 0.005364819;
  let p4 = (0.0288023 - v * 0.017172486) + v * v * p6;
  let p2 = (0.093234196 - v * 0.051042914) + v * v * p4;
  return (0.37813956 - v * 0.17922585) + v * v * p2;
}

// ln(1 + u) for 0 <= u <= 1.
@error("2.4")
fn log1p_of_part(u: f32) -> f32 {
  return u - u * (u * log1p_part(u));
}

// ln(1 + e^-x) for x >= 0.
@error("3.2")
fn softplus_tail(x: f32) -> f32 {
  return log1p_of_part(exp(-x));
}

@error("3.2")
fn softplus(x: f32) -> f32 {
  return max(x, 0.0) + softplus_tail(abs(x));
}

// With e = e^(-2 |x|) - 1 it is -e/(2 + e); beyond 10 nothing changes any more.
@error("3")
fn tanh(x: f32) -> f32 {
  let e = expm1(max(-2.0 * abs(x), -20.0));
  let y = e / (2.0 + e);
  return select(y, -y, x > 0.0);
}

// tanh(ln(1 + w)) with w = e^x: n/(n + 2), n = w (w + 2); beyond 30 nothing changes any more.
@error("4.4")
fn mish_gate(x: f32) -> f32 {
  let w = exp(min(x, 30.0));
  let n = w * (w + 2.0);
  return n / (n + 2.0);
}

// (t + 2) Phi(-t) e^(t^2/2) for 0 <= t <= 13: a polynomial in (t - 2)/(t + 2) (2.7e-9).
@error("4")
fn mills_numerator(t: f32) -> f32 {
  let v = (t - 2.0) / (t + 2.0);
  let p8 = 0.00083315524 + v * (0.00013386721 + v * (-0.00014637853 + v * -0.000064613044));
  let p7 = 0.00082154122 + v * p8;
  let p5 = -0.0067335319 + v * (-0.0019501443 + v * p7);
  let p2 = 0.028797385 + v * (0.036719237 + v * (-0.00046998763 + v * p5));
  return 0.672408 + v * (-0.33140447 + v * p2);
}

// p e^(-a^2/2). The square is taken in two parts, h^2 + (a - h)(a + h), the first one exact: an error of it would be multiplied. p enters
// before the last rounding of the exponential.
@error("2.5")
fn times_half_square_exp(p: f32, a: f32) -> f32 {
  let h = bitcast<f32>(bitcast<u32>(a) & 0xfffff000u);
  let x = h * h * -0.5;
  let dx = (a - h) * (a + h) * -0.5;
  let z = rounded_with_bits((x + dx) * 1.44269504);
  let k = whole_of_bits(z);
  let rest = expm1_of_rest((x - k * 0.693145751953125) + (dx - k * 1.42860682e-6));
  return scaled_by_bits(p + p * rest, z);
}

@error("4.8")
fn normcdf(x: f32) -> f32 {
  let a = abs(x);
  let tail = times_half_square_exp(mills_numerator(a), a) / (a + 2.0);
  return select(tail, 1.0 - tail, x > 0.0);
}

// For gelu_slope: e^(t^2/2) (Phi(-t) - t phi(t)), divided by a - t, as a polynomial in (t - 2.75)/(t + 2.75) (3.8e-9).
@error("4")
fn gelu_slope_factor(t: f32) -> f32 {
  let v = (t - 2.75) / (t + 2.75);
  let p5 = 0.00095239261 + v * (0.00017479306 + v * (-0.00010084885 + v * -0.000035267322));
  let p2 = 0.049811843 + v * (-0.009442341 + v * (-0.0015607314 + v * p5));
  return 0.48361647 + v * (-0.12448009 + v * p2);
}

// Phi(x) + x phi(x), the derivative of x Phi(x). Of its tail e^(-x^2/2) (mills(t) - t / sqrt(2 pi)), the factor vanishes where t is a = 0.75179...;
// that is taken out of it, a in two parts.
@error("4.6")
fn gelu_slope(x: f32) -> f32 {
  let t = abs(x);
  let tail = times_half_square_exp(gelu_slope_factor(t) * ((0.75179154 - t) - 0.0000000121144495), t);
  return select(tail, 1.0 - tail, x > 0.0);
}

@error("2.4")
fn normpdf(x: f32) -> f32 {
  return times_half_square_exp(0.39894228, abs(x));
}
`;
