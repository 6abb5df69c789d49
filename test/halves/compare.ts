/** Kernels over float16 beside the truth: at every float16 there is, or at those of each kind where several inputs meet. */
import type { Activation } from "../../compiler/ir/activation.js";
import { float16OfBits, float16Step, toFloat16 } from "../../compiler/numerics/float16.js";
import { words } from "../activations/points.js";
import { type Compiled, numbersAt, singleParameters, truth } from "../activations/standard.js";
import { type ActivationEntry, type Call, countOf, extentsOf, type Outcome, type Tensor } from "../harness/manifest.js";

/** The value (null) of an activation, or the derivative in an input. */
export type Of = string | null;

export const nameOf = (of: Of): string => (of === null ? "value" : `d/d${of}`);

export interface HalfColumn {
  readonly of: Of;
  /** The largest error in ULP of float16, and where it is. */
  readonly error: number;
  readonly at: string;
  /** Results that are 0 where they are subnormal, as drivers may have them. */
  readonly flushed: number;
  /** What is NaN or infinite and should not be, or no limit, or lacks a NaN. */
  readonly wrong: readonly string[];
}

/** In ULP: half a one for the rounding, and a hundredth for all that comes before. */
export const bound = 0.51;

const patterns = 65536;

/** Rows of ordinary numbers, for what reduces. */
export function halfRows(entry: ActivationEntry): Call {
  const shape = [512, 16];
  const word = words(7);
  const uniform = (): number => word() / 2 ** 32 - 0.5;
  const normal = (): number => toFloat16((uniform() + uniform() + uniform() + uniform()) * 5.2);
  const numbers = (length: number): Float32Array => Float32Array.from({ length }, normal);
  const inputs = Object.fromEntries(entry.inputs.map((name) => [name, numbers(512 * 16)]));
  const call = { shape, inputs, parameters: singleParameters(entry) };
  const output = entry.kernels["wgsl-f16"]?.forward.passes
    .flatMap(({ bindings }) => bindings)
    .find(({ role }) => role === "output");
  return { ...call, cotangent: numbers(countOf(output?.length ?? "size", extentsOf(call, entry))) };
}

/**
 * All float16 for the only input, infinities and NaN among them; else as many combinations of those of each exponent. The last one,
 * a NaN, is left out: vectors of four are not full, nor are words.
 */
export function everyHalf(entry: ActivationEntry): Call {
  const { inputs } = entry;
  const columns =
    inputs.length === 1 ? [Float32Array.from({ length: patterns }, (_, bits) => float16OfBits(bits))] : met();
  const size = columns[0]!.length - 1;
  return {
    shape: [size],
    inputs: Object.fromEntries(inputs.map((name, i) => [name, columns[i]!.subarray(0, size)])),
    cotangent: new Float32Array(size).fill(1),
    parameters: singleParameters(entry),
  };

  function met(): Float32Array[] {
    const perInput = Math.floor(patterns ** (1 / inputs.length));
    const word = words(1);
    return inputs.map((_, i) =>
      Float32Array.from({ length: perInput ** inputs.length }, (_, row) => {
        const place = Math.floor(row / perInput ** i) % perInput;
        // Signs and exponents by the place, other bits at random; no infinity.
        const [sign, exponent] = [place % 2, Math.floor(place / 2) % 31];
        return float16OfBits((sign << 15) | (exponent << 10) | (word() >>> 22));
      }),
    );
  }
}

/**
 * Over an axis: an error of float32 of the size of the row's largest number is none of the rounding to float16, so it is taken off:
 * sixteen units in the last place, as sums of products have them.
 */
export function comparedHalfRows(
  { typescript }: Pick<Compiled, "typescript">,
  entry: ActivationEntry,
  call: Call,
  outcomes: HalfOutcomes,
): HalfColumn[] {
  const exact: HalfOutcomes = {
    forward: typescript.call(entry, "forward64", call),
    backward: typescript.call(entry, "backward64", call),
  };
  return [null, ...entry.inputs].map((of) => {
    const [actual, expected] = [resultOf(outcomes, of), resultOf(exact, of)];
    const rowLength = expected.length / (call.shape[0] ?? 1);
    let [error, at] = [0, ""];
    for (let i = 0; i < expected.length; i += 1) {
      const start = i - (i % rowLength);
      const sizes = [expected, ...Object.values(call.inputs), call.cotangent ?? []].flatMap((numbers) =>
        Array.from({ length: rowLength }, (_, j) => Math.abs(numbers[start + j] ?? 0)),
      );
      const slack = (16 * 2 ** -13 * float16Step(Math.max(...sizes))) / float16Step(expected[i]!);
      const off = errorInHalfUlp(actual[i]!, expected[i]!) - slack;
      if (off > error) [error, at] = [off, `${nameOf(of)}, element ${i}: ${actual[i]} instead of ${expected[i]}`];
    }
    return { of, error, at, flushed: 0, wrong: [] };
  });
}

