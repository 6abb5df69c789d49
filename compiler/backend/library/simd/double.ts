/**
 * The mathematics library for vectors of float64 whose results are rounded to float32 in the end, in the machine language: as accurate
 * as that needs, with room for sums that cancel. Each function holds for operands of ordinary size, which whoever calls
 * it has to see to; `@error` bounds the relative error that was measured there, in units of 2^-36.
 */
export const double = `
@error("0")
fn binary_exponent(x: f64) -> f64 {
  return f64((high_word(x) - 0x3fe6a09e) >> 20u);
}

// 2^k (1 + r + r^2 q(r)) with x = k ln 2 + r (1.2e-12).
@error("1")
fn exp(x: f64) -> f64 {
  let k = round(x * 1.4426950408889634);
  let r = x - k * 0.6931471805599453;
  let q3 = 0.008333281796375604 + r * (0.0013889196732039639 + r * (0.00019908946628064355 + r * 0.000024708520073964703));
  let q = 0.5000000000426623 + r * (0.1666666678448201 + r * (0.041666664406920344 + r * q3));
  return (1.0 + (r + r * r * q)) * power_of_two(i32(k));
}

@error("1")
fn expm1(x: f64) -> f64 {
  let k = round(x * 1.4426950408889634);
  let r = x - k * 0.6931471805599453;
  let q3 = 0.008333281796375604 + r * (0.0013889196732039639 + r * (0.00019908946628064355 + r * 0.000024708520073964703));
  let q = 0.5000000000426623 + r * (0.1666666678448201 + r * (0.041666664406920344 + r * q3));
  let scale = power_of_two(i32(k));
  return scale * (r + r * r * q) + (scale - 1.0);
}

// ln(2^k (1 + f)) for sqrt(1/2) <= 1 + f < sqrt(2): with s = 2 f/(2 + f) it is k ln 2 + 2 artanh(s/2) (4.8e-12).
@error("1")
fn log_of_parts(k: f64, f: f64) -> f64 {
  let s = (f + f) / (2.0 + f);
  let z = s * s;
  let p = 0.08333333206064954 + z * (0.012500104551635692 + z * (0.0022294800689236774 + z * 0.0004605764479926835));
  return k * 0.6931471805599453 + (s + s * (z * p));
}

@error("1")
fn log(x: f64) -> f64 {
  let k = binary_exponent(x);
  return log_of_parts(k, x * power_of_two(i32(-k)) - 1.0);
}

// 1 + x = 2^k (1 + f): k is read off the rounded sum, f is computed from x itself.
@error("1")
fn log1p(x: f64) -> f64 {
  let k = binary_exponent(1.0 + x);
  let scale = power_of_two(i32(-k));
  return log_of_parts(k, x * scale + (scale - 1.0));
}

// ln(1 + e^-x) for x >= 0.
@error("1")
fn softplus_tail(x: f64) -> f64 {
  return log1p(exp(-x));
}

@error("1")
fn softplus(x: f64) -> f64 {
  return max(x, 0.0) + log1p(exp(-abs(x)));
}

@error("1")
fn tanh(x: f64) -> f64 {
  let e = expm1(clamp(x + x, -60.0, 60.0));
  return e / (e + 2.0);
}

// With e = e^|x| - 1 it is (e + e/(e + 1))/2.
@error("1")
fn sinh(x: f64) -> f64 {
  let e = expm1(abs(x));
  let y = 0.5 * (e + e / (e + 1.0));
  return select(-y, y, x > 0.0);
}

@error("1")
fn cosh(x: f64) -> f64 {
  let h = 0.5 * exp(abs(x));
  return h + 0.25 / h;
}

// ln(|x| + sqrt(x^2 + 1)), as ln(1 + |x| + x^2/(1 + sqrt(x^2 + 1))).
@error("1")
fn asinh(x: f64) -> f64 {
  let a = abs(x);
  let square = a * a;
  let y = log1p(a + square / (1.0 + sqrt(1.0 + square)));
  return select(-y, y, x > 0.0);
}

// ln((1 + |x|)/(1 - |x|)) / 2, as ln(1 + 2|x|/(1 - |x|)) / 2.
@error("1")
fn atanh(x: f64) -> f64 {
  let a = abs(x);
  let y = 0.5 * log1p(2.0 * a / (1.0 - a));
  return select(-y, y, x > 0.0);
}

// Phi(-t) e^(t^2/2) for t >= 0: a polynomial in (t - 4)/(t + 4) over 1 + 1.25 t (5.3e-12 up to 38).
@error("1")
fn mills(t: f64) -> f64 {
  let v = (t - 4.0) / (t + 4.0);
  let p12 = 0.000016615001592412755 + v * (-0.0000028632516857133256 + v * -0.00000196718592704523);
  let p9 = -0.00010590221999148151 + v * (-0.00011612960868512133 + v * (0.000024074531224901176 + v * p12));
  let p6 = -0.006379812192679663 + v * (-0.0005169582442183149 + v * (0.0009151391017693571 + v * p9));
  let p3 = 0.05367730449114061 + v * (-0.04796350272619608 + v * (0.02454318087927063 + v * p6));
  let p = 0.566463847810555 + v * (-0.07827991622349441 + v * (-0.01359527024081667 + v * p3));
  return p / (1.0 + 1.25 * t);
}

@error("2")
fn normcdf(x: f64) -> f64 {
  let a = abs(x);
  let t = min(a, 37.0);
  let tail = exp(t * t * -0.5) * mills(t);
  return select(tail, 1.0 - tail, x > 0.0);
}

@error("1")
fn normpdf(x: f64) -> f64 {
  let t = min(abs(x), 37.0);
  return 0.3989422804014327 * exp(t * t * -0.5);
}

// Phi(x) + x phi(x), the derivative of x Phi(x).
@error("2")
fn gelu_slope(x: f64) -> f64 {
  let t = min(abs(x), 37.0);
  let tail = exp(t * t * -0.5) * (mills(t) - 0.3989422804014327 * t);
  return select(tail, 1.0 - tail, x > 0.0);
}

@error("2")
fn erfc(x: f64) -> f64 {
  let t = min(abs(x), 26.0);
  let tail = 2.0 * exp(-(t * t)) * mills(t * 1.4142135623730951);
  return select(2.0 - tail, tail, x > 0.0);
}

// Up to 1/2 a polynomial (1.2e-11), then 1 - erfc(|x|).
@error("2")
fn erf(x: f64) -> f64 {
  let a = abs(x);
  let t = min(a, 26.0);
  let far = 1.0 - 2.0 * exp(-(t * t)) * mills(t * 1.4142135623730951);
  let z = x * x;
  let p3 = -0.026863119983449507 + z * (0.0052003087517191226 + z * -0.0007692859492027202);
  let near = x + x * (0.12837916708208166 + z * (-0.3761263851914333 + z * (0.11283773806349857 + z * p3)));
  return select(select(-far, far, x > 0.0), near, a <= 0.5);
}

// pi/2 times a whole number k is subtracted in two parts, the first of 33 bits; of what is left, at most pi/4, sine and cosine are polynomials.
@error("2")
fn sine_of(k: f64, r: f64) -> f64 {
  let z = r * r;
  let s3 = -0.00019841269841269841 + z * (0.0000027557319223985893 + z * -0.000000025052108385441720);
  let sine = r + r * (z * (-0.16666666666666666 + z * (0.008333333333333333 + z * s3)));
  let c3 = -0.001388888888888889 + z * (0.0000248015873015873 + z * (-0.00000027557319223985888 + z * 0.0000000020876756987868100));
  let cosine = 1.0 + z * (-0.5 + z * (0.041666666666666664 + z * c3));
  let half = k * 0.5;
  let quarter = k * 0.25;
  let y = select(cosine, sine, floor(half) == half);
  return select(y, -y, quarter - floor(quarter) >= 0.5);
}

@error("2")
fn sin(x: f64) -> f64 {
  let k = round(x * 0.6366197723675814);
  return sine_of(k, (x - k * 1.57079632673412561417e+00) - k * 6.07710050650619224932e-11);
}

@error("2")
fn cos(x: f64) -> f64 {
  let k = round(x * 0.6366197723675814);
  return sine_of(k + 1.0, (x - k * 1.57079632673412561417e+00) - k * 6.07710050650619224932e-11);
}
`;
