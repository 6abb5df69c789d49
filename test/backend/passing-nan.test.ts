/** How a NaN gets through forms in single numbers: by sums and products, or by bits, so that no comparison has to let it through. */
import { expect, test } from "vitest";
import { carriesNaN } from "../../compiler/backend/passing-nan.js";
import { compile } from "../../compiler/compile.js";
import { apply, constant, inFreshGraph, Space, variable } from "../../compiler/ir/expr.js";
import { fromNumber } from "../../compiler/ir/rational.js";
import { emulatedFunction } from "../../compiler/verification/emulation.js";

const shaderOf = async (definition: string): Promise<string> => {
  const { files } = await compile([{ file: "nan.def", text: `${definition}\n` }], { targets: ["wgsl"] });
  return files.find(({ path }) => path.endsWith(".wgsl"))?.text ?? "";
};

/** The text of one function. */
const functionIn = (shader: string, name: string): string =>
  new RegExp(`^fn ${name}\\(x: f32\\) -> f32 \\{\\n[^]*?\\n\\}`, "m").exec(shader)?.[0] ?? "";

const floatOf = (bits: number): number => new Float32Array(Uint32Array.of(bits).buffer)[0]!;
const bitsOf = (number: number): number => new Uint32Array(Float32Array.of(number).buffer)[0]!;

/** A number, its neighbours, infinities, zeros, and others of both signs. */
const inputsAround = (limit: number): Float32Array => {
  const bits = bitsOf(limit);
  return Float32Array.of(
    ...[bits - 1, bits, bits + 1].map(floatOf),
    ...[0, -0, 1, 3e38, Infinity, 1.2e-38, 7.5].flatMap((x) => [-x, x]),
  );
};

const ends: readonly (readonly [condition: string, opposite: string, limit: number, holds: (x: number) => boolean])[] =
  [
    ["x <= -3", "x > -3", -3, (x) => x <= -3],
    ["x < -3", "x >= -3", -3, (x) => x < -3],
    ["x >= 3", "x < 3", 3, (x) => x >= 3],
    ["x > 3", "x <= 3", 3, (x) => x > 3],
  ];

test.each(ends)("where(%s, 7, x^2 * x) is decided by bits", async (condition, opposite, limit, holds) => {
  for (const form of [`where(${condition}, 7, x^2 * x)`, `where(${opposite}, x^2 * x, 7)`]) {
    const shader = await shaderOf(`ended(x) = ${form}`);
    expect(functionIn(shader, "ended"), form).toContain("bitcast<u32>(x) - 0x");
    expect(functionIn(shader, "ended"), form).not.toContain("is_nan");
    const inputs = inputsAround(limit);
    const results = emulatedFunction(shader, "ended", 0)([inputs]);
    const expected = inputs.map((x) => (holds(x) ? 7 : Math.fround(Math.fround(x * x) * x)));
    expect([...results].map((y) => y + 0)).toEqual([...expected].map((y) => (Math.abs(y) < 2 ** -126 ? 0 : y)));
    const nans = emulatedFunction(shader, "ended", 0)([new Float32Array([NaN, floatOf(0xffc00000)])]);
    expect([...nans]).toEqual([NaN, NaN]);
  }
});

test.each([
  ["a product", "x^3"],
  ["a selection between products", "where(x > 0, x, 0.1 * x)"],
  ["a size", "where(x > 0, x, abs(0.1 * x))"],
])("%s lets a NaN through by itself", async (_, formula) => {
  const shader = await shaderOf(`carries(x) = ${formula}`);
  expect(functionIn(shader, "carries")).not.toMatch(/is_nan|^$/);
  expect(emulatedFunction(shader, "carries", 0)([Float32Array.of(NaN)])[0]).toBe(NaN);
});

test.each([
  ["a number on one side", "where(x > 0, x, 0)"],
  ["a comparison with zero, of which there are two", "where(x >= 0, 5, x^2 * x)"],
  ["a number in the middle", "where(x < 2, 1, x)"],
])("%s needs a test", async (_, formula) => {
  const shader = await shaderOf(`tested(x) = ${formula}`);
  expect(functionIn(shader, "tested")).toContain("is_nan(x)");
  const results = emulatedFunction(shader, "tested", 0)([Float32Array.of(NaN, 0, -0)]);
  expect(results[0]).toBe(NaN);
  expect(results[2]! + 0).toBe(results[1]! + 0);
});

test("each part of a form is looked at once, however often it stands there", () => {
  inFreshGraph(() => {
    const x = variable("x", "input", Space.element);
    let form = apply("where", [apply("less", [x, constant(fromNumber(0))]), constant(fromNumber(2)), x]);
    for (let i = 0; i < 60; i++) form = apply("multiply", [form, form]);
    expect(carriesNaN(form, x)).toBe(false);
    expect(carriesNaN(apply("multiply", [form, x]), x)).toBe(true);
  });
});
