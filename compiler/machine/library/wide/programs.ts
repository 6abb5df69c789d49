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

// e^x, or with near = 1 e^x - 1 for x in [0, 1): the series stands once. As in wide_exp and wide_expm1_near, but what would
// be less than every number is the least one, so that it has a sign.
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
    let vanishing = select(1 - WIDE_LIMIT, -WIDE_BEYOND, x.exponent > WIDE_LIMIT);
    return wide_normalised(false, NAT_HALF, select(WIDE_BEYOND, vanishing, x.negative));
  }
  if (x.exponent < -int(nat_bits())) {
    return WIDE_ONE;
  }
  return wide_normalised(false, NAT_HALF + excess, max(n + 1, 1 - WIDE_LIMIT));
}

// Whether no digit of the smaller one is cut off in a sum.
fn wide_adds_exactly(a: wide, b: wide) -> bool {
  let shift = min(abs(a.exponent - b.exponent), int(nat_bits()));
  let small = select(a.mantissa, b.mantissa, b.exponent < a.exponent);
  return (small >> shift) << shift == small;
}

// The result of a program, and how many of its last bits are wrong: because operands cancelled, or WIDE_LIMIT because a number
// became infinite on the way.
struct wide_outcome { value: wide_leading, lost: int }

// Where a function is to be computed next, and what is known. Stage 0: at the operands themselves. Where that says
// nothing, because numbers cancelled or became infinite, or an operand is: at stages 1 to 19 with larger operands moved
// below 2^800, 2^149, 2^141 ... 2^37, 2^26, 2^20, 2^13, at stages 20 to 22 with smaller ones moved above 2^-64, 2^-40,
// 2^-24, until the result is good. Values still nearer to 1 then tell what the function does on the way from there. For
// finite operands: of which power of each it is a multiple, as it goes by two steps alike, if there is room for two
// (points 1 and 2 for the first operand, and so on; the shift is what comes of it). For infinite ones: whether it
// grows, vanishes or stays (points 1 and 2). At stage 23 numbers on both sides of an operand 0 are in its place. Stage 24:
// nowhere. What cancels at the operands themselves has an exponent of at most that given as most, since it is off by no more than
// its wrong bits; what a search finds that is larger is not the function's value, which is no multiple of a power then.
struct wide_search {
  stage: i32, point: i32, value: wide_leading, base: wide_leading, before: wide_leading, steps: int, shift: int, most: int
}

const WIDE_SEARCH: wide_search = wide_search(
  0, 0,
  wide_leading(false, 0u, (2 << int_bits()) + 4096), wide_leading(false, 0u, 0), wide_leading(false, 0u, 0), 0, 0,
  2 << int_bits()
);

// The largest exponent that operands have at a stage.
fn wide_highest(stage: i32) -> int {
  let last = select(select(26, 20, stage == 18), 13, stage == 19);
  return select(int(select(165 - 8 * stage, last, stage > 16)), 800, stage == 1);
}

// By how much an operand's exponent is moved at a stage, in sixes, so that square and cube roots change by whole powers of
// two: downwards, or upwards if that is negative.
fn wide_excess(exponent: int, stage: i32) -> int {
  if (stage == 0 || stage > 22) {
    return 0;
  }
  if (stage < 20) {
    return (max(exponent - wide_highest(stage), 0) + 5) / 6 * 6;
  }
  let lowest = int(select(select(-24, -40, stage == 21), -64, stage == 20));
  return select((min(exponent - lowest, 0) - 5) / 6 * 6, 0, abs(exponent) >= WIDE_LIMIT);
}

// How much nearer to 1 an operand is at one more point. Where it stands for infinity, the further the better: functions may
// grow slowly.
fn wide_distance(stage: i32, infinite: bool) -> int {
  let far = select(select(6, 36, stage < 12), 402, stage == 1);
  return int(select(select(6, far, infinite), -6, stage > 19));
}

