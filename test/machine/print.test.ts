import { format } from "prettier";
import { expect, test } from "vitest";
import { printTypescript, printWgsl, readLibrary, runValues } from "../../compiler/machine/index.js";
import { randomNumbers } from "../library/binary32.js";

const text = `
// A number of its own: (-1)^negative * mantissa * 2^exponent, so that nothing overflows and cancellations of a hundred bits do no harm.
struct wide_number {
  negative: bool,
  // Below 2^N.
  mantissa: nat,
  exponent: i32,
}

// The natural logarithm of 2.
const ln_2: wide_number = wide_number(false, 0x0.b17217f7d1cf79abc9e3b39803f2f6afn, -128);

@error("exact")
fn doubled(w: wide_number, by_powers: i32) -> wide_number {
  // Zero has no exponent.
  if (is_zero(w.mantissa)) {
    return w;
  }

  let sum = w.exponent + by_powers;
  return wide_number(w.negative, w.mantissa, clamp(sum, -1000000, 1000000));
}

fn ln_4() -> wide_number {
  return doubled(ln_2, 1);
}

fn class(x: i32, array: u32) -> bool {
  var new = x;
  for (var i = 0; i < 3; i++) {
    new += i32(array >> 1);
  }
  return new > 0 && (u32(new) & 0xf0u) != 0 || doubled(ln_2, new).negative;
}
`;

test("in TypeScript names are its own, and structs are readonly", () => {
  expect(printTypescript(readLibrary(text).closure(["ln_4", "class"]))).toBe(`/**
 * A number of its own: (-1)^negative * mantissa * 2^exponent, so that nothing
 * overflows and cancellations of a hundred bits do no harm.
 */
interface WideNumber {
  readonly negative: boolean;
  /** Below 2^N. */
  readonly mantissa: bigint;
  readonly exponent: number;
}

function doubled(w: WideNumber, byPowers: number): WideNumber {
  // Zero has no exponent.
  if (w.mantissa === 0n) {
    return w;
  }

  const sum = (w.exponent + byPowers) | 0;
  return {
    negative: w.negative,
    mantissa: w.mantissa,
    exponent: Math.min(Math.max(sum, -1000000), 1000000),
  };
}

/** The natural logarithm of 2. */
const ln2: WideNumber = {
  negative: false,
  mantissa:
    0xb17217f7d1cf79abc9e3b39803f2f6af0000000000000000000000000000000000000000000000000000000000000000n,
  exponent: -128,
};

function ln4(): WideNumber {
  return doubled(ln2, 1);
}

function class_(x: number, array: number): boolean {
  let new_ = x;
  for (let i = 0; i < 3; i++) {
    new_ = (new_ + (array >>> 1)) | 0;
  }
  return (new_ > 0 && (new_ & 0xf0) !== 0) || doubled(ln2, new_).negative;
}`);
});

test("in WGSL every name at module scope is renamed, and parentheses stay", () => {
  expect(printWgsl(readLibrary(text).closure(["ln_4", "class"]), (name) => `mish_${name}`))
    .toBe(`// A number of its own: (-1)^negative * mantissa * 2^exponent, so that nothing overflows and cancellations of a hundred bits do no harm.
struct mish_wide_number {
  negative: bool,
  // Below 2^N.
  mantissa: vec4<u32>,
  exponent: i32,
}

fn mish_doubled(w: mish_wide_number, by_powers: i32) -> mish_wide_number {
  // Zero has no exponent.
  if (all(w.mantissa == vec4<u32>())) {
    return w;
  }

  let sum = w.exponent + by_powers;
  return mish_wide_number(w.negative, w.mantissa, clamp(sum, -1000000, 1000000));
}

// The natural logarithm of 2.
const mish_ln_2: mish_wide_number = mish_wide_number(
  false,
  vec4<u32>(0x03f2f6afu, 0xc9e3b398u, 0xd1cf79abu, 0xb17217f7u),
  -128
);

fn mish_ln_4() -> mish_wide_number {
  return mish_doubled(mish_ln_2, 1);
}

fn mish_class(x: i32, array_: u32) -> bool {
  var new_ = x;
  for (var i = 0; i < 3; i++) {
    new_ = new_ + i32(array_ >> 1u);
  }
  return ((new_ > 0) & ((u32(new_) & 0xf0u) != 0u)) | mish_doubled(mish_ln_2, new_).negative;
}`);
});

test("arrays that can be assigned to", async () => {
  const library = readLibrary(
    `
fn last(n: i32) -> wide {
  // Two of them.
  var all: array<wide, 2> = [wide(1.0, true), wide(2.0, false)];
  for (var i = 0; i < n; i++) {
    all[i & 1] = wide(all[(i + 1) & 1].size * 1.5, all[i & 1].is_odd);
  }
  return all[1];
}
`.replace(/^/, "struct wide { size: f64, is_odd: bool }\n"),
  );
  const typescript = printTypescript(library.closure(["last"]));
  expect(await format(typescript, { parser: "babel-ts" })).toBe(`${typescript}\n`);
  expect(runValues(library, "last")(3)).toEqual({ size: 4.5, is_odd: false });
  const single = readLibrary(
    "fn f(x: f32) -> f32 { var a: array<f32, 2> = [x, 1.0]; a[1] = a[0] + 1.0; return a[1]; }",
  );
  expect(printWgsl(single.declarations)).toBe(`fn f(x: f32) -> f32 {
  var a = array<f32, 2>(x, 1.0);
  a[1] = a[0] + 1.0;
  return a[1];
}`);
});

test("constants and tables of every type are laid out as prettier does", async () => {
  const random = randomNumbers(7);
  const table = (name: string, type: string, size: number, element: () => string): string =>
    `const ${name}: array<${type}, ${size}> = [${Array.from({ length: size }, element).join(", ")}];`;
  const float = (): string => (random() - 0.5).toFixed(Math.floor(random() * 17) + 1);
  const natural = (): string => `0x${Math.floor(random() * 2 ** 50).toString(16)}n`;
  const library = readLibrary([
    "struct pair { high: f64, low: f64 }",
    "struct longer { high_and_mighty: f64, low_and_behold: f64, further: nat, whether_it_is_so: bool }",
    table("floats", "f64", 130, float),
    table("few_floats", "f64", 3, float),
    table("words", "u32", 40, () => `0x${Math.floor(random() * 2 ** 32).toString(16)}u`),
    table("signed", "i32", 40, () => String(Math.floor((random() - 0.5) * 2 ** 30))),
    table("naturals", "nat", 12, natural),
    table("few_naturals", "nat", 2, natural),
    table("pairs", "pair", 5, () => `pair(${float()}, ${float()})`),
    table("longer_pairs", "longer", 5, () => `longer(${float()}, ${float()}, ${natural()}, true)`),
    `const single: longer = longer(1.5, -2.5, ${natural()}, false);`,
    "const half: f64 = 0.5;",
    "const a_constant_whose_name_is_so_long_that_hardly_anything_fits_beside_it_here: f64 = 0.1234567890123;",
    "const mask: u32 = 0xFFu;",
    `fn f(i: i32) -> f64 { return floats[i] + pairs[i].high + few_floats[floatless(i) + 1] - half; }`,
    `fn floatless(i: i32) -> i32 { return signed[i] + i32(words[i] & mask) + bit_length(naturals[i]); }`,
  ]);
  const printed = `${printTypescript(library.declarations)}\n`;
  expect(await format(printed, { parser: "babel-ts" })).toBe(printed);
});
