/** Calls of kernels that give gradients of gradients, and the same by differences. */
import { words } from "../activations/points.js";
import { type ActivationEntry, type Call, countOf, extentsOf, type Tensor } from "../harness/manifest.js";
import type { TypeScriptKernelSet } from "../harness/typescript.js";

/** Two channels of two elements, twice. */
export const shape: readonly number[] = [2, 2, 2];

/** Random numbers for all that the kernels of second derivatives take, of ordinary size. */
export function randomCall(entry: ActivationEntry, seed: number): Call {
  const word = words(seed);
  const between = (low: number, high: number): number => low + ((high - low) * word()) / 2 ** 32;
  const size = shape.reduce((a, b) => a * b, 1);
  const numbers = (length: number, low: number, high: number): Float32Array =>
    Float32Array.from({ length }, () => between(low, high));
  const extents = extentsOf({ shape, inputs: {} }, entry);
  const inputs = Object.fromEntries(entry.inputs.map((name) => [name, numbers(size, -2.5, 2.5)]));
  const arguments_ = entry.kernels.ts?.doubleBackward?.arguments ?? [];
  const cotangents = arguments_
    .filter(({ role, of }) => role === "cotangent" && of !== undefined)
    .map(({ of = "", length = "" }) => [of, numbers(countOf(length, extents), -1, 1)] as const);
  const learned = entry.learned.map(({ name, shape: kind, default: value }) => {
    const length = kind === "channel" ? 2 : 1;
    return [name, Float32Array.from({ length }, (_, i) => value * (1 + 0.1 * i) + 0.05)] as const;
  });
  return {
    shape,
    inputs,
    cotangent: numbers(size, 0.5, 1.5),
    cotangents: Object.fromEntries(cotangents),
    parameters: Object.fromEntries(learned),
  };
}

/** What is differentiated once more: the sum of the gradients times their cotangents, in float64. */
export function sumOfGradients(kernels: TypeScriptKernelSet, entry: ActivationEntry, call: Call): number {
  const { gradients } = kernels.call(entry, "backward64", call);
  let sum = 0;
  for (const { role, of, name } of entry.kernels.ts?.backward64.arguments ?? []) {
    if (role !== "gradient" || of === undefined) continue;
    gradients[of]?.forEach((gradient, i) => {
      // Outside of the domain, at elements that have nothing to do with the others.
      if (!Number.isNaN(gradient)) sum += gradient * (call.cotangents?.[name]?.[i] ?? NaN);
    });
  }
  return sum;
}

/** Its derivative in one of the numbers of a call, by central differences of fourth order; none with a kink between the points. */
export function difference(
  kernels: TypeScriptKernelSet,
  entry: ActivationEntry,
  call: Call,
  of: string,
  index: number,
): number | undefined {
  const h = 2 ** -10;
  const at = (step: number): number => sumOfGradients(kernels, entry, moved(call, of, index, step * h));
  const [near, far] = [at(1) - at(-1), at(2) - at(-2)];
  if (Math.abs(far - 2 * near) > 2 ** -7 * (Math.abs(far) + Math.abs(near))) return undefined;
  return (8 * near - far) / (12 * h);
}

function moved(call: Call, of: string, index: number, by: number): Call {
  const changed = (values: ArrayLike<number>): Float64Array => {
    const copy = Float64Array.from(values);
    copy[index]! += by;
    return copy;
  };
  if (of === "dy") return { ...call, cotangent: changed(call.cotangent ?? []) };
  const input = call.inputs[of];
  if (input) return { ...call, inputs: { ...call.inputs, [of]: changed(input) } };
  const parameter = call.parameters?.[of];
  if (typeof parameter !== "object") throw new Error(`the call has no ${of}`);
  return { ...call, parameters: { ...call.parameters, [of]: changed(parameter) } };
}

/** Gradients by what they are of, that of the cotangent first. */
export const resultsOf = (gradients: Readonly<Record<string, Tensor>>): [of: string, values: Tensor][] =>
  Object.entries(gradients);

/** Of an activation's name, so that what stands beside it in the file moves no points. */
export const seedOf = (name: string): number => [...name].reduce((seed, c) => (31 * seed + c.charCodeAt(0)) % 9973, 7);
