/** Wide numbers: what they are, arithmetic, comparisons, integers. */
export const number = `
// A floating point number: ±mantissa / 2^N * 2^exponent, N being the number of bits of a nat. The highest bit of the
// mantissa is set, and the exponent is below 2^28 in size. Infinity has the mantissa 1/2 and the exponent 2^29; zero has the
// mantissa 0 and an exponent below -2^29, NaN the mantissa 0 and one above 2^29: this is what operations make of them by
// themselves, or nearly so. Results are cut off: an operation that says nothing else is off by a few units of the last bit.
struct wide { negative: bool, mantissa: nat, exponent: i32 }

// Naturals stand for fractions of 2^N: 1/2.
const NAT_HALF: nat = 0x0.8n;
// 2^N - 1, which is nearly 1.
const NAT_ONES: nat = 0x0.${"f".repeat(96)}n;

// Exponents of numbers are smaller.
const WIDE_LIMIT: i32 = 268435456;
// The exponent of infinity.
const WIDE_BEYOND: i32 = 536870912;

const WIDE_ZERO: wide = wide(false, 0n, -536875008);
const WIDE_ONE: wide = wide(false, 0x0.8n, 1);
const WIDE_TWO: wide = wide(false, 0x0.8n, 2);
const WIDE_INFINITY: wide = wide(false, 0x0.8n, 536870912);
const WIDE_NAN: wide = wide(false, 0n, 536875008);

// The number with these parts, the highest bit of the mantissa being set unless it is 0. Beyond the range of exponents it is
// zero or infinity; a mantissa of 0 is NaN with an exponent that is not far below 0.
fn wide_bounded(negative: bool, mantissa: nat, exponent: i32) -> wide {
  let vanishes = exponent <= -WIDE_LIMIT;
  let invalid = is_zero(mantissa) & !vanishes;
  let inside = (abs(exponent) < WIDE_LIMIT) & !invalid;
  let beyond = select(select(WIDE_BEYOND, WIDE_NAN.exponent, invalid), WIDE_ZERO.exponent, vanishes);
  let digits = select(NAT_HALF, 0n, vanishes | invalid);
  return wide(negative, select(digits, mantissa, inside), select(beyond, exponent, inside));
}

// The number with these parts, whatever the highest bit of the mantissa is. A mantissa of 0 is zero unless the exponent is
// beyond the range.
fn wide_normalised(negative: bool, mantissa: nat, exponent: i32) -> wide {
  let shift = nat_bits() - bit_length(mantissa);
  let vanishes = is_zero(mantissa) & (exponent < WIDE_LIMIT);
  return wide_bounded(
    negative & !is_zero(mantissa), mantissa << shift, select(exponent - shift, -WIDE_LIMIT, vanishes)
  );
}

fn wide_integer(n: i32) -> wide {
  return wide_normalised(n < 0, nat(u32(abs(n))), nat_bits());
}

fn wide_is_nan(x: wide) -> bool {
  return is_zero(x.mantissa) & (x.exponent > 0);
}

fn wide_is_zero(x: wide) -> bool {
  return is_zero(x.mantissa) & (x.exponent < 0);
}

fn wide_is_negative(x: wide) -> bool {
  return x.negative & !is_zero(x.mantissa);
}

// Whether |a| < |b|, neither being NaN.
fn wide_is_smaller(a: wide, b: wide) -> bool {
  return (a.exponent < b.exponent) | ((a.exponent == b.exponent) & (a.mantissa < b.mantissa));
}

fn wide_equal(a: wide, b: wide) -> bool {
  let same = (a.exponent == b.exponent) & (a.mantissa == b.mantissa);
  return same & (wide_is_negative(a) == wide_is_negative(b)) & !wide_is_nan(a);
}

fn wide_less_or_equal(a: wide, b: wide) -> bool {
  let same = (a.exponent == b.exponent) & (a.mantissa == b.mantissa);
  let signs_differ = wide_is_negative(a) != wide_is_negative(b);
  let within = same | (wide_is_smaller(a, b) != wide_is_negative(a));
  return select(within, wide_is_negative(a), signs_differ) & !wide_is_nan(a) & !wide_is_nan(b);
}

fn wide_less(a: wide, b: wide) -> bool {
  return wide_less_or_equal(a, b) & !wide_equal(a, b);
}

fn wide_select(no: wide, yes: wide, condition: bool) -> wide {
  return wide(
    select(no.negative, yes.negative, condition),
    select(no.mantissa, yes.mantissa, condition),
    select(no.exponent, yes.exponent, condition)
  );
}

// The smaller of both; NaN where either is.
fn wide_min(a: wide, b: wide) -> wide {
  return wide_select(b, a, wide_is_nan(a) | wide_less(a, b));
}

// The larger of both; NaN where either is.
fn wide_max(a: wide, b: wide) -> wide {
  return wide_select(b, a, wide_is_nan(a) | wide_less(b, a));
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
fn wide_scale(x: wide, k: i32) -> wide {
  return wide_bounded(x.negative, x.mantissa, x.exponent + k);
}

// The difference of numbers within a factor of two of one another is exact.
fn wide_add(a: wide, b: wide) -> wide {
  let swapped = wide_is_smaller(a, b);
  let large = select(a.mantissa, b.mantissa, swapped);
  let small = select(b.mantissa, a.mantissa, swapped);
  let negative = select(a.negative, b.negative, swapped);
  let exponent = max(a.exponent, b.exponent);
  let shift = min(exponent - min(a.exponent, b.exponent), nat_bits());
  let addend = small >> shift;
  let adds = a.negative == b.negative;
  // A sum that needs one more bit, and a difference that has one more.
  let carries = adds & (addend > NAT_ONES - large);
  let borrows = !adds & (shift == 1) & (large - addend < NAT_HALF);
  let mantissa = select(
    select(large - addend, ((large - addend) << 1) - nat(low_u32(small) & 1u), borrows),
    select(large + addend, NAT_HALF + ((addend - (NAT_ONES - large) - 1n) >> 1), carries),
    adds
  );
  return wide_normalised(negative, mantissa, exponent + i32(carries) - i32(borrows));
}

fn wide_subtract(a: wide, b: wide) -> wide {
  return wide_add(a, wide_negate(b));
}

fn wide_multiply(a: wide, b: wide) -> wide {
  let product = multiply_high(a.mantissa, b.mantissa);
  let short = product < NAT_HALF;
  return wide_bounded(
    a.negative != b.negative, select(product, product << 1, short), a.exponent + b.exponent - i32(short)
  );
}

// What is divided by zero is infinite, with the sign that the zero has.
fn wide_divide(a: wide, b: wide) -> wide {
  let by_zero = is_zero(b.mantissa);
  let invalid =
    wide_is_nan(b) | (by_zero & is_zero(a.mantissa)) | ((a.exponent >= WIDE_LIMIT) & (b.exponent >= WIDE_LIMIT));
  let divisor = select(b.mantissa, NAT_HALF, by_zero);
  let fits = a.mantissa < divisor;
  let quotient = divide_high(select(a.mantissa - divisor, a.mantissa, fits), divisor);
  let mantissa = select(select(NAT_HALF + (quotient >> 1), quotient, fits), 0n, invalid);
  let exponent = select(a.exponent - b.exponent + i32(!fits), WIDE_BEYOND, invalid | by_zero);
  return wide_bounded(a.negative != b.negative, mantissa, exponent);
}

// a / 2^k to the nearest integer, from the middle to the even one, for 0 < k <= N.
fn nat_rounded(a: nat, k: i32) -> nat {
  let whole = a >> k;
  let rest = a - (whole << k);
  let half = NAT_HALF >> (nat_bits() - k);
  let odd = (low_u32(whole) & 1u) == 1u;
  return whole + nat(u32((rest > half) | ((rest == half) & odd)));
}

fn wide_floor(x: wide) -> wide {
  let point = clamp(nat_bits() - x.exponent, 0, nat_bits());
  let whole = x.mantissa >> point;
  let up = x.negative & ((whole << point) != x.mantissa);
  let floor = wide_normalised(x.negative, whole + nat(u32(up)), nat_bits());
  return wide_select(floor, x, x.exponent >= nat_bits());
}

fn wide_is_integer(x: wide) -> bool {
  return wide_equal(wide_floor(x), x);
}

fn wide_ceil(x: wide) -> wide {
  return wide_negate(wide_floor(wide_negate(x)));
}

// To the nearest integer, from the middle between two to the even one.
fn wide_round(x: wide) -> wide {
  let point = clamp(nat_bits() - x.exponent, 1, nat_bits());
  let whole = select(nat_rounded(x.mantissa, point), 0n, x.exponent < 0);
  return wide_select(wide_normalised(x.negative, whole, nat_bits()), x, x.exponent >= nat_bits());
}
`;
