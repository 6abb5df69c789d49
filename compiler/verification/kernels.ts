/**
 * Runs emitted kernels, in TypeScript or in WebAssembly, on many inputs at once, for a cotangent of 1; over an axis on a row, for any
 * cotangents.
 */
import { drawnAt, measuredSeed } from "./draws.js";
import { cotangentName, countOf, extentsFor, isResult, type TypeScriptColumn } from "./emitted.js";
import type { BatchKernel } from "./measurement.js";
import { javascriptAddress } from "./program.js";

/** The results lie in one array, which the next call writes to again. */
export async function loadKernel(column: TypeScriptColumn): Promise<BatchKernel> {
  const name = column.kernel.export;
  const module: Readonly<Record<string, unknown>> = await import(/* @vite-ignore */ javascriptAddress(column.code));
  const run = module[name];
  if (typeof run !== "function") throw new Error(`the kernel '${name}' is not exported`);
  return batchKernel(column, (...values) => void run(...values));
}

/** So many elements at least go together in kernels in WebAssembly: where one needs more digits, TypeScript computes them all. */
const together = 32;

/**
 * Each input in the company of itself alone: of points of all sizes hardly one would be computed by vectors, as most have some neighbour
 * that is not. Results come from all places of the vectors in turn.
 */
export function amongItsLike(kernel: BatchKernel): BatchKernel {
  return (inputs, parameters) => {
    const repeated = inputs.map((values) => {
      const all = new Float32Array(values.length * together);
      values.forEach((value, i) => all.fill(value, i * together, (i + 1) * together));
      return all;
    });
    const results = kernel(repeated, parameters);
    return Float32Array.from(inputs[0] ?? [], (_, i) => results[i * together + (i % together)]!);
  };
}

/** The values for a call on so many elements, in the kernel's order, and those among them that change. */
interface Arrangement {
  readonly count: number;
  readonly values: (Float32Array | number)[];
  readonly result: Float32Array;
  /** Where the inputs stand, in the order of the columns. */
  readonly inputs: readonly number[];
  /** Where each parameter stands, in the order of the parameters. */
  readonly parameters: readonly number[];
  /** Where the seed stands; -1 where there is none. */
  readonly seed: number;
}

function batchKernel(column: TypeScriptColumn, run: (...values: (Float32Array | number)[]) => void): BatchKernel {
  let arranged = arrange(column, column.batching === "calls" ? 1 : 0);
  let results = new Float32Array(0);
  return (inputs, parameters) => {
    const count = inputs[0]?.length ?? 0;
    if (column.batching !== "calls" && count !== arranged.count) arranged = arrange(column, count);
    const { values, result } = arranged;
    arranged.parameters.forEach((index, i) => {
      const value = values[index];
      const parameter = parameters[i] ?? NaN;
      if (typeof value === "number") values[index] = parameter;
      else value?.fill(parameter);
    });
    if (column.batching !== "calls") {
      arranged.inputs.forEach((index, i) => {
        // The cotangent of a row's one result is one number.
        const given = inputs[i] ?? new Float32Array(count);
        const slot = values[index];
        if (typeof slot === "object") values[index] = slot.length < count ? given.subarray(0, slot.length) : given;
      });
      run(...values);
      return result;
    }
    if (results.length !== count) results = new Float32Array(count);
    const single = arranged.inputs.map((index) => values[index]);
    for (let i = 0; i < count; i++) {
      if (arranged.seed >= 0) values[arranged.seed] = drawnAt(column.batching, i)[0];
      for (let k = 0; k < single.length; k++) {
        const cell = single[k];
        if (typeof cell === "object") cell[0] = inputs[k]?.[i] ?? NaN;
      }
      run(...values);
      results[i] = result[0] ?? NaN;
    }
    return results;
  };
}

function arrange(column: TypeScriptColumn, count: number): Arrangement {
  const extents: Readonly<Record<string, number>> = extentsFor(column.batching, count);
  const { arguments: slots } = column.kernel;
  const values = slots.map(({ name, role, length }) => {
    if (role === "seed") return measuredSeed;
    if (length === undefined) return role === "extent" ? (extents[name] ?? NaN) : NaN;
    const array = new Float32Array(countOf(length, extents));
    // What a kernel leaves as it was is not taken for a result.
    return array.fill(role === "cotangent" ? 1 : NaN);
  });
  const result = values[slots.findIndex((slot) => isResult(slot, column.of))];
  if (typeof result !== "object") throw new Error(`'${column.kernel.export}' has no result`);
  const standing = (names: readonly string[], roles: readonly string[]): number[] =>
    names.map((name) => slots.findIndex((slot) => slot.name === name && roles.includes(slot.role)));
  const cotangent = column.batching === "row" ? column.inputs.lastIndexOf(cotangentName) : column.inputs.length;
  const along = column.inputs.slice(cotangent + 1);
  return {
    count,
    values,
    result,
    inputs: [
      ...standing(column.inputs.slice(0, cotangent), ["input", "saved"]),
      ...(column.batching === "row" ? [slots.findIndex(({ role }) => role === "cotangent")] : []),
      ...standing(along, ["learned"]),
    ],
    parameters: standing(
      column.parameters.map((name) => (along.includes(name) ? "" : name)),
      ["hyperparameter", "training", "learned"],
    ),
    seed: slots.findIndex(({ role }) => role === "seed"),
  };
}
