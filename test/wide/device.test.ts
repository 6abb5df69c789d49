import { beforeAll, describe, expect, test } from "vitest";
import { emulateValues, readLibrary, type Value, wgslDeepNatBits, wgslNatBits } from "../../compiler/machine/index.js";
import { fromBits, randomNumbers } from "../library/binary32.js";
import { runOnDevice } from "../machine/device.js";
import { requestSoftwareDevice } from "../webgpu/driver.js";
import { library as wideLibrary, naturals } from "./numbers.js";

/** Arithmetic, and functions that have its loops in them; the longer ones take seconds to compile. */
const expressions: Readonly<Record<string, string>> = {
  arithmetic: "wide_divide(wide_subtract(x, WIDE_ONE), wide_add(wide_multiply(x, x), y))",
  steps: "wide_max(wide_floor(x), wide_min(wide_round(y), wide_sign(x)))",
  exponential: "wide_exp(x)",
  roots: "wide_cbrt(x)",
  sine: "wide_sin(x)",
};

const library = readLibrary(
  [
    ...Object.entries(expressions).map(
      ([name, expression]) => `
fn ${name}(a: f32, b: f32) -> wide {
  let x = wide_from_f32(a);
  let y = wide_from_f32(b);
  return ${expression};
}`,
    ),
    "fn rounded(x: wide) -> f32 { return wide_to_f32(x); }",
    "fn low(a: nat, b: nat) -> nat { return multiply_low(a, b); }",
    "fn quotient(a: nat, b: nat) -> nat { return divide_high(a, b); }",
    "fn short_quotient(a: nat, b: u32) -> nat { return divide_short(a, b); }",
  ],
  wideLibrary.declarations,
);

const random = randomNumbers(2463534242);
const natural = naturals(random);

/** Special values, all exponents, and numbers of the size that most functions are for. */
const numbers = [0, -0, 1, -1, 2, 0.5, Infinity, -Infinity, NaN, 2 ** -149, -(2 ** 127), 0.25, -0.25, 1024, 3].concat(
  Array.from({ length: 250 }, (_, i) =>
    i % 3 === 0 ? fromBits(Number(natural(32))) : Math.fround((random() - 0.5) * 2 ** ((i % 8) - 1)),
  ),
);

let device: GPUDevice;
beforeAll(async () => {
  device = await requestSoftwareDevice();
});

async function expectSame(name: string, calls: readonly Value[][], natBits: number): Promise<void> {
  const emulated = emulateValues(library, name, { checked: true, natBits });
  const results = await runOnDevice(device, library, name, calls, natBits);
  results.forEach((result, i) => expect(result, `${name} ${i}`).toEqual(emulated(...(calls[i] ?? []))));
}

describe.each([wgslNatBits, wgslDeepNatBits])("a device computes the same as emulation, with %i bits", (natBits) => {
  test.each(Object.keys(expressions))("%s", async (name) => {
    await expectSame(
      name,
      numbers.map((x, i) => [x, numbers[(i * 31 + 7) % numbers.length] ?? 0]),
      natBits,
    );
  });

  test("rounding to float32", async () => {
    const calls = Array.from({ length: 300 }, (_, i): Value[] => {
      const mantissa = (1n << BigInt(natBits - 1)) | (natural(26) << BigInt(i % 2 === 0 ? natBits - 27 : 0));
      return [{ negative: i % 3 === 0, mantissa, exponent: (i % 300) - 160 }];
    });
    await expectSame("rounded", calls, natBits);
  });

  test("division of naturals", async () => {
    const some = (): bigint => natural(natBits) >> BigInt(Math.floor(random() * (natBits - 28)));
    const pairs = Array.from({ length: 500 }, (): [bigint, bigint] => [some(), some() + 1n]);
    const products = await runOnDevice(device, library, "low", pairs, natBits);
    const quotients = await runOnDevice(
      device,
      library,
      "quotient",
      pairs.map(([a, b]) => [a % b, b]),
      natBits,
    );
    const divisors = pairs.map(([, b]) => Number(BigInt.asUintN(16, b) | 1n));
    const short = await runOnDevice(
      device,
      library,
      "short_quotient",
      pairs.map(([a], i) => [a, divisors[i] ?? 1]),
      natBits,
    );
    pairs.forEach(([a, b], i) => {
      expect(products[i]).toBe(BigInt.asUintN(natBits, a * b));
      expect(quotients[i]).toBe(((a % b) << BigInt(natBits)) / b);
      expect(short[i]).toBe(a / BigInt(divisors[i] ?? 1));
    });
  });
});
