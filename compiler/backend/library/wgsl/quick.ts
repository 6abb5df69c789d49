/**
 * The functions for vectors of float32 as WGSL may have them: without branches. Those of `simd/single.ts` are for operands of ordinary size; those
 * that are written here are for all operands but NaN.
 */
import { single } from "../simd/single.js";

/** What the name of such a function begins with: that of one for all operands, with more digits, does not. */
export const quickPrefix = "quick_";

const scaling = `
@error("0")
fn binary_exponent(x: f32) -> f32 {
  return f32(bitcast<i32>(bitcast<u32>(x) - 0x3f3504f3u) >> 23u);
}

// x + 1.5 * 2^23, whose last bits are those of the whole number next to x, as long as |x| < 2^22.
@error("0")
fn rounded_with_bits(x: f32) -> f32 {
  return x + 12582912.0;
}

// The whole number of z = rounded_with_bits(x). Compilers may take (x + a) - a for x; of bits they know nothing.
@error("0")
fn exponent_of_bits(z: f32) -> i32 {
  return bitcast<i32>(bitcast<u32>(z) - 0x4b400000u);
}

@error("0")
fn whole_of_bits(z: f32) -> f32 {
  return f32(exponent_of_bits(z));
}

// y 2^k for the whole number k of z; for k = -127 it is 0.
@error("0")
fn scaled_by_bits(y: f32, z: f32) -> f32 {
  return y * bitcast<f32>((bitcast<u32>(z) + 127u) << 23u);
}

// y 2^-k; for k = 127 it is 0, for k = -128 infinite.
@error("0")
fn scaled_down_by_bits(y: f32, z: f32) -> f32 {
  return y * bitcast<f32>((127u - bitcast<u32>(z)) << 23u);
}

// x - k ln 2, in two parts, the first of 15 bits, so that its product is exact.
@error("0")
fn rest_of(x: f32, k: f32) -> f32 {
  return (x - k * 0.693145751953125) - k * 1.42860682e-6;
}

`;

