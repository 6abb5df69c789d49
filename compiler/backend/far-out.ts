/**
 * Whether a form in single float32 numbers is right far out, where pairs leave the range of numbers: tried out on inputs of
 * extreme sizes, at the parameters' defaults and around them.
 */
import { isBoolean } from "../decisions.js";
import { type Expr, isInside, reachable } from "../ir/expr.js";
import { triedParameters } from "../ir/random.js";
import { sampler } from "../numerics/sample.js";
import { truthOf } from "./extremes.js";
import type { KernelPlan } from "./kernels.js";
import { searched, type Subject } from "./searches.js";
import { trialsOf } from "./trials.js";

const steps = (from: number, to: number, step: number): number[] =>
  Array.from({ length: Math.floor((to - from) / step) + 1 }, (_, i) => from + i * step);

/** Sizes at which a square, a cube, a fourth or a fifth power reaches the end of the range of numbers, and around them. */
const ofPowers: readonly number[] = [2, 3, 4, 5].flatMap((n) =>
  [-126 / n, 127 / n].flatMap((end) => [-0.9, -0.5, -0.2, 2 ** -23, 0.2, 0.5, 0.9].map((step) => end + step)),
);

/** Binary logarithms of inputs' sizes. */
const sizes: readonly number[] = [
  -125.9,
  ...ofPowers,
  ...steps(-125, -30, 5),
  ...steps(-24, -6, 6),
  ...steps(0, 11, 0.25),
  ...steps(12, 124, 4),
  127.8,
  Infinity,
];

/** Those at which exponentials and what is like them vanish or overflow, in between others. */
const tails: readonly number[] = [...steps(3.5, 7, 1 / 64), ...[88.75, 88.9, 89.1, 89.3].map(Math.log2)];

/** Next to the ends of the domain of inverse functions: there, too, pairs leave what they are good for. */
const nextToOne: readonly number[] = [1, 3, 16, 1024, 8192].map((k) => 1 - k * 2 ** -24);
const inverses: ReadonlySet<string> = new Set(["asin", "acos", "atanh", "acosh"]);

/** Values of parameters, where their ranges admit them. */
const extremes: readonly number[] = [
  0,
  1.1 * 2 ** -110,
  1.1 * 2 ** -60,
  -1.1 * 2 ** -60,
  1.1 * 2 ** 60,
  1.1 * 2 ** 110,
  -1.1 * 2 ** 110,
];

/**
 * @param single the form, with inputs held where they are too large for it
 * @param lowered the form without
 * @param root what it is a form of
 * @param guard where it holds, the form is not needed
 */
export function isRightFarOut(single: Expr, lowered: Expr, root: Expr, guard: Expr | null, plan: KernelPlan): boolean {
  return searched(plan, [single, lowered, root, ...(guard ? [guard] : [])], {
    name: "right far out",
    isAnswer: isBoolean,
    find: ([one, free, whole, test], subject) =>
      one !== undefined && free !== undefined && whole !== undefined && isRight(one, free, whole, test, subject),
  });
}

function isRight(single: Expr, lowered: Expr, root: Expr, guard: Expr | undefined, subject: Subject): boolean {
  const { activation } = subject;
  const { variables, settings, rowsOf, extreme: beside } = trialsOf(subject);
  const parameters = triedParameters(activation);
  const [usual = []] = settings;
  const extreme = parameters.flatMap(({ range }, i) =>
    extremes
      .filter((value) => isInside(range, value))
      .map((value) => usual.map((other, k) => (k === i ? value : other))),
  );
  const run = sampler(single, variables, "binary32 without subnormal numbers");
  const truth = truthOf(lowered, root, variables);
  const holds = guard && sampler(guard, variables, "binary32 without subnormal numbers");
  const isRightAt = (row: readonly number[]): boolean => {
    const values = row.map(Math.fround);
    return holds?.(values) === 1 || agrees(run(values), truth(values));
  };
  const isRightInTails = activation.inputs.every((_, index) =>
    tails.every((size) =>
      [2 ** size, -(2 ** size)].every((x) =>
        [...rowsOf(index, x, [usual, ...extreme]), ...beside(index, x)].every(isRightAt),
      ),
    ),
  );
  if (!isRightInTails) return false;
  const hasEnds = reachable([lowered]).some((node) => node.kind === "application" && inverses.has(node.primitive));
  const isRightAtEnds = activation.inputs.every((_, index) =>
    (hasEnds ? nextToOne : []).every((x) => [x, -x].every((end) => rowsOf(index, end, [usual]).every(isRightAt))),
  );
  if (!isRightAtEnds) return false;
  return activation.inputs.every((_, index) =>
    sizes.every((size) =>
      [2 ** size, -1.1 * 2 ** size]
        .map(Math.fround)
        .every((x) => [...rowsOf(index, x, [...settings, ...extreme]), ...beside(index, x)].every(isRightAt)),
    ),
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
