/** Error function and normal distribution of wide numbers. */
export const gaussian = `
// 1 / sqrt(pi), 1 / sqrt(2pi), 1 / pi, 10pi, sqrt(1/2), 5 and 16.
const NAT_RSQRT_PI: nat =
  0x0.906eba8214db688d71d48a7f6bfec3441409a0ebac3e751739a15830cce620b0c0759cf859270f1140c036096cc79aebbd1f4eee48e1ca7874f76f877ffec25152561dcc244dc65e9c22f47f7b7fb57c9522f2f93e16b2a3d27a3282dada7316eb9feb2436f2f272ac2c88bbba81b1c750754b409e94d32d18d3e91adcff6c039ad39cf866dd09628cd2681847e759247bb68d0db3217d6928d2c52986a1ef82fd6bde19d4863cd81de6bb94f13db14d3ac25186f4f23712538d461ea97b001en;
const WIDE_RSQRT_TWO_PI: wide = wide(
  false,
  0x0.cc42299ea1b284687e59e2805d5c717fa7053e60a24e0db1808e369004c73a5d3bf158aa88fa7b6e47eba75766e9d11bd6284ef2e17c2a264f1d32688be119ff30505c3fb28f9c969d9b7adccb84672b9596a89bcd3dd46584ed26f6378aced23839d891058ef559dfc3ece10653567f91a556486bdc8b922a1884d7769290fc901b1251cc46245a46d2b32b0547306ed3ce6530cb924327da5310af9703570ecb2acbd23ca290f5fcc10e3a09431c865cd7feb298d2fdaa7f3a155e0355121bn,
  -1
);
const WIDE_INVERSE_PI: wide = wide(
  false,
  0x0.a2f9836e4e441529fc2757d1f534ddc0db6295993c439041fe5163abdebbc561b7246e3a424dd2e006492eea09d1921cfe1deb1cb129a73ee88235f52ebb4484e99c7026b45f7e413991d639835339f49c845f8bbdf9283b1ff897ffde05980fef2f118b5a0a6d1f6d367ecf27cb09b74f463f669e5fea2d7527bac7ebe5f17b3d0739f78a5292ea6bfb5fb11f8d5d0856033046fc7b6babf0cfbc209af4361da9e391615ee61b086599855f14a068408dffd8804d73273106061556ca73a8c9n,
  -1
);
const WIDE_TEN_PI: wide = wide(
  false,
  0x0.fb53d14aa9c2f2c1f5f7fb2e611324057342e18aad01bf91028eae4fc9d881eae59c8a97f1c106156b7a6020c088d3e1fc35cd096ef6d94523d982c8c8a632d75da722d3faf61e78b15f53a40fc5e8c5ceff33e4b10865e969c686fa312c078f1a46ed15db5de7dfdb727fe6681d720d32809be6c9bcaec6ff10da43a36b4881035bcf933c6e0337643eb46cd3cc98fba37bb02ba8a6a76a868a73494cbc3c08c0cf42a1dd6bbe062dd1870afc9e29db3f3475d7b9c481cadc8614f71e122784n,
  5
);
const WIDE_SQRT_HALF: wide = wide(
  false,
  0x0.b504f333f9de6484597d89b3754abe9f1d6f60ba893ba84ced17ac85833399154afc83043ab8a2c3a8b1fe6fdc83db390f74a85e439c7b4a780487363dfa2768d2202e8742af1f4e53059c6011bc337bcab1bc911688458a460abc722f7c4e33c6d5a8a38bb7e9dccb2a634331f3c84df52f120f836e582eeaa4a0899040ca4a81394ab6d8fd0efdf4d3a02cebc93e0c4264dabcd528b651b8cf341b6f8236c70104dc01fe32352f332a5e9f7bda1ebff6a1be3fca221307dea06241f7aa81c2n,
  0
);
const WIDE_FIVE: wide = wide(false, 0x0.an, 3);
const WIDE_16: wide = wide(false, 0x0.8n, 5);

// e^(-1/25), e^(-2/25).
const NAT_EXP_1_25: nat =
  0x0.f5f64bf3805c6a5716e06edfd677fcc93f3fb88089d3d6410b5356fcc41a6cc0f20fd87677fa09a689074988b0eedfd0e9589edbb6464aacaca83f8af2ddfbe39866373a19775c7517a15169af6990d606e66f8e8adf89ddec568e847a2b5c0ed42e3ea3d6356d6ea016f48b5f9f9d6270d571fa8bb8c4aeaa3d38ec8b735552c8a7c90f57b7eab463ee2fb2fd4a65b1a81856acd31e879407b8f826fb7a422d2dcb41b308b0e55bb1f1663a0587c6b8584c561b40cf1d6f04029f1cec649037n;
const NAT_EXP_2_25: nat =
  0x0.ec515a56223429fa2746fffe276099d06d7f8b50cb4ea8ea61b4b3dad677588aa64db3b5eaf1093a8b2fceb4762bc8233823f4cc55ce6875590584be5f37d2a87e73779132243f51069c6c2992dea08c7d4a2d37c33bf46e8a868192fc9ef979eefb4303650dad3a3743d8b5fbc1b350da205bd209b05902c30c476bc3228d63b3cdd4bf9533eecc2335963c0cf9184dec895993bb3cc55906c9dc8efbaf5e458b46801395eaa39c79d258360ca412c6f2edfc0817f67d4d09028c256ffc2298n;

// erf(x) = 2x / sqrt(pi) (1 - z/3 + z^2/(2! 5) - z^3/(3! 7) + ...) with z = x^2, for |x| < 1.
fn wide_erf_near(x: wide) -> wide {
  let z = nat_square(x);
  var power = z;
  var sum = 0n;
  for (var k = 1u; !is_zero(power); k++) {
    let term = divide_short(power, 2u * k + 1u);
    sum = select(sum - term, sum + term, (k & 1u) == 1u);
    power = divide_short(multiply_high(power, z), k + 1u);
  }
  let factor = multiply_high(NAT_HALF - (sum >> 1), NAT_RSQRT_PI);
  return wide_normalised(x.negative, multiply_high(x.mantissa, factor), x.exponent + 2);
}

// 1 + 2 sum over n >= 1 of e^(-n^2/25) y^2 / (y^2 + n^2), for y >= 1. Beyond 2^(N/2 - 8) a smaller y does as well.
fn wide_erfc_sum(y: wide) -> wide {
  // y^2 and n^2 < 2^13 (2^15 for N = 1536) are both below 2^scale / 2.
  let size = i32(min(y.exponent, int(nat_bits() / 2 - 8)));
  let scale = max(2 * size, 13 + nat_bits() / 768) + 1;
  let square = multiply_high(y.mantissa, y.mantissa) >> (scale - 2 * size);
  var weight = NAT_EXP_1_25;
  var ratio = multiply_high(NAT_EXP_1_25, NAT_EXP_2_25);
  var sum = NAT_HALF >> 3;
  for (var n = 1u; !is_zero(weight); n++) {
    let quotient = divide_high(square, square + (nat(n * n) << (nat_bits() - scale)));
    sum = sum + (multiply_high(weight, quotient) >> 3);
    weight = multiply_high(weight, ratio);
    ratio = multiply_high(ratio, NAT_EXP_2_25);
  }
  return wide_normalised(false, sum, 4);
}

// erfc(x) for x >= 1, by the trapezoidal rule with step 1/5 for x e^(-x^2) / pi times the integral of e^(-t^2) / (x^2 + t^2):
// e^(-x^2) / (pi y) times the sum above with y = 5x. As long as x < 5pi, it exceeds the integral by what the poles at
// t = ±ix make, 2 / (e^(10 pi x) - 1). The rest of the error is below e^(-25 pi^2) = 2^-355 of the result.
fn wide_erfc_tail(x: wide) -> wide {
  if (wide_is_nan(x)) {
    return x;
  }
  let y = wide_multiply(x, WIDE_FIVE);
  let decay = wide_exp(wide_negate(wide_multiply(x, x)));
  let tail = wide_divide(wide_multiply(decay, wide_multiply(wide_erfc_sum(y), WIDE_INVERSE_PI)), y);
  if (wide_less(WIDE_16, x)) {
    return tail;
  }
  let poles = wide_subtract(wide_exp(wide_multiply(x, WIDE_TEN_PI)), WIDE_ONE);
  return wide_subtract(tail, wide_divide(WIDE_TWO, poles));
}

fn wide_erf(x: wide) -> wide {
  if (wide_less(wide_abs(x), WIDE_ONE)) {
    return wide_erf_near(x);
  }
  return wide_with_sign(wide_subtract(WIDE_ONE, wide_erfc_tail(wide_abs(x))), x);
}

// 1 - erf(x), of small relative error in its tail.
fn wide_erfc(x: wide) -> wide {
  if (wide_less(wide_abs(x), WIDE_ONE)) {
    return wide_subtract(WIDE_ONE, wide_erf_near(x));
  }
  let tail = wide_erfc_tail(wide_abs(x));
  if (x.negative) {
    return wide_subtract(WIDE_TWO, tail);
  }
  return tail;
}

// erfc(-x / sqrt(2)) / 2.
fn wide_normcdf(x: wide) -> wide {
  return wide_scale(wide_erfc(wide_negate(wide_multiply(x, WIDE_SQRT_HALF))), -1);
}

// e^(-x^2 / 2) / sqrt(2pi).
fn wide_normpdf(x: wide) -> wide {
  let decay = wide_exp(wide_negate(wide_scale(wide_multiply(x, x), -1)));
  return wide_multiply(decay, WIDE_RSQRT_TWO_PI);
}

// Mills' ratio normcdf(-x) / normpdf(x), and where the exponents of these come near their end its asymptotic series:
// by then its tenth term is less than 2^-209, and 2^-330 where exponents have more bits.
fn wide_mills(x: wide) -> wide {
  if (wide_less(x, wide(false, NAT_HALF, int(min(int_bits() >> 1, 21))))) {
    return wide_divide(wide_normcdf(wide_negate(x)), wide_normpdf(x));
  }
  let s = wide_divide(WIDE_ONE, wide_multiply(x, x));
  var sum = wide_subtract(wide_integer(2027025), wide_multiply(s, wide_integer(34459425)));
  sum = wide_subtract(wide_integer(135135), wide_multiply(s, sum));
  sum = wide_subtract(wide_integer(10395), wide_multiply(s, sum));
  sum = wide_subtract(wide_integer(945), wide_multiply(s, sum));
  sum = wide_subtract(wide_integer(105), wide_multiply(s, sum));
  sum = wide_subtract(wide_integer(15), wide_multiply(s, sum));
  sum = wide_subtract(wide_integer(3), wide_multiply(s, sum));
  sum = wide_subtract(WIDE_ONE, wide_multiply(s, wide_subtract(WIDE_ONE, wide_multiply(s, sum))));
  return wide_divide(sum, x);
}

// ln normcdf(x).
fn wide_log_normcdf(x: wide) -> wide {
  let opposite = wide_negate(x);
  if (!x.negative) {
    return wide_log1p(wide_negate(wide_normcdf(opposite)));
  }
  let ratio = wide_log(wide_multiply(wide_mills(opposite), WIDE_RSQRT_TWO_PI));
  return wide_subtract(ratio, wide_scale(wide_multiply(x, x), -1));
}
`;
