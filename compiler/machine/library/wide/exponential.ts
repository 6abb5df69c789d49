/** Exponential, logarithm, powers and hyperbolic functions of wide numbers. */
export const exponential = `
const WIDE_LN2: wide = wide(
  false,
  0x0.b17217f7d1cf79abc9e3b39803f2f6af40f343267298b62d8a0d175b8baafa2be7b876206debac98559552fb4afa1b10n,
  0
);
const NAT_HALF_LOG2_E: nat =
  0x0.b8aa3b295c17f0bbbe87fed0691d3e88eb577aa8dd695a588b25166cd1a13247de1c43f755176cd624d92f75c16be0b3n;
const NAT_SQRT_HALF: nat =
  0x0.b504f333f9de6484597d89b3754abe9f1d6f60ba893ba84ced17ac85833399154afc83043ab8a2c3a8b1fe6fdc83db39n;

// a * 2^k, rounded down.
fn nat_scaled(a: nat, k: i32) -> nat {
  if (k < 0) {
    return a >> -k;
  }
  return a << k;
}

// (e^r - 1) / 2r for |r| < 1, r being negative if so said. A series gives u = (e^t - 1) / 2t for a small t = r / 2^h; when t
// is doubled, u becomes u + t u^2.
fn nat_expm1_quotient(r: nat, negative: bool) -> nat {
  let halvings = 4 + (nat_bits() >> 5u);
  let t = r >> halvings;
  var term = NAT_HALF;
  var quotient = NAT_HALF;
  for (var k = 2u; !is_zero(term); k++) {
    term = divide_short(multiply_high(term, t), k);
    quotient = select(quotient + term, quotient - term, negative & ((k & 1u) == 0u));
  }
  for (var i = halvings; i > 0; i--) {
    let change = multiply_high(multiply_high(quotient, quotient), r >> i);
    quotient = select(quotient + change, quotient - change, negative);
  }
  return quotient;
}

// n and ±r with x = n ln 2 ± r and r <= ln(2) / 2.
struct wide_logarithm { n: i32, negative: bool, r: nat }

// Where e^x is out of range, 2^n is so too.
fn wide_exp_reduced(x: wide) -> wide_logarithm {
  // |x| / ln 2 = quotient / 2^point.
  let point = clamp(nat_bits() - 1 - x.exponent, 0, nat_bits() + nat_bits());
  let quotient = multiply_high(x.mantissa, NAT_HALF_LOG2_E);
  let whole = quotient >> point;
  let fraction = nat_scaled(quotient - (whole << point), nat_bits() - point);
  let up = fraction >= NAT_HALF;
  let size = min(select(i32(low_u32(whole)) + i32(up), WIDE_BEYOND, x.exponent > 28), WIDE_LIMIT + 2);
  let n = select(size, 0, wide_is_nan(x));
  let r = multiply_high(select(fraction, NAT_ONES - fraction, up), WIDE_LN2.mantissa);
  return wide_logarithm(select(n, -n, x.negative), x.negative != up, r);
}

// 2^n (1 + (e^±r - 1)).
fn wide_exp(x: wide) -> wide {
  let logarithm = wide_exp_reduced(x);
  let growth = multiply_high(logarithm.r, nat_expm1_quotient(logarithm.r, logarithm.negative));
  let mantissa = select(NAT_HALF + growth, NAT_HALF - growth, logarithm.negative);
  let short = mantissa < NAT_HALF;
  let digits = select(select(mantissa, mantissa << 1, short), 0n, wide_is_nan(x));
  return wide_bounded(false, digits, logarithm.n + 1 - i32(short));
}

// e^x - 1 = 2^n (e^±r - 1) + (2^n - 1), of small relative error near 0 too: there r is x itself.
fn wide_expm1(x: wide) -> wide {
  let logarithm = wide_exp_reduced(x);
  let near = logarithm.n == 0;
  let growth = multiply_high(
    select(logarithm.r, x.mantissa, near), nat_expm1_quotient(logarithm.r, logarithm.negative)
  );
  let excess = wide_normalised(logarithm.negative, growth, select(0, x.exponent, near) + 1);
  let power = wide_scale(WIDE_ONE, logarithm.n);
  return wide_add(wide_scale(excess, logarithm.n), wide_subtract(power, WIDE_ONE));
}

// z/3 + z^2/5 + z^3/7 + ..., for z in [0, 1/8); of alternating sign z/3 - z^2/5 + z^3/7 - ...
fn nat_arctangent_series(z: nat, alternating: bool) -> nat {
  var sum = 0n;
  var power = z;
  for (var k = 3u; !is_zero(power); k += 2u) {
    let term = divide_short(power, k);
    sum = select(sum + term, sum - term, alternating & ((k & 2u) == 0u));
    power = multiply_high(power, z);
  }
  return sum;
}

// x^2 as a fraction, for |x| < 1; 0 for NaN.
fn nat_square(x: wide) -> nat {
  let fraction = x.mantissa >> max(-x.exponent, 0);
  return multiply_high(fraction, fraction);
}

// 2 artanh(s) = 2s (1 + s^2/3 + s^4/5 + ...) for |s| <= 1/4.
fn wide_twice_artanh(s: wide) -> wide {
  let series = nat_arctangent_series(nat_square(s), false);
  return wide_multiply(s, wide(false, NAT_HALF + (series >> 1), 2));
}

// The k of x = 2^k y with y between sqrt(1/2) and sqrt(2); for other than positive numbers what makes k ln 2 their logarithm.
fn wide_log_exponent(x: wide) -> wide {
  let k = x.exponent - i32(x.mantissa < NAT_SQRT_HALF);
  let special = abs(x.exponent) >= WIDE_LIMIT;
  let invalid = wide_is_negative(x) | wide_is_nan(x);
  let size = select(nat(u32(abs(k))), 1n, special);
  return wide_normalised(
    k < 0, select(size, 0n, invalid), select(nat_bits(), WIDE_NAN.exponent, special | invalid)
  );
}

// y - 1 for that y, or 0.
fn wide_log_fraction(x: wide) -> wide {
  let special = wide_is_negative(x) | (abs(x.exponent) >= WIDE_LIMIT);
  let exponent = i32(x.mantissa < NAT_SQRT_HALF);
  return wide_subtract(wide(false, select(x.mantissa, NAT_HALF, special), select(exponent, 1, special)), WIDE_ONE);
}

// ln(2^k (1 + f)) = k ln 2 + 2 artanh(f / (2 + f)).
fn wide_log_scaled(k: wide, f: wide) -> wide {
  return wide_add(wide_multiply(k, WIDE_LN2), wide_twice_artanh(wide_divide(f, wide_add(f, WIDE_TWO))));
}

fn wide_log(x: wide) -> wide {
  return wide_log_scaled(wide_log_exponent(x), wide_log_fraction(x));
}

// ln(1 + x), of small relative error near 0 too.
fn wide_log1p(x: wide) -> wide {
  let sum = wide_add(x, WIDE_ONE);
  let near = x.exponent < -1;
  let f = wide_select(wide_log_fraction(sum), x, near);
  return wide_log_scaled(wide_select(wide_log_exponent(sum), WIDE_ZERO, near), f);
}

// x^n by squaring.
fn wide_power(x: wide, n: i32) -> wide {
  var power = WIDE_ONE;
  var square = x;
  for (var rest = u32(abs(n)); rest != 0u; rest = rest >> 1u) {
    if ((rest & 1u) == 1u) {
      power = wide_multiply(power, square);
    }
    square = wide_multiply(square, square);
  }
  if (n < 0) {
    return wide_divide(WIDE_ONE, power);
  }
  return power;
}

// The real power: x^0 = 1, and a negative x has the powers with whole exponents. Exponents up to 1024 that are whole, or
// halves of whole numbers, are left to multiplication and the root, the others to exp(y log x).
fn wide_pow(x: wide, y: wide) -> wide {
  if (wide_is_nan(x) | wide_is_nan(y)) {
    return WIDE_NAN;
  }
  if ((y.exponent <= 10) & wide_is_integer(wide_scale(y, 1))) {
    let doubled = i32(low_u32(y.mantissa >> clamp(nat_bits() - 1 - y.exponent, 0, nat_bits())));
    let n = select(doubled, -doubled, y.negative);
    if ((n & 1) == 1) {
      return wide_power(wide_sqrt(x), n);
    }
    return wide_power(x, n >> 1u);
  }
  let logarithm = wide_log(wide_abs(x));
  let power = wide_exp(wide_select(wide_multiply(y, logarithm), WIDE_ZERO, is_zero(logarithm.mantissa)));
  if (wide_is_negative(x) & !wide_is_integer(y)) {
    return WIDE_NAN;
  }
  return wide(wide_is_negative(x) & !wide_is_integer(wide_scale(y, -1)), power.mantissa, power.exponent);
}

// With e = e^|x| - 1, (e + e / (e + 1)) / 2.
fn wide_sinh(x: wide) -> wide {
  let e = wide_expm1(wide_abs(x));
  let doubled = wide_add(e, wide_select(wide_divide(e, wide_add(e, WIDE_ONE)), WIDE_ONE, e.exponent > nat_bits()));
  return wide_with_sign(wide_scale(doubled, -1), x);
}

fn wide_cosh(x: wide) -> wide {
  let e = wide_exp(wide_abs(x));
  return wide_scale(wide_add(e, wide_divide(WIDE_ONE, e)), -1);
}

// With e = e^(-2|x|) - 1, -e / (2 + e).
fn wide_tanh(x: wide) -> wide {
  let e = wide_expm1(wide_scale(wide_negate(wide_abs(x)), 1));
  return wide_with_sign(wide_divide(e, wide_add(e, WIDE_TWO)), x);
}

// ln(|x| + sqrt(1 + x^2)) = ln(1 + |x| + x^2 / (1 + sqrt(1 + x^2))).
fn wide_asinh(x: wide) -> wide {
  let square = wide_multiply(x, x);
  let root = wide_sqrt(wide_add(square, WIDE_ONE));
  let rest = wide_select(wide_divide(square, wide_add(root, WIDE_ONE)), wide_abs(x), x.exponent > nat_bits());
  return wide_with_sign(wide_log1p(wide_add(wide_abs(x), rest)), x);
}

// With t = x - 1, ln(1 + t + sqrt(t (t + 2))).
fn wide_acosh(x: wide) -> wide {
  let t = wide_subtract(x, WIDE_ONE);
  let root = wide_sqrt(wide_multiply(t, wide_add(t, WIDE_TWO)));
  return wide_select(wide_log1p(wide_add(t, root)), WIDE_NAN, wide_is_negative(t));
}

// ln((1 + |x|) / (1 - |x|)) / 2 = ln(1 + 2|x| / (1 - |x|)) / 2.
fn wide_atanh(x: wide) -> wide {
  let size = wide_abs(x);
  let quotient = wide_divide(wide_scale(size, 1), wide_subtract(WIDE_ONE, size));
  return wide_with_sign(wide_scale(wide_log1p(quotient), -1), x);
}
`;
