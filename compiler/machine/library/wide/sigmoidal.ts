/** The sigmoid and its relatives of wide numbers. */
export const sigmoidal = `
// 1 / (1 + e^-x); with e = e^-|x|, e / (1 + e) for x < 0.
fn wide_sigmoid(x: wide) -> wide {
  let e = wide_exp(wide_negate(wide_abs(x)));
  return wide_divide(wide_select(WIDE_ONE, e, x.negative), wide_add(WIDE_ONE, e));
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
  return wide_select(wide_multiply(x, density), WIDE_ZERO, wide_is_zero(density));
}

// ln(1 + e^x) = max(x, 0) + ln(1 + e^-|x|).
fn wide_softplus(x: wide) -> wide {
  let rest = wide_log1p(wide_exp(wide_negate(wide_abs(x))));
  return wide_add(wide_select(x, WIDE_ZERO, x.negative), rest);
}

fn wide_log_sigmoid(x: wide) -> wide {
  return wide_negate(wide_softplus(wide_negate(x)));
}

// ln(e^a + e^b).
fn wide_logaddexp(a: wide, b: wide) -> wide {
  let difference = wide_select(wide_subtract(a, b), WIDE_ZERO, wide_equal(a, b));
  return wide_add(wide_max(a, b), wide_log1p(wide_exp(wide_negate(wide_abs(difference)))));
}

// With e = e^|x| - 1, cosh(x) = 1 + e^2 / (2 (e + 1)); |x| - ln 2 where that is all.
fn wide_logcosh(x: wide) -> wide {
  let e = wide_expm1(wide_abs(x));
  let excess = wide_divide(wide_multiply(e, e), wide_scale(wide_add(e, WIDE_ONE), 1));
  return wide_select(wide_log1p(excess), wide_subtract(wide_abs(x), WIDE_LN2), x.exponent > 10);
}

// ln(1 + x^2).
fn wide_log1p_square(x: wide) -> wide {
  return wide_log1p(wide_multiply(x, x));
}
`;
