/** Runs lowered expressions on numbers, in binary64 or as a float32 kernel would, to see where a form breaks. */
import { type Expr, reachable, type Variable } from "../ir/expr.js";
import { toNumber } from "../ir/rational.js";
import { primitive as primitiveRow } from "../primitives/table.js";

export type Arithmetic = "binary64" | "binary32" | "binary32 without subnormal numbers";

const roundings: Readonly<Record<Arithmetic, (value: number) => number>> = {
  binary64: (value) => value,
  binary32: Math.fround,
  "binary32 without subnormal numbers": (value) => (Math.abs(value) < 2 ** -126 ? 0 * value : Math.fround(value)),
};

/** A function of the variables' values, in the order given. Reductions see rows of one element. */
export function sampler(
  root: Expr,
  variables: readonly Variable[],
  arithmetic: Arithmetic,
): (values: readonly number[]) => number {
  const nodes = reachable([root]);
  const slots = new Map<Expr, number>(nodes.map((node, i) => [node, i]));
  const slot = (node: Expr | undefined): number => (node ? (slots.get(node) ?? 0) : 0);
  const round = roundings[arithmetic];
  const registers = new Float64Array(nodes.length);
  const inputs = variables.map((variable) => slots.get(variable));
  const program: {
    target: number;
    run: (a: number, b: number, c: number) => number;
    a: number;
    b: number;
    c: number;
  }[] = [];
  nodes.forEach((node, i) => {
    if (node.kind === "constant") registers[i] = round(toNumber(node.value));
    else if (node.kind === "application") {
      const [a, b, c] = node.operands;
      program.push({ target: i, run: primitiveRow(node.primitive).sample, a: slot(a), b: slot(b), c: slot(c) });
    }
  });
  const result = slot(root);
  return (values) => {
    for (let i = 0; i < inputs.length; i++) {
      const index = inputs[i];
      if (index !== undefined) registers[index] = round(values[i] ?? 0);
    }
    for (let i = 0; i < program.length; i++) {
      const { target, run, a, b, c } = program[i]!;
      registers[target] = round(run(registers[a]!, registers[b]!, registers[c]!));
    }
    return registers[result] ?? NaN;
  };
}

/** Results of an expression at many values of its variables, one array of them each. */
export function sampledAt(
  root: Expr,
  values: ReadonlyMap<Variable, Float64Array>,
  arithmetic: Arithmetic,
): Float64Array {
  const round = roundings[arithmetic];
  const count = Math.max(0, ...[...values.values()].map(({ length }) => length));
  const results = new Map<Expr, Float64Array>();
  for (const node of reachable([root])) {
    if (node.kind !== "application") {
      const given = node.kind === "variable" ? values.get(node) : undefined;
      const constant = node.kind === "constant" ? round(toNumber(node.value)) : NaN;
      results.set(node, given?.map(round) ?? new Float64Array(count).fill(constant));
      continue;
    }
    const [a, b = a, c = a] = node.operands.map((operand) => results.get(operand)!);
    const run: (a: number, b: number, c: number) => number = primitiveRow(node.primitive).sample;
    const result = new Float64Array(count);
    for (let i = 0; i < count; i++) result[i] = round(run(a?.[i] ?? NaN, b?.[i] ?? NaN, c?.[i] ?? NaN));
    results.set(node, result);
  }
  return results.get(root)!;
}
