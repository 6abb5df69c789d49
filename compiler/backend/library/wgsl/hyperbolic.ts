export const hyperbolic = `
// A polynomial (7e-9) up to 0.625, then 1 - 2/(e^(2|x|) + 1).
@error("1.35 ulp, at 0.625967503")
fn tanh(x: f32) -> f32 {
  if (is_nan(x)) {
    return x;
  }
  let a = abs(x);
  if (a < 0.625) {
    let z = x * x;
    let p = 0.133314207 + z * (-0.0537378006 + z * (0.0206325557 + z * -0.00569739332));
    return x + x * (z * (-0.333332807 + z * p));
  }
  let y = 1.0 - 2.0 / (exp_scaled(2.0 * min(a, 10.0), 0.0, 0) + 1.0);
  return select(-y, y, x > 0.0);
}

// A polynomial (5.2e-9) up to 1, then h - 1/(4h) with h = e^|x| / 2.
@error("1.60 ulp, at 1.44048679")
fn sinh(x: f32) -> f32 {
  if (is_nan(x)) {
    return x;
  }
  let a = abs(x);
  if (a < 1.0) {
    let z = x * x;
    return x + x * (z * (0.166666672 + z * (0.0083333496 + z * (0.000198361595 + z * 2.81695088e-6))));
  }
  let h = exp_scaled(a, 0.0, -1);
  let y = h - 0.25 / h;
  return select(-y, y, x > 0.0);
}

// h + 1/(4h) with h = e^|x| / 2.
@error("1.18 ulp, at 5.23103523")
fn cosh(x: f32) -> f32 {
  if (is_nan(x)) {
    return x;
  }
  let h = exp_scaled(abs(x), 0.0, -1);
  return h + 0.25 / h;
}

// ln(|x| + sqrt(x^2 + 1)), as ln(1 + |x| + x^2/(1 + sqrt(x^2 + 1))).
@error("1.81 ulp, at 0.400030255")
fn asinh(x: f32) -> f32 {
  let a = abs(x);
  if (is_nan(x) || a < 1e-4) {
    return x;
  }
  var y = 0.0;
  if (a > 1e9) {
    y = log(a) + 0.693147181;
  } else {
    let square = a * a;
    y = log1p(a + square / (1.0 + sqrt(1.0 + square)));
  }
  return select(-y, y, x > 0.0);
}

// ln(x + sqrt(x^2 - 1)), as ln(1 + t + sqrt(t (t + 2))) with t = x - 1.
@error("2.41 ulp, at 1.00772917")
fn acosh(x: f32) -> f32 {
  if (is_nan(x)) {
    return x;
  }
  if (x < 1.0) {
    return nan();
  }
  if (x > 1e9) {
    return log(x) + 0.693147181;
  }
  let t = x - 1.0;
  return log1p(t + sqrt(t * (t + 2.0)));
}

// ln((1 + |x|)/(1 - |x|)) / 2, as ln(1 + 2|x|/(1 - |x|)) / 2.
@error("2.01 ulp, at 0.184990078")
fn atanh(x: f32) -> f32 {
  let a = abs(x);
  if (is_nan(x) || a < 1e-4) {
    return x;
  }
  if (a >= 1.0) {
    return select(nan(), infinity() * x, a == 1.0);
  }
  let y = 0.5 * log1p(2.0 * a / (1.0 - a));
  return select(-y, y, x > 0.0);
}
`;
