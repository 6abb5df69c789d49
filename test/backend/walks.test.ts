/** In how few walks the numbers of a row are had, and where one more is needed. */
import { describe, expect, it } from "vitest";
import { planKernels, planRowSecondOrder } from "../../compiler/backend/kernels.js";
import { carriesWithin, rowRanges } from "../../compiler/backend/row-trials.js";
import { planRows, type RowOutput } from "../../compiler/backend/rows.js";
import { fewestWalks, type WalkPlan } from "../../compiler/backend/walks.js";
import type { Expr } from "../../compiler/ir/expr.js";
import type { Activation } from "../../compiler/ir/activation.js";
import { activationsOf } from "../../compiler/verify.js";

/** What is seen of the definition f, in a graph of its own. */
const seen = <T>(text: string, look: (activation: Activation) => T): T =>
  activationsOf([{ file: "f.def", text }])("f", look);
const walksOf = (roots: readonly Expr[], mayCarry = true): WalkPlan => fewestWalks(planRows(roots), mayCarry);
const carriedIn = ({ levels }: WalkPlan): number => levels.flatMap(({ carried }) => carried).length;

describe("walks before the last one", () => {
  it.each([
    // Carried along, then looked at.
    ["f(x; axis d = -1) = exp(x) / sum[d](exp(x))", [1, 2, 2]],
    ["f(x; axis d = -1) = x - log(sum[d](exp(x)))", [1, 1, 2]],
    ["f(x; axis d = -1) = log(sum[d](exp(x)))", [1, 1, 2]],
    ["f(x; axis d = -1) = exp(x) / (1 + sum[d](exp(x)))", [1, 1, 2]],
    ["f(x, z; axis d = -1) = sum[d](x * exp(z)) / sum[d](exp(z))", [1, 2, 3]],
    // Read at the place of the largest.
    ["f(x; axis d = -1) = max[d](x)", [1, 1, 1]],
    ["f(x; axis d = -1) = x / (max[d](x) - min[d](x) + 1)", [1, 1, 2]],
    // Nothing to be saved.
    ["f(x; axis d = -1) = (x - mean[d](x)) / sqrt(mean[d]((x - mean[d](x))^2) + 1)", [2, 3, 4]],
  ])("%s", (text, expected) => {
    const walks = seen(text, (activation) => {
      const plan = planKernels(activation);
      const kernels = [
        [plan.value],
        plan.gradients.map(({ value }) => value),
        planRowSecondOrder(plan).gradients.map(({ value }) => value),
      ];
      return kernels.map((roots) => walksOf(roots).levels.length);
    });
    expect(walks).toEqual(expected);
  });
});

describe("sums that are carried along", () => {
  it.each([
    ["the largest of another expression", "f(x; axis d = -1) = sum[d](exp(x - max[d](2 * x)))"],
    ["what is multiplied by needs the largest", "f(x; axis d = -1) = sum[d]((x - max[d](x)) * exp(x - max[d](x)))"],
    ["a power of the exponential", "f(x; axis d = -1) = sum[d](exp(x - max[d](x))^2 + 1)"],
    [
      "one that saves no walk, since another sum needs the largest",
      "f(x; axis d = -1) = sum[d](exp(x - max[d](x))) * sum[d](sqrt(max[d](x) - x + 1))",
    ],
  ])("are none: %s", (_, text) => {
    expect(seen(text, (activation) => carriedIn(walksOf([planKernels(activation).value])))).toBe(0);
  });

  it("are left where a target has no room for terms whose exponentials are not small yet", () => {
    const allowed = (text: string): boolean[] =>
      seen(text, (activation) => {
        const plan = planKernels(activation);
        const outputs: RowOutput[] = [{ of: null, value: plan.value }];
        return [rowRanges.float64, rowRanges.float32].map((range) => carriesWithin(plan, outputs, range));
      });
    expect(allowed("f(x; axis d = -1) = exp(x) / sum[d](exp(x))")).toEqual([true, true]);
    expect(allowed("f(x; axis d = -1) = sum[d](x * exp(x - max[d](x)))")).toEqual([true, false]);
  });
});
