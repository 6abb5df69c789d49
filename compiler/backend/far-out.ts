/**
 * Whether a form in single float32 numbers is right far out, where pairs leave the range of numbers: tried out on inputs of
 * extreme sizes, at the parameters' defaults and around them.
 */
import type { Expr } from "../ir/expr.js";
import { sampler } from "../numerics/sample.js";
import { truthOf } from "./extremes.js";
import type { KernelPlan } from "./kernels.js";
import { trialsOf } from "./trials.js";

/** Binary logarithms of sizes: below those at which pairs are good, and above. */
const sizes: readonly number[] = [
  ...[-125, -120, -110, -101, -90, -70, -59, -50, -39],
  ...[39, 50, 59, 70, 90, 101, 110, 120, 127.99, Infinity],
];

/** Sizes of inputs where parameters are extreme. */
const ordinary: readonly number[] = [-20, 0, 2];

/** Values of parameters, where their ranges admit them. */
const extremes: readonly number[] = [2 ** -110, 2 ** -60, 2 ** 60, 2 ** 110, -(2 ** 110)];

/**
 * @param single the lowered form
 * @param root what it is a form of
 */
export function isRightFarOut(single: Expr, root: Expr, plan: KernelPlan): boolean {
  const { variables, settings, rowsOf } = trialsOf(plan);
  const parameters = [...plan.activation.hyperparameters, ...plan.activation.learned];
  const [usual = []] = settings;
  const extreme = parameters.flatMap(({ range }, i) =>
    extremes
      .filter((value) => !range || (value > range.low && value < range.high))
      .map((value) => usual.map((other, k) => (k === i ? value : other))),
  );
  const run = sampler(single, variables, "binary32 without subnormal numbers");
  const truth = truthOf(single, root, variables);
  const isRight = (x: number, index: number, rows: typeof settings): boolean =>
    rowsOf(index, Math.fround(x), rows).every((row) => {
      const values = row.map(Math.fround);
      return agrees(run(values), truth(values));
    });
  const both = (size: number): readonly number[] => [2 ** size, -(2 ** size)];
  return plan.activation.inputs.every(
    (_, index) =>
      sizes.flatMap(both).every((x) => isRight(x, index, [...settings, ...extreme])) &&
      ordinary.flatMap(both).every((x) => isRight(x, index, extreme)),
  );
}

const tolerance = 5 * 2 ** -24;
const smallest = 2 ** -126;
const largest = 3.4028235e38;

function agrees(actual: number, expected: number): boolean {
  if (Number.isNaN(expected)) return true;
  if (Math.abs(expected) > largest) return actual === Math.sign(expected) * Infinity;
  if (Math.abs(expected) < smallest) return Math.abs(actual) < 1.01 * smallest;
  return Math.abs(actual - expected) <= tolerance * Math.abs(expected);
}
