import { type Expr, fold } from "../ir/expr.js";
import { toNumber } from "../ir/rational.js";
import { primitive as primitiveRow } from "../primitives/table.js";
export function constantValue(root: Expr): number | undefined {
  return fold<number>(root, (node, operands) => node.kind === "constant" ? toNumber(node.value) : node.kind === "variable" ? NaN : primitiveRow(node.primitive).sample(operands[0] ?? 0, operands[1] ?? 0, operands[2] ?? 0));
}
