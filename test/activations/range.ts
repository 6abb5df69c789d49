/** Kernels against the truth over the whole range of float32. */
import type { Activation } from "../../compiler/ir/activation.js";
import type { Ball } from "../../compiler/numerics/ball.js";
import { ulpError } from "../../compiler/numerics/rounding.js";
import type { ActivationEntry, Call, Outcome, Tensor } from "../harness/manifest.js";
import { finitePoints, randomPoints } from "./points.js";
import { type Compiled, numbersAt, singleParameters, truth } from "./standard.js";

/** Inputs for one activation: the critical points, then random ones. Other inputs are of ordinary size half of the time. */
export function rangeCall(entry: ActivationEntry, count: number, seed: number): Call {
  const columns = entry.inputs.map((_, which) => {
    const critical = finitePoints.map((point, i) => (which === 0 ? point : [0.7, -1.3][i % 2]!));
    const crossed = which === 0 ? finitePoints.map((_, i) => [0.7, -1.3][i % 2]!) : finitePoints;
    return [...critical, ...(entry.inputs.length > 1 ? crossed : []), ...randomPoints(count, seed + which)];
  });
  const size = columns[0]?.length ?? 0;
  return {
    shape: [size],
    inputs: Object.fromEntries(entry.inputs.map((input, i) => [input, Float32Array.from(columns[i] ?? [])])),
    cotangent: new Float32Array(size).fill(1),
    parameters: singleParameters(entry),
  };
}

export interface Tolerance {
  readonly ulp: number;
  /** Errors below this pass: what the rounding of an intermediate of size 1 costs where a result has a zero. */
  readonly absolute: number;
  /** Whether the target may take subnormal inputs for 0, as WGSL may. */
  readonly flushes: boolean;
  /**
   * Whether agreement with the float64 kernels counts. Float32 kernels in TypeScript are those rounded: agreement would
   * prove nothing, so that a part of the results, and all that are not finite, go to the oracle.
   */
  readonly trustsDouble: boolean;
}

/** TypeScript computes in float64 and rounds once. */
export const typescriptTolerance: Tolerance = { ulp: 2, absolute: 0, flushes: false, trustsDouble: false };
/** 2e-5 relative, and what a subnormal intermediate that became 0 may take away. */
export const wgslTolerance: Tolerance = { ulp: 336, absolute: 2 ** -116, flushes: true, trustsDouble: true };

/**
 * Where a formula cancels and the compiler has no form that does not: errors up to this pass in the activation's value
 * and gradients. Results that are not finite never do.
 */
const cancelling: Readonly<Record<"TypeScript" | "WGSL", Readonly<Record<string, number>>>> = {
  TypeScript: {
    tanh_shrink: 2 ** -53,
    gish: 2 ** -50,
    shifted_softplus: 2 ** -53,
    elliott_sigmoid: 2 ** -53,
    rational_tanh: 2 ** -53,
    // gelu(10) is 10 to 22 digits: which branch of the clamp is taken is a matter of rounding.
    gelu_10: 1,
  },
  WGSL: {
    // A sigmoid that has become 0, times something huge.
    glu: 2 ** -100,
    highway_gate: 2 ** -80,
    tanh_shrink: 2 ** -23,
    gelu_tanh: 2 ** -20,
    gelu_sigmoid: 2 ** -20,
    hard_elish: 2 ** -20,
    ft_swish: 2 ** -23,
    pft_swish: 2 ** -23,
    gish: 2 ** -18,
    shifted_softplus: 2 ** -23,
    blu: 2 ** -23,
    elliott_sigmoid: 2 ** -23,
    snake: 2 ** -22,
    snake_beta: 2 ** -22,
    swiglu_oai: 2 ** -23,
  },
};

/** Shaders of derivatives that are 0 / 0 at 0, where the limit is meant. */
const undefinedAtZero: ReadonlySet<string> = new Set(["eis"]);

export function toleranceOf(target: "TypeScript" | "WGSL", name: string): Tolerance {
  const tolerance = target === "WGSL" ? wgslTolerance : typescriptTolerance;
  return { ...tolerance, absolute: Math.max(tolerance.absolute, cancelling[target][name] ?? 0) };
}

export interface Fault {
  readonly kind: "not finite" | "inaccurate" | "finite";
  readonly text: string;
  readonly error: number;
}

