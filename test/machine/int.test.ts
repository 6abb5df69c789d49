import { beforeAll, describe, expect, test } from "vitest";
import {
  emulateValues,
  printTypescript,
  printWgsl,
  readLibrary,
  runValues,
  type Value,
} from "../../compiler/machine/index.js";
import { randomNumbers } from "../library/binary32.js";
import { requestSoftwareDevice } from "../webgpu/driver.js";
import { runOnDevice } from "./device.js";

const of = (name: string, result: string, expression: string): string =>
  `fn ${name}(a: int, b: int) -> ${result} { return ${expression}; }`;

const small = (a: bigint): bigint => BigInt.asIntN(32, a);
const magnitude = (a: bigint): bigint => (a < 0n ? -a : a);

/** Expressions, and what they are in exact arithmetic. */
const operations: Readonly<
  Record<string, readonly [result: string, exact: (a: bigint, b: bigint) => bigint | boolean]>
> = {
  "a + b": ["int", (a, b) => a + b],
  "a - b": ["int", (a, b) => a - b],
  "a * 3 - -b": ["int", (a, b) => a * 3n + b],
  "(a / 3) * (b % 5)": ["int", (a, b) => (a / 3n) * (b % 5n)],
  "-a + (b & 7)": ["int", (a, b) => -a + (b & 7n)],
  "(a << 3) - (b >> 2)": ["int", (a, b) => (a << 3n) - (b >> 2n)],
  "abs(a) - max(b, 17) + min(a, b)": ["int", (a, b) => magnitude(a) - (b > 17n ? b : 17n) + (a < b ? a : b)],
  "select(a, -1, a < b)": ["int", (a, b) => (a < b ? -1n : a)],
  "int(a == b) + int(a != 0) - int(nat_bits())": ["int", (a, b) => BigInt(a === b) + BigInt(a !== 0n) - 128n],
  "int(i32(b >> 8)) + int(u32(i32(abs(a >> 8))))": ["int", (a, b) => (b >> 8n) + magnitude(a >> 8n)],
  "int(nat(abs(a)) << 2) + int(nat(abs(a)) >> abs(b & 15))": [
    "int",
    (a, b) => (magnitude(a) << 2n) + (magnitude(a) >> (b & 15n)),
  ],
  "int(bit_length(abs(a)))": ["int", (a) => (a === 0n ? 0n : BigInt(magnitude(a).toString(2).length))],
  "a < b || a > b": ["bool", (a, b) => a !== b],
  "a <= b && a >= b": ["bool", (a, b) => a === b],
};
const names = Object.keys(operations);
const library = readLibrary(names.map((text, i) => of(`f${i}`, operations[text]?.[0] ?? "int", text)));

const random = randomNumbers(521288629);
/** A number of up to so many bits, often near zero, often beside `near`. */
function integer(bits: number, near: bigint): bigint {
  const kind = Math.floor(random() * 8);
  if (kind < 2) return near + BigInt(kind);
  const drawn = Array.from({ length: Math.ceil(bits / 32) }, () => BigInt(Math.floor(random() * 2 ** 32)));
  const value = BigInt.asIntN(
    bits,
    drawn.reduce((sum, word) => (sum << 32n) + word, 0n),
  );
  return value >> BigInt(Math.floor(random() * bits));
}
const pairs = (bits: number): [bigint, bigint][] =>
  Array.from({ length: 300 }, () => {
    const a = integer(bits, 0n);
    return [a, integer(bits, a)];
  });

let device: GPUDevice;
beforeAll(async () => {
  device = await requestSoftwareDevice();
});

describe("integers are an i32, emulated and on a device, and without bounds in TypeScript", () => {
  test.each(names.map((text, i) => [text, i] as const))("%s", async (text, i) => {
    const exact = operations[text]?.[1] ?? (() => false);
    const word = (value: bigint | boolean): Value => (typeof value === "bigint" ? Number(small(value)) : value);
    const calls = pairs(27);
    const emulated = emulateValues(library, `f${i}`);
    const onDevice = await runOnDevice(
      device,
      library,
      `f${i}`,
      calls.map((call) => call.map(Number)),
    );
    calls.forEach(([a, b], j) => {
      expect(emulated(Number(a), Number(b)), `${text} of ${a}, ${b} emulated`).toBe(word(exact(a, b)));
      expect(onDevice[j], `${text} of ${a}, ${b} on the device`).toBe(word(exact(a, b)));
    });
    // What holds for 32 bits only, the size of i32 and that of a nat, is left out.
    const run = runValues(library, `f${i}`, { natBits: 128 });
    const bits = /i32|nat\(/.test(text) ? 27 : 3000;
    for (const [a, b] of pairs(bits)) expect(run(a, b), `${text} of ${a}, ${b}`).toBe(exact(a, b));
  });
});

test("a limit is the target's", () => {
  const limit = readLibrary(`
    const LIMIT: int = -(2 << int_bits()) + 4;
    fn limit(a: int) -> int { return max(a, LIMIT); }
  `);
  const least = -(2n ** 5000n);
  expect(runValues(limit, "limit")(least)).toBe(4n - 2n ** 4097n);
  expect(emulateValues(limit, "limit")(-(2 ** 31))).toBe(4 - 2 ** 29);
  expect(printTypescript(limit.closure(["limit"]))).toContain("const LIMIT = -(2n << 4096n) + 4n;");
  expect(printWgsl(limit.closure(["limit"]))).toContain("const LIMIT: i32 = -(2 << 28u) + 4;");
});
