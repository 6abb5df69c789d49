/** The sigmoid and its relatives of wide numbers. */
export const sigmoidal = `
// 1 / (1 + e^-x); with e = e^-|x|, e / (1 + e) for x < 0.
fn wide_sigmoid(x: wide) -> wide {
  let e = wide_exp(wide_negate(wide_abs(x)));
  var numerator = WIDE_ONE;
  if (x.negative) {
    numerator = e;
  }
  return wide_divide(numerator, wide_add(WIDE_ONE, e));
}

// sigmoid(x) sigmoid(-x) = e / (1 + e)^2.
fn wide_logistic(x: wide) -> wide {
  let e = wide_exp(wide_negate(wide_abs(x)));
  let sum = wide_add(WIDE_ONE, e);
  return wide_divide(e, wide_multiply(sum, sum));
}

// x sigmoid(x) sigmoid(-x), which vanishes at both ends.
fn wide_logistic_moment(x: wide) -> wide {
  let density = wide_logistic(x);
  if (wide_equal(density, WIDE_ZERO)) {
    return WIDE_ZERO;
  }
  return wide_multiply(x, density);
}

// ln(1 + e^x) = max(x, 0) + ln(1 + e^-|x|).
fn wide_softplus(x: wide) -> wide {
  let rest = wide_log1p(wide_exp(wide_negate(wide_abs(x))));
  if (x.negative) {
    return rest;
  }
  return wide_add(x, rest);
}

fn wide_log_sigmoid(x: wide) -> wide {
  return wide_negate(wide_softplus(wide_negate(x)));
}

// ln(e^a + e^b).
fn wide_logaddexp(a: wide, b: wide) -> wide {
  if (wide_equal(a, b)) {
    return wide_add(a, WIDE_LN2);
  }
  let difference = wide_negate(wide_abs(wide_subtract(a, b)));
  return wide_add(wide_max(a, b), wide_log1p(wide_exp(difference)));
}

// With e = e^|x| - 1, cosh(x) - 1 = e^2 / (2 (e + 1)).
fn wide_logcosh(x: wide) -> wide {
  let e = wide_expm1(wide_abs(x));
  if (wide_equal(e, WIDE_INFINITY)) {
    return wide_subtract(wide_abs(x), WIDE_LN2);
  }
  let excess = wide_divide(wide_multiply(e, e), wide_scale(wide_add(e, WIDE_ONE), 1));
  return wide_log1p(excess);
}

// ln(1 + x^2).
fn wide_log1p_square(x: wide) -> wide {
  return wide_log1p(wide_multiply(x, x));
}
`;
