/** Exponential, logarithm, powers and hyperbolic functions of wide numbers. */
export const exponential = `
const WIDE_QUARTER: wide = wide(false, 0x0.8n, -1);
const WIDE_HALF: wide = wide(false, 0x0.8n, 0);
const WIDE_1024: wide = wide(false, 0x0.8n, 11);

// ln 2, log2(e) / 2, sqrt(1/2).
const NAT_LN2: nat =
  0x0.b17217f7d1cf79abc9e3b39803f2f6af40f343267298b62d8a0d175b8baafa2be7b876206debac98559552fb4afa1b10ed2eae35c138214427573b291169b8253e96ca16224ae8c51acbda11317c387eb9ea9bc3b136603b256fa0ec7657f74b72ce87b19d6548caf5dfa6bd38303248655fa1872f20e3a2da2d97c50f3fd5c607f4ca11fb5bfb90610d30f88fe551a2ee569d6dfc1efa157d2e23de1400b39617460775db8990e5c943e732b479cd33cccc4e659393514c4c1a1e0bd1d6095dn;
const WIDE_LN2: wide = wide(
  false,
  0x0.b17217f7d1cf79abc9e3b39803f2f6af40f343267298b62d8a0d175b8baafa2be7b876206debac98559552fb4afa1b10ed2eae35c138214427573b291169b8253e96ca16224ae8c51acbda11317c387eb9ea9bc3b136603b256fa0ec7657f74b72ce87b19d6548caf5dfa6bd38303248655fa1872f20e3a2da2d97c50f3fd5c607f4ca11fb5bfb90610d30f88fe551a2ee569d6dfc1efa157d2e23de1400b39617460775db8990e5c943e732b479cd33cccc4e659393514c4c1a1e0bd1d6095dn,
  0
);
const NAT_HALF_LOG2_E: nat =
  0x0.b8aa3b295c17f0bbbe87fed0691d3e88eb577aa8dd695a588b25166cd1a13247de1c43f755176cd624d92f75c16be0b3ea90b9e60c4a909fc4bfaf0353df39b32fe294932617d9d5b21b43d579d5a2060b5ebbbf3a8285468d1cf457ab63253c199a94836f5b4967278ccf084679c940ce7e20358cd5db8f612f08fbae30a1732650b6d1058eba509638c84c5a02065f411a8dec5ea11213918fcf712de862387f12325c49412609079683eda1a245b5ee9ac0b2f8d159ec33afcf70ec68ce71n;
const NAT_SQRT_HALF: nat =
  0x0.b504f333f9de6484597d89b3754abe9f1d6f60ba893ba84ced17ac85833399154afc83043ab8a2c3a8b1fe6fdc83db390f74a85e439c7b4a780487363dfa2768d2202e8742af1f4e53059c6011bc337bcab1bc911688458a460abc722f7c4e33c6d5a8a38bb7e9dccb2a634331f3c84df52f120f836e582eeaa4a0899040ca4a81394ab6d8fd0efdf4d3a02cebc93e0c4264dabcd528b651b8cf341b6f8236c70104dc01fe32352f332a5e9f7bda1ebff6a1be3fca221307dea06241f7aa81c2n;

// (e^r - 1) / 2r for r in [0, 1). With u = (e^t - 1) / 2t, the quotient for 2t is u + t u^2: a series gives it for a small
// t = r / 2^h, then t is doubled h times.
fn nat_expm1_quotient(r: nat) -> nat {
  let halvings = 4 + nat_bits() / 32;
  let t = r >> halvings;
  var term = NAT_HALF;
  var quotient = NAT_HALF;
  for (var k = 2u; !is_zero(term); k++) {
    term = divide_short(multiply_high(term, t), k);
    quotient = quotient + term;
  }
  for (var i = halvings; i > 0; i--) {
    quotient = quotient + multiply_high(multiply_high(quotient, quotient), r >> i);
  }
  return quotient;
}

// With |x| / ln 2 = n + fraction (or -x / ln 2 = -n - 1 + fraction) and r = fraction * ln 2, e^x = 2^n (1 + (e^r - 1)). Of an
// x beyond 2^(N - 1) there is no fraction left, and n has its leading N bits.
fn wide_exp(x: wide) -> wide {
  if (x.exponent > int(int_bits())) {
    if (wide_is_nan(x)) {
      return x;
    }
    return wide_normalised(false, NAT_HALF, select(WIDE_BEYOND, -WIDE_BEYOND, x.negative));
  }
  if (x.exponent < -int(nat_bits())) {
    return WIDE_ONE;
  }
  let quotient = multiply_high(x.mantissa, NAT_HALF_LOG2_E);
  // quotient = (whole + rest / 2^N) 2^point.
  let point = nat_bits() - 1 - i32(x.exponent);
  let whole = quotient >> max(point, 0);
  let rest = quotient - (whole << max(point, 0));
  let shift = nat_bits() - point;
  let scaled = select(rest << max(shift, 0), rest >> max(-shift, 0), shift < 0);
  let fraction = select(scaled, NAT_ONES - scaled, x.negative);
  let size = int(whole) << max(-point, 0);
  let n = select(size, -1 - size, x.negative);
  let r = multiply_high(fraction, NAT_LN2);
  return wide_normalised(false, NAT_HALF + multiply_high(r, nat_expm1_quotient(r)), n + 1);
}

// e^x - 1 for x in [0, 1).
fn wide_expm1_near(x: wide) -> wide {
  let quotient = nat_expm1_quotient(x.mantissa >> -x.exponent);
  return wide_normalised(false, multiply_high(x.mantissa, quotient), x.exponent + 1);
}

// e^x - 1, of small relative error near 0 too: e^-r - 1 = -(e^r - 1) / e^r.
fn wide_expm1(x: wide) -> wide {
  if (!wide_less(wide_abs(x), WIDE_HALF)) {
    return wide_subtract(wide_exp(x), WIDE_ONE);
  }
  let result = wide_expm1_near(wide_abs(x));
  if (x.negative) {
    return wide_negate(wide_divide(result, wide_add(result, WIDE_ONE)));
  }
  return result;
}

// z/3 + z^2/5 + z^3/7 + ..., for z in [0, 1/8); of alternating sign z/3 - z^2/5 + z^3/7 - ...
fn nat_arctangent_series(z: nat, alternating: bool) -> nat {
  var sum = 0n;
  var power = z;
  for (var k = 3u; !is_zero(power); k += 2u) {
    let term = divide_short(power, k);
    sum = select(sum + term, sum - term, alternating && (k & 2u) == 0u);
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
  let factor = NAT_HALF + (nat_arctangent_series(nat_square(s), false) >> 1);
  return wide_normalised(s.negative, multiply_high(s.mantissa, factor), s.exponent + 2);
}

// The k of x = 2^k y with y between sqrt(1/2) and sqrt(2); for other than positive numbers what makes k ln 2 their logarithm.
fn wide_log_exponent(x: wide) -> wide {
  if (wide_is_negative(x)) {
    return WIDE_NAN;
  }
  if (abs(x.exponent) >= WIDE_LIMIT) {
    return wide(x.exponent < 0, select(NAT_HALF, 0n, wide_is_nan(x)), abs(x.exponent));
  }
  return wide_integer(x.exponent - int(x.mantissa < NAT_SQRT_HALF));
}

// The y of that, or 1.
fn wide_log_fraction(x: wide) -> wide {
  if (wide_is_negative(x) || abs(x.exponent) >= WIDE_LIMIT) {
    return WIDE_ONE;
  }
  return wide(false, x.mantissa, int(x.mantissa < NAT_SQRT_HALF));
}

// ln(2^k y) = k ln 2 + 2 artanh((y - 1) / (y + 1)).
fn wide_log(x: wide) -> wide {
  let y = wide_log_fraction(x);
  let logarithm = wide_twice_artanh(wide_divide(wide_subtract(y, WIDE_ONE), wide_add(y, WIDE_ONE)));
  return wide_add(wide_multiply(wide_log_exponent(x), WIDE_LN2), logarithm);
}

// ln(1 + x) = 2 artanh(x / (2 + x)), of small relative error near 0 too.
fn wide_log1p(x: wide) -> wide {
  if (wide_less(wide_abs(x), WIDE_QUARTER)) {
    return wide_twice_artanh(wide_divide(x, wide_add(x, WIDE_TWO)));
  }
  return wide_log(wide_add(x, WIDE_ONE));
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

// x^n by squaring, for a whole number n.
fn wide_whole_power(x: wide, n: wide) -> wide {
  var power = WIDE_ONE;
  var square = x;
  var rest = wide_abs(n);
  while (!wide_equal(rest, WIDE_ZERO)) {
    let half = wide_floor(wide_scale(rest, -1));
    if (!wide_equal(wide_scale(half, 1), rest)) {
      power = wide_multiply(power, square);
    }
    square = wide_multiply(square, square);
    rest = half;
  }
  if (n.negative) {
    return wide_divide(WIDE_ONE, power);
  }
  return power;
}

// The real power: x^0 = 1, and a negative x has the powers with whole exponents. Exponents up to 1024 that are whole, or
// halves of whole numbers, are left to multiplication and the root, the others to exp(y log x).
fn wide_pow(x: wide, y: wide) -> wide {
  if (wide_is_nan(x) || wide_is_nan(y)) {
    return WIDE_NAN;
  }
  if (wide_equal(x, WIDE_ONE)) {
    return x;
  }
  let whole = wide_is_integer(y);
  if (wide_less(wide_abs(y), WIDE_1024)) {
    if (whole) {
      return wide_whole_power(x, y);
    }
    if (wide_is_integer(wide_scale(y, 1))) {
      return wide_whole_power(wide_sqrt(x), wide_scale(y, 1));
    }
  }
  if (wide_is_negative(x) && !whole) {
    return WIDE_NAN;
  }
  var power = WIDE_ONE;
  if (!wide_equal(wide_abs(x), WIDE_ONE)) {
    power = wide_exp(wide_multiply(y, wide_log(wide_abs(x))));
  }
  if (wide_is_negative(x) && !wide_is_integer(wide_scale(y, -1))) {
    return wide_negate(power);
  }
  return power;
}

// With e = e^|x| - 1, (e + e / (e + 1)) / 2.
fn wide_sinh(x: wide) -> wide {
  let e = wide_expm1(wide_abs(x));
  if (wide_equal(e, WIDE_INFINITY)) {
    return wide_with_sign(e, x);
  }
  let doubled = wide_add(e, wide_divide(e, wide_add(e, WIDE_ONE)));
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
  if (wide_equal(square, WIDE_INFINITY)) {
    return x;
  }
  let root = wide_sqrt(wide_add(square, WIDE_ONE));
  let sum = wide_add(wide_abs(x), wide_divide(square, wide_add(root, WIDE_ONE)));
  return wide_with_sign(wide_log1p(sum), x);
}

// With t = x - 1, ln(1 + t + sqrt(t (t + 2))).
fn wide_acosh(x: wide) -> wide {
  let t = wide_subtract(x, WIDE_ONE);
  if (wide_is_negative(t)) {
    return WIDE_NAN;
  }
  let root = wide_sqrt(wide_multiply(t, wide_add(t, WIDE_TWO)));
  return wide_log1p(wide_add(t, root));
}

// ln((1 + |x|) / (1 - |x|)) / 2 = ln(1 + 2|x| / (1 - |x|)) / 2.
fn wide_atanh(x: wide) -> wide {
  let size = wide_abs(x);
  let quotient = wide_divide(wide_scale(size, 1), wide_subtract(WIDE_ONE, size));
  return wide_with_sign(wide_scale(wide_log1p(quotient), -1), x);
}
`;
