/** Pairs of float32: selections, and what is made of the other functions. */
export const selections = `
// a where the condition holds, else b.
fn pair_select(condition: bool, a: pair, b: pair) -> pair {
  return pair(select(b.high, a.high, condition), select(b.low, a.low, condition));
}

// A whole number below 2^32.
fn pair_from_u32(n: u32) -> pair {
  return pair_ordered_sum(f32(n >> 12u) * 4096.0, f32(n & 4095u));
}

fn pair_indicator(condition: bool) -> pair {
  return pair(select(0.0, 1.0, condition), 0.0);
}

// a - b; 0 where both are the same, be it infinity.
fn pair_excess(a: pair, b: pair) -> pair {
  let d = pair_subtract(a, b);
  return pair_select(a.high == b.high && a.low == b.low, pair(0.0, 0.0), d);
}

// A number as it was given: infinity as the largest number and a unit of it, 2^104, so that it becomes infinite again.
fn pair_from_given(x: f32) -> pair {
  let held = rounded(x);
  return pair(held, select(0.0, held * 5.9604645e-8, (bitcast<u32>(x) & 0x7fffffffu) == 0x7f800000u));
}

fn pair_infinite() -> pair {
  return pair(3.4028234663852886e38, 2.0282410e31);
}

// The number; infinity where it is as large as pairs get, with a rest that rounds away from 0 or is none.
fn pair_to_limit(a: pair) -> f32 {
  let rest = select(-a.low, a.low, a.high > 0.0);
  return select(a.high + a.low, a.high * 2.0, abs(a.high) >= 3.4028234663852886e38 && !(rest < 1.0141205e31));
}

fn pair_smaller(a: pair, b: pair) -> pair {
  if (b.high < a.high || (b.high == a.high && b.low < a.low)) {
    return b;
  }
  return a;
}

fn pair_larger(a: pair, b: pair) -> pair {
  if (b.high > a.high || (b.high == a.high && b.low > a.low)) {
    return b;
  }
  return a;
}

fn pair_at_most(a: pair, b: pair) -> pair {
  return pair_smaller(a, b);
}

fn pair_at_least(a: pair, b: pair) -> pair {
  return pair_larger(a, b);
}

fn pair_sign(a: pair) -> pair {
  return pair(select(select(0.0, -1.0, a.high < 0.0), 1.0, a.high > 0.0), 0.0);
}

// sqrt(a^2 + b^2), the larger of both outside of the root.
fn pair_hypot(a: pair, b: pair) -> pair {
  let x = pair_abs(a);
  let y = pair_abs(b);
  let large = pair_larger(x, y);
  if (large.high == 0.0) {
    return large;
  }
  let ratio = pair_divide(pair_smaller(x, y), large);
  return pair_multiply(large, pair_sqrt(pair_add(pair(1.0, 0.0), pair_multiply(ratio, ratio))));
}

// ln(e^a + e^b) = max(a, b) + ln(1 + e^-|a - b|)
fn pair_logaddexp(a: pair, b: pair) -> pair {
  let large = pair_larger(a, b);
  return pair_add(large, pair_log1p(pair_exp(pair_subtract(pair_smaller(a, b), large))));
}

// For a > 0.
fn pair_pow(a: pair, b: pair) -> pair {
  return pair_exp(pair_multiply(b, pair_log(a)));
}

// floor(a), where the second part decides if the first is an integer.
fn pair_floor(a: pair) -> pair {
  let whole = floor(a.high);
  return pair(select(whole, whole - 1.0, whole == a.high && a.low < 0.0), 0.0);
}

fn pair_ceil(a: pair) -> pair {
  return pair_negate(pair_floor(pair_negate(a)));
}

// To the nearest integer, from the middle to the even one.
fn pair_round(a: pair) -> pair {
  let below = pair_floor(a);
  let rest = pair_subtract(a, below);
  let above = rest.high > 0.5 || (rest.high == 0.5 && (rest.low > 0.0 || (rest.low == 0.0 && floor(below.high * 0.5) * 2.0 != below.high)));
  return pair(select(below.high, below.high + 1.0, above), 0.0);
}
`;
