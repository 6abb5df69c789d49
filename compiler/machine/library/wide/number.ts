/** Wide numbers: what they are, arithmetic, comparisons, integers. */
export const number = `
// A floating point number: ±mantissa / 2^N * 2^exponent, N being the number of bits of a nat. The highest bit of the
// mantissa is set, and the exponent is below a limit in size, 2^28 in WGSL and 2^4096 in TypeScript. Zero has the mantissa 0
// and the exponent -2 limit, infinity the mantissa 1/2 and the exponent 2 limit, NaN the mantissa 0 and a larger exponent:
// this is what operations make of them by themselves, or nearly so. Results are cut off: an operation that says nothing else
// is off by a few units of the last bit.
struct wide { negative: bool, mantissa: nat, exponent: int }

// 2^(N - 1) and 2^N - 1.
const NAT_HALF: nat = 0x0.8n;
const NAT_ONES: nat = 0x0.${"f".repeat(384)}n;

const WIDE_LIMIT: int = 1 << int_bits();
const WIDE_BEYOND: int = 2 << int_bits();

const WIDE_ZERO: wide = wide(false, 0n, -(2 << int_bits()));
const WIDE_ONE: wide = wide(false, 0x0.8n, 1);
const WIDE_TWO: wide = wide(false, 0x0.8n, 2);
const WIDE_INFINITY: wide = wide(false, 0x0.8n, 2 << int_bits());
const WIDE_NAN: wide = wide(false, 0n, (2 << int_bits()) + 4096);

// The number with these parts, whatever the highest bit of the mantissa is.
fn wide_normalised(negative: bool, mantissa: nat, exponent: int) -> wide {
  if (mantissa >= NAT_HALF && abs(exponent) < WIDE_LIMIT) {
    return wide(negative, mantissa, exponent);
  }
  let shift = nat_bits() - bit_length(mantissa);
  let least = exponent - int(shift);
  let is_far = abs(least) >= WIDE_LIMIT;
  if (is_zero(mantissa) || (is_far && least < 0)) {
    return wide(negative, 0n, select(WIDE_ZERO.exponent, WIDE_NAN.exponent, exponent >= WIDE_BEYOND));
  }
  if (is_far) {
    return wide(negative, NAT_HALF, WIDE_BEYOND);
  }
  return wide(negative, mantissa << shift, least);
}

fn wide_integer(n: int) -> wide {
  let size = abs(n);
  let excess = max(bit_length(size) - nat_bits(), 0);
  return wide_normalised(n < 0, nat(size >> excess), int(nat_bits() + excess));
}

fn wide_is_nan(x: wide) -> bool {
  return is_zero(x.mantissa) && x.exponent > 0;
}

fn wide_is_negative(x: wide) -> bool {
  return x.negative && !is_zero(x.mantissa);
}

// Whether |a| < |b|, neither being NaN.
fn wide_is_smaller(a: wide, b: wide) -> bool {
  return a.exponent < b.exponent || (a.exponent == b.exponent && a.mantissa < b.mantissa);
}

fn wide_less(a: wide, b: wide) -> bool {
  if (wide_is_nan(a) || wide_is_nan(b)) {
    return false;
  }
  if (wide_is_negative(a) != wide_is_negative(b)) {
    return wide_is_negative(a);
  }
  return select(wide_is_smaller(a, b), wide_is_smaller(b, a), wide_is_negative(a));
}

fn wide_equal(a: wide, b: wide) -> bool {
  let same = a.exponent == b.exponent && a.mantissa == b.mantissa && wide_is_negative(a) == wide_is_negative(b);
  return same && !wide_is_nan(a);
}

fn wide_less_or_equal(a: wide, b: wide) -> bool {
  return wide_less(a, b) || wide_equal(a, b);
}

fn wide_negate(x: wide) -> wide {
  return wide(!x.negative, x.mantissa, x.exponent);
}

fn wide_abs(x: wide) -> wide {
  return wide(false, x.mantissa, x.exponent);
}

// |x| with the sign of y.
fn wide_with_sign(x: wide, y: wide) -> wide {
  return wide(y.negative, x.mantissa, x.exponent);
}

// -1, 0 or 1; NaN for NaN.
fn wide_sign(x: wide) -> wide {
  return wide(x.negative, select(NAT_HALF, 0n, is_zero(x.mantissa)), select(1, x.exponent, is_zero(x.mantissa)));
}

// x * 2^k for a small k.
fn wide_scale(x: wide, k: int) -> wide {
  return wide_normalised(x.negative, x.mantissa, x.exponent + k);
}

// The difference of numbers within a factor of two of one another is exact.
fn wide_add(a: wide, b: wide) -> wide {
  let swapped = wide_is_smaller(a, b);
  let large = select(a.mantissa, b.mantissa, swapped);
  let small = select(b.mantissa, a.mantissa, swapped);
  let negative = select(a.negative, b.negative, swapped);
  let exponent = max(a.exponent, b.exponent);
  let shift = min(exponent - min(a.exponent, b.exponent), int(nat_bits()));
  let addend = small >> shift;
  if (a.negative == b.negative) {
    let room = NAT_ONES - large;
    if (addend > room) {
      return wide_normalised(negative, NAT_HALF + ((addend - room - 1n) >> 1), exponent + 1);
    }
    return wide_normalised(negative, large + addend, exponent);
  }
  let difference = large - addend;
  // What is left would be the rounding of the operands.
  if (bit_length(difference) <= 12 && exponent < WIDE_LIMIT) {
    return WIDE_ZERO;
  }
  if (shift == 1 && difference < NAT_HALF) {
    return wide_normalised(negative, (difference << 1) - nat(low_u32(small) & 1u), exponent - 1);
  }
  return wide_normalised(negative, difference, exponent);
}

fn wide_subtract(a: wide, b: wide) -> wide {
  return wide_add(a, wide_negate(b));
}

fn wide_multiply(a: wide, b: wide) -> wide {
  let product = multiply_high(a.mantissa, b.mantissa);
  let exponent = a.exponent + b.exponent;
  // Zero times infinity, and NaN times anything.
  let invalid = is_zero(product) && exponent > -WIDE_LIMIT;
  return wide_normalised(a.negative != b.negative, product, select(exponent, WIDE_NAN.exponent, invalid));
}

// What is divided by zero is infinite, with the sign that the zero has.
fn wide_divide(a: wide, b: wide) -> wide {
  let negative = a.negative != b.negative;
  let both_zero = is_zero(a.mantissa) && is_zero(b.mantissa);
  if (wide_is_nan(b) || both_zero || (a.exponent >= WIDE_BEYOND && b.exponent >= WIDE_BEYOND)) {
    return WIDE_NAN;
  }
  let exponent = a.exponent - b.exponent;
  if (is_zero(b.mantissa)) {
    return wide_normalised(negative, a.mantissa, exponent);
  }
  let fits = a.mantissa < b.mantissa;
  let quotient = divide_high(select(a.mantissa - b.mantissa, a.mantissa, fits), b.mantissa);
  return wide_normalised(negative, select(NAT_HALF + (quotient >> 1), quotient, fits), exponent + int(!fits));
}

// The smaller of both; NaN where either is.
fn wide_min(a: wide, b: wide) -> wide {
  if (wide_is_nan(a) || wide_less(a, b)) {
    return a;
  }
  return b;
}

// The larger of both; NaN where either is.
fn wide_max(a: wide, b: wide) -> wide {
  if (wide_is_nan(a) || wide_less(b, a)) {
    return a;
  }
  return b;
}

// a / 2^k to the nearest integer, from the middle to the even one, for 0 < k <= N.
fn nat_rounded(a: nat, k: i32) -> nat {
  let whole = a >> k;
  let rest = a - (whole << k);
  let half = NAT_HALF >> (nat_bits() - k);
  let odd = (low_u32(whole) & 1u) == 1u;
  return whole + nat(u32(rest > half || (rest == half && odd)));
}

fn wide_floor(x: wide) -> wide {
  let bits = int(nat_bits());
  if (x.exponent >= bits || is_zero(x.mantissa)) {
    return x;
  }
  let fraction = min(bits - x.exponent, bits);
  let whole = x.mantissa >> fraction;
  let up = x.negative && (whole << fraction) != x.mantissa;
  return wide_normalised(x.negative, whole + nat(u32(up)), bits);
}

fn wide_is_integer(x: wide) -> bool {
  return wide_equal(wide_floor(x), x);
}

fn wide_ceil(x: wide) -> wide {
  return wide_negate(wide_floor(wide_negate(x)));
}

// To the nearest integer, from the middle between two to the even one.
fn wide_round(x: wide) -> wide {
  let bits = int(nat_bits());
  if (x.exponent >= bits) {
    return x;
  }
  if (x.exponent < 0) {
    return WIDE_ZERO;
  }
  return wide_normalised(x.negative, nat_rounded(x.mantissa, nat_bits() - i32(x.exponent)), bits);
}
`;
