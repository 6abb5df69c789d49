/** WGSL kernels without a device: run in JavaScript, with every operation rounded to float32. */
import {
  type EmulatedBatch,
  type EmulatedBatches,
  emulateResults,
  type Library,
  machineName,
  natBitsOf,
  readWgsl,
  resultAt,
} from "../machine/index.js";
import type { WgslColumn } from "./emitted.js";
import type { BatchKernel } from "./measurement.js";
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
  arithmetic: EmulatedArithmetic = usual,
): EmulatedBatch {
  const run = emulatedResults(shader, name, arithmetic);
  return (operands) => resultAt(run(operands), place);
}

/** As {@link emulatedFunction}: all that it gives. */
function emulatedResults(shader: string, name: string, { flushes }: EmulatedArithmetic): EmulatedBatches {
  const { text, reached } = wgslFunction(shader, name);
  return emulateResults(libraryOf(shader, reached), machineName(name), {
    natBits: natBitsOf(text),
    flushSubnormals: flushes,
    flushOperands: flushes,
  });
}

/**
 * Functions that give several derivatives, with what they have given. The columns of a gradient are measured one after the other, at much
 * the same places, and an element may take a millisecond.
 */
export class KnownGradients {
  private readonly functions = new Map<string, EmulatedBatches>();

  of(shader: string, name: string): EmulatedBatches {
    const { text, struct } = wgslFunction(shader, name);
    if (struct.length < 2) return emulatedResults(shader, name, usual);
    const known = this.functions.get(text);
    if (known) return known;
    if (this.functions.size >= mostFunctions) this.functions.clear();
    const run = remembering(emulatedResults(shader, name, usual));
    this.functions.set(text, run);
    return run;
  }
}

const [mostFunctions, mostPlaces] = [4, 2 ** 16];

function remembering(run: EmulatedBatches): EmulatedBatches {
  const known = new Map<string, readonly number[]>();
  return (operands) => {
    const words = operands.map(({ buffer, byteOffset, length }) => new Uint32Array(buffer, byteOffset, length));
    const keys = Array.from(operands[0] ?? [], (_, i) => words.map((column) => column[i]!).join());
    const fresh = [...keys.keys()].filter((i) => !known.has(keys[i]!));
    const found = run(operands.map((column) => Float32Array.from(fresh, (i) => column[i]!)));
    fresh.forEach((i, k) =>
      known.set(
        keys[i]!,
        found.map((column) => column[k]!),
      ),
    );
    const results = found.map((_, place) => Float32Array.from(keys, (key) => known.get(key)![place]!));
    if (known.size > mostPlaces) known.clear();
    return results;
  };
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
export function emulatedKernel(column: WgslColumn, gradients?: KnownGradients): BatchKernel {
  const { scalar, draws, parameters: parameterNames } = column;
  if (scalar === null) return emulatedRowKernel(column);
  const names = [...column.inputs, ...draws];
  const run = gradients?.of(column.code, scalar.name) ?? emulatedResults(column.code, scalar.name, usual);
  return (inputs, parameters) => {
    const count = inputs[0]?.length ?? 0;
    const all = (value: number): Float32Array => new Float32Array(count).fill(value);
    const operands = scalar.operands.map(
      (name) =>
        inputs[names.indexOf(name)] ??
        all(draws.includes(name) ? 0.5 : (parameters[parameterNames.indexOf(name)] ?? NaN)),
    );
    return resultAt(run(column.of === null ? operands : [all(1), ...operands]), scalar.place);
  };
}
