import { beforeAll, describe, expect, test } from "vitest";
import { renamed } from "../../compiler/backend/library/function.js";
import { libraryClosure, wgslFunction, wgslFunctions } from "./wgsl-text.js";
import { requestSoftwareDevice } from "../webgpu/driver.js";
import { errorAt, randomNumbers, sampleInputs, ulps } from "./binary32.js";
import { runWgsl, wgslText } from "./compile.js";
import { unaryBounds } from "./unary-bounds.js";

let device: GPUDevice;
beforeAll(async () => {
  device = await requestSoftwareDevice();
});

describe("WGSL functions of one number, on a device", () => {
  const inputs = sampleInputs();
  test.each(Object.keys(unaryBounds))("%s", async (name) => {
    const [oracle, bound] = unaryBounds[name]!;
    const results = await runWgsl(device, name, [inputs]);
    let worst = { input: 0, error: 0 };
    inputs.forEach((input, i) => {
      const error = errorAt(results[i]!, oracle, input);
      if (error > worst.error) worst = { input, error };
    });
    expect(worst.error, `at ${worst.input}`).toBeLessThanOrEqual(bound);
  });
});

describe("WGSL functions of two numbers, on a device", () => {
  const specials = [
    NaN,
    Infinity,
    -Infinity,
    0,
    -0,
    1,
    -1,
    2,
    -2,
    0.5,
    -0.5,
    3,
    -3,
    2 ** 24,
    2 ** 24 - 1,
    2.5,
    1e30,
    3e38,
  ];
  const pairs: [number, number][] = specials.flatMap((a) => specials.map((b): [number, number] => [a, b]));
  const random = randomNumbers(88172645);
  const between = (low: number, high: number): number => low + (high - low) * random();
  const several = (count: number, pair: () => [number, number]): [number, number][] =>
    Array.from({ length: count }, pair);

  async function worstError(
    name: string,
    operands: readonly (readonly [number, number])[],
    error: (actual: number, a: number, b: number) => number,
  ): Promise<{ error: number; at: string }> {
    const a = Float32Array.from(operands, (pair) => pair[0]);
    const b = Float32Array.from(operands, (pair) => pair[1]);
    const results = await runWgsl(device, name, [a, b]);
    let worst = { error: 0, at: "" };
    results.forEach((actual, i) => {
      const found = error(actual, a[i]!, b[i]!);
      if (found > worst.error) worst = { error: found, at: `${name}(${a[i]}, ${b[i]}) = ${actual}` };
    });
    return worst;
  }

  const flushed = (actual: number, exact: number): number =>
    actual === 0 && Math.abs(exact) < 2 ** -126 ? 0 : ulps(actual, exact);

  test("pow", async () => {
    const operands = [
      ...pairs,
      ...several(8000, () => {
        const x = Math.exp(between(-80, 80) * random() ** 3);
        return [x, between(-104, 89) / Math.log(x)];
      }),
      ...several(4000, () => [between(0.69, 1.45), between(-400, 400)]),
      ...several(2000, () => [-Math.floor(between(1, 300)), Math.floor(between(-12, 12))]),
      ...several(2000, () => [between(0, 100), between(-5, 5)]),
    ];
    // IEEE: 1^y is 1; in JavaScript 1^Infinity and (-1)^Infinity are NaN.
    const exact = (x: number, y: number): number =>
      Math.abs(x) === 1 && Math.abs(y) === Infinity ? 1 : Math.pow(x, y);
    const worst = await worstError("pow", operands, (actual, x, y) => flushed(actual, exact(x, y)));
    expect(worst.error, worst.at).toBeLessThanOrEqual(1.25);
  });

  test("hypot", async () => {
    const operands = [
      ...pairs,
      ...several(6000, () => [Math.exp(between(-87, 88)), Math.exp(between(-87, 88))]),
      ...several(6000, () => {
        const x = Math.exp(between(-80, 87));
        return [x, x * between(-2, 2)];
      }),
    ];
    const worst = await worstError("hypot", operands, (actual, a, b) => flushed(actual, Math.hypot(a, b)));
    expect(worst.error, worst.at).toBeLessThanOrEqual(1.25);
  });

  test("logaddexp, to the larger of its result and its operands", async () => {
    const logaddexp = (a: number, b: number): number =>
      Math.max(a, b) + (a === b ? Math.LN2 : Math.log1p(Math.exp(-Math.abs(a - b))));
    const operands = [
      ...pairs,
      ...several(6000, () => [between(-20, 20), between(-20, 20)]),
      ...several(6000, () => [between(-3, 3), between(-3, 3)]),
      ...several(3000, () => [between(-1e4, 1e4), between(-1e4, 1e4)]),
    ];
    const worst = await worstError("logaddexp", operands, (actual, a, b) => {
      const exact = logaddexp(a, b);
      if (!Number.isFinite(exact)) return Object.is(actual, exact) || actual === Math.fround(exact) ? 0 : Infinity;
      const scale = Math.max(Math.abs(exact), Math.abs(Math.max(a, b)));
      return ulps(scale + (actual - exact), scale);
    });
    expect(worst.error, worst.at).toBeLessThanOrEqual(3.6);
  });
});

describe("WGSL text", () => {
  test("each function compiles with its closure alone, under two prefixes side by side", () => {
    for (const { name } of wgslFunctions) {
      const text = `${wgslText([name], "first_")}\n\n${wgslText([name], "second_")}`;
      expect(text, name).not.toContain("$");
      const declared = [...text.matchAll(/^(?:fn|var<private>) (\w+)/gm)].map((match) => match[1]!);
      expect(new Set(declared).size, name).toBe(declared.length);
      for (const each of declared) expect(each).toMatch(/^(?:first|second)_/);
    }
  });

  test("the whole library under two prefixes is one valid module", async () => {
    const names = wgslFunctions.map(({ name }) => name);
    const code = `${wgslText(names, "first_")}\n\n${wgslText(names, "second_")}`;
    const { messages } = await device.createShaderModule({ code }).getCompilationInfo();
    expect(messages.map(({ message, lineNum }) => `${lineNum}: ${message}`)).toEqual([]);
  });

  test("a closure has callees first, each once", () => {
    const closure = libraryClosure(["normcdf", "erfc", "pow"]);
    const names = closure.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    closure.forEach(({ name, calls }, i) => {
      for (const callee of calls) expect(names.slice(0, i), `${name} calls ${callee}`).toContain(callee);
    });
    expect(libraryClosure(["is_nan"]).map(({ name }) => name)).toEqual(["is_nan"]);
    expect(() => libraryClosure(["gamma"])).toThrow("no function gamma");
  });

  test("calls are read off the text", () => {
    expect(wgslFunction("tanh")?.calls).toEqual(["is_nan", "exp_scaled"]);
    expect(wgslFunction("infinity")?.calls).toEqual([]);
    expect(wgslFunction("gamma")).toBeUndefined();
    expect(renamed("fn $exp(x: f32) { return $exp_scaled(x); }", (name) => `mish_${name}`)).toBe(
      "fn mish_exp(x: f32) { return mish_exp_scaled(x); }",
    );
  });

  test("uses nothing that drivers compute loosely or optimise away", () => {
    const loose =
      /(?<![\w$])(?:exp|exp2|log|log2|pow|sin|cos|tan|tanh|fma|inverseSqrt|ldexp|frexp|round|mix)\(|--|0x1\./;
    for (const { name, text } of wgslFunctions) expect(text.replace(/\/\/.*$/gm, ""), name).not.toMatch(loose);
  });
});
