/**
 * Functions for programs (see steps.ts), in which both ways of a branch are computed. Here what one of them alone can take
 * is not given to it by the other, and what both need stands once.
 */
export const programs = `
// (e^r - 1) / 2r for r in [0, 1), by the series alone: it takes hardly longer than to double t, and is less to compile.
fn nat_expm1_series(r: nat) -> nat {
  var term = NAT_HALF;
  var quotient = NAT_HALF;
  for (var k = 2u; !is_zero(term); k++) {
    term = divide_short(multiply_high(term, r), k);
    quotient = quotient + term;
  }
  return quotient;
}

// e^x, or with near = 1 e^x - 1 for x in [0, 1): the series stands once. As in wide_exp and wide_expm1_near.
fn wide_exponential(x: wide, near: u32) -> wide {
  let is_near = near == 1u;
  let quotient = multiply_high(x.mantissa, NAT_HALF_LOG2_E);
  let exponent = clamp(i32(x.exponent), -nat_bits(), int_bits());
  let point = nat_bits() - 1 - exponent;
  let whole = quotient >> max(point, 0);
  let rest = quotient - (whole << max(point, 0));
  let shift = nat_bits() - point;
  let scaled = select(rest << max(shift, 0), rest >> max(-shift, 0), shift < 0);
  let fraction = select(scaled, NAT_ONES - scaled, x.negative);
  let size = int(whole) << max(-point, 0);
  let n = select(size, -1 - size, x.negative);
  let r = select(multiply_high(fraction, NAT_LN2), x.mantissa >> max(-x.exponent, 0), is_near);
  let excess = multiply_high(select(r, x.mantissa, is_near), nat_expm1_series(r));
  if (is_near) {
    return wide_normalised(false, excess, x.exponent + 1);
  }
  if (x.exponent > int(int_bits())) {
    if (wide_is_nan(x)) {
      return x;
    }
    return wide_normalised(false, NAT_HALF, select(WIDE_BEYOND, -WIDE_BEYOND, x.negative));
  }
  if (x.exponent < -int(nat_bits())) {
    return WIDE_ONE;
  }
  return wide_normalised(false, NAT_HALF + excess, n + 1);
}

// The result of a program, and how many of its last bits are wrong: because operands cancelled, or all of them because a
// number became infinite on the way.
struct wide_outcome { value: wide_leading, lost: int }

// A function's value, and where it is to be computed next. Level 0: at the operands themselves (point 0); where infinite ones
// say nothing, twice with numbers in their place, up to three times (1 to 6). Where bits are lost, levels 1 to 5: with operands
// that are large moved towards 1, to 2^98, 2^74, 2^50, 2^26 or 2^13, and on the last two levels those that are small, to 2^-33
// or 2^-19 (0); and with each of them 2^6 nearer to 1 (1, 2 ...), which tells of which power of it the function is a multiple.
// Level 6: nowhere.
struct wide_search { level: i32, point: i32, value: wide_leading, other: wide_leading }

const WIDE_SEARCH: wide_search = wide_search(
  0, 0, wide_leading(false, 0u, (2 << int_bits()) + 4096), wide_leading(false, 0u, (2 << int_bits()) + 4096)
);

// By how many times 2^6 an operand is moved towards 1; zero and infinity are not.
fn wide_moves(exponent: int, level: i32) -> int {
  let high = int(select(122 - 24 * level, 13, level == 5));
  let low = select(int(select(-33, -19, level == 5)), -WIDE_LIMIT, level < 4);
  let moves = select(min(exponent - low - 5, 0), exponent - high + 5, exponent > high) / 6;
  return select(moves, 0, abs(exponent) >= WIDE_LIMIT);
}

// An operand at a point of a search, its own one given; on level 0 a large one gets the given exponent.
fn wide_operand_at(x: wide, search: wide_search, own: i32, large: int) -> wide {
  let near = select(min(x.exponent, large), x.exponent, search.point == 0);
  let moves = wide_moves(x.exponent, search.level);
  let further = select(int(moves > 0) - int(moves < 0), 0, search.point != own);
  let moved = x.exponent - 6 * (moves + further);
  return wide(x.negative, x.mantissa, select(moved, near, search.level == 0));
}

fn wide_leading_is_nan(x: wide_leading) -> bool {
  return x.digits == 0u && x.exponent > 0;
}

// Whether |a| > 135/128 |b|, by their first 24 digits.
fn wide_leading_exceeds(a: wide_leading, b: wide_leading) -> bool {
  let more = a.exponent - b.exponent;
  let size = a.digits >> 8u;
  let least = 135u * (b.digits >> 8u);
  return more > 1 || (more == 1 && 256u * size > least) || (more == 0 && 128u * size > least);
}

// The search after one more value, given the exponent of the operand that was varied for it, and how many there are.
fn wide_searched(search: wide_search, found: wide_outcome, infinite: bool, exponent: int, operands: i32) -> wide_search {
  let is_nan = wide_leading_is_nan(found.value);
  let fails = is_nan || found.lost > int(nat_bits() - 28);
  var level = search.level;
  var point = search.point + 1;
  var value = search.value;
  var other = search.other;
  if (wide_leading_is_nan(value)) {
    value = found.value;
  }
  if (level == 0 && point == 1) {
    if (!(is_nan && infinite)) {
      level = select(6, select(4, 1, found.value.exponent >= WIDE_LIMIT), found.lost > int(nat_bits() - 28));
      point = 0;
    }
  } else if (level == 0 && (point & 1) == 0) {
    other = found.value;
    if (fails) {
      other = search.other;
    }
  } else if (level == 0) {
    if (!fails && !wide_leading_is_nan(other)) {
      // As wide_limit.
      level = 6;
      value = other;
      if (wide_leading_exceeds(other, found.value)) {
        value = wide_leading(other.negative, 0x80000000u, WIDE_BEYOND);
      } else if (wide_leading_exceeds(found.value, other)) {
        value = wide_leading(false, 0u, WIDE_ZERO.exponent);
      }
    } else if (point == 7) {
      level = 6;
    }
    other = wide_leading(false, 0u, WIDE_NAN.exponent);
  } else if (point == 1) {
    if (fails) {
      level = level + 1;
      point = 0;
    } else {
      value = found.value;
      other = value;
    }
  } else {
    // The k for which the value became 2^k times as large.
    let more = 2u * (found.value.digits >> 8u) > 3u * (other.digits >> 8u);
    let less = 3u * (found.value.digits >> 8u) < 2u * (other.digits >> 8u);
    let power = max(min(found.value.exponent - other.exponent + int(more) - int(less), 384), -384);
    value = wide_leading(value.negative, value.digits, value.exponent - power * abs(wide_moves(exponent, level)));
  }
  if (level > 0 && point > operands) {
    level = 6;
  }
  return wide_search(level, point, value, other);
}

fn wide_selected_exp(x: wide) -> wide {
  return wide_exponential(x, 0u);
}

// ln(1 + x) = ln(2^k (1 + f)) = k ln 2 + 2 artanh(f / (2 + f)); near 0 f is x itself.
fn wide_selected_log1p(x: wide) -> wide {
  let sum = wide_add(x, WIDE_ONE);
  var k = wide_log_exponent(sum);
  var f = wide_subtract(wide_log_fraction(sum), WIDE_ONE);
  if (wide_less(wide_abs(x), WIDE_QUARTER)) {
    k = WIDE_ZERO;
    f = x;
  }
  return wide_add(wide_multiply(k, WIDE_LN2), wide_twice_artanh(wide_divide(f, wide_add(f, WIDE_TWO))));
}

fn wide_selected_expm1(x: wide) -> wide {
  let size = wide_abs(x);
  let near = wide_less(size, WIDE_HALF);
  var small = WIDE_ZERO;
  if (near) {
    small = size;
  }
  let result = wide_exponential(small, 1u);
  if (!near) {
    return wide_subtract(wide_selected_exp(x), WIDE_ONE);
  }
  if (x.negative) {
    return wide_negate(wide_divide(result, wide_add(result, WIDE_ONE)));
  }
  return result;
}

// As wide_angle, whose series does with one turn.
fn wide_selected_angle(y: wide, x: wide) -> wide {
  let swapped = wide_less(x, y);
  var across = x;
  var up = y;
  if (swapped) {
    across = y;
    up = x;
  }
  var angle = WIDE_ZERO;
  if (wide_less(wide_scale(across, -2), up)) {
    let turned = wide_subtract(up, wide_scale(across, -1));
    across = wide_add(across, wide_scale(up, -1));
    up = turned;
    angle = WIDE_ARCTAN_HALF;
  }
  angle = wide_add(angle, wide_arctan_near(wide_divide(up, across)));
  if (swapped) {
    return wide_subtract(WIDE_HALF_PI, angle);
  }
  return angle;
}

fn wide_selected_pow(x: wide, y: wide) -> wide {
  let whole = wide_is_integer(y);
  let direct = wide_less(wide_abs(y), WIDE_1024) && wide_is_integer(wide_scale(y, 1));
  var base = wide_sqrt(x);
  var count = WIDE_ZERO;
  if (whole) {
    base = x;
  }
  if (direct) {
    count = wide_scale(y, 1);
    if (whole) {
      count = y;
    }
  }
  let product = wide_whole_power(base, count);
  let size = wide_abs(x);
  var power = WIDE_ONE;
  if (!wide_equal(size, WIDE_ONE)) {
    power = wide_selected_exp(wide_multiply(y, wide_log(size)));
  }
  if (wide_is_negative(x) && !wide_is_integer(wide_scale(y, -1))) {
    power = wide_negate(power);
  }
  if (wide_is_nan(x) || wide_is_nan(y)) {
    return WIDE_NAN;
  }
  if (direct) {
    return product;
  }
  if (wide_is_negative(x) && !whole) {
    return WIDE_NAN;
  }
  return power;
}
`;

