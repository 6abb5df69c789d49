/** Calls and their results as files: descriptions in JSON, numbers as float32 one array after the other. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Call, Outcome, WgslKernelName } from "../harness/manifest.js";

export interface KernelCall {
  readonly name: string;
  readonly kernel: WgslKernelName;
  readonly call: Call;
}

/** What came of a call; a kernel that was rejected has the compiler's message instead. */
export type Done = { readonly outcome: Outcome } | { readonly rejected: string };

/** An array in the file of numbers, in elements. */
interface Part {
  readonly at: number;
  readonly length: number;
}

interface CallRecord {
  readonly name: string;
  readonly kernel: WgslKernelName;
  readonly shape: readonly number[];
  readonly inputs: Readonly<Record<string, Part>>;
  readonly cotangent: Part | null;
  readonly parameters: Readonly<Record<string, number>>;
}

type DoneRecord =
  { readonly output: Part; readonly gradients: Readonly<Record<string, Part>> } | { readonly rejected: string };

export interface Results {
  readonly adapter: string;
  readonly done: readonly Done[];
}

const mapped = <A, B>(record: Readonly<Record<string, A>>, f: (value: A) => B): Record<string, B> =>
  Object.fromEntries(Object.entries(record).map(([name, value]) => [name, f(value)]));

/** Arrays collected for one file. */
class Numbers {
  private readonly arrays: Float32Array[] = [];
  private length = 0;

  add(numbers: ArrayLike<number>): Part {
    const array = Float32Array.from(numbers);
    const part = { at: this.length, length: array.length };
    this.arrays.push(array);
    this.length += array.length;
    return part;
  }

  write(file: string): void {
    const all = new Float32Array(this.length);
    let at = 0;
    for (const array of this.arrays) {
      all.set(array, at);
      at += array.length;
    }
    writeFileSync(file, new Uint8Array(all.buffer));
  }
}

function readNumbers(file: string): (part: Part) => Float32Array {
  const all = new Float32Array(Uint8Array.from(readFileSync(file)).buffer);
  return ({ at, length }) => all.subarray(at, at + length);
}

export function writeCalls(folder: string, calls: readonly KernelCall[]): void {
  const numbers = new Numbers();
  const records = calls.map(({ name, kernel, call }): CallRecord => {
    const parameters = mapped(call.parameters ?? {}, (value) => {
      if (typeof value !== "number") throw new Error("parameters are one number for all here");
      return value;
    });
    return {
      name,
      kernel,
      shape: call.shape,
      inputs: mapped(call.inputs, (input) => numbers.add(input)),
      cotangent: call.cotangent ? numbers.add(call.cotangent) : null,
      parameters,
    };
  });
  numbers.write(join(folder, "calls.bin"));
  writeFileSync(join(folder, "calls.json"), JSON.stringify(records));
}

export function readCalls(folder: string): KernelCall[] {
  const numbers = readNumbers(join(folder, "calls.bin"));
  const records: CallRecord[] = JSON.parse(readFileSync(join(folder, "calls.json"), "utf8"));
  return records.map(({ name, kernel, shape, inputs, cotangent, parameters }) => {
    const call: Call = { shape, inputs: mapped(inputs, numbers), parameters };
    return { name, kernel, call: cotangent ? { ...call, cotangent: numbers(cotangent) } : call };
  });
}

export function writeResults(folder: string, adapter: string, done: readonly Done[]): void {
  const numbers = new Numbers();
  const records = done.map((each): DoneRecord => {
    if ("rejected" in each) return each;
    const { output, gradients } = each.outcome;
    return { output: numbers.add(output), gradients: mapped(gradients, (gradient) => numbers.add(gradient)) };
  });
  numbers.write(join(folder, "results.bin"));
  writeFileSync(join(folder, "results.json"), JSON.stringify({ adapter, done: records }));
}

export function readResults(folder: string): Results {
  const numbers = readNumbers(join(folder, "results.bin"));
  const { adapter, done }: { adapter: string; done: DoneRecord[] } = JSON.parse(
    readFileSync(join(folder, "results.json"), "utf8"),
  );
  return {
    adapter,
    done: done.map((each) =>
      "rejected" in each
        ? each
        : { outcome: { output: numbers(each.output), gradients: mapped(each.gradients, numbers) } },
    ),
  };
}