export interface HalfOutcomes {
  readonly forward: Outcome;
  readonly backward: Outcome;
}

export const resultOf = ({ forward, backward }: HalfOutcomes, of: Of): Tensor => {
  const result = of === null ? forward.output : backward.gradients[of];
  if (!result) throw new Error(`nothing was written for ${nameOf(of)}`);
  return result;
};

/** Results of kernels for a cotangent of 1, judged by the float64 kernels; the worst of them by the reference. */
export function comparedHalves(
  { typescript, activations }: Pick<Compiled, "typescript" | "activations">,
  entry: ActivationEntry,
  call: Call,
  outcomes: HalfOutcomes,
): HalfColumn[] {
  const activation = activations.get(entry.name)!;
  const exact: HalfOutcomes = {
    forward: typescript.call(entry, "forward64", call),
    backward: typescript.call(entry, "backward64", call),
  };
  return [null, ...entry.inputs].map((of) => {
    const scene = { entry, activation, call, of, actual: resultOf(outcomes, of), expected: resultOf(exact, of) };
    return columnOf(scene);
  });
}

interface Scene {
  readonly entry: ActivationEntry;
  readonly activation: Activation;
  readonly call: Call;
  readonly of: Of;
  readonly actual: Tensor;
  readonly expected: Tensor;
}

/** |actual - exact| in ULP at the exact result; from 65536 on all is one number, which is infinity. */
export function errorInHalfUlp(actual: number, exact: number): number {
  if (Number.isNaN(actual) || Number.isNaN(exact)) return Number.isNaN(actual) === Number.isNaN(exact) ? 0 : Infinity;
  const clamped = (x: number): number => Math.min(Math.max(x, -65536), 65536);
  return Math.abs(clamped(actual) - clamped(exact)) / float16Step(exact);
}

/** How many of the largest errors the reference is asked about. */
const questions = 20;

function columnOf({ entry, activation, call, of, actual, expected }: Scene): HalfColumn {
  const wrong: string[] = [];
  const place = (i: number): string => {
    const numbers = numbersAt(call, i);
    return entry.inputs.map((name) => `${name} = ${numbers[name]}`).join(", ");
  };
  let flushed = 0;
  const errors = Float64Array.from(actual, (result, i) => {
    const exact = expected[i] ?? NaN;
    const inputs = entry.inputs.map((name) => call.inputs[name]?.[i] ?? NaN);
    // Of a derivative nothing is asked at NaN.
    if (inputs.some(Number.isNaN) ? of !== null || !Number.isNaN(exact) : Number.isNaN(exact)) return 0;
    if (!inputs.every(Number.isFinite) || Number.isNaN(result)) {
      if (!Object.is(Math.abs(result), Math.abs(toFloat16(exact))) || result * exact < 0)
        wrong.push(`${nameOf(of)} at ${place(i)}: ${result} instead of ${toFloat16(exact)}`);
      return 0;
    }
    const error = errorInHalfUlp(result, exact);
    const isFlushed = result === 0 && error > bound && Math.abs(exact) < 2 ** -14;
    if (isFlushed) flushed += 1;
    return isFlushed ? 0 : error;
  });
  const order = [...errors.keys()].sort((i, j) => errors[j]! - errors[i]!);
  let [error, at] = [0, ""];
  for (const i of order.slice(0, questions)) {
    if (errors[i]! <= error) break;
    const { value, decided } = truth(activation, of, numbersAt(call, i), "binary64");
    const asked = decided ? errorInHalfUlp(actual[i]!, value) : errors[i]!;
    if (asked > error) [error, at] = [asked, `${nameOf(of)} at ${place(i)}: ${actual[i]} instead of ${expected[i]}`];
  }
  return { of, error, at, flushed, wrong };
}