/** What a kernel computed of an activation: its value (null), or the gradient in an input. */
export function resultOf(
  outcomes: { readonly forward: Outcome; readonly backward: Outcome },
  of: string | null,
): Tensor {
  const result = of === null ? outcomes.forward.output : outcomes.backward.gradients[of];
  if (!result) throw new Error(`no gradient of ${of}`);
  return result;
}

/**
 * Compares results with those in float64, and where the two differ, with the oracle; about `budget` times, since the
 * oracle is slow.
 */
export function faultsOf(
  { typescript }: Compiled,
  entry: ActivationEntry,
  activation: Activation,
  call: Call,
  outcomes: { readonly forward: Outcome; readonly backward: Outcome },
  tolerance: Tolerance,
  budget: number,
): Fault[] {
  const stride = Math.max(1, Math.floor((call.shape[0] ?? 1) / budget));
  const double = {
    forward: typescript.call(entry, "forward64", call),
    backward: typescript.call(entry, "backward64", call),
  };
  const faults: Fault[] = [];
  for (const of of [null, ...entry.inputs]) {
    const actual = resultOf(outcomes, of);
    const expected = resultOf(double, of);
    let asked = 0;
    for (let i = 0; i < actual.length; i += 1) {
      const value = actual[i] ?? NaN;
      if (asked >= 2 * budget) break;
      const passes = tolerance.trustsDouble
        ? close(value, expected[i] ?? NaN, tolerance)
        : i % stride !== 0 && Number.isFinite(value);
      if (passes) continue;
      asked += 1;
      const fault = judged(value, activation, of, numbersAt(call, i), tolerance);
      if (fault) faults.push({ ...fault, text: `${of === null ? "" : `d/d${of} `}${fault.text}` });
    }
  }
  return faults;
}

/** Within the tolerance, as float32 numbers. */
function close(actual: number, expected: number, { ulp, absolute }: Tolerance): boolean {
  const rounded = Math.fround(expected);
  if (actual === rounded) return true;
  if (!Number.isFinite(rounded) || !Number.isFinite(actual)) return false;
  return Math.abs(actual - rounded) <= Math.max(absolute, ulp * 2 ** -24 * Math.abs(rounded), ulp * 2 ** -149);
}

function judged(
  actual: number,
  activation: Activation,
  of: string | null,
  numbers: Readonly<Record<string, number>>,
  tolerance: Tolerance,
): Fault | undefined {
  const { ulp } = tolerance;
  const { value, decided, ball } = truth(activation, of, numbers, "binary32");
  const inputs = activation.inputs.map(({ name }) => `${name} = ${numbers[name]}`).join(", ");
  const text = `${activation.name} at ${inputs}: ${actual}, the truth is ${value}`;
  // Not a number: outside of the domain. Not decided: a comparison or a zero that no precision settles.
  if (Number.isNaN(value) || (!decided && !isNarrow(ball))) return undefined;
  if (tolerance.flushes && Object.values(numbers).some(isSubnormal)) {
    const flushed = Object.fromEntries(Object.entries(numbers).map(([name, x]) => [name, isSubnormal(x) ? 0 : x]));
    if (!judged(actual, activation, of, flushed, { ...tolerance, flushes: false })) return undefined;
  }
  const atZero = undefinedAtZero.has(activation.name) && activation.inputs.every(({ name }) => numbers[name] === 0);
  if (tolerance.trustsDouble && of !== null && atZero && Number.isNaN(actual)) return undefined;
  if (!Number.isFinite(actual) && Number.isFinite(value)) return { kind: "not finite", text, error: Infinity };
  // In a gate, what a subnormal factor that became 0 takes away grows with the input that multiplies it.
  const largest =
    activation.inputs.length > 1
      ? Math.max(1, ...activation.inputs.map(({ name }) => Math.abs(numbers[name] ?? 0)))
      : 1;
  const absolute = tolerance.flushes ? tolerance.absolute * largest : tolerance.absolute;
  const error = ulpError(actual, ball, "binary32");
  if (error <= ulp || Math.abs(actual - value) <= absolute) return undefined;
  return {
    kind: Number.isFinite(value) ? "inaccurate" : "finite",
    text: `${text} (${error.toPrecision(3)} ulp)`,
    error,
  };
}

const isSubnormal = (x: number): boolean => x !== 0 && Math.abs(x) < 2 ** -126;
const isNarrow = (ball: Ball): boolean => ball.kind === "finite";
