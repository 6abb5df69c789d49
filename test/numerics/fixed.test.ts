import { describe, expect, it } from "vitest";
import {
  atanFixed,
  erfcSeries,
  erfSeries,
  expFixed,
  ln2,
  logFixed,
  piFixed,
  sineFixed,
  sqrtPi,
} from "../../compiler/numerics/fixed.js";
import type { Fixed } from "../../compiler/numerics/fixed.js";
import { bitLength, cubeRoot, squareRoot } from "../../compiler/numerics/integers.js";
import { randomWords } from "./arguments.js";

/** A few bits and a few hundred more of the same argument: the error claimed for the first must cover the difference. */
const more = 220n;

const series: Readonly<Record<string, (numerator: bigint, bits: number) => Fixed>> = {
  // `numerator` / 2^bits is within 0..1.
  exp: (v, bits) => expFixed(v, bits),
  log: (v, bits) => logFixed(v + (1n << BigInt(bits - 1)), bits),
  atan: (v, bits) => atanFixed(v, bits),
  sin: (v, bits) => sineFixed(v, bits, false),
  "sin of the negative": (v, bits) => sineFixed(-v, bits, false),
  cos: (v, bits) => sineFixed(v, bits, true),
  erf: (v, bits) => erfSeries(v, BigInt(bits), bits),
  "erf, larger": (v, bits) => erfSeries(40n * v, BigInt(bits), bits),
};

describe("series keep to the error they claim", () => {
  it.each(Object.entries(series))("%s", (_, compute) => {
    const word = randomWords(31);
    let worst = 0;
    for (let i = 0; i < 400; i += 1) {
      const bits = 12 + (word() % 60);
      const argument = ((BigInt(word()) << 40n) + BigInt(word())) >> BigInt(72 - bits);
      const rough = compute(argument, bits);
      const fine = compute(argument << more, bits + Number(more));
      const difference = (rough.value << more) - fine.value;
      const claimed = (rough.error << more) + fine.error;
      worst = Math.max(worst, Number(difference < 0n ? -difference : difference) / Number(claimed));
    }
    expect(worst).toBeLessThanOrEqual(1);
    // and are not idle claims either
    expect(worst).toBeGreaterThan(0.001);
  });

  it("the asymptotic series of erfc", () => {
    for (let z = 60n; z < 2000n; z += 37n) {
      const rough = erfcSeries(z << 40n, 40);
      const fine = erfcSeries(z << 70n, 70);
      const difference = (rough.value << 30n) - fine.value;
      expect(difference < 0n ? -difference : difference).toBeLessThanOrEqual((rough.error << 30n) + fine.error);
    }
  });
});

it("constants are the same whatever was asked before", () => {
  for (const constant of [ln2, piFixed, sqrtPi]) {
    const short = [10, 64, 100, 333].map((bits) => constant(bits));
    const long = constant(2000);
    expect([10, 64, 100, 333].map((bits) => constant(bits))).toEqual(short);
    expect([10, 64, 100, 333].map((bits) => long >> BigInt(2000 - bits))).toEqual(short);
  }
});

it("lengths change at the powers of two", () => {
  for (let k = 1; k <= 2200; k += 1) {
    const power = 1n << BigInt(k);
    expect([power - 1n, power, power + 1n, -power, 1n - power].map(bitLength)).toEqual([k, k + 1, k + 1, k + 1, k]);
  }
});

it("integer roots and lengths are exact", () => {
  const word = randomWords(8);
  for (let i = 0; i < 600; i += 1) {
    let n = BigInt(i);
    for (let words = i % 9; words > 0; words -= 1) n = (n << 32n) + BigInt(word());
    if (i % 4 === 1) n = n * n + BigInt((i % 3) - 1) * 1n;
    if (n < 0n) continue;
    expect(bitLength(n)).toBe(n === 0n ? 0 : n.toString(2).length);
    const [s, c] = [squareRoot(n), cubeRoot(n)];
    expect(s * s <= n && n < (s + 1n) ** 2n && c ** 3n <= n && n < (c + 1n) ** 3n).toBe(true);
  }
});
