/** Pairs of float32: the error function and the normal distribution. Relative errors of about 2^-29. */
export const gaussian = `
// e^(x^2) erfc(x) for 0.46 <= x <= 11: (1 + 2x) times it is 1.25 plus a polynomial in v = (x - 2)/(x + 2) (4.6e-11).
fn pair_erfcx(a: pair) -> pair {
  let v = pair_divide(pair_subtract(a, pair(2.0, 0.0)), pair_add(a, pair(2.0, 0.0)));
  let x = v.high;
  let p = -0.0080340290 + x * (0.0087228818 + x * (0.0012713828 + x * (-0.0014584871 + x * (-0.00045404740 + x * (0.00021287719 + x * (0.00014871488 + x * (-0.000014944048 + x * -0.000031005733)))))));
  let p4 = pair_add(pair(-0.054220017, 1.0742711e-9), pair_multiply(v, pair(p, 0.0)));
  let p3 = pair_add(pair(0.16405128, 1.6463834e-9), pair_multiply(v, p4));
  let p2 = pair_add(pair(-0.16603039, -5.1900155e-9), pair_multiply(v, p3));
  let p1 = pair_add(pair(-0.092763826, -3.5358294e-10), pair_multiply(v, p2));
  let p0 = pair_add(pair(1.2769784, 8.0234532e-9), pair_multiply(v, p1));
  return pair_divide(p0, pair_add(pair(1.0, 0.0), pair_scale(a, 2.0)));
}

// A polynomial for |a| < 0.47 (2^-32.8).
fn pair_erf_small(a: pair) -> pair {
  let square = pair_multiply(a, a);
  let z = square.high;
  let p = 0.11283792 + z * (-0.026866132 + z * (0.0052234847 + z * (-0.00085154147 + z * 0.00010956138)));
  let p1 = pair_add(pair(-0.37612638, -1.0237824e-8), pair_multiply(square, pair(p, 0.0)));
  let p0 = pair_add(pair(1.1283792, -5.8635429e-8), pair_multiply(square, p1));
  return pair_multiply(a, p0);
}

// e^(-a^2)
fn pair_gaussian(a: pair) -> pair {
  return pair_exp(pair_negate(pair_multiply(a, a)));
}

fn pair_erf(a: pair) -> pair {
  let x = pair_abs(a);
  if (x.high < 0.46875) {
    return pair_erf_small(a);
  }
  if (x.high > 11.0) {
    return pair(select(1.0, -1.0, a.high < 0.0), 0.0);
  }
  let y = pair_subtract(pair(1.0, 0.0), pair_multiply(pair_gaussian(x), pair_erfcx(x)));
  if (a.high < 0.0) {
    return pair_negate(y);
  }
  return y;
}

fn pair_erfc(a: pair) -> pair {
  let x = pair_abs(a);
  if (x.high < 0.46875) {
    return pair_subtract(pair(1.0, 0.0), pair_erf_small(a));
  }
  if (x.high > 11.0) {
    return pair(select(0.0, 2.0, a.high < 0.0), 0.0);
  }
  let tail = pair_multiply(pair_gaussian(x), pair_erfcx(x));
  if (a.high < 0.0) {
    return pair_subtract(pair(2.0, 0.0), tail);
  }
  return tail;
}

// 2^60 erfc(-a / sqrt(2)) / 2, the exponential from a itself.
fn pair_raised_normcdf(a: pair) -> pair {
  let t = pair_multiply(a, pair(0.70710677, 1.2101617e-8));
  let x = pair_abs(t);
  if (x.high < 0.46875) {
    return pair_scale(pair_add(pair(1.0, 0.0), pair_erf_small(t)), 576460752303423488.0);
  }
  if (x.high > 11.0) {
    return pair(select(1152921504606846976.0, 0.0, a.high < 0.0), 0.0);
  }
  let tail = pair_scale(pair_multiply(pair_raised_exp(pair_scale(pair_multiply(a, a), -0.5)), pair_erfcx(x)), 0.5);
  if (a.high < 0.0) {
    return tail;
  }
  return pair_subtract(pair(1152921504606846976.0, 0.0), tail);
}

// The derivative of a normcdf(a), normcdf(a) + a normpdf(a), with one exponential; its error is relative to 1/2 where the sum cancels.
fn pair_gelu_slope(a: pair) -> pair {
  let t = pair_multiply(a, pair(0.70710677, 1.2101617e-8));
  let x = pair_abs(t);
  if (x.high > 11.0) {
    return pair(select(1.0, 0.0, a.high < 0.0), 0.0);
  }
  // Both 2^60 times as large, lest they fade away before the sum does.
  let e = pair_raised_exp(pair_scale(pair_multiply(a, a), -0.5));
  let slope = pair_multiply(pair_multiply(a, e), pair(0.39894229, -1.1335170e-8));
  if (x.high < 0.46875) {
    let half = pair_scale(pair_add(pair(1.0, 0.0), pair_erf_small(t)), 0.5);
    return pair_add(half, pair_scale(slope, 8.673617379884035e-19));
  }
  let tail = pair_scale(pair_multiply(e, pair_erfcx(x)), 0.5);
  if (a.high < 0.0) {
    return pair_scale(pair_add(tail, slope), 8.673617379884035e-19);
  }
  return pair_add(pair(1.0, 0.0), pair_scale(pair_subtract(slope, tail), 8.673617379884035e-19));
}
`;
