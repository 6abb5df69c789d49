/**
 * The functions for vectors of float32 as WGSL may have them: without branches, for operands of ordinary size. What vectors do by bits of their own
 * is a conversion here.
 */
import { single } from "../simd/single.js";

/** What the name of such a function begins with: that of one for all operands does not. */
export const quickPrefix = "quick_";

/** What replaces the functions about bits, which belong together. */
const scaling = `
@error("0")
fn binary_exponent(x: f32) -> f32 {
  return f32(bitcast<i32>(bitcast<u32>(x) - 0x3f3504f3u) >> 23u);
}

// y 2^k for whole numbers k of at most 126.
@error("0")
fn scaled_by(y: f32, k: f32) -> f32 {
  return y * power_of_two(i32(k));
}

`;

const adapted =
  scaling +
  single
    .slice(single.indexOf("// x - k ln 2"))
    .replaceAll("let z = rounded_with_bits(", "let k = round(")
    .replaceAll("  let k = whole_of_bits(z);\n", "")
    .replaceAll("whole_of_bits(z)", "k")
    .replaceAll(/scaled_by_bits\((.*), z\)/g, "scaled_by($1, k)")
    .replaceAll(/scaled_down_by_bits\((.*), z\)/g, "scaled_by($1, -k)");

/** Where the exponent has more digits than a float32: the rest of it is added when what is left is small. */
const ofPairs = `
// e^a, as exp.
@error("1.45")
fn exp_of_pair(a: pair) -> f32 {
  let k = round(a.high * 1.44269504);
  return scaled_by(1.0 + expm1_of_rest(rest_of(a.high, k) + a.low), k);
}

// 1/(1 + e^-a), as sigmoid.
@error("2.5")
fn sigmoid_of_pair(a: pair) -> f32 {
  let k = round(a.high * 1.44269504);
  return 1.0 / (1.0 + scaled_by(1.0 + expm1_of_rest(-(rest_of(a.high, k) + a.low)), -k));
}

// The derivative of the sigmoid, as logistic.
@error("4.9")
fn logistic_of_pair(a: pair) -> f32 {
  let k = round(a.high * 1.44269504);
  let rest = rest_of(a.high, k) + a.low;
  let e = select(scaled_by(1.0 + expm1_of_rest(rest), k), scaled_by(1.0 + expm1_of_rest(-rest), -k), a.high > 0.0);
  let d = 1.0 + e;
  return e / (d * d);
}
`;

const texts = adapted + ofPairs;
const names = [...texts.matchAll(/^fn (\w+)\(/gm)].map(([, name]) => name);

export const quick = texts.replaceAll(new RegExp(`\\b(${names.join("|")})\\(`, "g"), `${quickPrefix}$1(`);