// An operand at a point of a search, its own number given, from 1, and whether it is an input; infinite ones are moved
// together with the others.
fn wide_operand_at(x: wide, search: wide_search, own: i32, input: bool, infinite: bool) -> wide {
  if (search.stage == 23 && input && is_zero(x.mantissa)) {
    return wide(search.point == 1, NAT_HALF, -150);
  }
  let excess = wide_excess(x.exponent, search.stage);
  let nearer = select(search.point + 2 - 2 * own, search.point, infinite);
  let steps = select(nearer, min(nearer, 1), search.stage > 16);
  let further = select(int(0), wide_distance(search.stage, infinite) * int(steps), excess != 0 && nearer > 0 && nearer < 3);
  return wide(x.negative, x.mantissa, x.exponent - excess - further);
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

// Whether a function grows on the way to a value from the one before (1), vanishes (-1) or stays.
fn wide_leading_course(value: wide_leading, before: wide_leading) -> i32 {
  return i32(wide_leading_exceeds(value, before)) - i32(wide_leading_exceeds(before, value));
}

// What a function tends to that grows, vanishes or stays; what is next to nothing and about as large as before only wavers.
fn wide_leading_limit(value: wide_leading, before: wide_leading, course: i32) -> wide_leading {
  let wavers = max(value.exponent, before.exponent) < -150 && abs(value.exponent - before.exponent) < 64;
  if (course < 0 || wavers) {
    return wide_leading(false, 0u, WIDE_ZERO.exponent);
  }
  if (course > 0) {
    return wide_leading(value.negative, 0x80000000u, WIDE_BEYOND);
  }
  return value;
}

// The k for which a is about 2^k b.
fn wide_leading_ratio(a: wide_leading, b: wide_leading) -> int {
  let more = 2u * (a.digits >> 8u) > 3u * (b.digits >> 8u);
  let less = 3u * (a.digits >> 8u) < 2u * (b.digits >> 8u);
  return max(min(a.exponent - b.exponent + int(more) - int(less), 65536), -65536);
}

// The first stage after the given one that changes an operand, given the exponents of the largest and the smallest.
fn wide_next_stage(stage: i32, largest: int, smallest: int) -> i32 {
  var next = stage + 1;
  while (next < 23 && wide_excess(largest, next) == 0 && wide_excess(smallest, next) == 0) {
    next = next + 1;
  }
  return select(next, 24, next > 22);
}

// The search after one more value: how many operands there are, the exponent of the one that was varied for it, those of the
// largest and the smallest, whether an input is infinite, and if so, whether numbers are compared that may be infinite too,
// and whether one is 0 where the function's limit is meant.
fn wide_searched(
  search: wide_search, found: wide_outcome, operands: i32, varied: int, largest: int, smallest: int,
  infinite: bool, compares: bool, zero: bool
) -> wide_search {
  let is_nan = wide_leading_is_nan(found.value);
  // Whatever is wrong with a factor of infinity but its sign does not matter, nor with what is next to nothing unless more is
  // to be made of it.
  let enough = int(select(nat_bits() - 27, nat_bits(), found.value.exponent >= WIDE_LIMIT));
  let wrong = found.value.exponent + found.lost;
  let counts = wrong > int(nat_bits() - 160);
  let matters = counts || (search.stage > 0 && !infinite && found.value.exponent > -(WIDE_LIMIT >> 1));
  let fails = is_nan || (found.lost > enough && matters);
  var here = found.value;
  if (found.lost > enough && !matters) {
    here = wide_leading(false, 0u, WIDE_ZERO.exponent);
  } else if (fails && found.lost > int(nat_bits() - 16) && found.lost < int(nat_bits())) {
    // A quotient of two exponentials that are both the least number.
    here = wide_leading(false, 0u, WIDE_NAN.exponent);
  }
  var stage = search.stage;
  var point = search.point + 1;
  var value = search.value;
  var base = search.base;
  var steps = search.steps;
  var shift = search.shift;
  var most = search.most;
  if (stage == 0 && wrong < (WIDE_LIMIT >> 1)) {
    most = max(found.value.exponent, wrong - int(nat_bits() - 16)) + 1;
  }
  // What cancels altogether wherever it is looked at is taken for 0.
  if (stage == 0 || (wide_leading_is_nan(value) && (infinite || here.digits == 0u))) {
    value = here;
  }
  // On the way of the second step the function must do what it did on the first, or grow or vanish faster than powers do.
  let ratio = wide_leading_ratio(search.before, here);
  let is_second = point > 2 && (point & 1) == 1;
  let strays = !infinite && stage < 17 && is_second && ratio != steps && min(abs(ratio), abs(steps)) < 64;
  if (stage == 23) {
    // The limit that both sides have.
    let apart = wide_leading_exceeds(here, base) || wide_leading_exceeds(base, here);
    if (point == 2) {
      value = base;
      if (fails || apart || (base.negative != here.negative && base.digits != 0u)) {
        value = wide_leading(false, 0u, WIDE_NAN.exponent);
      }
    }
    base = here;
    stage = select(23, 24, point == 2 || fails);
  } else if (fails || strays || (stage == 0 && infinite && compares)) {
    if (is_nan && zero && !infinite) {
      stage = 23;
    } else if (strays || (stage == 0 && !infinite && is_nan && found.lost < (WIDE_LIMIT >> 1))) {
      stage = 24;
    } else {
      stage = wide_next_stage(stage, largest, smallest);
    }
    point = 0;
  } else if (stage == 0) {
    stage = 24;
  } else if (point == 1) {
    base = here;
    shift = 0;
  } else if (infinite) {
    // What it does on one step alone is a step from one value to another.
    var nearer = here;
    if (point == 3) {
      nearer = search.before;
    }
    let course = wide_leading_course(base, nearer);
    if (course == 0 || stage > 16 || point == 3) {
      let lasts = point == 2 || wide_leading_course(nearer, here) == course;
      value = wide_leading_limit(base, nearer, select(0, course, lasts));
      stage = 24;
    }
  } else if (is_second) {
    shift = shift + steps * wide_excess(varied, stage) / wide_distance(stage, infinite);
    if (point > 2 * operands) {
      if (base.exponent + shift <= most) {
        value = wide_leading(base.negative, base.digits, base.exponent + shift);
      }
      stage = 24;
    }
  } else {
    steps = ratio;
  }
  var before = here;
  if (is_second) {
    before = base;
  }
  return wide_search(stage, point, value, base, before, steps, shift, most);
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
