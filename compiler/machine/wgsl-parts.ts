/** Functions that WGSL needs for the machine's intrinsics. */
import { type Parts, readParts } from "./parts.js";

const common: Parts = readParts({
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
});

/** Of natural numbers of 128 bits: a `vec4<u32>`, whose first component is the lowest. */
export const vectorParts: Parts = new Map([
  ...common,
  ...readParts({
    nat_add: `
// A sum of natural numbers of 128 bits, the lowest word first.
fn $nat_add(a: vec4<u32>, b: vec4<u32>) -> vec4<u32> {
  let sum = a + b;
  let carries = vec3<u32>(sum.xyz < a.xyz);
  let full = vec3<u32>(sum.xyz == vec3<u32>(0xffffffffu));
  let carry_y = carries.y | (full.y & carries.x);
  let carry_z = carries.z | (full.z & carry_y);
  return sum + vec4<u32>(0u, carries.x, carry_y, carry_z);
}`,
    nat_subtract: `
// A difference of natural numbers of 128 bits.
fn $nat_subtract(a: vec4<u32>, b: vec4<u32>) -> vec4<u32> {
  let less = vec3<u32>(a.xyz < b.xyz);
  let same = vec3<u32>(a.xyz == b.xyz);
  let borrow_y = less.y | (same.y & less.x);
  let borrow_z = less.z | (same.z & borrow_y);
  return a - b - vec4<u32>(0u, less.x, borrow_y, borrow_z);
}`,
    nat_high_words: `
// The upper words of the products of each word of a with b.
fn $nat_high_words(a: vec4<u32>, b: u32) -> vec4<u32> {
  let a0 = a & vec4<u32>(0xffffu);
  let a1 = a >> vec4<u32>(16u);
  let b0 = b & 0xffffu;
  let b1 = b >> 16u;
  let middle = a1 * b0 + ((a0 * b0) >> vec4<u32>(16u));
  let carry = (middle & vec4<u32>(0xffffu)) + a0 * b1;
  return a1 * b1 + (middle >> vec4<u32>(16u)) + (carry >> vec4<u32>(16u));
}`,
    nat_multiply: `
// The lower 128 bits of a product: a times each word of b, from the highest on.
fn $nat_multiply(a: vec4<u32>, b: vec4<u32>) -> vec4<u32> {
  var words = b;
  var sum = vec4<u32>();
  for (var i = 0; i < 4; i++) {
    let high = $nat_high_words(a, words.w);
    sum = $nat_add($nat_add(vec4<u32>(0u, sum.xyz), a * words.w), vec4<u32>(0u, high.xyz));
    words = words.wxyz;
  }
  return sum;
}`,
    nat_multiply_high: `
// The upper 128 bits of a product: a times each word of b, from the lowest on, without the lowest word of the sum.
fn $nat_multiply_high(a: vec4<u32>, b: vec4<u32>) -> vec4<u32> {
  var words = b;
  var sum = vec4<u32>();
  for (var i = 0; i < 4; i++) {
    let low = a * words.x;
    let total = $nat_add(sum, low);
    sum = $nat_add(vec4<u32>(total.yzw, u32($nat_less(total, low))), $nat_high_words(a, words.x));
    words = words.yzwx;
  }
  return sum;
}`,
    nat_shift_left: `
// a * 2^n without the bits that leave 128.
fn $nat_shift_left(a: vec4<u32>, n: i32) -> vec4<u32> {
  let by_64 = select(a, vec4<u32>(0u, 0u, a.xy), (n & 64) != 0);
  let by_32 = select(by_64, vec4<u32>(0u, by_64.xyz), (n & 32) != 0);
  let bits = u32(n & 31);
  let carried = (by_32.xyz >> vec3<u32>(1u)) >> vec3<u32>(31u - bits);
  return select((by_32 << vec4<u32>(bits)) | vec4<u32>(0u, carried), vec4<u32>(), n >= 128);
}`,
    nat_shift_right: `
// floor(a / 2^n).
fn $nat_shift_right(a: vec4<u32>, n: i32) -> vec4<u32> {
  let by_64 = select(a, vec4<u32>(a.zw, 0u, 0u), (n & 64) != 0);
  let by_32 = select(by_64, vec4<u32>(by_64.yzw, 0u), (n & 32) != 0);
  let bits = u32(n & 31);
  let carried = (by_32.yzw << vec3<u32>(1u)) << vec3<u32>(31u - bits);
  return select((by_32 >> vec4<u32>(bits)) | vec4<u32>(carried, 0u), vec4<u32>(), n >= 128);
}`,
    nat_less: `
// a < b for natural numbers of 128 bits.
fn $nat_less(a: vec4<u32>, b: vec4<u32>) -> bool {
  let less = a < b;
  let same = a == b;
  return less.w | (same.w & (less.z | (same.z & (less.y | (same.y & less.x)))));
}`,
    nat_divide_short: `
// floor(a / n) for 0 < n < 2^16.
fn $nat_divide_short(a: vec4<u32>, n: u32) -> vec4<u32> {
  var quotient = a;
  var rest = 0u;
  for (var i = 0; i < 4; i++) {
    let high = (rest << 16u) | (quotient.w >> 16u);
    let low = ((high % n) << 16u) | (quotient.w & 0xffffu);
    rest = low % n;
    quotient = vec4<u32>(((high / n) << 16u) | (low / n), quotient.xyz);
  }
  return quotient;
}`,
    nat_divide_high: `
// floor(a * 2^128 / b) for a < b, bit by bit.
fn $nat_divide_high(a: vec4<u32>, b: vec4<u32>) -> vec4<u32> {
  var rest = a;
  var quotient = vec4<u32>();
  for (var i = 0; i < 128; i++) {
    let doubled = (rest << vec4<u32>(1u)) | vec4<u32>(0u, rest.xyz >> vec3<u32>(31u));
    let fits = rest.w >= 0x80000000u || !$nat_less(doubled, b);
    rest = select(doubled, $nat_subtract(doubled, b), fits);
    quotient = (quotient << vec4<u32>(1u)) | vec4<u32>(u32(fits), quotient.xyz >> vec3<u32>(31u));
  }
  return quotient;
}`,
    nat_low_word: `
// A natural number below 2^32, or the lowest 32 bits of one.
fn $nat_low_word(a: vec4<u32>) -> u32 {
  return a.x;
}`,
    nat_bit_length: `
// How many bits a natural number has.
fn $nat_bit_length(a: vec4<u32>) -> i32 {
  let high = select(a.zw, a.xy, all(a.zw == vec2<u32>()));
  let word = select(high.y, high.x, high.y == 0u);
  let below = select(64, 0, all(a.zw == vec2<u32>())) + select(32, 0, high.y == 0u);
  return below + 32 - i32(countLeadingZeros(word));
}`,
  }),
]);

