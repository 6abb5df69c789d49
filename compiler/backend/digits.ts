/**
 * How many digits the exact forms of a kernel need. Most do with what wide numbers usually have; where sums cancel deeper,
 * as 1 - tanh(x) does for large x, it shows in trials at inputs of all sizes, in ball arithmetic.
 */
import { isSum } from "../algebra/forms.js";
import { isBoolean } from "../decisions.js";
import { type Expr, reachable, variablesOf } from "../ir/expr.js";
import { typescriptNatBits } from "../machine/index.js";
import { type Ball, fromNumber, top } from "../numerics/ball.js";
import { evaluate } from "../numerics/evaluate.js";
import { magnitude } from "../numerics/integers.js";
import type { KernelPlan } from "./kernels.js";
import { searched, type Subject } from "./searches.js";
import { trialsOf } from "./trials.js";

/** Room for the cancellation of sums with an exponential that binary64 has no number for, and of eighth powers. */
const deepNatBits = 1536;

/** Bits that rounding may cost. */
const spare = 32;

/** Where polynomials of inputs, exponentials and exponentials of squares cancel deeply, if anywhere. */
const sizes: readonly number[] = [1e-45, 1e-34, 5, 20, 60, 140, 355, 720, 1000, 1e25, 3e38];

/** Not every parameter is tried: the numbers of inputs are what counts. */
const mostSettings = 4;

/** The bits of mantissas in wide arithmetic. */
export function natBitsFor(exactForms: readonly Expr[], plan: KernelPlan): number {
  const isDeep = searched(plan, exactForms, {
    name: "cancels deeply",
    isAnswer: isBoolean,
    find: (forms, subject) => forms.some((form) => cancelsDeeply(form, subject)),
  });
  return isDeep ? deepNatBits : typescriptNatBits;
}

function cancelsDeeply(form: Expr, subject: Subject): boolean {
  if (!reachable([form]).some(mayCancel)) return false;
  const { variables, settings, rowsOf } = trialsOf(subject);
  const hasExponential = reachable([form]).some(isExponential);
  const isKnownAt = (row: readonly number[], precision: number): boolean => {
    const bindings = variables.map(
      (variable, i) => [variable, { value: fromNumber(row[i] ?? 0), tangent: null }] as const,
    );
    return isKnown(evaluate(form, { bindings: new Map(bindings), precision }).value);
  };
  // What is not known with more digits either costs time.
  let attempts = 0;
  for (const index of subject.activation.inputs.keys()) {
    for (const size of sizes) {
      // An error of an exponential's argument, which may be a square, is one relative to its value.
      const lost = hasExponential ? Math.max(0, Math.ceil(2 * Math.log2(size))) : 0;
      for (const row of [size, -size].flatMap((x) => rowsOf(index, Math.fround(x), settings.slice(0, mostSettings)))) {
        if (isKnownAt(row, typescriptNatBits - spare - lost)) continue;
        if (isKnownAt(row, deepNatBits - spare)) return true;
        attempts += 1;
        if (attempts === mostAttempts) return false;
      }
    }
  }
  return false;
}

/** Sums, and periodic functions of large numbers that are not given. */
const mayCancel = (node: Expr): boolean =>
  isSum(node) ||
  (node.kind === "application" && periodic.has(node.primitive) && node.operands[0]?.kind === "application");

const periodic: ReadonlySet<string> = new Set(["sin", "cos", "tan"]);

/** An exponential of what varies. */
const isExponential = (node: Expr): boolean =>
  node.kind === "application" &&
  exponentials.has(node.primitive) &&
  [...variablesOf(node)].some(({ role }) => role === "input");

const exponentials: ReadonlySet<string> = new Set(["exp", "expm1", "sinh", "cosh", "erfc", "normcdf", "normpdf"]);

const mostAttempts = 12;

/** Whether a number is known as well as a kernel has to. */
function isKnown(ball: Ball): boolean {
  if (ball.kind !== "finite") return ball.kind !== "unknown";
  const error = top({ ...ball, mid: ball.radius, radius: 0n });
  return ball.radius === 0n || error < -200n || magnitude(ball.mid) >> 40n > ball.radius;
}
