/** Trigonometric functions of wide numbers and their inverses. */
export const trigonometric = `
const WIDE_PI: wide = wide(
  false,
  0x0.c90fdaa22168c234c4c6628b80dc1cd129024e088a67cc74020bbea63b139b22514a08798e3404ddef9519b3cd3a431b302b0a6df25f14374fe1356d6d51c245e485b576625e7ec6f44c42e9a637ed6b0bff5cb6f406b7edee386bfb5a899fa5ae9f24117c4b1fe649286651ece45b3dc2007cb8a163bf0598da48361c55d39a69163fa8fd24cf5f83655d23dca3ad961c62f356208552bb9ed529077096966d670c354e4abc9804f1746c08ca18217c32905e462e36ce3be39e772c180e8603n,
  2
);
const WIDE_HALF_PI: wide = wide(
  false,
  0x0.c90fdaa22168c234c4c6628b80dc1cd129024e088a67cc74020bbea63b139b22514a08798e3404ddef9519b3cd3a431b302b0a6df25f14374fe1356d6d51c245e485b576625e7ec6f44c42e9a637ed6b0bff5cb6f406b7edee386bfb5a899fa5ae9f24117c4b1fe649286651ece45b3dc2007cb8a163bf0598da48361c55d39a69163fa8fd24cf5f83655d23dca3ad961c62f356208552bb9ed529077096966d670c354e4abc9804f1746c08ca18217c32905e462e36ce3be39e772c180e8603n,
  1
);
const WIDE_ARCTAN_HALF: wide = wide(
  false,
  0x0.ed63382b0dda7b456fe445ecbc3a8d036e141587261cdf00e2cf16e6e9624709fa9c5917892b516c87c812f8c6a46182cee1e80efd3c0013d6d85e3686228dbd7913475341b29b656ebfea02086ccb075336dd0907697538dfd26c5be1547791c1689ec34bd7be5befaeb8b1bfee054d3c36a6b0400bd856f0d36426a3baf6a7196cf7ba12c6925e333ec575d9967b05cc47e00763c7bb3b2beed3b88a75fb6abe2f2645c8913e64c3ddf33a81c6e1b23957e40f46313b0e2a0b588f9c875376n,
  -1
);

const NAT_QUARTER_PI: nat =
  0x0.c90fdaa22168c234c4c6628b80dc1cd129024e088a67cc74020bbea63b139b22514a08798e3404ddef9519b3cd3a431b302b0a6df25f14374fe1356d6d51c245e485b576625e7ec6f44c42e9a637ed6b0bff5cb6f406b7edee386bfb5a899fa5ae9f24117c4b1fe649286651ece45b3dc2007cb8a163bf0598da48361c55d39a69163fa8fd24cf5f83655d23dca3ad961c62f356208552bb9ed529077096966d670c354e4abc9804f1746c08ca18217c32905e462e36ce3be39e772c180e8603n;

// The bits of 1 / 2pi behind the point, 32 in a word.
const INVERSE_TURN: array<u32, 160> = [
  0x28be60dbu, 0x9391054au, 0x7f09d5f4u, 0x7d4d3770u, 0x36d8a566u, 0x4f10e410u, 0x7f9458eau, 0xf7aef158u, 0x6dc91b8eu, 0x909374b8u,
  0x01924bbau, 0x82746487u, 0x3f877ac7u, 0x2c4a69cfu, 0xba208d7du, 0x4baed121u, 0x3a671c09u, 0xad17df90u, 0x4e64758eu, 0x60d4ce7du,
  0x272117e2u, 0xef7e4a0eu, 0xc7fe25ffu, 0xf7816603u, 0xfbcbc462u, 0xd6829b47u, 0xdb4d9fb3u, 0xc9f2c26du, 0xd3d18fd9u, 0xa797fa8bu,
  0x5d49eeb1u, 0xfaf97c5eu, 0xcf41ce7du, 0xe294a4bau, 0x9afed7ecu, 0x47e35742u, 0x1580cc11u, 0xbf1edaeau, 0xfc33ef08u, 0x26bd0d87u,
  0x6a78e458u, 0x57b986c2u, 0x19666157u, 0xc5281a10u, 0x237ff620u, 0x135cc9ccu, 0x41818555u, 0xb29cea32u, 0x58389ef0u, 0x231ad1f1u,
  0x0670d9f3u, 0x773a024au, 0xa0d6711du, 0xa2e58729u, 0xb76bd134u, 0x55c6414fu, 0xa97fc1c1u, 0x4fdf8cfau, 0x0cb0b793u, 0xe60c9f6eu,
  0xf0cf49bbu, 0xdac797beu, 0x27ce87cdu, 0x72bc9fc7u, 0x61fc4864u, 0x1f1f091au, 0xbe9bb55du, 0xcb4c10ceu, 0xc571852du, 0x674670f0u,
  0xb12b5053u, 0x4b174003u, 0x119f618bu, 0x5c78e6b1u, 0xa6c0188cu, 0xdf34ad25u, 0xe9ed3555u, 0x4dfd8fb5u, 0xc60428ffu, 0x1d934aa7u,
  0x592af5dcu, 0x3e1f18d5u, 0xec1eb9c5u, 0x45d59270u, 0x36758eceu, 0x2129f2c8u, 0xc91de2b5u, 0x88d516aeu, 0x47c006c2u, 0xbc77f386u,
  0x7fcc67dau, 0x87999855u, 0xe651feebu, 0x361fdfadu, 0xd948a27au, 0x0c982ff9u, 0xb3713bc2u, 0x4d9b350fu, 0xd775f785u, 0xb78ed624u,
  0xa6f78a08u, 0xb4ba218au, 0x1356388cu, 0xb2b185b8u, 0xc232df78u, 0x143005e9u, 0xc77cd6f8u, 0x060d04cbu, 0x9884a0c0u, 0x5220d6e3u,
  0xbd5fec2bu, 0x7cba4790u, 0xd29234d9u, 0xc436376au, 0x9097ebb3u, 0x985aa90au, 0x02ad2674u, 0xfca9819fu, 0xddd720f0u, 0xa8e20f18u,
  0x5e1ce296u, 0xa32bef75u, 0xdbd8e98bu, 0x72effd3bu, 0xe06359f0u, 0x49917295u, 0x4db672b4u, 0xaa0a2358u, 0x709df244u, 0x85098126u,
  0xd184b116u, 0x71113172u, 0x246c937cu, 0xc5c02b50u, 0xf539524au, 0x44357f7fu, 0x2f803325u, 0x07bbb39cu, 0x3d4f84e0u, 0x3c7b30f9u,
  0xecca3e31u, 0xe50164cfu, 0x9c706cc2u, 0x4bbcd142u, 0xe704a21eu, 0xc82ae7edu, 0x4bb0a491u, 0xcbcc9edbu, 0x55432429u, 0xdc87f9dau,
  0xe5b2cc52u, 0x859e789eu, 0x506277fdu, 0x25e53a21u, 0x39b8a5ccu, 0x665afb62u, 0x0d97d7c3u, 0xbf6eed26u, 0x921b2919u, 0xd09c9c4cu
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
// out. It is computed to 2N bits behind the point, so that as many as N bits may cancel. Where the table of bits ends, from
// 2^4896 on for N = 128, 2^4384 for N = 384, 2^2080 for N = 1536, nothing is known of an angle: it is 0, so that what is
// bounded stays so; NaN for infinity.
fn wide_reduced(x: wide) -> wide_turn {
  if (x.exponent < 0) {
    return wide_turn(0u, x);
  }
  let words = nat_bits() / 32;
  let offset = i32(min(x.exponent, 8192)) - nat_bits();
  let word = offset >> 5u;
  if (word + 3 * words > 160) {
    if (x.exponent < WIDE_BEYOND) {
      return wide_turn(0u, WIDE_ZERO);
    }
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