/** Of longer ones: an array of words, the highest first. */
export const arrayParts: Parts = new Map([
  ...common,
  ...readParts({
    nat: `
// A natural number of 384 bits, the highest word first.
alias $nat = array<u32, 12>;`,
    nat_words: `
// How many words there are: a variable, so that no compiler writes the loops over them out.
var<private> $nat_words: i32 = 12;`,
    nat_of: `
// A natural number of one word.
fn $nat_of(n: u32) -> $nat {
  var a = $nat();
  a[$nat_words - 1] = n;
  return a;
}`,
    nat_select: `
// a, or b where the condition holds.
fn $nat_select(a: $nat, b: $nat, c: bool) -> $nat {
  var x = a;
  if (c) {
    x = b;
  }
  return x;
}`,
    nat_add: `
// A sum of natural numbers.
fn $nat_add(a: $nat, b: $nat) -> $nat {
  var x = a;
  var y = b;
  var carry = 0u;
  for (var i = $nat_words - 1; i >= 0; i--) {
    let part = x[i] + carry;
    let sum = part + y[i];
    carry = u32(part < carry) | u32(sum < part);
    x[i] = sum;
  }
  return x;
}`,
    nat_subtract: `
// A difference of natural numbers.
fn $nat_subtract(a: $nat, b: $nat) -> $nat {
  var x = a;
  var y = b;
  var borrow = 0u;
  for (var i = $nat_words - 1; i >= 0; i--) {
    let part = y[i] + borrow;
    let word = x[i];
    borrow = u32(part < borrow) | u32(word < part);
    x[i] = word - part;
  }
  return x;
}`,
    nat_multiply: `
// The lower words of a product.
fn $nat_multiply(a: $nat, b: $nat) -> $nat {
  var x = a;
  var y = b;
  var sum = $nat();
  for (var i = $nat_words - 1; i >= 0; i--) {
    var carry = 0u;
    for (var j = $nat_words - 1; i + j >= $nat_words - 1; j--) {
      let at = i + j + 1 - $nat_words;
      let low = x[j] * y[i];
      let part = sum[at] + low;
      let total = part + carry;
      carry = $multiply_high(x[j], y[i]) + u32(part < low) + u32(total < carry);
      sum[at] = total;
    }
  }
  return sum;
}`,
    nat_multiply_high: `
// The upper words of a product: a times each word of b, from the lowest on, without the lowest word of the sum.
fn $nat_multiply_high(a: $nat, b: $nat) -> $nat {
  var x = a;
  var y = b;
  var sum = $nat();
  for (var i = $nat_words - 1; i >= 0; i--) {
    var carry = 0u;
    for (var j = $nat_words - 1; j >= 0; j--) {
      let high = $multiply_high(x[j], y[i]);
      let low = x[j] * y[i];
      let part = sum[j] + low;
      let total = part + carry;
      carry = high + u32(part < low) + u32(total < carry);
      sum[min(j + 1, 11)] = total;
    }
    sum[0] = carry;
  }
  return sum;
}`,
    nat_shift_left: `
// a * 2^n without the bits that leave the words.
fn $nat_shift_left(a: $nat, n: i32) -> $nat {
  var x = a;
  let words = n >> 5u;
  let bits = u32(n & 31);
  for (var i = 0; i < $nat_words; i++) {
    let source = i + words;
    let high = select(0u, x[min(source, 11)], source < $nat_words);
    let low = select(0u, x[min(source + 1, 11)], source + 1 < $nat_words);
    x[i] = (high << bits) | ((low >> 1u) >> (31u - bits));
  }
  return x;
}`,
    nat_shift_right: `
// floor(a / 2^n).
fn $nat_shift_right(a: $nat, n: i32) -> $nat {
  var x = a;
  let words = n >> 5u;
  let bits = u32(n & 31);
  for (var i = $nat_words - 1; i >= 0; i--) {
    let source = i - words;
    let low = select(0u, x[max(source, 0)], source >= 0);
    let high = select(0u, x[max(source - 1, 0)], source >= 1);
    x[i] = (low >> bits) | ((high << 1u) << (31u - bits));
  }
  return x;
}`,
    nat_less: `
// a < b for natural numbers.
fn $nat_less(a: $nat, b: $nat) -> bool {
  var x = a;
  var y = b;
  var less = false;
  for (var i = $nat_words - 1; i >= 0; i--) {
    less = select(x[i] < y[i], less, x[i] == y[i]);
  }
  return less;
}`,
    nat_equal: `
// a == b for natural numbers.
fn $nat_equal(a: $nat, b: $nat) -> bool {
  var x = a;
  var y = b;
  var differs = 0u;
  for (var i = 0; i < $nat_words; i++) {
    differs |= x[i] ^ y[i];
  }
  return differs == 0u;
}`,
    nat_is_zero: `
// a == 0 for a natural number.
fn $nat_is_zero(a: $nat) -> bool {
  var x = a;
  var bits = 0u;
  for (var i = 0; i < $nat_words; i++) {
    bits |= x[i];
  }
  return bits == 0u;
}`,
    nat_divide_short: `
// floor(a / n) for 0 < n < 2^16.
fn $nat_divide_short(a: $nat, n: u32) -> $nat {
  var x = a;
  var rest = 0u;
  for (var i = 0; i < $nat_words; i++) {
    let high = (rest << 16u) | (x[i] >> 16u);
    let low = ((high % n) << 16u) | (x[i] & 0xffffu);
    rest = low % n;
    x[i] = ((high / n) << 16u) | (low / n);
  }
  return x;
}`,
    nat_divide_high: `
// floor(a * 2^N / b) for a < b and N bits in use, 16 bits at a time: each is at most two too large when it is first guessed
// (Knuth, The Art of Computer Programming, 4.3.1).
fn $nat_divide_high(a: $nat, b: $nat) -> $nat {
  let shift = 32 * $nat_words - $nat_bit_length(b);
  var rest = $nat_shift_left(a, shift);
  var y = $nat_shift_left(b, shift);
  var quotient = $nat();
  let leading = y[0] >> 16u;
  for (var digit = 0; digit < 2 * $nat_words; digit++) {
    var q = min(rest[0] / max(leading, 1u), 0xffffu);
    let top = rest[0] >> 16u;
    var carry = 0u;
    var below = 0u;
    for (var i = $nat_words - 1; i >= 0; i--) {
      let word = (rest[i] << 16u) | below;
      below = rest[i] >> 16u;
      let upper = (y[i] >> 16u) * q;
      let lower = (y[i] & 0xffffu) * q;
      let low = lower + (upper << 16u);
      let part = low + carry;
      rest[i] = word - part;
      carry = (upper >> 16u) + u32(low < lower) + u32(part < carry) + u32(word < part);
    }
    var missing = carry - top;
    while (missing != 0u) {
      var sum_carry = 0u;
      for (var i = $nat_words - 1; i >= 0; i--) {
        let part = rest[i] + sum_carry;
        let sum = part + y[i];
        sum_carry = u32(part < sum_carry) | u32(sum < part);
        rest[i] = sum;
      }
      missing -= sum_carry;
      q -= 1u;
    }
    quotient[digit >> 1u] |= q << select(16u, 0u, (digit & 1) == 1);
  }
  return quotient;
}`,
    nat_low_word: `
// A natural number below 2^32, or the lowest 32 bits of one.
fn $nat_low_word(a: $nat) -> u32 {
  var x = a;
  return x[$nat_words - 1];
}`,
    nat_bit_length: `
// How many bits a natural number has.
fn $nat_bit_length(a: $nat) -> i32 {
  var x = a;
  var bits = 0;
  for (var i = $nat_words - 1; i >= 0; i--) {
    bits = select(32 * ($nat_words - i) - i32(countLeadingZeros(x[i])), bits, x[i] == 0u);
  }
  return bits;
}`,
  }),
]);
