/** What an activation's values are like as a whole: its limits and its range, read off from samples. */
import type { Activation } from "../ir/activation.js";
import { reachable } from "../ir/expr.js";
import { isReduction } from "../calculus/differentiate.js";
import { sampler } from "../numerics/sample.js";
import { expandedAsWritten } from "../calculus/as-written.js";
import { normalise } from "../algebra/normalise.js";
import { numberText } from "../printing/definition-text.js";

export interface Behaviour {
  /** Towards -inf and inf; `null` where samples do not tell. */
  readonly limits: readonly [number | null, number | null];
  /** Where a limit is not known, over inputs from -16 to 16. */
  readonly low: number;
  readonly high: number;
}

/** For one input without a reduction, at the parameters' defaults. */
export function behaviourOf(activation: Activation): Behaviour | null {
  const [input] = activation.inputs;
  const value = normalise(expandedAsWritten(activation.body));
  if (!input || activation.inputs.length > 1 || reachable([value]).some(isReduction)) return null;
  const parameters = [...activation.hyperparameters, ...activation.learned];
  const variables = [input, ...parameters.map(({ variable }) => variable)];
  const defaults = parameters.map((parameter) => parameter.default);
  const run = sampler(value, variables, "binary64");
  const f = (x: number): number => run([x, ...defaults]);
  const limits = [limitOf((x) => f(-x)), limitOf(f)] as const;
  const points = Array.from({ length: 1601 }, (_, i) => (i - 800) / 50);
  let [low, high] = [Infinity, -Infinity];
  let [lowest, highest] = [0, 0];
  for (const x of points) {
    const y = f(x);
    if (y < low) [low, lowest] = [y, x];
    if (y > high) [high, highest] = [y, x];
  }
  if (low > high) return null;
  low = Math.min(low, refined(f, lowest));
  high = Math.max(high, -refined((x) => -f(x), highest));
  for (const limit of limits) {
    if (limit === null) continue;
    low = Math.min(low, limit);
    high = Math.max(high, limit);
  }
  return { limits, low, high };
}

/** The least value near a sample, by thirds. */
function refined(f: (x: number) => number, x: number): number {
  let [left, right] = [x - 1 / 50, x + 1 / 50];
  for (let i = 0; i < 40; i++) {
    const third = (right - left) / 3;
    if (f(left + third) < f(right - third)) right -= third;
    else left += third;
  }
  const least = f((left + right) / 2);
  return Number.isNaN(least) ? Infinity : least;
}

function limitOf(f: (x: number) => number): number | null {
  const values = [40, 1e3, 1e5, 1e8].map(f);
  const [a = NaN, b = NaN, c = NaN, d = NaN] = values;
  if (values.some((value) => Number.isNaN(value))) return null;
  if (Math.abs(d - c) <= 1e-4 * Math.max(1e-3, Math.abs(d))) return Math.abs(d) < 1e-7 ? 0 : Number(d.toPrecision(6));
  const grows = [b - a, c - b, d - c].every((step) => step !== 0 || !Number.isFinite(d)) && Math.abs(d) > Math.abs(c);
  if (grows && Math.abs(d) > 10 && Math.sign(d) === Math.sign(c) && Math.sign(c) === Math.sign(b))
    return Math.sign(d) * Infinity;
  if (!Number.isFinite(d)) return d;
  return Math.abs(c) < 1e-3 && Math.abs(d) < 1e-6 ? 0 : null;
}

/** `-0.278465 to inf; 0 at -inf, inf at inf (sampled)`. */
export function behaviourText({ limits, low, high }: Behaviour): string {
  const text = (value: number): string => numberText(Math.abs(value) < 1e-12 ? 0 : value, 6);
  const ends = limits.flatMap((limit, i) => (limit === null ? [] : [`${text(limit)} at ${i === 0 ? "-inf" : "inf"}`]));
  const place = limits.includes(null) ? " for x from -16 to 16" : "";
  return `${text(low)} to ${text(high)}${place}${ends.length > 0 ? `; ${ends.join(", ")}` : ""} (sampled)`;
}
