/** How far gradients of rows from the output are off, in TypeScript: against the kernels in float64, from the input. */
import type { OutputFile } from "../../compiler/backend/output.js";
import type { KernelEntry } from "../../compiler/verification/emitted.js";
import { typescriptProgram } from "../../compiler/verification/program.js";

export interface RowErrors {
  /** The largest error as a multiple of 2^-24 times the largest cotangent of the row. */
  readonly error: number;
  /** How long the row was, and how large its inputs were. */
  readonly length: number;
  readonly scale: number;
}

export async function errorsOfRows(entry: KernelEntry, files: readonly OutputFile[]): Promise<RowErrors> {
  const { ts } = entry.kernels;
  const file = files.find(({ path }) => path === ts?.file);
  if (!ts?.backwardSaved || !file) throw new Error(`${entry.name} has no kernel from its output`);
  const names = [ts.forward.export, `${ts.backward.export}64`, ts.backwardSaved.export];
  const { text } = await typescriptProgram(file.text, names);
  const module: Readonly<Record<string, unknown>> = await import(
    /* @vite-ignore */ `data:text/javascript;charset=utf-8,${encodeURIComponent(text)}`
  );
  const run = (name: string, ...values: readonly unknown[]): void => {
    const kernel = module[name];
    if (typeof kernel !== "function") throw new Error(`the kernel '${name}' is not exported`);
    kernel(...values);
  };
  const defaults = entry.hyperparameters.map(({ name }) => {
    const argument = ts.forward.arguments.find((each) => each.role === "hyperparameter" && each.name === name);
    return argument?.default ?? NaN;
  });
  let most: RowErrors = { error: 0, length: 0, scale: 0 };
  for (const length of [2, 3, 10, 100, 1000]) {
    for (const scale of [1e-3, 0.1, 1, 3, 10, 30, 100, 1e4]) {
      const rows = Math.max(4, 2000 / length);
      const [x, dy] = [normals(rows * length, scale, length), normals(rows * length, 1, 7 * length)];
      const [y, dx] = [new Float32Array(x.length), new Float32Array(x.length)];
      const expected = new Float64Array(x.length);
      run(names[0]!, x, ...defaults, y, rows, length, 1);
      run(names[1]!, Float64Array.from(dy), Float64Array.from(x), ...defaults, expected, rows, length, 1);
      run(names[2]!, dy, y, ...defaults, dx, rows, length, 1);
      for (let row = 0; row < rows; row++) {
        const places = Array.from({ length }, (_, k) => row * length + k);
        const unit = 2 ** -24 * Math.max(...places.map((i) => Math.abs(dy[i]!)));
        const error = Math.max(...places.map((i) => Math.abs(dx[i]! - expected[i]!))) / unit;
        if (error > most.error) most = { error, length, scale };
      }
    }
  }
  return most;
}

/** Normally distributed numbers, the same ones for the same seed. */
function normals(count: number, scale: number, seed: number): Float32Array {
  let state = seed;
  const uniform = (): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (state + 0.5) / 2 ** 32;
  };
  return Float32Array.from({ length: count }, () => {
    const radius = Math.sqrt(-2 * Math.log(uniform()));
    return scale * radius * Math.cos(2 * Math.PI * uniform());
  });
}
