/**
 * Random numbers that are a function of what they are for: Philox4x32-10 (Salmon, Moraes, Dror, Shaw, "Parallel random
 * numbers: as easy as 1, 2, 3", 2011). Nothing has to be stored, and every target has the same words.
 */
import { type Library, readLibrary } from "../library.js";

/** Streams of an element that one call of `draw` serves. */
export const streamsPerDraw = 4;

/** The fields of `random_words`, in the order of the streams. */
export const wordNames = ["a", "b", "c", "d"] as const;

// In i32, which JavaScript engines keep in registers where they make floating point numbers of u32.
const words = `
// 128 random bits.
struct random_words { a: i32, b: i32, c: i32, d: i32 }

// The upper 32 bits of a product of numbers without sign, from the products of their halves.
fn upper_product(x: i32, y: i32) -> i32 {
  let x_low = x & 65535;
  let x_high = (x >> 16) & 65535;
  let y_low = y & 65535;
  let y_high = (y >> 16) & 65535;
  let middle = x_high * y_low + (((x_low * y_low) >> 16) & 65535);
  let carry = (middle & 65535) + x_low * y_high;
  return x_high * y_high + ((middle >> 16) & 65535) + ((carry >> 16) & 65535);
}

// Philox4x32-10: a counter, encrypted.
fn philox(counter: random_words, key_a: i32, key_b: i32) -> random_words {
  var a = counter.a;
  var b = counter.b;
  var c = counter.c;
  var d = counter.d;
  var round_a = key_a;
  var round_b = key_b;
  for (var i = 0; i < 10; i++) {
    let upper_a = upper_product(a, -766435501);
    let upper_c = upper_product(c, -845247145);
    let lower_a = a * -766435501;
    let lower_c = c * -845247145;
    a = upper_c ^ b ^ round_a;
    b = lower_c;
    c = upper_a ^ d ^ round_b;
    d = lower_a;
    round_a += -1640531527;
    round_b += -1150833019;
  }
  return random_words(a, b, c, d);
}

// The words of an element's streams 4 * block to 4 * block + 3.
fn draw(seed: u32, element: u32, block: i32) -> random_words {
  return philox(random_words(bitcast<i32>(element), 0, block, 0), bitcast<i32>(seed), 0);
}
`;

/** The name of the function that makes a number of a word, by type. */
export const uniformNames = { f32: "uniform_single", f64: "uniform_double" } as const;

// Both are exact, so they are the same number.
const uniform = (type: keyof typeof uniformNames): string => `
// A number in (0, 1), an odd multiple of 2^-24, of the upper 23 bits.
fn ${uniformNames[type]}(word: i32) -> ${type} {
  return (${type}((word >> 9) & 8388607) + 0.5) * 1.1920928955078125e-7;
}
`;

let library: Library | undefined;

/** Read once, when it is first asked for. */
export const randomLibrary = (): Library => (library ??= readLibrary([words, uniform("f32"), uniform("f64")]));
