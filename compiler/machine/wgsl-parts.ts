/**
 * Functions that WGSL needs for the machine's intrinsics. A natural number of 128 bits is a `vec4<u32>` whose first
 * component is the lowest.
 */
import { type Parts, readParts } from "./parts.js";

export const wgslParts: Parts = readParts({
  is_nan: `
fn $is_nan(x: f32) -> bool {
  return (bitcast<u32>(x) & 0x7fffffffu) > 0x7f800000u;
}`,
  infinity: `
// A constant expression may not be infinite; a variable's bits may.
var<private> $infinity_bits: u32 = 0x7f800000u;

fn $infinity() -> f32 {
  return bitcast<f32>($infinity_bits);
}`,
  nan: `
// A constant expression may not be NaN; a variable's bits may.
var<private> $nan_bits: u32 = 0x7fc00000u;

fn $nan() -> f32 {
  return bitcast<f32>($nan_bits);
}`,
  power_of_two: `
// 2^n for -126 <= n <= 127.
fn $power_of_two(n: i32) -> f32 {
  return bitcast<f32>(u32(n + 127) << 23u);
}`,
  round_even: `
// The nearest integer, the even one of two.
fn $round_even(x: f32) -> f32 {
  let below = floor(x);
  let rest = x - below;
  let up = rest > 0.5 || (rest == 0.5 && floor(0.5 * below) * 2.0 != below);
  return select(below, below + 1.0, up);
}`,
  multiply_high: `
// The upper 32 bits of a product.
fn $multiply_high(a: u32, b: u32) -> u32 {
  let a0 = a & 0xffffu;
  let a1 = a >> 16u;
  let b0 = b & 0xffffu;
  let b1 = b >> 16u;
  let middle = a1 * b0 + ((a0 * b0) >> 16u);
  let carry = (middle & 0xffffu) + a0 * b1;
  return a1 * b1 + (middle >> 16u) + (carry >> 16u);
}`,
  nat_add: `
// A sum of natural numbers of 128 bits, the lowest word first.
fn $nat_add(a: vec4<u32>, b: vec4<u32>) -> vec4<u32> {
  let x = a.x + b.x;
  let carry_x = x < a.x;
  let y = a.y + b.y + select(0u, 1u, carry_x);
  let carry_y = y < a.y || (y == a.y && carry_x);
  let z = a.z + b.z + select(0u, 1u, carry_y);
  let carry_z = z < a.z || (z == a.z && carry_y);
  return vec4<u32>(x, y, z, a.w + b.w + select(0u, 1u, carry_z));
}`,
  nat_subtract: `
// A difference of natural numbers of 128 bits.
fn $nat_subtract(a: vec4<u32>, b: vec4<u32>) -> vec4<u32> {
  let borrow_x = a.x < b.x;
  let borrow_y = a.y < b.y || (a.y == b.y && borrow_x);
  let borrow_z = a.z < b.z || (a.z == b.z && borrow_y);
  let borrows = vec4<u32>(0u, select(0u, 1u, borrow_x), select(0u, 1u, borrow_y), select(0u, 1u, borrow_z));
  return a - b - borrows;
}`,
  nat_product: `
// The eight words of a product of natural numbers of 128 bits.
fn $nat_product(a: vec4<u32>, b: vec4<u32>) -> array<u32, 8> {
  var product = array<u32, 8>();
  for (var i = 0u; i < 4u; i++) {
    var carry = 0u;
    for (var j = 0u; j < 4u; j++) {
      let low = a[j] * b[i];
      let with_word = low + product[i + j];
      let with_carry = with_word + carry;
      carry = $multiply_high(a[j], b[i]) + select(0u, 1u, with_word < low) + select(0u, 1u, with_carry < with_word);
      product[i + j] = with_carry;
    }
    product[i + 4u] = carry;
  }
  return product;
}`,
  nat_multiply: `
// The lower 128 bits of a product.
fn $nat_multiply(a: vec4<u32>, b: vec4<u32>) -> vec4<u32> {
  let product = $nat_product(a, b);
  return vec4<u32>(product[0], product[1], product[2], product[3]);
}`,
  nat_multiply_high: `
// The upper 128 bits of a product.
fn $nat_multiply_high(a: vec4<u32>, b: vec4<u32>) -> vec4<u32> {
  let product = $nat_product(a, b);
  return vec4<u32>(product[4], product[5], product[6], product[7]);
}`,
  nat_shift_left: `
// a * 2^n without the bits that leave 128.
fn $nat_shift_left(a: vec4<u32>, n: i32) -> vec4<u32> {
  if (n >= 128) {
    return vec4<u32>();
  }
  var words = a;
  if ((n & 64) != 0) {
    words = vec4<u32>(0u, 0u, words.x, words.y);
  }
  if ((n & 32) != 0) {
    words = vec4<u32>(0u, words.x, words.y, words.z);
  }
  let bits = u32(n & 31);
  let carried = (words >> vec4<u32>(1u)) >> vec4<u32>(31u - bits);
  return (words << vec4<u32>(bits)) | vec4<u32>(0u, carried.x, carried.y, carried.z);
}`,
  nat_shift_right: `
// floor(a / 2^n).
fn $nat_shift_right(a: vec4<u32>, n: i32) -> vec4<u32> {
  if (n >= 128) {
    return vec4<u32>();
  }
  var words = a;
  if ((n & 64) != 0) {
    words = vec4<u32>(words.z, words.w, 0u, 0u);
  }
  if ((n & 32) != 0) {
    words = vec4<u32>(words.y, words.z, words.w, 0u);
  }
  let bits = u32(n & 31);
  let carried = (words << vec4<u32>(1u)) << vec4<u32>(31u - bits);
  return (words >> vec4<u32>(bits)) | vec4<u32>(carried.y, carried.z, carried.w, 0u);
}`,
  nat_less: `
// a < b for natural numbers of 128 bits.
fn $nat_less(a: vec4<u32>, b: vec4<u32>) -> bool {
  if (a.w != b.w) {
    return a.w < b.w;
  }
  if (a.z != b.z) {
    return a.z < b.z;
  }
  if (a.y != b.y) {
    return a.y < b.y;
  }
  return a.x < b.x;
}`,
  nat_divide_short: `
// floor(a / n) for 0 < n < 2^16.
fn $nat_divide_short(a: vec4<u32>, n: u32) -> vec4<u32> {
  var quotient = vec4<u32>();
  var rest = 0u;
  for (var i = 3; i >= 0; i--) {
    let high = (rest << 16u) | (a[i] >> 16u);
    let low = ((high % n) << 16u) | (a[i] & 0xffffu);
    quotient[i] = ((high / n) << 16u) | (low / n);
    rest = low % n;
  }
  return quotient;
}`,
  nat_divide_high: `
// floor(a * 2^128 / b) for a < b: long division by 16 bits at a time. A digit is guessed from the leading bits, at most two
// too large.
fn $nat_divide_high(a: vec4<u32>, b: vec4<u32>) -> vec4<u32> {
  let shift = 128 - $nat_bit_length(b);
  let divisor = $nat_shift_left(b, shift);
  var rest = $nat_shift_left(a, shift);
  var quotient = vec4<u32>();
  for (var i = 0; i < 8; i++) {
    var digit = min(rest.w / (divisor.w >> 16u), 0xffffu);
    let low = divisor * digit;
    let high = ((divisor >> vec4<u32>(16u)) * digit + (((divisor & vec4<u32>(0xffffu)) * digit) >> vec4<u32>(16u))) >> vec4<u32>(16u);
    let carried = vec4<u32>(0u, high.x, high.y, high.z);
    var top = (rest.w >> 16u) - high.w;
    let shifted = $nat_shift_left(rest, 16);
    let difference = $nat_subtract(shifted, low);
    rest = $nat_subtract(difference, carried);
    top -= select(0u, 1u, $nat_less(shifted, low)) + select(0u, 1u, $nat_less(difference, carried));
    while (top != 0u) {
      rest = $nat_add(rest, divisor);
      top += select(0u, 1u, $nat_less(rest, divisor));
      digit--;
    }
    quotient = $nat_shift_left(quotient, 16) | vec4<u32>(digit, 0u, 0u, 0u);
  }
  return quotient;
}`,
  nat_bit_length: `
// How many bits a natural number has.
fn $nat_bit_length(a: vec4<u32>) -> i32 {
  if (a.w != 0u) {
    return 128 - i32(countLeadingZeros(a.w));
  }
  if (a.z != 0u) {
    return 96 - i32(countLeadingZeros(a.z));
  }
  if (a.y != 0u) {
    return 64 - i32(countLeadingZeros(a.y));
  }
  return 32 - i32(countLeadingZeros(a.x));
}`,
});
