import { Generator, Linear, manualSeed, rand, randn } from "activation-compiler/runtime";
import { describe, expect, it } from "vitest";

describe("random numbers", () => {
  it("never change: these are part of the interface", () => {
    const generator = new Generator(42);
    expect([generator.bits(), generator.bits(), generator.bits()]).toMatchInlineSnapshot(`
      [
        660444221,
        3652823732,
        77672526,
      ]
    `);
    expect([...randn([3], { seed: 7 }).data()]).toMatchInlineSnapshot(`
      [
        -1.2223345041275024,
        1.6576160192489624,
        -0.3208719789981842,
      ]
    `);
    expect([...rand([2], { seed: -1 }).data()]).toMatchInlineSnapshot(`
      [
        0.41675132513046265,
        0.01047062873840332,
      ]
    `);
    expect([...new Generator(0).permutation(6)]).toMatchInlineSnapshot(`
      [
        4,
        2,
        3,
        5,
        1,
        0,
      ]
    `);
  });

  it("repeat with their seed, and differ with another", () => {
    const draw = (seed: number): number[] => [...randn([64], { seed }).data()];
    expect(draw(1)).toEqual(draw(1));
    expect(draw(1)).not.toEqual(draw(2));
    expect(draw(2 ** 40)).not.toEqual(draw(2 ** 41));
    expect(() => new Generator(0.5)).toThrow("a seed is a whole number below 2^53, not 0.5");
  });

  it("come from the default generator unless told otherwise", () => {
    manualSeed(5);
    const first = [...randn([3]).data(), ...new Linear(2, 1).weight.data()];
    manualSeed(5);
    expect([...randn([3]).data(), ...new Linear(2, 1).weight.data()]).toEqual(first);
    const generator = new Generator(5);
    expect([...randn([3], { generator }).data(), ...new Linear(2, 1, { generator }).weight.data()]).toEqual(first);
  });

  it("are distributed as they should be", () => {
    const size = 40_000;
    const moments = (values: Float32Array): number[] =>
      [1, 2, 3, 4].map((power) => values.reduce((sum, x) => sum + x ** power, 0) / size);
    const [mean, variance, skew, fourth] = moments(randn([size], { seed: 1 }).data());
    expect(Math.abs(mean!)).toBeLessThan(0.02);
    expect(Math.abs(variance! - 1)).toBeLessThan(0.03);
    expect(Math.abs(skew!)).toBeLessThan(0.06);
    expect(Math.abs(fourth! - 3)).toBeLessThan(0.2);
    const uniform = rand([size], { seed: 1 }).data();
    expect(Math.abs(moments(uniform)[0]! - 0.5)).toBeLessThan(0.01);
    expect(Math.min(...uniform)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...uniform)).toBeLessThan(1);
  });

  it("shuffle fairly: every order of three as often", () => {
    const generator = new Generator(3);
    const counts = new Map<string, number>();
    for (let i = 0; i < 6000; i++) {
      const order = generator.permutation(3).join("");
      counts.set(order, (counts.get(order) ?? 0) + 1);
    }
    expect(counts.size).toBe(6);
    for (const count of counts.values()) expect(Math.abs(count - 1000)).toBeLessThan(120);
  });
});
