/** WGSL kernels without a device: run in JavaScript, with every operation rounded to float32. */
import { emulateBatch, type EmulatedBatch, type Library, machineName, natBitsOf, readWgsl } from "../machine/index.js";
import type { WgslColumn } from "./emitted.js";
import type { BatchKernel } from "./measure.js";
import { type ShaderDeclaration, textOf, wgslFunction } from "./program.js";
import { emulatedRowKernel } from "./row-emulation.js";

export interface EmulatedArithmetic {
  /** Whether subnormal numbers are taken for 0, as operands and as results, as some devices do. */
  readonly flushes: boolean;
}

/** What is measured has to hold on devices that have no subnormal numbers, too. */
const usual: EmulatedArithmetic = { flushes: true };

/**
 * A scalar function of a shader over arrays, one per parameter: for derivatives the cotangent, then inputs, learned
 * parameters and hyperparameters. Where it gives several derivatives, `place` says which.
 */
export function emulatedFunction(
  shader: string,
  name: string,
  place: number,
  { flushes }: EmulatedArithmetic = usual,
): EmulatedBatch {
  const { text, reached } = wgslFunction(shader, name);
  return emulateBatch(libraryOf(shader, reached), machineName(name), place, {
    natBits: natBitsOf(text),
    flushSubnormals: flushes,
    flushOperands: flushes,
  });
}

/** What has been read of a shader: its functions are asked for one after the other, and call much the same. */
let latest: { readonly shader: string; readonly read: Set<string>; library: Library } | undefined;

function libraryOf(shader: string, reached: readonly ShaderDeclaration[]): Library {
  if (latest?.shader !== shader) latest = { shader, read: new Set(), library: readWgsl("") };
  const { read } = latest;
  const fresh = reached.filter(({ text }) => !read.has(text));
  if (fresh.length > 0) {
    const aliases = reached.filter(({ text, tokens }) => tokens[0] === "alias" && read.has(text));
    latest.library = readWgsl(textOf([...aliases, ...fresh]), latest.library.declarations);
    fresh.forEach(({ text }) => read.add(text));
  }
  return latest.library;
}

/** A column's kernel: for a cotangent of 1 the scalar function that its entry points call; over an axis all that it runs. */
export function emulatedKernel(column: WgslColumn, arithmetic: EmulatedArithmetic = usual): BatchKernel {
  const { scalar, draws, parameters: parameterNames } = column;
  if (scalar === null) return emulatedRowKernel(column);
  const names = [...column.inputs, ...draws];
  const run = emulatedFunction(column.code, scalar.name, scalar.place, arithmetic);
  return (inputs, parameters) => {
    const count = inputs[0]?.length ?? 0;
    const all = (value: number): Float32Array => new Float32Array(count).fill(value);
    const operands = scalar.operands.map(
      (name) =>
        inputs[names.indexOf(name)] ??
        all(draws.includes(name) ? 0.5 : (parameters[parameterNames.indexOf(name)] ?? NaN)),
    );
    return run(column.of === null ? operands : [all(1), ...operands]);
  };
}
