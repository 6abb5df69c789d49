/** Generated WGSL without a device: the scalar functions that its kernels call, run in JavaScript over whole tensors. */
import type { EmulatedBatch } from "../../compiler/machine/index.js";
import { toFloat16 } from "../../compiler/numerics/float16.js";
import { wgslName } from "../../compiler/names.js";
import { uniformAt } from "../../compiler/verification/draws.js";
import { emulatedFunction } from "../../compiler/verification/emulation.js";
import {
  type ActivationEntry,
  type Call,
  type Extents,
  extentsOf,
  fileText,
  type Generated,
  numberFor,
  numbersFor,
  type Outcome,
  type WgslKernelName,
  type WgslTarget,
} from "./manifest.js";

export class EmulatedKernelSet {
  /** By activation, and by what a function computes: null is the value, a name the derivative in it. */
  private readonly functions = new Map<string, EmulatedBatch>();

  constructor(
    private readonly generated: Generated,
    private readonly target: WgslTarget = "wgsl",
  ) {}

  /** What the kernel computes, with the gradients in parameters added up in float64. */
  call(
    entry: ActivationEntry,
    kernel: WgslKernelName,
    call: Call,
    wanted: (of: string) => boolean = () => true,
  ): Outcome {
    const extents = extentsOf(call, entry);
    const size = extents["size"] ?? 0;
    const operands = [
      ...entry.inputs.map((name) => Float32Array.from(numbersFor({ name, role: "input" }, size, call, entry))),
      ...entry.learned.map(({ name }) => spread(numbersFor({ name, role: "learned" }, size, call, entry), extents)),
      ...entry.hyperparameters.map((each) =>
        new Float32Array(size).fill(numberFor({ ...each, role: "hyperparameter" }, call, entry, extents)),
      ),
      ...chance(entry, call, size),
    ];
    if (kernel === "forward") return { output: this.stored(this.functionOf(entry, null)(operands)), gradients: {} };
    const cotangent = Float32Array.from(numbersFor({ name: "dy", role: "cotangent" }, size, call, entry));
    const gradientOf = (name: string): Float32Array => this.functionOf(entry, name)([cotangent, ...operands]);
    const inputs = entry.inputs.filter(wanted).map((name) => [name, this.stored(gradientOf(name))] as const);
    const sums = entry.learned
      .filter(({ name }) => wanted(name))
      .map(({ name, shape }) => [name, summed(gradientOf(name), shape === "channel" ? extents : {})] as const);
    return { output: new Float32Array(0), gradients: Object.fromEntries([...inputs, ...sums]) };
  }

  /** What is left of results in a tensor. */
  private stored(numbers: Float32Array): Float32Array {
    return this.target === "wgsl-f16" ? numbers.map(toFloat16) : numbers;
  }

  private functionOf(entry: ActivationEntry, of: string | null): EmulatedBatch {
    const key = `${entry.name} ${of ?? ""}`;
    const known = this.functions.get(key);
    if (known) return known;
    const made = this.load(entry, of);
    this.functions.set(key, made);
    return made;
  }

  private load({ name, kernels, inputs, learned }: ActivationEntry, of: string | null): EmulatedBatch {
    const wgsl = kernels[this.target];
    if (!wgsl) throw new Error(`${name} has no kernels for '${this.target}'`);
    const text = fileText(this.generated.files, wgsl.file);
    if (of === null) return emulatedFunction(text, wgslName(name), 0);
    const place = [...inputs, ...learned.map((each) => each.name)].indexOf(of);
    return emulatedFunction(text, `${wgslName(name)}_backward`, place);
  }
}

/** Whether this is training, and what an element draws then. */
function chance({ draws }: ActivationEntry, { training = false, seed = 0 }: Call, size: number): Float32Array[] {
  if (!draws) return [];
  return [
    new Float32Array(size).fill(Number(training)),
    ...draws.uniforms.map((_, stream) =>
      Float32Array.from({ length: size }, (_, i) => (training ? uniformAt(seed, i, stream) : 0.5)),
    ),
  ];
}

const channelAt = (index: number, { channels = 1, channelInner = 1 }: Extents): number =>
  Math.floor(index / channelInner) % channels;

/** One number per element, of one per channel or one for all. */
function spread(values: ArrayLike<number>, extents: Extents): Float32Array {
  const size = extents["size"] ?? 0;
  if (values.length === size && extents["channels"] !== size) return Float32Array.from(values);
  return Float32Array.from({ length: size }, (_, i) => values[values.length === 1 ? 0 : channelAt(i, extents)] ?? NaN);
}

function summed(terms: Float32Array, extents: Extents): Float32Array {
  const sums = new Float64Array(extents["channels"] ?? 1);
  terms.forEach((term, i) => (sums[channelAt(i, extents)]! += term));
  return Float32Array.from(sums);
}
