/** Pairs with exponents of their own: as accurate as pairs, at sizes that float32 has no room for. */
import { describe, expect, it, test } from "vitest";
import { libraries } from "../../compiler/backend/machine-functions.js";
import { emulateFunctions, type Value } from "../../compiler/machine/index.js";
import { pairLibrary } from "../../compiler/machine/library/pair/index.js";
import { words } from "../activations/points.js";

const names = ["add", "subtract", "multiply", "divide", "sqrt", "exp", "expm1", "log", "log1p", "less", "sinh", "erf"];
const others = ["from_given", "to_limit", "to_finite", "from_u32"];
const functions = emulateFunctions(
  pairLibrary(),
  [...names, ...others].map((name) => `ranged_${name}`),
  { flushSubnormals: true, flushOperands: true },
);
const call = (name: string, ...operands: Value[]): Value => functions.get(`ranged_${name}`)!(...operands);

/** A number with its binary exponent apart. */
interface Number {
  readonly digits: number;
  readonly exponent: number;
}
const numberOf = (value: Value): Number => {
  if (typeof value !== "object") throw new Error("a pair was expected");
  return { digits: Number(value["high"]) + Number(value["low"]), exponent: Number(value["exponent"]) };
};
const plain = ({ digits, exponent }: Number): number => digits * 2 ** exponent;
const word = words(77);
const random = (): number => word() / 2 ** 32;
const single = (from: number, to: number): number =>
  Math.fround((random() < 0.5 ? -1 : 1) * (1 + random()) * 2 ** Math.floor(from + random() * (to - from)));

describe("arithmetic", () => {
  it.each([
    ["add", (a: number, b: number) => a + b, 44],
    ["subtract", (a: number, b: number) => a - b, 44],
    ["multiply", (a: number, b: number) => a * b, 43],
    ["divide", (a: number, b: number) => a / b, 43],
  ] as const)("%s", (name, exact, bits) => {
    for (let i = 0; i < 400; i++) {
      const [a, b] = [single(-126, 128), single(-126, 128)];
      const expected = exact(a, b);
      const actual = plain(numberOf(call(name, call("from_given", a), call("from_given", b))));
      const size = name === "add" || name === "subtract" ? Math.max(Math.abs(a), Math.abs(b)) : Math.abs(expected);
      expect(Math.abs(actual - expected), `${a}, ${b}`).toBeLessThanOrEqual(size * 2 ** -bits);
    }
  });

  it("goes on beyond float32, and beyond float64", () => {
    let power = call("from_given", 3.0000000054977558e38);
    for (let i = 0; i < 6; i++) power = call("multiply", power, power);
    const log = 64 * Math.log2(Math.fround(3.0000000054977558e38));
    const { digits, exponent } = numberOf(power);
    expect(exponent + Math.log2(digits)).toBeCloseTo(log, 8);
    for (let i = 0; i < 6; i++) power = call("sqrt", power);
    expect(call("to_limit", power)).toBe(Math.fround(3.0000000054977558e38));
  });
});

test("an angle beyond float32 is finite unless what was given is not", () => {
  const large = call("multiply", call("from_given", -1e30), call("from_given", 1e30));
  expect(call("to_finite", large)).toBe(-3.4028234663852886e38);
  expect(call("to_finite", call("from_given", -Infinity))).toBe(-Infinity);
});

describe("functions", () => {
  it.each([
    ["exp", Math.exp, -30, 9, 27],
    ["expm1", Math.expm1, -60, 6, 27],
    ["log", Math.log, -126, 127, 28],
    ["log1p", Math.log1p, -60, 127, 28],
    ["sinh", Math.sinh, -60, 9, 27],
  ] as const)("%s", (name, exact, from, to, bits) => {
    for (let i = 0; i < 300; i++) {
      const x = name.startsWith("log") ? Math.abs(single(from, to)) : single(from, to);
      const expected = exact(x);
      const actual = plain(numberOf(call(name, call("from_given", x))));
      expect(Math.abs(actual - expected), String(x)).toBeLessThanOrEqual(Math.abs(expected) * 2 ** -bits);
    }
  });

  it("exponentials beyond float64 keep their logarithms", () => {
    for (const x of [1e4, -1e4, 1e6, -123456]) {
      const { digits, exponent } = numberOf(call("exp", call("from_given", x)));
      expect((exponent + Math.log2(digits)) * Math.LN2).toBeCloseTo(x, 6);
    }
    const far = call("exp", call("from_given", 1e30));
    expect(plain(numberOf(call("divide", far, far)))).toBe(1);
    expect(call("to_limit", far)).toBe(Infinity);
    expect(call("to_limit", call("exp", call("from_given", -1e30)))).toBe(0);
  });
});

test("numbers come and go as they are, 0 and infinity too", () => {
  for (const x of [
    0,
    1,
    -1.5,
    2 ** -126,
    3.4028234663852886e38,
    Infinity,
    -Infinity,
    ...Array.from({ length: 200 }, () => single(-126, 128)),
  ]) {
    expect(call("to_limit", call("from_given", x))).toBe(x);
  }
  for (const n of [0, 1, 4_000_000, 4294967295]) expect(plain(numberOf(call("from_u32", n)))).toBe(n);
  const zero = call("from_given", 0);
  expect(plain(numberOf(call("add", zero, zero)))).toBe(0);
  expect(call("less", zero, call("from_given", 1e-30))).toBe(true);
  expect(call("less", call("from_given", Infinity), call("from_given", Infinity))).toBe(false);
});

test("no two libraries for WGSL declare the same name", () => {
  const declared = libraries().map(({ name }) => name);
  expect(declared.filter((name, i) => declared.indexOf(name) !== i)).toEqual([]);
});