/**
 * Functions that leave it to their caller to normalise what they return: a program does it once, after each step. Made from
 * the others, whose returns are calls of wide_normalised or of one another.
 */
export function loosened(texts: readonly string[]): string {
  const functions = new Map(
    texts.flatMap((text) =>
      [...text.matchAll(/^fn (\w+)\([^]*?^}$/gm)].map((match) => [match[1] ?? "", match[0]] as const),
    ),
  );
  const returned = (text: string): string[] => [...text.matchAll(/return (\w+)\(/g)].map((match) => match[1] ?? "");
  const isLoose = (name: string): boolean =>
    name === "wide_normalised" || returned(functions.get(name) ?? "").some((each) => isLoose(each));
  return [...functions.values()]
    .filter((text) => returned(text).some(isLoose))
    .filter((text) => !text.startsWith("fn wide_normalised("))
    .map((text) =>
      text
        .replace(/^fn (\w+)/, (_, name: string) => `fn ${looseName(name)}`)
        .replaceAll("return wide_normalised(", "return wide(")
        .replace(/return (\w+)\(/g, (found, name: string) =>
          name !== "wide" && isLoose(name) ? `return ${looseName(name)}(` : found,
        ),
    )
    .join("\n\n");
}

export const looseName = (name: string): string => `${name}_loose`;
