import { describe, expect, it } from "vitest";
import { add, fromNumber, midpoint, sign, subtract, type Ball } from "../../compiler/numerics/ball.js";
import {
  type Column,
  columnVariables,
  defaultParameters,
  fastTruth,
  referenceTruth,
  type Truth,
} from "../../compiler/verification/truth.js";
import { fromBits, words } from "../activations/points.js";
import { DefinitionGenerator } from "../properties/definitions.js";
import { activationOfText, activationsOf, columnsOf, slopeOf, standard, titleOf, valueOf } from "./activations.js";

/** Whether the fast truth surely does not hold what the reference found. */
function denied(truth: Truth, ball: Ball): boolean {
  if (ball.kind === "unknown" || Number.isNaN(truth.bound)) return false;
  if (Number.isNaN(truth.value)) return ball.kind !== "nan";
  if (Math.abs(truth.value) === Infinity) {
    return ball.kind === "nan" || sign(ball) !== Math.sign(truth.value);
  }
  if (ball.kind !== "finite") return true;
  const distance = subtract(add(fromNumber(truth.value), fromNumber(truth.low), 2600), midpoint(ball), 300);
  const allowed = add(fromNumber(truth.radius), { ...ball, mid: ball.radius, radius: 0n }, 300);
  const size = distance.kind === "finite" && distance.mid < 0n ? subtract(fromNumber(0), distance, 300) : distance;
  return sign(subtract(size, allowed, 300)) === 1;
}

/** Numbers for the variables: of ordinary size, of any size, or short, with ties and zeros among them. */
function randomValues(column: Column, parameters: readonly number[], word: () => number): number[] {
  const inputs = column.activation.inputs.map(() => {
    switch (word() % 6) {
      case 0:
        return fromBits(word() % 0xff000000) || 0;
      case 1:
        return ((word() % 129) - 64) / 8;
      default:
        return fromBits((word() & 0x807fffff) | ((117 + (word() % 16)) << 23));
    }
  });
  return [...inputs.map((x) => (Number.isFinite(x) ? x : 0)), ...parameters];
}

interface Comparison {
  readonly faults: string[];
  readonly compared: number;
  readonly asked: number;
}

function compare(columns: readonly Column[], points: number, seed: number): Comparison {
  const word = words(seed);
  const faults: string[] = [];
  let [compared, asked] = [0, 0];
  for (const column of columns) {
    const truth = fastTruth(column);
    const parameters = defaultParameters(column.activation).map(Math.fround);
    for (let i = 0; i < points; i++) {
      const values = randomValues(column, parameters, word);
      const before = truth.asked;
      truth.evaluate(values);
      asked += truth.asked - before;
      // What the reference said itself proves nothing.
      if (truth.asked > before) continue;
      compared += 1;
      const { ball } = referenceTruth(column, values);
      if (denied(truth, ball)) {
        const text = ball.kind === "finite" ? `${Number(ball.mid)}·2^${ball.exponent}` : ball.kind;
        faults.push(`${titleOf(column)} at ${values.join(", ")}: ${truth.value} ± ${truth.bound}, not ${text}`);
      }
    }
  }
  return { faults, compared, asked };
}

describe("the fast truth holds what the reference finds", () => {
  it("for all of acts.def", () => {
    const columns = [...standard.values()].flatMap(columnsOf);
    const { faults, compared, asked } = compare(columns, 8, 3);
    expect(faults).toEqual([]);
    // An equality that always holds, quotient rules whose numerators cancel
    expect(asked).toBeLessThan(compared / 15);
  });

  it("for random definitions", () => {
    const text = [1, 2, 3, 4].map((seed) => new DefinitionGenerator(seed + 40).file(10, `f${seed}_`)).join("\n");
    const columns = [...activationsOf(text).values()].flatMap(columnsOf);
    const { faults, compared, asked } = compare(columns, 12, 9);
    expect(faults).toEqual([]);
    expect(asked).toBeLessThan(compared / 5);
  });
});

