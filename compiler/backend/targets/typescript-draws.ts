/** Random numbers in TypeScript kernels: what they are given for them, and how an element's are drawn. */
import type { Expr, Variable } from "../../ir/expr.js";
import type { Randomness } from "../../ir/random.js";
import { typescriptName } from "../../machine/index.js";
import { uniformNames } from "../../machine/library/random.js";
import { drawnBlocks } from "../draws.js";
import type { KernelArgument } from "../manifest.js";

/** What a kernel calls the seed, and whether this is training. */
export interface Chance {
  readonly seed: string;
  readonly training: string;
  readonly parameters: readonly { readonly name: string; readonly type: string }[];
  readonly arguments: readonly KernelArgument[];
}

/** All kernels of an activation take both, like hyperparameters; what one does not read has a `_` before it. */
export function chanceOf(
  { draws, training, seed }: Randomness,
  reads: (variable: Variable) => boolean,
  claim: (name: string) => string,
): Chance {
  const isDrawn = draws.some(reads);
  const named = (name: string, isRead: boolean): string => claim(isRead ? name : `_${name}`);
  const names = { seed: named(seed, isDrawn), training: named(training.name, isDrawn || reads(training)) };
  return {
    ...names,
    parameters: [names.seed, names.training].map((name) => ({ name, type: "number" })),
    arguments: [
      { name: seed, role: "seed" },
      { name: training.name, role: "training" },
    ],
  };
}

/** Draws the numbers that are needed. In evaluation nothing depends on them, and any number in (0, 1) does. */
export function drawing(
  random: Randomness,
  { seed, training }: Chance,
  needed: ReadonlySet<Expr>,
  index: string,
  claim: (name: string) => string,
  library: Set<string>,
): { readonly lines: readonly string[]; readonly names: ReadonlyMap<Variable, string> } {
  const blocks = drawnBlocks(random, needed);
  const names = new Map<Variable, string>();
  if (blocks.length === 0) return { lines: [], names };
  const uniform = typescriptName(uniformNames.f64, "function");
  library.add("draw").add(uniform);
  const drawn = blocks.flatMap(({ block, words }) => {
    const from = claim("words");
    const uniforms = words.map(({ variable, word }) => {
      const name = claim("u");
      names.set(variable, name);
      return `${name} = ${uniform}(${from}.${word});`;
    });
    return [`const ${from} = draw(${seed}, ${index}, ${block});`, ...uniforms];
  });
  const declared = [...names.values()].map((name) => `let ${name} = 0.5;`);
  return { lines: [...declared, `if (${training} > 0) {`, ...drawn, "}"], names };
}
