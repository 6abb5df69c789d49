/** Questions about expressions, as short texts that are equal for equal graphs, whatever their names. */
import type { Activation } from "./activation.js";
import { type CustomGradient, type Expr, reachable, type Variable } from "./expr.js";
import { triedParameters } from "./random.js";

/** What a question is about: expressions in an activation's inputs and parameters. */
export type Asker = Pick<Activation, "inputs" | "hyperparameters" | "learned" | "random">;

/**
 * @param search names what is looked for, in lower case
 * @param details what else the answer depends on
 */
export function questionOf(
  search: string,
  roots: readonly Expr[],
  asker: Asker,
  details: readonly unknown[] = [],
): string {
  const parameters = triedParameters(asker);
  const names = new Map<Variable, string>([
    ...asker.inputs.map((input, i) => [input, `x${i}`] as const),
    ...parameters.map(({ variable }, i) => [variable, `p${i}`] as const),
  ]);
  const given = parameters.map(({ default: value, range }) => [
    value,
    range && [`${range.low}`, `${range.high}`, range.lowClosed, range.highClosed],
  ]);
  const text = JSON.stringify([asker.inputs.length, given, details, graphText(roots, names)]);
  return `${search} ${fingerprint(text)}`;
}

/** The nodes in their order, operands by number. */
function graphText(roots: readonly (Expr | null)[], names: ReadonlyMap<Variable, string>): string {
  const numbers = new Map<Expr, number>();
  const number = (node: Expr): number => numbers.get(node) ?? -1;
  const lines = reachable(roots.filter((root) => root !== null)).map((node, i) => {
    numbers.set(node, i);
    switch (node.kind) {
      case "constant":
        return `${node.value.numerator}/${node.value.denominator}`;
      case "variable":
        return `${names.get(node) ?? node.name} ${node.role} ${node.space}`;
      case "application":
        return `${node.primitive}(${node.operands.map(number).join()})${node.rule ? ruleText(node.rule) : ""}`;
    }
  });
  return `${lines.join(";")}:${roots.map((root) => (root ? number(root) : "-")).join()}`;
}

function ruleText({ formals, body, gradients }: CustomGradient): string {
  const names = new Map(formals.map((formal, i) => [formal, `a${i}`]));
  const declared = formals.map((formal) => gradients.get(formal) ?? null);
  return `[${graphText([body, ...declared], names)}]`;
}

/** 128 bits of a text, for telling apart what nobody makes collide: four multiplicative hashes (after FNV-1a), mixed. */
export function fingerprint(text: string): string {
  let [a, b, c, d] = [0x811c9dc5, 0x01000193, 0x9e3779b9, 0x7f4a7c15];
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    a = Math.imul(a ^ code, 0x01000193);
    b = Math.imul(b ^ code, 0x85ebca6b) ^ (a >>> 15);
    c = Math.imul(c ^ code, 0xc2b2ae35) ^ (b >>> 13);
    d = Math.imul(d ^ code, 0x27d4eb2f) ^ (c >>> 16);
  }
  return [a, b, c, d]
    .map((lane, i, all) => {
      const mixed = Math.imul(lane ^ (lane >>> 16) ^ (all[(i + 3) % 4] ?? 0), 0x85ebca6b);
      return ((mixed ^ (mixed >>> 13)) >>> 0).toString(16).padStart(8, "0");
    })
    .join("");
}