const at = (column: Column, ...inputs: number[]): Truth => {
  const truth = fastTruth(column);
  truth.evaluate([...inputs, ...defaultParameters(column.activation)]);
  return truth;
};

describe("the meaning of definitions", () => {
  const activation = (text: string): Column => valueOf(activationOfText(text));
  const slope = (text: string): Column => slopeOf(activationOfText(text));

  it.each([
    [
      "a declared gradient stands for the derivative",
      slope("f(x) = where(x > 0, 1, 0)\n  grad x = 1 / (1 + x^2)"),
      2,
      0.2,
    ],
    [
      "a called gradient too, by the chain rule",
      slope("f(x) = step(3 * x) * x\n\nstep(x) = where(x > 0, 1, 0)\n  grad x = x^2"),
      2,
      1 + 2 * 3 * 36,
    ],
    ["a stopped gradient is 0", slope("f(x) = x * stop_gradient(x)"), 3, 3],
    ["where an equality holds, the limit", slope("f(x) = where(x == 0, 1, sin(x) / x)"), 0, 0],
    [
      "the same far away",
      slope("f(x) = where(x == 2^100, 3 * 2^200, (x^3 - 2^300) / (x - 2^100))"),
      2 ** 100,
      3 * 2 ** 100,
    ],
    ["the limit where the derivative's formula is 0 / 0", slope("f(x) = x * sqrt(1 - exp(-x^2))"), 0, 0],
    ["where an equality jumps, the branch", slope("f(x) = where(x == 0, 7, 2 * x)"), 0, 0],
    ["ties as the comparison decides", slope("f(x) = where(x > 0, x, 0)"), 0, 0],
    ["ties the other way", slope("f(x) = where(x >= 0, x, 0)"), 0, 1],
    ["abs has derivative 0 at 0", slope("f(x) = abs(x)"), 0, 0],
    ["a branch that is not taken does no harm", slope("f(x) = where(x > 0, x, exp(x) / 0 * log(x))"), 1, 1],
    ["a constant branch has no derivative, even into an infinity", slope("f(x) = acosh(max(x, 1))"), 0.3, 0],
    ["no derivative where there is no value", slope("f(x) = where(log(x) > 1, 1, 0)"), -1, NaN],
    ["a difference of huge numbers", activation("f(x) = sqrt(exp(2 * x) + 1) - exp(x)"), 30, 0.5 / Math.exp(30)],
    ["overflow on the way", activation("f(x) = exp(x) / (1 + exp(x))"), 4000, 1],
    [
      "cancellation beyond double-double",
      activation("f(x) = (1 + x) - sqrt(1 + 2 * x + x^2 * (1 - x))"),
      2 ** -60,
      2 ** -181,
    ],
    [
      "cancellation beyond 1536 bits, before a division",
      activation("f(x) = (log(1 + exp(x)) - exp(x)) / exp(2 * x)"),
      -1000,
      -0.5,
    ],
    [
      "what is left next to a short number, at -512",
      activation("f(x) = (log(1 + exp(x)) - exp(x)) / exp(2 * x)"),
      -512,
      -0.5,
    ],
    [
      "what is left next to a short number, at -600",
      activation("f(x) = (log(1 + exp(x)) - exp(x)) / exp(2 * x)"),
      -600,
      -0.5,
    ],
    [
      "a divisor of which 1536 bits tell nothing",
      activation("f(x) = exp(x) / (1 + (exp(x) - exp(-x)) / (exp(x) + exp(-x)))"),
      -700,
      Math.exp(700) / 2,
    ],
    ["the limit at ∞", activation("f(x) = x / (1 + abs(x))"), Infinity, 1],
    ["the limit at −∞ that a product hides", activation("f(x) = x * tanh(log(1 + exp(x)))"), -Infinity, 0],
    ["no real value", activation("f(x) = log(x)"), -1, NaN],
    ["NaN that is met", activation("f(x) = where(x > 0, 1, 2)"), NaN, NaN],
  ])("%s", (_, column, x, expected) => {
    const { value, bound } = at(column, x);
    if (Number.isNaN(expected)) {
      expect(value).toBeNaN();
      expect(bound).toBe(0);
    } else {
      expect(Math.abs(value - expected)).toBeLessThanOrEqual(Math.abs(expected) * 1e-5 + 1e-200);
      expect(bound).toBeLessThanOrEqual(Math.abs(value) * 2 ** -48 + 2 ** -200);
    }
  });

  it("the limit of what grows, however small its factor, and none where the factor is not known", () => {
    const gate = (text: string, ...values: readonly number[]): number => {
      const truth = fastTruth(valueOf(activationOfText(text)));
      truth.evaluate(values);
      return truth.value;
    };
    expect(gate("f(a, b) = a / (1 + exp(-b))", Infinity, -30000)).toBe(Infinity);
    expect(gate("f(a, b) = a / (1 + exp(-b)) - b", -Infinity, -30000)).toBe(-Infinity);
    expect(gate("f(a, b) = a * b", Infinity, 0)).toBe(0);
    expect(gate("f(a) = a * sin(a)", Infinity)).toBeNaN();
    // What is left of the digits far away says nothing; nearer to 0 the value is seen to vanish, or not.
    expect(gate("f(a, b) = a * (1 + erf(a)) * b", -Infinity, 0.7) + 0).toBe(0);
    expect(gate("f(a, b) = b + a * (1 - tanh(a))", Infinity, 1)).toBe(1);
    expect(gate("f(a, b) = 1 + a * (1 + erf(b))", Infinity, -30000)).toBeNaN();
    expect(gate("f(a, b) = sqrt(a^2 + b^2) - abs(a)", -Infinity, 0.7)).toBe(0);
    expect(gate("f(a, b) = where(a > 0, a^b, 0)", Infinity, 1e-20)).toBeNaN();
    expect(gate("f(a, b) = where(a > 0, b * a / (1 + a), 0)", Infinity, 1e-20)).toBe(Math.fround(1e-20));
    expect(gate("f(a, b) = a * (1 + erf(b))", Infinity, -30000)).toBeNaN();
    expect(gate("f(a) = a * (1 + erf(a))", -Infinity) + 0).toBe(0);
  });

  it("what is not decided is said to be so", () => {
    const { value, bound } = at(activation("f(x) = where(sqrt(2)^2 * x > 2 * x, 1, 0)"), 1);
    expect([value, bound]).toEqual([NaN, NaN]);
  });

  it("nor is a difference that takes more than its digits", () => {
    expect(at(activation("f(x) = sqrt(exp(2 * x) + 1) - exp(x)"), 9000).bound).toBeNaN();
    expect(at(activation("f(x) = exp(x) * log(1 + exp(-x))"), 9001)).toMatchObject({ bound: NaN, value: NaN });
    expect(at(activation("f(x) = cos(10000^x)"), 900).bound).toBeNaN();
  });

  it("the other branch is right too, where what is compared was rounded", () => {
    const column = activation("f(x; beta = 0.1) = where(beta * x > 1, 5, 7)");
    const truth = fastTruth(column);
    const x = 10 * (1 + 2 ** -52);
    truth.evaluate([x, 0.1]);
    expect(truth.value).toBe(5);
    expect([truth.evaluateTurned([x, 0.1], 2 ** -48), truth.value]).toEqual([true, 7]);
    expect([truth.evaluateTurned([11, 0.1], 2 ** -48), truth.value]).toEqual([true, 5]);
    // An input compared with a number is not rounded.
    const exact = fastTruth(activation("f(x) = where(x > 1, 5, 7)"));
    expect([exact.evaluateTurned([1], 2 ** -20), exact.value]).toEqual([true, 7]);
  });

  it("variables come in the order of the signature", () => {
    const column = activation("f(a, b; k = 2, learn w = 3) = a + 10 * b + 100 * k + 1000 * w");
    expect(columnVariables(column).map(({ name }) => name)).toEqual(["a", "b", "k", "w"]);
    expect(at(column, 1, 2).value).toBe(3221);
  });
});