const forAllOperands = `
// e^x for x <= 0, and 0 below the normal numbers.
@error("1.45")
fn falling_exp(x: f32) -> f32 {
  let y = max(x, -88.0);
  let z = rounded_with_bits(y * 1.44269504);
  return scaled_by_bits(1.0 + expm1_of_rest(rest_of(y, whole_of_bits(z))), z);
}

// A number as a product: far below the normal numbers both factors are normal.
struct halves { first: f32, second: f32 }

// p 2^n for -252 <= n <= 250: both powers are normal.
fn in_halves(p: f32, n: i32) -> halves {
  let half = n >> 1u;
  return halves(p * power_of_two(half), power_of_two(n - half));
}

// e^x for x <= 170, below -174 that of -174: numbers of up to 2^100 times that vanish.
fn exp_in_halves(x: f32) -> halves {
  let y = max(x, -174.0);
  let n = exponent_of_bits(rounded_with_bits(y * 1.44269504));
  return in_halves(1.0 + expm1_of_rest(rest_of(y, f32(n))), n);
}

// p e^(-a^2/2) for 0 <= a <= 18.5. The square is taken in two parts, the first of them exact.
fn half_square_exp_in_halves(p: f32, a: f32) -> halves {
  let h = bitcast<f32>(bitcast<u32>(a) & 0xfffff000u);
  let x = h * h * -0.5;
  let dx = (a - h) * (a + h) * -0.5;
  let n = exponent_of_bits(rounded_with_bits((x + dx) * 1.44269504));
  let k = f32(n);
  // One after the other: with a sum of two differences Mesa's compiler loses what dx adds.
  let rest = expm1_of_rest(((x - k * 0.693145751953125) - k * 1.42860682e-6) + dx);
  return in_halves(p + p * rest, n);
}

// What is left of a power of two that vanishes, of which halves hold 2^-252.
fn rest_of_halves(n: i32) -> i32 {
  return min(n + 252, 0);
}

// p e^x for x <= 0, whatever p is.
@error("2.5")
fn times_falling_exp(p: f32, x: f32) -> f32 {
  let y = max(x, -262.0);
  let n = exponent_of_bits(rounded_with_bits(y * 1.44269504));
  let rest = rest_of_halves(n);
  let e = in_halves(1.0 + expm1_of_rest(rest_of(y, f32(n))), n - rest);
  return p * e.first * e.second * power_of_two(rest);
}

// 1/(1 + e^-x): beyond these bounds it is 0 or 1.
@error("2.5")
fn sigmoid(x: f32) -> f32 {
  let y = clamp(x, -89.0, 88.0);
  let z = rounded_with_bits(y * 1.44269504);
  let r = rest_of(y, whole_of_bits(z));
  let r2 = r * r;
  let q = (0.49999993 - r * 0.166665207) + r2 * ((0.041668386 - r * 0.0083687138) + r2 * 0.0013814748);
  return 1.0 / (1.0 + scaled_down_by_bits(1.0 + (r2 * q - r), z));
}

// p/(1 + e^-x), with e = e^-|x|: p/(1 + e) or p e/(1 + e).
@error("3.8")
fn times_sigmoid(p: f32, x: f32) -> f32 {
  let e = exp_in_halves(-abs(x));
  let d = 1.0 + e.first * e.second;
  return p * (select(e.first, 1.0, x > 0.0) / d) * select(e.second, 1.0, x > 0.0);
}

// The derivative of the sigmoid: e/(1 + e)^2 with e = e^-|x|.
@error("4.9")
fn logistic(x: f32) -> f32 {
  let e = falling_exp(-abs(x));
  let d = 1.0 + e;
  return e / (d * d);
}

@error("5.9")
fn times_logistic(p: f32, x: f32) -> f32 {
  let e = exp_in_halves(-abs(x));
  let d = 1.0 + e.first * e.second;
  return p * (e.first / (d * d)) * e.second;
}

// s + b s (1 - s) for s = 1/(1 + e^-a). With e = e^-|a| it is (1 + e (1 + b))/(1 + e)^2 or e (e + (1 + b))/(1 + e)^2.
fn gate_slope(a: f32, b: f32) -> f32 {
  let e = exp_in_halves(-abs(a));
  let w = e.first * e.second;
  let u = 1.0 + b;
  let d = 1.0 + w;
  return select(e.first * (w + u), 1.0 + w * u, a > 0.0) / (d * d) * select(e.second, 1.0, a > 0.0);
}

// ln(1 + e^-x) for x >= 0.
@error("3.2")
fn softplus_tail(x: f32) -> f32 {
  return log1p_of_part(falling_exp(-x));
}

@error("3.2")
fn softplus(x: f32) -> f32 {
  return max(x, 0.0) + softplus_tail(abs(x));
}

// p tanh(ln(1 + w)) with w = e^x: p n/(n + 2), n = w (w + 2).
@error("5.7")
fn times_mish_gate(p: f32, x: f32) -> f32 {
  let e = exp_in_halves(min(x, 30.0));
  let w = e.first * e.second;
  return p * (e.first * (w + 2.0) / (w * (w + 2.0) + 2.0)) * e.second;
}

// The derivative of a tanh(ln(1 + w)), w = e^a, for b = a: w (4 (1 + b) + w (6 + 4 b + w (4 + w))) / (w (w + 2) + 2)^2. No sum of more than one
// rounded number cancels next to its zero. Beyond 16 it is 1.
fn mish_gate_slope(a: f32, b: f32) -> f32 {
  let e = exp_in_halves(min(a, 16.0));
  let w = e.first * e.second;
  let w2 = w * w;
  let d = (2.0 * w + w2) + 2.0;
  let s = (4.0 + 4.0 * b) + w * ((6.0 + 4.0 * b) + (4.0 * w + w2));
  return select(1.0, e.first * s / (d * d) * e.second, a < 16.0);
}

// (a + 1.5) Phi(-a) e^(a^2/2) for s = 2 a/(a + 1.5), 0 <= a <= 18.5: 0.75 and s times a polynomial in s - 1 (1.6e-8), so that next to 0 it is
// as good as exact.
fn mills_numerator(s: f32) -> f32 {
  let v = s - 1.0;
  let p8 = -0.000015999733 + v * (0.00031388344 + v * 0.00012553077);
  let p5 = -0.0006987584 + v * (-0.001762394 + v * (-0.0009808267 + v * p8));
  let p2 = 0.004945407 + v * (0.012949706 + v * (0.0046972563 + v * p5));
  return 0.75 + s * (-0.13265799 + v * (-0.062441427 + v * p2));
}

// p Phi(x): beyond 18.5 it is 0 or p.
fn times_normcdf(p: f32, x: f32) -> f32 {
  let a = min(abs(x), 18.5);
  let d = a + 1.5;
  let e = half_square_exp_in_halves(mills_numerator((a + a) / d), a);
  let tail = e.first / d;
  return p * select(tail, 1.0 - tail * e.second, x > 0.0) * select(e.second, 1.0, x > 0.0);
}

@error("4.8")
fn normcdf(x: f32) -> f32 {
  return times_normcdf(1.0, x);
}

@error("4.6")
fn gelu_slope(x: f32) -> f32 {
  let t = min(abs(x), 18.5);
  // Of two constants compilers would make one.
  let e = half_square_exp_in_halves(gelu_slope_factor(t) * ((0.75179154 - t) - t * 1.61141075e-8), t);
  let tail = e.first * e.second;
  return select(tail, 1.0 - tail, x > 0.0);
}

@error("2.4")
fn normpdf(x: f32) -> f32 {
  let e = half_square_exp_in_halves(0.39894228, min(abs(x), 18.5));
  return e.first * e.second;
}
`;

