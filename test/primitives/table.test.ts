import { describe, expect, it } from "vitest";
import { apply, inFreshGraph, Space, variable } from "../../compiler/ir/expr.js";
import { sampler } from "../../compiler/numerics/sample.js";
import { instantiateRow } from "../../compiler/primitives/formula.js";
import { primitive, primitives, type PrimitiveName } from "../../compiler/primitives/table.js";

const names = Object.keys(primitives).filter((name): name is PrimitiveName => name in primitives);
const points = [-2.3, -0.7, -0.31, 0.27, 0.55, 0.83, 1.6, 2.9];

/** A formula of a row as a function of its operands. */
function compiled(text: string, operands: number): (values: readonly number[]) => number {
  return inFreshGraph(() => {
    const variables = ["a", "b", "c"].slice(0, operands).map((name) => variable(name, "input", Space.element));
    return sampler(instantiateRow(text, variables, apply), variables, "binary64");
  });
}

function pointsFor(operands: number): number[][] {
  return operands === 1 ? points.map((a) => [a]) : points.flatMap((a) => points.map((b) => [a, b]));
}

describe("a row's derivatives are the slopes of its function", () => {
  const rows = names.filter((name) => (primitive(name).derivatives?.length ?? 0) > 0 && name !== "stop_gradient");
  it.each(rows)("%s", (name) => {
    const { derivatives = [], operands, sample } = primitive(name);
    const step = 1e-5;
    let compared = 0;
    derivatives.forEach((text, i) => {
      const derivative = compiled(text, operands.length);
      for (const at of pointsFor(operands.length)) {
        const moved = (by: number): number => {
          const [a = 0, b = 0, c = 0] = at.map((x, k) => (k === i ? x + by : x));
          return sample(a, b, c);
        };
        const slope = (moved(step) - moved(-step)) / (2 * step);
        if (!Number.isFinite(slope)) continue;
        compared += 1;
        const error = Math.abs(derivative(at) - slope) / Math.max(1, Math.abs(slope));
        expect(error, `in operand ${i} at ${at.join()}: ${derivative(at)} for ${slope}`).toBeLessThan(1e-6);
      }
    });
    expect(compared).toBeGreaterThan(1);
  });
});

describe("where there is no slope, a row's derivative is what the language says", () => {
  it.each([
    ["abs", 0, [0], 0],
    ["sign", 0, [0], 0],
    ["pow", 1, [0, 2], 0],
    ["cbrt", 0, [0], Infinity],
  ] as const)("%s, operand %i at %j", (name, operand, at, expected) => {
    const { derivatives = [], operands } = primitive(name);
    expect(compiled(derivatives[operand] ?? "", operands.length)(at)).toBe(expected);
  });
});

describe("a row's other forms are the same function", () => {
  const rows = names.flatMap((name) => {
    const { expansion, spelled } = primitive(name);
    return [expansion, spelled].flatMap((text) => (text === undefined ? [] : [[name, text] as const]));
  });
  it.each(rows)("%s = %s", (name, text) => {
    const { expansion, operands, sample } = primitive(name);
    const form = compiled(text, operands.length);
    // What is only spelled so for readers may cancel far out.
    const far = text === expansion && operands.length === 1 ? [-700, -80, -20, 20, 80, 700].map((a) => [a]) : [];
    for (const at of [...pointsFor(operands.length), ...far]) {
      const [a = 0, b = 0] = at;
      const expected = sample(a, b, 0);
      if (Number.isNaN(expected)) expect(form(at)).toBeNaN();
      else if (Number.isFinite(expected)) expect(form(at) / (expected || 1)).toBeCloseTo(expected && 1, 12);
    }
  });
});

it.each([1e-3, 3e3, 1e6, 2e9, 1e30])("log1p_square(%d) is what it stands for", (a) => {
  const form = compiled(primitive("log1p_square").expansion ?? "", 1);
  const expected = a > 1e8 ? 2 * Math.log(a) : Math.log1p(a * a);
  expect(Math.abs(form([a]) - expected)).toBeLessThanOrEqual(1e-14 * expected);
});
