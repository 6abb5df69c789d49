import { beforeAll, describe, expect, test } from "vitest";
import { emulateValues, readLibrary, runValues, type Value } from "../../compiler/machine/index.js";
import { randomNumbers } from "../library/binary32.js";
import { requestSoftwareDevice } from "../webgpu/driver.js";
import { runOnDevice } from "./device.js";

const binary = (name: string, result: string, expression: string): string =>
  `fn ${name}(a: nat, b: nat) -> ${result} { return ${expression}; }`;

const library = readLibrary([
  binary("sum", "nat", "a + b"),
  binary("difference", "nat", "a - b"),
  binary("product", "nat", "a * b"),
  binary("upper", "nat", "multiply_high(a, b)"),
  binary("less", "bool", "a < b"),
  binary("less_or_equal", "bool", "a <= b"),
  binary("greater", "bool", "a > b"),
  binary("greater_or_equal", "bool", "a >= b"),
  binary("equal", "bool", "a == b"),
  binary("different", "bool", "a != b"),
  binary("larger", "nat", "select(b, a, a > b)"),
  "fn left(a: nat, n: i32) -> nat { return a << n; }",
  "fn right(a: nat, n: i32) -> nat { return a >> n; }",
  "fn length(a: nat) -> i32 { return bit_length(a); }",
  "fn low(a: nat) -> u32 { return low_u32(a); }",
  "fn zero(a: nat) -> bool { return is_zero(a); }",
  "fn of_word(a: u32) -> nat { return nat(a); }",
  "fn by_seven(a: nat) -> nat { return (a << 7) + (a >> 100) + 0x123456789abcdef0123456789n; }",
  "fn fraction(n: i32) -> nat { return 0x0.b17217f7d1cf79abc9e3b39803f2f6af40f3n >> n; }",
]);

const random = randomNumbers(362436069);
const word = (): bigint => BigInt(Math.floor(random() * 2 ** 32));
const wrap = (a: bigint): bigint => BigInt.asUintN(128, a);

/** Naturals of every length, many with words of zeros and ones where carries run. */
function natural(): bigint {
  const words = [0, 1, 2, 3].map(
    () => [0n, 2n ** 32n - 1n, 1n, 2n ** 31n, word(), word()][Math.floor(random() * 6)] ?? 0n,
  );
  return (
    words.reduce((sum, each) => (sum << 32n) + each, 0n) >>
    BigInt(Math.floor(random() * 129) * (random() < 0.5 ? 1 : 0))
  );
}

const pairs = Array.from({ length: 2000 }, (): [bigint, bigint] => {
  const a = natural();
  // Equal numbers, neighbours and numbers that differ in one word, too.
  const kind = Math.floor(random() * 5);
  const near = [a, wrap(a + 1n), a ^ (word() << BigInt(32 * Math.floor(random() * 4)))][kind];
  return [a, near ?? natural()];
});
const shifts = pairs.map(([a], i): [bigint, number] => [a, i % 140]);

/** What each function is, in exact arithmetic. */
const exactPairs: Readonly<Record<string, (a: bigint, b: bigint) => Value>> = {
  sum: (a, b) => wrap(a + b),
  difference: (a, b) => wrap(a - b),
  product: (a, b) => wrap(a * b),
  upper: (a, b) => (a * b) >> 128n,
  less: (a, b) => a < b,
  less_or_equal: (a, b) => a <= b,
  greater: (a, b) => a > b,
  greater_or_equal: (a, b) => a >= b,
  equal: (a, b) => a === b,
  different: (a, b) => a !== b,
  larger: (a, b) => (a > b ? a : b),
};
const exactShifts: Readonly<Record<string, (a: bigint, n: number) => Value>> = {
  left: (a, n) => wrap(a << BigInt(n)),
  right: (a, n) => a >> BigInt(n),
};
const exact: Readonly<Record<string, (a: bigint) => Value>> = {
  length: (a) => (a === 0n ? 0 : a.toString(2).length),
  low: (a) => Number(a & 0xffffffffn),
  zero: (a) => a === 0n,
  by_seven: (a) => wrap((a << 7n) + (a >> 100n) + 0x123456789abcdef0123456789n),
};

let device: GPUDevice;
beforeAll(async () => {
  device = await requestSoftwareDevice();
});

async function expectExact(name: string, calls: readonly Value[][], expected: readonly Value[]): Promise<void> {
  const emulated = emulateValues(library, name);
  calls.forEach((call, i) => expect(emulated(...call), `${name}(${call.join(", ")}) emulated`).toBe(expected[i]));
  const results = await runOnDevice(device, library, name, calls);
  results.forEach((result, i) => expect(result, `${name}(${calls[i]?.join(", ")}) on the device`).toBe(expected[i]));
}

describe("naturals of 128 bits are exact, emulated and on a device", () => {
  test.each(Object.entries(exactPairs))("%s", (name, f) =>
    expectExact(
      name,
      pairs,
      pairs.map(([a, b]) => f(a, b)),
    ),
  );
  test.each(Object.entries(exactShifts))("shift to the %s", (name, f) =>
    expectExact(
      name,
      shifts,
      shifts.map(([a, n]) => f(a, n)),
    ),
  );
  test.each(Object.entries(exact))("%s", (name, f) =>
    expectExact(
      name,
      pairs.map(([a]) => [a]),
      pairs.map(([a]) => f(a)),
    ),
  );
  test("of a word, and of a fraction", async () => {
    await expectExact("of_word", [[0], [1], [2 ** 32 - 1]], [0n, 1n, 2n ** 32n - 1n]);
    await expectExact("fraction", [[0], [64]], [0xb17217f7d1cf79abc9e3b39803f2f6afn, 0xb17217f7d1cf79abn]);
  });
});

test("in TypeScript they have 384 bits", () => {
  expect(runValues(library, "upper")(2n ** 383n, 2n ** 383n)).toBe(2n ** 382n);
  expect(runValues(library, "fraction")(0)).toBe(0xb17217f7d1cf79abc9e3b39803f2f6af40f3n << 240n);
  const length = runValues(library, "length");
  for (const each of [1n, 2n ** 53n - 1n, 2n ** 53n, 2n ** 54n - 1n, 2n ** 200n - 1n, 2n ** 200n, 2n ** 384n - 1n]) {
    expect(length(each)).toBe(each.toString(2).length);
  }
});

test("checked emulation refuses what does not fit", () => {
  const checked = { checked: true };
  expect(() => emulateValues(library, "sum", checked)(2n ** 127n, 2n ** 127n)).toThrow(RangeError);
  expect(() => emulateValues(library, "difference", checked)(1n, 2n)).toThrow(RangeError);
  expect(() => emulateValues(library, "left", checked)(2n ** 100n, 28)).toThrow(RangeError);
  expect(() => runValues(library, "right", checked)(2n ** 100n, -1)).toThrow(RangeError);
  expect(emulateValues(library, "left", checked)(2n ** 100n, 27)).toBe(2n ** 127n);
});
