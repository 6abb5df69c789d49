/** All intermediate values of an expression at once, in binary64. */
import { type Expr, reachable, type Variable } from "../ir/expr.js";
import { toNumber } from "../ir/rational.js";
import { primitive as primitiveRow } from "../primitives/table.js";

export interface Evaluation {
  /** Operands before results; the root comes last. */
  readonly nodes: readonly Expr[];
  /** For each node, the places of its operands in `nodes`. */
  readonly operands: readonly (readonly number[])[];
  /** The place of a node that occurs. */
  readonly place: (node: Expr) => number | undefined;
  /** Fills `values` for the variables' values. Reductions see rows of one element. */
  readonly run: (variables: readonly number[]) => void;
  readonly values: Float64Array;
}

export function evaluation(root: Expr, variables: readonly Variable[]): Evaluation {
  const nodes = reachable([root]);
  const places = new Map<Expr, number>(nodes.map((node, i) => [node, i]));
  const values = new Float64Array(nodes.length);
  const operands = nodes.map((node) =>
    node.kind === "application" ? node.operands.map((operand) => places.get(operand) ?? 0) : [],
  );
  const inputs = variables.map((variable) => places.get(variable));
  const program: (() => void)[] = [];
  nodes.forEach((node, i) => {
    if (node.kind === "constant") values[i] = toNumber(node.value);
    if (node.kind === "variable" && node.role === "axisLength") values[i] = 1;
    if (node.kind !== "application") return;
    const [a = 0, b = 0, c = 0] = operands[i] ?? [];
    const { sample } = primitiveRow(node.primitive);
    program.push(() => {
      values[i] = sample(values[a] ?? NaN, values[b] ?? NaN, values[c] ?? NaN);
    });
  });
  return {
    nodes,
    operands,
    values,
    place: (node) => places.get(node),
    run: (given) => {
      inputs.forEach((place, i) => {
        if (place !== undefined) values[place] = given[i] ?? NaN;
      });
      for (const step of program) step();
    },
  };
}
