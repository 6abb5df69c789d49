/** Random numbers in WGSL entry points: what lies in the uniform buffer for them, and how an element's are drawn. */
import type { Expr, Variable } from "../../ir/expr.js";
import type { Randomness } from "../../ir/random.js";
import { uniformNames } from "../../machine/library/random.js";
import { drawnBlocks } from "../draws.js";
import type { WgslBindings } from "./wgsl-bindings.js";

/** The seed, and whether this is training. */
export const chanceFields = (random: Randomness | null) =>
  random
    ? [{ name: random.seed, role: "seed" } as const, { name: random.training.name, role: "training" } as const]
    : [];

const isTraining = ({ training }: Randomness, bindings: WgslBindings): string =>
  `${bindings.uniform(training.name, "training")} != 0u`;

/** 1 in training, else 0, as a number. */
export const trainingNumber = (random: Randomness, bindings: WgslBindings): string =>
  `select(0.0, 1.0, ${isTraining(random, bindings)})`;

/** What an entry point calls a number that is drawn. */
export const drawnName = ({ draws }: Randomness, variable: Variable): string => `u${draws.indexOf(variable)}`;

/**
 * Draws what is needed for one element. In evaluation nothing depends on it, and any number in (0, 1) does.
 * @param declared the numbers that have to have a name, needed or not
 */
export function drawing(
  random: Randomness | null,
  needed: ReadonlySet<Expr>,
  declared: readonly Variable[],
  element: string,
  bindings: WgslBindings,
  library: (name: string) => string,
): string[] {
  if (!random) return [];
  const seed = bindings.uniform(random.seed, "seed");
  const drawn = drawnBlocks(random, needed).flatMap(({ block, words }) => [
    `  let words${block} = ${library("draw")}(${seed}, ${element}, ${block});`,
    ...words.map(
      ({ variable, word }) => `  ${drawnName(random, variable)} = ${library(uniformNames.f32)}(words${block}.${word});`,
    ),
  ]);
  return [
    ...declared.map((variable) => `var ${drawnName(random, variable)} = 0.5;`),
    ...(drawn.length > 0 ? [`if (${isTraining(random, bindings)}) {`, ...drawn, "}"] : []),
  ];
}