/**
 * Numbers in two parts, for exponents, whose errors are those of the result many times over: some 34 bits. The parts are made by masking bits,
 * which no compiler takes for arithmetic.
 */
const splits = `
// The first has 12 bits: products of two such are exact. The second is some 2^-11 of it at most.
struct split { high: f32, low: f32 }

// x without its last bit, so that no compiler adds what comes after to a part of it: Mesa's does.
fn kept(x: f32) -> f32 {
  return bitcast<f32>(bitcast<u32>(x) & 0xfffffffeu);
}

fn split_of(x: f32, dx: f32) -> split {
  let high = bitcast<f32>(bitcast<u32>(x) & 0xfffff000u);
  return split(high, kept(kept(x - high) + dx));
}

fn split_from_f32(x: f32) -> split {
  let high = bitcast<f32>(bitcast<u32>(x) & 0xfffff000u);
  return split(high, x - high);
}

fn split_multiply(a: split, b: split) -> split {
  return split_of(a.high * b.high, a.high * b.low + a.low * (b.high + b.low));
}

// x y for all numbers: those of x are brought between 1 and 2, so that parts of small ones are not taken for 0.
fn split_product(x: f32, y: f32) -> split {
  let m = bitcast<f32>((bitcast<u32>(x) & 0x807fffffu) | 0x3f800000u);
  return split_multiply(split_from_f32(m), split_from_f32(y * bitcast<f32>(bitcast<u32>(x) & 0x7f800000u)));
}

fn split_add(a: split, b: split) -> split {
  let is_ordered = abs(a.high) >= abs(b.high);
  let larger = select(b.high, a.high, is_ordered);
  let smaller = select(a.high, b.high, is_ordered);
  let high = bitcast<f32>(bitcast<u32>(larger + smaller) & 0xfffff000u);
  return split(high, kept(kept(kept(larger - high) + smaller) + (a.low + b.low)));
}

fn split_negate(a: split) -> split {
  return split(-a.high, -a.low);
}

fn split_subtract(a: split, b: split) -> split {
  return split_add(a, split_negate(b));
}

fn split_abs(a: split) -> split {
  let sign = select(1.0, -1.0, a.high + a.low < 0.0);
  return split(a.high * sign, a.low * sign);
}

// The nearest number between these two, which have 12 bits. What is infinite has a NaN for its second part.
fn split_between(a: split, least: f32, most: f32) -> split {
  let high = clamp(a.high, least, most);
  return split(high, select(0.0, a.low, high == a.high));
}

// -|a|, not below a least number of 12 bits.
fn split_falling(a: split, least: f32) -> split {
  let sign = select(1.0, -1.0, a.high > 0.0);
  return split_between(split(a.high * sign, a.low * sign), least, 0.0);
}

fn split_exponent(a: split) -> f32 {
  return rounded_with_bits((a.high + a.low) * 1.44269504);
}

fn split_rest(a: split, k: f32) -> f32 {
  return rest_of(a.high, k) + a.low;
}

fn exp_in_halves_of_split(a: split) -> halves {
  let n = exponent_of_bits(split_exponent(a));
  return in_halves(1.0 + expm1_of_rest(split_rest(a, f32(n))), n);
}

// e^a.
@error("1.45")
fn exp_of_split(a: split) -> f32 {
  let z = split_exponent(a);
  return scaled_by_bits(1.0 + expm1_of_rest(split_rest(a, whole_of_bits(z))), z);
}

// 1/(1 + e^-a): beyond these bounds it is 0 or 1.
@error("2.5")
fn sigmoid_of_split(a: split) -> f32 {
  let y = split_between(a, -89.0, 88.0);
  let z = split_exponent(y);
  return 1.0 / (1.0 + scaled_down_by_bits(1.0 + expm1_of_rest(-split_rest(y, whole_of_bits(z))), z));
}

// The derivative of the sigmoid: e/(1 + e)^2 with e = e^-|a|.
@error("4.9")
fn logistic_of_split(a: split) -> f32 {
  let y = split_falling(a, -88.0);
  let z = split_exponent(y);
  let e = scaled_by_bits(1.0 + expm1_of_rest(split_rest(y, whole_of_bits(z))), z);
  let d = 1.0 + e;
  return e / (d * d);
}

// p/(1 + e^-a).
@error("3.8")
fn times_sigmoid_of_split(p: f32, a: split) -> f32 {
  let e = exp_in_halves_of_split(split_falling(a, -174.0));
  let d = 1.0 + e.first * e.second;
  let positive = a.high > 0.0;
  return p * (select(e.first, 1.0, positive) / d) * select(e.second, 1.0, positive);
}

// As gate_slope. The sum 1 + b cancels next to zeros of the slope.
fn gate_slope_of_split(a: split, b: split) -> f32 {
  let e = exp_in_halves_of_split(split_falling(a, -174.0));
  let w = e.first * e.second;
  let u = (1.0 + b.high) + b.low;
  let d = 1.0 + w;
  let positive = a.high > 0.0;
  return select(e.first * (w + u), 1.0 + w * u, positive) / (d * d) * select(e.second, 1.0, positive);
}

// ln(1 + e^a).
@error("3.2")
fn softplus_of_split(a: split) -> f32 {
  let y = split_falling(a, -88.0);
  let z = split_exponent(y);
  let u = scaled_by_bits(1.0 + expm1_of_rest(split_rest(y, whole_of_bits(z))), z);
  return max(a.high, 0.0) + (select(0.0, a.low, a.high > 0.0) + log1p_of_part(u));
}

// softplus(b x)/b for b > 0: x or 0, and ln(1 + w)/b with w = e^-|b x| in three factors, since for a small b it may be a normal number where w is
// far below these.
@error("3.2")
fn scaled_softplus(x: f32, b: f32) -> f32 {
  let a = split_falling(split_product(x, b), -262.0);
  let n = exponent_of_bits(split_exponent(a));
  let rest = rest_of_halves(n);
  let e = in_halves(1.0 + expm1_of_rest(split_rest(a, f32(n))), n - rest);
  let last = power_of_two(rest);
  let w = e.first * e.second * last;
  // A sum of small numbers, of which the second may be far below these, is scaled.
  let small = (abs(x) < 2.524355e-29) & (b > 1.0);
  let scale = select(1.0, 1.2676506e30, small);
  // As the product has it, where devices differ.
  let positive = select(0.0, x, x >= 1.1754944e-38);
  let sum = positive * scale + e.first * scale / b * (1.0 - w * log1p_part(w)) * e.second * last;
  return sum * select(1.0, 7.888609e-31, small);
}
`;

const nameOf = (text: string): string => /^fn (\w+)\(/m.exec(text)?.[1] ?? "";

/** The functions of a text, each with its comments. */
const functionsOf = (text: string): readonly string[] => text.trim().split(/\n\n+/);

const own = functionsOf(scaling + forAllOperands + splits);
const ownNames = new Set(own.map(nameOf));
const shared = functionsOf(single).filter((text) => nameOf(text) !== "" && !ownNames.has(nameOf(text)));

const texts = [...shared, ...own].join("\n\n");
/** What functions are called without the prefix. */
export const quickNames = [...texts.matchAll(/^fn (\w+)\(/gm)].map(([, name]) => name!);

export const quick = texts.replaceAll(new RegExp(`\\b(${quickNames.join("|")})\\(`, "g"), `${quickPrefix}$1(`);

/** Whether there is a quick function of this name. */
export const quickSpells = (name: string): boolean => quickNames.includes(name);
