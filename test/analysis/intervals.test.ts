import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { curveOf, type Quantity } from "../../compiler/analysis/facts/curve.js";
import { float16, float32 } from "../../compiler/analysis/intervals/floats.js";
import { between, type Enclosure, exactly, order } from "../../compiler/analysis/intervals/interval.js";
import { isReduction } from "../../compiler/calculus/differentiate.js";
import { activationOf } from "../../compiler/compile.js";
import type { Activation } from "../../compiler/ir/activation.js";
import { inFreshGraph, reachable } from "../../compiler/ir/expr.js";
import { type Ball, isZero, lower, upper } from "../../compiler/numerics/ball.js";
import { referenceDerivative, referenceValue } from "../../compiler/numerics/reference.js";
import { primitives } from "../../compiler/primitives/table.js";
import { checked, withActivation } from "./activation.js";

/** A linear congruential generator: the same numbers in every run. */
function generator(seed: number): () => number {
  let state = seed;
  return () => (state = (Math.imul(state, 1103515245) + 12345) >>> 0) / 2 ** 32;
}

/** Whether something of the ball is in the enclosure. */
function meets(enclosure: Enclosure, ball: Ball): boolean {
  // A ball that reaches over the end of a domain is cut off there, where roots and acosh are 0.
  if (!enclosure) return ball.kind !== "finite" || isZero(ball);
  if (ball.kind !== "finite") return true;
  return order(lower(ball), enclosure.high) <= 0 && order(upper(ball), enclosure.low) >= 0;
}

/** Values, and derivatives against those of the reference, at random numbers and on intervals around them. */
function violations(activation: Activation, count: number, random: () => number): string[] {
  const [input] = activation.inputs;
  if (!input) return [];
  const curve = curveOf(activation, input);
  const parameters = [...activation.hyperparameters, ...activation.learned];
  const found: string[] = [];
  const compare = (what: string, quantity: Quantity, x: number, ball: Ball): void => {
    const width = Math.abs(x) * random();
    const cell = between(exactly(x - width), exactly(x + width * random()));
    if (!meets(quantity.at(x), ball)) found.push(`${what} at ${x}`);
    if (!meets(quantity.over(cell, 64), ball)) found.push(`${what} around ${x}, ${width}`);
  };
  for (let i = 0; i < count; i++) {
    const near = i % 2 === 0;
    const x = near ? (random() - 0.5) * 20 : float32.at(Math.floor((random() - 0.5) * 2 * 0x7f7fffff));
    const bindings = new Map([
      ...parameters.map((parameter) => [parameter.variable, parameter.default] as const),
      [input, x] as const,
    ]);
    compare("value", curve.value, x, referenceValue(activation.body, bindings, "binary64").ball);
    compare("derivative", curve.gradient, x, referenceDerivative(activation, input, bindings, "binary64").ball);
  }
  return found;
}

const selections: readonly string[] = [
  "where(x > 0.3, x * x, -x)",
  "where(not (x < 1 or x == 2), 1 / x, x)",
  "where(x > 3 * sin(x), x, 10 - x)",
  "where(cos(x) <= x / 3 and x^2 >= x + 1, 1 / x, x)",
  "where(floor(x) == x or floor(x) != 2, x, -7)",
];

describe("enclosures hold what the reference says", () => {
  const random = generator(1);
  const callable = Object.entries(primitives).filter(
    ([, row]) => row.callable && row.result === "number" && !("reduces" in row),
  );
  const calls = callable.flatMap(([name, { operands }]) => {
    if (name === "where") return selections;
    if (operands.length === 1) return [`${name}(x)`, `${name}(1 - x / 3)`];
    return [`${name}(x, 1.5 - x)`, `${name}(abs(x), x / 2)`, `${name}(x, 3)`, `${name}(x, -2)`];
  });
  const internal = [
    "log(cosh(x))",
    "log(1 + x^2)",
    "x * sigmoid(x) * (1 - sigmoid(x))",
    "sqrt(3 + x^2)",
    "inf",
    "pi / x",
  ];
  test.each([...calls, ...internal])("f(x) = %s", (body) => {
    const wrapped = body === "inf" ? "where(x < inf, x, 1)" : body;
    expect(withActivation(`f(x) = ${wrapped}`, (activation) => violations(activation, 40, random))).toEqual([]);
  });

  test("for the standard activations", () => {
    const definitions = checked(readFileSync(new URL("../../acts.def", import.meta.url), "utf8"));
    for (const definition of definitions) {
      inFreshGraph(() => {
        const { activation } = activationOf(definition);
        if (!activation || activation.inputs.length > 1 || reachable([activation.body]).some(isReduction)) return;
        expect(violations(activation, 4, random), activation.name).toEqual([]);
      });
    }
  });
});

describe("formats", () => {
  test.each([float32, float16])("$name: places and numbers", (format) => {
    const bits = new DataView(new ArrayBuffer(4));
    const random = generator(2);
    const last = format.index(format.greatest);
    expect(last).toBe(format === float32 ? 0x7f7fffff : 0x7bff);
    for (let i = 0; i < 1000; i++) {
      const place = Math.floor((random() * 2 - 1) * last);
      const x = format.at(place);
      expect(format.index(x)).toBe(place);
      expect(format.holds(x)).toBe(true);
      if (format !== float32) continue;
      bits.setUint32(0, Math.abs(place));
      expect(x).toBe(bits.getFloat32(0) * Math.sign(place) + 0);
    }
    expect(format.holds(0.1)).toBe(false);
  });
});
