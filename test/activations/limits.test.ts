/** Limits that are hard to tell from a few values: what is expected follows from the formulas, not from any reference. */
import { expect, it } from "vitest";
import { compiled } from "./standard.js";

/** A definition, its input or inputs, and d/d of what; null for the value. */
type Case = readonly [text: string, numbers: Readonly<Record<string, number>>, of: string | null, limit: number];

const [up, down] = [Infinity, -Infinity];
/** Decays, grows or levels off where `1e-30 * x` is of ordinary size only. */
const slow = 1.0000000031710769e-30;

const cases: readonly Case[] = [
  // What is small, and does not vanish
  ["f(x, g) = g * log(cosh(x)) / (1 + abs(g))", { x: 1e-20, g: down }, null, -5e-41],
  ["f(x, g) = exp(-x^2) * g / (2 + abs(g))", { x: 9.5, g: up }, null, Math.exp(-90.25)],
  ["f(x) = 1e-40 * tanh(x)", { x: down }, null, -1e-40],
  // What oscillates has no limit, unless it is damped or outgrown
  ["f(x) = sin(x)", { x: up }, null, NaN],
  ["f(x) = sin(x)", { x: down }, "x", NaN],
  ["f(x) = x * cos(x)", { x: up }, null, NaN],
  ["f(x) = sin(log(1 + x^2))", { x: up }, null, NaN],
  ["f(x) = x + sin(x)^2", { x: down }, null, down],
  ["f(x) = x + sin(x)^2", { x: up }, "x", NaN],
  ["f(x; k = 1) = x + sin(x)^2 / exp(k)", { x: down, k: -10000 }, null, down],
  ["f(x; k = 1) = (2 + sin(x)) / exp(k)", { x: down, k: -200 }, null, NaN],
  ["f(x) = sin(x) / x", { x: up }, null, 0],
  ["f(x) = x * sin(1 / x)", { x: down }, null, 1],
  ["f(x) = exp(-x) * sin(x)", { x: up }, null, 0],
  ["f(x) = tan(atan(x) / 2)", { x: up }, null, 1],
  // Where a parameter is tiny
  ["f(x; k = 1) = (exp(k * x) - exp(-x)) / (exp(k * x) + exp(-x) + 1)", { x: up, k: slow }, "x", 0],
  ["f(x; p = 2) = (1 + exp(-x))^-p", { x: down, p: -slow }, "x", down],
  ["f(x; k = 1) = x * exp(-k * x)", { x: up, k: slow }, null, 0],
  ["f(x; k = 1) = x / (1 + k * abs(x))", { x: down, k: slow }, null, -1 / slow],
];

it.each(cases)("%s at %o, d/d%s: %d", async (text, numbers, of, limit) => {
  const { entries, typescript } = await compiled(`${text}\n`);
  const [entry] = entries;
  if (!entry) throw new Error("not compiled");
  const call = {
    shape: [1],
    inputs: Object.fromEntries(entry.inputs.map((name) => [name, [numbers[name] ?? NaN]])),
    cotangent: [1],
    parameters: Object.fromEntries(entry.hyperparameters.map(({ name }) => [name, numbers[name] ?? NaN])),
  };
  const outcome = typescript.call(entry, of === null ? "forward" : "backward", call);
  const [actual = NaN] = of === null ? outcome.output : (outcome.gradients[of] ?? []);
  if (Number.isFinite(limit))
    expect(Math.abs(actual - limit)).toBeLessThanOrEqual(Math.abs(limit) * 2 ** -23 + 2 ** -149);
  else expect(actual).toBe(limit);
});
