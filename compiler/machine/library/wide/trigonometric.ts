/** Trigonometric functions of wide numbers and their inverses. */
export const trigonometric = `
const WIDE_PI: wide = wide(
  false,
  0x0.c90fdaa22168c234c4c6628b80dc1cd129024e088a67cc74020bbea63b139b22514a08798e3404ddef9519b3cd3a431bn,
  2
);
const WIDE_HALF_PI: wide = wide(
  false,
  0x0.c90fdaa22168c234c4c6628b80dc1cd129024e088a67cc74020bbea63b139b22514a08798e3404ddef9519b3cd3a431bn,
  1
);
const WIDE_ARCTAN_HALF: wide = wide(
  false,
  0x0.ed63382b0dda7b456fe445ecbc3a8d036e141587261cdf00e2cf16e6e9624709fa9c5917892b516c87c812f8c6a46182n,
  -1
);

const NAT_QUARTER_PI: nat =
  0x0.c90fdaa22168c234c4c6628b80dc1cd129024e088a67cc74020bbea63b139b22514a08798e3404ddef9519b3cd3a431bn;

// The bits of 1 / 2pi behind the point, 32 in a word.
const INVERSE_TURN: array<u32, 60> = [
  0x28be60dbu, 0x9391054au, 0x7f09d5f4u, 0x7d4d3770u, 0x36d8a566u, 0x4f10e410u, 0x7f9458eau, 0xf7aef158u, 0x6dc91b8eu, 0x909374b8u,
  0x01924bbau, 0x82746487u, 0x3f877ac7u, 0x2c4a69cfu, 0xba208d7du, 0x4baed121u, 0x3a671c09u, 0xad17df90u, 0x4e64758eu, 0x60d4ce7du,
  0x272117e2u, 0xef7e4a0eu, 0xc7fe25ffu, 0xf7816603u, 0xfbcbc462u, 0xd6829b47u, 0xdb4d9fb3u, 0xc9f2c26du, 0xd3d18fd9u, 0xa797fa8bu,
  0x5d49eeb1u, 0xfaf97c5eu, 0xcf41ce7du, 0xe294a4bau, 0x9afed7ecu, 0x47e35742u, 0x1580cc11u, 0xbf1edaeau, 0xfc33ef08u, 0x26bd0d87u,
  0x6a78e458u, 0x57b986c2u, 0x19666157u, 0xc5281a10u, 0x237ff620u, 0x135cc9ccu, 0x41818555u, 0xb29cea32u, 0x58389ef0u, 0x231ad1f1u,
  0x0670d9f3u, 0x773a024au, 0xa0d6711du, 0xa2e58729u, 0xb76bd134u, 0x55c6414fu, 0xa97fc1c1u, 0x4fdf8cfau, 0x0cb0b793u, 0xe60c9f6eu
];

// The N bits of 1 / 2pi from the given word on; the words before the point are 0.
fn nat_inverse_turn(word: i32) -> nat {
  var bits = 0n;
  for (var i = word; i < word + nat_bits() / 32; i++) {
    bits = (bits << 32) + nat(select(0u, INVERSE_TURN[max(i, 0)], i >= 0));
  }
  return bits;
}

// (a + b) mod 2^N.
fn nat_sum(a: nat, b: nat) -> nat {
  let room = NAT_ONES - a;
  if (b > room) {
    return b - room - 1n;
  }
  return a + b;
}

// x = (quarter + 4n) pi/2 + rest with |rest| <= pi/4.
struct wide_turn { quarter: u32, rest: wide }

// |x| / 2pi = mantissa * 2^s * W, where the bits W of 1 / 2pi begin with a whole word; those that make whole turns are left
// out. It is computed to 2N bits behind the point, so that as many as N bits may cancel. NaN where the table of bits ends,
// from 2^1695 on for N = 128, 2^1183 for N = 384.
fn wide_reduced(x: wide) -> wide_turn {
  if (x.exponent < 0) {
    return wide_turn(0u, x);
  }
  let words = nat_bits() / 32;
  let offset = i32(min(x.exponent, 2048)) - nat_bits();
  let word = offset >> 5u;
  if (word + 3 * words > 60) {
    return wide_turn(0u, WIDE_NAN);
  }
  let middle = nat_inverse_turn(word + words);
  let carried = multiply_high(x.mantissa, nat_inverse_turn(word + 2 * words));
  let low = nat_sum(multiply_low(x.mantissa, middle), carried);
  let sum = nat_sum(multiply_low(x.mantissa, nat_inverse_turn(word)), multiply_high(x.mantissa, middle));
  let high = nat_sum(sum, nat(u32(low < carried)));
  // In quarters of a turn.
  let shift = (offset & 31) + 2;
  let point = nat_bits() - shift;
  let turned = high >> point;
  let carry = low >> point;
  var rest = ((high - (turned << point)) << shift) + carry;
  var rest_low = (low - (carry << point)) << shift;
  var quarter = low_u32(turned);
  let above = rest >= NAT_HALF;
  if (above) {
    rest = NAT_ONES - rest;
    rest_low = NAT_ONES - rest_low;
    quarter = quarter + 1u;
  }
  let zeros = nat_bits() - bit_length(rest);
  let fraction = select((rest << zeros) + (rest_low >> (nat_bits() - zeros)), rest_low, is_zero(rest));
  let angle = multiply_high(fraction, NAT_QUARTER_PI);
  return wide_turn(select(quarter, 0u - quarter, x.negative), wide_normalised(x.negative != above, angle, int(1 - zeros)));
}

// z / (k (k + 1)) - z^2 / (k (k + 1) (k + 2) (k + 3)) + ...: 1 - cos(x) for z = x^2 and k = 1, 1 - sin(x) / x for k = 2.
fn nat_sine_series(z: nat, first: u32) -> nat {
  var sum = 0n;
  var term = divide_short(z, first * (first + 1u));
  for (var k = first + 2u; !is_zero(term); k += 2u) {
    sum = select(sum - term, sum + term, ((k - first) & 2u) == 2u);
    term = divide_short(multiply_high(term, z), k * (k + 1u));
  }
  return sum;
}

// sin(x + quarters * pi/2).
fn wide_sine(x: wide, quarters: u32) -> wide {
  let turn = wide_reduced(x);
  let quarter = turn.quarter + quarters;
  let odd = (quarter & 1u) == 1u;
  if (wide_is_nan(turn.rest)) {
    return WIDE_NAN;
  }
  let series = nat_sine_series(nat_square(turn.rest), select(2u, 1u, odd));
  let cosine = NAT_HALF - (series >> 1);
  let negative = ((quarter & 2u) == 2u) != (!odd && turn.rest.negative);
  let mantissa = select(multiply_high(turn.rest.mantissa, cosine), cosine, odd);
  return wide_normalised(negative, mantissa, select(turn.rest.exponent + 1, 1, odd));
}

fn wide_sin(x: wide) -> wide {
  return wide_sine(x, 0u);
}

fn wide_cos(x: wide) -> wide {
  return wide_sine(x, 1u);
}

fn wide_tan(x: wide) -> wide {
  return wide_divide(wide_sine(x, 0u), wide_sine(x, 1u));
}

// arctan(s) = s (1 - s^2/3 + s^4/5 - ...) for |s| <= 1/4.
fn wide_arctan_near(s: wide) -> wide {
  let factor = NAT_HALF - (nat_arctangent_series(nat_square(s), true) >> 1);
  return wide_normalised(s.negative, multiply_high(s.mantissa, factor), s.exponent + 1);
}

// The angle of the point (x, y), x and y >= 0 and not both zero or infinite. It is mirrored to x >= y, then turned back by
// arctan(1/2) until y <= x/4.
fn wide_angle(y: wide, x: wide) -> wide {
  var across = wide_max(x, y);
  var up = wide_min(x, y);
  var angle = WIDE_ZERO;
  while (wide_less(wide_scale(across, -2), up)) {
    let turned = wide_subtract(up, wide_scale(across, -1));
    across = wide_add(across, wide_scale(up, -1));
    up = turned;
    angle = wide_add(angle, WIDE_ARCTAN_HALF);
  }
  angle = wide_add(angle, wide_arctan_near(wide_divide(up, across)));
  if (wide_less(x, y)) {
    return wide_subtract(WIDE_HALF_PI, angle);
  }
  return angle;
}

fn wide_atan(x: wide) -> wide {
  return wide_with_sign(wide_angle(wide_abs(x), WIDE_ONE), x);
}

fn wide_asin(x: wide) -> wide {
  let up = wide_abs(x);
  let cosine = wide_sqrt(wide_multiply(wide_subtract(WIDE_ONE, up), wide_add(WIDE_ONE, up)));
  return wide_with_sign(wide_angle(up, cosine), x);
}

// 2 arctan(sqrt((1 - x) / (1 + x))).
fn wide_acos(x: wide) -> wide {
  let up = wide_sqrt(wide_subtract(WIDE_ONE, x));
  let across = wide_sqrt(wide_add(WIDE_ONE, x));
  return wide_scale(wide_angle(up, across), 1);
}
`;
