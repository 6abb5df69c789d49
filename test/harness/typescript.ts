/** Calls generated TypeScript kernels by the roles that the manifest gives their arguments. */
import { transform } from "esbuild";
import {
  type ActivationEntry,
  type Call,
  countOf,
  extentsOf,
  fileText,
  type Generated,
  isWritten,
  numberFor,
  numbersFor,
  type Outcome,
  type Tensor,
  type TypeScriptKernelName,
} from "./manifest.js";

type Kernel = (...values: (Tensor | number)[]) => void;

/** The TypeScript kernels of every activation, loaded. */
export class TypeScriptKernelSet {
  private constructor(private readonly modules: ReadonlyMap<string, Readonly<Record<string, unknown>>>) {}

  static async load({ manifest, files }: Generated): Promise<TypeScriptKernelSet> {
    const modules = await Promise.all(
      manifest.activations.map(async ({ name, kernels }) => {
        if (!kernels.ts) throw new Error(`${name} has no TypeScript kernels`);
        const { code } = await transform(fileText(files, kernels.ts.file), { loader: "ts", format: "esm" });
        const url = `data:text/javascript;base64,${Buffer.from(code).toString("base64")}`;
        const module: Readonly<Record<string, unknown>> = await import(/* @vite-ignore */ url);
        return [name, module] as const;
      }),
    );
    return new TypeScriptKernelSet(new Map(modules));
  }

  /** The exported function as it is, to be called with anything. */
  function(entry: ActivationEntry, kernel: TypeScriptKernelName): Kernel {
    const name = entry.kernels.ts?.[kernel]?.export ?? "";
    const found = this.modules.get(entry.name)?.[name];
    if (typeof found !== "function") throw new Error(`${entry.name}: '${name}' is not exported`);
    return (...values) => void found(...values);
  }

  /** The arguments for a call in the kernel's order; what is written is full of garbage before. */
  arguments(entry: ActivationEntry, kernel: TypeScriptKernelName, call: Call): (Tensor | number)[] {
    const extents = extentsOf(call, entry);
    const description = entry.kernels.ts?.[kernel];
    if (!description) throw new Error(`${entry.name} has no TypeScript kernel ${kernel}`);
    return description.arguments.map((argument) => {
      if (argument.length === undefined) return numberFor(argument, call, entry, extents);
      const length = countOf(argument.length, extents);
      const array = argument.element === "f64" ? new Float64Array(length) : new Float32Array(length);
      if (isWritten(argument.role)) array.fill(-987.5);
      else array.set(numbersFor(argument, length, call, entry));
      return array;
    });
  }

  call(entry: ActivationEntry, kernel: TypeScriptKernelName, call: Call): Outcome {
    const values = this.arguments(entry, kernel, call);
    this.function(entry, kernel)(...values);
    let output: Tensor = new Float32Array(0);
    const gradients: Record<string, Tensor> = {};
    const derivatives: Record<string, Tensor> = {};
    entry.kernels.ts?.[kernel]?.arguments.forEach(({ role, of }, i) => {
      const value = values[i];
      if (value === undefined || typeof value === "number") return;
      if (role === "output") output = value;
      if (role === "gradient" && of !== undefined) gradients[of] = value;
      if (role === "derivative" && of !== undefined) derivatives[of] = value;
    });
    return { output, gradients, derivatives };
  }
}
