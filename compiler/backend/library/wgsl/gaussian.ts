/** The error function and the normal distribution. */
export const gaussian = `
// e^(c x^2) for c = -1 or -1/2. The square is taken in two parts, h^2 + (|x| - h)(|x| + h), the first one exact:
// its rounding error would be multiplied by as much as 100.
@error("1.5 ulp")
fn exp_square(x: f32, c: f32) -> f32 {
  let a = min(abs(x), 16.0);
  let h = leading_bits(a);
  return exp_scaled(c * (h * h), c * ((a - h) * (a + h)), 0);
}

// e^(x^2) erfc(x) for 0.46 <= x <= 11: (1 + 2x) times it is a polynomial in (x - 2)/(x + 2) (1.8e-8).
@error("2 ulp")
fn erfcx(x: f32) -> f32 {
  let v = (x - 2.0) / (x + 2.0);
  let p6 = 0.0086480407 + v * (0.00113937387 + v * (-0.00124951382 + v * -0.000223329538));
  let p4 = -0.054208871 + v * (-0.00800223462 + v * p6);
  let p = 1.27697837 + v * (-0.0927637443 + v * (-0.166030988 + v * (0.16404824 + v * p4)));
  return p / (1.0 + 2.0 * x);
}

// 2x/sqrt(pi), a polynomial (1.1e-8) up to 0.84375, then 1 - erfc(x) with erfc(x) < 1/4.
@error("1.39 ulp, at 5.40443034e-05")
fn erf(x: f32) -> f32 {
  if (is_nan(x)) {
    return x;
  }
  let a = abs(x);
  if (a < 1e-4) {
    return x * 1.12837917;
  }
  if (a < 0.84375) {
    let z = x * x;
    let p3 = -0.0268621426 + z * (0.00520831672 + z * (-0.000823128736 + z * 8.77209823e-5));
    return x + x * (0.128379166 + z * (-0.376126379 + z * (0.112837419 + z * p3)));
  }
  let y = 1.0 - exp_square(a, -1.0) * erfcx(min(a, 11.0));
  return select(-y, y, x > 0.0);
}

// 1 - erf(x) without its cancellation: e^(-x^2) erfcx(x) in the tail.
@error("3.44 ulp, at 1.52641904")
fn erfc(x: f32) -> f32 {
  if (is_nan(x)) {
    return x;
  }
  let a = abs(x);
  if (a < 0.46875) {
    return 1.0 - erf(x);
  }
  let tail = exp_square(a, -1.0) * erfcx(min(a, 11.0));
  return select(2.0 - tail, tail, x > 0.0);
}

// The distribution function of the standard normal distribution, erfc(-x / sqrt(2)) / 2.
@error("3.58 ulp, at -2.16373181")
fn normcdf(x: f32) -> f32 {
  if (is_nan(x)) {
    return x;
  }
  let t = x * 0.707106781;
  if (abs(t) < 0.46875) {
    return 0.5 + 0.5 * erf(t);
  }
  let tail = 0.5 * erfcx(min(abs(t), 11.0)) * exp_square(x, -0.5);
  return select(1.0 - tail, tail, x < 0.0);
}

// The density of the standard normal distribution, e^(-x^2/2) / sqrt(2 pi).
@error("1.83 ulp, at -10.4447603")
fn normpdf(x: f32) -> f32 {
  if (is_nan(x)) {
    return x;
  }
  return 0.39894228 * exp_square(x, -0.5);
}
`;
