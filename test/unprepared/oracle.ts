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

export interface Disagreement {
  readonly text: string;
  /** The reference says that its precision does not suffice. */
  readonly undecided: boolean;
}

/** Where the two differ, at every `stride`-th row from `offset` on; the table has 11 digits. */
export function disagreements(
  definition: CorpusDefinition,
  table: ReturnType<typeof readExpected>,
  stride: number,
  offset: number,
): Disagreement[] {
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
      const differs = (found: string, undecided = false): Disagreement[] => [
        { text: `${title}: ${found}, mpmath says ${expected}`, undecided },
      ];
      try {
        const { value, decided, ball } = truth(activation, of, numbers, "binary32");
        if (Number.isNaN(expected)) return Number.isNaN(value) ? [] : differs(String(value));
        if (!decided) return differs("undecided", true);
        // The ball is as narrow as the rounding needs.
        const agrees = value === Math.fround(expected) || ulpError(expected, ball, "binary32") < 0.01;
        return agrees ? [] : differs(String(value));
      } catch (error) {
        return differs(String(error));
      }
    });
  });
}
