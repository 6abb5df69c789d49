/**
 * Exponentials of exponents that have more digits than a float32, for vectors of float32: an exponent of 2 comes in fixed point. Its v is the last 32
 * bits of 2^23 (k + f + 1/2) as a whole number, where k + f is the exponent, k whole and |f| <= 1/2. Each function holds where 2^k is a normal
 * number, and so is its product with the rest; that v is off by 1/2 is part of the error.
 */

/** How many bits v has behind the point. */
export const fractionBits = 23;

/** Where functions that tend to 1 have come to it, and the square of e^x has room. */
export const saturation = 42;

export const fixed = `
// f: the last 23 bits become those of a number between 1 and 2.
@error("0")
fn rest_of_fixed(v: u32) -> f32 {
  return bitcast<f32>((v & 0x7fffffu) | 0x3f800000u) - 1.5;
}

// y 2^k: what is left of v stands where a number has its exponent.
@error("0")
fn scaled_by_fixed(y: f32, v: u32) -> f32 {
  return bitcast<f32>(bitcast<u32>(y) + (v & 0xff800000u));
}

// 2^(k + f); for 2^f a polynomial (3e-9).
@error("2.1")
fn exp_of_fixed(v: u32) -> f32 {
  let f = rest_of_fixed(v);
  let f2 = f * f;
  let p = (0.24022648 + f * 0.055503596) + f2 * ((0.0096184993 + f * 0.0013390972) + f2 * 0.00015329331);
  return scaled_by_fixed(1.0 + f * (0.69314718 + f * p), v);
}

// The same with fewer numbers at a time: where there is much else to keep, registers are scarce.
@error("2.1")
fn lean_exp_of_fixed(v: u32) -> f32 {
  let f = rest_of_fixed(v);
  let p = 0.055503596 + f * (0.0096184993 + f * (0.0013390972 + f * 0.00015329331));
  return scaled_by_fixed(1.0 + f * (0.69314718 + f * (0.24022648 + f * p)), v);
}

// 1/(1 + e^-x) for the v of -x.
@error("2.9")
fn sigmoid_of_fixed(v: u32) -> f32 {
  return 1.0 / (1.0 + exp_of_fixed(v));
}

@error("2.9")
fn times_sigmoid_of_fixed(p: f32, v: u32) -> f32 {
  return p / (1.0 + exp_of_fixed(v));
}

// sigmoid(x) + (c - 1) e^x/(1 + e^x)^2, which is w (w + c)/(1 + w)^2 with w = e^x.
@error("4.5")
fn gate_slope_of_fixed(v: u32, c: f32) -> f32 {
  let w = lean_exp_of_fixed(v);
  return w * (w + c) / (1.0 + w * (2.0 + w));
}
`;
