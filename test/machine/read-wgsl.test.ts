import { describe, expect, test } from "vitest";
import { wgslLibrary } from "../../compiler/backend/library/wgsl.js";
import {
  emulate,
  emulateBatch,
  emulateValues,
  machineName,
  printWgsl,
  natBitsOf,
  readLibrary,
  readWgsl,
  wgslDeepNatBits,
  wgslNatBits,
} from "../../compiler/machine/index.js";
import { pairLibrary } from "../../compiler/machine/library/pair/index.js";
import { wideLibrary } from "../../compiler/machine/library/wide/index.js";
import { sampleInputs } from "../library/binary32.js";

const samples = sampleInputs().filter((_, i) => i % 8 === 0);

describe("printed WGSL, read back, computes the same bits", () => {
  const unary = wgslLibrary.functions.filter(
    ({ parameters, result }) => parameters.map(({ type }) => type).join() === "f32" && result === "f32",
  );

  test.each(unary)("$name", ({ name }) => {
    const read = readWgsl(printWgsl(wgslLibrary.closure([name]), (each) => `gelu_${each}`));
    const [expected, actual] = [emulate(wgslLibrary, name), emulate(read, `gelu_${name}`)];
    const differing = [...samples].filter((x) => !Object.is(actual(x), expected(x)));
    expect(differing.slice(0, 5)).toEqual([]);
  });

  test.each(pairLibrary().functions.map(({ name }) => name))("%s, in pairs of float32", (name) => {
    const library = pairLibrary();
    const read = readWgsl(printWgsl(library.closure([name]), (each) => `gelu_${each}`));
    const { parameters } = library.fn(name);
    const [expected, actual] = [emulateValues(library, name), emulateValues(read, `gelu_${name}`)];
    for (const x of [0.3, 1, 2.5, 17, 1e-3].map(Math.fround)) {
      const operands = parameters.map(({ type }, i) => {
        if (type === "f32") return Math.fround(x * (1 + i));
        if (typeof type === "string") return type === "bool" ? true : Math.round(x);
        return Object.fromEntries(
          type.fields.map((field, j) => [field.name, field.type === "f32" ? Math.fround(x * 1e-8 ** j) : 1]),
        );
      });
      expect(actual(...operands), `${name} at ${x}`).toEqual(expected(...operands));
    }
  });

  test.each([wgslNatBits, wgslDeepNatBits])("in wide numbers, with mantissas of %i bits", (natBits) => {
    const library = readLibrary(
      [
        "fn sum(a: f32, b: f32) -> wide { return wide_add(wide_from_f32(a), wide_log(wide_abs(wide_from_f32(b)))); }",
        "fn wave(a: f32, b: f32) -> wide { return wide_divide(wide_sin(wide_from_f32(a)), wide_exp(wide_from_f32(b))); }",
      ],
      wideLibrary().declarations,
    );
    for (const name of ["sum", "wave"]) {
      const text = printWgsl(library.closure([name]), (each) => `gelu_${each}`, natBits);
      expect(natBitsOf(text)).toBe(natBits);
      const expected = emulateValues(library, name, { natBits });
      const actual = emulateValues(readWgsl(text), `gelu_${name}`, { natBits });
      for (const x of samples.filter((_, i) => i % 8 === 0))
        expect(actual(x, 0.7), `${name} at ${x}`).toEqual(expected(x, 0.7));
    }
  });
});

describe("a shader's text", () => {
  const value = (text: string, ...operands: number[]): number => emulate(readWgsl(text), "f")(...operands);

  test("has fractions in hexadecimal, suffixes and comments anywhere", () => {
    expect(value("fn f() -> f32 {\n  return 0x1.fffffep+127f; // the largest\n}")).toBe(Math.fround(3.4028235e38));
    expect(value("/* Half */ fn f() -> f32 { return 0x1p-1; }")).toBe(0.5);
    expect(value("fn f() -> f32 { return 2f; }")).toBe(2);
    expect(value("fn f(x: u32) -> u32 { return (x << 4u) | 0x0fu; }", 3)).toBe(63);
  });

  test("has tables and variables at module scope", () => {
    const text = `
      var<private> bits: u32 = 0x40490fdbu;
      var<private> table = array<f32, 3>(1.0, -2.5, 0x1p+3);
      fn f(i: i32) -> f32 { return bitcast<f32>(bits) + table[i]; }`;
    expect(value(text, 2)).toBe(Math.fround(Math.fround(Math.PI) + 8));
  });

  test("has functions that the language has not, or calls otherwise", () => {
    const text = "fn f(x: f32) -> f32 { return sign(x) * f32(countLeadingZeros(1u)); }";
    expect([-3, 0, 5].map((x) => value(text, x))).toEqual([-31, 0, 31]);
  });

  test("may give names of the language a meaning of its own", () => {
    const library = readWgsl(`
      struct nat { int: f32, nan: f32 }
      fn infinity(x: f32, power_of_two: f32) -> nat { return nat(x + power_of_two, x); }`);
    const name = machineName("infinity");
    const operands = [Float32Array.of(1), Float32Array.of(2)];
    expect([0, 1].map((place) => emulateBatch(library, name, place)(operands)[0])).toEqual([3, 1]);
  });

  test("of what is no scalar is refused", () => {
    expect(() => readWgsl("fn f(x: vec4<f32>) -> f32 { return x.x; }")).toThrow();
    expect(() => emulateBatch(readWgsl("fn f(x: u32) -> u32 { return x; }"), "f", 0)).toThrow("no function of f32");
  });
});

test("functions that call the same ones, in the same arithmetic or in another, are each themselves", () => {
  const shared = readWgsl(
    "const TABLE = array<f32, 2>(3.0, 5.0); fn half(x: f32) -> f32 { return x * 0.5 + TABLE[0]; }",
  );
  const of = (text: string) => readWgsl(text, shared.declarations);
  const [once, twice] = [
    of("fn f(x: f32) -> f32 { return half(x); }"),
    of("fn f(x: f32) -> f32 { return half(half(x)); }"),
  ];
  const at = (library: typeof once, x: number, options = {}): number | undefined =>
    emulateBatch(library, "f", 0, options)([Float32Array.of(x)])[0];
  expect([at(once, 2), at(twice, 2), at(once, 4)]).toEqual([4, 5, 5]);
  const least = 2 ** -149;
  expect(at(of("fn f(x: f32) -> f32 { return (half(x) - 3.0) * 0.0 + x; }"), least)).toBe(least);
  expect(at(of("fn f(x: f32) -> f32 { return half(x) * 0.0 + x; }"), least, { flushOperands: true })).toBe(0);
  expect(at(of("fn f(x: f32) -> f32 { return half(x) * 0.0 + x; }"), least)).toBe(least);
});

test("subnormal numbers are taken for 0 where that is asked for", () => {
  const library = readWgsl("fn f(x: f32) -> f32 { return x * 0.5; }");
  const halved = (x: number, options = {}): number | undefined =>
    emulateBatch(library, "f", 0, options)([Float32Array.of(x)])[0];
  expect(halved(2 ** -126)).toBe(2 ** -127);
  expect(halved(2 ** -126, { flushSubnormals: true })).toBe(0);
  expect(halved(2 ** -130, { flushOperands: true })).toBe(0);
});
