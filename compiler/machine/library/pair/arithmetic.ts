/** Pairs of float32: arithmetic. */
export const arithmetic = `
// A number as the sum of two float32, the second at most half a unit of the first: some 47 bits.
struct pair { high: f32, low: f32 }

// x, kept from being merged with what comes after: a compiler that fuses or regroups operations stops here. NaN may get lost.
fn rounded(x: f32) -> f32 {
  return clamp(x, -3.4028234663852886e38, 3.4028234663852886e38);
}

// The leading 12 bits of the significand: products of two such numbers are exact, and so is x - upper_half(x).
fn upper_half(x: f32) -> f32 {
  return bitcast<f32>(bitcast<u32>(x) & 0xfffff000u);
}

fn pair_from_f32(x: f32) -> pair {
  return pair(x, 0.0);
}

fn pair_to_f32(a: pair) -> f32 {
  return a.high + a.low;
}

// a + b exactly, for |a| >= |b| or a = 0 (Dekker).
fn pair_ordered_sum(a: f32, b: f32) -> pair {
  let s = rounded(a + b);
  return pair(s, b - rounded(s - a));
}

// a + b exactly (Knuth).
fn pair_sum(a: f32, b: f32) -> pair {
  let s = rounded(a + b);
  let t = rounded(s - a);
  return pair(s, (a - rounded(s - t)) + (b - t));
}

// a b exactly (Dekker); where a part would underflow, a b as rounded.
fn pair_product(a: f32, b: f32) -> pair {
  let p = rounded(a * b);
  let ah = upper_half(a);
  let al = a - ah;
  let bh = upper_half(b);
  let bl = b - bh;
  let rest = ((ah * bh - p) + ah * bl + al * bh) + al * bl;
  return pair(p, select(0.0, rest, min(min(abs(a), abs(b)), abs(p)) > 7.888609e-31));
}

fn pair_negate(a: pair) -> pair {
  return pair(-a.high, -a.low);
}

fn pair_abs(a: pair) -> pair {
  return pair(abs(a.high), select(a.low, -a.low, a.high < 0.0));
}

fn pair_add(a: pair, b: pair) -> pair {
  let s = pair_sum(a.high, b.high);
  return pair_ordered_sum(s.high, s.low + (a.low + b.low));
}

fn pair_subtract(a: pair, b: pair) -> pair {
  let s = pair_sum(a.high, -b.high);
  return pair_ordered_sum(s.high, s.low + (a.low - b.low));
}

fn pair_multiply(a: pair, b: pair) -> pair {
  let p = pair_product(a.high, b.high);
  return pair_ordered_sum(p.high, p.low + (a.high * b.low + a.low * b.high));
}

// The quotient as rounded, and what is left of a over b.
fn pair_divide(a: pair, b: pair) -> pair {
  let q = rounded(a.high / b.high);
  let p = pair_product(q, b.high);
  let rest = ((a.high - p.high) - p.low) + (a.low - q * b.low);
  return pair_ordered_sum(q, rest / b.high);
}

fn pair_sqrt(a: pair) -> pair {
  let r = rounded(sqrt(a.high));
  let p = pair_product(r, r);
  let rest = ((a.high - p.high) - p.low) + a.low;
  return pair_ordered_sum(r, select(rest / (r + r), 0.0, r == 0.0));
}

// a times a power of two.
fn pair_scale(a: pair, factor: f32) -> pair {
  return pair(a.high * factor, a.low * factor);
}
`;
