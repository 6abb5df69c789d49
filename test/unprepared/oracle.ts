/** The project's own reference against what mpmath computed. */
import { activationOf, readDefinitions } from "../../compiler/compile.js";
import type { Activation } from "../../compiler/ir/activation.js";
import { inFreshGraph } from "../../compiler/ir/expr.js";
import { ulpError } from "../../compiler/numerics/rounding.js";
import { truth } from "../activations/standard.js";
import { type CorpusDefinition, groupsOf, type readExpected } from "./corpus.js";

function elaborated({ name, text }: CorpusDefinition): Activation {
  const { definitions } = readDefinitions([{ file: "acts.def", text }]);
  const found = definitions.find(({ definition }) => definition.name.text === name);
  const activation = found && inFreshGraph(() => activationOf(found).activation);
  if (!activation) throw new Error(`${name} is not a definition`);
  return activation;
}

/** Where the two differ, at every `stride`-th row from `offset` on; the table has 11 digits. */
export function oracleFaults(
  definition: CorpusDefinition,
  table: ReturnType<typeof readExpected>,
  stride: number,
  offset: number,
): string[] {
  const activation = elaborated(definition);
  const inputs = activation.inputs.map(({ name }) => name);
  const columns = [null, ...inputs, ...activation.learned.map(({ variable }) => variable.name)];
  const rows = groupsOf(table.get(definition.name) ?? [], inputs.length).flatMap(({ parameters, rows: all }) =>
    all.map((row) => ({ parameters, row })),
  );
  return rows.flatMap(({ parameters, row }, index) => {
    if ((index + offset) % stride !== 0) return [];
    const numbers = { ...parameters, ...Object.fromEntries(inputs.map((name, i) => [name, row.inputs[i] ?? NaN])) };
    // Limits are not the reference's to know.
    if (Object.values(numbers).some((x) => Math.abs(x) === Infinity)) return [];
    return columns.flatMap((of, column) => {
      const expected = row.columns[column]?.value;
      if (expected === null || expected === undefined) return [];
      const title = `${of === null ? "" : `d/d${of} `}${definition.name} at ${JSON.stringify(numbers)}`;
      try {
        const { value, decided, ball } = truth(activation, of, numbers, "binary32");
        if (!decided && Number.isFinite(expected)) return [`${title}: undecided, mpmath says ${expected}`];
        if (Number.isNaN(expected))
          return Number.isNaN(value) ? [] : [`${title}: ${value}, mpmath says it is undefined`];
        const error = ulpError(expected, ball, "binary32");
        // The ball is as narrow as the rounding needs.
        return value === Math.fround(expected) || error < 0.01
          ? []
          : [`${title}: ${value}, mpmath says ${expected} (${error.toPrecision(3)} ulp)`];
      } catch (error) {
        return [`${title}: ${String(error)}`];
      }
    });
  });
}
